"""Time is steered: advancing adds up, nothing but going back takes it back, and every figure agrees with the clock."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.core.clock import DAY, MINUTE, SECOND, iso, parse_instant
from tests.steering import acts, did, entries_of, helm, seen, went
from tests.support import LOAN, NOW

MODES = (
    {"mode": "real"},
    {"mode": "offset"},
    {"mode": "frozen"},
    *({"mode": "scaled", "rate": rate} for rate in (0.001, 0.4, 1, 60, 5000)),
)
modes = st.sampled_from(MODES)
spans = st.integers(0, 400 * DAY // 1000).map(lambda each: each * 1000)
pauses = st.integers(0, 3 * DAY)
WENT_BACK = ("restore", "rewind", "reset", "state", "fixture", "capsule")


def milliseconds(span):
    return f"{span // 1000}ms"


def advanced(at, span):
    return at.steered("POST", "/clock/advance", {"by": milliseconds(span)})


def running(mode, **given):
    return helm(clock="real", **given).steered("PUT", "/clock", mode)


def shown(at):
    return parse_instant(at.read("/clock")["now"])


@settings(deadline=None)
@given(modes, spans, spans, pauses, pauses, st.lists(acts, max_size=3))
def test_advancing_twice_is_advancing_by_the_sum_now_and_at_any_later_instant(
    mode, first, second, between, after, story
):
    at, _ = went(running(mode).later(77), story)
    apart = advanced(advanced(at, first).later(between), second).later(after)
    at_once = advanced(at.later(between), first + second).later(after)
    before = advanced(at, first + second).later(between + after)
    assert shown(apart) == shown(at_once) == shown(before)
    assert seen(apart) == seen(at_once) == seen(before)
    assert (
        apart.ask("GET", "/v1/systems")[1]
        == at_once.ask("GET", "/v1/systems")[1]
        == before.ask("GET", "/v1/systems")[1]
    )


@settings(deadline=None)
@given(modes, spans, pauses)
def test_advancing_moves_the_clock_by_the_span_and_keeps_its_pace(mode, span, pause):
    at = running(mode).later(pause)
    assert shown(advanced(at, span)) == shown(at) + span
    assert shown(advanced(at, span).later(pause)) - shown(at.later(pause)) == span


@settings(deadline=None)
@given(modes, spans, pauses, pauses)
def test_advancing_moves_the_clock_by_the_span_even_if_the_one_outside_went_back(mode, span, pause, back):
    at = running(mode).later(pause).ask("GET", "/v1/systems")[0].later(-back)
    assert shown(advanced(at, span)) == shown(at) + span
    assert shown(advanced(advanced(at, span), span)) == shown(advanced(at, 2 * span))


@settings(deadline=None)
@given(modes, modes, pauses)
def test_a_clock_that_changes_its_pace_shows_the_same_instant_unless_it_becomes_real(first, second, pause):
    at = running(first).later(pause)
    after, response = at.steer("PUT", "/clock", second)
    if second["mode"] == "real":
        assert (response.status == 409) == (shown(at) > at.wall)
        assert response.status == 409 or shown(after) == at.wall
    else:
        assert shown(after) == shown(at)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(acts, st.integers(-DAY, DAY)), max_size=12))
def test_time_goes_back_by_going_back_alone_even_if_the_clock_outside_does(story):
    at = helm(clock="real", limit=(6, 8)).later(30 * DAY)
    for act, pause in story:
        now = shown(at)
        told = entries_of(at.timeline)[-1:]
        after, _ = did(at, act)
        entered = entries_of(after.timeline)[-1:]
        if act[0] not in WENT_BACK and entered != told and entered:
            assert entered[0].at >= now
        if act[0] not in WENT_BACK:
            assert shown(after) >= now
        at = after.later(pause)
        assert act[0] in WENT_BACK or shown(at) >= (entered[0].at if entered else 0)


# Every figure agrees with the clock.


@settings(deadline=None, max_examples=80)
@given(st.lists(acts, max_size=12))
def test_every_answer_tells_the_time_of_the_worlds_clock(story):
    at = helm(clock="real", limit=(6, 8))
    for act in story:
        before, (at, response) = at, did(at, act)
        if act[0] in ("wait", *WENT_BACK) or response.header("date") is None:
            continue
        entry = entries_of(at.timeline)[-1]
        assert parsedate_to_datetime(response.header("date")) == datetime.fromtimestamp(entry.at // SECOND, UTC)
        assert entry.at == at.world.latest >= shown(before)
        # A fault may let time pass after the request was worked on.
        assert shown(at) == entry.at or (shown(at) > entry.at and entry.marks.fault)
        assert 0 <= int(response.header("x-ratelimit-reset")) - entry.at // SECOND <= 121
        if response.status == 201 and act[0] == "create":
            assert orjson.loads(response.body)["data"]["created_at"] == iso(entry.at)


@settings(deadline=None)
@given(spans, st.sampled_from(["frozen", "offset"]))
def test_a_job_ripens_with_the_clock(span, mode):
    at, made = running({"mode": mode}).ask("POST", "/v1/systems/sys_abc123/documents", {"sections": "all"})
    job = orjson.loads(made.body)["data"]
    _, polled = advanced(at, span).ask("GET", f"/v1/jobs/{job['job_id']}")
    expected = (
        "queued" if span < 5 * SECOND else "in_progress" if span < job["estimated_seconds"] * SECOND else "completed"
    )
    assert orjson.loads(polled.body)["data"]["status"] == expected


@settings(deadline=None)
@given(st.integers(0, 70 * DAY // 1000).map(lambda each: each * 1000))
def test_incidents_leave_the_thirty_days_and_days_since_a_review_grow(span):
    fixture = {
        "fixture": "incidents", "api": "aikraft", "summary": "Incidents of known age.", "workspaces": [{"id": "ws_pro", "plan": "pro"}], "keys": [],
        "systems": [{"id": "sys_load01", **LOAN, "created": "-60d", "classified": [{"at": "-40d"}], "checked": "-1h", "incidents": ["-29d", "-10d", "-1h"]}],
    }  # fmt: skip
    at = advanced(running({"mode": "frozen"}).steered("PUT", "/state", fixture), span)
    data = orjson.loads(at.ask("GET", "/v1/systems/sys_load01/monitoring")[1].body)["data"]
    ages = [29 * DAY + span, 10 * DAY + span, DAY // 24 + span]
    assert data["incident_count_30d"] == sum(each <= 30 * DAY for each in ages)
    assert data["days_since_last_review"] == (40 * DAY + span) // DAY


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 5 * MINUTE // 1000).map(lambda each: each * 1000))
def test_the_quota_refills_with_the_clock(rate, more, span):
    at = helm(limit=(rate, rate + more))
    for _ in range(rate + more):
        at, response = at.ask("GET", "/v1/systems")
        assert response.status == 200
    assert at.ask("GET", "/v1/systems")[1].status == 429
    at, served = advanced(at, span), 0
    while at.ask("GET", "/v1/systems")[1].status == 200:
        at, _ = at.ask("GET", "/v1/systems")
        served += 1
    assert served == min(rate + more, rate * span // MINUTE)


@settings(deadline=None)
@given(st.integers(1, 10_000), st.integers(0, 20_000))
def test_a_key_expires_with_the_clock(life, span):
    at = helm().steered("POST", "/keys", {"expires_in": f"{life}ms"})
    key, _ = at.minted[0]
    _, response = advanced(at, span * 1000).ask("GET", "/v1/systems", None, key)
    assert response.status == (200 if span < life else 401)


GETS = (
    "/v1/systems",
    "/v1/systems/sys_abc123/monitoring",
    "/v1/systems/sys_abc123/classification",
    "/v1/jobs/job_xyz789",
)


@settings(deadline=None, max_examples=60)
@given(st.lists(acts, max_size=8), spans, st.lists(spans, max_size=4), st.sampled_from(GETS))
def test_settling_is_lazy_so_advancing_then_reading_is_reading_at_that_instant(story, span, stops, target):
    at, _ = went(helm(clock="real", limit=(6, 8)), story)
    at = at.steered("PUT", "/clock", {"mode": "offset"})
    at_once = advanced(at, span).ask("GET", target)[1]
    waited = at.later(span).ask("GET", target)[1]
    by_steps, left = at, span
    for stop in stops:
        by_steps, left = advanced(by_steps, min(stop, left)), max(0, left - stop)
    assert at_once == waited == advanced(by_steps, left).ask("GET", target)[1]
    frozen = at.steered("PUT", "/clock", {"mode": "frozen"})
    assert advanced(frozen, span).ask("GET", target)[1].body == at_once.body


# The client that comes back.


def emptied(at):
    """Return the helm whose client has just been told to wait, and for how many seconds."""
    while True:
        at, response = at.ask("GET", "/v1/systems")
        if response.status == 429:
            return at, int(response.header("retry-after"))


def back_soon(mode, auto, rate, share):
    """Return the helm of a client that comes back before its time, and the instant at which it should have."""
    given = {**mode, "auto_advance": auto}
    at, wait = emptied(running(given, limit=(rate, rate)))
    early = at.later(int(wait * SECOND * share))
    return early, at.world.due, wait


shares = st.fractions(0, Fraction(999, 1000))
rates = st.integers(1, 40)


@settings(deadline=None)
@given(modes, rates, shares)
def test_with_auto_advance_whoever_comes_back_too_early_is_served_at_the_time_it_should_have_waited_for(
    mode, rate, share
):
    early, due, _ = back_soon(mode, True, rate, share)
    assume(early.world.now(early.wall) < due)
    after, response = early.ask("GET", "/v1/systems")
    (entry,) = entries_of(after.timeline)[-1:]
    assert (response.status, entry.marks.early_retry, entry.at) == (200, True, due)
    assert shown(after) == due
    assert after.read("/requests?limit=1")["requests"][0]["marks"] == ["early_retry"]


@settings(deadline=None)
@given(modes, rates, shares)
def test_without_auto_advance_whoever_comes_back_too_early_is_told_so_and_the_429_stays_while_the_quota_is_empty(
    mode, rate, share
):
    early, due, _ = back_soon(mode, False, rate, share)
    now = early.world.now(early.wall)
    assume(now < due)
    bucket = early.world.buckets[""]
    token = bucket.units + rate * (now - bucket.at) >= 60 * SECOND
    after, response = early.ask("GET", "/v1/systems")
    (entry,) = entries_of(after.timeline)[-1:]
    assert (response.status, entry.marks.early_retry, entry.at) == (200 if token else 429, True, now)
    if token:
        assert after.world.due == due
    else:
        told = after.world.charter.clock.inside(int(response.header("retry-after")))
        assert after.world.due == now + told


@settings(deadline=None)
@given(modes, st.booleans(), rates)
def test_whoever_waits_for_retry_after_is_served_and_was_not_early(mode, auto, rate):
    at, wait = emptied(running({**mode, "auto_advance": auto}, limit=(rate, rate)))
    later = advanced(at, wait * SECOND) if mode["mode"] == "frozen" else at.later(wait * SECOND)
    after, response = later.ask("GET", "/v1/systems")
    assert response.status == 200
    assert not entries_of(after.timeline)[-1].marks.early_retry


@settings(deadline=None)
@given(st.fractions(Fraction(1, 1000), 1_000_000, max_denominator=1000), rates)
def test_on_a_scaled_clock_retry_after_is_too_long_by_less_than_a_second_here_and_one_outside(pace, rate):
    at, wait = emptied(running({"mode": "scaled", "rate": float(pace)}, limit=(rate, rate)))
    pace = at.world.charter.clock.rate
    missing = Fraction(60 * SECOND - at.world.buckets[""].units, rate)  # inside
    assert wait * SECOND >= missing / pace
    assert wait == 1 or wait * SECOND < (missing + SECOND) / pace + SECOND


@pytest.mark.parametrize("by", ["-1s", "1 day", "", "PT", "99999999999d"])
def test_what_is_no_step_forward_is_refused_and_moves_nothing(by):
    at = helm(clock="real")
    after, response = at.steer("POST", "/clock/advance", {"by": by})
    assert response.status == 422
    assert after.timeline is at.timeline


def test_a_clock_that_was_told_to_go_back_stays_where_it_is():
    at = helm(clock="real").later(DAY)
    at, _ = at.ask("GET", "/v1/systems")
    after, response = at.steer("PUT", "/clock", {"mode": "frozen", "now": iso(NOW)})
    assert (response.status, after.timeline is at.timeline) == (409, True)
