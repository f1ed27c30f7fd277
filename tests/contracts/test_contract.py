"""The sandbox keeps its contracts at both doors, in every phase of the judge: the APIs' and the control plane's."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from sandbox.check.aikraft import AIKRAFT
from sandbox.check.alone import ALONE, examine
from sandbox.check.ctrlai import CTRLAI
from sandbox.check.habits import NAMES
from sandbox.check.judge import Judge, all_checks, declared_links
from sandbox.check.ledger import Ledger
from sandbox.check.subject import Subject, shelf_of
from sandbox.check.walking import walk
from tests.contracts.doors import over_a_socket, over_wsgi, worlds
from tests.contracts.plane import PLANE

# A finding is shown by its request and answer; Hypothesis warns of the size of the values that it shows besides.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning"),
    pytest.mark.timeout(1200),
]

Report = Callable[[str, Ledger], None]
Fact = Callable[[Judge], None]
SUBJECTS = (AIKRAFT, CTRLAI, PLANE)


class Trial(NamedTuple):
    """Who is judged at which door, and how long."""

    subject: Subject
    door: str
    examples: int
    sequences: int
    steps: int
    rounds: int

    def __str__(self) -> str:
        return f"{self.subject.name}-{self.door}"


WHOLE = [
    Trial(AIKRAFT, "wsgi", examples=60, sequences=60, steps=20, rounds=30),
    Trial(CTRLAI, "wsgi", examples=40, sequences=40, steps=20, rounds=30),
    Trial(PLANE, "wsgi", examples=20, sequences=30, steps=10, rounds=30),
]
ALIKE = [
    Trial(AIKRAFT, "socket", examples=5, sequences=10, steps=10, rounds=1),
    Trial(CTRLAI, "socket", examples=5, sequences=10, steps=10, rounds=1),
    Trial(PLANE, "socket", examples=5, sequences=10, steps=10, rounds=1),
]
"""As much as shows that the socket keeps the contract as well; that both doors answer alike is held byte for byte."""


def at(trial: Trial, fixture: str, work: Callable[[Judge], Ledger]) -> Judge:
    """Return the judge after its work at one of the doors."""
    if trial.door == "wsgi":
        judge = over_wsgi(trial.subject, fixture, trial.examples)
        work(judge)
        return judge
    with over_a_socket(trial.subject, fixture, trial.examples) as judge:
        work(judge)
    return judge


def no_answer_breaks_the_contract(judge: Judge) -> None:
    assert not judge.ledger.complaints(), judge.ledger.complaints()


def every_check_is_held(judge: Judge) -> None:
    assert set(judge.ledger.checks) == all_checks() | (NAMES if judge.subject.lists else set())


def no_quota_hides_anything(judge: Judge) -> None:
    assert 429 not in {status for _, _, status in judge.ledger.answers}


def every_operation_succeeds_in_every_phase(judge: Judge) -> None:
    operations = judge.contract.operations.values()
    asked = {f"{each.method} {each.path}" for each in operations}
    # What takes nothing has no examples either.
    plain = {f"{each.method} {each.path}" for each in operations if not (each.query or each.body or "{" in each.path)}
    missing = {phase: asked - judge.ledger.answered(phase) for phase in ALONE}
    refused = {f"{each.method} {each.path}" for each in operations if each.id in judge.subject.unexampled}
    missing["examples"] -= plain | refused
    missing["coverage"] -= refused
    assert not any(missing.values()), missing


def every_request_has_a_world_of_its_own(judge: Judge) -> None:
    shelf = shelf_of(judge.store)
    several = {shelf.known[each][0].name for each in judge.guides}
    revisions = {each.revision for name, each in worlds(judge).items() if name not in several}
    assert revisions <= judge.subject.revisions


def every_link_is_followed_to_an_answer(judge: Judge) -> None:
    assert not judge.uncovered(), "never followed to a 2xx:\n" + "\n".join(judge.uncovered())


def the_links_that_are_followed_are_those_of_the_contract_and_more(judge: Judge) -> None:
    named = {name.rpartition("-> ")[0] + "-> " for name in judge.ledger.links}
    declared = set(declared_links(judge.contract))
    assert declared
    assert declared <= named


def every_sequence_has_a_world_of_its_own(judge: Judge) -> None:
    assert 0 < len(worlds(judge)) <= judge.ledger.sequences


EVER: tuple[Fact, ...] = (no_answer_breaks_the_contract, every_check_is_held, no_quota_hides_anything)
SINGLE: tuple[Fact, ...] = (*EVER, every_operation_succeeds_in_every_phase, every_request_has_a_world_of_its_own)
SEQUENCES: tuple[Fact, ...] = (
    *EVER,
    every_link_is_followed_to_an_answer,
    the_links_that_are_followed_are_those_of_the_contract_and_more,
    every_sequence_has_a_world_of_its_own,
)


@pytest.mark.parametrize("trial", [*WHOLE, *ALIKE], ids=str)
def test_single_requests_are_answered_by_the_contract(
    trial: Trial, fixture_name: str, report: Report, subtests: pytest.Subtests
) -> None:
    """Send examples, the corners of every schema, and generated requests."""
    judge = at(trial, fixture_name, examine)
    report(str(trial), judge.ledger)
    for fact in SINGLE if trial in WHOLE else (*EVER, every_request_has_a_world_of_its_own):
        with subtests.test(fact.__name__):
            fact(judge)


@pytest.mark.parametrize("trial", [*WHOLE, *ALIKE], ids=str)
def test_sequences_are_answered_by_the_contract(
    trial: Trial, fixture_name: str, report: Report, subtests: pytest.Subtests
) -> None:
    """Follow links in sequences."""
    judge = at(trial, fixture_name, lambda judge: walk(judge, trial.sequences, trial.steps, trial.rounds))
    report(str(trial), judge.ledger)
    for fact in SEQUENCES if trial in WHOLE else (*EVER, every_sequence_has_a_world_of_its_own):
        with subtests.test(fact.__name__):
            fact(judge)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.name)
def test_the_judge_reads_the_contract_from_the_app_below_its_base_path(subject: Subject, fixture_name: str) -> None:
    judge = over_wsgi(subject, fixture_name, examples=1)
    assert judge.schema.get_base_url() + "/" == subject.prefix
    assert len(list(judge.schema.get_all_operations())) == len(judge.contract.operations)
