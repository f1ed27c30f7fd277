"""Workflows: named, versioned compositions of units.

Source: docs.ctrlai.com, api-reference/workflows and guides/composing-workflows. The slug follows the first name and
stays, so that addresses hold. The graph, the inputs and outputs and the verification status are computed from the units
as they are now; a unit that was edited so that the types clash has no edge for that variable. Every edit makes a new
version and keeps the old one; a PATCH that changes nothing makes none, and leaves nothing in the audit log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.apis.ctrlai import composition, drafting, ulid
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.domains import require_domain
from sandbox.apis.ctrlai.identity import in_org, kept, missing_of, org_of, user_of
from sandbox.apis.ctrlai.layouts import facet, slugged
from sandbox.apis.ctrlai.slugs import refuse_taken, slug_of
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.apis.ctrlai.verification import same
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen, freeze
from sandbox.core.problem import Problem, shown

STATUSES = ("draft", "active", "archived")
RESERVED = ("compose",)
"""The slugs that an address of another meaning has."""

EDITABLE = ("name", "description", "domainId", "jurisdiction", "units", "status")
KEPT = ("version", "name", "description", "units", "jurisdiction", "status", "updatedAt")
"""What is kept of an earlier version."""


def find_workflow(call: Call) -> Frozen:
    """Return the workflow that the path names by its slug, or raise 404."""
    slug = call.path["slug"]
    ident = call.workspace.table("workflows").owner(slugged(org_of(call), slug))
    if ident is None:
        raise missing_of("workflow-not-found", slug)
    return in_org(call, "workflows", ident, "workflow-not-found")


def _units_of(call: Call, idents: Sequence[str]) -> list[Frozen]:
    """Return the units that a body lists, in their order, or raise 400 if one is unknown or their types clash.

    A unit that is listed twice stands in its first place alone: it would make the same again.
    """
    table, units = call.workspace.table("units"), []
    for ident in dict.fromkeys(idents):
        unit = table.get(ident)
        if unit is None or unit["orgId"] != org_of(call):
            raise _unfit("unit-unknown", f"Unit {shown(ident)} was not found.")
        units.append(unit)
    clash = composition.clash(units)
    if clash is not None:
        other, first = shown(units[clash.place]["name"]), f"{clash.variable} is a {clash.first}"
        raise _unfit("types-clash", f"Types clash: {first}, and the unit {other!r} has it as a {clash.other}.")
    return units


def _unfit(cause: str, message: str) -> Problem:
    return Problem(400, cause, message, field="units", issue=message)


def _row_shown(row: Frozen, units: Sequence[Frozen]) -> dict[str, Any]:
    told = {name: row[name] for name in ("id", "slug", "name", "description", "domainId", "jurisdiction")}
    return {
        **told,
        **composition.shown(units),
        "status": row["status"],
        "verificationStatus": composition.verification_status(units),
        "version": row["version"],
        "createdBy": row["createdBy"],
        "createdAt": iso_millis(row["createdAt"]),
        "updatedAt": iso_millis(row["updatedAt"]),
    }


def _view(call: Call, row: Frozen) -> Frozen:
    """Return the workflow as it is shown: made anew, for its units change and it does not."""
    table = call.workspace.table("units")
    units = [unit for ident in row["units"] if (unit := table.get(ident)) is not None]
    return Frozen(_row_shown(row, units))


def _whole(view: Frozen, _now: int) -> Shown:
    return Shown(view, 0, ALWAYS)


def _list(call: Call, _resource: None) -> Answer:
    domain, status, org = call.query["domainId"], call.query["status"], org_of(call)
    name = facet(org, "domainId", domain) if domain is not None else facet(org, "status", status)
    rows = kept(call, "workflows", name, lambda row: status is None or row["status"] == status)
    limit, offset = call.query["limit"], call.query["offset"]
    page = [call.item(_view(call, each), _whole) for each in rows[offset : offset + limit]]
    return Answer(page, {"total": len(rows), "limit": limit, "offset": offset})


def _create(call: Call, _resource: None) -> Answer:
    body, org = call.body, org_of(call)
    slug = slug_of(body["name"])
    require_domain(call, body["domainId"])
    units = _units_of(call, body["units"])
    refuse_taken(call.workspace.table("workflows"), slugged(org, slug), slug, reserved=RESERVED)
    ident, workspace = ulid.mint(call, call.workspace, "workflows")
    status = "active" if composition.verification_status(units) == "verified" else "draft"
    row = Frozen(
        id=ident, orgId=org, slug=slug, name=body["name"], description=body.get("description"),
        domainId=body["domainId"], jurisdiction=body.get("jurisdiction"), units=tuple(each["id"] for each in units),
        status=status, version=1, past=(), createdBy=user_of(call), createdAt=call.now, updatedAt=call.now,
    )  # fmt: skip
    workspace = workspace.having("workflows", row)
    workspace = noted(call, workspace, "workflow.created", "workflow", ident, slug=slug, status=status)
    return Answer(_row_shown(row, units), workspace=workspace)


def _get(call: Call, row: Frozen) -> Answer:
    return Answer(_view(call, row))


def _changes(call: Call, row: Frozen) -> dict[str, Any]:
    """Return what the body says otherwise than the row, or raise 400 for what it may not say."""
    if "domainId" in call.body:
        require_domain(call, call.body["domainId"])
    said = {name: freeze(call.body[name]) for name in EDITABLE if name in call.body}
    if "units" in said:
        said["units"] = tuple(each["id"] for each in _units_of(call, said["units"]))
    return {name: value for name, value in said.items() if not same(row[name], value)}


def _update(call: Call, row: Frozen) -> Answer:
    changes = _changes(call, row)
    if not changes:
        return Answer(_view(call, row))
    past = (*row["past"], Frozen({name: row[name] for name in KEPT}))
    fresh = row.having(**changes, past=past, version=row["version"] + 1, updatedAt=call.now)
    workspace = call.workspace.having("workflows", fresh)
    details = {"changes": list(changes), "version": fresh["version"], "status": fresh["status"]}
    workspace = noted(call, workspace, "workflow.updated", "workflow", row["id"], **details)
    return Answer(_view(call, fresh), workspace=workspace)


def _delete(call: Call, row: Frozen) -> Answer:
    workspace = call.workspace.lacking("workflows", row["id"])
    workspace = noted(call, workspace, "workflow.deleted", "workflow", row["id"], slug=row["slug"])
    return Answer({"id": row["id"], "deleted": True}, workspace=workspace)


def _compose(call: Call, _resource: None) -> Answer:
    description, domain = call.body["description"], call.body["domainId"]
    require_domain(call, domain)
    units = drafting.composed(description, domain, list(call.workspace.table("units").all(org_of(call))))
    draft = {"name": drafting.named(description), "description": description, "domainId": domain}
    return Answer({**draft, **composition.shown(units), "status": "draft"})


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
CREATE = Handler(_nothing, _create)
COMPOSE = Handler(_nothing, _compose)
GET = Handler(find_workflow, _get)
UPDATE = Handler(find_workflow, _update)
DELETE = Handler(find_workflow, _delete)
