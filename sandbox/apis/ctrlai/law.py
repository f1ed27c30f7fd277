"""Who may do what at Ctrl AI, and how often: keys and sessions, roles, permissions and rate limits as tables.

Sources: API overview, Authentication and Rate Limits; Authentication (the form of keys); Enterprise, RBAC (roles).
Where they are silent the reason stands beside the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import orjson

from sandbox.apis.ctrlai.layouts import membership
from sandbox.core.api import Law, Minted, Stranger
from sandbox.core.contract import Operation
from sandbox.core.document import got
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.intake import fields_of
from sandbox.core.keyring import RESERVED, check_term
from sandbox.core.message import FORM, Request, media_type
from sandbox.core.problem import Problem
from sandbox.core.quota import Window
from sandbox.core.workspace import Workspace

ROLES = ("viewer", "reviewer", "author", "admin")
"""In rising order: each may do what those below it may. Source: Enterprise, RBAC."""

RANKS: Mapping[str, int] = {role: rank for rank, role in enumerate(ROLES)}

INFERENCE = "inference"
PERMISSIONS = (INFERENCE,)
"""What a key may be permitted besides what its role allows; a session may do all of it."""

LIMITS: Mapping[str, Window] = {"read": Window(60), "write": Window(30), "strict": Window(5)}
"""Requests in any span of a minute: "60 requests / 60s" is how a sliding window is written."""

COOKIE = "authjs.session-token"
SECURE_COOKIE = "__Secure-authjs.session-token"
"""The cookie's names over http and https. The documents name none; these are Auth.js's, whose variables they name."""

KEY = re.compile(r"ctrlai_pk_[0-9a-f]{32}")
TOKEN = re.compile(r"ctrlai_st_[0-9a-f]{64}")
OWN = "7e57"
"""What the digits of a key begin with that opens a world of its own."""
DECLARED = "0000"
"""What the digits of the fixtures' keys begin with."""

MARKER = "ctrlai_"
SECRET = re.compile(r"ctrlai_(?:pk|st)_[0-9A-Za-z]{9,}")
"""What reads like a key or a session of Ctrl AI, whether or not it is one. A key's first eight digits are public."""

SIGN_IN = ["auth", "signin"]
"""The segments behind the prefix where somebody signs in."""
_NAMES_ORG = "/orgs/{slug}"
_PREFIX = len("ctrlai_pk_")
_APART = re.compile("[;,]")
_LONGEST_KEY = 256
_LONGEST_NAME = 1 << 12

_REFUSALS = {
    "missing": "No credential was given: send Authorization: Bearer ctrlai_pk_… , or sign in at /api/auth/signin.",
    "malformed": "The Authorization header is malformed: expected Bearer and one API key.",
    "unknown": "The API key or session is not known: expected ctrlai_pk_ and 32 hexadecimal digits in lower case, or "
    "the cookie of a session that has not ended.",
    "production": "This API key is not declared in the sandbox, and nothing in it says that it is not a production "
    f"key. Keys whose digits begin with {OWN} open a world of their own.",
    RESERVED: f"API keys whose digits begin with {DECLARED} are declared by the fixture, and this one is not.",
    "strict": "The API key is not declared by the fixture, and undeclared keys are turned off (--strict-keys).",
    "session": "The session is not known, or has ended: sign in again.",
    "revoked": "The API key was revoked.",
    "expired": "The API key or session has expired.",
}


def credential(request: Request) -> tuple[str | None, str]:
    """Return the Bearer key, or the session of the cookie if there is no Authorization; or None and the reason.

    What is explicit wins: a key that is not usable is refused even beside a good cookie. A key in a cookie and a
    session in a header are worth nothing. Who signs in leaves the session that there was, which may long have ended.
    """
    header = request.header("authorization")
    if header is None:
        return (None, "missing") if _signs_in(request) else _from_cookie(request)
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value or " " in value or len(value) > _LONGEST_KEY:
        return None, "malformed"
    return (None, "unknown") if TOKEN.fullmatch(value) else (value, "")


def _from_cookie(request: Request) -> tuple[str | None, str]:
    cookies = dict(reversed(list(_cookies(request))))
    token = cookies.get(SECURE_COOKIE, cookies.get(COOKIE))
    if token is None:
        return None, "missing"
    return (token, "") if TOKEN.fullmatch(token) else (None, "session")


