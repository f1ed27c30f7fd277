"""failing-jobs: one job fails at its end, one early, one is lost, and a client that asks for a fourth gets its documents."""

from tests.stories.stage import Stage

CREATE = "/v1/systems/sys_319edi/documents"


def asked(stage: Stage) -> str:
    """Return the path of a new job, as the answer names it."""
    return stage.post(CREATE, {"sections": "all"}).data["poll_url"].removeprefix("http://127.0.0.1")


def score(stage: Stage):
    return stage.get("/v1/systems/sys_319edi/monitoring").data["documentation_score"]


def test_the_first_job_fails_at_the_moment_at_which_it_should_have_been_done():
    stage = Stage("failing-jobs")
    job = asked(stage)
    stage.later("59s")
    running = stage.get(job).data
    stage.later("1s")
    failed = stage.get(job).data
    assert (running["status"], failed["status"], failed["document"]) == ("in_progress", "failed", None)
    assert failed["error"]["code"] == "generation_failed"


def test_the_second_job_fails_early_and_says_why():
    stage = Stage("failing-jobs")
    asked(stage)
    job = asked(stage)
    stage.later("8s")
    told = stage.get(job).data
    assert told["error"] == {"code": "source_unavailable", "message": "The connected repository did not answer."}
    assert told["completed_at"] == "2026-04-13T14:30:08Z"


def test_the_third_job_is_lost():
    stage = Stage("failing-jobs")
    for _ in range(2):
        asked(stage)
    lost = stage.get(asked(stage))
    assert (lost.status, lost.code) == (404, "not_found")


def test_no_failed_or_lost_job_documents_anything():
    stage = Stage("failing-jobs")
    for _ in range(3):
        asked(stage)
    stage.later("1d")
    assert score(stage) == 37


def test_a_client_that_asks_four_times_gets_its_documents():
    stage = Stage("failing-jobs")
    outcomes = []
    for _ in range(4):
        job = asked(stage)
        stage.later("1m")
        reply = stage.get(job)
        outcomes.append(reply.data["status"] if reply.status == 200 else reply.status)
    assert outcomes == ["failed", "failed", 404, "completed"]
    assert score(stage) == 100
    assert [line for line in stage.transcript if line.startswith("POST")] == [
        *[f"POST {CREATE}: 202 (failing-jobs#three-tries)"] * 3,
        f"POST {CREATE}: 202",
    ]
