"""What a fault does to a connection, real clients get to see, and nobody else: httpx, requests, curl and bare sockets."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest
import requests

from sandbox.core.message import BREAKS
from sandbox.testing.transport import SandboxTransport
from sandbox.web.store import Store
from tests.rim.corpus import HOST, LOAN, OPERATIONS, Case, bearer, dump, good, head, key_of
from tests.rim.doors import PATIENCE, Connection, SocketDoor, fresh_store
from tests.rim.test_events import Ear, served, steering, until

LIST, CREATE = OPERATIONS[0], OPERATIONS[1]
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))
SOON = 0.3
"""Seconds that a client waits for an answer which never comes."""


class Seen(NamedTuple):
    """What each client makes of a break."""

    httpx: type[httpx.TransportError]
    requests: type[requests.RequestException]
    curl: frozenset[int]


SEEN = {
    "CONNECTION_RESET_BY_PEER": Seen(httpx.ReadError, requests.ConnectionError, frozenset({56})),
    "EMPTY_RESPONSE": Seen(httpx.RemoteProtocolError, requests.ConnectionError, frozenset({52})),
    "MALFORMED_RESPONSE_CHUNK": Seen(
        httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, frozenset({56})
    ),
    "RANDOM_DATA_THEN_CLOSE": Seen(httpx.RemoteProtocolError, requests.ConnectionError, frozenset({1, 8})),
    "TRUNCATED_BODY": Seen(httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, frozenset({18})),
    "NO_ANSWER": Seen(httpx.ReadTimeout, requests.ReadTimeout, frozenset({28})),
}
AFTER = ("commit", "nothing")
kinds = pytest.mark.parametrize("kind", SEEN)
breaks = pytest.mark.parametrize("kind", [each for each in SEEN if each != "NO_ANSWER"])


def hangup(kind: str, **more: Any) -> dict[str, Any]:
    return {"hangup": {"break": kind, **more}}


def strike(port: int, name: str, then: dict[str, Any], **when: Any) -> None:
    """Let this world be struck by a fault; others follow it."""
    answer = SocketDoor(port).ask(steering(name, "POST", b"/faults", {"when": when, "then": then}))
    assert answer.status == 201, answer.body


def calm(port: int, name: str) -> None:
    """Take every fault away from this world."""
    assert SocketDoor(port).ask(steering(name, "DELETE", b"/faults")).status == 200


def systems(port: int, name: str) -> int:
    total: int = json.loads(SocketDoor(port).ask(good(LIST, name)).body)["meta"]["total"]
    return total


def headers_of(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key_of(name).decode()}"}


def patience(kind: str) -> float:
    """Return the seconds that a client waits for an answer."""
    return SOON if kind == "NO_ANSWER" else PATIENCE


def by_httpx(url: str, name: str, wait: float = PATIENCE) -> None:
    httpx.post(url, headers=headers_of(name), json=CREATE.document, timeout=httpx.Timeout(PATIENCE, read=wait))


def by_requests(url: str, name: str, wait: float) -> None:
    requests.post(url, headers=headers_of(name), json=CREATE.document, timeout=(PATIENCE, wait))


def by_curl(url: str, name: str, wait: float) -> int:
    """Return curl's exit status."""
    credential = f"Authorization: Bearer {key_of(name).decode()}"
    call = ["curl", "-sS", "-m", str(wait), "-H", credential, "-H", "Content-Type: application/json"]
    done = subprocess.run([*call, "-d", dump(CREATE.document).decode(), url], capture_output=True, timeout=PATIENCE)
    return done.returncode


def test_every_break_that_a_fault_may_ask_for_is_known_to_the_doors() -> None:
    assert (*SEEN, "DRIBBLE") == (*(each for each in BREAKS if each != "DRIBBLE"), "DRIBBLE")


# Real clients


@pytest.mark.parametrize("after", AFTER)
@kinds
def test_httpx_sees_the_error_and_the_world_keeps_what_was_promised(port: int, kind: str, after: str) -> None:
    name = f"httpx {kind} {after}"
    strike(port, name, hangup(kind, after=after), operation="createSystem")
    with pytest.raises(SEEN[kind].httpx) as raised:
        by_httpx(f"http://127.0.0.1:{port}/v1/systems", name, patience(kind))
    assert type(raised.value) is SEEN[kind].httpx
    assert systems(port, name) == (2 if after == "commit" else 1)
    calm(port, name)
    assert SocketDoor(port).ask(replace(good(CREATE, name), body=dump({**LOAN, "name": "Next"}))).status == 201