def _cookies(request: Request) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the cookies in order (RFC 6265, section 4.2.1).

    A comma parts them too: it stands in no cookie, and between two fields that a server has made one of.
    """
    for pair in _APART.split(request.header("cookie") or ""):
        name, equals, value = pair.partition("=")
        if equals:
            yield name.strip(), value.strip()


def introduction(request: Request) -> str | None:
    """Return the e-mail address with which a request signs in: whose world that is, its user says and no key."""
    if not _signs_in(request) or len(request.body) > _LONGEST_NAME:
        return None
    kind = media_type(request)
    try:
        body = fields_of(request.body) if kind == FORM else orjson.loads(request.body)
    except ValueError:
        return None
    email = body.get("email") if isinstance(body, dict) else None
    return address(email) if isinstance(email, str) else None


def _signs_in(request: Request) -> bool:
    return request.method == "POST" and [unquote(each) for each in request.path.split("/")[2:]] == SIGN_IN


def address(email: str) -> str:
    """Return the address as users are told apart by it."""
    return email.strip().lower()


def stranger(key: str, rules: Frozen) -> Stranger | str:
    """Return what an undeclared credential opens: a world of its own for a test key, else the reason why nothing."""
    if TOKEN.fullmatch(key):
        return "session"
    if not KEY.fullmatch(key):
        return "unknown"
    if key.startswith(DECLARED, _PREFIX):
        return RESERVED
    if not key.startswith(OWN, _PREFIX):
        return "production"
    if rules["strict"]:
        return "strict"
    home, role = rules["home"], rules["role"]
    return Stranger(home, Frozen(role=role, permissions=PERMISSIONS, user=home[role], org=home["org"]))


def refusal(reason: str) -> Problem:
    """Return the 401 of a credential that is missing, malformed, unknown, expired or revoked."""
    return Problem(401, "credential", _REFUSALS[reason])


def grant(workspace: Workspace, ident: str) -> Grant | None:
    """Return what the key or session of this id may do; nothing, once its user has left the organisation.

    A key has the role that it was made with, a session the one that its user has now.
    """
    row = workspace.table("apiKeys").get(ident)
    session = workspace.table("sessions").get(ident) if row is None else None
    held = row or session
    role = None if held is None else role_in(workspace, held["orgId"], held["userId"])
    if held is None or role is None:
        return None
    org, user = held["orgId"], held["userId"]
    if row is None:
        return Grant(ident, Frozen(role=role, permissions=None, user=user, org=org), held["expiresAt"])
    terms = Frozen(role=row["role"], permissions=row["permissions"], user=user, org=org)
    return Grant(ident, terms, row["expiresAt"], row["revokedAt"] is not None)


def role_in(workspace: Workspace, org: str, user: str) -> str | None:
    """Return the role that a user has in an organisation, or None."""
    members = workspace.table("members")
    ident = members.owner(membership(org, user))
    row = None if ident is None else members.get(ident)
    return None if row is None else str(row["role"])


def lesser(first: str, second: str) -> str:
    """Return the role of the two that may do less."""
    return min(first, second, key=RANKS.__getitem__)


def reaches(role: str, least: str) -> bool:
    """Tell whether a role may do what is for this one and those above it."""
    return RANKS[role] >= RANKS[least]


def permit(_owner: Frozen, terms: Frozen, operation: Operation | None) -> None:
    """Raise 403 if the role does not reach the operation, or the key lacks a permission that it asks for.

    What a session may do with an organisation that the path names, the role there decides (see `orgs.find_org`).
    """
    if operation is None or operation.open:
        return
    elsewhere = terms["permissions"] is None and _NAMES_ORG in operation.path
    for scope in operation.scopes:
        if scope in RANKS:
            demand(scope if elsewhere else terms["role"], scope)
        elif terms["permissions"] is not None and scope not in terms["permissions"]:
            raise forbidden(f"The API key lacks the permission {scope}.")


def demand(role: str, least: str) -> None:
    """Raise 403 if a role may not do what is for this one and those above it."""
    if not reaches(role, least):
        raise forbidden(f"This action needs the role {least}, and yours is {role}.")


def forbidden(message: str) -> Problem:
    """Return the 403 of a role or a permission that does not suffice."""
    return Problem(403, "permission", message)


def limit(_owner: Frozen, rate_class: str) -> Window:
    """Return how often operations of this class may be asked for; what is none counts as reading."""
    return LIMITS[rate_class or "read"]


def bucket(held: Grant | None, rate_class: str) -> str:
    """Return the quota of a class that a key has by itself, and all sessions of a user together."""
    who = "" if held is None else held.key
    if held is not None and held.terms.get("permissions", ()) is None:
        who = held.terms["user"]
    return f"{who}/{rate_class or 'read'}"


def circle(terms: Frozen) -> str:
    """Return who sees the same: a user in an organisation, in one role."""
    return f"{terms['org']}/{terms['user']}/{terms['role']}" if terms else ""


def mint(owner: Frozen, asked: Mapping[str, Any], _live: bool, token: str) -> Minted:
    """Return a new key of this role, user, organisation and permissions; without a role it is an author's.

    It counts as the owner's user of its role unless another is named. Permissions of None are a session's.
    """
    for name in asked:
        check_term(name, name, ("role", "permissions", "user", "org"), "one of the keys", "an unknown key")
    role, permissions = asked.get("role", "author"), asked.get("permissions", PERMISSIONS)
    check_term("role", role, ROLES, "one of", got(role))
    for each in _listed(permissions):
        check_term("permissions", each, PERMISSIONS, "one of", got(each))
    user, org = asked.get("user", owner[role]), asked.get("org", owner["org"])
    for name, value in (("user", user), ("org", org)):
        if not isinstance(value, str):
            raise Problem(422, "key-unfit", f"{name}: expected an id, got {got(value)}", field=name)
    terms = Frozen(role=role, permissions=None if permissions is None else tuple(permissions), user=user, org=org)
    return Minted(spelled(blake2b(token.encode(), digest_size=16).hexdigest()), terms, None)


def spelled(digits: str) -> str:
    """Return the key of these 32 digits, of which the first is changed if they would read like another kind of key."""
    return "ctrlai_pk_" + ("f" + digits[1:] if digits.startswith((OWN, DECLARED)) else digits)


def _listed(permissions: Any) -> tuple[Any, ...]:
    if permissions is None:
        return ()
    if not isinstance(permissions, (list, tuple)):
        message = f"permissions: expected an array, got {got(permissions)}"
        raise Problem(422, "key-unfit", message, field="permissions")
    return tuple(permissions)


TERMS = Frozen(role=ROLES, permissions=PERMISSIONS)
LAW = Law(
    credential, stranger, limit, permit, refusal, mint, SECRET, MARKER, TERMS,
    grant=grant, introduction=introduction, bucket=bucket, circle=circle,
)  # fmt: skip
