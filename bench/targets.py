"""What we promise ourselves, as ratios, and whether this run keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.figures import IN_PROCESS, LOAD_ROWS, START, Row, Scores, lead

Verdict = Literal["pass", "fail", "not measured"]
_ROW = {row.name: row for row in LOAD_ROWS}


@dataclass(frozen=True, slots=True)
class Target:
    """Ours is to be at least `factor` times as fast as another column in a row."""

    row: Row
    over: str
    factor: float


TARGETS = (
    *(
        Target(_ROW[name], *than)
        for name in ("get", "list")
        for than in (("prism", 4), ("wiremock", 1.3), ("floor", 0.55))
    ),
    *(Target(_ROW["create"], *than) for than in (("prism", 4), ("wiremock", 0.75), ("floor", 0.45))),
    *(Target(_ROW[name], "wiremock", 1) for name in ("get-p50", "list-p50", "create-p50")),
    Target(IN_PROCESS, "flask", 4),
    Target(START, "prism", 3),
    Target(START, "wiremock", 2),
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target and the ratio that this run found, if it found one."""

    target: Target
    ratio: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether the target is met."""
        if self.ratio is None:
            return "not measured"
        return "pass" if self.ratio >= self.target.factor else "fail"


def judge(scores: Scores, targets: Sequence[Target] = TARGETS) -> list[Judgement]:
    """Every target beside what was found."""
    return [Judgement(target, lead(scores, target.row, target.over)) for target in targets]
