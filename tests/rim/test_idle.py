"""Idle connections and clients that stop half-way keep nobody else from being answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.rim.corpus import HOST, OPERATIONS, UPGRADE, Case, good, head
from tests.rim.doors import Connection, fresh_store, serving

IDLE = 500
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))
CONTRACT = Case("contract", "", "GET", b"/openapi/aikraft.json", (HOST,), b"", frozenset({200}))
CREATE = good(OPERATIONS[1], "half")
HALVES = {
    "half a request line": b"GET /v1/sys",
    "half a head": CREATE.wire[:40],
    "a head and half a body": CREATE.wire[:-10],
    "half a body in chunks": head(b"POST", b"/v1/systems", (*CREATE.fields, (b"transfer-encoding", b"chunked")))
    + b"5\r\n{",
    "half a body for a page": head(b"POST", b"/__admin/health", (HOST, (b"content-length", b"9"))) + b"x",
    "half a body for a page of an API's name": head(b"POST", b"/%76%31/systems", (HOST, (b"content-length", b"9")))
    + b"x",
    "half a body that waits to be asked for": head(
        b"POST", b"/v1/systems", (*CREATE.fields, (b"content-length", b"9"), (b"expect", b"100-continue"))
    ),
}
UNREAD = {
    "an answer that is not read": good(OPERATIONS[0], "unread").wire,
    "500 answers that are not read": good(OPERATIONS[0], "unread").wire * 500,
    "a large page that is not read": CONTRACT.wire * 20,
}

pytestmark = pytest.mark.usefixtures("enough_files")


@pytest.fixture(scope="module")
def crowded(enough_files: None) -> Iterator[int]:  # noqa: ARG001
    """Yield the port of a server with 500 idle connections and 20 clients that have stopped half-way."""
    with serving(fresh_store()) as port, ExitStack() as crowd:
        for _ in range(IDLE):
            crowd.enter_context(Connection(port))
        for data in [*HALVES.values(), *UNREAD.values()] * 2:
            crowd.enter_context(Connection(port)).send(data)
        yield port


def test_health_is_answered_in_a_crowd(crowded: int) -> None:
    for _ in range(20):
        with Connection(crowded) as connection:
            assert connection.ask(HEALTH).body == b'{"status":"ok"}'


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_is_answered_in_a_crowd(crowded: int, operation: object) -> None:
    case = good(operation, "crowd")  # type: ignore[arg-type]
    with Connection(crowded) as connection:
        assert connection.ask(case).status in (200, 201, 202)


def test_health_is_answered_while_a_flood_is_under_way(port: int) -> None:
    flood = good(OPERATIONS[0], "flood").wire * 300
    with ExitStack() as crowd:
        flooding = [crowd.enter_context(Connection(port)) for _ in range(8)]
        for each in flooding:
            each.send(flood)
        with Connection(port) as connection:
            assert [connection.ask(HEALTH).status for _ in range(20)] == [200] * 20
        assert [len([each.read() for _ in range(300)]) for each in flooding] == [300] * 8


def test_a_connection_that_was_idle_is_still_served(port: int) -> None:
    with Connection(port) as idle, Connection(port) as busy:
        assert busy.ask(HEALTH).status == 200
        assert idle.ask(HEALTH).status == 200


def test_a_request_that_comes_byte_by_byte_is_answered(port: int) -> None:
    case = good(OPERATIONS[1], "bytes")
    with Connection(port) as connection:
        for at in range(len(case.wire)):
            connection.send(case.wire[at : at + 1])
        answer = connection.read()
    assert answer is not None
    assert answer.status == 201


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    cases = [good(each, "pipeline") for each in OPERATIONS]
    mixed = [part for case in cases for part in (case, HEALTH, case)]
    with Connection(port) as connection:
        connection.send(b"".join(each.wire for each in mixed))
        piped = [connection.read() for _ in mixed]
    with serving(fresh_store()) as other, Connection(other) as connection:
        assert piped == [connection.ask(each) for each in mixed]


def test_a_client_that_expects_100_continue_is_told_to_go_on(port: int) -> None:
    case = good(OPERATIONS[1], "expects")
    before, body = case.wire.removesuffix(case.body).removesuffix(b"\r\n"), case.body
    with Connection(port) as connection:
        connection.send(before + b"expect: 100-continue\r\n\r\n")
        assert connection.line() == b"HTTP/1.1 100 Continue"
        assert connection.line() == b""
        connection.send(body)
        answer = connection.read()
    assert answer is not None
    assert answer.status == 201


def test_a_client_that_reads_late_gets_every_answer_in_order(port: int) -> None:
    first, second = good(OPERATIONS[5], "late"), good(OPERATIONS[5], "later")
    asked = [*[first] * 1400, *[second] * 1400, HEALTH, first, HEALTH]
    with Connection(port) as connection:
        connection.narrow()
        connection.send(b"".join(each.wire for each in asked))
        answers = [connection.read() for _ in asked]
    assert {each.status for each in answers if each} == {200}
    healthy = [at for at, each in enumerate(answers) if each and each.body == b'{"status":"ok"}']
    assert healthy == [2800, 2802]


def test_a_body_that_asks_to_upgrade_is_read_and_what_follows_it_is_answered(port: int) -> None:
    creating = good(OPERATIONS[1], "upgrade")
    wire = head(b"POST", b"/v1/systems", (*creating.framed, *UPGRADE)) + creating.body
    with Connection(port) as connection:
        connection.send(wire + HEALTH.wire)
        answers = [connection.read(), connection.read()]
    assert [each.status for each in answers if each] == [201, 200]


def test_a_client_that_ends_its_side_still_gets_the_page_it_asked_for(port: int) -> None:
    for _ in range(30):
        with Connection(port) as connection:
            connection.send(HEALTH.wire)
            connection.end()
            (answer,) = connection.read_all()
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
