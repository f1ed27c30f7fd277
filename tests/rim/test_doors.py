"""Both doors give equal bytes: the Flask app, the async door in process, and the same door behind a real socket."""

from __future__ import annotations

import json
from asyncio import Runner
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, RawIOBase
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from sandbox.web.app import flask_app
from sandbox.web.store import Store
from tests.rim.corpus import CASES, HOST, JSON, LOAN, OPERATIONS, PARSABLE, Case, bearer, dump, good
from tests.rim.doors import (
    AsgiDoor,
    Connection,
    Door,
    FlaskDoor,
    SocketDoor,
    environ_of,
    fresh_store,
    renew,
    serving,
)

DOCUMENTS = next(each for each in OPERATIONS if each.id == "createDocuments")
ANYTHING = frozenset(range(200, 500))

cases = pytest.mark.parametrize("case", PARSABLE, ids=lambda case: case.name)
unparsed = pytest.mark.parametrize("case", [each for each in CASES if not each.parsable], ids=lambda case: case.name)


@pytest.fixture(scope="module")
def doors() -> Iterator[tuple[Door, Door, Door]]:
    """Yield the three doors, each with a store of its own that sees the same history."""
    with Runner() as runner, serving(fresh_store()) as port:
        yield FlaskDoor(fresh_store()), AsgiDoor(fresh_store(), runner), SocketDoor(port)


@pytest.fixture
def flask() -> FlaskDoor:
    """Return a Flask door with a store of its own."""
    return FlaskDoor(fresh_store())


@cases
def test_the_hostile_corpus_gets_equal_bytes_through_every_door(doors: tuple[Door, Door, Door], case: Case) -> None:
    flask, asgi, wire = (door.ask(case) for door in doors)
    assert flask == asgi
    assert asgi == wire


@unparsed
def test_methods_that_no_parser_knows_get_equal_bytes_in_process(case: Case) -> None:
    with Runner() as runner:
        flask, asgi = FlaskDoor(fresh_store()).ask(case), AsgiDoor(fresh_store(), runner).ask(case)
    assert flask == asgi
    assert flask.status == 405
    assert flask.header("allow")


# Generated requests

segments = st.one_of(
    st.sampled_from(
        [b"v1", b"systems", b"jobs", b"workspaces", b"monitoring", b"classification", b"documents", b"__admin", b"health",
         b"openapi", b"sys_abc123", b"job_xyz789", b"ws_enterprise", b"aggregates:ingest", b"", b".", b"..", b"%2e%2e",
         b"%2F", b"%76%31", b"sys%5Fabc123", b"%00", b"%ff", b"%C3%A9", b"%zz", b"%", b"a%20b", b"a+b", b";a=b", b"#", b"@:"]
    ),
    st.text("abz019._~-!$&'()*+,;=:@%|\"<>{}", max_size=8).map(str.encode),
)  # fmt: skip
known = st.sampled_from(sorted({each.target for each in OPERATIONS}))
made_up = st.lists(segments, max_size=7).map(lambda parts: b"/" + b"/".join(parts))
under_v1 = st.lists(segments, max_size=5).map(lambda parts: b"/v1/" + b"/".join(parts))
paths = st.one_of(known, under_v1, made_up, st.tuples(known, segments).map(b"/".join))
names = st.sampled_from([b"limit", b"cursor", b"risk_tier", b"%6cimit", b"a", b""])
values = st.one_of(
    st.sampled_from([b"1", b"0", b"100", b"101", b"high", b"minimal", b"HIGH", b"%68igh", b"%ff", b"1%00", b"+1", b""]),
    st.text("abz019-_%&=?+;/", max_size=12).map(str.encode),
)
queries = st.lists(st.tuples(names, values).map(b"=".join), max_size=4).map(b"&".join)
targets = st.one_of(paths, st.tuples(paths, queries).map(b"?".join))
methods = st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "LOCK"])
documents = st.one_of(
    st.sampled_from([each.document for each in OPERATIONS]),
    st.fixed_dictionaries({name: st.text(max_size=20) for name in LOAN}),
    st.fixed_dictionaries({"sections": st.one_of(st.just("all"), st.lists(st.integers(0, 9), max_size=4))}),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5),
)
bodies = st.one_of(st.just(b""), documents.map(json.dumps).map(str.encode), st.binary(max_size=40))
credentials = st.one_of(
    st.just(()),
    st.integers(0, 1).map(lambda n: (bearer(f"generated {n}"),)),
    st.sampled_from(
        [((b"authorization", b"Bearer " + key),) for key in
         (b"ak_live_enterprise_admin_key", b"ak_test_free_read_key", b"ak_test_pro_write_key", b"ak_live_none", b"")]
    ),
    st.tuples(st.just(b"authorization"), st.text("Beare Basic,ak_test0123\xe9", max_size=30).map(lambda text: text.strip().encode("latin-1"))).map(lambda field: (field,)),
)  # fmt: skip
kinds = st.sampled_from([(), (JSON,), (JSON, JSON), ((b"content-type", b"text/plain"),), ((b"content-type", b""),)])
spare_names = st.sampled_from(
    [b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix", b"prefer", b"accept", b"cookie", b"origin",
     b"x-made-up", b"range", b"if-none-match", b"forwarded", b"via", b"x-http-method-override", b"referer"]
)  # fmt: skip
spare_values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f", exclude_categories=["Cc"]), max_size=20
).map(lambda text: text.strip(" \xa0\x85").encode("latin-1"))  # fmt: skip
spares = st.lists(st.tuples(spare_names, spare_values), max_size=3).map(tuple)
hosts = st.sampled_from([HOST, (b"host", b"127.0.0.1:80"), (b"host", b"a b"), (b"host", b"x/../y"), (b"host", b"")])


