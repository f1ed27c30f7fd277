"""Under every scenario that speaks HTTP, its faults on, the contract holds: no finding but those that were injected."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from sandbox.app import load_api
from sandbox.check.aikraft import AIKRAFT
from sandbox.check.alone import ALONE, examine
from sandbox.check.ctrlai import CTRLAI
from sandbox.check.judge import Judge
from sandbox.check.ledger import Ledger
from sandbox.check.scripted import under
from sandbox.check.subject import Subject
from sandbox.check.walking import walk
from sandbox.core.staging import reader_of
from tests.contracts.doors import over_wsgi, worlds

pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning"),
    pytest.mark.timeout(600),
]


Report = Callable[[str, Ledger], None]


def speaking(subject: Subject) -> tuple[str, ...]:
    """Return the shipped scenarios of which no fault breaks a connection."""
    api = load_api(subject.api)
    reader = reader_of(api)
    found = {name: reader.scenario(document) for name, document in api.scenarios().items()}
    return tuple(
        name for name, one in sorted(found.items()) if not any(each.wire for rule in one.rules for each in rule.faults)
    )


class Case(NamedTuple):
    """A scenario, whose it is, and how much is asked while it plays."""

    subject: Subject
    scenario: str
    phases: tuple[str, ...]
    examples: int

    def __str__(self) -> str:
        return f"{self.subject.name}-{self.scenario}"


CASES = [
    *(Case(AIKRAFT, name, ALONE, examples=4) for name in speaking(AIKRAFT)),
    # The corners of its schemas, three in four of all cases, are looked at where no scenario plays.
    *(Case(CTRLAI, name, ("examples", "fuzzing"), examples=4) for name in speaking(CTRLAI)),
]


def struck(judge: Judge) -> int:
    """Return how many answers a fault has struck."""
    return sum(each.marks.fault is not None for world in worlds(judge).values() for each in world.journal)


def events(judge: Judge) -> int:
    """Return how many timed events the scenario has."""
    return max(len(each.present.play.scenario.timeline) for each in worlds(judge).values())


POINTS = (0, 5, 10, 15)
"""Where in the scenario the worlds of the sequences begin: one point a walk, since a walk has to be repeatable."""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_request_gets_an_answer_that_breaks_the_contract_unless_it_was_injected(
    case: Case, fixture_name: str, report: Report
) -> None:
    judge = over_wsgi(under(case.subject, {"name": case.scenario}), fixture_name, case.examples)
    examine(judge, case.phases)
    report(f"{case}, single", judge.ledger)
    assert struck(judge) or events(judge)
    assert not judge.ledger.complaints(), judge.ledger.complaints()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_sequence_gets_an_answer_that_breaks_the_contract_unless_it_was_injected(
    case: Case, fixture_name: str, report: Report, subtests: pytest.Subtests
) -> None:
    strikes = 0
    for point in POINTS:
        judge = over_wsgi(under(case.subject, {"name": case.scenario}, point), fixture_name, case.examples)
        walk(judge, sequences=4, steps=12)
        report(f"{case}, sequences from {point}", judge.ledger)
        strikes += struck(judge) + events(judge)
        with subtests.test(point=point):
            assert not judge.ledger.complaints(), judge.ledger.complaints()
    assert strikes
