"""Why an answer is as it is: the request asked again in the world before it, with every stage written down.

What is told here is what `step` did, not a second opinion of it. With the world before the request, which is told when
it is asked for, an explanation is enough to compute the answer anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from immutables import Map

from sandbox.core.admission import bucket_of, shrunk
from sandbox.core.api import Api
from sandbox.core.clock import iso_exact
from sandbox.core.contract import Operation, Route
from sandbox.core.frozen import Frozen
from sandbox.core.kernel import Outcome, Trace, step
from sandbox.core.message import Request
from sandbox.core.quota import left
from sandbox.core.record import world_before
from sandbox.core.staging import told_draws, told_rules
from sandbox.core.state import written
from sandbox.core.timeline import Entry, Timeline
from sandbox.core.view import nearest_operation, whole
from sandbox.core.wording import id_of
from sandbox.core.workspace import Workspace, table_of
from sandbox.core.world import World

STAGES = ("permission", "sizes", "content", "resource", "request", "handler", "answer")
"""What a request passes in order once it is counted; a refusal ends the way."""
_ASKED = {
    "permission": "the credential is usable, the quota has a token, plan and scope reach the operation",
    "sizes": "there is such an operation, and URL and header fields are short enough",
    "content": "the body is JSON, if the operation takes one",
    "resource": "what the path names exists",
    "request": "body and query keep the contract",
    "handler": "nothing in the state forbids it",
    "answer": "the answer keeps the contract",
}


def explained(timeline: Timeline, position: int, entry: Entry, *, whole_world: bool) -> dict[str, Any]:
    """Return why the entry at this position of the journal was answered as it was."""
    before = world_before(timeline, position)
    trace: Trace = []
    outcome = step(before, entry.request, entry.wall, trace)
    notes = dict(trace)
    shown = whole(entry)
    arrival = notes["arrival"]
    account = {
        "request": {
            **{name: each for name, each in shown.items() if name != "response"},
            "oversized": entry.request.oversized,
        },
        "operation": _operation(arrival["route"], entry),
        "world": _world(before, entry.request),
        "clock": _clock(before, arrival, entry),
        "quota": _quota(before, outcome, arrival, entry.request),
        "permission": _permission(arrival, notes, outcome),
        "rules": told_rules(notes.get("rules", {})),
        "draws": [*_draws(before, outcome.world), *told_draws(notes.get("rules", {}))],
        "checks": list(_checks(notes, outcome)),
        "changes": list(_changes(before, outcome.world)),
        "provenance": _provenance(arrival["route"].operation, outcome.response.status),
        "response": shown["response"],
    }
    return {**account, "before": written(before, entry.wall)} if whole_world else account


def _operation(route: Route, entry: Entry) -> dict[str, Any]:
    operation = route.operation
    if operation is None:
        return {"id": None, "nearest": nearest_operation(entry.charter.api.contract, entry)}
    return {
        "id": operation.id, "method": operation.method, "path": operation.path, "summary": operation.summary,
        "values": dict(route.values), "scopes": list(operation.scopes), "plan": operation.plan,
    }  # fmt: skip


def _world(before: World, request: Request) -> dict[str, Any]:
    charter, caller = before.charter, request.caller
    if caller.key is None:
        because = f"no usable credential ({caller.reason}): the lobby answers"
    elif charter.name.startswith("own/"):
        because = "the key opens a world of its own"
    else:
        because = "the key is declared for this world, or was made for it"
    return {
        "api": charter.api.name, "name": charter.name, "because": because, "key": caller.key,
        "nearest_key": caller.nearest, "owner": charter.owner, "seed": charter.seed, "label": charter.label,
        "ordinal": before.ordinal,
    }  # fmt: skip


def _clock(before: World, arrival: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    clock = before.charter.clock
    shown = before.now(entry.wall)
    return {
        "mode": clock.mode, "rate": str(clock.rate), "auto_advance": clock.auto_advance,
        "wall": iso_exact(entry.wall), "shown": iso_exact(shown), "now": iso_exact(arrival["now"]),
        "moved": f"{(arrival['now'] - shown) // 1000}ms", "early_retry": arrival["early"],
        "due": iso_exact(before.due) if before.due else None,
    }  # fmt: skip


def _quota(before: World, outcome: Outcome, arrival: Mapping[str, Any], request: Request) -> dict[str, Any]:
    name = bucket_of(before.charter, arrival["route"], request, arrival["grant"])
    limit, reading, now, struck = arrival["limit"], arrival["reading"], arrival["now"], arrival["struck"]
    if struck is not None:
        limit, name = shrunk(limit, struck), struck.bucket or name
    return {
        "mode": before.charter.quota, "per_minute": limit.rate, "burst": limit.burst, "bucket": name,
        "before": left(before.buckets.get(name), limit, now),
        "after": left(outcome.world.buckets.get(name), limit, now),
        "refused": reading.refused, "remaining": reading.remaining, "reset": reading.reset,
        "retry_after": before.charter.clock.outside(reading.retry_after),
    }  # fmt: skip


def _permission(arrival: Mapping[str, Any], notes: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    grant = arrival["grant"]
    return {
        "granted": "permission" in notes,
        "because": "" if "permission" in notes else outcome.cause,
        "key": None if grant is None else grant.key,
        "terms": None if grant is None else grant.terms,
        "expires": None if grant is None or grant.expires is None else iso_exact(grant.expires),
        "revoked": None if grant is None else grant.revoked,
    }


def _checks(notes: Mapping[str, Any], outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield every stage: passed, failed where the refusal came from, or not reached."""
    failed = False
    for stage in STAGES:
        if stage in notes:
            yield {"check": stage, "asks": _ASKED[stage], "result": "passed"}
        elif outcome.cause == "preferred" or failed or outcome.response.status < 400:
            yield {"check": stage, "asks": _ASKED[stage], "result": "not reached"}
        else:
            failed = True
            yield {"check": stage, "asks": _ASKED[stage], "result": "failed", "cause": outcome.cause}