@st.composite
def requests(draw: st.DrawFn) -> Case:
    """Draw a request that a parser lets through."""
    fields = (draw(hosts), *draw(credentials), *draw(kinds), *draw(spares))
    body = draw(bodies)
    chunked = bool(body) and draw(st.booleans())
    return Case("generated", "", draw(methods), draw(targets), fields, body, ANYTHING, chunked)


@pytest.fixture(scope="module")
def stores() -> tuple[Store, Store, Store]:
    """Return a store for each of the doors that the examples share."""
    return fresh_store(), fresh_store(), fresh_store()


@pytest.fixture(scope="module")
def shared(stores: tuple[Store, Store, Store]) -> Iterator[tuple[Door, Door, Door]]:
    """Yield the doors of those stores."""
    with Runner() as runner, serving(stores[2]) as port:
        yield FlaskDoor(stores[0]), AsgiDoor(stores[1], runner), SocketDoor(port)


@given(st.lists(requests(), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_generated_requests_get_equal_bytes_through_every_door(
    stores: tuple[Store, Store, Store], shared: tuple[Door, Door, Door], history: list[Case]
) -> None:
    note(repr(history))
    for store in stores:
        renew(store)
    for case in history:
        flask, asgi, wire = (door.ask(case) for door in shared)
        assert flask == asgi
        assert asgi == wire
        assert flask.status in ANYTHING


# The Flask app under servers that tell less, or tell it otherwise


@pytest.mark.parametrize(
    "case", [good(each, f"plain {each.id}") for each in OPERATIONS], ids=lambda case: case.operation
)
def test_a_server_that_does_not_tell_the_raw_target_gets_the_same_answer(case: Case) -> None:
    environ = environ_of(case)
    del environ["REQUEST_URI"]
    assert FlaskDoor(fresh_store()).call(environ) == FlaskDoor(fresh_store()).ask(case)


def test_flasks_test_client_gets_the_bytes_that_a_raw_call_gets(flask: FlaskDoor) -> None:
    case = good(DOCUMENTS, "client")
    expected = flask.ask(case)
    headers = {name.decode(): value.decode() for name, value in case.fields}
    client = flask_app(fresh_store()).test_client()
    answer = client.post(case.target.decode(), data=case.body, headers=headers, base_url="http://sandbox.localhost")
    assert (answer.status_code, answer.data) == (expected.status, expected.body)
    assert {name.lower(): value for name, value in answer.headers} == dict(expected.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_full_store_refuses_with_equal_bytes_through_every_door(method: str) -> None:
    case = replace(good(OPERATIONS[0], "full"), method=method)
    stores = [fresh_store(memory=1) for _ in range(3)]
    with Runner() as runner, serving(stores[2]) as port, Connection(port) as connection:
        answers = [FlaskDoor(stores[0]).ask(case), AsgiDoor(stores[1], runner).ask(case), connection.ask(case)]
        assert connection.ask(case) == answers[2]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].status == 503


class Dribble(RawIOBase):
    """A stream that hands out one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._source = BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._source.read(1)
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_dribbles_in_is_read_whole(flask: FlaskDoor, chunked: bool) -> None:
    case = replace(good(OPERATIONS[1], "dribble"), chunked=chunked)
    assert flask.call({**environ_of(case), "wsgi.input": Dribble(case.body)}).status == 201


def test_a_body_that_ends_early_changes_nothing(flask: FlaskDoor) -> None:
    case = good(OPERATIONS[1], "early")
    answer = flask.call({**environ_of(case), "CONTENT_LENGTH": str(len(case.body) + 1)})
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")
    assert json.loads(flask.ask(good(OPERATIONS[0], "early")).body)["meta"]["total"] == 1


def test_a_prefix_that_a_server_mounts_is_part_of_the_links(flask: FlaskDoor) -> None:
    case = good(DOCUMENTS, "mounted")
    environ = {**environ_of(case), "SCRIPT_NAME": "/twin", "REQUEST_URI": "/twin" + case.target.decode()}
    assert poll_url(flask.call(environ).body).startswith("http://sandbox.localhost/twin/v1/jobs/job_")


def test_a_body_that_a_client_never_finishes_changes_nothing() -> None:
    with serving(fresh_store()) as port:
        case = good(OPERATIONS[1], "unfinished")
        with Connection(port) as connection:
            connection.send(case.wire[:-1])
            connection.end()
            assert connection.read_all() == []
        with Connection(port) as connection:
            assert json.loads(connection.ask(good(OPERATIONS[0], "unfinished")).body)["meta"]["total"] == 1


# Links


def poll_url(body: bytes) -> str:
    url: str = json.loads(body)["data"]["poll_url"]
    return url


FAIR = {
    "a name": ((b"host", b"api.test"), "http://api.test"),
    "a name and a port": ((b"host", b"api.test:8800"), "http://api.test:8800"),
    "an IPv6 address": ((b"host", b"[::1]:8800"), "http://[::1]:8800"),
    "a forwarded host": ((b"x-forwarded-host", b"proxy.test, inner.test"), "http://proxy.test"),
    "a forwarded scheme": ((b"x-forwarded-proto", b"HTTPS"), "https://sandbox.localhost"),
    "a forwarded prefix": ((b"x-forwarded-prefix", b"/twin/"), "http://sandbox.localhost/twin"),
}
FOUL_HOSTS = (
    b"", b"a b", b"evil.test/path", b"user@evil.test", b"evil.test:port", b"evil.test:123456", b"evil.test?x", b"evil.test#x",
    b"\xe9vil.test", b"evil.test\\@x", b"[::1", b"-evil.test", b"evil.test\tx", b'"><script>', b"x" * 300, b"[::1]evil.test",
    b"evil.test%0d%0aX: y", b"${jndi:ldap://x}",
)  # fmt: skip
FOUL_FIELDS = (
    *((b"x-forwarded-host", each) for each in FOUL_HOSTS),
    *((b"x-forwarded-proto", each) for each in (b"javascript", b"ftp", b"http://", b"https:", b"", b"\xff")),
    *((b"x-forwarded-prefix", each) for each in (b"//evil.test", b"/a b", b"/../x", b"/a/.", b"evil", b"/a?b", b"/\xe9", b"/" * 9)),
)  # fmt: skip


@pytest.mark.parametrize("field", [field for field, _ in FAIR.values()], ids=FAIR)
def test_a_well_formed_origin_is_used_in_links_through_every_door(
    doors: tuple[Door, Door, Door], field: tuple[bytes, bytes]
) -> None:
    case = linking(field)
    answers = [door.ask(case) for door in doors]
    expected = next(url for each, url in FAIR.values() if each == field)
    assert [poll_url(each.body).partition("/v1/")[0] for each in answers] == [expected] * 3


@pytest.mark.parametrize("host", FOUL_HOSTS)
def test_a_malformed_host_is_used_in_no_link(doors: tuple[Door, Door, Door], host: bytes) -> None:
    case = linking((b"host", host))
    for door in doors:
        assert poll_url(door.ask(case).body).partition("/v1/")[0] == "http://localhost"


@pytest.mark.parametrize("field", FOUL_FIELDS)
def test_a_malformed_forwarded_field_is_used_in_no_link(
    doors: tuple[Door, Door, Door], field: tuple[bytes, bytes]
) -> None:
    case = linking(field)
    for door in doors:
        assert poll_url(door.ask(case).body).partition("/v1/")[0] == "http://sandbox.localhost"


def linking(field: tuple[bytes, bytes]) -> Case:
    case = good(DOCUMENTS, f"linking {field}")
    rest = tuple(each for each in case.fields if each[0] != field[0])
    return replace(case, fields=(field, *rest), body=dump({"sections": "all"}))
