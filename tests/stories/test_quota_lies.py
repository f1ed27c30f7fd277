"""quota-lies: every fourth answer is a 429 that says something else about how long to wait."""

from tests.stories.stage import Stage


def lies() -> list[str | None]:
    stage = Stage("quota-lies")
    replies = [stage.get("/v1/systems?limit=1") for _ in range(16)]
    assert [each.status for each in replies] == [200, 200, 200, 429] * 4
    return [each.headers.get("retry-after") for each in replies if each.status == 429]


def test_the_first_lie_is_silence():
    assert lies()[0] is None


def test_the_second_lie_is_zero():
    assert lies()[1] == "0"


def test_the_third_lie_is_a_year():
    assert lies()[2] == str(365 * 24 * 3600)


def test_the_fourth_is_a_date_one_minute_away():
    assert lies()[3] == "Mon, 13 Apr 2026 14:31:00 GMT"


def test_the_error_is_in_the_words_of_the_api():
    stage = Stage("quota-lies")
    refused = [stage.get("/v1/systems") for _ in range(4)][-1]
    assert (refused.code, refused.fault) == ("rate_limit_exceeded", "quota-lies#liar")


def test_a_refused_read_reads_well_the_next_time():
    stage = Stage("quota-lies")
    for _ in range(5):
        stage.get("/v1/systems?limit=1")
    assert stage.transcript[-2:] == [
        "GET /v1/systems?limit=1: 429 (quota-lies#liar)",
        "GET /v1/systems?limit=1: 200",
    ]
