"""drift-storm: inputs, concepts and predictions of many systems drift at once, and after six days all is calm again."""

from tests.stories.stage import Stage

SYSTEMS = ("sys_abc123", "sys_319edi", "sys_4xiz2s", "sys_c3yrer")


def monitoring(stage: Stage, system: str):
    return stage.get(f"/v1/systems/{system}/monitoring").data


def opened(stage: Stage, system: str):
    """Return type, feature and severity of the system's alerts that are open."""
    alerts = monitoring(stage, system)["alerts"]
    return sorted((each["type"], each["feature"] or "", each["severity"]) for each in alerts if not each["resolved"])


def test_three_features_of_one_system_are_critical_on_the_second_day():
    stage = Stage("drift-storm")
    stage.later("47h")
    features = [feature for kind, feature, severity in opened(stage, "sys_abc123") if severity == "critical"]
    assert features == ["education", "postcode", "years_of_experience"]


def test_concepts_and_predictions_drift_without_a_feature():
    stage = Stage("drift-storm")
    stage.later("35h")
    assert ("concept_drift", "", "critical") in opened(stage, "sys_319edi")
    assert ("prediction_drift", "", "critical") in opened(stage, "sys_4xiz2s")


def test_every_classified_system_has_an_alert_for_the_same_feature():
    stage = Stage("drift-storm")
    stage.later("2d")
    systems = [each["id"] for each in stage.get("/v1/systems?limit=100").data if each["risk_tier"]]
    assert len(systems) == 20
    for each in systems:
        assert ("data_drift", "region", "warning") in opened(stage, each)


def test_a_system_that_is_not_classified_is_left_in_peace():
    stage = Stage("drift-storm")
    stage.later("2d")
    assert monitoring(stage, "sys_zm2jcc")["alerts"] == []


def test_the_storm_is_over_on_the_sixth_day():
    stage = Stage("drift-storm")
    stage.later("6d")
    assert {monitoring(stage, each)["overall_health"] for each in ("sys_abc123", "sys_319edi", "sys_4xiz2s")} == {
        "healthy"
    }


def test_what_is_falling_is_resolved_before_that_and_never_comes_back():
    stage = Stage("drift-storm")
    stage.later("4d")
    [region] = [each for each in monitoring(stage, "sys_gipjyt")["alerts"] if each["feature"] == "region"]
    assert region["resolved"]
    stage.later("20d")
    assert [each["id"] for each in monitoring(stage, "sys_gipjyt")["alerts"]] == [region["id"]]


def test_who_polls_every_hour_and_who_looks_once_read_the_same():
    watcher, sleeper = Stage("drift-storm", quota="off"), Stage("drift-storm")
    for _ in range(60):
        watcher.later("1h")
        watcher.get("/v1/systems")
    sleeper.later("60h")
    for each in SYSTEMS:
        assert monitoring(sleeper, each) == monitoring(watcher, each)
