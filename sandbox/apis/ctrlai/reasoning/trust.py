"""How far each part of an answer can be trusted, and what taints it.

| what the part comes from | level |
|---|---|
| a verified program that computed | `verified` |
| any other verified unit (a program that has no program tells its THEN) | `expert_reviewed` |
| a unit that is not verified, let in by the query | `synthesized` |
| no unit | `neural` |

What a unit that is not verified gives is tainted. A verified unit that takes a tainted variable drops to `synthesized`,
is marked, and taints what it gives in turn.

Sources: docs.ctrlai.com, guides/trust-gradient (levels; taint of a program's output) and api-reference/inference (mode
and coverage by its example: 83 of 2 verified, 3 reviewed and 1 neural is full coverage). That taint also marks verified
units of the other types, and lowers the level, is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sandbox.core.frozen import Frozen

VERIFIED, REVIEWED, SYNTHESIZED, NEURAL = LEVELS = ("verified", "expert_reviewed", "synthesized", "neural")
FULL_FROM = 80


class Act(NamedTuple):
    """What a unit did: its standing, whether it computed as a program does, the variables that it took and gave."""

    verified: bool
    computed: bool
    took: tuple[str, ...]
    gave: tuple[str, ...]


class Judgement(NamedTuple):
    """How far to trust it, and the tainted variables that it took, if that lowered it."""

    level: str
    tainted: tuple[str, ...]


def judged(acts: Iterable[Act]) -> tuple[Judgement, ...]:
    """Return the judgement of every act, in the order in which they happened."""
    stained: set[str] = set()
    found: list[Judgement] = []
    for act in acts:
        tainted = tuple(each for each in act.took if each in stained) if act.verified else ()
        if tainted or not act.verified:
            stained.update(act.gave)
        found.append(Judgement(_level(act, tainted), tainted))
    return tuple(found)


def _level(act: Act, tainted: Sequence[str]) -> str:
    if not act.verified or tainted:
        return SYNTHESIZED
    return VERIFIED if act.computed else REVIEWED


def summary(levels: Sequence[str]) -> Frozen:
    """Return how many parts there are of each level, as the answer names them."""
    counts = [levels.count(each) for each in LEVELS]
    return Frozen(verified=counts[0], expertReviewed=counts[1], synthesized=counts[2], neural=counts[3])


def coverage(levels: Sequence[str]) -> int:
    """Return how many of a hundred parts are verified or reviewed, halves up; 0 where there are no parts."""
    backed = levels.count(VERIFIED) + levels.count(REVIEWED)
    return (200 * backed + len(levels)) // (2 * len(levels)) if levels else 0


def mode(percent: int) -> str:
    """Return the mode of an answer with this coverage."""
    if percent >= FULL_FROM:
        return "full_coverage"
    return "partial_coverage" if percent else "neural_only"
