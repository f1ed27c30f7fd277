"""A verdict: what a journal proves about the client. Which ones there are is told outside the core, as of faults.

Whoever judges is a function of the journal and the contract, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.core.contract import Contract
from sandbox.core.timeline import Entry

SEVERITIES = ("error", "warning", "note")
"""The gravest first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding about the client: its name, how grave it is, the operation, and the ids of the requests that prove it.

    `because` is a sentence or two: what was seen, what was expected, and what to do about it.
    """

    name: str
    severity: str
    operation: str | None
    ids: tuple[str, ...]
    because: str


Judge = Callable[[Iterable[Entry], Contract, frozenset[str]], tuple[Verdict, ...]]
"""Takes a journal, the API's contract, and the names of the verdicts that are switched off."""


def no_verdicts(_entries: Iterable[Entry], _contract: Contract, _switched_off: frozenset[str]) -> tuple[Verdict, ...]:
    """Find nothing: the judge of a control plane that was given none."""
    return ()


def as_grave_as(verdicts: Iterable[Verdict], severity: str) -> list[Verdict]:
    """Return the verdicts of this severity and of graver ones."""
    grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return [each for each in verdicts if each.severity in grave]


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as the control plane shows it."""
    return {
        "name": verdict.name, "severity": verdict.severity, "operation": verdict.operation,
        "requests": list(verdict.ids), "because": verdict.because,
    }  # fmt: skip
