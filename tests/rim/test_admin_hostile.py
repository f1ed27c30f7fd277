"""Hostile steering at every door: a declared refusal with a problem document, a world as it was, equal bytes."""

from __future__ import annotations

import json
from asyncio import Runner
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from sandbox.app import control_contract
from sandbox.core.clock import LATEST
from sandbox.core.keyring import key_id
from sandbox.core.problem import EVERYWHERE
from sandbox.testing.transport import SandboxTransport
from sandbox.web.gate import Gate
from sandbox.web.store import Store
from tests.rim.admin_corpus import ROOT, TOKEN, cases, fixture_cases
from tests.rim.corpus import HOST, JSON, OPERATIONS, Case, bearer, dump, good, head, key_of
from tests.rim.doors import Answer, AsgiDoor, Connection, Door, FlaskDoor, SocketDoor, fresh_store, serving

CONTRACT = control_contract()
ALWAYS = EVERYWHERE | {"foreign-host", "foreign-origin", "world-not-found", "full"}
TELLTALES = (b"Traceback", b'File "', b"site-packages", b"werkzeug", b"uvicorn", b"root:x:0")
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))


def gated(store: Store) -> Store:
    """Return the store with the admin token of the corpus."""
    store.gate = Gate(TOKEN)
    return store


def _exports() -> tuple[Any, Any]:
    """Return the state and the capsule of a world to which somebody has spoken."""
    door = FlaskDoor(fresh_store())
    door.ask(good(OPERATIONS[1], "the past"))
    advance = b'{"by":"1h"}'
    fields = good(OPERATIONS[1], "the past").fields
    door.ask(Case("advance", "", "POST", ROOT + b"/clock/advance", fields, advance, frozenset({200})))
    ask = Case("export", "", "GET", b"", fields, b"", frozenset({200}))
    state, capsule = (
        json.loads(door.ask(Case(ask.name, "", "GET", ROOT + path, fields, b"", ask.allowed)).body)
        for path in (b"/state", b"/capsule")
    )
    return state, capsule


STATE, CAPSULE = _exports()
CASES = (*cases(STATE, CAPSULE), *fixture_cases())


class InProcess:
    """The httpx transport, asked what httpx can write."""

    def __init__(self, store: Store) -> None:
        self._transport = SandboxTransport(store=store)

    def ask(self, case: Case) -> Answer | None:
        """Return the answer, or None if httpx would write another request than the case."""
        if case.method != case.method.upper() or not case.target.startswith(b"/"):
            return None
        try:
            url = httpx.URL("http://sandbox.localhost" + case.target.decode())
        except httpx.InvalidURL:
            return None
        if url.raw_path != case.target:
            return None
        request = httpx.Request(case.method, url, headers=list(case.framed), content=case.body)
        answer = self._transport.handle_request(request)
        body = answer.read()
        return Answer(
            answer.status_code, tuple(sorted((name.lower(), value) for name, value in answer.headers.items())), body
        )


@pytest.fixture(scope="module")
def stores() -> tuple[Store, ...]:
    """Return a store for each door."""
    return tuple(gated(fresh_store()) for _ in range(4))


@pytest.fixture(scope="module")
def doors(stores: tuple[Store, ...]) -> Iterator[tuple[Door, ...]]:
    """Yield the doors, each with a store of its own that sees the same history."""
    with Runner() as runner, serving(stores[2]) as port:
        yield FlaskDoor(stores[0]), AsgiDoor(stores[1], runner), SocketDoor(port), InProcess(stores[3])


Past = tuple[Any, ...]


def past_of(store: Store, case: Case) -> Past:
    """Return the timelines that the case may be about: the lobby's and its own."""
    shelf, *_ = store.shelves
    own = shelf.slots.get(f"own/{key_id(key_of(case.name).decode())}")
    return shelf.lobby.timeline, own and own.timeline