@kinds
def test_requests_sees_the_error(port: int, kind: str) -> None:
    strike(port, f"requests {kind}", hangup(kind))
    with pytest.raises(SEEN[kind].requests) as raised:
        by_requests(f"http://127.0.0.1:{port}/v1/systems", f"requests {kind}", patience(kind))
    assert type(raised.value) is SEEN[kind].requests


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@kinds
def test_curl_sees_the_error(port: int, kind: str) -> None:
    strike(port, f"curl {kind}", hangup(kind))
    assert by_curl(f"http://127.0.0.1:{port}/v1/systems", f"curl {kind}", patience(kind)) in SEEN[kind].curl


@pytest.mark.parametrize(("outcome", "kept"), [("drop_after", 2), ("drop_before", 1)])
def test_a_write_whose_answer_is_lost_has_happened_or_not(port: int, outcome: str, kept: int) -> None:
    strike(port, outcome, {"commit": outcome}, operation="createSystem")
    with pytest.raises(httpx.RemoteProtocolError):
        by_httpx(f"http://127.0.0.1:{port}/v1/systems", outcome)
    assert systems(port, outcome) == kept


# Bare connections


def answered(connection: Connection) -> list[int]:
    """Return the statuses of all answers until the server hangs up."""
    return [each.status for each in connection.read_all()]


def test_a_reset_is_a_reset_and_no_farewell(port: int) -> None:
    strike(port, "bare reset", hangup("CONNECTION_RESET_BY_PEER"))
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as bare:
        bare.sendall(good(LIST, "bare reset").wire)
        with pytest.raises(ConnectionResetError):
            bare.recv(1)


@kinds
def test_other_connections_of_the_same_world_are_left_alone(port: int, kind: str) -> None:
    name = f"others {kind}"
    strike(port, name, hangup(kind), operation="createSystem")
    with Connection(port) as before, Ear(port) as broken:
        assert before.ask(good(LIST, name)).status == 200
        broken.send(good(CREATE, name).wire)
        if kind != "NO_ANSWER":
            broken.rest()
        assert before.ask(good(LIST, name)).status == 200


@breaks
def test_what_was_asked_before_a_break_is_answered_and_what_was_asked_behind_it_is_not(port: int, kind: str) -> None:
    name = f"piped {kind}"
    strike(port, name, hangup(kind), operation="createSystem")
    piped = (good(LIST, name), HEALTH, good(CREATE, name), good(LIST, name), HEALTH)
    with Connection(port) as connection:
        connection.send(b"".join(each.wire for each in piped))
        assert [connection.read() is not None for _ in range(2)] == [True, True]
        rest = connection.rest()
    assert rest.count(b"HTTP/1.1 ") == (1 if kind in ("TRUNCATED_BODY", "MALFORMED_RESPONSE_CHUNK") else 0)
    assert b'"status":"ok"' not in rest


@breaks
def test_a_break_behind_an_answer_that_waits_comes_after_it(port: int, kind: str) -> None:
    name = f"behind {kind}"
    strike(port, name, hangup(kind), operation="createSystem")
    late = head(b"GET", b"/v1/systems", (HOST, bearer(name), (b"prefer", b"delay=20ms")))
    with Connection(port) as connection:
        connection.send(late + good(CREATE, name).wire)
        first = connection.read()
        assert first is not None
        assert (first.status, first.header("preference-applied")) == (200, "delay=20ms")
        connection.rest()
    assert systems(port, name) == 2


