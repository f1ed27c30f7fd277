"""Who somebody is to Ctrl AI, at every door: keys and cookies lead to one world, and end when they end."""

from __future__ import annotations

import csv
import io
import json
from asyncio import Runner
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from sandbox.core.admission import ADDRESS_LIMIT
from sandbox.core.message import Request
from sandbox.web.gate import Gate
from sandbox.web.store import Store
from tests.acme import ADMIN, AUTHOR
from tests.rim.corpus import HOST, JSON, Case
from tests.rim.ctrlai_corpus import FORM, key_of
from tests.rim.doors import NOW, Answer, AsgiDoor, Connection, Door, FlaskDoor, HttpxDoor, fresh_store, serving

BOTH = ("aikraft", "ctrlai")
TOKEN = "the-admin-token-of-these-tests"
DOORS = ("flask", "asgi", "socket", "httpx")
ADAM, GRETA = "adam@acme.example", "greta@globex.example"
HOME, ABROAD = "acme/live", "globex/live"
"""The worlds of the keys of the two organizations."""


@dataclass
class Client:
    """Somebody at a door: what is asked goes over one connection, where there are connections."""

    door: Door | Connection
    store: Store

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", cookie: str | None = None, size: int = 0,
    ) -> Answer:  # fmt: skip
        """Return the answer to a request; a body is JSON, or bytes of a form, padded to a size."""
        form = isinstance(body, bytes)
        content = (body if form else json.dumps(body).encode()).ljust(size) if body is not None else b""
        fields = [HOST]
        if body is not None:
            fields.append(FORM if form else JSON)
        if key:
            fields.append((b"authorization", b"Bearer " + key.encode()))
        if cookie is not None:
            fields.append((b"cookie", cookie.encode()))
        return self.door.ask(Case(path, "", method, path.encode(), tuple(fields), content, frozenset()))

    def made(self, method: str, path: str, body: Any = None, **given: Any) -> Any:
        """Return the `data` of a request that has to succeed."""
        answer = self.ask(method, path, body, **given)
        assert answer.status < 300, answer.body
        return json.loads(answer.body)["data"]

    def signed_in(self, email: str, **given: Any) -> str:
        """Sign somebody in and return the cookie to send."""
        answer = self.ask("POST", "/api/auth/signin", {"email": email}, **given)
        assert answer.status == 200, answer.body
        return (answer.header("set-cookie") or "").partition(";")[0]

    def made_key(self, key: str = ADMIN, **more: Any) -> tuple[str, str]:
        """Make a key of the first organization, and return its id and itself."""
        made = self.made("POST", "/api/v1/orgs/acme/api-keys", {"name": "New", **more}, key=key)
        return made["id"], made["key"]

    def rows(self, world: str, table: str) -> int:
        """Return how many rows a table of a world has."""
        return self.store.presents()[world].workspace.table(table).count()


@pytest.fixture(params=DOORS)
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """Yield a client at each door, of a store of its own."""
    store = fresh_store(apis=BOTH, fixture="default", gate=Gate(TOKEN))
    kind = request.param
    if kind == "socket":
        with serving(store) as port, Connection(port) as connection:
            yield Client(connection, store)
    elif kind == "asgi":
        with Runner() as runner:
            yield Client(AsgiDoor(store, runner), store)
    else:
        yield Client(FlaskDoor(store) if kind == "flask" else HttpxDoor(store), store)


# Signing in


def test_who_signs_in_is_known_by_the_cookie_alone(client: Client) -> None:
    cookie = client.signed_in(ADAM, size=64)
    assert client.ask("GET", "/api/v1/units").status == 401
    assert client.ask("POST", "/api/v1/orgs", {"name": "N"}, size=64).status == 401
    assert json.loads(client.ask("GET", "/api/auth/session").body)["data"]["user"] is None
    assert client.ask("POST", "/api/v1/orgs", {"name": "N"}, cookie=cookie, size=64).status == 201


