"""What a fixture may say, field by field. People are named by their e-mail addresses, domains by their slugs."""

from __future__ import annotations

from sandbox.apis.ctrlai import columns
from sandbox.apis.ctrlai.columns import full, ident, json_object, said, slug_text, words
from sandbox.apis.ctrlai.law import INFERENCE, KEY, PERMISSIONS, ROLES
from sandbox.apis.ctrlai.rows import ACTIONS, UNIT_TYPES, Counters, Tables
from sandbox.apis.ctrlai.verification import STATUSES
from sandbox.apis.ctrlai.workflows import STATUSES as WORKFLOW_STATUSES
from sandbox.core.document import Document, many, mapping, moment, nested, one_of, text, truth


class _User(Document):
    id = ident(required=True)
    email = columns.email(required=True)
    name = said(200, required=True)


class _Key(Document):
    key = text(
        KEY.pattern, secret=True, required=True, expected="ctrlai_pk_ and 32 hexadecimal digits in lower case"
    )  # fmt: skip
    id = ident(required=True)


class _Member(Document):
    id = ident(required=True)
    user = columns.email(required=True)
    role = one_of(ROLES, required=True)
    joined = moment(required=True)


class _ApiKey(Document):
    id = ident(required=True)
    name = said(200, required=True)
    user = columns.email(required=True)
    role = one_of(ROLES, load_default="author")
    permissions = many(one_of(PERMISSIONS), load_default=lambda: [INFERENCE])
    prefix = columns.prefix(load_default="ctrlai_pk_00000000")
    created = moment(required=True)
    expires = moment(load_default=None)
    revoked = moment(load_default=None)


class _DomainMember(Document):
    user = columns.email(required=True)
    added = moment(required=True)


class _Domain(Document):
    id = ident(required=True)
    slug = slug_text(required=True)
    name = said(200, required=True)
    description = words(load_default=None)
    created = moment(required=True)
    members = many(nested(_DomainMember), load_default=list)


class _Assigned(Document):
    to = many(columns.email(), required=True)
    at = moment(required=True)


class _Review(Document):
    by = columns.email(required=True)
    action = one_of(ACTIONS, required=True)
    elements = mapping(keys=words(200), values=said(100), load_default=dict)
    comment = words(load_default=None)
    at = moment(required=True)


class _Unit(Document):
    id = ident(required=True)
    name = said(200, required=True)
    unitType = one_of(UNIT_TYPES, required=True)
    domain = slug_text(required=True)
    description = words(load_default=None)
    given = words(load_default=None)
    when = words(load_default=None)
    then = words(load_default=None)
    jurisdiction = full(200, load_default=None)
    inputSchema = json_object(load_default=None)
    outputSchema = json_object(load_default=None)
    definition = json_object(load_default=None)
    author = columns.email(required=True)
    created = moment(required=True)
    edited = many(moment(), load_default=list)
    assigned = nested(_Assigned, load_default=None)
    reviews = many(nested(_Review), load_default=list)
    status = one_of(STATUSES)


class _Past(Document):
    until = moment(required=True)
    name = said(200)
    description = words(allow_none=True)
    units = many(ident())
    jurisdiction = full(200, allow_none=True)
    status = one_of(WORKFLOW_STATUSES)


class _Workflow(Document):
    id = ident(required=True)
    slug = slug_text(required=True)
    name = said(200, required=True)
    description = words(load_default=None)
    domain = slug_text(required=True)
    jurisdiction = full(200, load_default=None)
    units = many(ident(), least=1, required=True)
    status = one_of(WORKFLOW_STATUSES, required=True)
    author = columns.email(required=True)
    created = moment(required=True)
    past = many(nested(_Past), load_default=list)


class _Question(Document):
    user = columns.email(required=True)
    query = said(10_000, required=True)
    domain = slug_text(load_default=None)
    jurisdiction = full(200, load_default=None)
    additionalInputs = json_object(load_default=dict)
    includeUnverified = truth(load_default=False)
    at = moment(required=True)


class _Entry(Document):
    action = text(r"[a-z_]+\.[a-z_]+", expected="an action such as unit.deleted", longest=100, required=True)
    user = columns.email(required=True)
    resourceType = text(r"[a-z_]+", expected="a kind of thing such as unit", longest=100, required=True)
    resourceId = ident(required=True)
    details = json_object(load_default=dict)
    at = moment(required=True)


class _Organization(Document):
    id = ident(required=True)
    slug = slug_text(required=True)
    name = said(200, required=True)
    created = moment(required=True)
    members = many(nested(_Member), least=1, required=True)
    apiKeys = many(nested(_ApiKey), load_default=list)
    domains = many(nested(_Domain), load_default=list)
    units = many(nested(_Unit), load_default=list)
    workflows = many(nested(_Workflow), load_default=list)
    inferences = many(nested(_Question), load_default=list)
    audit = many(nested(_Entry), load_default=list)


class _Head(Document):
    fixture = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", required=True)
    api = one_of(("ctrlai",), required=True)
    summary = text(required=True)
    now = moment(load_default=None)
    keys = many(nested(_Key), most=100_000, required=True)
    world = mapping(load_default=None)
    evicted = truth()


class Fixture(_Head):
    """A document that says what there is, and lets the rest follow from it.

    Without a `history` the audit log tells nothing of how all of it came about.
    """

    history = truth(load_default=True)
    users = many(nested(_User), least=1, required=True)
    organizations = many(nested(_Organization), least=1, most=1000, required=True)


class State(_Head):
    """A document that says the rows themselves."""

    tables = nested(Tables, required=True)
    minted = nested(Counters, required=True)
