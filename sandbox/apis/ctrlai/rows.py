"""What the rows of an exported state may say, each by itself, and how a row is written down.

One schema a table serves both ways: it reads a row of the document, and names what of the row is an instant. A row
stands in the document as it stands in its table, so that what was exported is read back as the same value. Every key
has to be there. What rows may say together is told by `state_checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutables import Map
from marshmallow import ValidationError, fields

from sandbox.apis.ctrlai import columns
from sandbox.apis.ctrlai.columns import ID, full, ident, json_array, json_object, said, slug_text, words
from sandbox.apis.ctrlai.law import ROLES
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.verification import STATUSES
from sandbox.apis.ctrlai.workflows import STATUSES as WORKFLOW_STATUSES
from sandbox.core.document import Document, many, nested, one_of, text, truth, whole
from sandbox.core.frozen import freeze
from sandbox.core.instants import exact
from sandbox.core.workspace import Workspace, table_of

MOST = (1 << 53) - 1
"""The largest integer that every JSON reader keeps exact."""
ROWS = 1_000_000
"""How many rows a table, and how many things a row, may hold."""

UNIT_TYPES = ("program", "framework", "pattern", "argument", "protocol")
ACTIONS = ("approve", "request_changes")
MODES = ("full_coverage", "partial_coverage", "neural_only")


class _Row(Document):
    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002
        field_obj.required = True


class _Org(_Row):
    id = ident()
    slug = slug_text()
    name = said(200)
    createdAt = exact()
    updatedAt = exact()


class _User(_Row):
    id = ident()
    email = columns.email()
    name = words(200)


class _Member(_Row):
    id = ident()
    orgId = ident()
    userId = ident()
    role = one_of(ROLES)
    createdAt = exact()


class _ApiKey(_Row):
    id = ident()
    orgId = ident()
    userId = ident()
    name = said(200)
    prefix = columns.prefix()
    role = one_of(ROLES)
    permissions = many(full(200), most=ROWS)
    expiresAt = exact(allow_none=True)
    revokedAt = exact(allow_none=True)
    createdAt = exact()


class _Session(_Row):
    id = ident()
    orgId = ident()
    userId = ident()
    createdAt = exact()
    expiresAt = exact()


class _Domain(_Row):
    id = ident()
    orgId = ident()
    slug = slug_text()
    name = said(200)
    description = words(allow_none=True)
    createdAt = exact()
    updatedAt = exact()


class _DomainMember(_Row):
    id = text(f"{ID}/{ID}", expected="a domain's id, a slash and a user's id")
    orgId = ident()
    domainId = ident()
    userId = ident()
    addedAt = exact()


def _are_element_reviews(value: Any) -> None:
    said = ((each.get("elementId"), each.get("action")) if isinstance(each, Mapping) else (None,) for each in value)
    if not all(isinstance(word, str) for each in said for word in each):
        raise ValidationError("a list of mappings with an elementId and an action")


class _Review(_Row):
    id = ident()
    reviewerId = ident()
    action = one_of(ACTIONS)
    elementReviews = json_array(validate=_are_element_reviews)
    comment = words(allow_none=True)
    createdAt = exact()


class _Unit(_Row):
    id = ident()
    orgId = ident()
    name = said(200)
    description = words(allow_none=True)
    unitType = one_of(UNIT_TYPES)
    domainId = ident()
    given = words(allow_none=True)
    when = words(allow_none=True)
    then = words(allow_none=True)
    jurisdiction = full(200, allow_none=True)
    inputSchema = json_object(allow_none=True)
    outputSchema = json_object(allow_none=True)
    definition = json_object(allow_none=True)
    status = one_of(STATUSES)
    verificationScore = whole(0, 100, allow_none=True)
    version = whole(1, MOST)
    createdBy = ident()
    assignedReviewers = many(ident(), most=ROWS)
    reviews = many(nested(_Review), most=ROWS)
    createdAt = exact()
    updatedAt = exact()


class _Past(_Row):
    version = whole(1, MOST)
    name = said(200)
    description = words(allow_none=True)
    units = many(ident(), most=ROWS)
    jurisdiction = full(200, allow_none=True)
    status = one_of(WORKFLOW_STATUSES)
    updatedAt = exact()


class _Workflow(_Row):
    id = ident()
    orgId = ident()
    slug = slug_text()
    name = said(200)
    description = words(allow_none=True)
    domainId = ident()
    jurisdiction = full(200, allow_none=True)
    units = many(ident(), most=ROWS)
    status = one_of(WORKFLOW_STATUSES)
    version = whole(1, MOST)
    past = many(nested(_Past), most=ROWS)
    createdBy = ident()
    createdAt = exact()
    updatedAt = exact()


class _Entry(_Row):
    id = ident()
    orgId = ident()
    action = text(r"[a-z_]+\.[a-z_]+", expected="an action such as unit.created", longest=100)
    userId = ident()
    resourceType = text(r"[a-z_]+", expected="a kind of thing such as unit", longest=100)
    resourceId = ident()
    details = json_object()
    ipAddress = words(1000)
    userAgent = words(1000, allow_none=True)
    createdAt = exact()


class _Fired(_Row):
    id = ident()
    name = said(200)
    type = one_of(UNIT_TYPES)
    status = one_of(STATUSES)
    outputs = json_object()


class _Trust(_Row):
    verified = whole(0, MOST)
    expertReviewed = whole(0, MOST)
    synthesized = whole(0, MOST)
    neural = whole(0, MOST)


class _Model(_Row):
    provider = full(200)
    model = full(200)


class _Models(_Row):
    parse = nested(_Model)
    evaluate = nested(_Model)
    prose = nested(_Model)


class _Inference(_Row):
    id = ident()
    orgId = ident()
    userId = ident()
    query = full()
    mode = one_of(MODES)
    unitsFired = many(nested(_Fired), most=ROWS)
    inputVariables = json_object()
    outputVariables = json_object()
    trustSummary = nested(_Trust)
    coveragePercent = whole(0, 100)
    executionTrace = many(json_object(), most=ROWS)
    modelsUsed = nested(_Models)
    auditWarnings = many(full(), most=ROWS)
    durationMs = whole(0, MOST)
    createdAt = exact()


class _Conversation(_Row):
    id = ident()
    orgId = ident()
    userId = ident()
    query = words()
    domainId = ident(allow_none=True)
    jurisdiction = full(200, allow_none=True)
    includeUnverified = truth()
    inputs = json_object()
    createdAt = exact()


class Tables(_Row):
    """The tables of an exported state."""

    orgs = many(nested(_Org), most=ROWS)
    users = many(nested(_User), most=ROWS)
    members = many(nested(_Member), most=ROWS)
    apiKeys = many(nested(_ApiKey), most=ROWS)
    sessions = many(nested(_Session), most=ROWS)
    domains = many(nested(_Domain), most=ROWS)
    domainMembers = many(nested(_DomainMember), most=ROWS)
    units = many(nested(_Unit), most=ROWS)
    workflows = many(nested(_Workflow), most=ROWS)
    audit = many(nested(_Entry), most=ROWS)
    inferences = many(nested(_Inference), most=ROWS)
    conversations = many(nested(_Conversation), most=ROWS)


class Counters(Document):
    """How many ids were minted: one counter serves all tables."""

    ulid = whole(0, MOST)


def workspace_from(tables: Mapping[str, Any], minted: Mapping[str, int]) -> Workspace:
    """Return the workspace of rows that have passed `Tables` and `state_checks`, or that a fixture has made."""
    made = {name: table_of(layout, map(freeze, tables.get(name, ()))) for name, layout in LAYOUTS.items()}
    return Workspace(Map(made), Map(minted))
