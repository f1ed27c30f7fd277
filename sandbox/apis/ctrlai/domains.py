"""Domains, the fields of knowledge that units and workflows belong to, and their members.

Source: the API overview names "CRUD + members" and nothing more; fields, roles and refusals are chosen by analogy with
organisations. A domain's address is its id or its slug, which follows the first name and stays with the domain.
Membership tells who tends a domain; it neither opens nor closes anything.
"""

from __future__ import annotations

from typing import Any

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.identity import in_org, missing_of, org_of, page_of, page_of_rows
from sandbox.apis.ctrlai.law import role_in
from sandbox.apis.ctrlai.layouts import facet, membership, slugged
from sandbox.apis.ctrlai.slugs import refuse_taken, slug_of
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.apis.ctrlai.verification import same
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem, shown

EDITABLE = ("name", "description")


def require_domain(call: Call, ident: str) -> Frozen:
    """Return the domain that a body names by its id, or raise 400."""
    row = call.workspace.table("domains").get(ident)
    if row is None or row["orgId"] != org_of(call):
        raise Problem(
            400, "domain-unknown", f"Domain {shown(ident)} was not found.", field="domainId", issue="Unknown domain"
        )
    return row


def find_domain(call: Call) -> Frozen:
    """Return the domain that the path names by id or slug, or raise 404."""
    word, table = call.path["id"], call.workspace.table("domains")
    return in_org(call, "domains", table.owner(slugged(org_of(call), word)) or word, "domain-not-found")


def _shown(row: Frozen, _now: int) -> Shown:
    value = {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "description": row["description"],
        "createdAt": iso_millis(row["createdAt"]),
        "updatedAt": iso_millis(row["updatedAt"]),
    }
    return Shown(value, 0, ALWAYS)


def _list(call: Call, _resource: None) -> Answer:
    return page_of(call, "domains", org_of(call), _shown)


def _create(call: Call, _resource: None) -> Answer:
    body, org = call.body, org_of(call)
    slug = slug_of(body["name"])
    refuse_taken(call.workspace.table("domains"), slugged(org, slug), slug)
    ident, workspace = ulid.mint(call, call.workspace, "domains")
    row = Frozen(
        id=ident, orgId=org, slug=slug, name=body["name"], description=body.get("description"),
        createdAt=call.now, updatedAt=call.now,
    )  # fmt: skip
    workspace = noted(call, workspace.having("domains", row), "domain.created", "domain", ident, name=row["name"])
    return Answer(call.data(row, _shown), workspace=workspace)


def _get(call: Call, row: Frozen) -> Answer:
    return Answer(call.data(row, _shown))


def _update(call: Call, row: Frozen) -> Answer:
    changes = {name: call.body[name] for name in EDITABLE if name in call.body and not same(row[name], call.body[name])}
    if not changes:
        return Answer(call.data(row, _shown))
    fresh = row.having(**changes, updatedAt=call.now)
    workspace = call.workspace.having("domains", fresh)
    workspace = noted(call, workspace, "domain.updated", "domain", row["id"], changes=sorted(changes))
    return Answer(call.data(fresh, _shown), workspace=workspace)


def _delete(call: Call, row: Frozen) -> Answer:
    here, workspace = facet(row["orgId"], "domainId", row["id"]), call.workspace
    used = {name: count for name in ("units", "workflows") if (count := workspace.table(name).count(here))}
    if used:
        told = " and ".join(f"{count} {name[:-1] if count == 1 else name}" for name, count in used.items())
        raise Problem(409, "domain-in-use", f"Domain {row['slug']} still has {told}: delete or move them first.")
    for each in list(workspace.table("domainMembers").all(here)):
        workspace = workspace.lacking("domainMembers", each["id"])
    workspace = workspace.lacking("domains", row["id"])
    workspace = noted(call, workspace, "domain.deleted", "domain", row["id"], name=row["name"])
    return Answer({"id": row["id"], "deleted": True}, workspace=workspace)


def _with_person(call: Call, row: Frozen) -> Frozen:
    """Return the membership beside what its organisation knows of the person: made anew, for that may change."""
    user = call.workspace.table("users").get(row["userId"]) or Frozen(email="", name="")
    role = role_in(call.workspace, row["orgId"], row["userId"])
    return row.having(email=user["email"], name=user["name"], role=role)


def _member_shown(row: Frozen, _now: int) -> Shown:
    value: dict[str, Any] = {name: row[name] for name in ("userId", "email", "name", "role")}
    return Shown({**value, "addedAt": iso_millis(row["addedAt"])}, 0, ALWAYS)


def _list_members(call: Call, domain: Frozen) -> Answer:
    rows = call.workspace.table("domainMembers").all(facet(domain["orgId"], "domainId", domain["id"]))
    return page_of_rows(call, [_with_person(call, each) for each in rows], _member_shown)


def _add_member(call: Call, domain: Frozen) -> Answer:
    user, org, workspace = call.body["userId"], domain["orgId"], call.workspace
    if role_in(workspace, org, user) is None:
        message = f"User {shown(user)} is not a member of this organization."
        raise Problem(400, "member-unknown", message, field="userId", issue="Not a member of this organization")
    ident = membership(domain["id"], user)
    if workspace.table("domainMembers").get(ident) is not None:
        raise Problem(409, "member-exists", f"User {user} is a member of domain {domain['slug']} already.")
    row = Frozen(id=ident, orgId=org, domainId=domain["id"], userId=user, addedAt=call.now)
    workspace = workspace.having("domainMembers", row)
    workspace = noted(call, workspace, "domain_member.added", "domain_member", user, domainId=domain["id"])
    return Answer(call.data(_with_person(call, row), _member_shown), workspace=workspace)


def _find_member(call: Call) -> Frozen:
    domain, user = find_domain(call), call.path["userId"]
    row = call.workspace.table("domainMembers").get(membership(domain["id"], user))
    if row is None:
        raise missing_of("member-not-found", user)
    return row


def _remove_member(call: Call, row: Frozen) -> Answer:
    workspace = call.workspace.lacking("domainMembers", row["id"])
    user, domain = row["userId"], row["domainId"]
    workspace = noted(call, workspace, "domain_member.removed", "domain_member", user, domainId=domain)
    return Answer({"id": user, "deleted": True}, workspace=workspace)


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
CREATE = Handler(_nothing, _create)
GET = Handler(find_domain, _get)
UPDATE = Handler(find_domain, _update)
DELETE = Handler(find_domain, _delete)
LIST_MEMBERS = Handler(find_domain, _list_members)
ADD_MEMBER = Handler(find_domain, _add_member)
REMOVE_MEMBER = Handler(_find_member, _remove_member)
