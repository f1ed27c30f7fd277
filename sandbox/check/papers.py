"""A run in formats of others: JUnit XML and HAR 1.2, by Schemathesis' own writers."""

from __future__ import annotations

from collections import defaultdict
from io import StringIO
from typing import Any

from schemathesis.config import OutputConfig
from schemathesis.engine.statistic import GroupedFailures
from schemathesis.reporting.har import HarWriter
from schemathesis.reporting.junitxml import JunitXmlWriter

from sandbox.check.ledger import Finding
from sandbox.check.outcome import Outcome


class Tape:
    """A HAR that grows while a run goes on."""

    def __init__(self, config: OutputConfig) -> None:
        self._text = StringIO()
        self._writer = HarWriter(self._text, config)
        self._writer.open()

    def heard(self, _phase: str, recorder: Any, _seconds: float) -> None:
        """Add what was asked and answered."""
        self._writer.write(recorder)

    def text(self) -> str:
        """End it, and return it as JSON."""
        self._writer.close()
        return self._text.getvalue()


def junit(outcome: Outcome, config: OutputConfig) -> str:
    """Return the run as JUnit XML: one test case for each operation in each phase, one for the links."""
    text, ledger = StringIO(), outcome.ledger
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for each, _ in outcome.findings:
        found[each.phase or "run", each.operation].append(each)
    asked = {(phase, operation) for phase, operation, _ in ledger.answers}
    with JunitXmlWriter(text, config) as writer:
        for phase, operation in sorted(asked | set(found)):
            failures = [_grouped(each) for each in found[phase, operation]]
            label, seconds = f"{phase}: {operation}", ledger.seconds.get((phase, operation), 0.0)
            writer.record_scenario(label, seconds, failures, None, config)
        for error in dict.fromkeys(ledger.errors):
            writer.record_error("the judge", error)
        if outcome.hollow:
            writer.record_error("links", "\n".join(f"{each.link}: {each.because}" for each in outcome.links.missed))
    return text.getvalue()


def _grouped(finding: Finding) -> GroupedFailures:
    told = f"{finding.came}\nexpected: {finding.expected}"
    code = "\n".join(finding.calls)
    if finding.failure is not None:
        finding.failure.message = told
    failures = [] if finding.failure is None else [finding.failure]
    return GroupedFailures(case_id=finding.check, code_sample=code, failures=failures, response=None)
