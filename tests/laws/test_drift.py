"""Laws of PSI, and of the life of an alert."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isclose, log, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.aikraft.drift import (
    Alert,
    Reading,
    Severity,
    follow,
    grade,
    overall_health,
    psi,
    recent_alerts,
    shown,
)
from sandbox.core.clock import DAY

Alerts = tuple[Alert, ...]

LARGE = 2**53 + 1
KEYS = (("llm_drift", "m:status", "PSI"), ("llm_drift", "m#t:status", "PSI"), ("data_drift", "m:status", "PSI"))
EDGES = (0.0, nextafter(0.2, 0), 0.2, nextafter(0.25, 0), 0.25)

counts = st.lists(st.integers(0, LARGE), min_size=2, max_size=22).filter(any)
pairs = st.integers(2, 22).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, LARGE), min_size=n, max_size=n).filter(any)] * 2)
)
values = st.one_of(st.sampled_from(EDGES), st.floats(0, 20))
steps = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | values), max_size=30)
Steps = list[tuple[tuple[str, str, str], float | None]]


def told(steps: Steps) -> list[Alerts]:
    """Return the alerts before the first step and after each, a second apart."""
    alerts: Alerts = ()
    ordinal, moments = 1, [alerts]
    for now, (key, value) in enumerate(steps):
        alerts, ordinal = follow(alerts, Reading(*key, value), now, ordinal)
        moments.append(alerts)
    return moments


def key_of(alert: Alert) -> tuple[str, str | None, str | None]:
    return alert.type, alert.feature, alert.metric


def alert(number: int, severity: Severity = "warning", triggered_at: int = 0, resolved_at: int | None = None) -> Alert:
    return Alert(
        id=f"alert_{number:03d}",
        type="data_drift",
        severity=severity,
        metric="PSI",
        value=0.23,
        threshold=0.2,
        feature="years_of_experience",
        triggered_at=triggered_at,
        resolved=resolved_at is not None,
        resolved_at=resolved_at,
    )


def test_psi_of_halves_against_quarters_is_a_quarter_of_ln_3() -> None:
    # By hand: shares 1/2, 1/2 and 3/4, 1/4.
    # (3/4 - 1/2) ln(3/2) + (1/4 - 1/2) ln(1/2) = 1/4 ln(3/2) + 1/4 ln 2 = 1/4 ln 3 = 0.27465...
    assert isclose(psi((50, 50), (75, 25)), 0.27465307216702745, rel_tol=1e-15)


def test_psi_gives_an_empty_bucket_a_share_of_a_ten_thousandth() -> None:
    # By hand: shares 1, 0 -> 1, 0.0001 and 9/10, 1/10.
    # (1 - 0.9) ln(1 / 0.9) + (0.1 - 0.0001) ln(0.1 / 0.0001) = 0.1 ln(10/9) + 0.0999 ln 1000 = 0.70062...
    assert isclose(psi((500, 0), (90, 10)), 0.1 * log(10 / 9) + 0.0999 * log(1000), rel_tol=1e-12)


@given(pairs)
def test_psi_is_never_negative_and_the_same_both_ways(pair: tuple[list[int], list[int]]) -> None:
    assert psi(*pair) >= 0
    assert psi(*pair) == psi(*reversed(pair))


@given(counts, st.integers(1, LARGE))
def test_psi_of_equal_shares_is_zero(counts: list[int], factor: int) -> None:
    assert psi(counts, [count * factor for count in counts]) == 0


@given(pairs, st.integers(1, LARGE))
def test_psi_does_not_change_when_all_counts_of_one_side_grow_alike(
    pair: tuple[list[int], list[int]], factor: int
) -> None:
    expected, actual = pair
    assert psi(expected, [count * factor for count in actual]) == psi(expected, actual)


@given(values)
def test_the_shown_value_reaches_a_threshold_exactly_when_the_exact_one_does(value: float) -> None:
    assert grade(shown(value)) == grade(value)
    assert shown(value) <= value < shown(value) + 0.010001


@pytest.mark.parametrize("hundredths", range(101))
def test_a_value_of_two_decimals_is_shown_as_it_is(hundredths: int) -> None:
    assert shown(hundredths / 100) == hundredths / 100


@given(steps)
def test_at_most_one_alert_is_open_for_a_type_feature_and_metric(steps: Steps) -> None:
    for alerts in told(steps):
        open_keys = [key_of(one) for one in alerts if not one.resolved]
        assert len(open_keys) == len(set(open_keys))


@given(steps)
def test_an_alert_is_open_exactly_while_the_last_reading_of_its_key_reaches_a_threshold(steps: Steps) -> None:
    last = {key: value for key, value in steps if value is not None}
    reached = {key: value for key, value in last.items() if value >= 0.2}
    assert {key_of(one): one.value for one in told(steps)[-1] if not one.resolved} == reached


@given(steps)
def test_severity_and_threshold_agree_with_the_value(steps: Steps) -> None:
    for one in told(steps)[-1]:
        assert one.value is not None
        critical = one.value >= 0.25
        assert one.value >= 0.2
        assert (one.severity, one.threshold) == (("critical", 0.25) if critical else ("warning", 0.2))


@given(steps)
def test_an_alert_keeps_its_name_and_birth_and_never_vanishes(steps: Steps) -> None:
    for before, after in pairwise(told(steps)):
        lasting = [(one.id, key_of(one), one.triggered_at) for one in before]
        assert [(one.id, key_of(one), one.triggered_at) for one in after][: len(before)] == lasting


@given(steps)
def test_a_resolved_alert_never_changes(steps: Steps) -> None:
    for before, after in pairwise(told(steps)):
        assert [one for one in before if one.resolved] == [
            new for old, new in zip(before, after, strict=False) if old.resolved
        ]


@given(steps)
def test_ids_never_repeat_and_every_ordinal_is_used(steps: Steps) -> None:
    final = told(steps)[-1]
    assert [one.id for one in final] == [f"alert_{n:03d}" for n in range(1, len(final) + 1)]


@given(steps)
def test_a_reading_touches_no_alert_of_another_key(steps: Steps) -> None:
    moments = told(steps)
    for (key, _), before, after in zip(steps, moments[:-1], moments[1:], strict=True):
        others = [[one for one in alerts if key_of(one) != key] for alerts in (before, after)]
        assert others[0] == others[1]


@given(steps)
def test_triggered_and_resolved_are_the_moments_of_crossing(steps: Steps) -> None:
    moments = told(steps)
    for now, (before, after) in enumerate(pairwise(moments)):
        born = after[len(before) :]
        closed = [new for old, new in zip(before, after, strict=False) if new.resolved and not old.resolved]
        assert all(one.triggered_at == now for one in born)
        assert all(one.resolved_at == now for one in closed)


@given(steps)
def test_resolved_has_an_instant_exactly_when_it_is_true(steps: Steps) -> None:
    assert all(one.resolved == (one.resolved_at is not None) for one in told(steps)[-1])


@given(steps, st.sampled_from(KEYS))
def test_a_reading_without_a_value_changes_nothing(steps: Steps, key: tuple[str, str, str]) -> None:
    alerts = told(steps)[-1]
    assert follow(alerts, Reading(*key, None), 99, 7) == (alerts, 7)


def test_an_alert_rises_falls_and_resolves_under_one_id_and_returns_under_another() -> None:
    story: Steps = [(KEYS[0], value) for value in (0.23, 0.31, 0.24, 0.19, 0.3)]
    seen = [[(a.id, a.severity, a.threshold, a.value, a.resolved_at) for a in alerts] for alerts in told(story)[1:]]
    first = ("alert_001", "warning", 0.2, 0.24, 3)
    assert seen == [
        [("alert_001", "warning", 0.2, 0.23, None)],
        [("alert_001", "critical", 0.25, 0.31, None)],
        [("alert_001", "warning", 0.2, 0.24, None)],
        [first],
        [first, ("alert_002", "critical", 0.25, 0.3, None)],
    ]


@given(steps)
def test_health_is_the_highest_severity_among_unresolved_alerts(steps: Steps) -> None:
    for alerts in told(steps):
        worst = max((one.value or 0 for one in alerts if not one.resolved), default=0)
        expected = "critical" if worst >= 0.25 else "warning" if worst >= 0.2 else "healthy"
        assert overall_health(alerts) == expected


def test_a_resolved_critical_alert_does_not_hurt_health() -> None:
    assert overall_health([alert(1, "critical", resolved_at=5), alert(2)]) == "warning"


@given(steps, st.integers(0, 40 * DAY))
def test_every_unresolved_alert_is_recent_however_old(steps: Steps, later: int) -> None:
    alerts = told(steps)[-1]
    recent = recent_alerts(alerts, later)
    assert {one for one in alerts if not one.resolved} <= set(recent) <= set(alerts)


def test_a_resolved_alert_is_recent_for_thirty_days() -> None:
    gone = alert(1, resolved_at=1000)
    assert recent_alerts([gone], 1000 + 30 * DAY - 1) == (gone,)
    assert recent_alerts([gone], 1000 + 30 * DAY) == ()


def test_recent_alerts_stand_newest_first_and_by_falling_id_at_the_same_instant() -> None:
    alerts = [
        alert(999, triggered_at=7),
        alert(2, triggered_at=3),
        alert(1000, triggered_at=7),
        alert(3, triggered_at=9),
    ]
    assert [one.id for one in recent_alerts(alerts, 9)] == ["alert_003", "alert_1000", "alert_999", "alert_002"]


def test_an_alert_that_is_not_measured_counts_for_health_and_matches_no_reading() -> None:
    stale = Alert("alert_001", "documentation_stale", "warning", None, None, None, None, triggered_at=0)
    alerts, ordinal = follow((stale,), Reading("llm_drift", "m:status", "PSI", 0.1), 1, 2)
    assert (alerts, ordinal, overall_health(alerts)) == ((stale,), 2, "warning")


def test_a_value_just_under_a_threshold_opens_nothing() -> None:
    assert nextafter(0.2, -inf) < 0.2
    assert told([(KEYS[0], nextafter(0.2, -inf))])[-1] == ()
