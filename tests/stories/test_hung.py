"""hung: some requests get no answer at all, some one that breaks off."""

from tests.stories.stage import Stage, system


def test_every_third_request_gets_no_answer_and_every_fifth_of_the_others_a_broken_one():
    stage = Stage("hung")
    for _ in range(21):
        stage.get("/v1/systems?limit=1")
    broken = [line.removeprefix("GET /v1/systems?limit=1: ") for line in stage.transcript]
    silent = "broken: NO_ANSWER (hung#silence)"
    assert broken == [
        "200", "200", silent, "200", "200", silent, "broken: TRUNCATED_BODY (hung#broken)", "200", silent,
        "200", "200", silent, "200", "broken: EMPTY_RESPONSE (hung#broken)", silent, "200", "200", silent, "200", "200",
        silent,
    ]  # fmt: skip


def test_a_write_without_an_answer_was_never_worked_on():
    stage = Stage("hung")
    for _ in range(2):
        stage.get("/v1/systems?limit=1")
    assert stage.post("/v1/systems", system("Loan Approval Engine")).broken == "NO_ANSWER"
    assert stage.post("/v1/systems", system("Loan Approval Engine")).status == 201


def test_a_write_whose_answer_breaks_off_has_happened():
    stage = Stage("hung")
    for _ in range(6):
        stage.get("/v1/systems?limit=1")
    assert stage.post("/v1/systems", system("Loan Approval Engine")).broken == "TRUNCATED_BODY"
    assert stage.post("/v1/systems", system("Loan Approval Engine")).status == 409
