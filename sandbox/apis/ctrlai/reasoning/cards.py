"""One unit as the engine sees it: its variables, its triggers, its gates and its structure, read from the row once.

A card follows from its row alone and is remembered by the identity of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

from sandbox.apis.ctrlai.reasoning.program import Program
from sandbox.apis.ctrlai.reasoning.schema import TYPES, Variable, is_name, signature
from sandbox.apis.ctrlai.reasoning.structures import ANY, Structure, computes, structure
from sandbox.apis.ctrlai.reasoning.words import keys, topics
from sandbox.core.frozen import Frozen, to_json

VERIFIED = "verified"
MOST_PHRASES = 50
_BETWEEN = re.compile(r"[,;\n]|\bor\b", re.IGNORECASE)
_CONTENT = ("unitType", "description", "given", "when", "then", "inputSchema", "outputSchema", "definition")


@dataclass(frozen=True, slots=True)
class Card:
    """One unit, read.

    `required` are the inputs without which it cannot fire, a protocol's gates among them; `phrases` trigger it. It
    `offers` its outputs, and `makes` them if it computes and does not only tell its THEN. `rank` sorts units that could
    do the same: verified ones first, then the higher score, then by name and content.
    """

    row: Frozen
    id: str
    name: str
    type: str
    status: str
    verified: bool
    domain: str
    jurisdiction: str | None
    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    required: tuple[str, ...]
    offers: tuple[str, ...]
    makes: tuple[str, ...]
    phrases: tuple[frozenset[str], ...]
    title: frozenset[str]
    gates: Mapping[str, str]
    computes: bool
    rank: tuple[Any, ...]


class Same:
    """A value as a key: equal to nothing but itself. It keeps the value, so that its identity is not given again."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


def card(row: Frozen) -> Card:
    """Return the unit as the engine sees it, remembered by the identity of its row."""
    return _card(Same(row))


@lru_cache(maxsize=1 << 14)
def _card(key: Same) -> Card:
    row: Frozen = key.value
    definition = row["definition"] or {}
    kind: str = row["unitType"]
    gates = _gates(kind, definition)
    inputs = _inputs(row, definition, gates)
    outputs = signature(row["outputSchema"]) or _set_by(row)
    offers = tuple(each.name for each in outputs)
    computing = computes(kind, definition)
    required = [each.name for each in inputs if each.required or each.name in gates]
    verified = row["status"] == VERIFIED
    return Card(
        row=row, id=row["id"], name=row["name"], type=row["unitType"], status=row["status"], verified=verified,
        domain=row["domainId"], jurisdiction=place(row["jurisdiction"]), inputs=inputs, outputs=outputs,
        required=tuple(required), offers=offers, makes=offers if computing else (), phrases=_phrases(row["when"]),
        title=topics(keys(row["name"])), gates=gates, computes=computing, rank=_rank(row, verified),
    )  # fmt: skip


def structure_of(row: Frozen) -> Structure:
    """Return what the unit's definition says, remembered by the identity of its row: most units are never run."""
    return _structure(Same(row))


@lru_cache(maxsize=1 << 13)
def _structure(key: Same) -> Structure:
    return structure(key.value["unitType"], key.value["definition"])


def place(jurisdiction: str | None) -> str | None:
    """Return a jurisdiction as it is compared; None is everywhere."""
    return (jurisdiction or "").strip().casefold() or None


def _rank(row: Frozen, verified: bool) -> tuple[Any, ...]:
    score = row["verificationScore"]
    content = to_json([row[each] for each in _CONTENT])
    return (not verified, -score if score is not None else inf, row["name"], content, row["id"])


def _gates(kind: str, definition: Mapping[str, Any]) -> dict[str, str]:
    told = definition.get("gates")
    if kind != "protocol" or not isinstance(told, (list, tuple)):
        return {}
    gates = [each for each in told if isinstance(each, Mapping) and is_name(each.get("input"))]
    return {each["input"]: str(each.get("question") or "") for each in gates}


def _inputs(row: Frozen, definition: Mapping[str, Any], gates: Mapping[str, str]) -> tuple[Variable, ...]:
    declared = signature(row["inputSchema"])
    if row["inputSchema"] is None and (program := _program(row)):
        declared = tuple(Variable(each, "number") for each in program.needs)
    names = {each.name for each in declared}
    return (*declared, *(_gate(each, definition) for each in gates if each not in names))


def _gate(name: str, definition: Mapping[str, Any]) -> Variable:
    told = next(each for each in definition["gates"] if isinstance(each, Mapping) and each.get("input") == name)
    kind = told.get("type")
    return Variable(name, kind if isinstance(kind, str) and kind in TYPES else "string")


def _set_by(row: Frozen) -> tuple[Variable, ...]:
    program = _program(row)
    return tuple(Variable(name, ANY) for name, _ in program.steps) if program else ()


def _program(row: Frozen) -> Program | None:
    return structure_of(row).program if row["unitType"] == "program" else None


def _phrases(when: str | None) -> tuple[frozenset[str], ...]:
    parts = _BETWEEN.split(when or "")[:MOST_PHRASES]
    return tuple(dict.fromkeys(found for each in parts if (found := topics(keys(each)))))
