"""How often a caller may ask: a token bucket or a sliding window on the world's clock, in whole numbers.

Of a bucket one token is 60,000,000 units, so that a rate of n per minute adds exactly n units a microsecond and no
rounding ever loses or grants a request. `Remaining` counts the plan's own rate down from the first request; the burst
is a reserve behind it: a client that stops at 0 never sees a 429.

A window remembers when the requests came that it let through, and lets no more than its rate through in any span of its
length, wherever that begins. A request that was refused is not remembered.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.core.clock import SECOND

ENFORCE = "enforce"
OBSERVE = "observe"
OFF = "off"
MODES = (ENFORCE, OBSERVE, OFF)

TOKEN = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests per minute, and how many may come at once after a pause."""

    rate: int
    burst: int


@dataclass(frozen=True, slots=True)
class Window:
    """How many requests may come in any span of so many microseconds."""

    rate: int
    span: int = TOKEN

    @property
    def burst(self) -> int:
        """Return how many may come at once after a pause: as many as in the whole span."""
        return self.rate


class Bucket(NamedTuple):
    """The units that were left at an instant."""

    units: int
    at: int


class Hits(NamedTuple):
    """The instants of the requests that a window let through, in order; the latest ones at least."""

    times: tuple[int, ...]


Held = Limit | Window
"""What a caller is held to."""
Drawn = Bucket | Hits
"""What was drawn on it."""


class Reading(NamedTuple):
    """What the caller is told: the limit, what remains, when it is whole again (epoch seconds), how long to wait.

    `refused` means that there was no token. Whether that becomes a 429 is the mode's matter.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int
    refused: bool


def full(limit: Limit, now: int) -> Bucket:
    """Return a bucket that holds the whole burst."""
    return Bucket(limit.burst * TOKEN, now)


def spent(limit: Held, now: int) -> Drawn:
    """Return what it looks like when nothing is left."""
    return Hits((now,) * limit.rate) if isinstance(limit, Window) else Bucket(0, now)


def take(drawn: Drawn | None, limit: Held, now: int) -> tuple[Drawn, Reading]:
    """Take one request's worth if there is some; a refused request takes nothing."""
    if isinstance(limit, Window):
        return _let_through(_within(drawn, limit, now), limit, now)
    units = _units(drawn, limit, now)
    refused = units < TOKEN
    if not refused:
        units -= TOKEN
    return Bucket(units, now), _reading(units, limit, now, refused)


def untouched(limit: Held, now: int) -> Reading:
    """Return the reading of a quota that is off: nothing was taken, everything remains."""
    return Reading(limit.rate, limit.rate, now // SECOND, 1, False)


def latest(drawn: Drawn) -> int:
    """Return the instant at which something was last drawn."""
    return drawn.at if isinstance(drawn, Bucket) else drawn.times[-1]


def is_full(drawn: Drawn, limit: Held, now: int) -> bool:
    """Tell whether all of it is there again, so that forgetting what was drawn changes nothing."""
    if isinstance(limit, Window):
        return not _within(drawn, limit, now)
    return _units(drawn, limit, now) >= limit.burst * TOKEN


def left(drawn: Drawn | None, limit: Held, now: int) -> float:
    """Return how many requests' worth is left at this instant."""
    if isinstance(limit, Window):
        return float(max(0, limit.rate - len(_within(drawn, limit, now))))
    return round(_units(drawn, limit, now) / TOKEN, 6)


def _units(drawn: Drawn | None, limit: Limit, now: int) -> int:
    capacity = limit.burst * TOKEN
    if not isinstance(drawn, Bucket):
        return capacity
    return min(capacity, drawn.units + limit.rate * max(0, now - drawn.at))


def _within(drawn: Drawn | None, limit: Window, now: int) -> tuple[int, ...]:
    """Return the hits that the window still holds."""
    if not isinstance(drawn, Hits):
        return ()
    return drawn.times[bisect_right(drawn.times, now - limit.span) :]


def _let_through(times: tuple[int, ...], limit: Window, now: int) -> tuple[Hits, Reading]:
    refused = len(times) >= limit.rate
    if not refused:
        times = (*times, now)
    wait = times[-limit.rate] + limit.span - now if len(times) >= limit.rate else 0
    whole_again = times[-1] + limit.span
    reading = Reading(
        limit.rate, max(0, limit.rate - len(times)), -(-whole_again // SECOND), max(1, -(-wait // SECOND)), refused
    )
    return Hits(times), reading


def _reading(units: int, limit: Limit, now: int, refused: bool) -> Reading:
    remaining = max(0, units // TOKEN - max(0, limit.burst - limit.rate))
    missing = limit.burst * TOKEN - units
    whole_again = now - (-missing // limit.rate)
    wait = max(0, TOKEN - units)
    retry_after = max(1, -(-wait // (limit.rate * SECOND)))
    return Reading(limit.rate, remaining, -(-whole_again // SECOND), retry_after, refused)
