"""Schemathesis as the judge of the contract, driven by its Python API.

`examine` runs the phases in which every case stands alone, each with a key of its own; `walk` runs the state machine,
with one key for each sequence. A key is a world, so no case meets what another left behind, and the quota stays as
shipped. Every check is on. One verdict is the house's own: a 400 or 422 for good data is right if its cause is one that
the contract lists for the operation, and it is counted. Whose contract that is, a `Subject` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from schemathesis import engine
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.engine import Status, events
from schemathesis.filters import FilterSet
from schemathesis.generation.modes import GenerationMode
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from sandbox.app import create_store
from sandbox.core.clock import parse_instant
from sandbox.core.compiling import METHODS
from sandbox.core.contract import Contract
from sandbox.core.timeline import Timeline
from sandbox.settings import Settings
from sandbox.web.store import Store
from tests.contracts.aiming import aimed
from tests.contracts.injected import cause_of
from tests.contracts.ledger import Finding, Ledger
from tests.contracts.subjects import TOKEN, Subject, shelf_of, world_of

BIRTH = parse_instant("2026-04-13T14:30:00Z")
ALONE = ("examples", "coverage", "fuzzing")


def ticking(tick: int) -> Callable[[], int]:
    """Return a wall clock that moves by a tick at each look: jobs get done and quotas refill."""
    ticks = count(BIRTH, tick)
    return lambda: next(ticks)


def new_store(subject: Subject, fixture: str) -> Store:
    """Return a store of the subject's API as `sandbox serve` makes it, on a clock of its own, with room for a run."""
    settings = Settings(apis=(subject.api,), fixture=fixture, admin_token=TOKEN, memory=1 << 30)
    return create_store(settings, ticking(subject.tick))


def configuration(subject: Subject, examples: int) -> schemathesis.Config:
    """Return a configuration with every check on, the same cases in every run, and values that a caller would know.

    Literals of the app's own source are not used: with them an edit anywhere would change the cases, and so would the
    door.
    """
    known = {f"{ident} {name}": values for ident, each in subject.known.items() for name, values in each.items()}
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "analysis": {"constants": {"enabled": False}},
            "checks": {"enabled": True, "max_response_time": 10},
            "continue-on-failure": True,
            "request-timeout": 10,
            "dictionaries": {_plain(name): {"values": values} for name, values in known.items()},
            "operations": [
                {"include-operation-id": ident, "parameters": {name: _bound(subject, ident, name) for name in each}}
                for ident, each in subject.known.items()
            ],
        }
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


def _bound(subject: Subject, ident: str, name: str) -> dict[str, Any]:
    return {"dictionary": _plain(f"{ident} {name}"), "probability": subject.likelihood}


def declared_links(contract: Contract) -> Iterator[str]:
    """Yield the links of a contract as the judge names them, up to their target."""
    for path, methods in contract.document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items() if method in METHODS else ():
                yield from (f"{method.upper()} {path} -> [{status}] {name} -> " for name in answer.get("links", ()))


def all_checks() -> set[str]:
    """Return the names of all checks that Schemathesis has."""
    load_all_checks()
    return {*CHECKS.get_all_names(), "max_response_time"}


@dataclass(slots=True)
class Keys:
    """Test keys that may do everything: a new one at each call, or the same one while it is held."""

    made: Callable[[int], str]
    furnish: Callable[[str, int], None]
    numbers: Iterator[int] = field(default_factory=count)
    held: str | None = None
    cookie: str | None = None
    """The cookie that the sequence has got last, as it is sent."""

    def next(self) -> str:
        """Return the key of the next case."""
        return self.held or self.fresh()

    def fresh(self) -> str:
        """Return a key that nobody has had."""
        number = next(self.numbers)
        key = self.made(number)
        self.furnish(key, number)
        return key

    def hold(self) -> None:
        """Begin a sequence, which has one key, and no cookie yet."""
        self.held, self.cookie = self.fresh(), None

    def release(self) -> None:
        """End a sequence."""
        self.held = self.cookie = None


@dataclass(slots=True)
class Judge:
    """One schema with the store behind it, and what was seen of it so far."""

    subject: Subject
    schema: Any
    store: Store
    ledger: Ledger = field(default_factory=Ledger)
    keys: Keys = field(init=False)
    probing: bool = False
    """Whether an answer is judged that no scenario has touched."""

    def __post_init__(self) -> None:
        self.keys = Keys(self.subject.key, lambda key, number: self.subject.furnish(self.store, key, number))
        # Schemathesis 4.32 leaves out the operation that it has read the contract from.
        vars(self.schema)["_schema_document_path"] = None
        self.schema.auth(refresh_interval=None)(_provider(self))
        self.schema.hook("filter_failure")(_verdict(self))

    @property
    def contract(self) -> Contract:
        """Return the contract as the store has it."""
        return self.subject.contract(self.store)

    def only(self, **which: Any) -> Judge:
        """Return the judge, who looks at these operations alone."""
        # The filter that a configuration of single operations leaves there lets everything through.
        self.schema.filter_set = FilterSet()
        self.schema = self.schema.include(**which)
        return self

    def accepts(self, case: Any, response: Any) -> bool:
        """Say whether this refusal of good data is one that the contract lists, and count it if it is."""
        told = self.subject.told(self.store, case, response)
        listed = {} if told is None else self.contract.operations[told.operation].refusals
        if told is None or told.cause not in listed or listed[told.cause].status != response.status_code:
            return False
        self.ledger.refusals[told.operation, told.cause] += 1
        return True

    def injected(self, failure: Failure, case: Any, response: Any) -> bool:
        """Say whether a scenario has put this finding there, and count it if so."""
        slot = shelf_of(self.store).slots.get(world_of(self.store, case))
        if slot is None or self.probing:
            return False
        self.probing = True
        try:
            mark = cause_of(slot.timeline, failure, case, response)
        finally:
            self.probing = False
        if mark is not None:
            self.ledger.injected[mark, type(failure).__name__] += 1
        return mark is not None

    def uncovered(self) -> list[str]:
        """Return the links that have to be covered, and whose target never answered 2xx."""
        missing = self.ledger.uncovered()
        return missing if self.subject.guessed else [each for each in missing if each not in self.ledger.inferred]

    def worlds(self) -> dict[str, Timeline]:
        """Return the timeline of every world that a key of the judge has opened."""
        return {name: slot.timeline for name, slot in shelf_of(self.store).slots.items() if name.startswith("own/")}


