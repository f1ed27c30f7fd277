"""outage-and-recovery: five requests go well, ten fail, and then all is well again."""

from tests.stories.stage import Stage, system


def test_the_outage_has_a_beginning_and_an_end():
    stage = Stage("outage-and-recovery")
    statuses = [stage.get("/v1/systems?limit=1").status for _ in range(20)]
    assert statuses == [200] * 5 + [500] * 10 + [200] * 5


def test_what_was_written_before_is_there_afterwards_and_nothing_else():
    stage = Stage("outage-and-recovery")
    before = stage.get("/v1/systems").json["meta"]["total"]
    for number in range(14):
        stage.post("/v1/systems", system(f"Model {number}"))
    assert stage.get("/v1/systems").json["meta"]["total"] == before + 4
    assert stage.transcript == [
        "GET /v1/systems: 200",
        *["POST /v1/systems: 201"] * 4,
        *["POST /v1/systems: 500 (outage-and-recovery#down)"] * 10,
        "GET /v1/systems: 200",
    ]


def test_a_scenario_that_begins_again_has_its_outage_again():
    stage = Stage("outage-and-recovery")
    for _ in range(16):
        stage.get("/v1/systems?limit=1")
    stage.admin("POST", "/scenarios/reset")
    again = [stage.get("/v1/systems?limit=1").status for _ in range(6)]
    assert again == [200] * 5 + [500]
