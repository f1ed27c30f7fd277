"""Who may do what at Aikraft, and how often: keys, scopes, plans and rate limits as tables.

Sources: API reference, Authentication and Rate Limits. Where they are silent the reason stands beside the rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.core.api import Law, Minted, Stranger
from sandbox.core.contract import Operation
from sandbox.core.document import got
from sandbox.core.frozen import Frozen
from sandbox.core.keyring import RESERVED, check_term, key_id
from sandbox.core.message import Request
from sandbox.core.problem import Problem
from sandbox.core.quota import Limit

PLANS = ("free", "starter", "pro", "enterprise")
"""In rising order: an operation that names a plan is open to it and to those above."""

SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""What each key scope allows. Admin is a superset that no documented operation needs: keys are managed in the UI."""

LIMITS: dict[str, Limit] = {
    "free": Limit(100, 150),
    "starter": Limit(100, 150),
    "pro": Limit(500, 750),
    "enterprise": Limit(1000, 1500),
}
"""Requests per minute and burst. Free has no access but its refusals carry headers too; Enterprise is "custom"."""

_STRANGER = re.compile(r"ak_test_(?:(?P<plan>free|starter|pro|enterprise)_[A-Za-z0-9_]+|[A-Za-z0-9_]{8,})")
_SPELLED = re.compile(r"ak_((?:live|test)_(?:free|starter|pro|enterprise)_(?:read|write|admin))_key")
_LONGEST_KEY = 256

MARKER = "ak_"
SECRET = re.compile(r"ak_(?:live|test)_[A-Za-z0-9_]{8,}")
"""What reads like an API key of Aikraft, whether or not it is one."""

_REFUSALS = {
    "missing": "No API key was given: send it as Authorization: Bearer ak_test_… .",
    "malformed": "The Authorization header is malformed: expected Bearer and one API key.",
    "unknown": "The API key is not known: expected ak_test_ and at least 8 letters, digits or underscores, "
    "or a key that the fixture declares.",
    "live": "This live API key is not declared in the sandbox. Live keys belong to the real service: "
    "use a key that begins with ak_test_.",
    RESERVED: "API keys that end in _key are declared by the fixture, and this one is not: choose another ending.",
    "strict": "The API key is not declared by the fixture, and undeclared keys are turned off (--strict-keys).",
    "revoked": "The API key was revoked.",
    "expired": "The API key has expired.",
}


def credential(request: Request) -> tuple[str | None, str]:
    """Return the Bearer credential, or None and the reason why there is none."""
    header = request.header("authorization")
    if header is None or not header.strip():
        return None, "missing"
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value or " " in value or len(value) > _LONGEST_KEY:
        return None, "malformed"
    return value, ""


def stranger(key: str, rules: Frozen) -> Stranger | str:
    """Return what an undeclared key opens: a world of its own for a test key, else the reason why nothing."""
    if key.startswith("ak_live_"):
        return "live"
    match = _STRANGER.fullmatch(key)
    if match is None:
        return "unknown"
    if rules["strict"]:
        return "strict"
    if key.endswith("_key"):
        return RESERVED
    plan = match["plan"] or rules["plan"]
    return Stranger(Frozen(workspace=f"ws_{plan}", plan=plan), Frozen(scope=rules["scope"]))


def declared_id(key: str) -> str:
    """Return the id of a declared key: what it spells, such as `test_starter_read`, else its hash."""
    match = _SPELLED.fullmatch(key)
    return match[1] if match else key_id(key)


def refusal(reason: str) -> Problem:
    """Return the 401 of a credential that is missing, malformed, unknown, expired or revoked."""
    return Problem(401, "credential", _REFUSALS[reason])


def limit(owner: Frozen, _rate_class: str) -> Limit:
    """Return the plan's figures, or the workspace's own if its contract has some."""
    custom = owner.get("limit")
    return Limit(*custom) if custom else LIMITS[owner["plan"]]


def permit(owner: Frozen, terms: Frozen, operation: Operation | None) -> None:
    """Raise 403 if the plan has no API access, or plan or scope do not reach the operation."""
    plan = owner["plan"]
    if plan == "free":
        raise _forbidden("The Free plan has no API access: it is available on Starter and above.")
    if operation is None:
        return
    if operation.plan is not None and PLANS.index(plan) < PLANS.index(operation.plan):
        wanted = operation.plan.capitalize()
        raise _forbidden(f"This operation needs the {wanted} plan, and this workspace is on {plan.capitalize()}.")
    if not SCOPES[terms["scope"]].issuperset(operation.scopes):
        needed = " and ".join(operation.scopes)
        raise _forbidden(f"The API key lacks permission for this action: it needs {needed}, and has {terms['scope']}.")


def _forbidden(message: str) -> Problem:
    return Problem(403, "permission", message)


def mint(owner: Frozen, asked: Mapping[str, Any], live: bool, token: str) -> Minted:
    """Return a new key of this plan and scope; without either it has the owner's plan and the scope Admin.

    A key of another plan counts as that plan's, without the limit that the owner has by contract.
    """
    for name in asked:
        check_term(name, name, ("plan", "scope"), "one of the keys", "an unknown key")
    plan, scope = asked.get("plan", owner["plan"]), asked.get("scope", "admin")
    check_term("plan", plan, PLANS, "one of", got(plan))
    check_term("scope", scope, tuple(SCOPES), "one of", got(scope))
    other = None if plan == owner["plan"] else _on_plan(owner, plan)
    return Minted(f"ak_{'live' if live else 'test'}_{plan}_{token}", Frozen(scope=scope), other)


def _on_plan(owner: Frozen, plan: str) -> Frozen:
    return Frozen((name, each) for name, each in owner.items() if name != "limit").having(plan=plan)


TERMS = Frozen(plan=PLANS, scope=tuple(SCOPES))
LAW = Law(credential, stranger, limit, permit, refusal, mint, SECRET, MARKER, TERMS)
