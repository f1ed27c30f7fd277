"""Instants as an exported state writes them: ISO 8601 in UTC, exact to the microsecond, and read back as they were.

What begins in the last year that a clock can show may end in the year 10000. ISO 8601 writes such a year with a sign
and a fifth digit, and so do we; no other instant lies there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import fields

from sandbox.core.clock import DAY, LATEST, SECOND, iso_exact
from sandbox.core.document import parsed

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


def read_instant(text: str, last: int = LATEST) -> int:
    """Return the instant that the text is; ValueError if it is none from 1970 to the last one."""
    match = _FORM.fullmatch(text)
    if match is None or (match["far"] and not match["near"].startswith("0000-")):
        raise ValueError(text)
    near = match["near"].replace("0000-", "2000-", 1) if match["far"] else match["near"]
    instant = (datetime.fromisoformat(near) - _EPOCH) // timedelta(microseconds=1) + bool(match["far"]) * _CYCLES
    if not 0 <= instant <= last:
        raise ValueError(text)
    return instant


def _read_second(text: str) -> int:
    instant = read_instant(text)
    if instant % SECOND:
        raise ValueError(text)
    return instant


_EXACT = "a time in UTC such as 2026-04-13T14:30:00Z or 2026-04-13T14:30:00.000125Z"
_INSTANT = {"form": "instant"}
"""What tells such a field from others that are written as texts."""
_WHOLE = "a time in UTC and in whole seconds such as 2026-04-13T14:30:00Z"


def exact(last: int = LATEST, **options: Any) -> fields.Field[Any]:
    """Return a field for an instant exact to the microsecond: none that a clock cannot show, or up to `last`."""
    return parsed(lambda text: read_instant(text, last), _EXACT, metadata=_INSTANT, **options)


def second(**options: Any) -> fields.Field[Any]:
    """Return a field for an instant that a clock can show, in whole seconds, as cursors and answers write it."""
    return parsed(_read_second, _WHOLE, metadata=_INSTANT, **options)