def _draws(before: World, after: World) -> Iterator[dict[str, Any]]:
    """Yield what seed and label decided: the request's id, and the ids that were minted."""
    yield {"purpose": "request id", "ordinal": after.ordinal, "value": id_of(after.charter, after.ordinal)}
    for prefix, count in sorted(after.workspace.minted.items()):
        for ordinal in range(before.workspace.minted.get(prefix, 0), count):
            yield {"purpose": f"id {prefix}", "ordinal": ordinal, "value": None}


def _changes(before: World, after: World) -> Iterator[dict[str, Any]]:
    """Yield the rows that differ, as they were and as they are."""
    if before.workspace is after.workspace:
        return
    api = before.charter.api
    for name in sorted(after.workspace.tables):
        old, new = before.workspace.table(name).rows, after.workspace.table(name).rows
        for ident in sorted(key for key, row in new.items() if old.get(key) is not row and old.get(key) != row):
            yield {
                "table": name, "id": ident, "before": _row(api, before.workspace, name, old.get(ident)),
                "after": _row(api, after.workspace, name, new[ident]),
            }  # fmt: skip


def _row(api: Api, workspace: Workspace, name: str, row: Frozen | None) -> Any:
    """Return the row as an export writes it."""
    if row is None:
        return None
    alone = {each: table_of(table.layout, [row] if each == name else []) for each, table in workspace.tables.items()}
    return api.storage.dump(Workspace(Map(alone)))["tables"][name][0]


def _provenance(operation: Operation | None, status: int) -> dict[str, Any]:
    """Return what the contract says of where it knows the operation and this answer of it from."""
    if operation is None:
        return {"operation": None, "answer": {"provenance": "inferred", "source": "the contract's description"}}
    answer = operation.shapes[status].source if status in operation.shapes else ("invented", "")
    return {
        "operation": {"provenance": operation.provenance, "source": operation.source},
        "answer": {"provenance": answer[0], "source": answer[1]},
    }
