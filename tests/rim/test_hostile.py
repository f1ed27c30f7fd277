"""Hostile input over a real socket: never a 5xx, never a traceback, and the next request works."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from sandbox.app import load_api
from tests.rim.corpus import BLOBS, CASES, HOST, OPERATIONS, PARSABLE, SMUGGLED, Blob, Case, good, key_of
from tests.rim.doors import Answer, Connection

API = load_api("aikraft")
TELLTALES = (b"Traceback", b'File "', b"site-packages", b"werkzeug", b"Werkzeug", b"uvicorn", b"<html", b"0x7f")
REQUEST_ID = re.compile(r"req_[0-9a-f]{8}")
NEXT = good(OPERATIONS[0], "the next request")
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))

cases = pytest.mark.parametrize("case", PARSABLE, ids=lambda case: case.name)
unparsed = pytest.mark.parametrize("case", [each for each in CASES if not each.parsable], ids=lambda case: case.name)
blobs = pytest.mark.parametrize("blob", BLOBS, ids=lambda blob: blob.name)


def next_of(name: str) -> Case:
    return good(OPERATIONS[0], f"after {name}")


def check_calm(answer: Answer) -> None:
    assert answer.status < 500, answer.body[:500]
    assert not any(each in answer.body for each in TELLTALES), answer.body[:500]
    assert all(value.isprintable() for _, value in answer.headers)
    assert "set-cookie" not in dict(answer.headers)


def check_envelope(answer: Answer) -> None:
    if answer.status >= 400:
        error = json.loads(answer.body)["error"]
        assert set(error) == {"code", "message", "request_id"}
        assert REQUEST_ID.fullmatch(error["request_id"])


def check_declared(case: Case, answer: Answer) -> None:
    shape = API.contract.operations[case.operation].shapes[answer.status]
    assert shape.whole is not None
    assert shape.whole.finding(json.loads(answer.body)) is None


def is_for_the_api(case: Case) -> bool:
    return re.match(rb"(?:[a-z]+://[^/]*)?/v1(?:[/?]|$)", case.target) is not None


@cases
def test_hostile_input_is_refused_as_the_contract_says_and_the_next_request_works(port: int, case: Case) -> None:
    with Connection(port) as connection:
        answer = connection.ask(case)
        check_calm(answer)
        assert answer.status in case.allowed, answer.body[:500]
        if is_for_the_api(case) and case.method != "HEAD":
            check_envelope(answer)
        if case.operation and answer.body and answer.status != 401:
            check_declared(case, answer)
        assert connection.ask(next_of(case.name)).status == 200


@unparsed
def test_a_method_that_nobody_knows_is_refused_and_the_next_client_is_served(port: int, case: Case) -> None:
    with Connection(port) as connection:
        answer = connection.ask(case)
    check_calm(answer)
    assert answer.status in (400, 405)
    with Connection(port) as connection:
        assert connection.ask(next_of(case.name)).status == 200


@blobs
def test_bytes_that_are_hardly_http_are_refused_and_the_next_client_is_served(port: int, blob: Blob) -> None:
    with Connection(port) as connection:
        connection.send(blob.wire)
        connection.end()
        for answer in connection.read_all():
            check_calm(answer)
            assert answer.status in blob.allowed, answer.body[:500]
    with Connection(port) as connection:
        assert connection.ask(next_of(blob.name)).status == 200


def spoken(port: int, wire: bytes) -> list[Answer]:
    """Return every answer until the server, and not the client, hangs up."""
    with Connection(port) as connection:
        connection.send(wire)
        return connection.read_all()


@pytest.mark.parametrize("blob", [each for each in BLOBS if SMUGGLED in each.wire], ids=lambda blob: blob.name)
def test_a_request_hidden_in_another_is_not_answered(port: int, blob: Blob) -> None:
    assert [each.status for each in spoken(port, blob.wire)] == [400]


@pytest.mark.parametrize("first", [good(OPERATIONS[1], "before garbage"), HEALTH], ids=["an API's", "a page's"])
def test_a_good_request_is_answered_before_the_garbage_behind_it_is_refused(port: int, first: Case) -> None:
    statuses = [each.status for each in spoken(port, first.wire + b"\x00garbage\r\n\r\n")]
    assert statuses[0] in first.allowed
    assert statuses[1:] in ([], [400])


def test_a_refused_body_changes_nothing(port: int) -> None:
    (blob,) = (each for each in BLOBS if each.name == "a good body and then a bad chunk")
    wire = blob.wire.replace(key_of("a blob"), key_of("a bad chunk"))
    with Connection(port) as connection:
        assert json.loads(connection.ask(good(OPERATIONS[0], "a bad chunk")).body)["meta"]["total"] == 1
    assert [each.status for each in spoken(port, wire)] == [400]
    with Connection(port) as connection:
        assert json.loads(connection.ask(good(OPERATIONS[0], "a bad chunk")).body)["meta"]["total"] == 1


def test_nothing_after_a_request_that_closes_the_connection_is_answered(port: int) -> None:
    closing = good(OPERATIONS[0], "closing")
    wire = replace(closing, fields=(*closing.fields, (b"connection", b"close"))).wire
    assert len(spoken(port, wire + closing.wire)) == 1


def test_an_undeclared_live_key_is_never_in_an_answer(port: int) -> None:
    key = b"ak_live_0123456789abcdef"
    with Connection(port) as connection:
        answer = connection.ask(replace(NEXT, fields=((b"authorization", b"Bearer " + key),)))
    assert answer.status in (401, 429)
    assert key not in answer.body
