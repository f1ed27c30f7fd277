"""Units: typed pieces of expert reasoning, how they are written, reviewed and assigned.

Source: docs.ctrlai.com, api-reference/units and guides/verification. A PATCH that changes nothing answers with the unit
as it is: no version, no later `updatedAt` and no entry in the audit log, for there is nothing to tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.apis.ctrlai import ulid, verification
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.domains import require_domain
from sandbox.apis.ctrlai.identity import filtered, in_org, org_of, user_of
from sandbox.apis.ctrlai.law import reaches, role_in
from sandbox.apis.ctrlai.layouts import UNITS_FILED, facet
from sandbox.apis.ctrlai.reasoning import schema, structures
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen, freeze
from sandbox.core.problem import Problem, shown

TEXTS = ("description", "given", "when", "then", "jurisdiction", "inputSchema", "outputSchema", "definition")
"""What a unit may have or lack."""

WRITTEN = ("name", "unitType", "domainId", *TEXTS)
"""The fields that an author writes; the rest follows from what happens to the unit."""

FILTERS = ("status", "unitType", "domainId", "jurisdiction")
REVIEWER = "reviewer"
"""The least role of those whom a unit is assigned to."""


def find_unit(call: Call) -> Frozen:
    """Return the unit that the path names, or raise 404."""
    return in_org(call, "units", call.path["id"], "unit-not-found")


def _value(row: Frozen) -> dict[str, Any]:
    value = {name: row[name] for name in ("id", *WRITTEN, "status", "verificationScore", "version", "createdBy")}
    value["assignedReviewers"] = row["assignedReviewers"]
    return {**value, "createdAt": iso_millis(row["createdAt"]), "updatedAt": iso_millis(row["updatedAt"])}


def _shown(row: Frozen, _now: int) -> Shown:
    return Shown(_value(row), 0, ALWAYS)


def _list(call: Call, _resource: None) -> Answer:
    wanted = {name: value for name in FILTERS if (value := call.query[name]) is not None}
    if not wanted:
        return filtered(call, "units", org_of(call), None, _shown)
    table, org = call.workspace.table("units"), org_of(call)
    filed = {name: facet(org, name, wanted[name]) for name in UNITS_FILED if name in wanted}
    rarest = min(filed, key=lambda name: table.count(filed[name]), default="")
    rest = {name: value for name, value in wanted.items() if name != rarest}
    return filtered(call, "units", filed.get(rarest, org), _having(rest) if rest else None, _shown)


def _having(wanted: Mapping[str, Any]) -> Callable[[Frozen], bool]:
    return lambda row: all(row[name] == value for name, value in wanted.items())


def _refuse_unfit(unit: Mapping[str, Any]) -> None:
    """Raise 400 if a schema, or the program of a program unit, is not well made."""
    for field in ("inputSchema", "outputSchema"):
        issue = schema.flaw(unit[field])
        if issue is not None:
            raise Problem(400, "schema-unfit", f"{field}: {issue}", field=field, issue=issue)
    issue = _program_flaw(unit) if unit["unitType"] == "program" else None
    if issue is not None:
        raise Problem(400, "program-unfit", f"definition: {issue}", field="definition", issue=issue)


def _program_flaw(unit: Mapping[str, Any]) -> str | None:
    made = structures.structure("program", unit["definition"])
    if made.program is None or unit["inputSchema"] is None:
        return made.flaw
    inputs = {each.name for each in schema.signature(unit["inputSchema"])}
    stray = next((name for name in made.program.needs if name not in inputs), None)
    return stray and f"program: {stray} is read, and is neither an input of the unit nor set by a step before"


def _create(call: Call, _resource: None) -> Answer:
    require_domain(call, call.body["domainId"])
    written = freeze({name: call.body.get(name) for name in WRITTEN})
    _refuse_unfit(written)
    ident, workspace = ulid.mint(call, call.workspace, "units")
    row = Frozen(
        id=ident, orgId=org_of(call), **written, status="candidate", verificationScore=None, version=1,
        createdBy=user_of(call), assignedReviewers=(), reviews=(), createdAt=call.now, updatedAt=call.now,
    )  # fmt: skip
    workspace = workspace.having("units", row)
    workspace = noted(call, workspace, "unit.created", "unit", ident, name=row["name"], unitType=row["unitType"])
    return Answer(call.data(row, _shown), workspace=workspace)


def _get(call: Call, row: Frozen) -> Answer:
    found = call.data(row, _shown)
    return Answer(found, since=found.since, until=found.until)


def _update(call: Call, row: Frozen) -> Answer:
    changes = freeze({name: call.body[name] for name in WRITTEN if name in call.body})
    if "domainId" in changes:
        require_domain(call, changes["domainId"])
    fresh = verification.edited(row, changes, call.now)
    if fresh is row:
        return Answer(call.data(row, _shown))
    if fresh["version"] != row["version"]:
        _refuse_unfit(fresh)
    changed = [name for name in changes if not verification.same(row[name], fresh[name])]
    workspace = call.workspace.having("units", fresh)
    details = {"changes": changed, "version": fresh["version"], "status": fresh["status"]}
    workspace = noted(call, workspace, "unit.updated", "unit", row["id"], **details)
    return Answer(call.data(fresh, _shown), workspace=workspace)


def _delete(call: Call, row: Frozen) -> Answer:
    users = call.workspace.table("workflows").slice(facet(row["orgId"], "unit", row["id"]), 0, 1)
    if users:
        message = f"Unit {row['id']} is part of workflow {users[0]['slug']}: take it out of that first."
        raise Problem(409, "unit-in-workflow", message)
    workspace = call.workspace.lacking("units", row["id"])
    workspace = noted(call, workspace, "unit.deleted", "unit", row["id"], name=row["name"])
    return Answer({"id": row["id"], "deleted": True}, workspace=workspace)


def _review_of(call: Call, ident: str) -> Frozen:
    body = call.body
    return Frozen(
        id=ident, reviewerId=user_of(call), action=body["action"], comment=body.get("comment"),
        elementReviews=freeze(body.get("elementReviews") or ()), createdAt=call.now,
    )  # fmt: skip


def _refuse_unknown_element(unit: Frozen, review: Frozen) -> None:
    unknown = verification.unknown_element(unit, review["elementReviews"])
    if unknown is not None:
        known = ", ".join(verification.elements(unit)) or "none"
        message = f"The unit has no element {shown(unknown)!r}: it has {shown(known, 200)}."
        raise Problem(400, "element-unknown", message, field="elementReviews", issue=message)


def _verify(call: Call, row: Frozen) -> Answer:
    ident, workspace = ulid.mint(call, call.workspace, "units")
    review = _review_of(call, ident)
    _refuse_unknown_element(row, review)
    fresh = verification.reviewed(row, review)
    rate, status = fresh["verificationScore"], fresh["status"]
    told = {"id": ident, "reviewerId": review["reviewerId"], "action": review["action"], "approvalRate": rate}
    workspace = workspace.having("units", fresh)
    details = {"verificationAction": review["action"], "approvalRate": rate, "status": status}
    workspace = noted(call, workspace, "unit.verified", "unit", row["id"], **details)
    return Answer({**_value(fresh), "review": {**told, "createdAt": iso_millis(call.now)}}, workspace=workspace)


def _refuse_unfit_reviewer(call: Call, user: str) -> None:
    role = role_in(call.workspace, org_of(call), user)
    if role is None or not reaches(role, REVIEWER):
        message = f"User {shown(user)} is not a member of this organization with the role reviewer or a higher one."
        raise Problem(400, "reviewer-unfit", message, field="reviewerIds", issue=message)


def _assign(call: Call, row: Frozen) -> Answer:
    reviewers = tuple(dict.fromkeys(call.body["reviewerIds"]))
    for user in reviewers:
        _refuse_unfit_reviewer(call, user)
    if reviewers == row["assignedReviewers"]:
        return Answer(call.data(row, _shown))
    fresh = row.having(assignedReviewers=reviewers, updatedAt=call.now)
    workspace = call.workspace.having("units", fresh)
    workspace = noted(call, workspace, "unit.reviewers_assigned", "unit", row["id"], reviewerIds=reviewers)
    return Answer(call.data(fresh, _shown), workspace=workspace)


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
CREATE = Handler(_nothing, _create)
GET = Handler(find_unit, _get)
UPDATE = Handler(find_unit, _update)
DELETE = Handler(find_unit, _delete)
VERIFY = Handler(find_unit, _verify)
ASSIGN = Handler(find_unit, _assign)
