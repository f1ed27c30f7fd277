"""Ctrl AI beside Aikraft at every door: hostile input is refused in its own words, and with equal bytes."""

from __future__ import annotations

import json
import re
from asyncio import Runner
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.web.store import Store
from tests.rim.corpus import HOST, JSON, Case, dump
from tests.rim.ctrlai_corpus import (
    CANDIDATE,
    CASES,
    DOMAIN,
    FORM,
    OPERATIONS,
    PARSABLE,
    UNIT,
    VERA,
    bearer,
    good,
    key_of,
)
from tests.rim.doors import (
    Answer,
    AsgiDoor,
    Connection,
    FlaskDoor,
    HttpxDoor,
    SocketDoor,
    fresh_store,
    renew,
    serving,
    url_of,
)

API = load_api("ctrlai")
BOTH = ("aikraft", "ctrlai")
ANYTHING = frozenset(range(200, 500))
Connected = tuple[FlaskDoor, AsgiDoor, int]
CODES = {
    400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT", 413: "PAYLOAD_TOO_LARGE", 429: "RATE_LIMITED",
}  # fmt: skip
TELLTALES = (b"Traceback", b'File "', b"site-packages", b"erkzeug", b"uvicorn", b"0x7f")
SETTING_COOKIES = ("signIn", "signOut")

cases = pytest.mark.parametrize("case", PARSABLE, ids=lambda case: case.name)
unparsed = pytest.mark.parametrize("case", [each for each in CASES if not each.parsable], ids=lambda case: case.name)


@pytest.fixture(scope="module")
def doors() -> Iterator[tuple[FlaskDoor, AsgiDoor, SocketDoor]]:
    """Yield the doors, each with a store of its own that sees the same history."""
    stores = [fresh_store(apis=BOTH, fixture="default") for _ in range(3)]
    with Runner() as runner, serving(stores[2]) as port:
        yield FlaskDoor(stores[0]), AsgiDoor(stores[1], runner), SocketDoor(port)


@pytest.fixture(scope="module")
def httpx_door() -> HttpxDoor:
    """Return the door for httpx, which sees only what httpx can send."""
    return HttpxDoor(fresh_store(apis=BOTH, fixture="default"))


def is_sent_by_httpx(case: Case) -> bool:
    """Tell whether httpx would send the case as it is, and nothing in its answer depends on who asks."""
    if not case.target.startswith(b"/api/") or b"#" in case.target or len(case.target) > 60_000 or case.chunked:
        return False
    return url_of(case).raw_path == case.target and (b"authorization", b"Bearer " + key_of(case.name)) in case.fields


def check_calm(case: Case, answer: Answer) -> None:
    assert answer.status in case.allowed, answer.body[:500]
    assert not any(each in answer.body for each in TELLTALES if each not in case.body), answer.body[:500]
    assert b"<script" not in answer.body or "json" in (answer.header("content-type") or "")
    assert all(value.isprintable() for _, value in answer.headers)
    assert answer.header("set-cookie") is None or (case.operation in SETTING_COOKIES and answer.status == 200)


def check_spoken(case: Case, answer: Answer) -> None:
    """Check that a refusal is worded as Ctrl AI words it, and that the contract declares every answer."""
    assert answer.header("x-ratelimit-limit")
    if answer.status >= 400:
        error = json.loads(answer.body)["error"]
        assert error["code"] == CODES[answer.status]
        assert set(error) == {"code", "message"} | ({"details"} if answer.status == 400 else set())
        assert (answer.header("retry-after") is not None) == (answer.status == 429)
    if case.operation and answer.body and (answer.header("content-type") or "").startswith("application/json"):
        shape = API.contract.operations[case.operation].shapes[answer.status]
        assert shape.whole is not None
        assert shape.whole.finding(json.loads(answer.body)) is None


def is_for_the_api(case: Case) -> bool:
    return re.match(rb"(?:[a-z]+://[^/]*)?/api(?:[/?]|$)", case.target) is not None


def next_of(case: Case) -> Case:
    return good(OPERATIONS[1], f"after {case.name}")


@cases
def test_the_hostile_corpus_is_refused_in_ctrl_ais_words_and_with_equal_bytes(
    doors: tuple[FlaskDoor, AsgiDoor, SocketDoor], httpx_door: HttpxDoor, case: Case
) -> None:
    flask, asgi = doors[0].ask(case), doors[1].ask(case)
    with Connection(doors[2].port) as connection:
        wire = connection.ask(case)
        assert connection.ask(next_of(case)).status == 200
    assert flask == asgi
    assert asgi == wire
    check_calm(case, wire)
    if is_sent_by_httpx(case):
        assert httpx_door.ask(case) == wire
    if is_for_the_api(case) and case.method != "HEAD":
        check_spoken(case, wire)


@unparsed
def test_methods_that_no_parser_knows_get_equal_bytes_in_process(
    doors: tuple[FlaskDoor, AsgiDoor, SocketDoor], case: Case
) -> None:
    flask, asgi = doors[0].ask(case), doors[1].ask(case)
    assert flask == asgi
    assert flask.status == 405
    assert flask.header("allow")


# Generated requests

SIGN_IN = Case(
    "signing in",
    "signIn",
    "POST",
    b"/api/auth/signin",
    (HOST, JSON),
    b'{"email":"adam@acme.example"}',
    frozenset({200}),
)


def first_session() -> bytes:
    """Return the cookie of the first session of a fresh store: it is the same in each."""
    answer = FlaskDoor(fresh_store(apis=BOTH, fixture="default")).ask(SIGN_IN)
    return (answer.header("set-cookie") or "").partition(";")[0].encode()


