"""Drift as a number (PSI), and the life of the alert that it raises.

An alert opens when a reading reaches 0.2, is critical from 0.25 on, and resolves below 0.2. It keeps its id, and the
moment when it opened, for as long as it lives; what crosses the line again after that is a new alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, fsum, log
from typing import Literal

from sandbox.core.clock import DAY

Severity = Literal["warning", "critical"]
Health = Literal["healthy", "warning", "critical"]

WARNING_AT = 0.2
CRITICAL_AT = 0.25
SMALLEST_SHARE = 1e-4
MEMORY = 30 * DAY


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric reads now, of a feature or (None) of the whole; `value` is None while too little is known."""

    type: str
    feature: str | None
    metric: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; instants are microseconds since 1970, `value` is exact and `shown` is how an answer writes it.

    `metric`, `value`, `threshold` and `feature` are None for what is not measured.
    """

    id: str
    type: str
    severity: Severity
    metric: str | None
    value: float | None
    threshold: float | None
    feature: str | None
    triggered_at: int
    resolved: bool = False
    resolved_at: int | None = None


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Return the population stability index of two distributions of counts, each with at least one observation."""
    pairs = zip(_shares(expected), _shares(actual), strict=True)
    # (a - e) * ln(a / e), written so that swapping the two changes no bit and rounding makes no term negative.
    return fsum((max(pair) - min(pair)) * log(max(pair) / min(pair)) for pair in pairs)


def _shares(counts: Sequence[int]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(max(count / total, SMALLEST_SHARE) for count in counts)


def shown(value: float) -> float:
    """Return the value cut to two decimals: never rounded up over a threshold that it has not reached."""
    # repr, because 0.29 as a binary fraction lies a little under 0.29 and would be cut to 0.28.
    return floor(Fraction(repr(value)) * 100) / 100


def grade(value: float) -> tuple[Severity, float] | None:
    """Return the severity and the threshold crossed, or None below both."""
    if value >= CRITICAL_AT:
        return "critical", CRITICAL_AT
    if value >= WARNING_AT:
        return "warning", WARNING_AT
    return None


def follow(alerts: tuple[Alert, ...], reading: Reading, now: int, ordinal: int) -> tuple[tuple[Alert, ...], int]:
    """Return the alerts after a reading, and the next ordinal: one higher if an alert took this one as its id."""
    if reading.value is None:
        return alerts, ordinal
    place = _place_of_open(alerts, reading)
    if place is not None:
        return (*alerts[:place], _moved(alerts[place], reading.value, now), *alerts[place + 1 :]), ordinal
    graded = grade(reading.value)
    if graded is None:
        return alerts, ordinal
    return (*alerts, _opened(reading, *graded, now, ordinal)), ordinal + 1


def _place_of_open(alerts: tuple[Alert, ...], reading: Reading) -> int | None:
    wanted = (reading.type, reading.feature, reading.metric)
    for place, one in enumerate(alerts):
        # Most alerts of a long life are resolved.
        if not one.resolved and (one.type, one.feature, one.metric) == wanted:
            return place
    return None


def _opened(reading: Reading, severity: Severity, threshold: float, now: int, ordinal: int) -> Alert:
    return Alert(
        id=f"alert_{ordinal:03d}",
        type=reading.type,
        severity=severity,
        metric=reading.metric,
        value=reading.value,
        threshold=threshold,
        feature=reading.feature,
        triggered_at=now,
    )


def _moved(alert: Alert, value: float, now: int) -> Alert:
    graded = grade(value)
    if graded is None:
        return replace(alert, resolved=True, resolved_at=now)
    severity, threshold = graded
    return replace(alert, value=value, severity=severity, threshold=threshold)


def overall_health(alerts: Iterable[Alert]) -> Health:
    """Return the highest severity among unresolved alerts, `healthy` without any."""
    severities = {alert.severity for alert in alerts if not alert.resolved}
    if "critical" in severities:
        return "critical"
    return "warning" if severities else "healthy"


def recent_alerts(alerts: Iterable[Alert], now: int) -> tuple[Alert, ...]:
    """Return all unresolved alerts and those resolved in the last 30 days, newest first."""
    return tuple(sorted((alert for alert in alerts if _is_recent(alert, now)), key=_age, reverse=True))


def _is_recent(alert: Alert, now: int) -> bool:
    return not alert.resolved or (alert.resolved_at is not None and alert.resolved_at > now - MEMORY)


def _age(alert: Alert) -> tuple[int, int, str]:
    # The length before the text, so that alert_1000 comes after alert_999.
    return alert.triggered_at, len(alert.id), alert.id
