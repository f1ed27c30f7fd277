"""GET /systems/{id}/monitoring: alerts, health, incidents, freshness. All of it is computed from state and clock."""

from __future__ import annotations

from typing import Any

from sandbox.apis.aikraft.drift import Alert, overall_health, recent_alerts, shown
from sandbox.apis.aikraft.systems import complete_sections, find_system, score
from sandbox.core.api import Answer, Call, Handler
from sandbox.core.clock import DAY, iso
from sandbox.core.frozen import Frozen

INCIDENT_MEMORY = 30 * DAY


def days_since_review(system: Frozen, now: int) -> int | None:
    """Return the whole days since the current classification or the last review, whichever is later."""
    instants = [system["reviewed_at"]] if system["reviewed_at"] is not None else []
    instants += [each["classified_at"] for each in system["classifications"][-1:]]
    return max(0, now - max(instants)) // DAY if instants else None


def incidents_of_30_days(system: Frozen, now: int) -> int:
    """Return how many incidents the last 30 days have seen."""
    return sum(now - INCIDENT_MEMORY < each <= now for each in system["incidents"])


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "type": alert.type,
        "severity": alert.severity,
        "metric": alert.metric,
        "value": None if alert.value is None else shown(alert.value),
        "threshold": alert.threshold,
        "feature": alert.feature,
        "triggered_at": iso(alert.triggered_at),
        "resolved": alert.resolved,
    }


def _get(call: Call, system: Frozen) -> Answer:
    now = call.now
    data = {
        "system_id": system["id"],
        "monitoring_active": system["active"],
        "last_checked_at": None if system["checked_at"] is None else iso(system["checked_at"]),
        "overall_health": overall_health(system["alerts"]),
        "alerts": [_alert(each) for each in recent_alerts(system["alerts"], now)],
        "incident_count_30d": incidents_of_30_days(system, now),
        "documentation_score": score(complete_sections(system, now)[0]),
        "days_since_last_review": days_since_review(system, now),
    }
    return Answer(data)


GET = Handler(find_system, _get)
