"""outage-and-recovery: five requests go well, ten fail, then all is well again."""

from tests.stories.stage import CTRLAI, Stage, unit


def test_the_whole_story_in_numbers():
    stage = Stage("outage-and-recovery", key=CTRLAI)
    statuses = [stage.get("/api/v1/units?limit=1").status for _ in range(20)]
    assert statuses == [200] * 5 + [500] * 10 + [200] * 5


def test_a_failure_is_told_in_the_words_of_the_api():
    stage = Stage("outage-and-recovery", key=CTRLAI)
    failed = [stage.get("/api/v1/domains") for _ in range(6)][-1]
    assert (failed.code, failed.fault) == ("INTERNAL_ERROR", "outage-and-recovery#outage")
    assert set(failed.json["error"]) == {"code", "message"}


def test_nothing_is_written_while_it_is_down():
    stage = Stage("outage-and-recovery", key=CTRLAI)
    statuses = [stage.post("/api/v1/units", unit(f"Rule {number}")).status for number in range(16)]
    assert statuses == [201] * 5 + [500] * 10 + [201]
    named = [each["name"] for each in stage.get("/api/v1/units?limit=6").data]
    assert named == ["Rule 15", "Rule 4", "Rule 3", "Rule 2", "Rule 1", "Rule 0"]


def test_signing_in_and_the_health_check_are_up_all_the_time():
    stage = Stage("outage-and-recovery", key=CTRLAI)
    for _ in range(6):
        stage.get("/api/v1/units?limit=1")
    assert stage.get("/api/health").data == {"status": "ok"}
    assert stage.get("/api/auth/session").status == 200
