"""lost-writes: the client cannot know whether its write happened; here it can be looked up."""

from tests.stories.stage import CTRLAI, Reply, Stage, unit


def written(count: int) -> tuple[Stage, Reply]:
    """Return the stage after so many units were written down, and the last reply."""
    stage = Stage("lost-writes", key=CTRLAI)
    return stage, [stage.post("/api/v1/units", unit(f"Rule {number:02}")) for number in range(1, count + 1)][-1]


def count(stage: Stage, name: str) -> int:
    """Return how many units have this name."""
    return sum(each["name"] == name for each in stage.get("/api/v1/units?limit=200").data)


def test_the_third_write_is_done_and_its_answer_lost():
    stage, lost = written(3)
    assert (lost.broken, lost.fault) == ("EMPTY_RESPONSE", "lost-writes#done-and-lost")
    assert count(stage, "Rule 03") == 1


def test_who_sends_it_again_without_a_look_has_it_twice():
    stage, _ = written(3)
    assert stage.post("/api/v1/units", unit("Rule 03")).status == 201
    assert count(stage, "Rule 03") == 2


def test_the_fifth_write_is_lost_before_and_looks_the_same():
    stage, lost = written(5)
    assert (lost.broken, lost.fault) == ("EMPTY_RESPONSE", "lost-writes#lost-before")
    assert count(stage, "Rule 05") == 0


def test_the_eighth_write_is_done_twice_and_the_answer_names_the_second_unit():
    stage, twice = written(8)
    assert (twice.status, twice.broken, twice.fault) == (201, None, "lost-writes#done-twice")
    found = [each["id"] for each in stage.get("/api/v1/units?limit=200").data if each["name"] == "Rule 08"]
    assert found[0] == twice.data["id"]
    assert len(found) == 2


def test_the_thirteenth_write_comes_ten_minutes_late_as_a_request_of_its_own():
    stage, late = written(13)
    assert (late.broken, late.fault) == ("EMPTY_RESPONSE", "lost-writes#done-late")
    stage.later("9m59s")
    assert count(stage, "Rule 13") == 0
    stage.later("1s")
    assert count(stage, "Rule 13") == 1
    (last,) = stage.admin("GET", "/requests?operation=createUnit&limit=1")["requests"]
    assert (last["status"], last["at"], last["fault"]) == (201, "2026-04-13T14:40:00Z", "lost-writes#done-late")


def test_the_audit_log_tells_what_became_of_each_write():
    stage, _ = written(8)
    logged = stage.get("/api/v1/audit?action=unit.created&limit=8").data
    made = [each["details"]["name"] for each in reversed(logged)]
    assert made == ["Rule 01", "Rule 02", "Rule 03", "Rule 04", "Rule 06", "Rule 07", "Rule 08", "Rule 08"]


def test_a_lost_deletion_that_is_sent_again_finds_nothing():
    stage, _ = written(2)
    ident = stage.get("/api/v1/units?limit=1").data[0]["id"]
    assert stage.ask("DELETE", f"/api/v1/units/{ident}").broken == "EMPTY_RESPONSE"
    again = stage.ask("DELETE", f"/api/v1/units/{ident}")
    assert (again.status, again.code) == (404, "NOT_FOUND")
