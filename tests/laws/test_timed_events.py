"""Laws of timed events: a metric that drifts, its end, incidents; whoever looks, and however often."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.core.clock import DAY, HOUR, SECOND
from sandbox.core.staging import begun, reader_of
from sandbox.core.world import World
from sandbox.faults.drift import Line
from tests.steering import Helm, helm, through_file
from tests.support import NOW, ask, said, world_of

KEY = "ak_test_enterprise_events"
WATCHED = "sys_319edi"
"""A system of the default fixture that is monitored and has no alert."""
DOCUMENTED = "sys_abc123"
OFF = "sys_h5q6qc"
"""One that is classified and not monitored."""
RAW = "sys_zm2jcc"
"""One that is not classified."""
NONE = "sys_000000"
SYSTEMS = (WATCHED, DOCUMENTED, "sys_n7h9c5", OFF, RAW, NONE, "all")
THRESHOLDS = (0.2, 0.25)

values = st.sampled_from((0, 0.05, 0.1999999, 0.2, 0.2000001, 0.22, 0.2499999, 0.25, 0.31, 10)) | st.floats(0, 10)
spans = st.sampled_from(("1ms", "1s", "7s", "1h30m", "1d", "3d"))
figures = st.fixed_dictionaries(
    {"system": st.sampled_from(SYSTEMS), "from": values, "to": values, "over": spans},
    optional={"metric": st.sampled_from(("PSI", "error_rate"))},
)
subjects = st.one_of(
    st.sampled_from([{"feature": each} for each in ("years_of_experience", "age")]),
    st.just({"features": ["years_of_experience", "age"], "type": "concept_drift"}),
    st.just({"type": "prediction_drift"}),
)
drifts = st.builds(lambda first, second: {"drift": first | second}, figures, subjects)
resolves = st.builds(
    lambda system, more: {"resolve": {"system": system, **more}},
    st.sampled_from(SYSTEMS),
    st.sampled_from([{}, {"feature": "age"}, {"type": "data_drift"}, {"feature": "age", "type": "concept_drift"}]),
)
incidents = st.builds(
    lambda system, count: {"incident": {"system": system, "count": count}}, st.sampled_from(SYSTEMS), st.integers(1, 3)
)
comings = st.builds(
    lambda at, again: {"at": at, **again},
    st.sampled_from(("0s", "1ms", "7s", "1h30m", "1d", "2d", "4d")),
    st.sampled_from([{}, {}, {}, {"every": "1d", "times": 3}, {"every": "1ms", "times": 2}]),
)
timelines = st.lists(
    st.builds(lambda coming, deed: coming | deed, comings, drifts | drifts | resolves | incidents),
    min_size=1,
    max_size=5,
)
instants = st.sampled_from((0, 1, 999, 1000, SECOND, 7 * SECOND, HOUR, DAY, 2 * DAY, 4 * DAY)) | st.integers(0, 8 * DAY)
Timeline = list[dict[str, Any]]


def document(timeline: Timeline) -> dict[str, Any]:
    return {"scenario": "timed", "api": "aikraft", "summary": "Timed events.", "timeline": timeline}


def playing(timeline: Timeline, **options: Any) -> World:
    """Return a world on a running clock in which the timeline has just begun."""
    world = world_of(KEY, "default", clock="real", quota="off", **options)
    scenario = reader_of(world.charter.api).scenario(document(timeline))
    return world._replace(play=begun(scenario, world.play, NOW))


def looked(world: World, after: int, system: str = DOCUMENTED) -> World:
    """Return the world after somebody has looked, so many microseconds after the timeline began."""
    return ask(world, "GET", f"/v1/systems/{system}/monitoring", key=KEY, at=NOW + after, fixture="default").world


def classified(world: World, after: int) -> World:
    """Return the world in which the system that had no class gets one."""
    return ask(world, "POST", f"/v1/systems/{RAW}/classification", key=KEY, at=NOW + after, fixture="default").world


def monitoring(world: World, after: int, system: str = WATCHED) -> dict[str, Any]:
    """Return what monitoring says of the system so many microseconds after the timeline began."""
    outcome = ask(world, "GET", f"/v1/systems/{system}/monitoring", key=KEY, at=NOW + after, fixture="default")
    data: dict[str, Any] = said(outcome)["data"]
    return data


def state(world: World) -> Any:
    """Return all that has become of the data, and of the scenario."""
    return world.charter.api.storage.dump(world.workspace), world.play.state, world.play.reached


def drift(**changes: Any) -> dict[str, Any]:
    """Return a drift from below the first threshold to above the second one within three days."""
    figures = {"system": WATCHED, "feature": "age", "from": 0.05, "to": 0.31, "over": "3d"}
    return {"at": "0s", "drift": figures | changes}


@settings(max_examples=150, deadline=None)
@given(timelines, st.lists(instants, max_size=6), instants)
@example([drift(), {"at": "2d", "resolve": {"system": WATCHED, "feature": "age"}}], [DAY, 2 * DAY - 1], 3 * DAY)
@example([drift(**{"from": 0.31, "to": 0.05})], [DAY], 2 * DAY)
@example([drift(), drift(over="7s"), drift(system="all", to=0.1, over="1h30m")], [HOUR, DAY], 2 * DAY)
def test_looking_more_often_changes_nothing(timeline: Timeline, looks: list[int], last: int) -> None:
    world = playing(timeline)
    watched = world
    for after in sorted(each for each in looks if each <= last):
        watched = looked(watched, after)
    assert state(looked(watched, last)) == state(looked(world, last))
    assert monitoring(watched, last) == monitoring(world, last)


@settings(max_examples=60, deadline=None)
@given(timelines, instants, st.lists(instants, max_size=6), instants)
@example([drift(system=RAW)], int(2.5 * DAY), [2 * DAY, int(2.6 * DAY)], int(2.7 * DAY))
def test_looking_more_often_changes_nothing_for_a_system_that_is_classified_in_between(
    timeline: Timeline, written: int, looks: list[int], last: int
) -> None:
    world = playing(timeline)
    watched = world
    for after in sorted({*looks, written}):
        if after == written:
            world, watched = classified(world, after), classified(watched, after)
        else:
            watched = looked(watched, after)
    end = max(last, written, *looks) if looks else max(last, written)
    assert state(looked(watched, end)) == state(looked(world, end))


@settings(max_examples=60, deadline=None)
@given(timelines, st.lists(st.sampled_from(("1ms", "1s", "59m", "1d")), max_size=6))
def test_on_a_frozen_clock_many_short_ways_lead_where_one_long_way_leads(timeline: Timeline, ways: list[str]) -> None:
    at = _staged(timeline)
    stepwise = at
    for way in ways:
        stepwise = stepwise.steered("POST", "/clock/advance", {"by": way}).ask("GET", "/v1/systems")[0]
        stepwise = stepwise.ask("GET", "/v1/systems")[0]
    direct = at
    for way in ways:
        direct = direct.steered("POST", "/clock/advance", {"by": way})
    assert state(stepwise.ask("GET", "/v1/systems")[0].world) == state(direct.ask("GET", "/v1/systems")[0].world)


def _staged(timeline: Timeline) -> Helm:
    return helm(KEY, "default", quota="off").steered("PUT", "/scenarios/active", {"scenario": document(timeline)})


@settings(max_examples=60, deadline=None)
@given(timelines, instants)
def test_whatever_has_happened_is_exported_and_read_back(timeline: Timeline, after: int) -> None:
    world = looked(playing(timeline), after)
    storage = world.charter.api.storage
    exported = through_file(storage.dump(world.workspace))
    at = Helm(helm(KEY, "default").home, helm(KEY, "default").timeline, NOW, KEY)
    whole = at.read("/state") | exported
    read = storage.load({key: each for key, each in whole.items() if key != "world"} | {"world": whole["world"]}, NOW)
    assert storage.dump(read.workspace) == exported


@settings(max_examples=60, deadline=None)
@given(timelines, st.lists(instants, max_size=3), instants)
def test_health_and_severity_agree_with_the_values_at_any_look(timeline: Timeline, looks: list[int], last: int) -> None:
    world = playing(timeline)
    for after in sorted({*looks, last}):
        told = monitoring(world, after)
        graded = {"warning": THRESHOLDS[0], "critical": THRESHOLDS[1]}
        for alert in told["alerts"]:
            assert alert["threshold"] == graded[alert["severity"]]
            assert (alert["value"] >= 0.25) == (alert["severity"] == "critical")
            assert alert["value"] >= 0.2
        worst = {each["severity"] for each in told["alerts"] if not each["resolved"]}
        expected = "critical" if "critical" in worst else "warning" if worst else "healthy"
        assert told["overall_health"] == expected
        world = looked(world, after)


@given(values, values, st.integers(1, 10**13), st.sampled_from(THRESHOLDS))
def test_a_crossing_is_the_first_microsecond_on_the_other_side(
    start: float, end: float, over: int, threshold: float
) -> None:
    line = Line(Fraction(repr(start)), Fraction(repr(end)), over)
    crossings = list(line.crossings((threshold,)))
    sides = [line.value(passed) >= threshold for passed in (0, over)]
    assert len(crossings) == (sides[0] != sides[1])
    for passed in crossings:
        assert 0 < passed <= over
        assert [line.value(each) >= threshold for each in (passed - 1, passed)] == sides


@given(values, values, st.integers(1, 10**13), st.lists(st.integers(0, 10**13), min_size=2))
def test_a_metric_moves_one_way_from_its_first_value_to_its_last_and_stays(
    start: float, end: float, over: int, passed: list[int]
) -> None:
    line = Line(Fraction(repr(start)), Fraction(repr(end)), over)
    way = [line.value(each) for each in sorted(passed)]
    assert all(each <= then if start <= end else each >= then for each, then in pairwise(way))
    assert line.value(over) == line.value(over + 1)
    assert abs(line.value(over) - end) < 1e-6
    assert abs(line.value(0) - start) < 1e-6


def test_an_alert_opens_at_the_very_microsecond() -> None:
    line = Line(Fraction("0.05"), Fraction("0.31"), 3 * DAY)
    warning, critical = line.crossings(THRESHOLDS)
    world = playing([drift()])
    assert monitoring(world, warning - 1)["alerts"] == []
    [alert] = monitoring(world, warning)["alerts"]
    assert (alert["severity"], alert["value"], alert["triggered_at"]) == ("warning", 0.2, "2026-04-15T08:02:18Z")
    assert monitoring(world, critical - 1)["overall_health"] == "warning"
    assert monitoring(world, critical)["overall_health"] == "critical"


def test_the_alert_that_nobody_watched_opened_when_it_opened() -> None:
    [alert] = monitoring(playing([drift()]), 20 * DAY)["alerts"]
    assert (alert["triggered_at"], alert["value"], alert["severity"]) == ("2026-04-15T08:02:18Z", 0.31, "critical")


def test_an_alert_resolves_at_the_microsecond_at_which_the_value_lies_below_the_line() -> None:
    falling = drift(**{"from": 0.31, "to": 0.05})
    [gone] = Line(Fraction("0.31"), Fraction("0.05"), 3 * DAY).crossings((0.2,))
    world = playing([falling])
    assert [each["resolved"] for each in monitoring(world, gone - 1)["alerts"]] == [False]
    [alert] = monitoring(world, gone)["alerts"]
    assert (alert["resolved"], alert["value"], alert["severity"]) == (True, 0.2, "warning")
    assert monitoring(world, gone)["overall_health"] == "healthy"


def test_a_first_reading_below_the_line_resolves_the_alert_that_was_open() -> None:
    world = playing([drift(system=DOCUMENTED, feature="years_of_experience")])
    assert [(each["id"], each["resolved"]) for each in monitoring(world, 0, DOCUMENTED)["alerts"]] == [
        ("alert_001", True)
    ]
    assert [each["id"] for each in monitoring(world, 2 * DAY, DOCUMENTED)["alerts"]] == ["alert_002", "alert_001"]


def test_resolving_ends_a_drift_that_still_rises() -> None:
    world = playing([drift(), {"at": "2d", "resolve": {"system": WATCHED, "feature": "age"}}])
    assert monitoring(world, 2 * DAY - 1)["overall_health"] == "warning"
    assert monitoring(world, 2 * DAY)["overall_health"] == "healthy"
    [alert] = monitoring(world, 9 * DAY)["alerts"]
    assert (alert["resolved"], alert["severity"]) == (True, "warning")


@pytest.mark.parametrize("more", [{"feature": "height"}, {"type": "concept_drift"}, {"system": DOCUMENTED}])
def test_resolving_something_else_leaves_a_drift_alone(more: dict[str, Any]) -> None:
    world = playing([drift(), {"at": "2d", "resolve": {"system": WATCHED, **more}}])
    assert monitoring(world, 3 * DAY)["overall_health"] == "critical"


def test_of_two_drifts_of_one_metric_the_one_that_began_last_decides() -> None:
    world = playing([drift(), {**drift(to=0.22, over="7s", **{"from": 0.22}), "at": "1d"}])
    assert [each["value"] for each in monitoring(world, 9 * DAY)["alerts"]] == [0.22]
    turned = playing([{**drift(to=0.22, over="7s", **{"from": 0.22}), "at": "1d"}, drift()])
    assert monitoring(turned, 9 * DAY)["alerts"] == monitoring(world, 9 * DAY)["alerts"]


def test_a_drift_of_one_system_stands_beside_the_drift_of_all() -> None:
    world = playing([drift(system="all"), {**drift(to=0.1), "at": "1s"}])
    assert monitoring(world, 9 * DAY, DOCUMENTED)["overall_health"] == "critical"
    assert monitoring(world, 9 * DAY, WATCHED)["overall_health"] == "healthy"


def test_several_features_drift_at_once_and_each_has_its_alert() -> None:
    figures = {name: each for name, each in drift()["drift"].items() if name != "feature"}
    world = playing([{"at": "0s", "drift": {**figures, "features": ["age", "height", "age"]}}])
    assert {(each["id"], each["feature"]) for each in monitoring(world, 3 * DAY)["alerts"]} == {
        ("alert_001", "age"),
        ("alert_002", "height"),
    }


def test_a_drift_of_the_whole_system_names_no_feature() -> None:
    world = playing([drift(type="prediction_drift", feature=None)])
    [alert] = monitoring(world, 3 * DAY)["alerts"]
    assert (alert["type"], alert["feature"]) == ("prediction_drift", None)


@pytest.mark.parametrize("system", [NONE, RAW])
@pytest.mark.parametrize("deed", [{"drift": drift()["drift"]}, {"incident": {}}, {"resolve": {}}])
def test_nothing_happens_to_a_system_that_is_not_there_or_not_classified(system: str, deed: dict[str, Any]) -> None:
    [(kind, given)] = deed.items()
    world = playing([{"at": "0s", kind: {**given, "system": system}}])
    assert looked(world, 3 * DAY).workspace == world.workspace


def test_time_that_a_fault_lets_pass_has_its_events_before_the_answer() -> None:
    slow = {"when": {"operation": "getMonitoring"}, "then": {"delay": {"fixed": "10m", "clock": "world"}}}
    written = document([{**drift(over="1s"), "at": "5m"}]) | {"rules": [slow]}
    at = helm(KEY, "default").steered("PUT", "/scenarios/active", {"scenario": written})
    _, answer = at.ask("GET", f"/v1/systems/{WATCHED}/monitoring")
    assert orjson.loads(answer.body)["data"]["overall_health"] == "critical"


def test_a_first_reading_switches_monitoring_on() -> None:
    world = playing([drift(system=OFF)])
    told = monitoring(world, SECOND, OFF)
    assert (told["monitoring_active"], told["last_checked_at"]) == (True, "2026-04-13T14:30:00Z")


def test_the_last_check_is_the_last_look_at_a_metric_that_moves_an_alert() -> None:
    world = playing([drift()])
    assert monitoring(world, DAY)["last_checked_at"] == "2026-04-13T14:30:00Z"
    assert monitoring(world, 2 * DAY)["last_checked_at"] == "2026-04-15T14:30:00Z"
    assert monitoring(world, 9 * DAY)["last_checked_at"] == "2026-04-16T14:30:00Z"


def test_an_incident_counts_for_thirty_days() -> None:
    world = playing([{"at": "1d", "incident": {"system": WATCHED, "count": 2}}])
    counted = [monitoring(world, after)["incident_count_30d"] for after in (DAY - 1, DAY, 31 * DAY - 1, 31 * DAY)]
    assert counted == [0, 2, 2, 0]


def test_incidents_may_come_again_and_again() -> None:
    world = playing([{"at": "1d", "every": "1d", "times": 3, "incident": {"system": WATCHED}}])
    assert [monitoring(world, day * DAY)["incident_count_30d"] for day in range(5)] == [0, 1, 2, 3, 3]


def test_an_incident_of_all_systems_is_one_of_each_that_is_classified() -> None:
    world = looked(playing([{"at": "0s", "incident": {"system": "all"}}]), 0)
    counts = {row["id"]: len(row["incidents"]) for row in world.workspace.table("systems").all()}
    assert {each for each, count in counts.items() if not count} == {RAW, "sys_cqqjyo", "sys_0qyqtf", "sys_6lx98s"}


REFUSED = {
    "no system": (drift(system=None), "timeline[0].drift.system", "sys_abc123"),
    "a system of another form": (drift(system="sys_1"), "timeline[0].drift.system", "sys_abc123"),
    "an unknown type": (drift(type="data_drfit"), "timeline[0].drift.type", "did you mean 'data_drift'"),
    "a value below 0": (drift(to=-0.1), "timeline[0].drift.to", "a number from 0 to 10, got -0.1"),
    "a value above 10": (drift(**{"from": 10.5}), "timeline[0].drift.from", "a number from 0 to 10, got 10.5"),
    "a value that is a text": (drift(to="0.3"), "timeline[0].drift.to", "a number, got '0.3'"),
    "no time at all": (drift(over="0s"), "timeline[0].drift.over", "a duration above 0"),
    "a time backwards": (drift(over="-3d"), "timeline[0].drift.over", "a duration"),
    "a feature of another form": (drift(feature="years of"), "timeline[0].drift.feature", "years_of_experience"),
    "a feature and several": (drift(features=["age"]), "timeline[0].drift.features", "feature or features"),
    "data that is of no feature": (drift(feature=None), "timeline[0].drift.feature", "since data drift is that of"),
    "no features": (drift(feature=None, features=[]), "timeline[0].drift.features", "a list of 1 or more"),
    "a metric of another form": (drift(metric="P S I"), "timeline[0].drift.metric", "such as PSI"),
    "an unknown figure": (drift(form=0.1), "timeline[0].drift.form", "did you mean 'from'"),
    "no incident": ({"at": "0s", "incident": {"system": "all", "count": 0}}, "timeline[0].incident.count", "1 to 10"),
    "an incident nowhere": ({"at": "0s", "incident": {}}, "timeline[0].incident.system", "the field is required"),
    "resolved nowhere": ({"at": "0s", "resolve": {"feature": "a"}}, "timeline[0].resolve.system", "required"),
    "resolved of no type": ({"at": "0s", "resolve": {"system": "all", "type": "llm_drift"}}, "timeline[0].resolve.type", "data_drift"),
    "an unknown event": ({"at": "0s", "drfit": {}}, "timeline[0].drfit", "did you mean 'drift'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.replace(" ", "-"))
def test_an_event_that_cannot_work_is_refused_with_its_place(case: str) -> None:
    event, path, words = REFUSED[case]
    _, answer = helm(KEY, "default").steer("PUT", "/scenarios/active", {"scenario": document([event])})
    assert answer.status == 422
    message = through_file(answer.body.decode())
    assert f'"path":"{path}"' in message
    assert words in message
