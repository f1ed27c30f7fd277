"""everything-at-once: whatever a client meets, what it is told agrees with the world, and every run is the same run."""

from tests.stories.stage import Stage, system


def run() -> Stage:
    """Return the stage after a hundred calls over ten minutes."""
    stage = Stage("everything-at-once", quota="off")
    for number in range(50):
        stage.post("/v1/systems", system(f"Model {number:02}"))
        stage.get("/v1/systems?limit=1")
        stage.later("12s")
    return stage


def test_it_is_slow_short_of_quota_failing_lost_and_down():
    transcript = "\n".join(run().transcript)
    for said in ("201", "200", "409", "429", "500", "EMPTY_RESPONSE", "CONNECTION_RESET_BY_PEER", " after 0."):
        assert said in transcript, said


def test_every_run_is_the_same_run():
    assert run().transcript == run().transcript


def test_whoever_is_told_201_finds_the_system_and_no_name_stands_twice():
    stage = Stage("everything-at-once", quota="off")
    told = []
    for number in range(50):
        reply = stage.post("/v1/systems", system(f"Model {number:02}"))
        told += [reply.data["name"]] if reply.status == 201 and not reply.broken else []
        stage.later("12s")
    stage.admin("PUT", "/scenarios/active", {"name": None})
    found = [each["name"] for each in stage.get("/v1/systems?limit=100").data]
    assert set(told) <= set(found)
    assert len(found) == len(set(found))


def test_its_capsule_replays():
    stage = run()
    capsule = stage.admin("GET", "/capsule")
    assert stage.admin("POST", "/capsule", capsule)["status"] == "loaded"
