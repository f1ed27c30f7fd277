"""Breaks at the doors that own no socket: Flask under WSGI servers and in process, ASGI under another server."""

from __future__ import annotations

from asyncio import run, sleep
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from werkzeug.test import run_wsgi_app

from sandbox.web.app import flask_app
from sandbox.web.asgi import asgi_app
from sandbox.web.store import Store
from tests.rim.corpus import good
from tests.rim.doors import PATIENCE, environ_of, fresh_store, scope_of
from tests.rim.test_hangups import AFTER, CREATE, SEEN, breaks, hangup, headers_of, kinds, patience
from tests.served import by_werkzeug

NAME = "broken doors"


def struck(then: dict[str, Any], **when: Any) -> tuple[Store, FlaskClient]:
    """Return a store of which this world is struck, and a client to it."""
    store = fresh_store()
    client = flask_app(store).test_client()
    added = client.post("/__admin/faults", headers=headers_of(NAME), json={"when": when, "then": then})
    assert added.status_code == 201, added.data
    return store, client


def systems(client: FlaskClient) -> int:
    total: int = client.get("/v1/systems", headers=headers_of(NAME)).get_json()["meta"]["total"]
    return total


# Flask in process


@pytest.mark.parametrize("after", AFTER)
@kinds
def test_flasks_client_sees_a_lost_connection(kind: str, after: str) -> None:
    _, client = struck(hangup(kind, after=after), operation="createSystem")
    with pytest.raises(ConnectionResetError, match=kind):
        client.post("/v1/systems", headers=headers_of(NAME), json=CREATE.document)
    assert systems(client) == (2 if after == "commit" else 1)


@pytest.mark.parametrize(
    "then", [hangup("DRIBBLE", over="20ms"), {"delay": {"fixed": "20ms"}}], ids=["dribble", "delay"]
)
def test_flasks_client_gets_what_is_late_whole(then: dict[str, Any]) -> None:
    _, client = struck(then)
    assert systems(client) == 1


# Flask under a server that shows its socket


@kinds
def test_under_werkzeugs_server_a_client_sees_what_it_sees_under_ours(kind: str) -> None:
    store, client = struck(hangup(kind), operation="createSystem")
    with by_werkzeug(flask_app(store)) as url:
        with pytest.raises(SEEN[kind].httpx) as raised:
            httpx.post(f"{url}/v1/systems", headers=headers_of(NAME), json=CREATE.document, timeout=patience(kind))
        assert type(raised.value) is SEEN[kind].httpx
        assert httpx.get(f"{url}/v1/systems", headers=headers_of(NAME)).json()["meta"]["total"] == 2
    assert systems(client) == 2


def test_under_werkzeugs_server_an_answer_that_dribbles_is_whole() -> None:
    store, _ = struck(hangup("DRIBBLE", over="20ms"))
    with by_werkzeug(flask_app(store)) as url:
        assert httpx.get(f"{url}/v1/systems", headers=headers_of(NAME)).json()["meta"]["total"] == 1


# Flask under a server that does not


@breaks
def test_under_another_wsgi_server_an_answer_ends_before_it_should(kind: str) -> None:
    store, client = struck(hangup(kind), operation="createSystem")
    environ = {**environ_of(good(CREATE, NAME)), "SERVER_SOFTWARE": "another/1.0"}
    parts, status, headers = run_wsgi_app(flask_app(store), environ, buffered=True)
    assert status.startswith("201 ")
    assert len(b"".join(parts)) < int(headers["content-length"])
    assert systems(client) == 2


# ASGI under another server


async def asked(store: Store, stays: float) -> list[dict[str, Any]]:
    """Return what the app sends to a server that keeps its transport to itself, and whose client leaves then."""
    sent: list[dict[str, Any]] = []
    incoming = iter([{"type": "http.request", "body": good(CREATE, NAME).body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in incoming:
            return message
        await sleep(stays)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi_app(store)(scope_of(good(CREATE, NAME)), receive, send)
    return sent


@breaks
def test_under_another_asgi_server_a_body_never_becomes_complete(kind: str) -> None:
    store, client = struck(hangup(kind), operation="createSystem")
    begun, *parts = run(asked(store, PATIENCE))
    assert (begun["type"], begun["status"]) == ("http.response.start", 201)
    assert all(each["more_body"] for each in parts)
    assert len(b"".join(each["body"] for each in parts)) < int(dict(begun["headers"])[b"Content-Length"])
    assert systems(client) == 2


def test_under_another_asgi_server_an_answer_that_never_comes_ends_with_the_client() -> None:
    store, _ = struck(hangup("NO_ANSWER"))
    assert run(asked(store, 0.01)) == []


def test_under_another_asgi_server_an_answer_dribbles() -> None:
    store, _ = struck(hangup("DRIBBLE", over="20ms", pieces=4))
    _, *parts, last = run(asked(store, PATIENCE))
    assert [bool(each["body"]) for each in parts] == [False, True, True, True, True]
    assert last == {"type": "http.response.body", "body": b""}