def check_unmoved(store: Store, case: Case, before: Past) -> None:
    lobby, own = past_of(store, case)
    assert lobby is before[0]
    assert own is before[1] or (before[1] is None and own.revision == 0)


def check_problem(case: Case, answer: Answer) -> None:
    assert answer.header("content-type") == "application/problem+json"
    problem = json.loads(answer.body)
    assert {"type", "title", "status", "detail", "cause"} <= set(problem)
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status)
    operation = CONTRACT.operations.get(case.operation)
    own = operation.refusals if operation else {each for one in CONTRACT.operations.values() for each in one.refusals}
    assert problem["cause"] in {*ALWAYS, *own}
    if answer.status == 405:
        assert answer.header("allow")
    if answer.status == 401:
        assert answer.header("www-authenticate") == "Bearer"


def check_declared(case: Case, answer: Answer) -> None:
    shape = CONTRACT.operations[case.operation].shapes[answer.status]
    if shape.whole is not None and "json" in (answer.header("content-type") or ""):
        assert shape.whole.finding(json.loads(answer.body)) is None


def check_calm(answer: Answer) -> None:
    assert answer.status < 500, answer.body[:500]
    assert not any(each in answer.body for each in TELLTALES), answer.body[:500]
    assert all(value.isprintable() for _, value in answer.headers)
    assert not [name for name, _ in answer.headers if name == "set-cookie" or name.startswith("access-control")]


def is_below_the_prefix(case: Case) -> bool:
    return case.target.startswith((ROOT + b"/", b"http://sandbox.localhost" + ROOT))


@pytest.mark.parametrize("case", [each for each in CASES if each.parsable], ids=lambda case: case.name)
def test_hostile_steering_is_refused_alike_at_every_door_and_moves_no_world(
    doors: tuple[Any, ...], stores: tuple[Store, ...], case: Case
) -> None:
    answers = []
    for door, store in zip(doors, stores, strict=True):
        before = past_of(store, case)
        answers.append(door.ask(case))
        if answers[-1] is not None and answers[-1].status >= 400 and is_below_the_prefix(case):
            check_unmoved(store, case, before)
    flask, asgi, wire, process = answers
    assert flask == asgi
    assert asgi == wire
    assert process is None or process == flask or case.operation == "listWorlds"
    check_calm(flask)
    assert flask.status in case.allowed, flask.body[:500]
    if flask.status >= 400 and case.method != "HEAD" and is_below_the_prefix(case):
        check_problem(case, flask)
    if case.operation:
        check_declared(case, flask)
    assert doors[2].ask(HEALTH).body == b'{"status":"ok"}'


@pytest.mark.parametrize("case", [each for each in CASES if not each.parsable], ids=lambda case: case.name)
def test_methods_that_no_parser_knows_are_refused_alike_in_process(case: Case) -> None:
    with Runner() as runner:
        flask, asgi = FlaskDoor(fresh_store()).ask(case), AsgiDoor(fresh_store(), runner).ask(case)
    assert flask == asgi
    check_calm(flask)
    check_problem(case, flask)
    assert flask.status == 405


# Keys that have come to their end, and keys that were made


def steering(name: str, method: str, path: bytes, document: Any = None, key: bytes | None = None) -> Case:
    credential = bearer(name) if key is None else (b"authorization", b"Bearer " + key)
    body = b"" if document is None else dump(document)
    return Case(name, "", method, ROOT + path, (HOST, credential, JSON), body, frozenset())


def told(door: Door, case: Case) -> Any:
    answer = door.ask(case)
    assert answer.status in (200, 201), answer.body
    return json.loads(answer.body)


def listing(key: bytes) -> Case:
    return Case("listing", "", "GET", b"/v1/systems", (HOST, (b"authorization", b"Bearer " + key)), b"", frozenset())


