"""Instants as Ctrl AI writes and reads them: ISO 8601 in UTC, to the millisecond.

Sources: API reference, Audit (a bare date in a query). The three digits are JavaScript's way (inferred).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from sandbox.core.clock import DAY, EARLIEST, LATEST, SECOND, iso

MILLISECOND = SECOND // 1000

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_millis(instant: int) -> str:
    """Return the instant as ISO 8601 with three digits behind the second, such as `2026-04-13T14:30:00.000Z`."""
    return f"{iso(instant)[:-1]}.{instant % SECOND // MILLISECOND:03d}Z"


def iso_or_none(instant: int | None) -> str | None:
    """Return the instant as text, or None if there is none."""
    return None if instant is None else iso_millis(instant)


def read_date(text: str, *, end: bool = False) -> int:
    """Return the first instant that a date or a time names, or with `end` the last; ValueError if it names none.

    A date is a whole day in UTC, a time is a whole millisecond, and one without an offset is in UTC.
    """
    if _DATE.fullmatch(text):
        first, span = _since_epoch(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)), DAY
    elif _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        first, span = _since_epoch(moment) // MILLISECOND * MILLISECOND, MILLISECOND
    else:
        raise ValueError("expected an ISO 8601 date or time")
    if not EARLIEST <= first <= LATEST:
        raise ValueError("expected a time between 1970 and 9999")
    return first + span - 1 if end else first


def _since_epoch(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
