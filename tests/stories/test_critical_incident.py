"""critical-incident: predictions are critical, incidents come, and each of them counts for thirty days."""

from tests.stories.stage import Stage

MONITORING = "/v1/systems/sys_abc123/monitoring"


def counted(stage: Stage):
    return stage.get(MONITORING).data["incident_count_30d"]


def test_within_an_hour_and_ten_minutes_the_system_is_critical_and_has_three_incidents():
    stage = Stage("critical-incident")
    stage.later("59m")
    calm = stage.get(MONITORING).data
    stage.later("11m")
    told = stage.get(MONITORING).data
    assert (calm["overall_health"], calm["incident_count_30d"]) == ("warning", 0)
    assert (told["overall_health"], told["incident_count_30d"]) == ("critical", 3)
    assert stage.transcript == [
        "… 59m later",
        f"GET {MONITORING}: 200",
        "… 11m later",
        f"GET {MONITORING}: 200",
    ]


def test_the_alert_is_of_the_predictions_and_names_no_feature():
    stage = Stage("critical-incident")
    stage.later("2h")
    alert = stage.get(MONITORING).data["alerts"][0]
    assert (alert["type"], alert["feature"], alert["value"]) == ("prediction_drift", None, 0.5)


def test_a_fourth_incident_comes_the_next_day():
    stage = Stage("critical-incident")
    stage.later("23h59m59s")
    before = counted(stage)
    stage.later("1s")
    assert (before, counted(stage)) == (3, 4)


def test_resolving_the_drift_takes_no_incident_back():
    stage = Stage("critical-incident")
    stage.later("2d")
    told = stage.get(MONITORING).data
    assert (told["overall_health"], told["incident_count_30d"]) == ("healthy", 4)


def test_an_incident_counts_for_thirty_days_to_the_second():
    stage = Stage("critical-incident")
    stage.later("30d70m")
    first_three_gone = counted(stage)
    stage.later("22h49m59s")
    still_there = counted(stage)
    stage.later("1s")
    assert (first_three_gone, still_there, counted(stage)) == (1, 1, 0)
