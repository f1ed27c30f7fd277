"""What entries of the journal may be asked for, and what keeps an entry from being what was asked for.

A match is read once, into conditions that all have to hold. Reading refuses what cannot be meant; asking never fails,
and costs a bounded number of steps for each test, whatever the client sent (see `jsonpath` and `operators`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, NamedTuple

from sandbox.core.condition import CONDITIONS, Condition, Difference, Facts
from sandbox.core.document import Path, got, nearest
from sandbox.core.operators import DEEPEST, unreadable
from sandbox.core.timeline import Entry

MOST_CONDITIONS = 100
MOST_MATCHES = 20
_START: Path = ("match",)


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions on an entry, which all have to hold; where there are none, every entry fits."""

    conditions: tuple[Condition, ...]

    def fits(self, entry: Entry) -> bool:
        """Tell whether the entry is what was asked for."""
        return _fits(self, Facts(entry))

    def holds(self, facts: Facts) -> bool:
        """Tell whether what these facts are of is what was asked for."""
        return _fits(self, facts)

    def differences(self, entry: Entry) -> tuple[Difference, ...]:
        """Return what keeps the entry from fitting: nothing if it fits, something if it does not.

        Of alternatives (`or`) it is what keeps the entry from the nearest one.
        """
        return _differences(self, Facts(entry))


class Near(NamedTuple):
    """An entry and all that keeps it from fitting."""

    entry: Entry
    differences: tuple[Difference, ...]


def closest(match: Match, entries: Iterable[Entry], count: int = 3) -> tuple[Near, ...]:
    """Return the entries with the fewest differences, those first; of equally near ones the later comes first.

    The entries come oldest first. One that fits has no differences and is as near as can be.
    """
    near = ((place, Near(each, match.differences(each))) for place, each in enumerate(entries))
    return tuple(each for _, each in nsmallest(count, near, key=lambda one: (len(one[1].differences), -one[0])))


def read_match(data: Mapping[str, Any], where: Path = _START) -> Match:
    """Return the match that the data writes, as `Match` of the control plane's contract says.

    `where` is the place of the data, for messages. Raises Problem 422 `match-unreadable`, which says where, what was
    expected and what came. `and`, `or` and `not` go eight levels deep; a match has at most a hundred conditions.
    """
    return _read(data, where, DEEPEST)


def _read(data: Any, where: Path, depth: int) -> Match:
    if not isinstance(data, Mapping):
        raise unreadable(where, "a mapping of conditions", got(data))
    conditions = [one for name, each in data.items() for one in _condition(name, each, (*where, name), depth)]
    if sum(each.size for each in conditions) > MOST_CONDITIONS:
        raise unreadable(where, f"at most {MOST_CONDITIONS} conditions in all", "more")
    return Match(tuple(conditions))


def _condition(name: Any, data: Any, where: Path, depth: int) -> list[Condition]:
    if name in CONDITIONS:
        return CONDITIONS[name](data, where)
    if name not in _COMBINED:
        known = (*CONDITIONS, *_COMBINED)
        raise unreadable(where, f"one of the conditions {', '.join(known)}", "an unknown one", nearest(name, known))
    if depth == 0:
        raise unreadable(where, f"at most {DEEPEST} levels of and, or and not", "one more")
    return [_COMBINED[name](data, where, depth - 1)]


def _many(data: Any, where: Path, depth: int) -> list[Match]:
    if not isinstance(data, (list, tuple)) or not 1 <= len(data) <= MOST_MATCHES:
        raise unreadable(where, f"a list of 1 to {MOST_MATCHES} matches", got(data))
    return [_read(each, (*where, at), depth) for at, each in enumerate(data)]


def _and(data: Any, where: Path, depth: int) -> Condition:
    matches = _many(data, where, depth)

    def told(facts: Facts) -> tuple[Difference, ...]:
        return tuple(one for at, each in enumerate(matches) for one in _within(f"and[{at}]", each, facts))

    return Condition(lambda facts: all(_fits(each, facts) for each in matches), told, _size(matches))


def _or(data: Any, where: Path, depth: int) -> Condition:
    matches = _many(data, where, depth)

    def told(facts: Facts) -> tuple[Difference, ...]:
        return min((_within(f"or[{at}]", each, facts) for at, each in enumerate(matches)), key=len)

    return Condition(lambda facts: any(_fits(each, facts) for each in matches), told, _size(matches))


def _not(data: Any, where: Path, depth: int) -> Condition:
    match = _read(data, where, depth)
    difference = Difference("not", "a request that does not fit", "one that fits")
    return Condition(lambda facts: not _fits(match, facts), lambda _: (difference,), _size([match]))


_COMBINED: Mapping[str, Callable[[Any, Path, int], Condition]] = {"and": _and, "or": _or, "not": _not}


def _size(matches: Iterable[Match]) -> int:
    return 1 + sum(one.size for each in matches for one in each.conditions)


def _within(place: str, match: Match, facts: Facts) -> tuple[Difference, ...]:
    return tuple(Difference(f"{place}.{one.field}", *one[1:]) for one in _differences(match, facts))


def _fits(match: Match, facts: Facts) -> bool:
    return all(each.holds(facts) for each in match.conditions)


def _differences(match: Match, facts: Facts) -> tuple[Difference, ...]:
    return tuple(one for each in match.conditions if not each.holds(facts) for one in each.told(facts))
