"""The members of an organisation and their roles: invited, changed, removed, and never without an admin.

Source: Enterprise, RBAC (`PATCH /api/v1/orgs/{slug}/members/{id}`); the rest by analogy. An invitation counts as
accepted, since no mail leaves the sandbox.
"""

from __future__ import annotations

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.audit import noted
from sandbox.apis.ctrlai.identity import missing_of, page_of
from sandbox.apis.ctrlai.law import address
from sandbox.apis.ctrlai.layouts import facet, membership
from sandbox.apis.ctrlai.orgs import find_org
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Workspace

LONGEST_NAME = 200


def find_member(call: Call) -> Frozen:
    """Return the membership that the path names, or raise 404."""
    org, ident = find_org(call), call.path["id"]
    row = call.workspace.table("members").get(ident)
    if row is None or row["orgId"] != org["id"]:
        raise missing_of("member-not-found", ident)
    return row


def _render(call: Call, row: Frozen) -> Shown:
    user = call.workspace.table("users").get(row["userId"]) or Frozen(email="", name="")
    value = {
        "id": row["id"],
        "userId": row["userId"],
        "email": user["email"],
        "name": user["name"],
        "role": row["role"],
        "createdAt": iso_millis(row["createdAt"]),
    }
    # Neither the address nor the name of a user ever changes.
    return Shown(value, 0, ALWAYS)


def _list(call: Call, org: Frozen) -> Answer:
    return page_of(call, "members", org["id"], lambda row, _now: _render(call, row))


def _invite(call: Call, org: Frozen) -> Answer:
    body, role = call.body, call.body.get("role", "viewer")
    email = address(body["email"])
    user, workspace = _user_of(call, email, body.get("name"))
    if workspace.table("members").owner(membership(org["id"], user["id"])) is not None:
        message = f"{shown(email)} is a member of this organization already."
        raise Problem(409, "member-exists", message, field="email")
    ident, workspace = ulid.mint(call, workspace, "members")
    row = Frozen(id=ident, orgId=org["id"], userId=user["id"], role=role, createdAt=call.now)
    after = workspace.having("members", row)
    after = noted(call, after, "member.invited", "member", ident, org=org["id"], email=email, role=role)
    data = call._replace(workspace=after).data(row, lambda each, _now: _render(call._replace(workspace=after), each))
    return Answer(data, workspace=after)


def _user_of(call: Call, email: str, name: str | None) -> tuple[Frozen, Workspace]:
    """Return the user of this address, who is made if there is none; whoever has no name is called by the address."""
    users = call.workspace.table("users")
    known = users.get(users.owner(email) or "")
    if known is not None:
        return known, call.workspace
    ident, workspace = ulid.mint(call, call.workspace, "users")
    called = name if name and name.strip() else email.partition("@")[0]
    user = Frozen(id=ident, email=email, name=called[:LONGEST_NAME])
    return user, workspace.having("users", user)


def _change(call: Call, row: Frozen) -> Answer:
    role = call.body.get("role", row["role"])
    workspace = call.workspace
    if role != row["role"]:
        _keep_an_admin(call, row)
        former, row = row["role"], row.having(role=role)
        workspace = noted(
            call, workspace.having("members", row), "member.role_changed", "member", row["id"], org=row["orgId"],
            role=role, previousRole=former,
        )  # fmt: skip
    data = call.data(row, lambda each, _now: _render(call, each))
    return Answer(data, workspace=None if workspace is call.workspace else workspace)


def _remove(call: Call, row: Frozen) -> Answer:
    _keep_an_admin(call, row)
    org, user = row["orgId"], row["userId"]
    workspace = _without_access(call.workspace.lacking("members", row["id"]), org, user, call.now)
    workspace = noted(call, workspace, "member.removed", "member", row["id"], org=org, removedUserId=user)
    return Answer({"id": row["id"], "deleted": True}, workspace=workspace)


def _without_access(workspace: Workspace, org: str, user: str, now: int) -> Workspace:
    """Return the workspace in which the user's sessions, keys and domains in this organisation have ended."""
    theirs = facet(org, "userId", user)
    for name in ("sessions", "domainMembers"):
        for each in list(workspace.table(name).all(theirs)):
            workspace = workspace.lacking(name, each["id"])
    for key in list(workspace.table("apiKeys").all(theirs)):
        if key["revokedAt"] is None:
            workspace = workspace.having("apiKeys", key.having(revokedAt=now))
    return workspace


def _keep_an_admin(call: Call, row: Frozen) -> None:
    """Raise 409 if this is the only admin that the organisation has."""
    admins = facet(row["orgId"], "role", "admin")
    if row["role"] == "admin" and call.workspace.table("members").count(admins) == 1:
        raise Problem(409, "last-admin", "This is the organization's last admin: make another member admin first.")


LIST = Handler(find_org, _list)
INVITE = Handler(find_org, _invite)
CHANGE = Handler(find_member, _change)
REMOVE = Handler(find_member, _remove)
