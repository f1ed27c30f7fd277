"""Signing in and out: a session is a row of the data, and its token a cookie.

Source: Authentication (sessions are kept in the database and end when the browser closes). The cookie's attributes are
those that Auth.js sets by itself (inferred); how somebody signs in is invented (see `signin_page`).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.law import COOKIE, SECURE_COOKIE, address
from sandbox.apis.ctrlai.layouts import of_user
from sandbox.apis.ctrlai.signin_page import HEADERS, KIND, sign_in_page, signed_in_page, signed_out_page
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.api import Answer, Call, Handler, Issued
from sandbox.core.clock import DAY, LATEST
from sandbox.core.frozen import Frozen
from sandbox.core.message import FORM, Headers, media_type
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Workspace

LIFE = 30 * DAY
"""How long a session lasts on the world's clock, even if the browser never closes: Auth.js's own figure."""

NOBODY: dict[str, Any] = {"user": None, "organization": None, "role": None, "expiresAt": None}
"""What is said of a caller who is not signed in; a key is no session."""


def _page(_call: Call, _resource: None) -> Answer:
    return Answer(content=(KIND, sign_in_page(list(_people(_call.workspace)))), headers=HEADERS)


def _people(workspace: Workspace) -> Iterator[tuple[Frozen, list[str]]]:
    """Yield the users who can sign in, by name, with their roles and organisations."""
    orgs, members = workspace.table("orgs"), workspace.table("members")
    for user in sorted(workspace.table("users").all(), key=lambda each: (each["name"].lower(), each["email"])):
        roles = [(each["role"], orgs.get(each["orgId"])) for each in members.all(of_user(user["id"]))]
        if roles:
            yield user, [f"{role} of {org['name']}" for role, org in roles if org is not None]


def _sign_in(call: Call, _resource: None) -> Answer:
    user, member = _somebody(call, address(call.body["email"]))
    ident, workspace = ulid.mint(call, call.workspace, "sessions")
    row = Frozen(
        id=ident, orgId=member["orgId"], userId=user["id"], createdAt=call.now, expiresAt=min(LATEST, call.now + LIFE)
    )
    token = _token(call, ident)
    answer = Answer(
        workspace=workspace.having("sessions", row), headers=_cookie(call, token), issued=Issued(token, ident)
    )
    if _is_form(call):
        org = workspace.table("orgs").get(member["orgId"]) or Frozen(name="")
        return _as_page(answer, signed_in_page(user, org, member["role"]))
    return answer._replace(data=_said(workspace, row, member["role"]))


def _somebody(call: Call, email: str) -> tuple[Frozen, Frozen]:
    """Return the user of this address and the membership to begin with, which is the oldest."""
    users, members = call.workspace.table("users"), call.workspace.table("members")
    user = users.get(users.owner(email) or "")
    # The lobby knows who there is, and is nobody's world: whoever came here with a bad key signs in without it.
    theirs = [] if user is None or not call.owner["workspace"] else list(members.all(of_user(user["id"])))
    if user is None or not theirs:
        raise Problem(401, "credential", f"Nobody can sign in as {shown(email)}: no member has this e-mail address.")
    return user, theirs[-1]


def _token(call: Call, ident: str) -> str:
    source = f"{call.pepper}\x00session\x00{ident}".encode("utf-8", "surrogatepass")
    return "ctrlai_st_" + blake2b(source, digest_size=32).hexdigest()


def _cookie(call: Call, value: str, ending: str = "") -> Headers:
    """Return the header that sets the cookie until the browser closes, or with an ending at once."""
    secure = call.base.startswith("https:")
    name = SECURE_COOKIE if secure else COOKIE
    return (("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{ending}"),)


def _is_form(call: Call) -> bool:
    return media_type(call.request) == FORM


def _as_page(answer: Answer, page: bytes) -> Answer:
    return answer._replace(content=(KIND, page), headers=(*answer.headers, *HEADERS))


def _said(workspace: Workspace, held: Frozen, role: str) -> dict[str, Any]:
    """Return who it is, where, as what, and until when."""
    user, org = workspace.table("users").get(held["userId"]), workspace.table("orgs").get(held["orgId"])
    return {
        "user": None if user is None else {name: user[name] for name in ("id", "email", "name")},
        "organization": None if org is None else {name: org[name] for name in ("id", "slug", "name")},
        "role": role,
        "expiresAt": iso_millis(held["expiresAt"]),
    }


def _session(call: Call, _resource: None) -> Answer:
    row = _own(call) if call.terms else None
    return Answer(NOBODY if row is None else _said(call.workspace, row, call.terms["role"]))


def _own(call: Call) -> Frozen | None:
    """Return the caller's session, or None if there is none or the caller came with a key."""
    return call.workspace.table("sessions").get(call.key or "")


def _sign_out(call: Call, _resource: None) -> Answer:
    session = _own(call)
    after = None if session is None else call.workspace.lacking("sessions", session["id"])
    answer = Answer({"signedOut": True}, workspace=after, headers=_cookie(call, "", "; Max-Age=0"))
    return _as_page(answer, signed_out_page()) if _is_form(call) else answer


def _nothing(_call: Call) -> None:
    return None


PAGE = Handler(_nothing, _page)
SIGN_IN = Handler(_nothing, _sign_in)
SESSION = Handler(_nothing, _session)
SIGN_OUT = Handler(_nothing, _sign_out)
