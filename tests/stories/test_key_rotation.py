"""key-rotation: ten requests go well, ten may only read, five find the key revoked, then all is well again."""

from tests.stories.stage import Stage, system


def after(count: int) -> Stage:
    """Return the stage after so many reads."""
    stage = Stage("key-rotation")
    for _ in range(count):
        stage.get("/v1/systems?limit=1")
    return stage


def test_the_eleventh_request_may_not_write():
    refused = after(10).post("/v1/systems", system("Model"))
    assert (refused.status, refused.code, refused.fault) == (403, "forbidden", "key-rotation#read-only")


def test_the_eleventh_request_may_read():
    assert after(10).get("/v1/systems").status == 200


def test_five_requests_find_the_key_revoked_whatever_they_ask():
    stage = after(20)
    replies = [
        stage.get("/v1/systems"),
        stage.post("/v1/systems", system("Model")),
        *(stage.get("/v1/jobs/job_xyz789") for _ in range(3)),
    ]
    assert {(each.status, each.code, each.fault) for each in replies} == {(401, "unauthorized", "key-rotation#revoked")}


def test_a_write_that_was_refused_is_done_once_the_key_is_good_again():
    stage = after(20)
    tried = [stage.post("/v1/systems", system("Model")).status for _ in range(7)]
    assert tried == [401] * 5 + [201, 409]


def test_the_owner_steers_the_world_while_its_key_is_revoked():
    stage = after(21)
    assert stage.active()["key-rotation#revoked"]["fired"] == 1


def test_the_whole_story_in_numbers():
    stage = after(30)
    statuses = [line.split(": ")[1][:3] for line in stage.transcript]
    assert statuses == ["200"] * 20 + ["401"] * 5 + ["200"] * 5
