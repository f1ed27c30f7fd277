"""lost-writes: the client cannot know whether its write happened; here it can be looked up."""

from tests.stories.stage import Reply, Stage, system


def names(stage: Stage) -> list[str]:
    """Return the names of the systems that a test has registered."""
    found = [each["name"] for each in stage.get("/v1/systems?limit=100").data]
    return sorted(name for name in found if name.startswith("Model "))


def written(stage: Stage, count: int) -> Reply:
    """Register so many systems and return the last reply."""
    return [stage.post("/v1/systems", system(f"Model {number:02}")) for number in range(1, count + 1)][-1]


def test_the_third_write_is_done_and_its_answer_lost():
    stage = Stage("lost-writes")
    lost = written(stage, 3)
    assert (lost.broken, lost.fault) == ("EMPTY_RESPONSE", "lost-writes#done-and-lost")
    assert "Model 03" in names(stage)


def test_who_sends_it_again_meets_a_conflict_with_the_own_success():
    stage = Stage("lost-writes")
    written(stage, 3)
    again = stage.post("/v1/systems", system("Model 03"))
    assert (again.status, again.fault) == (409, None)


def test_the_fifth_write_is_lost_before_and_looks_the_same():
    stage = Stage("lost-writes")
    lost = written(stage, 5)
    assert (lost.broken, lost.fault) == ("EMPTY_RESPONSE", "lost-writes#lost-before")
    assert "Model 05" not in names(stage)


def test_the_eighth_write_is_done_twice_and_the_second_answer_is_a_conflict():
    stage = Stage("lost-writes")
    twice = written(stage, 8)
    assert (twice.status, twice.code, twice.fault) == (409, "conflict", "lost-writes#done-twice")
    assert names(stage).count("Model 08") == 1


def test_the_thirteenth_write_comes_ten_minutes_late_as_a_request_of_its_own():
    stage = Stage("lost-writes")
    late = written(stage, 13)
    assert (late.broken, late.fault) == ("EMPTY_RESPONSE", "lost-writes#done-late")
    assert "Model 13" not in names(stage)
    stage.later("9m59s")
    assert "Model 13" not in names(stage)
    stage.later("1s")
    assert "Model 13" in names(stage)
    (last,) = stage.admin("GET", "/requests?operation=createSystem&limit=1")["requests"]
    assert (last["status"], last["at"], last["fault"]) == (201, "2026-04-13T14:40:00Z", "lost-writes#done-late")


def test_a_late_write_that_the_client_has_repeated_in_the_meantime_is_refused():
    stage = Stage("lost-writes")
    written(stage, 13)
    assert stage.post("/v1/systems", system("Model 13")).status == 201
    stage.later("10m")
    (last,) = stage.admin("GET", "/requests?operation=createSystem&limit=1")["requests"]
    assert (last["status"], last["cause"]) == (409, "name-taken")
    assert names(stage).count("Model 13") == 1
