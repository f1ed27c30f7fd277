"""How often a caller may ask: a token bucket on the world's clock, in whole numbers.

One token is 60,000,000 units, so that a rate of n per minute adds exactly n units a microsecond and no rounding ever
loses or grants a request. `Remaining` counts the plan's own rate down from the first request; the burst is a reserve
behind it: a client that stops at 0 never sees a 429.
"""

from __future__ import annotations

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


class Bucket(NamedTuple):
    """The units that were left at an instant."""

    units: int
    at: int


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


def take(bucket: Bucket | None, limit: Limit, now: int) -> tuple[Bucket, Reading]:
    """Take one token if there is one; a refused request takes nothing."""
    capacity = limit.burst * TOKEN
    units = capacity if bucket is None else min(capacity, bucket.units + limit.rate * max(0, now - bucket.at))
    refused = units < TOKEN
    if not refused:
        units -= TOKEN
    return Bucket(units, now), _reading(units, limit, now, refused)


def untouched(limit: Limit, now: int) -> Reading:
    """Return the reading of a quota that is off: nothing was taken, everything remains."""
    return Reading(limit.rate, limit.rate, now // SECOND, 1, False)


def is_full(bucket: Bucket, limit: Limit, now: int) -> bool:
    """Tell whether the bucket has filled up again, so that forgetting it changes nothing."""
    return bucket.units + limit.rate * (now - bucket.at) >= limit.burst * TOKEN


def _reading(units: int, limit: Limit, now: int, refused: bool) -> Reading:
    remaining = max(0, units // TOKEN - max(0, limit.burst - limit.rate))
    missing = limit.burst * TOKEN - units
    whole_again = now - (-missing // limit.rate)
    wait = max(0, TOKEN - units)
    retry_after = max(1, -(-wait // (limit.rate * SECOND)))
    return Reading(limit.rate, remaining, -(-whole_again // SECOND), retry_after, refused)
