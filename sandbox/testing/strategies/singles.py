"""Every single fault in turn, simplest first: what a search goes through before it leaves anything to chance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from sandbox.testing.strategies.script import Script, script_of
from sandbox.testing.strategies.scripting import IN_A_ROW, Cast, moves_in, rule_of

PLACES = 10
"""At how many places a variant is tried."""


class Single(NamedTuple):
    """A rule with one fault, and how far out it lies: by call, row and place, then among the figures of its kind."""

    distance: tuple[int, int]
    rule: dict[str, Any]


def singles(cast: Cast, most: int) -> list[Script]:
    """Return scenarios of one fault each in the order in which they shrink; of more than `most` the nearest."""
    every = list(_every(cast))
    nearest = sorted(range(len(every)), key=lambda at: every[at].distance)[:most]
    return [script_of(cast.api, [every[at].rule]) for at in sorted(nearest)]


def _every(cast: Cast) -> Iterator[Single]:
    """Yield each fault at each call; one that strikes several in a row begins with the first."""
    rows = [(call, 0) for call in range(cast.last)]
    rows[1:1] = [(0, more) for more in range(1, min(IN_A_ROW, cast.last))]
    for kind, (call, more), operation in product(cast.kinds, rows, cast.operations):
        for at, move in enumerate(moves_in(cast.api, operation, kind, cast.laws)):
            if move.onward and more:
                continue
            for place in range(PLACES if move.placed else 1):
                yield Single((call + more + place, at), rule_of(operation, move, call + 1, call + 1 + more, place))
