"""rate-limited: a client that reads the headers never meets a 429; one that does not has to wait, and only so long."""

from tests.stories.stage import Stage, system


def test_the_headers_tell_the_smaller_limit():
    stage = Stage("rate-limited")
    assert stage.get("/v1/systems").headers["x-ratelimit-limit"] == "10"
    assert stage.post("/v1/systems", system("A")).headers["x-ratelimit-limit"] == "5"


def test_the_sixth_write_within_a_minute_is_refused_until_the_wait_is_over():
    stage = Stage("rate-limited")
    for number in range(5):
        stage.post("/v1/systems", system(f"Model {number}"))
    refused = stage.post("/v1/systems", system("Model 5"))
    stage.later(f"{refused.headers['retry-after']}s")
    stage.post("/v1/systems", system("Model 5"))
    assert stage.transcript == [
        *["POST /v1/systems: 201 (rate-limited#few-writes)"] * 5,
        "POST /v1/systems: 429 (rate-limited#few-writes)",
        "… 12s later",
        "POST /v1/systems: 201 (rate-limited#few-writes)",
    ]


def test_one_second_less_than_told_is_too_early():
    stage = Stage("rate-limited")
    for number in range(6):
        refused = stage.post("/v1/systems", system(f"Model {number}"))
    stage.later(f"{int(refused.headers['retry-after']) - 1}s")
    assert stage.post("/v1/systems", system("Model 6")).status == 429


def test_a_client_that_stops_at_zero_is_never_refused():
    stage = Stage("rate-limited")
    for _ in range(30):
        if int(stage.get("/v1/systems").headers["x-ratelimit-remaining"]) == 0:
            stage.later("6s")
    assert not [line for line in stage.transcript if " 429" in line]


def test_what_no_rule_names_keeps_its_own_quota():
    stage = Stage("rate-limited")
    for _ in range(11):
        stage.get("/v1/systems")
    assert stage.transcript[-1] == "GET /v1/systems: 429 (rate-limited#few-lists)"
    monitored = stage.get("/v1/systems/sys_abc123/monitoring")
    assert (monitored.fault, monitored.headers["x-ratelimit-limit"]) == (None, "1000")
