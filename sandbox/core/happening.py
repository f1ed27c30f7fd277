"""What happens by itself on a world's clock: timed events, done when the world is next looked at.

No timer runs. A request brings its world's events up to its own instant, in the order in which they were due, before
anything else is decided; so looking twice is looking once, and a clock that jumps over ten events has had all ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Deed:
    """What an event does to a workspace: `act(workspace, began, now)`.

    `moments` are the spans after its beginning (microseconds) at which it changes something for good; `act` is called
    at each of them in turn. While less than `lasts` has passed it is also called at the moment of a look, and may then
    only bring up to date what a later call will bring up to date again.
    """

    kind: str
    act: Callable[[Workspace, int, int], Workspace]
    moments: tuple[int, ...] = (0,)
    lasts: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """A timed event: a deed, or a new state of the scenario, or both.

    `at` is a span after the scenario began, or an instant if `absolute`. It comes `times` times, `every` so often.
    """

    name: str
    at: int
    deed: Deed | None = None
    state: str | None = None
    absolute: bool = False
    every: int = 0
    times: int = 1

    def beginnings(self, began: int) -> Iterator[int]:
        """Yield the instants at which it comes, for a scenario that began then."""
        first = self.at if self.absolute else began + self.at
        yield from (first + count * self.every for count in range(self.times))


class Due(NamedTuple):
    """One moment of an event: when, which in the order of the script, of which beginning."""

    instant: int
    place: int
    began: int
    first: bool


def due(happenings: Iterable[Happening], began: int, reached: int, now: int) -> list[tuple[Due, Happening]]:
    """Return what is due after `reached` and until `now`, in due order.

    An event whose absolute time was over before the scenario began does not come.
    """
    found = []
    for place, each in enumerate(happenings):
        for start in each.beginnings(began):
            if start > now:
                break
            moments = each.deed.moments if each.deed is not None else (0,)
            found += [
                (Due(start + moment, place, start, at == 0), each)
                for at, moment in enumerate(moments)
                if max(reached, began - 1) < start + moment <= now and start >= began
            ]
    return sorted(found, key=lambda each: each[0])


def brought_up(
    happenings: Iterable[Happening], began: int, reached: int, now: int, workspace: Workspace, state: str
) -> tuple[Workspace, str]:
    """Return the workspace and the scenario's state after all that has happened between `reached` and `now`."""
    listed = tuple(happenings)
    for moment, each in due(listed, began, reached, now):
        if each.deed is not None:
            workspace = each.deed.act(workspace, moment.began, moment.instant)
        if moment.first and each.state is not None:
            state = each.state
    for each in listed:
        if each.deed is not None and each.deed.lasts:
            for start in each.beginnings(began):
                if began <= start <= now < start + each.deed.lasts:
                    workspace = each.deed.act(workspace, start, now)
    return workspace, state
