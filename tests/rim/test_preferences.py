"""Preferences at every door: what is asked for is given, what cannot be is told, and nothing outlives the request."""

from __future__ import annotations

import json
from asyncio import Runner
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.app import load_api
from sandbox.core.message import Request, Wait
from sandbox.core.preference import LONGEST, preferred
from sandbox.testing.transport import SandboxTransport
from sandbox.web.store import Store
from tests.rim.corpus import HOST, OPERATIONS, Case, Operation, bearer, good, head, key_of
from tests.rim.doors import Answer, AsgiDoor, Connection, Door, FlaskDoor, SocketDoor, fresh_store, serving
from tests.rim.test_events import Ear, served, until

API = load_api("aikraft")
BY_ID = {each.id: each for each in OPERATIONS}
LIST, CREATE = OPERATIONS[0], OPERATIONS[1]
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))
STATUSES = [(each.id, status) for each in API.contract.operations.values() for status in each.shapes]
EXAMPLES = [
    (each.id, status, name)
    for each in API.contract.operations.values()
    for status, shape in each.shapes.items()
    for name in shape.examples
]


@pytest.fixture(scope="module")
def doors() -> Iterator[tuple[Door, ...]]:
    """Yield the three doors, each with a store of its own that sees the same history."""
    with Runner() as runner, serving(fresh_store()) as port:
        yield FlaskDoor(fresh_store()), AsgiDoor(fresh_store(), runner), SocketDoor(port)


def preferring(operation: Operation, name: str, *wishes: bytes) -> Case:
    case = good(operation, name)
    return replace(case, fields=(*case.fields, *((b"prefer", each) for each in wishes)))


def asked(doors: tuple[Door, ...], case: Case) -> Answer:
    """Return the answer, which is the same at every door."""
    flask, asgi, wire = (door.ask(case) for door in doors)
    assert flask == asgi
    assert asgi == wire
    assert all(value.isprintable() and value.isascii() for _, value in flask.headers)
    return flask


def noted(door: Door, name: str) -> dict[str, Any]:
    """Return what the journal says of the world's latest request."""
    case = Case("", "", "GET", b"/__admin/requests?limit=1", (HOST, bearer(name)), b"", frozenset())
    preferences: dict[str, Any] = json.loads(door.ask(case).body)["requests"][0]["preferences"]
    return preferences


def check_declared(operation: str, answer: Answer) -> None:
    shape = API.contract.operations[operation].shapes[answer.status]
    assert shape.whole is not None
    assert shape.whole.finding(json.loads(answer.body)) is None


# What can be had


@pytest.mark.parametrize(("operation", "status"), STATUSES)
def test_every_declared_status_can_be_had_and_fits_the_contract(
    doors: tuple[Door, ...], operation: str, status: int
) -> None:
    name = f"{operation} {status}"
    answer = asked(doors, preferring(BY_ID[operation], name, b"code=%d" % status))
    assert answer.status == status
    assert answer.header("preference-applied") == f"code={status}"
    check_declared(operation, answer)
    assert noted(doors[0], name) == {"applied": [f"code={status}"], "ignored": []}
    assert (answer.header("retry-after") is None) == (status != 429)
    assert (answer.header("allow") is None) == (status != 405)


@pytest.mark.parametrize(("operation", "status", "example"), EXAMPLES)
def test_every_named_example_can_be_had_and_fits_the_contract(
    doors: tuple[Door, ...], operation: str, status: int, example: str
) -> None:
    wish = f'code={status}, example="{example}"'.encode()
    answer = asked(doors, preferring(BY_ID[operation], f"{operation} {status} {example}", wish))
    assert answer.status == status
    assert answer.header("preference-applied") == f"code={status}, example={example}"
    check_declared(operation, answer)


def test_an_example_alone_finds_its_status(doors: tuple[Door, ...]) -> None:
    operation, status, example = EXAMPLES[0]
    answer = asked(doors, preferring(BY_ID[operation], "example alone", f"example={example}".encode()))
    assert answer.status in {known for one, known, name in EXAMPLES if (one, name) == (operation, example)}
    assert status in {known for one, known, name in EXAMPLES if (one, name) == (operation, example)}


