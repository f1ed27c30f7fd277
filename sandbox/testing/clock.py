"""The clock of a world, as a test moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sandbox.core.clock import parse_duration
from sandbox.testing.steward import Steward

Span = str | float | timedelta
"""A time that passes: `3d`, `1h30m`, `250ms`, seconds, or a timedelta."""
TOO_LONG = 10**9
"""How many seconds are no longer a pause: some thirty years."""


@dataclass(frozen=True, slots=True)
class WorldClock:
    """The clock of a world; `drives_sleep` tells whether sleeping moves it (see `sandbox.testing.sleep`)."""

    steward: Steward
    drives_sleep: bool = False

    @property
    def now(self) -> datetime:
        """Return the world's time, in UTC."""
        return datetime.fromisoformat(self._shown()["now"])

    @property
    def mode(self) -> str:
        """Return `frozen`, `offset`, `scaled` or `real`."""
        return str(self._shown()["mode"])

    def advance(self, by: Span) -> datetime:
        """Let so much time pass at once, to the millisecond above, and return the world's time."""
        return _now(self.steward.ask("POST", "/clock/advance", {"by": _written(by)}))

    def freeze(self, at: str | datetime | None = None) -> datetime:
        """Let the clock stand still, now or at a later time, and return the world's time."""
        return self.set(at)

    def set(self, now: str | datetime | None = None, *, mode: str = "frozen", rate: float | None = None) -> datetime:
        """Set time, mode and rate (see `PUT /__admin/clock`), and return the world's time; a clock never goes back."""
        text = now.isoformat() if isinstance(now, datetime) else now
        asked = {"mode": mode, "now": text, "rate": rate}
        return _now(self.steward.ask("PUT", "/clock", {name: each for name, each in asked.items() if each is not None}))

    def _shown(self) -> Any:
        return self.steward.ask("GET", "/clock")


def _now(shown: Any) -> datetime:
    return datetime.fromisoformat(shown["now"])


def _written(span: Span) -> str:
    """Return a span as the control plane reads it; ValueError if it cannot, OverflowError if it is too long."""
    if isinstance(span, str):
        parse_duration(span)
        return span
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if seconds >= TOO_LONG:
        raise OverflowError(f"expected less than {TOO_LONG:,} seconds to pass, got {seconds:g}")
    return f"{ceil(round(seconds * 1000, 6))}ms"
