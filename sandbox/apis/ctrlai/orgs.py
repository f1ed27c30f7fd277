"""Organisations: those that the caller's user is a member of. To everybody else there is nothing at their address.

Source: the API overview names "CRUD + members + keys"; Enterprise, RBAC has the roles. The slug follows the first name
and stays with the organisation. Whoever creates one becomes its admin, whatever the role elsewhere. A session may do in
each organisation what its user may there; a key never may do more there than in its own.
"""

from __future__ import annotations

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.identity import missing_of, page_of_rows, user_of
from sandbox.apis.ctrlai.law import RANKS, demand, lesser, role_in
from sandbox.apis.ctrlai.layouts import LAYOUTS, of_user
from sandbox.apis.ctrlai.slugs import refuse_taken, slug_of
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen

KEPT = ("orgs", "users", "audit", "inferences")
"""The tables that lose no row with an organisation but, of the first, its own: both logs are append-only."""


def find_org(call: Call) -> Frozen:
    """Return the organisation that the path names; 404 if the caller is not in it, 403 if its role there is too low."""
    slug, table = call.path["slug"], call.workspace.table("orgs")
    row = table.get(table.owner(slug) or "")
    role = None if row is None else role_in(call.workspace, row["id"], user_of(call))
    if row is None or role is None:
        raise missing_of("org-not-found", slug)
    if call.terms["permissions"] is not None or row["id"] == call.terms["org"]:
        role = lesser(role, call.terms["role"])
    for scope in call.operation.scopes:
        if scope in RANKS:
            demand(role, scope)
    return row


def _shown(row: Frozen, _now: int) -> Shown:
    value = {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "createdAt": iso_millis(row["createdAt"]),
        "updatedAt": iso_millis(row["updatedAt"]),
    }
    return Shown(value, 0, ALWAYS)


def _list(call: Call, _resource: None) -> Answer:
    orgs = call.workspace.table("orgs")
    mine = [orgs.get(each["orgId"]) for each in call.workspace.table("members").all(of_user(user_of(call)))]
    return page_of_rows(call, sorted((each for each in mine if each is not None), key=LAYOUTS["orgs"].sort), _shown)


def _create(call: Call, _resource: None) -> Answer:
    name = call.body["name"]
    slug = slug_of(name)
    refuse_taken(call.workspace.table("orgs"), slug, slug)
    ident, workspace = ulid.mint(call, call.workspace, "orgs")
    row = Frozen(id=ident, slug=slug, name=name, createdAt=call.now, updatedAt=call.now)
    member, workspace = ulid.mint(call, workspace.having("orgs", row), "members")
    admin = Frozen(id=member, orgId=ident, userId=user_of(call), role="admin", createdAt=call.now)
    workspace = noted(call, workspace.having("members", admin), "org.created", "org", ident, org=ident, name=name)
    return Answer(call.data(row, _shown), workspace=workspace)


def _get(call: Call, row: Frozen) -> Answer:
    return Answer(call.data(row, _shown))


def _update(call: Call, row: Frozen) -> Answer:
    name = call.body.get("name", row["name"])
    if name == row["name"]:
        return Answer(call.data(row, _shown))
    fresh = row.having(name=name, updatedAt=call.now)
    workspace = call.workspace.having("orgs", fresh)
    workspace = noted(call, workspace, "org.updated", "org", row["id"], org=row["id"], changes=["name"])
    return Answer(call.data(fresh, _shown), workspace=workspace)


def _delete(call: Call, row: Frozen) -> Answer:
    org, workspace = row["id"], call.workspace
    for name in LAYOUTS:
        if name not in KEPT:
            for each in list(workspace.table(name).all(org)):
                workspace = workspace.lacking(name, each["id"])
    workspace = workspace.lacking("orgs", org)
    workspace = noted(call, workspace, "org.deleted", "org", org, org=org, name=row["name"])
    return Answer({"id": org, "deleted": True}, workspace=workspace)


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
CREATE = Handler(_nothing, _create)
GET = Handler(find_org, _get)
UPDATE = Handler(find_org, _update)
DELETE = Handler(find_org, _delete)