SPELLINGS: dict[str, tuple[tuple[bytes, ...], int]] = {
    "plain": ((b"code=404",), 404),
    "quoted": ((b'code="404"',), 404),
    "quoted with an escape": ((b'code="4\\04"',), 404),
    "capitals": ((b"CODE=404",), 404),
    "blanks": ((b"  code \t= 404  ",), 404),
    "parameters": ((b"code=404; foo=bar; baz",), 404),
    "a parameter with a comma": ((b'respond-async; note="a, b", code=404',), 404),
    "after others": ((b"respond-async, wait=10, handling=lenient, code=404",), 404),
    "in a field of its own": ((b"respond-async", b"code=404"), 404),
    "after an empty field": ((b"", b"code=404"), 404),
    "empty elements": ((b",, ,code=404,,",), 404),
    "twice": ((b"code=404, code=429",), 404),
    "in two fields": ((b"code=404", b"code=429"), 404),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_preference_is_read_as_rfc_7240_writes_it(doors: tuple[Door, ...], spelling: str) -> None:
    wishes, status = SPELLINGS[spelling]
    job = BY_ID["getJob"]
    answer = asked(doors, preferring(job, f"spelled {spelling}", *wishes))
    assert (answer.status, answer.header("preference-applied")) == (status, f"code={status}")


IGNORED: dict[str, bytes] = {
    "nothing": b"",
    "commas": b",,,",
    "no value": b"code",
    "an empty value": b"code=",
    "an empty quotation": b'code=""',
    "an undeclared status": b"code=418",
    "a status that is none": b"code=42",
    "a negative status": b"code=-404",
    "a status of many digits": b"code=" + b"4" * 900,
    "a status in foreign digits": "code=٤٠٤".encode(),
    "a fraction": b"code=404.0",
    "an unknown example": b"example=no-such-example",
    "a template for an example": b'example="{{7*7}}"',
    "a path for an example": b'example="../../etc/passwd"',
    "a word for a delay": b"delay=soon",
    "a negative delay": b"delay=-1s",
    "a delay of a minute and more": b"delay=60001",
    "a delay of ages": b"delay=999999999999w",
    "a delay in exponents": b"delay=1e3",
    "an open quotation": b'code="404',
    "a value after a quotation": b'code="404"5',
    "a name that is none": b"co de=404",
    "no name": b"=404",
    "an equals sign twice": b"code==404",
    "bytes beyond ASCII": b"\xe9\xff=\xff",
    "a tab alone": b"\t",
    "an unknown name": b"respond-async",
    "1,000 and one letters": b"code=404," + b" " * LONGEST,
    "2,000 commas": b"," * 2000 + b"code=404",
    "blanks behind a name": b"code" + b" " * 990 + b'"',
    "blanks behind an equals sign": b"code=" + b" " * 990 + b'"',
    "blanks behind a parameter": b"a;" + b" " * 990 + b'"',
    "quotations in a parameter": b"a;" + b'""' * 490 + b'"',
    "escapes in a quotation": b'a="' + b"\\\\" * 490,
    "names without end": b"a" * 995 + b'"',
    "a line break in escapes": b'example="a%0d%0aSet-Cookie: a=b"',
    "a field in an example": b'example="a, Set-Cookie: a=b"',
    "markup": b'example="<script>alert(1)</script>"',
}


@pytest.mark.parametrize("what", IGNORED)
def test_what_cannot_be_honoured_is_ignored_at_every_door(doors: tuple[Door, ...], what: str) -> None:
    name = f"ignored {what}"
    answer = asked(doors, preferring(LIST, name, IGNORED[what]))
    assert answer.status == 200
    assert answer.header("preference-applied") is None
    check_declared("listSystems", answer)
    told = noted(doors[2], name)
    assert told["applied"] == []
    assert all(each["because"] and len(each["preference"]) <= 125 for each in told["ignored"])
    assert bool(told["ignored"]) == (IGNORED[what].strip(b", \t") != b"")


def test_an_unknown_wish_does_not_spoil_the_others(doors: tuple[Door, ...]) -> None:
    answer = asked(doors, preferring(LIST, "mixed", b"code=418, delay=0, example=none, code=429, wait=3"))
    assert (answer.status, answer.header("preference-applied")) == (200, "delay=0")
    told = noted(doors[1], "mixed")
    assert told["applied"] == ["delay=0"]
    assert [each["preference"] for each in told["ignored"]] == ["code=429", "wait", "code=418", "example=none"]


def test_a_refusal_comes_before_a_wish_and_the_journal_says_so(doors: tuple[Door, ...]) -> None:
    case = preferring(CREATE, "refused", b"code=422, delay=1ms")
    case = replace(
        case,
        fields=tuple((name, b"Bearer nobody" if name == b"authorization" else value) for name, value in case.fields),
    )
    answer = asked(doors, case)
    assert (answer.status, answer.header("preference-applied")) == (401, "delay=1ms")


def test_a_status_or_example_changes_nothing_and_is_over_with_its_request(doors: tuple[Door, ...]) -> None:
    assert asked(doors, preferring(CREATE, "over", b"code=409")).status == 409
    assert asked(doors, preferring(CREATE, "over", b"code=500")).status == 500
    listing = asked(doors, good(LIST, "over"))
    assert (listing.status, json.loads(listing.body)["meta"]["total"]) == (200, 1)
    assert listing.header("preference-applied") is None
    assert asked(doors, good(CREATE, "over")).status == 201


def test_the_status_of_success_is_the_real_thing(doors: tuple[Door, ...]) -> None:
    assert asked(doors, preferring(CREATE, "real", b"code=201")).status == 201
    assert json.loads(asked(doors, good(LIST, "real")).body)["meta"]["total"] == 2


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT"])
def test_a_method_that_is_none_prefers_nothing(doors: tuple[Door, ...], method: str) -> None:
    case = replace(preferring(LIST, f"by {method}", b"code=500, delay=60s"), method=method)
    assert asked(doors, case).status == 405


@pytest.mark.parametrize("path", [b"health", b"clock", b"requests", b"none"])
def test_the_control_plane_prefers_nothing(doors: tuple[Door, ...], path: bytes) -> None:
    case = Case(
        "",
        "",
        "GET",
        b"/__admin/" + path,
        (HOST, bearer("plane"), (b"prefer", b"code=500, delay=60s")),
        b"",
        frozenset(),
    )
    answer = asked(doors, case)
    assert answer.status in (200, 404)
    assert answer.header("preference-applied") is None


def test_a_header_of_any_length_is_read_in_few_steps() -> None:
    operation = API.contract.operations["listSystems"]
    for wish in IGNORED.values():
        for end in ("", '"', ",", ";", "=", "\\"):
            preferred((wish.decode("latin-1") * 40)[: LONGEST - 1] + end, operation)


# Delays


def delayed(name: str, wish: bytes = b"delay=300ms") -> bytes:
    return head(b"GET", b"/v1/systems?limit=1", (HOST, bearer(name), (b"prefer", wish)))


def test_a_delayed_answer_holds_up_no_other_connection(port: int) -> None:
    with Connection(port) as slow, Connection(port) as quick:
        slow.send(delayed("delay apart", b"delay=60s"))
        assert [quick.ask(each).status for each in (good(LIST, "delay apart"), HEALTH)] == [200, 200]


def test_the_delayed_of_two_is_answered_second() -> None:
    order: list[str] = []
    with serving(fresh_store()) as port, Connection(port) as slow, Connection(port) as quick:
        quick.ask(HEALTH)
        slow.send(delayed("delay order"))
        quick.send(good(LIST, "delay order").wire)
        for name, connection in (("quick", quick), ("slow", slow)):
            answer = connection.read()
            assert answer is not None
            order.append(f"{name} {answer.status} {answer.header('preference-applied')}")
    assert order == ["quick 200 None", "slow 200 delay=300ms"]


def test_pipelined_answers_keep_their_order_behind_a_delayed_one(port: int) -> None:
    quick = [good(LIST, "delay pipe"), HEALTH, good(BY_ID["getJob"], "delay pipe")]
    with Connection(port) as connection:
        connection.send(
            delayed("delay pipe", b"delay=20")
            + b"".join(each.wire for each in quick)
            + delayed("delay pipe", b"delay=5ms")
        )
        answers = [connection.read() for _ in range(5)]
    assert [each and each.header("preference-applied") for each in answers] == [
        "delay=20",
        None,
        None,
        None,
        "delay=5ms",
    ]
    assert b"job_xyz789" in (answers[3].body if answers[3] else b"")


def test_a_client_that_hangs_up_during_a_delay_leaves_nothing_behind(kept_tasks: tuple[Store, int, Any]) -> None:
    store, port, running = kept_tasks
    for turn, behind in enumerate((b"", HEALTH.wire), 1):
        with Ear(port) as ear:
            ear.send(delayed("gone", b"delay=60s") + behind)
            until(port, lambda turn=turn: [each.ordinal for each in store.presents().values()] == [turn])
            ear.reset()
        until(port, lambda: not running.server_state.tasks)


@pytest.fixture
def kept_tasks() -> Iterator[tuple[Store, int, Any]]:
    """Yield a store, the port and the server of it."""
    store = fresh_store()
    with served(store) as (port, running):
        yield store, port, running


def test_a_client_that_ends_its_side_gets_its_delayed_answer(port: int) -> None:
    with Connection(port) as connection:
        connection.send(delayed("half", b"delay=20ms"))
        connection.end()
        assert [each.status for each in connection.read_all()] == [200]


def test_a_delay_is_an_effect_and_not_a_wait_of_the_core() -> None:
    store = fresh_store()
    shelf, *_ = store.shelves
    headers = (("authorization", f"Bearer {key_of('effect').decode()}"), ("prefer", "delay=60s"))
    assert store.answer(shelf, Request("GET", "/v1/systems", "", headers, b"")).effects == (Wait(60_000_000),)


# In process


def in_process(**settings: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key_of('process').decode()}"}
    return httpx.Client(
        transport=SandboxTransport(store=fresh_store()), base_url="http://sandbox", headers=headers, **settings
    )


def test_a_delay_beyond_the_clients_patience_is_a_read_timeout() -> None:
    with in_process(timeout=0.01) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get("/v1/systems", headers={"Prefer": "delay=60s"})
        assert client.get("/v1/systems").status_code == 200


def test_only_the_read_timeout_counts_and_none_is_endless() -> None:
    with in_process(timeout=httpx.Timeout(0.001, read=5.0)) as client:
        assert client.get("/v1/systems", headers={"Prefer": "delay=10ms"}).headers["preference-applied"] == "delay=10ms"
    with in_process(timeout=None) as client:
        assert client.get("/v1/systems", headers={"Prefer": "delay=10ms"}).status_code == 200


def test_a_request_that_timed_out_has_happened_all_the_same() -> None:
    with in_process(timeout=0.01) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(
                "/v1/systems",
                headers={"Prefer": "delay=60s", "Content-Type": "application/json"},
                content=good(CREATE, "").body,
            )
        assert client.get("/v1/systems").json()["meta"]["total"] == 2