def _verdict(judge: Judge) -> Callable[..., bool]:
    def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
        if isinstance(failure, UseAfterFree):
            return case.operation.definition.raw["operationId"] not in judge.subject.lasting
        refused = isinstance(failure, RejectedPositiveData) and response.status_code in (400, 422)
        return not ((refused and judge.accepts(case, response)) or judge.injected(failure, case, response))

    return filter_failure


def _provider(judge: Judge) -> type:
    class Bearer:
        def get(self, case: Any, _context: Any) -> str:
            return judge.subject.credential(case, judge.keys.next())

        def set(self, case: Any, key: str, _context: Any) -> None:
            cookie = judge.keys.cookie
            if cookie is not None and case.operation.definition.raw["operationId"] in judge.subject.in_session:
                case.cookies.update([cookie.split("=", 1)])
            else:
                case.headers["Authorization"] = f"Bearer {key}"
            judge.subject.bound(case)

    return Bearer


def examine(judge: Judge, phases: tuple[str, ...] = ALONE) -> Ledger:
    """Run the phases in which every case stands alone, or some of them."""
    judge.schema.config.phases.update(phases=list(phases))
    for event in engine.from_schema(judge.schema).execute():
        if isinstance(event, events.ScenarioFinished) and event.phase.value in ALONE:
            _note_scenario(judge.ledger, event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            judge.ledger.errors.append(str(getattr(event, "info", None) or event))
        elif isinstance(event, events.EngineFinished):
            judge.ledger.findings.extend(Finding("run", "", str(each)) for each in event.failures)
    return judge.ledger


def _note_scenario(ledger: Ledger, event: events.ScenarioFinished) -> None:
    phase, recorder = event.phase.value, event.recorder
    ledger.cases[phase] += sum(node.parent_id is None for node in recorder.cases.values())
    for ident, node in recorder.cases.items():
        interaction = recorder.interactions.get(ident)
        if node.parent_id is None and interaction is not None and interaction.response is not None:
            ledger.answers[phase, recorder.label, interaction.response.status_code] += 1
    for nodes in recorder.checks.values():
        for node in nodes:
            ledger.checks[node.name] += 1
            if node.status is Status.ERROR:
                ledger.errors.append(f"{node.name} broke on {recorder.label}")
            if node.failure_info is not None:
                told = f"{node.failure_info.failure}\n{node.failure_info.code_sample}"
                ledger.findings.append(Finding(node.name, recorder.label, told))


def walk(judge: Judge, sequences: int, steps: int, rounds: int = 1) -> Ledger:
    """Run the state machine that Schemathesis makes of the contract's links and of those that it infers itself.

    The first round sends what is wrong besides what is right. It is run again with the next seed and right data alone,
    `rounds` times at most, until every link is covered; it then goes by the links that are not, and by what leads there.
    """
    ledger, machine = judge.ledger, _machine(judge)
    for each in machine._transitions.operations.values():
        ledger.links.update({link.full_name: 0 for link in each.outgoing})
        ledger.inferred.update(link.full_name for link in each.outgoing if link.is_inferred)
    with _noting(judge):
        _run(ledger, seed(0)(machine), sequences, steps)
        judge.schema.config.phases.stateful.generation.update(modes=[GenerationMode.POSITIVE])
        for number in range(1, rounds):
            if ledger.findings or not judge.uncovered():
                break
            _run(ledger, seed(number)(aimed(_machine(judge), set(judge.uncovered()))), sequences, steps)
    return ledger


def _run(ledger: Ledger, machine: Any, sequences: int, steps: int) -> None:
    given = settings(
        max_examples=sequences, stateful_step_count=steps, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        machine.run(settings=given)
    except FailureGroup:
        if not ledger.findings:
            raise


def _machine(judge: Judge) -> Any:
    ledger, keys = judge.ledger, judge.keys

    class Sequence(judge.schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            keys.hold()
            ledger.sequences += 1

        def step(self, input: StepInput) -> StepOutput:
            output = super().step(input)
            for cookie in output.response.headers.get("set-cookie", ()):
                keys.cookie = cookie.split(";", 1)[0]
            ledger.cases["stateful"] += 1
            ledger.answers["stateful", output.case.operation.label, output.response.status_code] += 1
            if input.transition is not None and input.is_applied and 200 <= output.response.status_code < 300:
                ledger.links[input.transition.id] += 1
            return output

        def teardown(self) -> None:
            keys.release()

    return Sequence


@contextmanager
def _noting(judge: Judge) -> Iterator[None]:
    """Keep what the checks say of every step."""

    def after_validate(_context: Any, case: Any, _response: Any, results: Any) -> None:
        for result in () if judge.probing else results:
            judge.ledger.checks[result.name] += 1
            if result.failure is not None:
                told = f"{result.failure}\n{case.as_curl_command()}"
                judge.ledger.findings.append(Finding(result.name, case.operation.label, told))

    judge.schema.hook(after_validate)
    try:
        yield
    finally:
        judge.schema.hooks.unregister(after_validate)
