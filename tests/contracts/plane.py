"""The control plane as the judge judges it: a world with a history, and the admin token for what needs it."""

from __future__ import annotations

import json
from typing import Any

from sandbox.check.aikraft import LOAN
from sandbox.check.subject import TOKEN, Known, Subject, Told, asked, shelf_of
from sandbox.web.plane import Steering
from sandbox.web.store import Store

HISTORY = 12
"""How many requests a furnished world has seen: more than the contract's example of a page, so that pages turn."""
HARMLESS = {"then": {"delay": {"fixed": "0s", "clock": "world"}}, "continue": True}
"""A fault that strikes every request, so that each is found by its mark, and changes none."""


def _furnished(store: Store, key: str, _number: int) -> None:
    """Give a fresh world what the examples of the contract speak of: requests, a minted key, a snapshot, a fault."""
    shelf, steering = shelf_of(store), Steering(store)
    steering.answer(asked(key, "POST", "/__admin/faults", HARMLESS))
    store.answer(shelf, asked(key, "GET", "/v1/systems"))
    store.answer(shelf, asked(key, "POST", "/v1/systems", LOAN, prefer="code=429, code=599"))
    store.answer(shelf, asked(key, "POST", "/v1/systems", LOAN))
    store.answer(shelf, asked(key, "GET", "/v1/system"))
    made = steering.answer(asked(key, "POST", "/__admin/keys", {"plan": "starter", "scope": "read"}))
    minted = json.loads(made.body)["key"]
    for _ in range(HISTORY - 4):
        store.answer(shelf, asked(minted, "GET", "/v1/systems", prefer="code=403"))
    steering.answer(asked(key, "PUT", "/__admin/scenarios/active", {"name": "flaky"}))
    steering.answer(asked(key, "POST", "/__admin/snapshots", {"name": "before"}))


def _told_by_problem(_store: Store, case: Any, response: Any) -> Told | None:
    """Read the problem document, which names its cause."""
    said = json.loads(response.content)
    return Told(case.operation.definition.raw["operationId"], said["cause"])


def _admitted(case: Any, key: str) -> str:
    """Return the admin token for what only the admin may do."""
    return TOKEN if case.operation.definition.raw.get("security") == [{"token": []}] else key


def _bounded(case: Any) -> None:
    """Let a stream of events begin in the past and end with the first; a limit that is to be refused stays as it is."""
    if case.operation.definition.raw["operationId"] != "streamEvents":
        return
    case.headers["Last-Event-ID"] = "0"
    for name, least, most in (("limit", 1, 10_000), ("timeout", 0, 60)):
        if _lies_within(case.query.get(name, least), least, most):
            case.query[name] = least


def _lies_within(value: Any, least: int, most: int) -> bool:
    text = str(value[0] if isinstance(value, list) and len(value) == 1 else value)
    return text.isascii() and text.isdigit() and least <= int(text) <= most


KNOWN: Known = {
    **{each: {"path.name": ["before"]} for each in ("restoreSnapshot", "deleteSnapshot")},
    **{each: {"path.id": ["req_8053ca47"]} for each in ("getRequest", "explainRequest")},
    **{each: {"path.id": ["key_429e5121"]} for each in ("changeKey", "revokeKey")},
    **{each: {"path.name": ["flaky"]} for each in ("getScenario", "putScenarioState")},
    **{each: {"path.id": ["fault-1"]} for each in ("changeFault", "deleteFault")},
    "getDocsFile": {"path.file": ["start.js"]},
    "listRequests": {
        "query.limit": [1],
        "query.operation": ["listSystems"],
        "query.status": ["4xx"],
        "query.cause": ["preferred"],
        "query.fault": ["fault#fault-1"],
        "query.key": ["key_429e5121"],
        "query.method": ["GET"],
        "query.path": ["/v1/**"],
        "query.since": ["2026-04-13T14:30:00Z"],
        "query.until": ["2999-12-31T00:00:00Z"],
    },
}

PLANE = Subject(
    name="plane",
    path="/__admin/openapi.json",
    prefix="/__admin/",
    known=lambda _now: KNOWN,
    lasting=frozenset({"changeKey"}),
    contract=lambda store: store.plane().contract,
    told=_told_by_problem,
    likelihood=0.8,
    revisions=frozenset({HISTORY + 4, HISTORY + 5, HISTORY + 6}),
    furnish=_furnished,
    credential=_admitted,
    bound=_bounded,
    lists=False,
)