def test_pipelined_answers_keep_their_order_behind_answers_that_a_fault_holds_back(port: int) -> None:
    name = "fault pipe"
    strike(port, name, {"delay": {"fixed": "15ms"}}, operation="listSystems")
    strike(port, name, hangup("DRIBBLE", over="15ms"), operation="getClassification")
    asked = [LIST, CREATE, OPERATIONS[2], OPERATIONS[5], OPERATIONS[2], LIST]
    cases = [part for each in asked for part in (good(each, name), HEALTH)]
    with Connection(port) as connection:
        connection.send(b"".join(each.wire for each in cases))
        answers = [connection.read() for _ in cases]
        assert connection.ask(HEALTH).status == 200
    assert [each.status for each in answers if each] == [200, 200, 201, *[200] * 9]
    assert [each is not None and each.header("sandbox-fault") for each in answers[::2]] == [
        "fault#fault-1", None, "fault#fault-2", None, "fault#fault-2", "fault#fault-1",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_request_that_comes_while_an_answer_is_held_back_is_answered_behind_it(count: int) -> None:
    store = fresh_store()
    with served(store) as (port, _), Connection(port) as connection:
        strike(port, "while", {"delay": {"fixed": "300ms"}}, operation="createSystem")
        connection.send(good(CREATE, "while").wire)
        until(port, lambda: any(each.ordinal for each in store.presents().values()))
        connection.send(good(LIST, "while").wire * count)
        connection.end()
        assert answered(connection) == [201, *[200] * count]


@pytest.mark.parametrize("end", [b"", b"no HTTP\r\n\r\n"], ids=["the client's end", "garbage"])
def test_everything_in_line_behind_a_held_back_answer_is_answered_before_the_end(port: int, end: bytes) -> None:
    name = f"line before {end.decode()}"
    strike(port, name, {"delay": {"fixed": "20ms"}}, operation="getJob")
    line = (OPERATIONS[5], LIST, OPERATIONS[5], CREATE)
    with Connection(port) as connection:
        connection.send(b"".join(good(each, name).wire for each in line) + end)
        connection.end()
        assert answered(connection) == [200, 200, 200, 201]


def test_a_client_that_reads_late_gets_every_answer_in_order_beside_those_held_back(port: int) -> None:
    strike(port, "reads late beside", {"delay": {"fixed": "5ms"}}, operation="listSystems")
    flood = [OPERATIONS[5]] * 1400
    asked = [*flood, LIST, *flood, LIST, LIST]
    with Connection(port) as connection:
        connection.narrow()
        connection.send(b"".join(good(each, "reads late beside").wire for each in asked) + HEALTH.wire)
        answers = [connection.read() for _ in (*asked, HEALTH)]
    late = [at for at, each in enumerate(answers) if each and each.header("sandbox-fault")]
    assert late == [1400, 2801, 2802]
    assert answers[-1] is not None
    assert answers[-1].body == b'{"status":"ok"}'


def test_a_body_that_is_asked_for_comes_behind_the_answer_before_it(port: int) -> None:
    strike(port, "broken expects", {"delay": {"fixed": "20ms"}}, operation="listSystems")
    creating = good(CREATE, "broken expects")
    with Connection(port) as connection:
        asking = head(b"POST", b"/v1/systems", (*creating.framed, (b"expect", b"100-continue")))
        connection.send(good(LIST, "broken expects").wire + asking)
        first = connection.read()
        assert (first and first.status, connection.line(), connection.line()) == (200, b"HTTP/1.1 100 Continue", b"")
        connection.send(creating.body)
        second = connection.read()
    assert second is not None
    assert second.status == 201


@pytest.mark.parametrize("kind", ["MALFORMED_RESPONSE_CHUNK", "TRUNCATED_BODY", "EMPTY_RESPONSE"])
def test_a_head_has_no_body_to_break_and_is_not_answered(port: int, kind: str) -> None:
    strike(port, f"head {kind}", hangup(kind))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.head(f"http://127.0.0.1:{port}/v1/systems", headers=headers_of(f"head {kind}"))


@pytest.mark.parametrize(("kind", "more"), [("DRIBBLE", {"over": "5ms"}), ("TRUNCATED_BODY", {"keep": 3})])
def test_a_client_of_http_1_0_gets_the_same_and_the_end_of_its_connection(
    port: int, kind: str, more: dict[str, Any]
) -> None:
    strike(port, f"old {kind}", hangup(kind, **more))
    with Connection(port) as connection:
        connection.send(head(b"GET", b"/v1/systems", (HOST, bearer(f"old {kind}")), b"HTTP/1.0"))
        said = connection.rest()
    lines, _, body = said.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) == (3 if kind == "TRUNCATED_BODY" else int(lines.lower().split(b"content-length: ")[1].split()[0]))


def test_a_truncated_answer_is_the_real_one_up_to_the_cut(port: int) -> None:
    whole = SocketDoor(port).ask(good(LIST, "cut"))
    strike(port, "cut", hangup("TRUNCATED_BODY", keep=1 << 20))
    with httpx.stream("GET", f"http://127.0.0.1:{port}/v1/systems", headers=headers_of("cut")) as answer:
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(whole.body)))
        got = list[bytes]()
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(answer.iter_bytes())
    assert b"".join(got) == whole.body[:-1]


# Ends: of a client, of the server


@pytest.fixture
def running() -> Iterator[tuple[Store, int, Any]]:
    """Yield a store, the port and the server of it."""
    store = fresh_store()
    with served(store) as (port, server):
        yield store, port, server


LEAVING: dict[str, Callable[[Any], None]] = {"reset": Ear.reset, "farewell": lambda ear: ear.end()}


