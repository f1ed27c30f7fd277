"""The sandbox keeps its contracts at both doors, in every phase of the judge: the API's and the control plane's."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.contracts.doors import over_a_socket, over_wsgi
from tests.contracts.judge import ALONE, Judge, all_checks, declared_links, examine, walk
from tests.contracts.ledger import Ledger
from tests.contracts.subjects import AIKRAFT, PLANE, Subject

# A finding is shown by its request and answer; Hypothesis warns of the size of the values that it shows besides.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning"),
    pytest.mark.timeout(1200),
]

Report = Callable[[str, Ledger], None]
SUBJECTS = (AIKRAFT, PLANE)


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


TRIALS = [
    *(Trial(AIKRAFT, door, examples=60, sequences=60, steps=20, rounds=8) for door in ("wsgi", "socket")),
    *(Trial(PLANE, door, examples=20, sequences=30, steps=10, rounds=20) for door in ("wsgi", "socket")),
]


def at(trial: Trial, fixture: str, work: Callable[[Judge], Ledger]) -> Judge:
    """Return the judge after its work at one of the doors."""
    if trial.door == "wsgi":
        judge = over_wsgi(trial.subject, fixture, trial.examples)
        work(judge)
        return judge
    with over_a_socket(trial.subject, fixture, trial.examples) as judge:
        work(judge)
    return judge


@pytest.fixture(scope="module", params=TRIALS, ids=str)
def examined(request: pytest.FixtureRequest, fixture_name: str) -> Judge:
    """Return a judge who has sent examples, the corners of every schema, and generated requests."""
    return at(request.param, fixture_name, examine)


@pytest.fixture(scope="module", params=TRIALS[:2], ids=str)
def walked(request: pytest.FixtureRequest, fixture_name: str) -> Judge:
    """Return a judge who has followed links in sequences."""
    trial = request.param
    return at(trial, fixture_name, lambda judge: walk(judge, trial.sequences, trial.steps, trial.rounds))


@pytest.fixture
def door(request: pytest.FixtureRequest) -> str:
    """Return the name of the trial at hand."""
    name: str = request.node.callspec.id
    return name


def test_no_request_gets_an_answer_that_breaks_the_contract(examined: Judge, door: str, report: Report) -> None:
    report(door, examined.ledger)
    assert not examined.ledger.complaints(), examined.ledger.complaints()


def test_no_sequence_gets_an_answer_that_breaks_the_contract(walked: Judge, door: str, report: Report) -> None:
    report(door, walked.ledger)
    assert not walked.ledger.complaints(), walked.ledger.complaints()


def test_every_check_is_held_against_single_requests(examined: Judge) -> None:
    assert set(examined.ledger.checks) == all_checks()


def test_every_check_is_held_against_sequences(walked: Judge) -> None:
    assert set(walked.ledger.checks) == all_checks()


def test_every_operation_succeeds_in_every_phase(examined: Judge) -> None:
    operations = examined.contract.operations.values()
    asked = {f"{each.method} {each.path}" for each in operations}
    # What takes nothing has no examples either.
    plain = {f"{each.method} {each.path}" for each in operations if not (each.query or each.body or "{" in each.path)}
    missing = {phase: asked - examined.ledger.answered(phase) for phase in ALONE}
    missing["examples"] -= plain
    assert not any(missing.values()), missing


def test_every_link_is_followed_to_an_answer(walked: Judge) -> None:
    assert not walked.ledger.uncovered(), "never followed to a 2xx:\n" + "\n".join(walked.ledger.uncovered())


def test_the_links_that_are_followed_are_those_of_the_contract_and_more(walked: Judge) -> None:
    named = {name.rpartition("-> ")[0] + "-> " for name in walked.ledger.links}
    declared = set(declared_links(walked.contract))
    assert declared
    assert declared <= named


def test_every_single_request_has_a_world_of_its_own(examined: Judge) -> None:
    assert {each.revision for each in examined.worlds().values()} <= examined.subject.revisions


def test_every_sequence_has_a_world_of_its_own(walked: Judge) -> None:
    assert 0 < len(walked.worlds()) <= walked.ledger.sequences


def test_no_quota_hides_anything_from_single_requests(examined: Judge) -> None:
    assert 429 not in {status for _, _, status in examined.ledger.answers}


def test_no_quota_hides_anything_from_sequences(walked: Judge) -> None:
    assert 429 not in {status for _, _, status in walked.ledger.answers}


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.name)
def test_the_judge_reads_the_contract_from_the_app_below_its_base_path(subject: Subject, fixture_name: str) -> None:
    judge = over_wsgi(subject, fixture_name, examples=1)
    assert judge.schema.get_base_url() + "/" == subject.prefix
    assert len(list(judge.schema.get_all_operations())) == len(judge.contract.operations)
