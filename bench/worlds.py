"""What a world costs as it grows: the same call on 1,000 and on 100,000 rows."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """A named call, ready to be timed, on a small world and on a large one."""

    name: str
    at_1_000: Callable[[], object]
    at_100_000: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per call over five repeats."""

    best: float
    median: float


@dataclass(frozen=True, slots=True)
class Growth:
    """The timings of one cost, small and large."""

    name: str
    small: Timing
    large: Timing

    @property
    def ratio(self) -> float:
        """How many times as long the call takes in the large world, best against best."""
        return self.large.best / self.small.best


def measure(costs: Iterable[Cost]) -> list[Growth]:
    """Times every cost, the small and the large world one after the other."""
    return [Growth(cost.name, time(cost.at_1_000), time(cost.at_100_000)) for cost in costs]


def time(call: Callable[[], object]) -> Timing:
    """Times a call: as many per repeat as take a fifth of a second, five repeats."""
    timer = timeit.Timer(call)
    number, _ = timer.autorange()
    seconds = [total / number for total in timer.repeat(_REPEATS, number)]
    return Timing(min(seconds), statistics.median(seconds))


def table(growths: Iterable[Growth]) -> str:
    """The timings as Markdown, in microseconds."""
    head = "| cost, µs (median, best of 5) | 1,000 rows | 100,000 rows | ratio |\n|---|---:|---:|---:|"
    return "\n".join([head, *(_line(growth) for growth in growths)])


def _line(growth: Growth) -> str:
    small, large = _figure(growth.small), _figure(growth.large)
    return f"| {growth.name} | {small} | {large} | {growth.ratio:.2f} |"


def _figure(timing: Timing) -> str:
    return f"{timing.median * 1e6:,.2f} ({timing.best * 1e6:,.2f})"
