"""The hunt: sequences are drawn, played on both sides and compared; what parts is shrunk, then others are sought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable

from sandbox.diff.comparing import Divergence, compare
from sandbox.diff.normal import faces
from sandbox.diff.sides import Played, Sides
from sandbox.testing.strategies.drawing import Wishes, sequences
from sandbox.testing.strategies.playing import Step
from sandbox.testing.strategies.sequence import Calls

LONGEST = 5
"""How many calls a sequence has at most."""
MOST = 12
"""After how many divergences the hunt ends."""
SHRINKS = 50
"""How many further sequences are drawn to make a divergence smaller."""


class _Enough(BaseException):
    """Ends Hypothesis' search: it takes every Exception for a failure of the test, and lets this one through."""


@dataclass(frozen=True, slots=True)
class Found:
    """A divergence, and the smallest sequence that shows it: what was played on both sides."""

    divergence: Divergence
    sequence: Calls
    ours: tuple[Step, ...]
    theirs: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a hunt draws: the wishes, how many examples, the seed, and whether both sides hold the same data."""

    wishes: Wishes
    examples: int
    seed: int
    same_data: bool = False


class Hunt:
    """Plays each sequence once, however often it is drawn, and counts: `sequences`, and `calls` to each side."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._known: dict[tuple[bytes, bool], tuple[tuple[Divergence, ...], Played]] = {}
        self.calls = 0

    @property
    def sequences(self) -> int:
        """Return how many different sequences were played."""
        return len(self._known)

    def found(self, plan: Plan, told: set[tuple[str, str, str]]) -> Iterator[Found]:
        """Yield divergences that are not told yet, each shrunk, until none is found or there are enough."""
        while len(told) < MOST:
            found = self._smallest(plan, told)
            if found is None:
                return
            told.add(found.divergence.key)
            yield found

    def _smallest(self, plan: Plan, told: set[tuple[str, str, str]]) -> Found | None:
        hits: list[Found] = []
        budget = [SHRINKS]

        def strikes(sequence: Calls) -> bool:
            budget[0] -= bool(hits)
            if budget[0] < 0:
                raise _Enough
            wanted = hits[0].divergence.key if hits else None
            for each in self._divergences(sequence, plan):
                if each.key not in told and wanted in (None, each.key):
                    hits.append(Found(each, sequence, *self._played(sequence, plan)))
                    return True
            return False

        _find(self._strategy(plan), strikes, plan)
        return self._pruned(min(hits, key=_size), plan) if hits else None

    def _pruned(self, found: Found, plan: Plan) -> Found:
        """Return the divergence with what it does not need left out: draws that depend on each other shrink badly."""
        for sequence in found.sequence.shorter():
            for each in self._divergences(sequence, plan):
                if each.key == found.divergence.key:
                    return self._pruned(Found(each, sequence, *self._played(sequence, plan)), plan)
        return found

    def _strategy(self, plan: Plan) -> st.SearchStrategy[Calls]:
        api, right, wrong = self._sides.api, replace(plan.wishes, wrong=False), replace(plan.wishes, wrong=True)
        return st.one_of(sequences(api, right, LONGEST), sequences(api, wrong, LONGEST))

    def _is_known(self, sequence: Calls, plan: Plan) -> bool:
        return (sequence.key(), plan.same_data) in self._known

    def _divergences(self, sequence: Calls, plan: Plan) -> tuple[Divergence, ...]:
        self._play(sequence, plan)
        return self._known[sequence.key(), plan.same_data][0]

    def _played(self, sequence: Calls, plan: Plan) -> Played:
        return self._known[sequence.key(), plan.same_data][1]

    def _play(self, sequence: Calls, plan: Plan) -> None:
        if self._is_known(sequence, plan):
            return
        played = self._sides.play(sequence)
        self.calls += sum(each.asked for each in played[1])
        seen = [faces(sequence, steps, same_data=plan.same_data) for steps in played]
        self._known[sequence.key(), plan.same_data] = (
            tuple(compare(sequence, *seen, same_data=plan.same_data)),
            played,
        )


def _find(strategy: st.SearchStrategy[Calls], strikes: Callable[[Calls], bool], plan: Plan) -> None:
    quiet = settings(
        max_examples=plan.examples, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        find(strategy, strikes, settings=quiet, random=Random(plan.seed))
    except (NoSuchExample, Unsatisfiable, Flaky, _Enough):
        return


def _size(found: Found) -> tuple[int, int]:
    return len(found.sequence), len(repr(found.sequence))
