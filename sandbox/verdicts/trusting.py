"""What a client trusts that it should not: a sandbox with a live key, and what no document promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.core.contract import Contract, Operation
from sandbox.core.shape import JSON
from sandbox.verdicts.asks import Ask
from sandbox.verdicts.kind import Found, VerdictKind, name_of

LIVE = frozenset({"live", "production"})
"""The reasons for which an API's law refuses a key that may be one of the real service."""
INVENTED = "invented"


def _live_key(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    for ask in asks:
        if ask.entry.request.caller.reason in LIVE:
            yield Found((ask,), f"{name_of(ask)} came with a key that the sandbox does not declare and that looks live")


def _leaned(asks: Sequence[Ask], contract: Contract) -> Iterator[Found]:
    fields: dict[str, frozenset[str] | None] = {}
    for ask in asks:
        operation = ask.operation
        if operation is None or ask.late or ask.lost:
            continue
        if operation.id not in fields:
            fields[operation.id] = fields_of(contract, operation)
        seen = _guessed(ask, operation) or _undeclared(ask, operation, fields[operation.id])
        if seen:
            yield Found((ask,), seen)


def _guessed(ask: Ask, operation: Operation) -> str:
    if operation.provenance == INVENTED:
        return f"{operation.id} is an invention of the sandbox ({operation.source})"
    shape = operation.shapes.get(ask.status)
    if shape is not None and shape.source[0] == INVENTED:
        return f"The {ask.status} of {operation.id} is an invention of the sandbox ({shape.source[1] or 'unsourced'})"
    return ""


def _undeclared(ask: Ask, operation: Operation, known: frozenset[str] | None) -> str:
    if ask.status >= 400:
        return ""
    if set(ask.query) - {each.name for each in operation.query}:
        return f"{operation.id} was sent a query parameter that its contract does not declare, and it was ignored"
    if known is not None and set(ask.sent) - known:
        return f"{operation.id} was sent a field that its contract does not declare, and it was ignored"
    return ""


def fields_of(contract: Contract, operation: Operation) -> frozenset[str] | None:
    """Return the names that the operation's body may have at its top, or None if its schema does not list them."""
    methods = contract.document["paths"].get(operation.path, {})
    body = _resolved(contract, methods.get(operation.method.lower(), {}).get("requestBody", {}))
    schema = body.get("content", {}).get(JSON, {}).get("schema")
    return None if schema is None else _names(contract, schema, 8)


def _names(contract: Contract, schema: Any, depth: int) -> frozenset[str] | None:
    schema = _resolved(contract, schema)
    parts = [each for way in ("allOf", "anyOf", "oneOf") for each in schema.get(way, ())]
    if depth == 0 or ("properties" not in schema and not parts):
        return None
    names = frozenset(schema.get("properties", {}))
    for part in parts:
        names |= _names(contract, part, depth - 1) or frozenset()
    return names


def _resolved(contract: Contract, node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = contract.document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


LIVE_KEY = VerdictKind(
    "sent-a-live-key", "error", _live_key,
    "give the client under test a test key, and look where it had the live one from.",
)  # fmt: skip
LEANED = VerdictKind(
    "leaned-on-undocumented", "note", _leaned,
    "the real service may differ: ask its makers, or keep the client working without it.",
)  # fmt: skip
