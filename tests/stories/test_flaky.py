"""flaky: some reads and writes fail, the same ones in every run, and nothing is written by one that failed."""

from tests.stories.stage import Stage, system


def test_a_failed_write_has_written_nothing_and_may_be_sent_again():
    stage = Stage("flaky")
    stage.post("/v1/systems", system("Loan Approval Engine"))
    stage.post("/v1/systems", system("Loan Approval Engine"))
    stage.post("/v1/systems", system("Loan Approval Engine"))
    assert stage.transcript == [
        "POST /v1/systems: 500 (flaky#writes)",
        "POST /v1/systems: 201",
        "POST /v1/systems: 409",
    ]


def test_the_error_is_in_the_words_of_the_api():
    failed = Stage("flaky").post("/v1/systems", system("Loan Approval Engine"))
    assert (failed.status, failed.code) == (500, "internal_error")
    assert failed.json["error"]["request_id"].startswith("req_")


def test_two_runs_are_alike():
    def run() -> list[str]:
        stage = Stage("flaky")
        for _ in range(60):
            stage.get("/v1/systems?limit=1")
        return stage.transcript

    assert run() == run()


def test_another_seed_has_other_failures():
    def run(seed: int) -> list[str]:
        stage = Stage("flaky", seed=seed)
        for _ in range(60):
            stage.get("/v1/systems?limit=1")
        return stage.transcript

    assert run(1) != run(2)


def test_about_one_read_in_five_fails():
    stage = Stage("flaky", quota="off")
    failed = sum(stage.get("/v1/systems?limit=1").status == 500 for _ in range(500))
    # Beyond four standard deviations (36) of the binomial's 100.
    assert 64 <= failed <= 136
