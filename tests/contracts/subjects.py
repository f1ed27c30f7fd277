"""What the judge judges: a contract as it is served, who asks, and how a refusal tells its cause.

The judge knows no API. Whatever differs between an API and the control plane stands in a record here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sandbox.core.clock import SECOND
from sandbox.core.contract import Contract
from sandbox.core.keyring import LOBBY, identify
from sandbox.core.message import Request
from sandbox.web.plane import Steering
from sandbox.web.shelf import Shelf
from sandbox.web.store import Store

TOKEN = "the-judge-has-the-admin-token"
HISTORY = 12
"""How many requests a furnished world has seen: more than the contract's example of a page, so that pages turn."""


class Told(NamedTuple):
    """What a refusal gives away: the operation that was asked for, and the cause."""

    operation: str
    cause: str


Asked = tuple[str, str, Any]
"""Method, path and body of a request."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One contract to judge.

    `api` is the API that is served meanwhile, `key` the test key of a number, `tick` how far the wall clock moves at each
    look; `write` and `calls` are requests that worlds under a scenario have seen before. `known` is, by operation, what a caller would know and no answer tells, `likelihood` how often it is used. `furnish`
    gives a key's world its history, `told` reads a refusal, `credential` chooses what is sent for a key, `bound` changes
    a case that would never end. `in_session` are the operations that a sequence asks for with the cookie it has, if it
    has one, and not with its key. `lasting` are the operations on what a DELETE leaves in place, as their contract says,
    `unexampled` those whose examples name what they refuse in a fresh world, `revisions` what a world may be at after one
    request. `guessed` says whether links that the judge infers have to be covered as those of the contract have to be.
    """

    name: str
    path: str
    prefix: str
    known: Mapping[str, Mapping[str, list[Any]]]
    contract: Callable[[Store], Contract]
    told: Callable[[Store, Any, Any], Told | None]
    revisions: frozenset[int]
    likelihood: float = 0.5
    lasting: frozenset[str] = frozenset()
    api: str = "aikraft"
    key: Callable[[int], str] = "ak_test_enterprise_case{}".format
    tick: int = SECOND
    write: Asked = ("POST", "/", None)
    calls: tuple[Asked, ...] = ()
    furnish: Callable[[Store, str, int], None] = lambda _store, _key, _number: None
    credential: Callable[[Any, str], str] = lambda _case, key: key
    bound: Callable[[Any], None] = lambda _case: None
    in_session: frozenset[str] = frozenset()
    unexampled: frozenset[str] = frozenset()
    guessed: bool = True


def shelf_of(store: Store) -> Shelf:
    """Return the only shelf of the judge's store."""
    (shelf,) = store.shelves
    return shelf


def world_of(store: Store, case: Any) -> str:
    """Return the name of the world that a case's key leads to, or without a key its cookie."""
    key = case.headers.get("Authorization")
    cookies = "; ".join(f"{name}={value}" for name, value in case.cookies.items())
    field = ("cookie", cookies) if key is None else ("authorization", str(key))
    shelf = shelf_of(store)
    place, _ = identify(shelf.realm.keyring, Request("GET", "/", "", (field,), b""), shelf.minted)
    return LOBBY if place is None else place.world


def told_by_journal(store: Store, case: Any, response: Any) -> Told | None:
    """Find the journal's latest entry of an answer by its status and bytes, which may hold the id of its request."""
    said = response.status_code, response.content
    journal = tuple(store.journal(shelf_of(store), world_of(store, case)) or ())
    entry = next((each for each in reversed(journal) if (each.response.status, each.response.body) == said), None)
    if entry is None or entry.operation is None or entry.cause is None:
        return None
    return Told(entry.operation, entry.cause)


LOAN = {"name": "Loan Approval Engine", "description": "Scores loans.", "purpose": "Decide", "domain": "Finance"}

AIKRAFT = Subject(
    name="aikraft",
    path="/openapi/aikraft.json",
    prefix="/v1/",
    known={
        "ingestAggregates": {
            "path.workspace": ["ws_enterprise"],
            "body.windows[*].start": ["2026-04-13T14:29:00Z"],
            "body.windows[*].end": ["2026-04-13T14:30:00Z"],
        },
    },
    contract=lambda store: shelf_of(store).realm.keyring.api.contract,
    told=told_by_journal,
    revisions=frozenset({1}),
    write=("POST", "/v1/systems", LOAN),
    calls=(("GET", "/v1/systems", None), ("POST", "/v1/systems", {})),
)


SPANS = ("0s", "90s", "9m", "11m", "1d", "2d12h", "4d", "10d")
"""How far into a scenario a world may be."""
CALLS = 13
"""How many requests a world may have seen before, so that rules which count calls are at any of their turns."""


def under(subject: Subject, scenario: str, point: int | None = None) -> Subject:
    """Return the API in worlds in which this scenario plays: all at this point of it, or each at one of its own."""

    def furnish(store: Store, key: str, number: int) -> None:
        subject.furnish(store, key, number)
        _begun(store, subject, key, scenario, number if point is None else point)

    return replace(subject, name=f"{subject.name}, {scenario}", furnish=furnish)


def _begun(store: Store, subject: Subject, key: str, scenario: str, number: int) -> None:
    steering = Steering(store)
    for _ in range(number % 2):
        store.answer(shelf_of(store), asked(key, *subject.write))
    for path, method, body in (
        ("/scenarios/active", "PUT", {"name": scenario}),
        ("/clock/advance", "POST", {"by": SPANS[number % len(SPANS)]}),
    ):
        answer = steering.answer(asked(key, method, "/__admin" + path, body))
        if answer.status != 200:
            raise ValueError(answer.body)
    for count in range(number % CALLS):
        store.answer(shelf_of(store), asked(key, *subject.calls[count % len(subject.calls)]))


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


def asked(key: str, method: str, path: str, body: Any = None, **headers: str) -> Request:
    fields = (("authorization", f"Bearer {key}"), ("content-type", "application/json"), *headers.items())
    return Request(method, path, "", fields, b"" if body is None else json.dumps(body).encode())


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


PLANE = Subject(
    name="plane",
    path="/__admin/openapi.json",
    prefix="/__admin/",
    known={
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
    },
    lasting=frozenset({"changeKey"}),
    contract=lambda store: store.plane().contract,
    told=_told_by_problem,
    likelihood=0.8,
    revisions=frozenset({HISTORY + 4, HISTORY + 5, HISTORY + 6}),
    furnish=_furnished,
    credential=_admitted,
    bound=_bounded,
)
