"""The telemetry of the published client: accepted once, counted once, seen in monitoring."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import HOUR, MINUTE, iso, parse_instant
from tests.support import LOAN, NOW, Told, ask, said, told, world_of

PATH = "/v1/workspaces/ws_enterprise/systems/sys_abc123/monitoring/aggregates:ingest"
START = parse_instant("2026-04-10T08:00:00Z")


def window(minute, counts, **changes):
    """Return one window of latencies; `counts` maps a bucket to its calls."""
    row = [counts.get(each, 0) for each in range(16)]
    begin = START + minute * MINUTE
    return {
        "start": iso(begin).replace("Z", "+00:00"), "end": iso(begin + MINUTE).replace("Z", "+00:00"),
        "model": "gpt-test", "tag": None, "calls": sum(row),
        "histograms": {"latency_ms": {"counts": row, "sum": float(sum(row))}}, "categories": {}, **changes,
    }  # fmt: skip


def batch(number, *windows):
    return {
        "schema": "aikraft.llm.v1", "batch_id": f"00000000-0000-4000-8000-{number:012d}",
        "sdk": {"name": "aikraft-python", "version": "0.2.0"}, "windows": list(windows),
    }  # fmt: skip


BASELINE = batch(1, *(window(each, {5: 60, 6: 40}) for each in range(5)))
DRIFTED = batch(2, *(window(each, {5: 30, 6: 70}) for each in range(10, 12)))


def send(world, body, path=PATH, **options):
    return ask(world, "POST", path, body, **options)


def monitoring(world, at=NOW):
    return said(ask(world, "GET", "/v1/systems/sys_abc123/monitoring", at=at))["data"]


def test_a_batch_is_accepted_without_an_envelope():
    assert said(send(world_of(), BASELINE)) == {"accepted": 5, "duplicate": False}


@given(st.permutations(range(4)), st.integers(2, 4))
@settings(max_examples=25)
def test_a_repeated_batch_is_counted_once_whatever_it_holds(order, repeats):
    world = world_of()
    for number in list(order) * repeats:
        outcome = send(world, batch(number, window(number, {5: 100})))
        world = outcome.world
    telemetry = world.workspace.table("telemetry").get("sys_abc123")
    (series,) = telemetry["series"].values()
    assert len(series) == 4
    assert said(outcome) == {"accepted": 0, "duplicate": True}


def test_drift_raises_an_alert_that_health_follows():
    world = send(send(world_of(), BASELINE).world, DRIFTED).world
    seen = monitoring(world)
    alert = next(each for each in seen["alerts"] if each["type"] == "llm_drift")
    assert alert["feature"] == "gpt-test:latency_ms"
    assert alert["severity"] == "critical"
    assert alert["threshold"] == 0.25
    assert alert["value"] == 0.37  # (0.3-0.6) ln(0.3/0.6) + (0.7-0.4) ln(0.7/0.4) = 0.2079 + 0.1679 = 0.3758, cut
    assert seen["overall_health"] == "critical"
    assert seen["last_checked_at"] == iso(NOW)


def test_an_alert_keeps_the_moment_of_its_crossing_and_resolves_below_the_threshold():
    world = send(send(world_of(clock="real"), BASELINE).world, DRIFTED, at=NOW + HOUR).world
    calm = batch(3, *(window(each, {5: 6000, 6: 4000}) for each in range(20, 25)))
    before = monitoring(world, NOW + 2 * HOUR)["alerts"]
    world = send(world, calm, at=NOW + 3 * HOUR).world
    after = monitoring(world, NOW + 3 * HOUR)["alerts"]
    opened, resolved = (next(each for each in alerts if each["type"] == "llm_drift") for alerts in (before, after))
    assert opened["triggered_at"] == resolved["triggered_at"] == iso(NOW + HOUR)
    assert (opened["resolved"], resolved["resolved"]) == (False, True)
    assert opened["id"] == resolved["id"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.update(end=w["start"]), "windows[0].end: expected a time after start"),
        (lambda w: w.update(end="2026-04-10T10:00:01+00:00"), "windows[0].end: expected at most one hour after start"),
        (lambda w: w.update(calls=1), "windows[0].histograms.latency_ms.counts: expected a total of at most 1"),
        (lambda w: w.update(start="1500-01-01T00:00:00Z"), "windows[0].start: expected"),
        (lambda w: w.update(surprise=1), "windows[0]: expected only the declared fields"),
        (
            lambda w: w["histograms"]["latency_ms"]["counts"].pop(),
            "windows[0].histograms.latency_ms.counts: expected at least 16 items",
        ),
        (lambda w: w["categories"].update(status={"fine": 1}), "windows[0].categories.status"),
    ],
)
def test_a_batch_that_breaks_the_protocol_is_unprocessable_and_told_where(change, words):
    body = batch(9, copy.deepcopy(window(0, {5: 3})))
    change(body["windows"][0])
    outcome = send(world_of(), body)
    assert told(outcome) == Told(422, "unprocessable")
    assert words in said(outcome)["error"]["message"]
    assert outcome.world.workspace.table("batches").count() == 0


def test_the_workspace_of_the_path_has_to_be_the_keys():
    outcome = send(world_of(), BASELINE, PATH.replace("ws_enterprise", "ws_pro"))
    assert told(outcome) == Told(404, "not_found")


def test_a_read_key_may_not_send():
    key = "ak_test_enterprise_read_key"
    assert told(send(world_of(key), BASELINE, key=key)) == Told(403, "forbidden")


def test_an_unclassified_system_cannot_be_monitored():
    made = ask(world_of(), "POST", "/v1/systems", LOAN)
    outcome = send(made.world, BASELINE, PATH.replace("sys_abc123", said(made)["data"]["id"]))
    assert told(outcome) == Told(422, "unprocessable")
