"""The state machine that Schemathesis makes of the contract's links and of those that it infers itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from requests.exceptions import RequestException
from schemathesis.core.failures import FailureGroup
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.stateful import STATEFUL_TESTS_LABEL
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from sandbox.check.findings import found_in
from sandbox.check.habits import holding
from sandbox.check.judge import Judge
from sandbox.check.ledger import Ledger
from sandbox.check.pursuing import Map, map_of, pursue, way_to

STATEFUL = "stateful"
TRIES = 4
"""How many sequences a pursuit has."""
_BARRED, _ENOUGH = frozenset({401, 403, 429}), 8
_SEEDS = 1_000
"""How far the seeds of two runs are apart: more than the rounds that a run has."""


class _Over(BaseException):
    """Ends a walk: Hypothesis would try again what has failed, and call what comes only once flaky."""


def walk(judge: Judge, sequences: int, steps: int, rounds: int = 1) -> Ledger:
    """Run the state machine, and note what the links led to.

    The state machine sends what is wrong besides what is right. Then every link that is not covered is gone for by
    itself, in `rounds` at most, each with the next seed.
    """
    judge.schema.config.phases.update(phases=[STATEFUL])
    ledger, machine, first = judge.ledger, _machine(judge), (judge.seed - 1) * _SEEDS
    chart = map_of(judge, machine)
    known = [name for name in chart.links if way_to(chart, {}, name)]
    ledger.links.update(dict.fromkeys(known, 0))
    ledger.inferred.update(name for name in known if chart.links[name].is_inferred)
    if not chart.roots:
        return ledger
    with holding(judge), _noting(judge):
        _trying(ledger, lambda: _run(seed(first)(machine), sequences, steps))
        for number in range(1, rounds):
            _trying(ledger, partial(_pursue_all, judge, chart, first + number))
    return ledger


def _trying(ledger: Ledger, work: Callable[[], None]) -> None:
    """Do the work, unless there is a finding, or the judge is kept from working; one ends it."""
    if ledger.findings or ledger.errors:
        return
    with suppress(_Over):
        work()


@contextmanager
def _ending(ledger: Ledger) -> Iterator[None]:
    """End the sequences at a step that is found fault with, or has no answer."""
    try:
        yield
    except RequestException as error:
        ledger.errors.append(f"a sequence broke off: {error}")
        raise _Over from error
    except FailureGroup as error:
        if not ledger.findings:
            raise
        raise _Over from error


def _pursue_all(judge: Judge, chart: Map, number: int) -> None:
    for name in judge.uncovered():
        if not judge.ledger.links[name] and not _is_barred(judge.ledger, name):
            pursue(judge, chart, name, TRIES, number, _walked)


def _is_barred(ledger: Ledger, link: str) -> bool:
    """Say whether the key, or its quota, has let nobody through here, or where the link begins: no data will."""
    source = link.partition(" -> ")[0]
    came = ({status: n for (at, status), n in ledger.pursued.items() if at == name} for name in (link, source))
    return any(sum(each.values()) >= _ENOUGH and set(each) <= _BARRED for each in came)


@contextmanager
def _walked(judge: Judge) -> Iterator[Callable[[StepInput], StepOutput]]:
    """Open a sequence and yield what takes a step of it."""
    recorder, began = ScenarioRecorder(label=STATEFUL_TESTS_LABEL, config=judge.schema.config.output), monotonic()
    judge.recorder = recorder
    _open(judge)
    try:
        yield partial(_step, judge, recorder)
    finally:
        judge.keys.release()
        judge.heard(STATEFUL, recorder, monotonic() - began)


def _step(judge: Judge, recorder: ScenarioRecorder, input: StepInput) -> StepOutput:
    case, transition = input.case, input.transition
    parent = None if transition is None else transition.parent_id
    recorder.record_case(
        parent_id=parent,
        transition=transition,
        case=case,
        is_transition_applied=input.is_applied and parent is not None,
    )
    with _ending(judge.ledger):
        response = case.call()
        recorder.record_response(case_id=case.id, response=response)
        case.validate_response(response, recorder=recorder)
    output = StepOutput(response, case)
    _note_step(judge, input, output)
    for name in [case.operation.label] + ([transition.id] if transition is not None else []):
        judge.ledger.pursued[name, response.status_code] += 1
    return output


def _open(judge: Judge) -> None:
    judge.keys.hold()
    judge.ledger.sequences += 1


def _run(machine: Any, sequences: int, steps: int) -> None:
    machine.run(
        settings=settings(
            max_examples=sequences, stateful_step_count=steps, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )  # fmt: skip


def _machine(judge: Judge) -> Any:
    class Sequence(judge.schema.as_state_machine()):  # type: ignore[misc]
        """One sequence, with a key of its own."""

        def setup(self) -> None:
            _open(judge)
            self.began = monotonic()

        def step(self, input: StepInput) -> StepOutput:
            judge.recorder = self.recorder
            with _ending(judge.ledger):
                output: StepOutput = super().step(input)
            _note_step(judge, input, output)
            return output

        def teardown(self) -> None:
            judge.keys.release()
            judge.heard(STATEFUL, self.recorder, monotonic() - self.began)

    return Sequence


def _note_step(judge: Judge, input: StepInput, output: StepOutput) -> None:
    ledger, status, label = judge.ledger, output.response.status_code, output.case.operation.label
    for cookie in output.response.headers.get("set-cookie", ()):
        judge.keys.cookie = cookie.split(";", 1)[0]
    ledger.cases[STATEFUL] += 1
    ledger.answers[STATEFUL, label, status] += 1
    ledger.seconds[STATEFUL, label] += output.response.elapsed
    if input.transition is not None and input.is_applied:
        ledger.followed[input.transition.id, status] += 1
        if 200 <= status < 300:
            ledger.links[input.transition.id] += 1


@contextmanager
def _noting(judge: Judge) -> Iterator[None]:
    """Keep what the checks say of every step."""

    def after_validate(_context: Any, case: Any, _response: Any, results: Any) -> None:
        for result in () if judge.probing else results:
            judge.ledger.checks[result.name] += 1
            if result.failure is not None:
                found = found_in(judge, STATEFUL, judge.recorder, case.id, result.name, result.failure)
                judge.ledger.findings.append(found)

    judge.schema.hook(after_validate)
    try:
        yield
    finally:
        judge.schema.hooks.unregister(after_validate)
