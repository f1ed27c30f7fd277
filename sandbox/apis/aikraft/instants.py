"""Instants as an exported state writes them: ISO 8601 in UTC, exact to the microsecond, and read back as they were.

A job that is made in the last minute of the year 9999 ends in the year 10000. ISO 8601 writes such a year with a sign
and a fifth digit, and so do we; no other instant can lie there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import fields

from sandbox.core.clock import DAY, LATEST, MINUTE, SECOND, iso_exact
from sandbox.core.document import parsed

LAST = LATEST + MINUTE
"""The latest instant at which a job can end."""

_CYCLES = 20 * 146_097 * DAY
"""Eight thousand years: after so many the calendar repeats itself."""
_FORM = re.compile(r"(?P<far>\+1)?(?P<near>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_instant(instant: int) -> str:
    """Return the instant as text, with a fraction of six digits only if it is not whole."""
    if instant < LATEST + SECOND:
        return iso_exact(instant)
    return "+10" + iso_exact(instant - _CYCLES).removeprefix("2")


def write_moment(instant: int | None) -> str | None:
    """Return the instant as text, or None if it has not come."""
    return None if instant is None else write_instant(instant)


def read_instant(text: str) -> int:
    """Return the instant that the text is; ValueError if it is none from 1970 to the first minute of 10000."""
    match = _FORM.fullmatch(text)
    if match is None or (match["far"] and not match["near"].startswith("0000-")):
        raise ValueError(text)
    near = match["near"].replace("0000-", "2000-", 1) if match["far"] else match["near"]
    instant = (datetime.fromisoformat(near) - _EPOCH) // timedelta(microseconds=1) + bool(match["far"]) * _CYCLES
    if not 0 <= instant <= LAST:
        raise ValueError(text)
    return instant


def _read_seen(text: str) -> int:
    instant = read_instant(text)
    if instant > LATEST:
        raise ValueError(text)
    return instant


def _read_second(text: str) -> int:
    instant = _read_seen(text)
    if instant % SECOND:
        raise ValueError(text)
    return instant


_EXACT = "a time in UTC such as 2026-04-13T14:30:00Z or 2026-04-13T14:30:00.000125Z"
_WHOLE = "a time in UTC and in whole seconds such as 2026-04-13T14:30:00Z"


def exact(**options: Any) -> fields.Field[Any]:
    """Return a field for an instant that a clock can show, exact to the microsecond."""
    return parsed(_read_seen, _EXACT, **options)


def second(**options: Any) -> fields.Field[Any]:
    """Return a field for such an instant in whole seconds, as cursors and answers write it."""
    return parsed(_read_second, _WHOLE, **options)


def due(**options: Any) -> fields.Field[Any]:
    """Return a field for an instant that may lie a little after the last that a clock can show."""
    return parsed(read_instant, _EXACT, **options)
