"""tiers-exhausted: reads and writes each have a window of their own, and sign-in a third one."""

from tests.stories.stage import CTRLAI, LOAN, Stage, unit


def reads(stage: Stage, count: int) -> list[int]:
    """Return the statuses of so many reads."""
    return [stage.get("/api/v1/units?limit=1").status for _ in range(count)]


def test_five_reads_go_well_and_each_says_how_many_are_left():
    stage = Stage("tiers-exhausted", key=CTRLAI)
    replies = [stage.get("/api/v1/units?limit=1") for _ in range(6)]
    assert [each.status for each in replies] == [200] * 5 + [429]
    assert [each.headers["x-ratelimit-remaining"] for each in replies] == ["4", "3", "2", "1", "0", "0"]
    assert {each.headers["x-ratelimit-limit"] for each in replies} == {"5"}


def test_out_of_reads_one_can_write_and_out_of_writes_one_can_ask_nothing_more():
    stage = Stage("tiers-exhausted", key=CTRLAI)
    assert reads(stage, 6)[-1] == 429
    written = [stage.post("/api/v1/units", unit("Second look")).status for _ in range(3)]
    assert written == [201] * 3
    asked = stage.post("/api/v1/inference", {"query": LOAN})
    assert (asked.status, asked.code, asked.fault) == (429, "RATE_LIMITED", "tiers-exhausted#writes")


def test_sign_in_has_a_quota_of_its_own():
    stage = Stage("tiers-exhausted", key=CTRLAI)
    reads(stage, 6)
    assert stage.post("/api/auth/signin", {"email": "anna@acme.example"}).headers["x-ratelimit-limit"] == "5"


def test_who_waits_as_long_as_told_gets_one_through_for_each_that_has_left_the_window():
    stage = Stage("tiers-exhausted", key=CTRLAI)
    assert reads(stage, 2) == [200, 200]
    stage.later("40s")
    assert reads(stage, 4) == [200, 200, 200, 429]
    refused = stage.get("/api/v1/units")
    assert refused.headers["retry-after"] == "20"
    stage.later("20s")
    assert reads(stage, 3) == [200, 200, 429]
    assert stage.get("/api/v1/units").headers["retry-after"] == "40"
