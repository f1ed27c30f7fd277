"""`key`: what the caller's key may do changes, for the requests that are struck.

The key is `revoked` or `expired`, or it has another scope, or counts as another plan's: with that plan's permissions
and its limit, drawn from a bucket of the struck requests' own. The world's key is not touched: a request that is not
struck finds it as it was. The refusals that follow are the API's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.core.contract import Operation
from sandbox.core.document import Document, DocumentError, Flaw, got, nearest, one_of, text
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.problem import Problem
from sandbox.core.scenario import Blow, Chance, Fault, Refused, Struck

STATES = ("revoked", "expired")
_TERMS = ("plan", "scope", "role")

Made = Callable[[Grant, Frozen], Grant]


class _Key(Document):
    state = one_of(STATES, load_default=None, allow_none=True)
    plan = text(longest=60, load_default=None, allow_none=True)
    scope = text(longest=60, load_default=None, allow_none=True)
    role = text(longest=60, load_default=None, allow_none=True)


def _make(given: dict[str, Any], site: Site) -> Fault:
    terms = {name: given[name] for name in _TERMS if given[name] is not None}
    if (given["state"] is None) == (not terms):
        raise Unfit((), "either revoked or expired, or what the key may do", "both" if terms else "neither")
    _check(terms, site)
    state = given["state"]

    def strike(_struck: Struck, now: int, _chance: Chance) -> Blow:
        def grant(held: Grant, owner: Frozen) -> Grant:
            if state is None:
                return _lowered(held, owner, terms, site)
            return replace(held, revoked=True) if state == "revoked" else replace(held, expires=now)

        return Blow(grant=grant)

    return Fault("key", strike, refuses=lambda operation, owner: _refused(operation, owner, terms, site))


def _refused(operation: Operation, owner: Frozen, terms: dict[str, str], site: Site) -> tuple[Refused, ...]:
    """Return the refusal that a key meets which is no longer good, or may do no more than these terms say."""
    if operation.open:
        return ()
    if not terms:
        return (Refused(401, "credential"),)
    law = site.api.law
    try:
        minted = law.mint(owner, terms, False, "")
        law.permit(minted.owner or owner, minted.terms, operation)
    except Problem as problem:
        return (Refused(problem.status, problem.cause),)
    return ()


def _check(terms: dict[str, str], site: Site) -> None:
    """Refuse a term that the API's keys do not have, and a word that it does not know for one."""
    known = {name: words for name, words in site.api.law.terms.items() if name in _TERMS}
    for name, word in terms.items():
        if name not in known:
            expected = f"one of {', '.join(known)}, which is what keys of {site.api.name} have"
            raise DocumentError((Flaw((name,), expected, "another"),))
        if word not in known[name]:
            expected = "one of " + ", ".join(known[name])
            raise DocumentError((Flaw((name,), expected, got(word), nearest(word, known[name])),))


def _lowered(held: Grant, owner: Frozen, terms: dict[str, str], site: Site) -> Grant:
    """Return the key with these terms and otherwise its own."""
    minted = site.api.law.mint(owner, {**held.terms, **terms}, False, "")
    return replace(held, terms=minted.terms, owner=minted.owner or held.owner)


KEY = FaultKind("key", _Key, _make, short="state")
