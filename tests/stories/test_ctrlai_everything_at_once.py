"""everything-at-once: no duplicate, no lost unit, no guess that looks like a fact; and every run is the same run."""

from tests.stories.stage import CTRLAI, LOAN, Stage, unit


def run() -> Stage:
    """Return the stage after sixty calls over four minutes."""
    stage = Stage("everything-at-once", key=CTRLAI, quota="off")
    for number in range(20):
        made = stage.post("/api/v1/units", unit(f"Rule {number:02}"))
        if made.status == 201 and not made.broken:
            stage.post(f"/api/v1/units/{made.data['id']}/verify", {"action": "approve"})
        stage.post("/api/v1/inference", {"query": LOAN})
        stage.get("/api/v1/units?limit=1")
        stage.later("12s")
    return stage


def test_writes_are_lost_reads_fail_and_services_are_out_of_order():
    transcript = "\n".join(run().transcript)
    for said in ("201", "200", "500", "EMPTY_RESPONSE", "#lost-answer", "#late-review", "#no-models", "#unverified"):
        assert said in transcript, said


def test_every_run_is_the_same_run():
    assert run().transcript == run().transcript


def test_a_client_that_looks_before_it_writes_again_makes_every_unit_once():
    stage = Stage("everything-at-once", key=CTRLAI, quota="off")
    for number in range(20):
        while stage.post("/api/v1/units", unit(f"Rule {number:02}")).broken:
            stage.later("5s")
            found = stage.get("/api/v1/units?limit=200")
            while found.status != 200:
                found = stage.get("/api/v1/units?limit=200")
            if f"Rule {number:02}" in {each["name"] for each in found.data}:
                break
    stage.admin("PUT", "/scenarios/active", {"name": None})
    named = [each["name"] for each in stage.get("/api/v1/units?limit=200").data if each["name"].startswith("Rule ")]
    assert sorted(named) == [f"Rule {number:02}" for number in range(20)]


def test_what_an_answer_says_of_its_trust_agrees_with_its_segments():
    stage = Stage("everything-at-once", key=CTRLAI, quota="off")
    modes = set()
    for _ in range(12):
        answer = stage.post("/api/v1/inference", {"query": LOAN})
        if not answer.broken:
            levels = [each["trustLevel"] for each in answer.data["segments"]]
            backed = sum(each in ("verified", "expert_reviewed") for each in levels)
            assert answer.data["coveragePercent"] == round(100 * backed / len(levels))
            modes.add(answer.data["mode"])
    assert modes == {"full_coverage", "neural_only"}


def test_its_capsule_replays():
    stage = run()
    assert stage.admin("POST", "/capsule", stage.admin("GET", "/capsule"))["status"] == "loaded"
