"""Sleeping moves the clock of a frozen world instead of waiting for time that would not pass there.

`time.sleep` and `asyncio.sleep` are replaced while any world asks for it. What stands in their place looks which thread
calls: one that has worlds of its own lets the time pass in them and goes on at once, any other one waits as ever.

Tasks of one event loop sleep side by side: the one that is due first goes on first, and the clock stands at the time of
the last one that went on, not at the sum.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from threading import Lock, get_ident
from typing import Any, TypeVar

from sandbox.testing.clock import WorldClock

Result = TypeVar("Result")
_TOUCH = 1e-9
"""Seconds below which two instants of sleepers are one: they are sums of floats."""


@dataclass(slots=True)
class _Lane:
    """A thread whose sleep moves worlds: their clocks, how much time has passed in it, and who sleeps until when."""

    clocks: list[WorldClock] = field(default_factory=list)
    passed: float = 0.0
    sleepers: list[tuple[float, Any]] = field(default_factory=list)

    def frozen(self) -> list[WorldClock]:
        """Return the clocks that stand still; in the other worlds time passes by itself."""
        return [each for each in self.clocks if each.mode == "frozen"]

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass."""
        for each in self.frozen():
            each.advance(seconds)
        self.passed += seconds


_lanes: dict[int, _Lane] = {}
_change = Lock()
_waiting: dict[str, Any] = {}
"""The functions that wait, while others stand in their place."""


def drive(clock: WorldClock) -> int:
    """Let this thread's sleep move this clock too, and return what ends that."""
    with _change:
        _lanes.setdefault(get_ident(), _Lane()).clocks.append(clock)
        if time.sleep is not _sleep:
            _waiting["time"], time.sleep = time.sleep, _sleep
        if asyncio.sleep is not _async_sleep:
            _waiting["asyncio"], asyncio.sleep = asyncio.sleep, _async_sleep  # type: ignore[assignment]
    return get_ident()


def release(clock: WorldClock, thread: int) -> None:
    """Let that thread's sleep move this clock no more; after the last one everybody waits as ever."""
    with _change:
        lane = _lanes[thread]
        lane.clocks = [each for each in lane.clocks if each is not clock]
        if not lane.clocks:
            del _lanes[thread]
        if _lanes:
            return
        if time.sleep is _sleep:
            time.sleep = _waiting["time"]
        if asyncio.sleep is _async_sleep:
            asyncio.sleep = _waiting["asyncio"]


def _sleep(seconds: Any, /) -> None:
    lane = _lanes.get(get_ident())
    if lane is None or not seconds > 0 or not lane.frozen():
        _waiting["time"](seconds)
        return
    lane.let_pass(seconds)


async def _async_sleep(delay: float, result: Result | None = None) -> Result | None:
    lane = _lanes.get(get_ident())
    if lane is None or not delay > 0 or not lane.frozen():
        slept: Result | None = await _waiting["asyncio"](delay, result)
        return slept
    loop = asyncio.get_running_loop()
    sleeper = (lane.passed + delay, loop)
    lane.sleepers.append(sleeper)
    try:
        await _waiting["asyncio"](0)
        while min(due for due, where in lane.sleepers if where is loop) < sleeper[0]:
            await _waiting["asyncio"](0)
        if sleeper[0] - lane.passed > _TOUCH:
            lane.let_pass(sleeper[0] - lane.passed)
    finally:
        lane.sleepers.remove(sleeper)
    return result