@pytest.mark.parametrize("at", range(4), ids=["flask", "asgi", "socket", "httpx"])
def test_a_key_steers_whatever_has_become_of_it(doors: tuple[Door, ...], at: int) -> None:
    door, name = doors[at], "whatever has become"
    own = key_of(name)
    minted = told(door, steering(name, "POST", b"/keys", {"scope": "read", "expires_in": "1h"}))
    key, ident = minted["key"].encode(), minted["id"].encode()
    assert door.ask(listing(key)).status == 200
    told(door, steering(name, "POST", b"/clock/advance", {"by": "2h"}, key))
    assert door.ask(listing(key)).status == 401
    told(door, steering(name, "GET", b"/clock", None, key))
    assert told(door, steering(name, "DELETE", b"/keys/" + ident, None, key))["revoked"] is True
    told(door, steering(name, "PATCH", b"/keys/" + ident, {"expires": None}, key))
    assert door.ask(listing(key)).status == 401
    for each in told(door, steering(name, "GET", b"/keys", None, key))["keys"]:
        told(door, steering(name, "DELETE", b"/keys/" + each["id"].encode(), None, key))
    assert door.ask(listing(own)).status == 401
    world = told(door, steering(name, "GET", b"/settings"))["world"]
    assert told(door, steering(name, "GET", b"/settings", None, key))["world"] == world
    told(door, steering(name, "POST", b"/reset", None, key))
    assert [door.ask(listing(each)).status for each in (own, key)] == [200, 401]
    assert told(door, steering(name, "GET", b"/settings", None, key))["world"] == world


def test_a_key_in_the_query_is_kept_nowhere(doors: tuple[Door, ...], stores: tuple[Store, ...]) -> None:
    secret = b"ak_test_enterprise_in_a_query"
    for door, store in zip(doors, stores, strict=True):
        told(door, steering("a query", "GET", b"/requests?path=" + secret))
        told(door, steering("a query", "PUT", b"/settings?api_key=" + secret, {"seed": 3}))
        capsule = door.ask(steering("a query", "GET", b"/capsule"))
        assert secret not in capsule.body
        assert not [each for each in store.presents() if secret.decode() in each]


# Documents whose parts are each well formed, and which cannot be true


def _altered(document: Any, *path: Any) -> Any:
    *place, value = path
    inner = document = json.loads(dump(document))
    for each in place[:-1]:
        inner = inner[each]
    inner[place[-1]] = value
    return document


EXTREMES: dict[str, tuple[Any, ...]] = {
    "the last instant": ("world", "latest", LATEST),
    "a clock at the last instant": ("world", "clock", "time", LATEST),
    "a clock before the first instant": ("world", "clock", "time", -LATEST),
    "a wait beyond the last instant": ("world", "due", 2 * LATEST),
    "a wait until the last instant": ("world", "due", LATEST),
    "a clock that races": (
        "world",
        "clock",
        {"mode": "scaled", "wall": 0, "time": 0, "rate": "1000000", "auto_advance": True},
    ),
    "a clock that creeps": (
        "world",
        "clock",
        {"mode": "scaled", "wall": 0, "time": LATEST, "rate": "1/1000", "auto_advance": True},
    ),
    "the last ordinal": ("world", "ordinal", 2**53 - 1),
    "an ordinal beyond": ("world", "ordinal", 2**53),
    "the last key": ("world", "minted", 2**53 - 1),
    "an endless quota": ("world", "owner", "limit", [10**6, 1]),
    "no quota": ("world", "owner", "limit", [0, 0]),
    "a bucket of later": ("world", "buckets", "", {"units": 0, "at": LATEST}),
    "a label of line breaks": ("world", "label", "a\r\nSet-Cookie: a=b"),
    "a lobby": ("world", "lobby", True),
    "another world's name": ("world", "name", "lobby"),
    "a key of line breaks": (
        "world",
        "grants",
        [{"id": "a\r\nb", "terms": {"scope": "read"}, "owner": None, "expires": None, "revoked": False}],
    ),
    "a key of all": (
        "world",
        "grants",
        [{"id": "k", "terms": {"scope": "root"}, "owner": None, "expires": None, "revoked": False}],
    ),
}


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("advancing", [False, True])
def test_a_state_at_its_extremes_is_refused_or_lived_in(extreme: str, advancing: bool) -> None:
    door = FlaskDoor(fresh_store())
    state = _altered(_altered(STATE, "world", "clock", "auto_advance", advancing), *EXTREMES[extreme])
    loaded = door.ask(steering("extreme", "PUT", b"/state", state))
    assert loaded.status in (200, 422)
    asked = [door.ask(each) for each in [good(each, "extreme") for each in OPERATIONS] * 2]
    looks = (
        b"/clock",
        b"/state",
        b"/requests",
        b"/keys",
        b"/capsule",
        b"/requests.har",
        b"/requests.ndjson",
        b"/settings",
    )
    asked.extend(door.ask(steering("extreme", "GET", each)) for each in looks)
    asked.append(door.ask(steering("extreme", "POST", b"/clock/advance", {"by": "1d"})))
    entries = told(door, steering("extreme", "GET", b"/requests"))["requests"]
    paths = [f"/requests/{each['id']}/explain?before=true".encode() for each in entries]
    asked.extend(door.ask(steering("extreme", "GET", each)) for each in paths)
    assert not [each for each in asked if each.status >= 500]
    capsule = told(door, steering("extreme", "GET", b"/capsule"))
    assert door.ask(steering("extreme again", "POST", b"/capsule", capsule)).status in (200, 422)


