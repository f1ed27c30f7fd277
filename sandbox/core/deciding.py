"""The decisions of a contract: what its document says under `x-decisions`, read and held against its operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.contract import UNKNOWN, ContractError, Decision, Operation, When
from sandbox.core.problem import EVERYWHERE, shown

DECISIONS = "x-decisions"
PROVENANCE = frozenset({"documented", "inferred", "invented"})
FIELDS = ("id", "behaviour", "provenance", "because")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NOWHERE = frozenset({404, 405})
"""The statuses of what meets no operation."""


def decisions_in(document: Mapping[str, Any], name: str, operations: Mapping[str, Operation]) -> tuple[Decision, ...]:
    """Return the document's decisions in order; ContractError names the place, what was expected and what came."""
    listed = document.get(DECISIONS, ())
    if not isinstance(listed, tuple):
        raise ContractError(f"{name}: {DECISIONS}: expected a list, got {_told(listed)}")
    made = tuple(_decision(each, f"{name}: {DECISIONS}/{at}", operations) for at, each in enumerate(listed))
    seen: set[str] = set()
    for at, each in enumerate(made):
        if each.id in seen:
            raise ContractError(f"{name}: {DECISIONS}/{at}: expected an id of its own, got {each.id!r} again")
        seen.add(each.id)
    return made


def _decision(node: Any, where: str, operations: Mapping[str, Operation]) -> Decision:
    if not isinstance(node, Mapping):
        raise ContractError(f"{where}: expected an object, got {_told(node)}")
    _refuse_unknown(where, node, (*FIELDS, "when"))
    for field in FIELDS:
        if not isinstance(node.get(field), str) or not node[field].strip():
            raise ContractError(f"{where}/{field}: expected a text, got {_told(node.get(field))}")
    if not _SLUG.fullmatch(node["id"]):
        raise ContractError(f"{where}/id: expected words in lower case with hyphens, got {_told(node['id'])}")
    _refuse_unknown(f"{where}/provenance", [node["provenance"]], PROVENANCE)
    when = _when(node["when"], f"{where}/when", operations) if "when" in node else None
    return Decision(node["id"], node["behaviour"], node["provenance"], node["because"], when)


def _when(node: Any, where: str, operations: Mapping[str, Operation]) -> When:
    if not isinstance(node, Mapping) or not node:
        raise ContractError(f"{where}: expected an object that says something, got {_told(node)}")
    _refuse_unknown(where, node, ("operation", "status", "cause", "header", "unknown"))
    for field, each in node.items():
        if not isinstance(each, tuple) or not each:
            raise ContractError(f"{where}/{field}: expected a list that says something, got {_told(each)}")
    _refuse_unknown(f"{where}/operation", node.get("operation", ()), operations)
    meant = [operations[each] for each in node.get("operation", operations)]
    statuses = {status for each in meant for status in each.shapes}.union(() if "operation" in node else _NOWHERE)
    _refuse_unknown(f"{where}/status", node.get("status", ()), statuses)
    causes = EVERYWHERE.union(*(each.refusals for each in meant))
    _refuse_unknown(f"{where}/cause", node.get("cause", ()), causes)
    _refuse_unknown(f"{where}/unknown", node.get("unknown", ()), UNKNOWN)
    headers = frozenset(map(str.lower, map(str, node.get("header", ()))))
    return When(
        frozenset(node.get("operation", ())), frozenset(node.get("status", ())), frozenset(node.get("cause", ())),
        headers, frozenset(node.get("unknown", ())),
    )  # fmt: skip


def _refuse_unknown(where: str, given: Iterable[Any], known: Iterable[Any]) -> None:
    for each in given:
        if each not in known:
            raise ContractError(f"{where}: expected one of {', '.join(map(str, sorted(known)))}, got {_told(each)}")


def _told(value: Any) -> str:
    return "nothing" if value is None else repr(shown(value))
