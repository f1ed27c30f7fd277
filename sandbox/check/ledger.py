"""What one run of the judge saw: cases, checks, answers, refusals, links and findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer that a check objects to: the check, the operation, and what the judge says about it.

    `phase` is where it came up, `kind` what makes two findings of an operation the same, `expected` the words of the
    contract, `came` the answer, `calls` the curl lines that lead to it, the last one its own; `failure` is
    Schemathesis' own record.
    """

    check: str
    operation: str
    text: str
    phase: str = ""
    kind: str = ""
    expected: str = ""
    came: str = ""
    calls: tuple[str, ...] = ()
    failure: Any = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.check}: {self.operation}\n{self.text}"


@dataclass(slots=True)
class Ledger:
    """The counts of one run, kept while it goes on."""

    cases: Counter[str] = field(default_factory=Counter)
    """Cases by phase."""
    checks: Counter[str] = field(default_factory=Counter)
    """How often each check was held against an answer."""
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """Answers by phase, operation and status."""
    seconds: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    """How long the cases took, by phase and operation."""
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Refusals of good data that the contract lists, by operation and cause."""
    injected: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Findings that a scenario has put there on purpose, by its rules and the kind of failure."""
    links: Counter[str] = field(default_factory=Counter)
    """For every link how often its target answered 2xx when it was followed."""
    followed: Counter[tuple[str, int]] = field(default_factory=Counter)
    """What came when a link was followed, by link and status."""
    pursued: Counter[tuple[str, int]] = field(default_factory=Counter)
    """What came to right data alone, on the way to a link, by operation or link and status."""
    inferred: set[str] = field(default_factory=set)
    """The links that no contract declares: the judge has guessed them."""
    sequences: int = 0
    errors: list[str] = field(default_factory=list)
    """What kept the judge itself from working."""
    findings: list[Finding] = field(default_factory=list)

    def answered(self, phase: str) -> set[str]:
        """Return the operations that answered 2xx in a phase."""
        return {operation for at, operation, status in self.answers if at == phase and 200 <= status < 300}

    def uncovered(self) -> list[str]:
        """Return the links whose target never answered 2xx."""
        return sorted(name for name, times in self.links.items() if not times)

    def complaints(self) -> str:
        """Return everything that was found or went wrong, for the message of a failing test."""
        return "\n\n".join([*self.errors, *map(str, self.findings)])

    def lines(self) -> list[str]:
        """Return the report of this run."""
        cases = ", ".join(f"{phase} {count}" for phase, count in self.cases.items())
        lines = [f"cases: {cases}" + (f" in {self.sequences} sequences" if self.sequences else "")]
        if self.refusals:
            listed = sorted(self.refusals.items())
            told = ", ".join(f"{operation} {cause} {count}" for (operation, cause), count in listed)
            lines.append(f"good data refused as listed: {told}")
        if self.injected:
            told = ", ".join(f"{mark} {kind} {count}" for (mark, kind), count in sorted(self.injected.items()))
            lines.append(f"findings injected: {told}")
        if self.links:
            lines.append(f"links covered: {self.coverage()}")
        return lines

    def coverage(self) -> str:
        """Return how many links were covered, those of the contract and those that were guessed."""
        missing = set(self.uncovered())
        declared, guessed = set(self.links) - self.inferred, set(self.links) & self.inferred
        return " and ".join(
            f"{len(each - missing)} of {len(each)} {name}"
            for name, each in (("declared", declared), ("inferred", guessed))
        )