@pytest.mark.parametrize("reason", ["", "no such reason", "unknown\r\nA: b"])
def test_a_capsule_of_a_caller_nobody_knows_is_refused(reason: str) -> None:
    capsule = _altered(CAPSULE, "records", 0, "request", "caller", {"key": None, "reason": reason, "nearest": None})
    answer = FlaskDoor(fresh_store()).ask(steering("nobody", "POST", b"/capsule", capsule))
    assert (answer.status, json.loads(answer.body)["cause"]) == (422, "capsule-unfit")


# Clients that stop half-way keep no worker


def half(name: str, framing: bytes, body: bytes) -> bytes:
    fields = (HOST, bearer(name), JSON)
    return head(b"POST", ROOT + b"/clock/advance", fields)[:-2] + framing + b"\r\n\r\n" + body


HALVES = {
    "half a body": half("half", b"content-length: 9999", b'{"by":'),
    "half a body in chunks": half("half", b"transfer-encoding: chunked", b"5\r\n{"),
    "no body yet": half("half", b"content-length: 9999\r\nexpect: 100-continue", b""),
    "an answer that is not read": steering("half", "GET", b"/openapi.json").wire * 200,
}


@pytest.mark.parametrize("what", HALVES)
def test_clients_that_stop_half_way_keep_nobody_from_steering(what: str) -> None:
    with serving(fresh_store()) as port, ExitStack() as crowd:
        for _ in range(12):
            connection = crowd.enter_context(Connection(port))
            connection.narrow()
            connection.send(HALVES[what])
        with Connection(port) as connection:
            assert connection.ask(HEALTH).status == 200
            assert connection.ask(steering("whole", "POST", b"/clock/advance", {"by": "1s"})).status == 200


def test_a_body_in_chunks_that_breaks_off_does_nothing() -> None:
    with serving(fresh_store()) as port:
        for wire in (HALVES["half a body in chunks"], half("half", b"transfer-encoding: chunked", b"0\r\n")):
            with Connection(port) as connection:
                connection.send(wire.replace(b"/clock/advance", b"/reset"))
                connection.end()
                assert connection.read_all() == []
        with Connection(port) as connection:
            assert connection.ask(good(OPERATIONS[0], "half")).status == 200
            capsule = json.loads(connection.ask(steering("half", "GET", b"/capsule")).body)
    assert len(capsule["records"]) == 1
