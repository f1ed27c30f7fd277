"""Ctrl AI beside Aikraft at every door: hostile input is refused in its own words, and with equal bytes."""

from __future__ import annotations

import json
import re
from asyncio import Runner
from collections.abc import Iterator

import pytest

from sandbox.app import load_api
from tests.rim.corpus import Case
from tests.rim.ctrlai_corpus import CASES, OPERATIONS, PARSABLE, good, key_of
from tests.rim.doors import Answer, AsgiDoor, Connection, FlaskDoor, HttpxDoor, SocketDoor, fresh_store, serving, url_of

API = load_api("ctrlai")
BOTH = ("aikraft", "ctrlai")
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
