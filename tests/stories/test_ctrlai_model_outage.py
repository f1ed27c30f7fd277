"""model-outage: inference degrades to neural_only; whoever reads mode and trust sees it."""

from tests.stories.stage import CTRLAI, LOAN, Reply, Stage


def asked(count: int) -> tuple[Stage, list[Reply]]:
    """Return the stage after the same question was asked so often, and the answers."""
    stage = Stage("model-outage", key=CTRLAI)
    return stage, [stage.post("/api/v1/inference", {"query": LOAN}) for _ in range(count)]


def test_two_answers_are_good_ten_are_neural_and_then_they_are_good_again():
    _, answers = asked(13)
    assert {each.status for each in answers} == {200}
    assert [each.data["mode"] for each in answers] == ["full_coverage"] * 2 + ["neural_only"] * 10 + ["full_coverage"]


def test_a_neural_answer_has_no_unit_behind_it_and_says_so_three_times():
    _, answers = asked(3)
    answer = answers[2].data
    assert (answer["coveragePercent"], answer["unitsUsed"], answer["trustSummary"]["neural"]) == (0, [], 1)
    assert {each["trustLevel"] for each in answer["segments"]} == {"neural"}


def test_the_log_keeps_that_no_unit_fired():
    stage, _ = asked(3)
    neural, good = stage.get("/api/v1/audit/inference?limit=2").data
    assert (neural["mode"], neural["unitsFired"], neural["inputVariables"]) == ("neural_only", [], {})
    assert [each["name"] for each in good["unitsFired"]][:2] == ["Debt-to-Income Ratio", "Risk Tier"]


def test_nothing_but_inference_suffers():
    stage, _ = asked(3)
    assert stage.get("/api/v1/units?limit=1").fault is None
    assert stage.active()["model-outage#no-models"]["fired"] == 1
