"""The phases in which every case stands alone: examples, the corners of every schema, generated requests."""

from __future__ import annotations

from typing import Any

from schemathesis import engine
from schemathesis.engine import Status, events

from sandbox.check.findings import found_in
from sandbox.check.habits import holding
from sandbox.check.judge import Judge
from sandbox.check.ledger import Finding, Ledger

ALONE = ("examples", "coverage", "fuzzing")


def examine(judge: Judge, phases: tuple[str, ...] = ALONE) -> Ledger:
    """Run the phases in which every case stands alone, or some of them."""
    judge.schema.config.phases.update(phases=list(phases))
    with holding(judge):
        for event in engine.from_schema(judge.schema).execute():
            _note(judge, event)
    return judge.ledger


def _note(judge: Judge, event: Any) -> None:
    if isinstance(event, events.ScenarioFinished) and event.phase.value in ALONE:
        _note_scenario(judge, event)
    elif isinstance(event, events.Interrupted):
        raise KeyboardInterrupt
    elif isinstance(event, events.NonFatalError | events.FatalError):
        judge.ledger.errors.append(str(getattr(event, "info", None) or getattr(event, "exception", event)))
    elif isinstance(event, events.EngineFinished):
        judge.ledger.findings.extend(Finding("run", "", str(each)) for each in event.failures)


def _note_scenario(judge: Judge, event: events.ScenarioFinished) -> None:
    ledger, phase, recorder = judge.ledger, event.phase.value, event.recorder
    ledger.cases[phase] += sum(node.parent_id is None for node in recorder.cases.values())
    ledger.seconds[phase, recorder.label] += event.elapsed_time
    for ident, node in recorder.cases.items():
        interaction = recorder.interactions.get(ident)
        if node.parent_id is None and interaction is not None and interaction.response is not None:
            ledger.answers[phase, recorder.label, interaction.response.status_code] += 1
    for of, nodes in recorder.checks.items():
        for each in nodes:
            ledger.checks[each.name] += 1
            if each.status is Status.ERROR:
                ledger.errors.append(f"{each.name} broke on {recorder.label}")
            if each.failure_info is not None:
                ledger.findings.append(found_in(judge, phase, recorder, of, each.name, each.failure_info.failure))
    judge.heard(phase, recorder, event.elapsed_time)
