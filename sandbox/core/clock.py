"""Wall time in, sandbox time out.

An instant is a whole number of microseconds since 1970, UTC. A clock is a straight line through (wall, time) with a
rate: `real` has rate 1 and no offset, `offset` rate 1, `frozen` rate 0, `scaled` any other. It is a value; who needs
the time passes the wall clock's reading in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EARLIEST = 0
LATEST = 253_402_300_799 * SECOND
"""9999-12-31T23:59:59Z, the last instant that ISO 8601 writes with four digits of year."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"ms": 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<parts>(?:[0-9]{1,12}(?:ms|[smhdw]))+)")
_PART = re.compile(r"([0-9]+)(ms|[smhdw])")
_ISO = re.compile(
    r"(?P<sign>[+-]?)P(?=.)(?:(?P<w>[0-9]{1,9})W)?(?:(?P<d>[0-9]{1,9})D)?"
    r"(?:T(?=.)(?:(?P<h>[0-9]{1,9})H)?(?:(?P<m>[0-9]{1,9})M)?(?:(?P<s>[0-9]{1,12})S)?)?"
)
DURATION = r"(?:[+-]?(?:[0-9]{1,12}(?:ms|[smhdw]))+|[+-]?P[0-9WDTHMS]+)"
"""What every duration looks like, for readers that cannot ask `parse_duration`."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A line through (wall, time); `rate` is how many seconds pass here in one second outside."""

    mode: str = "real"
    wall: int = 0
    time: int = 0
    rate: Fraction = Fraction(1)
    auto_advance: bool = False
    """Whether a client that comes back too early moves the clock to where it should have waited."""

    def now(self, wall: int) -> int:
        """Return the sandbox instant at this wall instant."""
        if self.mode == "real":
            return wall
        if self.mode == "frozen":
            return self.time
        if self.mode == "offset":
            return min(LATEST, self.time + wall - self.wall)
        return min(LATEST, self.time + int((wall - self.wall) * self.rate))

    def advanced(self, span: int) -> Clock:
        """Return the clock that shows so many microseconds more at every instant; a real one becomes an offset one."""
        mode = "offset" if self.mode == "real" else self.mode
        return Clock(mode, self.wall, min(LATEST, self.time + span), self.rate, self.auto_advance)

    def showing(self, time: int, wall: int) -> Clock:
        """Return the clock that shows this time at this wall instant and goes on as before."""
        if self.mode == "frozen":
            clock = frozen(time)
        else:
            clock = scaled(time, wall, self.rate) if self.mode == "scaled" else starting(time, wall)
        return replace(clock, auto_advance=self.auto_advance)

    def outside(self, seconds: int) -> int:
        """Return how many seconds somebody outside has to wait for so many to pass here; a frozen clock is waited for
        by advancing it."""
        return seconds if self.mode != "scaled" else max(1, ceil(seconds / self.rate))

    def inside(self, seconds: int) -> int:
        """Return the microseconds that pass here while so many seconds pass outside; a frozen clock is advanced."""
        return seconds * SECOND if self.mode != "scaled" else int(seconds * SECOND * self.rate)


REAL = Clock()


def starting(time: int, wall: int) -> Clock:
    """Return a clock that shows this time now and runs on at the pace of the wall clock."""
    return Clock("offset", 0, time - wall)


def frozen(time: int) -> Clock:
    """Return a clock that stands still at this time."""
    return Clock("frozen", 0, time, Fraction(0))


def scaled(time: int, wall: int, rate: Fraction) -> Clock:
    """Return a clock that shows this time now and runs at this rate."""
    return Clock("scaled", wall, time, rate)


@lru_cache(maxsize=65536)
def _iso(second: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso(instant: int) -> str:
    """Return the instant as ISO 8601 in whole seconds, UTC, such as `2026-04-13T14:30:00Z`."""
    return _iso(instant // SECOND)


def iso_exact(instant: int) -> str:
    """Return the instant as ISO 8601 with six digits behind the second, unless it is whole."""
    second, rest = divmod(instant, SECOND)
    return _iso(second) if not rest else f"{_iso(second)[:-1]}.{rest:06d}Z"


@lru_cache(maxsize=64)
def _http_date(second: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"


def http_date(instant: int) -> str:
    """Return the instant as a `Date` header writes it (RFC 9110, section 5.6.7)."""
    return _http_date(instant // SECOND)


def parse_instant(text: str) -> int:
    """Return the instant that an ISO 8601 text with an offset names; ValueError names what is wrong."""
    try:
        moment = datetime.fromisoformat(text if text.isprintable() else "")
    except ValueError as error:
        raise ValueError(f"expected an ISO 8601 time such as 2026-04-13T14:30:00Z, got {text[:40]!r}") from error
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with an offset such as 2026-04-13T14:30:00Z, got {text[:40]!r}")
    instant = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"expected a time between 1970 and 9999, got {text[:40]!r}")
    return instant


def parse_duration(text: str) -> int:
    """Return the microseconds of `250ms`, `1h30m`, `-29d` or ISO 8601 `P3DT4H`; ValueError names what is wrong."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        total = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(plain["parts"]))
        return -total if plain["sign"] == "-" else total
    iso8601 = _ISO.fullmatch(text)
    if iso8601:
        total = sum(int(iso8601[unit] or 0) * _UNITS[unit] for unit in ("w", "d", "h", "m", "s"))
        return -total if iso8601["sign"] == "-" else total
    raise ValueError(f"expected a duration such as 250ms, 2s, 1h30m, 3d or P3D, got {text[:40]!r}")