COOKIE = first_session()
KEYS = tuple(b"ctrlai_pk_" + b"%032x" % each for each in (1, 3, 4, 6, 14, 15))
segments = st.sampled_from(
    [b"v1", b"units", b"workflows", b"compose", b"orgs", b"acme", b"globex", b"api-keys", b"audit", b"inference", b"auth",
     b"signin", b"session", b"%75nits", b"%00", b"%2F", b"..", b"", b"%C3%A9", CANDIDATE.encode(), b"members", b"verify"]
)  # fmt: skip
known = st.sampled_from(sorted({each.target for each in OPERATIONS}))
made_up = st.lists(segments, max_size=5).map(lambda parts: b"/api/" + b"/".join(parts))
paths = st.one_of(known, known, made_up, st.tuples(known, segments).map(b"/".join))
names = st.sampled_from([b"limit", b"offset", b"status", b"format", b"startDate", b"userId", b"%6cimit", b"a", b""])
values = st.sampled_from(
    [
        b"1",
        b"0",
        b"100",
        b"101",
        b"csv",
        b"verified",
        b"draft",
        b"2026-04-13",
        b"%ff",
        b"%00",
        b"+1",
        b"",
        b"1.5",
        b"%E4%BF%A1",
    ]
)
queries = st.lists(st.tuples(names, values).map(b"=".join), max_size=3).map(b"&".join)
targets = st.one_of(paths, st.tuples(paths, queries).map(b"?".join))
atoms = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**64), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from([DOMAIN, UNIT, VERA, "acme", "approve", "admin", "adam@acme.example", "greta@globex.example"]),
)  # fmt: skip
anything = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Draw a body that some operation takes, often with one field of it replaced or left out."""
    document = dict(draw(st.sampled_from([each.document for each in OPERATIONS if each.document])))
    name = draw(st.sampled_from(sorted(document)))
    change = draw(st.sampled_from(["none", "none", "replaced", "without"]))
    if change == "replaced":
        document[name] = draw(anything)
    elif change == "without":
        del document[name]
    return document


bodies = st.one_of(
    st.just(b""), documents().map(dump), documents().map(dump), anything.map(dump), st.binary(max_size=30),
    st.sampled_from([b"email=adam%40acme.example", b"email=rex@acme.example&email=x", b"&&=%"]),
)  # fmt: skip
credentials = st.one_of(
    st.just(()),
    st.integers(0, 1).map(lambda n: (bearer(f"generated {n}"),)),
    st.sampled_from([((b"authorization", b"Bearer " + key),) for key in (*KEYS, COOKIE.partition(b"=")[2], b"ak_live_none")]),
    st.sampled_from([
        ((b"cookie", COOKIE),), ((b"cookie", b"a=b"), (b"cookie", COOKIE)), ((b"cookie", COOKIE + b"; " + COOKIE + b"x"),),
        ((b"cookie", COOKIE[:-1]),), ((b"cookie", COOKIE), bearer("generated 0")),
    ]),
)  # fmt: skip
kinds = st.sampled_from([(JSON,), (JSON,), (), (FORM,), (JSON, FORM), ((b"content-type", b"text/plain"),)])
methods = st.sampled_from(["GET", "GET", "POST", "POST", "PATCH", "DELETE", "HEAD", "PUT"])
spares = st.lists(
    st.sampled_from([
        (b"x-forwarded-proto", b"https"), (b"prefer", b"code=403"), (b"prefer", b"code=200"), (b"user-agent", b"\xe9 \"x\", y"),
        (b"x-forwarded-for", b"1.2.3.4"), (b"accept", b"text/csv"),
    ]), max_size=2,
).map(tuple)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Case:
    """Draw a request that a parser lets through; a good one of an operation as often as not."""
    fields = (HOST, *draw(credentials), *draw(kinds), *draw(spares))
    body = draw(bodies)
    case = Case(
        "generated", "", draw(methods), draw(targets), fields, body, ANYTHING, bool(body) and draw(st.booleans())
    )
    if draw(st.booleans()):
        operation = draw(st.sampled_from(OPERATIONS))
        case = replace(case, method=operation.method, target=operation.target)
        if operation.document is not None and draw(st.booleans()):
            case = replace(case, fields=(HOST, JSON, *draw(credentials)), body=dump(operation.document))
    return case


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[tuple[Store, Store, Store], Connected]]:
    """Yield three stores that examples share, and a door of each; the socket's keeps its connection."""
    stores = (
        fresh_store(apis=BOTH, fixture="default"),
        fresh_store(apis=BOTH, fixture="default"),
        fresh_store(apis=BOTH, fixture="default"),
    )
    with Runner() as runner, serving(stores[2]) as port:
        yield stores, (FlaskDoor(stores[0]), AsgiDoor(stores[1], runner), port)


@given(st.lists(requests(), min_size=1, max_size=4), st.booleans())
@settings(max_examples=250, deadline=None)
def test_generated_histories_get_equal_bytes_through_every_door(
    shared: tuple[tuple[Store, Store, Store], Connected], history: list[Case], signed_in: bool
) -> None:
    note(repr(history))
    stores, (flask, asgi, port) = shared
    for store in stores:
        renew(store)
    with Connection(port) as connection:
        for case in [SIGN_IN, *history] if signed_in else history:
            answer = flask.ask(case)
            assert answer == asgi.ask(case)
            assert answer == connection.ask(case)
            assert answer.status in ANYTHING
            if is_for_the_api(case) and case.method != "HEAD":
                check_spoken(case, answer)
