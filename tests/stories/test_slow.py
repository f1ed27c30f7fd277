"""slow: reads take a fifth to one and a half seconds, writes usually half a second; the world's clock does not move."""

from tests.stories.stage import Stage, system


def test_every_read_takes_its_time():
    stage = Stage("slow")
    waits = [stage.get("/v1/systems?limit=1").waited for _ in range(50)]
    assert all(0.2 <= each <= 1.5 for each in waits)
    assert len(set(waits)) == 50


def test_half_of_the_writes_take_longer_than_half_a_second_and_a_few_much_longer():
    stage = Stage("slow", quota="off")
    waits = sorted(stage.post("/v1/systems", system(f"Model {number}")).waited for number in range(200))
    assert 0.4 < waits[100] < 0.6
    assert waits[-1] > 1.5


def test_the_answer_is_what_it_would_have_been():
    assert Stage("slow").get("/v1/systems").json == Stage(None).get("/v1/systems").json


def test_no_time_passes_in_the_world():
    stage = Stage("slow")
    first, second = stage.get("/v1/systems"), stage.get("/v1/systems")
    assert first.headers["date"] == second.headers["date"]
