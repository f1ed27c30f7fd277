"""Schemathesis as the judge of the contract, driven by its Python API.

`examine` runs the phases in which every case stands alone, each with a key of its own; `walk` runs the state machine,
with one key for each sequence. A key is a world, so no case meets what another left behind, and the quota stays as
shipped. Every check is on. One verdict is the house's own: a 400 or 422 for good data is right if the journal gives it
a cause that the contract lists for the operation, and it is counted.
"""

from __future__ import annotations

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
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.openapi.checks import RejectedPositiveData

from sandbox.app import create_store
from sandbox.core.clock import SECOND, parse_instant
from sandbox.core.keyring import key_id
from sandbox.core.timeline import Entry, Journal
from sandbox.settings import Settings
from sandbox.web.store import Store
from tests.contracts.ledger import Finding, Ledger

BIRTH = parse_instant("2026-04-13T14:30:00Z")
METHODS = ("get", "post")
ALONE = ("examples", "coverage", "fuzzing")
KNOWN = {
    "path.workspace": ["ws_enterprise"],
    "body.windows[*].start": ["2026-04-13T14:29:00Z"],
    "body.windows[*].end": ["2026-04-13T14:30:00Z"],
}
"""What a caller would know and no answer tells: the workspace, and a minute that lies in order."""


def ticking() -> Callable[[], int]:
    """Return a wall clock that moves by one second at each look: jobs get done and the lobby's quota refills."""
    ticks = count(BIRTH, SECOND)
    return lambda: next(ticks)


def new_store(fixture: str) -> Store:
    """Return a store as `sandbox serve` makes it, on a clock of its own."""
    return create_store(Settings(fixture=fixture), ticking())


def configuration(examples: int) -> schemathesis.Config:
    """Return a configuration with every check on, the same cases in every run, and values that a caller would know.

    Literals of the app's own source are not used: with them an edit anywhere would change the cases, and so would the
    door.
    """
    bound = {name: {"dictionary": name.replace("[*]", ""), "probability": 0.5} for name in KNOWN}
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "analysis": {"constants": {"enabled": False}},
            "checks": {"enabled": True, "max_response_time": 10},
            "continue-on-failure": True,
            "dictionaries": {name.replace("[*]", ""): {"values": values} for name, values in KNOWN.items()},
            "parameters": bound,
        }
    )


def declared_links(store: Store) -> Iterator[str]:
    """Yield the links of the contract as the judge names them, up to their target."""
    (realm,) = store.realms
    for path, methods in realm.keyring.api.contract.document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items() if method in METHODS else ():
                yield from (f"{method.upper()} {path} -> [{status}] {name} -> " for name in answer.get("links", ()))


def all_checks() -> set[str]:
    """Return the names of all checks that Schemathesis has."""
    load_all_checks()
    return {*CHECKS.get_all_names(), "max_response_time"}


@dataclass(slots=True)
class Keys:
    """Test keys on the Enterprise plan: a new one at each call, or the same one while it is held."""

    numbers: Iterator[int] = field(default_factory=count)
    held: str | None = None

    def next(self) -> str:
        """Return the key of the next case."""
        return self.held or self.fresh()

    def fresh(self) -> str:
        """Return a key that nobody has had."""
        return f"ak_test_enterprise_case{next(self.numbers)}"


@dataclass(slots=True)
class Judge:
    """One schema with the store behind it, and what was seen of it so far."""

    schema: Any
    store: Store
    ledger: Ledger = field(default_factory=Ledger)
    keys: Keys = field(default_factory=Keys)

    def __post_init__(self) -> None:
        self.schema.auth(refresh_interval=None)(_provider(self.keys))
        self.schema.hook("filter_failure")(_verdict(self))

    def accepts(self, case: Any, response: Any) -> bool:
        """Say whether this refusal of good data is one that the contract lists, and count it if it is."""
        entry = self._entry(case, response)
        if entry is None or entry.operation is None or entry.cause not in self._refusals(entry.operation):
            return False
        self.ledger.refusals[entry.operation, entry.cause] += 1
        return True

    def worlds(self) -> dict[str, Journal]:
        """Return the journal of every world that a key of the judge has opened."""
        shelf = self.store.shelf_for("/v1")
        assert shelf is not None
        own = [name for name in self.store.presents() if name.startswith("own/")]
        return {name: journal for name in own if (journal := self.store.journal(shelf, name)) is not None}

    def _entry(self, case: Any, response: Any) -> Entry | None:
        """Return the journal's entry of this answer, found by its bytes: an error carries the id of its request."""
        shelf = self.store.shelf_for("/v1")
        key = str(case.headers.get("Authorization", "")).removeprefix("Bearer ")
        journal = self.store.journal(shelf, f"own/{key_id(key)}") if shelf else None
        return next((each for each in reversed(tuple(journal or ())) if each.response.body == response.content), None)

    def _refusals(self, operation: str) -> Any:
        (realm,) = self.store.realms
        return realm.keyring.api.contract.operations[operation].refusals


def _verdict(judge: Judge) -> Callable[..., bool]:
    def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
        refused = isinstance(failure, RejectedPositiveData) and response.status_code in (400, 422)
        return not (refused and judge.accepts(case, response))

    return filter_failure


def _provider(keys: Keys) -> type:
    class Bearer:
        def get(self, _case: Any, _context: Any) -> str:
            return keys.next()

        def set(self, case: Any, key: str, _context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {key}"

    return Bearer


def examine(judge: Judge) -> Ledger:
    """Run the phases in which every case stands alone."""
    judge.schema.config.phases.update(phases=list(ALONE))
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

    It is run again with the next seed, `rounds` times at most, until every link is covered.
    """
    ledger, machine = judge.ledger, _machine(judge)
    for each in machine._transitions.operations.values():
        ledger.links.update({link.full_name: 0 for link in each.outgoing})
    with _noting(judge):
        for number in range(rounds):
            _run(ledger, seed(number)(machine), sequences, steps)
            if ledger.findings or not ledger.uncovered():
                break
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
            keys.held = keys.fresh()
            ledger.sequences += 1

        def step(self, input: StepInput) -> StepOutput:
            output = super().step(input)
            ledger.cases["stateful"] += 1
            ledger.answers["stateful", output.case.operation.label, output.response.status_code] += 1
            if input.transition is not None and input.is_applied and 200 <= output.response.status_code < 300:
                ledger.links[input.transition.id] += 1
            return output

        def teardown(self) -> None:
            keys.held = None

    return Sequence


@contextmanager
def _noting(judge: Judge) -> Iterator[None]:
    """Keep what the checks say of every step."""

    def after_validate(_context: Any, case: Any, _response: Any, results: Any) -> None:
        for result in results:
            judge.ledger.checks[result.name] += 1
            if result.failure is not None:
                told = f"{result.failure}\n{case.as_curl_command()}"
                judge.ledger.findings.append(Finding(result.name, case.operation.label, told))

    judge.schema.hook(after_validate)
    try:
        yield
    finally:
        judge.schema.hooks.unregister(after_validate)
