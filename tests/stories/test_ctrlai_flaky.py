"""flaky: one read in five and one write in ten fail with 500, and nothing is written that failed."""

from tests.stories.stage import CTRLAI, Stage, unit


def test_about_one_read_in_five_fails_and_the_next_try_may_succeed():
    stage = Stage("flaky", key=CTRLAI, quota="off")
    statuses = [stage.get("/api/v1/units?limit=1").status for _ in range(200)]
    assert set(statuses) == {200, 500}
    assert 25 <= statuses.count(500) <= 55


def test_a_write_that_failed_was_not_done_and_one_that_succeeded_was_done_once():
    stage = Stage("flaky", key=CTRLAI, quota="off")
    replies = {f"Rule {number:02}": stage.post("/api/v1/units", unit(f"Rule {number:02}")) for number in range(60)}
    failed = {name for name, each in replies.items() if each.status == 500}
    assert 1 <= len(failed) <= 15
    assert {each.code for name, each in replies.items() if name in failed} == {"INTERNAL_ERROR"}
    stage.admin("PUT", "/scenarios/active", {"name": None})
    found = [each["name"] for each in stage.get("/api/v1/units?limit=200").data if each["name"].startswith("Rule ")]
    assert sorted(found) == sorted(replies.keys() - failed)


def test_signing_in_is_not_flaky():
    stage = Stage("flaky", key=CTRLAI, quota="off")
    assert {stage.post("/api/auth/signin", {"email": "anna@acme.example"}).status for _ in range(60)} == {200}
