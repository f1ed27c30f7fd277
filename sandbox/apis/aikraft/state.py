"""Aikraft's data as a document, and back: every row exactly as it stands, in the order of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.apis.aikraft.drift import Alert
from sandbox.apis.aikraft.fixture import read_fixture, workspace_of
from sandbox.apis.aikraft.instants import write_instant, write_moment
from sandbox.apis.aikraft.telemetry import Key, Series
from sandbox.core.api import Loaded, Storage
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Workspace


def dump(workspace: Workspace) -> dict[str, Any]:
    """Return the tables and the counts of minted ids as plain JSON values; equal workspaces give equal ones."""
    tables = {name: [write(row) for row in workspace.table(name).all()] for name, write in _WRITERS.items()}
    return {"tables": tables, "minted": dict(sorted(workspace.minted.items()))}


def holder(owner: Frozen) -> dict[str, Any]:
    """Return the workspace that a fixture would declare for this owner, and no keys; nobody's is the lobby's."""
    workspace = {"id": owner["workspace"] or "ws_lobby", "plan": owner["plan"]}
    if owner.get("limit"):
        rate, burst = owner["limit"]
        workspace.update(requests_per_minute=rate, burst=burst)
    return {"workspaces": [workspace], "keys": []}


def load(document: Any, birth: int) -> Loaded:
    """Return what a fixture or an exported state says; DocumentError names every flaw."""
    read = read_fixture(document)
    now = None if read["now"] is None else read["now"].at(birth)
    return Loaded(workspace_of(read, birth), read["fixture"], now, read["world"])


def _system(row: Frozen) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "name", "description", "purpose", "domain")},
        "created_at": write_instant(row["created_at"]),
        "classifications": [_classification(each) for each in row["classifications"]],
        "sections": list(row["sections"]),
        "drafts": [_draft(each) for each in row["drafts"]],
        "reviewed_at": write_moment(row["reviewed_at"]),
        "active": row["active"],
        "checked_at": write_moment(row["checked_at"]),
        "alerts": [_alert(each) for each in row["alerts"]],
        "alerts_minted": row["alerts_minted"],
        "incidents": [write_instant(each) for each in row["incidents"]],
    }


def _classification(row: Frozen) -> dict[str, Any]:
    return {
        **row, "key_factors": list(row["key_factors"]), "obligations": list(row["obligations"]),
        "classified_at": write_instant(row["classified_at"]),
    }  # fmt: skip


def _draft(row: Frozen) -> dict[str, Any]:
    return {"at": write_instant(row["at"]), "job": row["job"], "sections": list(row["sections"])}


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id, "type": alert.type, "severity": alert.severity, "metric": alert.metric, "value": alert.value,
        "threshold": alert.threshold, "feature": alert.feature, "triggered_at": write_instant(alert.triggered_at),
        "resolved": alert.resolved, "resolved_at": write_moment(alert.resolved_at),
    }  # fmt: skip


def _job(row: Frozen) -> dict[str, Any]:
    times = {name: write_instant(row[name]) for name in ("created_at", "starts_at", "ends_at")}
    error = None if row["error"] is None else dict(row["error"])
    return {**row, **times, "sections": list(row["sections"]), "error": error}


def _telemetry(row: Frozen) -> dict[str, Any]:
    return {"id": row["id"], "series": list(_series(row["series"]))}


def _series(series: dict[Key, Series]) -> Iterator[dict[str, Any]]:
    # The series lie in the order in which they were first sent, which nothing depends on.
    for model, tag, metric in sorted(series, key=lambda key: (key[0], key[1] or "", key[2])):
        windows = [
            {"start": write_instant(each.start), "end": write_instant(each.end), "counts": list(each.counts)}
            for each in series[model, tag, metric]
        ]
        yield {"model": model, "tag": tag, "metric": metric, "windows": windows}


_WRITERS: dict[str, Callable[[Frozen], dict[str, Any]]] = {
    "systems": _system, "jobs": _job, "telemetry": _telemetry, "batches": dict,
}  # fmt: skip
STORAGE = Storage(dump, holder, load, tuple(_WRITERS))
