"""What happens by itself on a world's clock: timed events, done when the world is next looked at.

No timer runs. A request brings its world's events up to its own instant, in the order in which they were due, before
anything else is decided; so looking twice is looking once, and a clock that jumps over ten events has had all ten.

Theory of operation. Between its moments a deed may show how far it has come, as a metric that rises does. Whatever a
look writes for that must not outlast the look: so every deed that lasts is brought up to the instant before anything
else comes due, whether anybody looked or not, and what stands then is what the moment finds. Two deeds may move the
same thing; the one that began last decides, and each is told what deeds that began after it have claimed. An event that
comes again begins anew: what it began before goes no further between its moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from sandbox.core.workspace import Workspace


class Scene(NamedTuple):
    """When a deed acts: since when, now, whether this is one of its moments, and what later ones have claimed."""

    began: int
    now: int
    moment: bool = True
    claimed: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """What an event does to a workspace: `act(workspace, scene)`.

    `moments` are the spans after its beginning (microseconds) at which it changes something for good; `act` is called
    at each of them in turn. While less than `lasts` has passed, which has to be a moment too, it is also called at the
    moment of a look, and may then only bring up to date what a later call will bring up to date again. `claim` says
    what it moves, in words that deeds of its kind understand, `metrics` how many things that are.
    """

    kind: str
    act: Callable[[Workspace, Scene], Workspace]
    moments: tuple[int, ...] = (0,)
    lasts: int = 0
    claim: Any = None
    metrics: int = 0


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

    def latest(self, began: int, now: int) -> int | None:
        """Return the latest instant until now at which it came, or None if it has not come."""
        first = self.at if self.absolute else began + self.at
        if first > now:
            return None
        start = first + self.every * min(self.times - 1, (now - first) // self.every if self.every else 0)
        return start if start >= began else None


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
    for instant, group in groupby(due(listed, began, reached, now), key=lambda each: each[0].instant):
        found = list(group)
        workspace = _shown(listed, began, instant - 1, workspace, _concerned(found))
        claims = _claims(listed, began, instant)
        for moment, each in found:
            if each.deed is not None:
                scene = Scene(moment.began, instant, True, _later(claims, moment.began, moment.place))
                workspace = each.deed.act(workspace, scene)
            if moment.first and each.state is not None:
                state = each.state
    return _shown(listed, began, now, workspace), state


def _concerned(found: Iterable[tuple[Due, Happening]]) -> set[int] | None:
    """Return the places of the events to which something happens, or None if that may be any."""
    places = set()
    for moment, each in found:
        if moment.first and each.deed is not None and each.deed.claim is not None:
            return None
        places.add(moment.place)
    return places


def _shown(
    listed: tuple[Happening, ...], began: int, now: int, workspace: Workspace, places: set[int] | None = None
) -> Workspace:
    """Return the workspace in which the deeds that last (of these places) are as far as they are between moments."""
    claims: Claims | None = None
    for place, each in enumerate(listed):
        if each.deed is not None and each.deed.lasts and (places is None or place in places):
            start = each.latest(began, now)
            if start is not None and now < start + each.deed.lasts:
                claims = _claims(listed, began, now) if claims is None else claims
                workspace = each.deed.act(workspace, Scene(start, now, False, _later(claims, start, place)))
    return workspace


Claims = list[tuple[int, int, Any]]
"""Since when, in which place of the script, and what is claimed; the latest first."""


def _claims(listed: tuple[Happening, ...], began: int, now: int) -> Claims:
    """Return what every event that has come by now has claimed when it came last."""
    found: Claims = []
    for place, each in enumerate(listed):
        if each.deed is not None and each.deed.claim is not None:
            start = each.latest(began, now)
            if start is not None:
                found.append((start, place, each.deed.claim))
    return sorted(found, key=lambda each: each[:2], reverse=True)


def _later(claims: Claims, start: int, place: int) -> tuple[Any, ...]:
    """Return what is claimed by events that began after this one, the latest first."""
    return tuple(claim for since, at, claim in claims if (since, at) > (start, place))
