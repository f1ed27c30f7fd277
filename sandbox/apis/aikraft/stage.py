"""What a script may do to Aikraft's data besides what requests do: let metrics drift, add incidents, bend jobs.

A system that is not classified cannot be monitored, and nothing happens to it. The first reading or incident of a
system that is classified switches its monitoring on, as telemetry does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sandbox.apis.aikraft.drift import CRITICAL_AT, WARNING_AT, Alert, Reading, follow, grade
from sandbox.apis.aikraft.instants import LAST
from sandbox.apis.aikraft.systems import cursor_at
from sandbox.core.api import Call, Drift, Stage
from sandbox.core.clock import SECOND
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Workspace

DRIFTS = ("data_drift", "concept_drift", "prediction_drift")
"""What a script can let drift; the other alerts belong to telemetry and to the data."""


def _watched(workspace: Workspace) -> Iterator[str]:
    """Yield the ids of the systems that can be monitored."""
    return (row["id"] for row in workspace.table("systems").all() if row["classifications"])


def _system(workspace: Workspace, ident: str) -> Frozen | None:
    """Return the system of this id if it can be monitored, or None."""
    row = workspace.table("systems").get(ident)
    return row if row is not None and row["classifications"] else None


def _drift(workspace: Workspace, ident: str, drift: Drift, now: int) -> Workspace:
    system = _system(workspace, ident)
    if system is None or (drift.passing and not _moves(system["alerts"], drift)):
        return workspace
    reading = Reading(drift.type, drift.feature, drift.metric, drift.value)
    second = now // SECOND * SECOND
    alerts, ordinal = follow(system["alerts"], reading, second, system["alerts_minted"] + 1)
    row = system.having(alerts=alerts, alerts_minted=ordinal - 1, active=True, checked_at=second)
    return workspace.having("systems", row)


def _moves(alerts: tuple[Alert, ...], drift: Drift) -> bool:
    """Tell whether an alert is open that the reading moves and does not resolve."""
    wanted = (drift.type, drift.feature, drift.metric)
    return grade(drift.value) is not None and any(
        not each.resolved and (each.type, each.feature, each.metric) == wanted for each in alerts
    )


def _settle(workspace: Workspace, ident: str, kind: str | None, feature: str | None, now: int) -> Workspace:
    system = _system(workspace, ident)
    second = now // SECOND * SECOND
    if system is None:
        return workspace
    kinds = DRIFTS if kind is None else (kind,)
    alerts = tuple(
        replace(each, resolved=True, resolved_at=second)
        if not each.resolved and each.type in kinds and feature in (None, each.feature)
        else each
        for each in system["alerts"]
    )
    if alerts == system["alerts"]:
        return workspace
    return workspace.having("systems", system.having(alerts=alerts, checked_at=second))


def _incident(workspace: Workspace, ident: str, count: int, now: int) -> Workspace:
    system = _system(workspace, ident)
    if system is None:
        return workspace
    second = now // SECOND * SECOND
    checked = second if system["checked_at"] is None else system["checked_at"]
    incidents = (*system["incidents"], *(second,) * count)
    return workspace.having("systems", system.having(incidents=incidents, active=True, checked_at=checked))


def _jobs(call: Call, workspace: Workspace, fate: Mapping[str, Any]) -> Workspace:
    """Return the workspace in which the jobs that the call has made end as told, and the system's drafts with them."""
    ident = call.path["id"]
    old = len(call.workspace.table("systems").rows[ident]["drafts"])
    for draft in workspace.table("systems").rows[ident]["drafts"][old:]:
        job = _fated(workspace.table("jobs").rows[draft["job"]], fate)
        changed = workspace.lacking("jobs", draft["job"]) if job is None else workspace.having("jobs", job)
        workspace = changed.having("systems", _drafted(changed.table("systems").rows[ident], draft["job"], job))
    return workspace


def _fated(job: Frozen, fate: Mapping[str, Any]) -> Frozen | None:
    """Return the job as it will go, or None if there is none any more."""
    kind, created = fate["fate"], job["created_at"]
    if kind == "vanish":
        return None
    if kind == "stall":
        return job.having(ends_at=LAST)
    if kind == "fail":
        after = job["ends_at"] - created if fate["after"] is None else fate["after"]
        return _ending(job, created + after).having(error=Frozen(code=fate["code"], message=fate["message"]))
    return _ending(job, created + int((job["ends_at"] - created) * fate["factor"]))


def _ending(job: Frozen, end: int) -> Frozen:
    """Return the job that ends then, and has started before."""
    end = min(LAST, max(end, job["created_at"] + 1))
    return job.having(starts_at=min(job["starts_at"], job["created_at"] + (end - job["created_at"]) // 2), ends_at=end)


def _drafted(system: Frozen, ident: str, job: Frozen | None) -> Frozen:
    """Return the system whose drafts say of this job what the job says."""
    done = job is not None and job["error"] is None
    drafts = tuple(
        each.having(at=job["ends_at"]) if job is not None and each["job"] == ident else each
        for each in system["drafts"]
        if done or each["job"] != ident
    )
    return system.having(drafts=drafts)


STAGE = Stage(
    watched=_watched, thresholds=(WARNING_AT, CRITICAL_AT), drift=_drift, settle=_settle, incident=_incident,
    jobs=_jobs, job_makers=("createDocuments",), cursor_at=cursor_at,
)  # fmt: skip
