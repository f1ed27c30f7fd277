"""The doors for tests: httpx, async httpx, requests and a server in a thread give the same bytes and the same errors."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.testing.adapter import SandboxAdapter
from sandbox.testing.server import SandboxServer
from sandbox.testing.transport import AsyncSandboxTransport, SandboxTransport
from sandbox.web.store import Store
from tests.rim.corpus import LOAN
from tests.rim.doors import Answer, _answer, fresh_store
from tests.rim.test_hangups import SEEN, hangup, headers_of, kinds, patience

NAME = "test doors"
ASKED = [
    ("GET", "/v1/systems?limit=2", None),
    ("GET", "/v1/systems/sys_abc123", None),
    ("POST", "/v1/systems", LOAN),
    ("POST", "/v1/systems", {"name": 1}),
    ("POST", "/v1/systems", b"{"),
    ("GET", "/v1/systems/caf%C3%A9?x=a%20b", None),
    ("GET", "/v1/nothing", None),
    ("DELETE", "/v1/systems", None),
    ("HEAD", "/v1/systems", None),
    ("GET", "/elsewhere", None),
    ("GET", "/__admin/clock", None),
    ("POST", "/__admin/clock/advance", {"by": "3d"}),
    ("PUT", "/__admin/clock", {"mode": "none"}),
]
HEADERS = {"User-Agent": "tests", "Accept": "*/*", "Accept-Encoding": "identity", "Host": "sandbox.localhost"}


class Client:
    """One way to ask: all of them speak for the same world."""

    def __init__(self, store: Store, url: str) -> None:
        self.sent = {**headers_of(NAME), **HEADERS}
        self.store, self.url = store, url

    def ask(self, method: str, target: str, content: Any, timeout: float | None = None) -> Answer:
        """Return the answer to one request."""
        headers = self.sent if content is None else {**self.sent, "Content-Type": "application/json"}
        body = (
            content
            if content is None or isinstance(content, bytes)
            else httpx.Request("X", "http://x", json=content).read()
        )
        return self.asked(method, self.url + target, headers, body, timeout)

    def asked(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float | None) -> Answer:
        """Return the answer, by the library of this client."""
        raise NotImplementedError


class ByHttpx(Client):
    def asked(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float | None) -> Answer:
        with httpx.Client(transport=SandboxTransport(store=self.store), timeout=timeout) as client:
            return _httpx(client.request(method, url, headers=headers, content=body))


class ByAsyncHttpx(Client):
    def asked(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float | None) -> Answer:
        async def asking() -> Answer:
            transport = AsyncSandboxTransport(store=self.store)
            async with httpx.AsyncClient(transport=transport, timeout=timeout) as client:
                return _httpx(await client.request(method, url, headers=headers, content=body))

        return asyncio.run(asking())


class ByRequests(Client):
    def asked(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float | None) -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", SandboxAdapter(store=self.store))
            answer = session.request(method, url, headers=headers, data=body, timeout=timeout)
            return _answer(answer.status_code, list(answer.raw.headers.items()), answer.content)


class BySocket(Client):
    def asked(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float | None) -> Answer:
        return _httpx(httpx.request(method, url, headers=headers, content=body, timeout=timeout))


def _httpx(answer: httpx.Response) -> Answer:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw]
    return _answer(answer.status_code, fields, answer.content)


IN_PROCESS: list[Callable[..., Client]] = [ByHttpx, ByAsyncHttpx, ByRequests]
clients = pytest.mark.parametrize("client", IN_PROCESS)


def inside(client: Callable[..., Client], then: Any = None, **when: Any) -> Client:
    """Return a client to a store of its own, of which its world is struck by a fault."""
    made = client(fresh_store(), "http://sandbox.localhost")
    if then is not None:
        assert made.ask("POST", "/__admin/faults", {"when": when, "then": then}).status == 201
    return made


def test_every_door_gives_the_same_bytes() -> None:
    with SandboxServer(store=fresh_store()) as server:
        there = BySocket(server.store, server.url)
        expected = [there.ask(*each) for each in ASKED]
    for each in IN_PROCESS:
        here = inside(each)
        assert [here.ask(*asked) for asked in ASKED] == expected
    assert {each.status for each in expected} >= {200, 201, 400, 404, 405, 422}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(ASKED), st.sampled_from(IN_PROCESS)), max_size=6))
def test_it_does_not_matter_by_which_door_which_request_comes(asked: Any) -> None:
    mixed, alone = fresh_store(), fresh_store()
    answers = [client(mixed, "http://sandbox.localhost").ask(*each) for each, client in asked]
    assert answers == [ByHttpx(alone, "http://sandbox.localhost").ask(*each) for each, _ in asked]


def test_a_request_by_any_door_is_in_the_one_journal() -> None:
    with SandboxServer(store=fresh_store()) as server:
        for each in (*IN_PROCESS, BySocket):
            each(server.store, server.url).ask("GET", "/v1/systems", None)
        listed = ByRequests(server.store, server.url).ask("GET", "/__admin/requests", None)
    assert listed.body.count(b'"operation":"listSystems"') == 4


# Breaks and delays


@clients
@kinds
def test_a_break_raises_what_the_library_raises_on_a_socket(client: Callable[..., Client], kind: str) -> None:
    here = inside(client, hangup(kind), operation="createSystem")
    expected = SEEN[kind].requests if client is ByRequests else SEEN[kind].httpx
    with pytest.raises(expected) as raised:
        here.ask("POST", "/v1/systems", LOAN, 0.01 if kind == "NO_ANSWER" else patience(kind))
    assert type(raised.value) is expected
    assert b'"total":2' in here.ask("GET", "/v1/systems", None).body


@clients
def test_what_is_late_is_whole(client: Callable[..., Client]) -> None:
    expected = inside(client).ask("GET", "/v1/systems", None).body
    for then in (hangup("DRIBBLE", over="6ms", pieces=3), {"delay": {"fixed": "5ms"}}):
        assert inside(client, then).ask("GET", "/v1/systems", None).body == expected


@clients
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_waits_no_longer_sees_its_read_timeout_and_the_write_is_done(
    client: Callable[..., Client], when: str
) -> None:
    here = inside(client, {"delay": {"fixed": "10m", "when": when}}, operation="createSystem")
    with pytest.raises((httpx.ReadTimeout, requests.ReadTimeout)):
        here.ask("POST", "/v1/systems", LOAN, 0.001)
    assert b'"total":2' in here.ask("GET", "/v1/systems", None).body


@clients
def test_a_piece_that_comes_too_late_times_out_while_the_body_is_read(client: Callable[..., Client]) -> None:
    here = inside(client, hangup("DRIBBLE", over="10m"))
    expected = requests.ConnectionError if client is ByRequests else httpx.ReadTimeout
    with pytest.raises(expected) as raised:
        here.ask("GET", "/v1/systems", None, 0.001)
    assert type(raised.value) is expected


@clients
def test_an_answer_to_head_that_is_cut_does_not_come(client: Callable[..., Client]) -> None:
    here = inside(client, hangup("TRUNCATED_BODY"))
    with pytest.raises((httpx.RemoteProtocolError, requests.ConnectionError)):
        here.ask("HEAD", "/v1/systems", None, 1.0)


# The adapter for requests


def session() -> requests.Session:
    made = requests.Session()
    made.mount("http://sandbox", SandboxAdapter(store=fresh_store(apis=("aikraft", "ctrlai"), fixture="default")))
    made.headers.update(headers_of(NAME))
    return made


@pytest.mark.parametrize(
    "body",
    [
        lambda data: data.decode(),
        io.BytesIO,
        lambda data: iter([data[:9], data[9:]]),
        lambda data: io.StringIO(data.decode()),
    ],
    ids=["text", "file", "parts", "file of text"],
)
def test_requests_may_give_its_body_in_any_way(body: Callable[[bytes], Any]) -> None:
    data = httpx.Request("POST", "http://x", json=LOAN).read()
    with session() as client:
        made = client.post("http://sandbox/v1/systems", data=body(data), headers={"Content-Type": "application/json"})
        assert made.status_code == 201, made.text


def test_requests_keeps_the_cookies_that_a_sign_in_sets() -> None:
    with session() as client:
        client.headers.pop("Authorization")
        signed = client.post("http://sandbox/api/auth/signin", json={"email": "vera@acme.example"})
        assert signed.status_code == 200, signed.text
        assert client.get("http://sandbox/api/v1/units").status_code == 200


def test_requests_may_read_an_answer_piece_by_piece() -> None:
    with session() as client:
        answer = client.get("http://sandbox/v1/systems", stream=True)
        parts = list(answer.iter_content(100))
    assert len(parts) > 1
    assert b"".join(parts).startswith(b'{"data":')


# The server


def test_a_server_ends_with_its_block_and_leaves_its_port() -> None:
    with SandboxServer(store=fresh_store()) as server:
        assert httpx.get(f"{server.url}/__admin/health").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/__admin/health")


def test_a_server_that_was_never_started_can_be_stopped() -> None:
    SandboxServer(store=fresh_store()).stop()
