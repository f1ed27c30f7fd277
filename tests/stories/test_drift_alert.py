"""drift-alert: one feature drifts, and its alert opens, becomes critical and is resolved under one id."""

from tests.stories.stage import Stage

MONITORING = "/v1/systems/sys_abc123/monitoring"


def alert_of(stage: Stage):
    """Return the newest alert as monitoring tells it now."""
    return stage.get(MONITORING).data["alerts"][0]


def test_the_alert_that_was_open_is_resolved_by_the_first_reading():
    told = Stage("drift-alert").get(MONITORING).data
    assert [(each["id"], each["value"], each["resolved"]) for each in told["alerts"]] == [("alert_001", 0.23, True)]
    assert told["overall_health"] == "healthy"


def test_the_health_goes_from_healthy_to_critical_and_back():
    stage = Stage("drift-alert")
    health = []
    for _ in range(6):
        health.append(stage.get(MONITORING).data["overall_health"])
        stage.later("1d")
    assert health == ["healthy", "healthy", "warning", "critical", "critical", "healthy"]
    assert stage.transcript[:2] == [f"GET {MONITORING}: 200", "… 1d later"]


def test_the_alert_opens_to_the_second():
    stage = Stage("drift-alert")
    stage.later("41h32m18s")
    assert stage.get(MONITORING).data["overall_health"] == "healthy"
    stage.later("1s")
    alert = alert_of(stage)
    assert (alert["id"], alert["severity"], alert["threshold"], alert["value"]) == ("alert_002", "warning", 0.2, 0.2)
    assert alert["triggered_at"] == "2026-04-15T08:02:18Z"


def test_the_alert_that_becomes_critical_is_still_the_same_one():
    stage = Stage("drift-alert")
    stage.later("2d")
    before = alert_of(stage)
    stage.later("1d")
    assert alert_of(stage) == {**before, "severity": "critical", "threshold": 0.25, "value": 0.31}


def test_a_resolved_alert_is_listed_for_thirty_days_more():
    stage = Stage("drift-alert")
    stage.later("5d")
    assert alert_of(stage)["resolved"]
    stage.later("29d23h59m59s")
    assert alert_of(stage)["id"] == "alert_002"
    stage.later("1s")
    assert stage.get(MONITORING).data["alerts"] == []


def test_who_sleeps_for_five_days_finds_what_a_watcher_has_seen():
    watcher, sleeper = Stage("drift-alert"), Stage("drift-alert")
    for _ in range(10):
        watcher.later("12h")
        watcher.get(MONITORING)
    sleeper.later("5d")
    assert sleeper.get(MONITORING).data == watcher.get(MONITORING).data


def test_no_answer_is_marked_since_no_request_is_struck():
    stage = Stage("drift-alert")
    stage.later("2d")
    assert stage.get(MONITORING).fault is None


def test_it_plays_in_the_world_of_the_documents_too():
    stage = Stage("drift-alert", fixture="docs")
    stage.later("3d")
    assert alert_of(stage)["severity"] == "critical"
