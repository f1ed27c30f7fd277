"""The report of a run: Markdown that reads as plain text, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.check.ledger import Finding
from sandbox.check.outcome import Outcome

_MOST = 40
"""How many links out of reach are named."""


def lines_of(outcome: Outcome) -> Iterator[str]:
    """Yield the lines of the report; credentials still stand in them."""
    yield f"# sandbox check: {outcome.api} at {outcome.target}"
    yield ""
    yield from _counts(outcome)
    yield from _findings(outcome)
    yield from _errors(outcome)
    yield from _links(outcome)
    yield ""
    yield _verdict(outcome)


def _counts(outcome: Outcome) -> Iterator[str]:
    for line in outcome.ledger.lines():
        if not line.startswith("links covered"):
            yield f"* {line}"
    yield f"* checks: {len(outcome.ledger.checks)}, held {outcome.ledger.checks.total()} times · seed: {outcome.seed}"
    links = outcome.links
    guessed = f", and {links.guessed_covered} of {links.guessed} inferred" if links.guessed else ""
    yield f"* links covered: {links.covered} of {links.reachable} declared{guessed}"
    if outcome.waited or outcome.refused:
        yield f"* waited {outcome.waited:.1f} s for the quota; 429 came {outcome.refused} times"


def _findings(outcome: Outcome) -> Iterator[str]:
    for number, (finding, times) in enumerate(outcome.findings, 1):
        yield ""
        yield f"## {number}. {finding.check}: {finding.operation}"
        yield ""
        yield from _told(finding, times)


def _told(finding: Finding, times: int) -> Iterator[str]:
    yield f"* found in: {finding.phase or 'the run'}" + (f", {times} times" if times > 1 else "")
    if finding.expected:
        yield f"* expected: {finding.expected}"
    first, _, rest = (finding.came or finding.text).partition("\n")
    yield f"* came: {first}"
    yield from (f"  {each}" for each in rest.splitlines())
    if finding.calls:
        yield f"* see it again, {'one after the other' if len(finding.calls) > 1 else 'with your key in $KEY'}:"
        yield ""
        yield from (f"      {each}" for each in finding.calls)


def _errors(outcome: Outcome) -> Iterator[str]:
    if outcome.ledger.errors:
        yield ""
        yield "## What kept the judge from working"
        yield ""
        yield from (f"* {' '.join(each.split())[:400]}" for each in dict.fromkeys(outcome.ledger.errors))


def _links(outcome: Outcome) -> Iterator[str]:
    links = outcome.links
    if links.missed:
        yield ""
        yield "## Links that were never followed to a 2xx"
        yield ""
        yield from (f"* {each.link}: {each.because}" for each in links.missed)
    if links.beyond:
        yield ""
        yield "## Links out of reach: they need operations that were not looked at"
        yield ""
        yield from (f"* {each}" for each in links.beyond[:_MOST])
        if len(links.beyond) > _MOST:
            yield f"* and {len(links.beyond) - _MOST} more"


def _verdict(outcome: Outcome) -> str:
    if outcome.verdict == "findings":
        number = len(outcome.findings)
        return f"{number} finding{'s' if number > 1 else ''}."
    if outcome.verdict == "broken":
        return "No finding, but the judge could not work: see above."
    if outcome.verdict == "hollow":
        return (
            f"No finding, but a hollow green: {len(outcome.links.missed)} declared links never led to a 2xx, so "
            f"little is known of what lies behind them. {outcome.links.percent} % were covered, of {outcome.least} %."
        )
    excused = f" Uncovered links do not count: {outcome.excuse}." if outcome.links.missed and outcome.excuse else ""
    return f"No finding.{excused}"


def document_of(outcome: Outcome) -> dict[str, Any]:
    """Return the report as JSON; credentials still stand in it."""
    ledger, links = outcome.ledger, outcome.links
    return {
        "api": outcome.api,
        "target": outcome.target,
        "seed": outcome.seed,
        "verdict": outcome.verdict,
        "cases": dict(ledger.cases),
        "findings": [_finding(each, times) for each, times in outcome.findings],
        "errors": ledger.errors,
        "refusals": [
            {"operation": name, "cause": cause, "times": n} for (name, cause), n in sorted(ledger.refusals.items())
        ],
        "injected": [{"fault": mark, "kind": kind, "times": n} for (mark, kind), n in sorted(ledger.injected.items())],
        "links": {
            "declared": {"covered": links.covered, "of": links.reachable},
            "inferred": {"covered": links.guessed_covered, "of": links.guessed},
            "missed": [each._asdict() for each in links.missed],
            "beyond": list(links.beyond),
        },
        "quota": {"waited": round(outcome.waited, 3), "refused": outcome.refused},
    }


def _finding(finding: Finding, times: int) -> dict[str, Any]:
    return {
        "check": finding.check,
        "operation": finding.operation,
        "phase": finding.phase,
        "expected": finding.expected,
        "came": finding.came or finding.text,
        "calls": list(finding.calls),
        "times": times,
    }
