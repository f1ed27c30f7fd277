"""What may be done to an operation: the figures of each kind of fault, simplest first, as far as its API takes them.

Whether a figure fits an operation, and whether it keeps the contract, is asked of the one who reads scenarios: so what
is drawn is what a file may say, and nothing here repeats the rules of the faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sandbox.app import load_api
from sandbox.core.api import Api
from sandbox.core.contract import Operation
from sandbox.core.document import DocumentError
from sandbox.core.message import BREAKS, DRIBBLE
from sandbox.core.staging import reader_of
from sandbox.core.variation import ILLEGAL as SPOILT
from sandbox.core.variation import LEGAL as VARIED
from sandbox.faults.commit import OUTCOMES
from sandbox.faults.job import FATES
from sandbox.faults.key import STATES
from sandbox.faults.rate_limit import LEGAL_LIES, LIES
from sandbox.faults.variant import PAGES, WIRE

LEGAL, BROKEN, ILLEGAL = "legal", "broken", "illegal"
"""What a fault does to the contract: it keeps it, it breaks the connection, it breaks the contract."""
_OFTEN = (500, 502, 503, 504, 429)
"""The statuses that a proxy may give though no contract declares them."""


@dataclass(frozen=True, slots=True)
class Move:
    """One fault with its figures; `onward` strikes from a call on, `placed` takes a place, `law` is what it breaks."""

    then: Mapping[str, Any]
    onward: bool = False
    placed: bool = False
    law: str = LEGAL


Moves = Iterator[Move]


def _errors(_api: Api, operation: Operation) -> Moves:
    declared = sorted(
        (each for each in operation.shapes if each >= 400), key=lambda each: (each < 500, each != 429, each)
    )
    yield from (Move({"error": each}) for each in declared)
    yield from (Move({"error": {"status": each, "illegal": True}}) for each in _OFTEN if each not in declared)


def _rate_limits(api: Api, _operation: Operation) -> Moves:
    yield Move({"rate_limit": {"exhausted": True}})
    for each in LIES:
        mark = {} if each in LEGAL_LIES else {"illegal": True}
        yield Move({"rate_limit": {"exhausted": True, "retry_after": each, **mark}})
    yield Move({"rate_limit": {"exhausted": True, "recover_after": "2m"}}, onward=True)
    for limit in (1, 2, 5):
        burst = {"burst": limit} if api.stage.bursts else {}
        yield Move({"rate_limit": {"limit": limit, **burst}}, onward=True)
    yield Move({"rate_limit": {"exhausted": True}}, onward=True)


def _delays(_api: Api, _operation: Operation) -> Moves:
    yield from (Move({"delay": each}) for each in ("1s", "10s", "2m"))


def _commits(_api: Api, _operation: Operation) -> Moves:
    for each in OUTCOMES:
        yield Move({"commit": {"outcome": each, "after": "10m"} if each == "late" else each})


def _hangups(_api: Api, operation: Operation) -> Moves:
    for each in BREAKS:
        how = {"break": each, "over": "2s"} if each == DRIBBLE else {"break": each}
        yield Move({"hangup": how if each == DRIBBLE else each})
        if operation.method != "GET":
            yield Move({"hangup": {**how, "after": "nothing"}})


def _outages(_api: Api, _operation: Operation) -> Moves:
    for figures in (
        {"failRequestCount": 5},
        {"failRequestCount": 20},
        {"outageDuration": "1m"},
        {"outageDuration": "1h"},
    ):
        yield Move({"outage": figures}, onward=True)
        yield Move({"outage": {**figures, "status": 503, "illegal": True}}, onward=True)


def _variants(_api: Api, _operation: Operation) -> Moves:
    yield from (Move({"variant": each}) for each in PAGES)
    yield from (Move({"variant": {"kind": each}}, placed=True) for each in VARIED)
    yield from (Move({"variant": {"kind": each, "illegal": True}}, placed=True) for each in SPOILT)
    yield from (Move({"variant": {"wire": each, "illegal": True}}) for each in WIRE)


def _stale(_api: Api, _operation: Operation) -> Moves:
    for figures in ({"reads": 1}, {"lag": "10s"}, {"pages": "twice"}, {"pages": "missing"}):
        yield Move({"stale": figures})
    for figures in ({"reads": 3}, {"lag": "10s"}, {"cursor": "invalidated"}):
        yield Move({"stale": figures}, onward=True)


def _keys(api: Api, _operation: Operation) -> Moves:
    yield from (Move({"key": each}, onward=True) for each in STATES)
    yield from (Move({"key": {name: words[0]}}, onward=True) for name, words in api.law.terms.items())


def _jobs(_api: Api, _operation: Operation) -> Moves:
    yield from (Move({"job": each}) for each in FATES)


def _degraded(api: Api, _operation: Operation) -> Moves:
    yield from (Move({"degrade": each}) for each in api.stage.services)


_MOVES: Mapping[str, Callable[[Api, Operation], Moves]] = {
    "error": _errors,
    "rate_limit": _rate_limits,
    "delay": _delays,
    "commit": _commits,
    "hangup": _hangups,
    "outage": _outages,
    "variant": _variants,
    "stale": _stale,
    "key": _keys,
    "job": _jobs,
    "degrade": _degraded,
}
KINDS = tuple(_MOVES)
"""The kinds of faults, simplest first: that is the way in which they shrink."""


@cache
def api_of(name: str) -> Api:
    """Return the API of this name."""
    return load_api(name)


def operations_of(api: str) -> tuple[str, ...]:
    """Return the operations of an API, in the contract's order."""
    return tuple(api_of(api).contract.operations)


@cache
def moves_of(api: str, operation: str, kind: str) -> tuple[Move, ...]:
    """Return what a kind of fault may do to an operation: nothing if it does not fit it."""
    known = api_of(api)
    return tuple(_fit(known, operation, _MOVES[kind](known, known.contract.operations[operation])))


def _fit(api: Api, operation: str, moves: Moves) -> Moves:
    reader = reader_of(api)
    for each in moves:
        document = {"when": {"operation": operation}, "then": each.then}
        try:
            [fault] = reader.rule(document, "generated", 0, ()).faults
        except DocumentError:
            continue
        if fault.illegal or not _marked(each):
            law = ILLEGAL if fault.illegal else BROKEN if fault.wire else LEGAL
            yield replace(each, law=law)


def _marked(move: Move) -> bool:
    """Tell whether the figures say that they break the contract; where they do not, they stand without the mark."""
    return any(isinstance(each, Mapping) and "illegal" in each for each in move.then.values())
