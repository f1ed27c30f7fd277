"""A journal as a client's doings: what was asked, again or anew, what came back, and what had changed in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.core.asked import is_late, is_lost, object_in, query_of
from sandbox.core.clock import SECOND
from sandbox.core.contract import Contract, Operation
from sandbox.core.message import DRIBBLE, SILENCE, Hangup, Wait
from sandbox.core.timeline import Entry
from sandbox.core.wording import id_of

_CLOCK_MOVES = frozenset({"advanceClock", "putClock"})
"""What a test steers in a client's place when the client sleeps."""
_MOST_SECONDS = 10**9
NEVER = 1 << 62
"""How long an answer that never comes is held back."""

Same = tuple[str, str, str, str, bytes]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the API with its answer.

    `same` is equal for requests that are the same again: who asked, method, path, query, body. `epoch` counts what had
    changed the world before it, `reads` how often its client had looked at something. `late` is one that a fault had
    put off: the sandbox asks it then, and not the client.
    """

    entry: Entry
    operation: Operation | None
    who: str
    same: Same
    epoch: int
    reads: int
    late: bool

    @property
    def id(self) -> str:
        """Return the request's id."""
        return id_of(self.entry.charter, self.entry.ordinal)

    @property
    def status(self) -> int:
        """Return the status of the answer, whether or not the client saw it."""
        return self.entry.response.status

    @property
    def lost(self) -> bool:
        """Tell whether the connection broke instead of a whole answer."""
        return is_lost(self.entry)

    @property
    def held(self) -> int:
        """Return for how many microseconds of the world's time the answer was held back from its client."""
        span = sum(_held(each) for each in self.entry.response.effects)
        return NEVER if span >= NEVER else span * self.entry.charter.clock.inside(1) // SECOND

    @property
    def went_well(self) -> bool:
        """Tell whether the client saw a success."""
        return self.status < 300 and not self.lost

    @property
    def writes(self) -> bool:
        """Tell whether it is a request of a kind that may change something."""
        return self.entry.request.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def told(self) -> int | None:
        """Return for how many microseconds of the world's time `Retry-After` asks the client to stay away, or None."""
        text = None if self.lost else self.entry.response.header("retry-after")
        return None if text is None else _span(text, self.entry)

    @property
    def query(self) -> Mapping[str, str]:
        """Return the query's parameters; of a repeated one the last."""
        return query_of(self.entry)

    @property
    def said(self) -> Mapping[str, Any]:
        """Return the answer's JSON object, or an empty one."""
        return object_in(self.entry.response.body)

    @property
    def sent(self) -> Mapping[str, Any]:
        """Return the JSON object that was sent, or an empty one."""
        return object_in(self.entry.request.body)


def asks_of(entries: Iterable[Entry], contract: Contract) -> tuple[Ask, ...]:
    """Return the requests to the API in a journal, in order."""
    asks: list[Ask] = []
    reads: dict[str, int] = {}
    epoch = 0
    for entry in entries:
        if entry.errand is not None:
            epoch += entry.errand.operation not in _CLOCK_MOVES
            continue
        ask = _ask(entry, contract, epoch, reads)
        asks.append(ask)
        epoch += ask.writes and ask.status < 300
        reads[ask.who] = ask.reads + (not ask.writes and ask.went_well)
    return tuple(asks)


def _ask(entry: Entry, contract: Contract, epoch: int, reads: Mapping[str, int]) -> Ask:
    request = entry.request
    who = request.caller.key or request.peer
    same = who, request.method, request.path, request.query, request.body
    operation = contract.operations.get(entry.operation or "")
    return Ask(entry, operation, who, same, epoch, reads.get(who, 0), is_late(entry))


def between(first: Ask, second: Ask) -> int:
    """Return the microseconds from one request to the other on the world's clock; while it stands, those outside."""
    passed = second.entry.at - first.entry.at
    if first.entry.charter.clock.mode == "frozen":
        passed = max(passed, second.entry.wall - first.entry.wall)
    return max(0, passed)


def unseen(first: Ask, second: Ask) -> bool:
    """Tell whether the client asked again before the first answer, held back as it was, had come: it gave it up."""
    return between(first, second) < first.held


def _held(effect: Any) -> int:
    """Return for how many microseconds an effect holds the answer back, outside."""
    if isinstance(effect, Wait):
        return effect.span
    if isinstance(effect, Hangup):
        return NEVER if effect.kind == SILENCE else effect.span if effect.kind == DRIBBLE else 0
    return 0


def seconds(span: int) -> str:
    """Return a span in words."""
    return f"{span / SECOND:.3g} s" if span < 1000 * SECOND else f"{span // SECOND} s"


def inside(ask: Ask, told: Any) -> int | None:
    """Return the microseconds of the world's time that so many seconds outside are, or None if it is no such number."""
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= _MOST_SECONDS:
        return None
    return ask.entry.charter.clock.inside(told)


def _span(text: str, entry: Entry) -> int | None:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return entry.charter.clock.inside(int(text))
    try:
        moment = parsedate_to_datetime(text)
        return max(0, int(moment.timestamp()) * SECOND - entry.at) if moment.tzinfo is not None else None
    except (ValueError, IndexError, OverflowError):
        return None
