"""What one run of `sandbox check` came to, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sandbox.check.hollow import Links
from sandbox.check.ledger import Finding, Ledger

FINE, FINDINGS, USAGE, INTERRUPTED = 0, 1, 2, 130


class Outcome(NamedTuple):
    """A finished run: who was asked, what was seen, which links were followed, and how long was waited for the quota.

    `excuse` says why links that were not followed do not count, `least` how many percent of them must have been.
    """

    api: str
    target: str
    seed: int
    ledger: Ledger
    links: Links
    waited: float = 0.0
    refused: int = 0
    excuse: str = ""
    least: int = 100

    @property
    def findings(self) -> tuple[tuple[Finding, int], ...]:
        """Return each finding once, with how often it came up."""
        return tuple(_unique(self.ledger.findings))

    @property
    def hollow(self) -> bool:
        """Say whether a run without findings proves less than it seems to."""
        return not self.excuse and self.links.percent < self.least

    @property
    def verdict(self) -> str:
        """Return `findings`, `broken`, `hollow` or `fine`."""
        if self.ledger.findings:
            return "findings"
        if self.ledger.errors:
            return "broken"
        return "hollow" if self.hollow else "fine"

    @property
    def code(self) -> int:
        """Return the exit code."""
        return FINE if self.verdict == "fine" else FINDINGS


def _unique(findings: Iterable[Finding]) -> Iterable[tuple[Finding, int]]:
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.check, each.operation, each.kind), []).append(each)
    return ((_shortest(each), len(each)) for each in groups.values())


def _shortest(findings: list[Finding]) -> Finding:
    return min(findings, key=lambda each: (len(each.calls), sum(map(len, each.calls))))
