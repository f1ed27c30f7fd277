"""A delay before commit: nothing is done until its time has come, at any door, and then it is done for good."""

from __future__ import annotations

import httpx
import pytest

from sandbox.core.clock import SECOND
from sandbox.core.message import Hold
from sandbox.testing.transport import SandboxTransport
from sandbox.web.app import flask_app
from sandbox.web.store import Store
from tests.rim.corpus import LOAN, OPERATIONS, good, head, key_of
from tests.rim.doors import Connection, SocketDoor, fresh_store
from tests.rim.test_events import served, steering, until
from tests.stories.stage import Stage, system

CREATE = OPERATIONS[1]
HELD = {"delay": {"fixed": "30ms", "when": "before"}}


def names(store: Store) -> list[str]:
    """Return the names of the systems in the only world that a key has opened."""
    (world,) = [each for each in store.presents().values() if not each.charter.name.startswith("ws_")]
    return [row["name"] for row in world.workspace.table("systems").all()]


def headers_of(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key_of(name).decode()}"}


def struck(store: Store, name: str) -> None:
    """Let the creates in this world be held."""
    rule = {"when": {"operation": "createSystem"}, "then": HELD}
    answer = flask_app(store).test_client().post("/__admin/faults", json=rule, headers=headers_of(name))
    assert answer.status_code == 201


def test_a_held_request_leaves_the_world_as_it_is() -> None:
    stage = Stage({"scenario": "held", "api": "aikraft", "summary": "Held.", "rules": [{"then": HELD}]})
    before = dict(stage.store.presents())
    asked = stage._request("POST", "/v1/systems", system("A"), {})
    answer = stage.store.answer(stage.store.shelves[0], asked)
    assert answer.effects == (Hold(30 * SECOND // 1000),)
    assert stage.store.presents() == before
    assert stage.post("/v1/systems", system("A")).status == 201
    assert stage.transcript == ["POST /v1/systems: 201 after 0.030 s (held#rule-1)"]


def test_under_wsgi_the_row_appears_when_the_time_is_over() -> None:
    store = fresh_store()
    struck(store, "wsgi")
    passed: list[tuple[float, bool]] = []
    app = flask_app(store, pause=lambda seconds: passed.append((seconds, LOAN["name"] in names(store))))
    answer = app.test_client().post("/v1/systems", json=LOAN, headers=headers_of("wsgi"))
    assert answer.status_code == 201
    assert answer.headers["Sandbox-Fault"] == "fault#fault-1"
    assert passed[0] == (0.03, False)
    assert LOAN["name"] in names(store)


def test_on_a_socket_a_client_that_has_left_meanwhile_has_written_all_the_same() -> None:
    store = fresh_store()
    with served(store) as (port, _):
        struck(store, "left")
        with Connection(port) as connection:
            case = good(CREATE, "left")
            connection.send(head(b"POST", b"/v1/systems", (*case.fields, (b"content-length", b"%d" % len(case.body)))))
            connection.send(case.body)
        until(port, lambda: LOAN["name"] in names(store))


def test_on_a_socket_the_answer_comes_and_others_are_answered_meanwhile() -> None:
    store = fresh_store()
    with served(store) as (port, _):
        rule = {"when": {"operation": "createSystem"}, "then": {"delay": {"fixed": "300ms", "when": "before"}}}
        assert SocketDoor(port).ask(steering("meanwhile", "POST", b"/faults", rule)).status == 201
        with Connection(port) as slow, Connection(port) as quick:
            case = good(CREATE, "meanwhile")
            slow.send(head(b"POST", b"/v1/systems", (*case.fields, (b"content-length", b"%d" % len(case.body)))))
            slow.send(case.body)
            listed = quick.ask(good(OPERATIONS[0], "meanwhile"))
            assert LOAN["name"].encode() not in listed.body
        until(port, lambda: LOAN["name"] in names(store))


def test_in_process_a_client_that_waits_no_longer_leaves_its_request_behind() -> None:
    store = fresh_store()
    struck(store, "in process")
    client = httpx.Client(transport=SandboxTransport(store=store), base_url="http://sandbox/v1", timeout=0.001)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/systems", json=LOAN, headers=headers_of("in process"))
    assert LOAN["name"] in names(store)
