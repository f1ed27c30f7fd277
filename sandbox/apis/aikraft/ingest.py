"""POST /workspaces/{workspace}/systems/{system}/monitoring/aggregates:ingest: the telemetry of the published client.

A batch is stored once: its `batch_id` is an idempotency key of its system, and whatever comes under it again is
answered as a duplicate and counts nothing. Source: aikraft-python, its protocol module and its tests.
"""

from __future__ import annotations

from sandbox.apis.aikraft.drift import follow
from sandbox.apis.aikraft.systems import find_system
from sandbox.apis.aikraft.telemetry import absorb, check_windows, readings
from sandbox.core.api import Answer, Call, Handler
from sandbox.core.clock import SECOND
from sandbox.core.frozen import Frozen
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Key, Layout


def _sort(row: Frozen) -> Key:
    return (row["id"],)


LAYOUT = Layout(_sort)
"""Of both tables: `batches` by system and batch id, `telemetry` by system id."""


def _find(call: Call) -> Frozen:
    if call.path["workspace"] != call.owner["workspace"]:
        message = f"Workspace with ID {shown(call.path['workspace'])} was not found for this API key."
        raise Problem(404, "workspace-not-found", message)
    return find_system(call, "system")


def _ingest(call: Call, system: Frozen) -> Answer:
    if not system["classifications"]:
        message = f"AI system with ID {system['id']} must be classified before it can be monitored."
        raise Problem(422, "system-unclassified", message)
    refusal = check_windows(call.body["windows"])
    if refusal is not None:
        message = f"The request body fails validation. {refusal.field}: expected {refusal.expected}, got {refusal.got}."
        raise Problem(422, refusal.cause, message, field=refusal.field)
    batch = Frozen(id=f"{system['id']}/{call.body['batch_id'].lower()}")
    if call.workspace.table("batches").get(batch["id"]) is not None:
        return Answer(whole={"accepted": 0, "duplicate": True})
    return _store(call, system, batch)


def _store(call: Call, system: Frozen, batch: Frozen) -> Answer:
    windows = call.body["windows"]
    held = call.workspace.table("telemetry").get(system["id"])
    series, touched = absorb(held["series"] if held else {}, windows)
    alerts, minted = system["alerts"], system["alerts_minted"]
    now = call.now // SECOND * SECOND
    for reading in readings(series, touched):
        alerts, ordinal = follow(alerts, reading, now, minted + 1)
        minted = ordinal - 1
    row = system.having(alerts=alerts, alerts_minted=minted, active=True, checked_at=now)
    workspace = call.workspace.having("systems", row).having("batches", batch)
    workspace = workspace.having("telemetry", Frozen(id=system["id"], series=Frozen(series)))
    return Answer(whole={"accepted": len(windows), "duplicate": False}, workspace=workspace)


INGEST = Handler(_find, _ingest)
