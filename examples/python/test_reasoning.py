"""What a test can do with `ctrlai_sandbox`, beyond what is the same as with `aikraft_sandbox`."""

import pytest
from patience import Patient, Refused
from reasoning import Reasoning

LOAN = "What is the credit risk of a monthly debt of 1500 with a monthly income of 5000 and a credit score of 700?"


def test_an_answer_from_reviewed_units_is_trusted(reasoning):
    reply = reasoning.ask(LOAN)
    assert (reply.trusted, reply.coverage) == (True, 100)
    assert "riskTier = low" in reply.text


def test_a_question_that_no_unit_covers_is_a_guess(reasoning):
    reply = reasoning.ask("Will it rain tomorrow?")
    assert (reply.trusted, reply.coverage) == (False, 0)


@pytest.mark.sandbox(scenario="model-outage")
def test_while_the_models_are_out_every_answer_is_a_guess(reasoning):
    assert [reasoning.ask(LOAN).trusted for _ in range(4)] == [True, True, False, False]


@pytest.mark.sandbox(scenario="tainted-answers")
def test_what_comes_from_units_that_nobody_reviewed_is_not_shown_as_trusted(reasoning):
    question = "What is the loan to value of a loan amount of 150000 and a property value of 200000?"
    replies = [reasoning.ask(question) for _ in range(2)]
    assert [each.trusted for each in replies] == [False, False]


def test_pages_by_offset_are_read_to_the_end_and_no_further(ctrlai_sandbox):
    reasoning = Reasoning(Patient(ctrlai_sandbox.client), page=5)
    assert len(reasoning.units()) == 18
    ctrlai_sandbox.verify({"operation": "listUnits"}, exactly=4)


@pytest.mark.sandbox(role="author")
def test_an_author_proposes(reasoning):
    assert reasoning.propose("Age of the Applicant", "credit-risk")["status"] == "candidate"


@pytest.mark.sandbox(role="viewer")
def test_a_viewer_asks_and_may_not_propose(ctrlai_sandbox, reasoning):
    assert reasoning.ask(LOAN).trusted
    with pytest.raises(Refused) as refused:
        reasoning.propose("Age of the Applicant", "credit-risk")
    assert (refused.value.status, refused.value.code) == (403, "FORBIDDEN")
    assert ctrlai_sandbox.requests[-1].cause


def test_the_windows_of_the_quota_are_waited_for(ctrlai_sandbox, reasoning, blame):
    for _ in range(31):
        reasoning.ask(LOAN)
    ctrlai_sandbox.verify({"operation": "infer", "status": 429}, exactly=1)
    assert blame(ctrlai_sandbox) == []
