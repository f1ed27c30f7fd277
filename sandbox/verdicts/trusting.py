"""What a client trusts that it should not: a sandbox with a live key, and what no document promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.core.contract import Contract, Operation
from sandbox.core.fidelity import fields_of, unknown_in
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
    unknown = unknown_in(ask.entry, operation, known) if ask.status < 400 else ()
    if "parameter" in unknown:
        return f"{operation.id} was sent a query parameter that its contract does not declare, and it was ignored"
    if "field" in unknown:
        return f"{operation.id} was sent a field that its contract does not declare, and it was ignored"
    return ""


LIVE_KEY = VerdictKind(
    "sent-a-live-key", "error", _live_key,
    "give the client under test a test key, and look where it had the live one from.",
)  # fmt: skip
LEANED = VerdictKind(
    "leaned-on-undocumented", "note", _leaned,
    "the real service may differ: ask its makers, or keep the client working without it.",
)  # fmt: skip
