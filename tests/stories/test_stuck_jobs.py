"""stuck-jobs: every second job never ends, the others take ten times as long; no document is there before its job says so."""

from tests.stories.stage import Stage

CREATE = "/v1/systems/sys_319edi/documents"


def asked(stage: Stage) -> str:
    """Return the path of a new job, as the answer names it."""
    return stage.post(CREATE, {"sections": "all"}).data["poll_url"].removeprefix("http://127.0.0.1")


def score(stage: Stage):
    return stage.get("/v1/systems/sys_319edi/monitoring").data["documentation_score"]


def test_the_answer_promises_a_minute_as_ever():
    told = Stage("stuck-jobs").post(CREATE, {"sections": "all"})
    assert (told.status, told.data["status"], told.data["estimated_seconds"]) == (202, "queued", 60)


def test_a_job_that_drags_is_done_after_ten_minutes():
    stage = Stage("stuck-jobs")
    job = asked(stage)
    stage.later("9m59s")
    assert (stage.get(job).data["status"], score(stage)) == ("in_progress", 37)
    stage.later("1s")
    assert (stage.get(job).data["status"], score(stage)) == ("completed", 100)


def test_a_client_that_polls_with_a_growing_pause_sees_progress_in_the_first_job_and_none_in_the_second():
    stage = Stage("stuck-jobs")
    first, second = asked(stage), asked(stage)
    seen = []
    for pause in ("1m", "2m", "4m", "8m"):
        stage.later(pause)
        seen.append((stage.get(first).data["progress"], stage.get(second).data["progress"]))
    assert seen == [(9, 0), (29, 0), (69, 0), (100, 0)]
    assert stage.transcript[:5] == [
        f"POST {CREATE}: 202 (stuck-jobs#drags)",
        f"POST {CREATE}: 202 (stuck-jobs#never-ends)",
        "… 1m later",
        f"GET {first}: 200",
        f"GET {second}: 200",
    ]


def test_the_second_job_is_in_progress_a_year_later():
    stage = Stage("stuck-jobs")
    asked(stage)
    job = asked(stage)
    stage.later("365d")
    told = stage.get(job).data
    assert (told["status"], told["completed_at"], told["document"]) == ("in_progress", None, None)


def test_a_job_that_never_ends_documents_nothing():
    stage = Stage("stuck-jobs")
    first = asked(stage)
    stage.post("/v1/systems/sys_abc123/documents", {"sections": [8]})
    stage.later("1d")
    systems = {each["id"]: each["documentation_score"] for each in stage.get("/v1/systems?limit=100").data}
    assert stage.get(first).data["status"] == "completed"
    assert (systems["sys_319edi"], systems["sys_abc123"]) == (100, 87)