@pytest.mark.parametrize("leaving", LEAVING)
@pytest.mark.parametrize("behind", [b"", HEALTH.wire, HEALTH.wire * 5], ids=["nothing", "a page", "five pages"])
def test_a_client_that_leaves_an_answer_that_never_comes_leaves_nothing_behind(
    running: tuple[Store, int, Any], leaving: str, behind: bytes
) -> None:
    _, port, server = running
    strike(port, "gone", hangup("NO_ANSWER"))
    with Ear(port) as ear:
        ear.send(good(LIST, "gone").wire + behind)
        until(port, lambda: len(server.server_state.tasks) > 0)
        LEAVING[leaving](ear)
        until(port, lambda: not server.server_state.tasks)


def test_a_server_that_shuts_down_hurries_what_it_owes_and_never_waits_for_it() -> None:
    with ExitStack() as stack:
        with served(fresh_store()) as (port, server):
            late, dribbling, silent = (stack.enter_context(Connection(port)) for _ in range(3))
            strike(port, "late", {"delay": {"fixed": "10m"}})
            strike(port, "dribbling", hangup("DRIBBLE", over="10m"))
            strike(port, "silent", hangup("NO_ANSWER"))
            for connection, name in ((late, "late"), (dribbling, "dribbling"), (silent, "silent")):
                connection.send(good(LIST, name).wire)
            until(port, lambda: len(server.server_state.tasks) == 3)
        assert [answered(each) for each in (late, dribbling, silent)] == [[200], [200], []]


def test_an_answer_that_dribbles_has_begun_long_before_it_ends() -> None:
    with ExitStack() as stack:
        with served(fresh_store()) as (port, _):
            connection = stack.enter_context(Connection(port))
            strike(port, "begun", hangup("DRIBBLE", over="10m", pieces=1000))
            connection.send(good(LIST, "begun").wire)
            begun = connection.head()
        body = connection.rest()
    assert begun["content-length"] == str(len(body))


@pytest.mark.usefixtures("enough_files")
def test_five_hundred_answers_that_are_held_back_hold_up_nobody() -> None:
    with ExitStack() as crowd:
        with served(fresh_store()) as (port, server):
            strike(port, "crowd", {"delay": {"fixed": "10m"}}, operation="listSystems")
            waiting = [crowd.enter_context(Connection(port)) for _ in range(500)]
            for each in waiting:
                each.send(good(LIST, "crowd").wire)
            until(port, lambda: len(server.server_state.tasks) == 500)
            assert [SocketDoor(port).ask(each).status for each in (good(CREATE, "crowd"), HEALTH)] == [201, 200]
        assert [answered(each) for each in waiting] == [[200]] * 500


# In process, beside a socket


def in_process(name: str, then: dict[str, Any], **settings: Any) -> httpx.Client:
    transport, headers = SandboxTransport(store=fresh_store()), headers_of(name)
    fault = httpx.Request("POST", "http://sandbox/__admin/faults", headers=headers, json={"then": then})
    assert transport.handle_request(fault).status_code == 201
    return httpx.Client(transport=transport, base_url="http://sandbox", headers=headers, **settings)


def error_of(client: httpx.Client, method: str) -> tuple[type[Exception] | type[None], str, bool]:
    """Return the error, the method of the request that it names, and whether the head of an answer came before it."""
    begun = False
    try:
        with client.stream(method, "/v1/systems") as answer:
            begun = True
            answer.read()
    except httpx.TransportError as error:
        return type(error), error.request.method, begun
    return type(None), method, begun


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", [*SEEN, "DRIBBLE"])
def test_in_process_the_same_error_comes_at_the_same_moment_as_on_a_socket(port: int, kind: str, method: str) -> None:
    name = f"beside {kind} {method}"
    strike(port, name, hangup(kind))
    url = f"http://127.0.0.1:{port}"
    with (
        in_process(name, hangup(kind), timeout=patience(kind)) as inside,
        httpx.Client(base_url=url, headers=headers_of(name), timeout=patience(kind)) as outside,
    ):
        assert error_of(inside, method) == error_of(outside, method)


def test_in_process_a_client_without_a_timeout_is_told_at_once_that_no_answer_comes() -> None:
    with in_process("endless", hangup("NO_ANSWER"), timeout=None) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/systems")


def test_in_process_a_dribble_slower_than_the_read_timeout_is_one_and_a_quicker_one_is_whole() -> None:
    with in_process("slow", hangup("DRIBBLE", over="10m"), timeout=0.01) as client:
        assert error_of(client, "GET") == (httpx.ReadTimeout, "GET", True)
    with in_process("quick", hangup("DRIBBLE", over="100ms"), timeout=0.05) as client:
        assert client.get("/v1/systems").json()["meta"]["total"] == 1
