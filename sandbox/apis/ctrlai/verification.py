"""How a unit earns trust: its status is what the latest review of each person says of its present text.

Source: docs.ctrlai.com, guides/verification and enterprise/rbac. The first asks for two reviewers who submit, the
second for two who approve; the stricter holds. Nothing here is counted along: status and score are computed from the
reviews that the row holds, so that they cannot drift from them. Where the guide is silent, these are choices:

* A repeated review replaces the earlier one of the same person (as on GitHub), so nobody counts twice.
* A review with element reviews counts once for each element, one without counts once for the whole unit, and approves
  every element if it approves.
* The rate of 80 % is the one that is shown, in whole percent.
* A change of the formal text voids the reviews: trust describes the text that was read, and not the next one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core.frozen import Frozen

STATUSES = ("candidate", "in_review", "verified", "partial_verified", "needs_review")
"""Every status; the units page lists four as filters, the guide names the fifth."""

FORMAL = ("unitType", "given", "when", "then", "jurisdiction", "inputSchema", "outputSchema", "definition")
"""The fields that say what a unit does; a name, a description or a domain is not reviewed."""

APPROVE = "approve"
ADD = "add"
"""The one element action that names an element which the unit does not have yet."""

APPROVERS_NEEDED = 2
RATE_NEEDED = 80

_CLAUSES = ("given", "when", "then")


def elements(unit: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of what is reviewed one by one: the definition's elements, else the clauses that have a text."""
    declared = (unit["definition"] or {}).get("elements") or ()
    if declared:
        return tuple(dict.fromkeys(each["id"] for each in declared))
    return tuple(clause for clause in _CLAUSES if unit[clause])


def unknown_element(unit: Mapping[str, Any], reviews: tuple[Mapping[str, Any], ...]) -> str | None:
    """Return the first element that a review names and the unit does not have, one that it adds excepted, or None."""
    known = elements(unit)
    named = (each["elementId"] for each in reviews if each["action"] != ADD)
    return next((ident for ident in named if ident not in known), None)


def latest(unit: Mapping[str, Any]) -> tuple[Frozen, ...]:
    """Return the last review of each person."""
    return tuple({each["reviewerId"]: each for each in unit["reviews"]}.values())


def approvers(unit: Mapping[str, Any]) -> frozenset[str]:
    """Return who approves the unit by a last word of `approve`."""
    return frozenset(each["reviewerId"] for each in latest(unit) if each["action"] == APPROVE)


def _judgements(review: Mapping[str, Any]) -> list[str]:
    """Return the actions that a review counts as: the last on each element, or its own."""
    return list({each["elementId"]: each["action"] for each in review["elementReviews"]}.values()) or [review["action"]]


def approval_rate(unit: Mapping[str, Any]) -> int | None:
    """Return the whole percent of judgements that approve, half rounded up, or None before any review."""
    judged = [action for review in latest(unit) for action in _judgements(review)]
    return (200 * judged.count(APPROVE) + len(judged)) // (2 * len(judged)) if judged else None


def _approves(review: Mapping[str, Any], element: str) -> bool:
    if not review["elementReviews"]:
        return bool(review["action"] == APPROVE)
    return {each["elementId"]: each["action"] for each in review["elementReviews"]}.get(element) == APPROVE


def approved_elements(unit: Mapping[str, Any]) -> frozenset[str]:
    """Return the elements that two persons approve."""
    reviews = latest(unit)
    return frozenset(
        element
        for element in elements(unit)
        if sum(_approves(review, element) for review in reviews) >= APPROVERS_NEEDED
    )


def _is_verified(unit: Mapping[str, Any]) -> bool:
    # The third condition, that the creator is not the only one, holds of any two.
    return len(approvers(unit)) >= APPROVERS_NEEDED and (approval_rate(unit) or 0) >= RATE_NEEDED


def status_of(unit: Mapping[str, Any]) -> str:
    """Return the status that the unit's reviews give it."""
    reviews = latest(unit)
    if not reviews:
        return "candidate"
    if any(each["action"] != APPROVE for each in reviews):
        return "needs_review"
    if _is_verified(unit):
        return "verified"
    return "partial_verified" if 0 < len(approved_elements(unit)) < len(elements(unit)) else "in_review"


def _judged(unit: Frozen) -> Frozen:
    return unit.having(status=status_of(unit), verificationScore=approval_rate(unit))


def reviewed(unit: Frozen, review: Frozen) -> Frozen:
    """Return the unit after a review, which takes the place of the person's earlier one."""
    others = tuple(each for each in unit["reviews"] if each["reviewerId"] != review["reviewerId"])
    return _judged(unit.having(reviews=(*others, review), updatedAt=review["createdAt"]))


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are written alike: `true` is not 1, and a program's steps run in their order."""
    return one is other or json.dumps(one) == json.dumps(other)


def edited(unit: Frozen, changes: Mapping[str, Any], now: int) -> Frozen:
    """Return the unit with these fields; the very same unit if that changes nothing.

    Another formal text is another version, which nobody has reviewed. Any other edit keeps version and status.
    """
    changed = {name: value for name, value in changes.items() if not same(unit[name], value)}
    if not changed:
        return unit
    fresh = unit.having(**changed, updatedAt=now)
    if not changed.keys() & set(FORMAL):
        return fresh
    return _judged(fresh.having(version=unit["version"] + 1, reviews=()))
