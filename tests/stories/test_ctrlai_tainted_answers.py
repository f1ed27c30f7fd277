"""tainted-answers: a verified unit is only as good as what it is fed with, and each segment says so."""

from tests.stories.stage import CTRLAI, LOAN, Stage

MORTGAGE = "What is the mortgage tier for a loanAmount of 180000 and a propertyValue of 240000?"


def test_a_question_that_verified_units_answer_stays_clean():
    stage = Stage("tainted-answers", key=CTRLAI)
    answers = [stage.post("/api/v1/inference", {"query": LOAN}) for _ in range(2)]
    assert [each.fault for each in answers] == [None, "tainted-answers#unverified"]
    assert answers[0].data == answers[1].data


def test_every_second_time_a_candidate_takes_part_and_taints_the_verified_unit_behind_it():
    stage = Stage("tainted-answers", key=CTRLAI)
    clean, tainted = (stage.post("/api/v1/inference", {"query": MORTGAGE}).data for _ in range(2))
    assert (clean["mode"], clean["unitsUsed"]) == ("neural_only", [])
    used = [(each["name"], each["status"]) for each in tainted["unitsUsed"]]
    assert used == [("Loan-to-Value Ratio", "candidate"), ("Mortgage Tier", "verified")]
    segments = [(each["unitName"], each["trustLevel"], "tainted" in each) for each in tainted["segments"]]
    assert segments == [("Loan-to-Value Ratio", "synthesized", False), ("Mortgage Tier", "synthesized", True)]
    assert (tainted["coveragePercent"], tainted["trustSummary"]["synthesized"]) == (0, 2)


def test_the_log_warns_of_what_was_tainted():
    stage = Stage("tainted-answers", key=CTRLAI)
    for _ in range(2):
        stage.post("/api/v1/inference", {"query": MORTGAGE})
    tainted, clean = stage.get("/api/v1/audit/inference?limit=2").data
    assert clean["auditWarnings"] == []
    (warning,) = tainted["auditWarnings"]
    assert "Mortgage Tier" in warning
    assert "ltv" in warning
