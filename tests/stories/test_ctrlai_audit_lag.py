"""audit-lag: the log tells later what the answer has told at once."""

from tests.stories.stage import CTRLAI, LOAN, Stage, unit


def told(stage: Stage) -> list[str]:
    """Return what the audit log says was done, the newest first."""
    return [each["action"] for each in stage.get("/api/v1/audit?resourceType=unit&limit=3").data]


def asked(stage: Stage) -> int:
    """Return how many questions the inference log has."""
    return stage.get("/api/v1/audit/inference?limit=1").json["meta"]["total"]


def test_an_entry_comes_half_a_minute_after_what_it_tells_of():
    stage = Stage("audit-lag", key=CTRLAI)
    before = told(stage)
    made = stage.post("/api/v1/units", unit("Second look"))
    assert made.status == 201
    stage.later("29s")
    assert told(stage) == before
    stage.later("1s")
    assert told(stage)[0] == "unit.created"


def test_what_was_done_is_there_at_once_for_who_asks_for_the_thing_itself():
    stage = Stage("audit-lag", key=CTRLAI)
    made = stage.post("/api/v1/units", unit("Second look"))
    assert stage.get(f"/api/v1/units/{made.data['id']}").data["name"] == "Second look"


def test_a_question_stands_in_the_inference_log_at_the_third_look():
    stage = Stage("audit-lag", key=CTRLAI)
    before = asked(stage)
    stage.post("/api/v1/inference", {"query": LOAN})
    assert [asked(stage) - before for _ in range(4)] == [0, 0, 1, 1]