def test_who_signs_in_as_somebody_else_with_a_cookie_is_led_to_their_world(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("POST", "/api/v1/orgs", {"name": "N"}, cookie=cookie, size=64).status == 201
    other = client.signed_in(GRETA, cookie=cookie, size=64)
    assert (client.rows(HOME, "sessions"), client.rows(ABROAD, "sessions")) == (1, 1)
    assert client.made("GET", "/api/v1/orgs", cookie=other)[0]["slug"] == "globex"
    assert client.made("GET", "/api/auth/session", cookie=cookie)["user"]["email"] == ADAM


def test_a_cookie_is_worth_nothing_once_its_user_has_signed_out(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("GET", "/api/v1/units", cookie=cookie).status == 200
    ended = client.ask("POST", "/api/auth/signout", cookie=cookie)
    assert "authjs.session-token=; " in (ended.header("set-cookie") or "")
    assert client.ask("GET", "/api/v1/units", cookie=cookie).status == 401
    assert client.ask("GET", "/api/v1/units", cookie=client.signed_in(ADAM, cookie=cookie)).status == 200


@pytest.mark.parametrize(
    "body", [b"email=adam%40acme.example&email=greta%40globex.example", b"email=adam@acme.example"]
)
def test_a_form_signs_in_the_first_address_in_its_own_world(client: Client, body: bytes) -> None:
    answer = client.ask("POST", "/api/auth/signin", body)
    assert answer.status == 200
    assert client.rows(HOME, "sessions") == 1
    assert ABROAD not in client.store.presents()


def test_an_address_written_with_escapes_is_the_same_sign_in(client: Client) -> None:
    assert client.ask("POST", "/api/auth/%73ignin", {"email": ADAM}).status == 200
    assert client.rows(HOME, "sessions") == 1


SPOILED = {
    "cut": lambda cookie: cookie[:-1],
    "longer": lambda cookie: cookie + "0",
    "in capitals": lambda cookie: cookie.partition("=")[0] + "=" + cookie.partition("=")[2].upper(),
    "quoted": lambda cookie: cookie.replace("=", '="') + '"',
    "by another name": lambda cookie: "x" + cookie,
    "behind another": lambda cookie: f"authjs.session-token=x; {cookie}",
    "behind a secure one": lambda cookie: f"{cookie}; __Secure-authjs.session-token=x",
    "behind a comma and another": lambda cookie: f"authjs.session-token=x,{cookie}",
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_cookie_that_is_spoiled_is_401(client: Client, how: str) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("GET", "/api/v1/units", cookie=SPOILED[how](cookie)).status == 401
    assert client.ask("GET", "/api/v1/units", cookie=cookie).status == 200


@pytest.mark.parametrize(
    "how", ["{}; authjs.session-token=x", " a=b ;{}", "a; =; {};", "a=b,{}", "{}," + "b=c; " * 900]
)
def test_a_cookie_among_others_counts_if_it_is_the_first_of_its_name(client: Client, how: str) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("GET", "/api/v1/units", cookie=how.format(cookie)).status == 200


def test_a_key_wins_over_a_cookie_even_if_it_is_none(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("GET", "/api/v1/units", cookie=cookie, key="ctrlai_pk_" + "9" * 32).status == 401
    assert client.ask("GET", "/api/v1/orgs/acme/api-keys", cookie=cookie, key=AUTHOR).status == 403


def test_a_session_in_a_header_and_a_key_in_a_cookie_are_worth_nothing(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    assert client.ask("GET", "/api/v1/units", key=cookie.partition("=")[2]).status == 401
    assert client.ask("GET", "/api/v1/units", cookie=f"authjs.session-token={ADMIN}").status == 401


# The control plane


def test_a_cookie_steers_nothing(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    for method, path in (
        ("GET", "settings"),
        ("GET", "state"),
        ("POST", "reset"),
        ("GET", "worlds"),
        ("GET", "events?timeout=0"),
    ):
        assert client.ask(method, f"/__admin/{path}", cookie=cookie).status == 401
    assert client.ask("POST", "/__admin/auth/signin", {"email": ADAM}).status == 404
    assert client.made("GET", "/api/auth/session", cookie=cookie)["user"]["email"] == ADAM


# Keys that are made


def test_a_key_that_is_revoked_is_401_from_then_on(client: Client) -> None:
    ident, key = client.made_key()
    assert client.ask("GET", "/api/v1/units", key=key).status == 200
    client.made("DELETE", f"/api/v1/orgs/acme/api-keys/{ident}", key=ADMIN)
    assert client.ask("GET", "/api/v1/units", key=key).status == 401
    assert client.ask("GET", "/api/v1/units", key=ADMIN).status == 200


def test_a_key_ends_with_its_user_and_with_its_organization(client: Client) -> None:
    own = key_of("ending").decode()
    invited = client.made("POST", "/api/v1/orgs/acme/members", {"email": "new@acme.example", "role": "admin"}, key=own)
    cookie = client.signed_in("new@acme.example", key=own)
    made = client.made("POST", "/api/v1/orgs/acme/api-keys", {"name": "Mine"}, cookie=cookie)["key"]
    assert client.ask("GET", "/api/v1/units", key=made).status == 200
    client.made("DELETE", f"/api/v1/orgs/acme/members/{invited['id']}", key=own)
    assert client.ask("GET", "/api/v1/units", key=made).status == 401
    assert client.ask("GET", "/api/v1/units", cookie=cookie).status == 401
    client.made("DELETE", "/api/v1/orgs/acme", key=own)
    assert client.ask("GET", "/api/v1/units", key=own).status == 401


@pytest.mark.parametrize("how", ["reset", "rewind", "restore"])
def test_a_key_and_a_session_of_a_past_that_was_taken_back_are_useless(client: Client, how: str) -> None:
    assert client.ask("POST", "/__admin/snapshots", {"name": "before"}, key=ADMIN).status == 201
    ident, key = client.made_key()
    cookie = client.signed_in(ADAM)
    assert (
        client.ask("GET", "/api/v1/units", key=key).status
        == client.ask("GET", "/api/v1/units", cookie=cookie).status
        == 200
    )
    path, body = {
        "reset": ("reset", None), "rewind": ("rewind", {"by": 4}), "restore": ("snapshots/before/restore", None),
    }[how]  # fmt: skip
    taken = client.ask("POST", f"/__admin/{path}", body, key=ADMIN)
    assert taken.status == 200, taken.body
    assert client.ask("GET", "/api/v1/units", key=key).status == 401
    assert client.ask("GET", "/api/v1/units", cookie=cookie).status == 401
    assert client.ask("DELETE", f"/api/v1/orgs/acme/api-keys/{ident}", key=ADMIN).status == 404
    assert client.ask("POST", "/api/auth/signout", cookie=cookie).status == 200
    assert client.made("GET", "/api/v1/units", key=client.made_key()[1])


# Worlds that never meet


def test_the_same_calls_in_two_worlds_make_keys_and_sessions_that_lead_each_to_its_own(client: Client) -> None:
    owners = [key_of(f"world {each}").decode() for each in range(2)]
    made = [client.made_key(each) for each in owners]
    cookies = [client.signed_in(ADAM, key=each) for each in owners]
    assert made[0][0] == made[1][0]
    assert made[0][1] != made[1][1]
    assert cookies[0] != cookies[1]
    client.made("POST", "/api/v1/domains", {"name": "Of the first"}, key=made[0][1])
    for given in ({"key": made[0][1]}, {"cookie": cookies[0]}, {"key": owners[0]}):
        assert client.ask("GET", "/api/v1/domains/of-the-first", **given).status == 200
    for given in ({"key": made[1][1]}, {"cookie": cookies[1]}, {"key": owners[1]}, {"key": ADMIN}):
        assert client.ask("GET", "/api/v1/domains/of-the-first", **given).status == 404


def test_the_two_apis_know_nothing_of_each_others_credentials(client: Client) -> None:
    cookie = client.signed_in(ADAM)
    for path, key in (
        ("/v1/systems", ADMIN),
        ("/v1/systems", key_of("x").decode()),
        ("/api/v1/units", "ak_test_enterprise_x1"),
    ):
        assert client.ask("GET", path, key=key).status == 401
    assert client.ask("GET", "/v1/systems", cookie=cookie).status == 401
    assert client.ask("GET", "/v1/systems", key="ak_test_enterprise_x1").status == 200


def test_more_addresses_than_the_lobby_remembers_are_answered_and_the_quietest_is_forgotten() -> None:
    instants = count(NOW)
    store = fresh_store(lambda: next(instants), apis=BOTH, fixture="default", clock="real")
    shelf = store.shelf_for("/api/v1")
    assert shelf is not None

    def left(at: int) -> str | None:
        asked = Request("GET", "/api/v1/units", "", (("host", "x"),), b"", peer=f"127.0.{at // 256}.{at % 256}")
        return store.answer(shelf, asked).header("x-ratelimit-remaining")

    assert {left(at) for at in range(ADDRESS_LIMIT + 100)} == {"59"}
    assert left(ADDRESS_LIMIT + 99) == "58"
    assert left(0) == "59"


# What is exported


HARD = ('a,"b",\n"c"', "=1+1", "\r\n", " ü 信 \u2028 \U0001f4a9", ";\t|'", '"', ",,,")


def test_the_audit_log_reads_as_csv_what_it_reads_as_json(client: Client) -> None:
    own = key_of("csv").decode()
    for name in HARD:
        assert client.ask("POST", "/api/v1/orgs/acme/api-keys", {"name": f"a{name}"}, key=own).status in (201, 400)
    listed = client.made("GET", "/api/v1/audit?limit=5", key=own)
    answer = client.ask("GET", "/api/v1/audit?format=csv&limit=5", key=own)
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert [{**row, "details": json.loads(row["details"])} for row in rows] == [
        {name: "" if value is None else value for name, value in each.items()} for each in listed
    ]
