"""Events over a real socket: one for each thing that happens, none twice, and a reader's end costs nobody anything."""

from __future__ import annotations

import json
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from threading import Event, Thread
from time import monotonic
from typing import Any, NamedTuple

import httpx
import pytest

from sandbox.core.clock import MINUTE
from sandbox.core.keyring import key_id
from sandbox.testing.transport import SandboxTransport
from sandbox.web import reader, store, stream
from sandbox.web.server import listen, make_server
from sandbox.web.shelf import WORLD_WEIGHT, Slot
from sandbox.web.store import Store
from tests.rim.corpus import HOST, JSON, LOAN, OPERATIONS, Case, Fields, bearer, dump, good, head, key_of
from tests.rim.doors import NOW, PATIENCE, Answer, Connection, FlaskDoor, fresh_store

LIST, CREATE = OPERATIONS[0], OPERATIONS[1]
HEALTH = Case("health", "", "GET", b"/__admin/health", (HOST,), b"", frozenset({200}))


class Told(NamedTuple):
    """One event."""

    id: int
    event: str
    data: dict[str, Any]


def told(block: bytes) -> Told:
    fields = dict(line.split(": ", 1) for line in block.decode().splitlines())
    return Told(int(fields["id"]), fields["event"], json.loads(fields["data"]))


class Ear(Connection):
    """A raw connection that follows a world."""

    def follow(self, name: str, query: bytes = b"", *fields: tuple[bytes, bytes], path: bytes = b"events") -> Answer:
        """Ask for events and return the head of the answer; the world hears this reader from then on."""
        self.send(following(name, query, *fields, path=path))
        return self.begun()

    def begun(self) -> Answer:
        """Return the head of the answer; one that is no stream is read whole."""
        status = int(self.line().split(b" ", 2)[1])
        headers = tuple(self._fields())
        body = b"" if status == 200 else self._exactly(int(dict(headers)["content-length"]))
        return Answer(status, headers, body)

    def blocks(self) -> Iterator[bytes]:
        """Yield every event and comment until the stream ends or breaks off."""
        buffer = b""
        while size := self.line():
            if size == b"0":
                self.line()
                return
            buffer += self._exactly(int(size, 16))
            self.line()
            *whole, buffer = buffer.split(b"\n\n")
            yield from whole

    def events(self) -> Iterator[Told]:
        """Yield every event until the stream ends or breaks off."""
        return (told(each) for each in self.blocks() if not each.startswith(b":"))

    def reset(self) -> None:
        """Hang up so that the server gets a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def following(name: str, query: bytes = b"", *fields: tuple[bytes, bytes], path: bytes = b"events") -> bytes:
    target = b"/__admin/" + path + (b"?" + query if query else b"")
    return head(b"GET", target, (HOST, bearer(name), *fields))


def steering(name: str, method: str, path: bytes, document: Any = None) -> Case:
    fields: Fields = (HOST, bearer(name), JSON) if document is not None else (HOST, bearer(name))
    body = dump(document) if document is not None else b""
    return Case(name, "", method, b"/__admin" + path, fields, body, frozenset({200, 201}))


@contextmanager
def served(kept: Store) -> Iterator[tuple[int, Any]]:
    """Serve the store from a thread and yield the port and the server."""
    bound, ready = listen("127.0.0.1", 0), Event()
    server = make_server(kept, ready.set)
    thread = Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield bound.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        bound.close()
    assert not thread.is_alive()


@pytest.fixture
def kept() -> Store:
    """Return a store of the test's own."""
    return fresh_store()


@pytest.fixture
def server(kept: Store) -> Iterator[tuple[int, Any]]:
    """Yield the port and the server of that store."""
    with served(kept) as running:
        yield running


@pytest.fixture
def port(server: tuple[int, Any]) -> int:
    """Return the port of that store's server."""
    return server[0]


def slot_of(kept: Store, name: str) -> Slot:
    shelf, *_ = kept.shelves
    return shelf.slots[f"own/{key_id(key_of(name).decode())}"]


def ask(port: int, *cases: Case) -> list[Answer]:
    with Connection(port) as connection:
        answers = [connection.ask(each) for each in cases]
    assert all(each.status in (200, 201, 202, 409) for each in answers)
    return answers


def until(port: int, holds: Callable[[], bool]) -> None:
    """Ask for the sandbox's health until something holds."""
    end = monotonic() + PATIENCE
    with Connection(port) as connection:
        while not holds():
            assert connection.ask(HEALTH).body == b'{"status":"ok"}'
            assert monotonic() < end


def history(name: str) -> list[Case]:
    """Return requests that make something happen, each once but for the settings, which are two things."""
    return [
        good(LIST, name),
        good(CREATE, name),
        steering(name, "POST", b"/clock/advance", {"by": "1h"}),
        steering(name, "PUT", b"/settings", {"quota": "observe", "journal_entries": 500}),
        steering(name, "POST", b"/snapshots", {"name": "here"}),
        steering(name, "POST", b"/keys", {"scope": "read"}),
        good(LIST, name),
        steering(name, "POST", b"/rewind", {"by": 1}),
        steering(name, "POST", b"/snapshots/here/restore"),
        steering(name, "DELETE", b"/snapshots/here"),
        steering(name, "DELETE", b"/requests"),
        steering(name, "POST", b"/reset"),
        good(LIST, name),
    ]


KINDS = [
    "listSystems", "createSystem", "advanceClock", "putSettings", "journal bounded", "snapshot saved", "mintKey",
    "listSystems", "rewound", "restored", "snapshot deleted", "cleared", "reset", "listSystems",
]  # fmt: skip


def kind_of(event: Told) -> str:
    kind: str = event.data["operation"] if event.event == "request" else event.data["kind"]
    return kind


# What is told


def test_each_thing_that_happens_is_one_event_and_ids_rise(port: int) -> None:
    with Ear(port) as ear:
        answer = ear.follow("all", b"limit=%d" % len(KINDS))
        assert (answer.status, answer.header("content-type")) == (200, "text/event-stream")
        ask(port, *history("all"))
        events = list(ear.events())
    assert [kind_of(each) for each in events] == KINDS
    assert [each.id for each in events] == sorted({each.id for each in events})


def test_looking_is_no_event(port: int) -> None:
    with Ear(port) as ear:
        ear.follow("looking", b"limit=1")
        ask(port, *(steering("looking", "GET", each) for each in (b"/clock", b"/state", b"/requests", b"/capsule")))
        ask(port, good(LIST, "looking"))
        assert [kind_of(each) for each in ear.events()] == ["listSystems"]


def test_a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice(port: int) -> None:
    with Ear(port) as ear:
        ear.follow("back", b"limit=4")
        ask(port, *history("back")[:3], good(LIST, "back"))
        ids = [each.id for each in ear.events()]
    for at, last in enumerate([0, *ids]):
        with Ear(port) as ear:
            ear.follow("back", b"limit=%d" % (len(ids) - at + 1), (b"last-event-id", b"%d" % last))
            ask(port, good(LIST, "back"))
            ids.extend(found := [each.id for each in ear.events()][-1:])
            assert len(found) == 1
    assert ids == sorted(set(ids))


def test_what_is_missed_and_what_is_heard_are_the_same_events(port: int) -> None:
    with Ear(port) as ear:
        ear.follow("same", b"limit=2")
        ask(port, *history("same")[:2])
        live = list(ear.events())
    for at in range(3):
        with Ear(port) as ear:
            last = live[at - 1].id if at else 0
            ear.follow("same", b"limit=3", (b"last-event-id", b"%d" % last))
            ask(port, good(LIST, "same"))
            events = list(islice(ear.events(), 2 - at))
        assert events == live[at:]


@pytest.mark.parametrize("last", [b"", b"x", b"-1", b"1e3", b"9" * 16, b"\xb2", b"1, 2", b"99999"])
def test_a_last_event_that_never_was_is_as_good_as_none(port: int, last: bytes) -> None:
    ask(port, good(LIST, "never"))
    with Ear(port) as ear:
        assert ear.follow("never", b"limit=1", (b"last-event-id", last)).status == 200
        ask(port, good(CREATE, "never"))
        assert [kind_of(each) for each in ear.events()] == ["createSystem"]


def test_a_capsule_is_one_event_whether_it_is_heard_or_missed(port: int) -> None:
    ask(port, *(good(LIST, "source") for _ in range(9)))
    capsule = json.loads(ask(port, steering("source", "GET", b"/capsule"))[0].body)
    ask(port, good(LIST, "target"))
    with Ear(port) as ear:
        ear.follow("target", b"limit=1", (b"last-event-id", b"1"))
        ask(port, steering("target", "POST", b"/capsule", capsule))
        (live,) = ear.events()
    with Ear(port) as ear:
        ear.follow("target", b"limit=2", (b"last-event-id", b"1"))
        ask(port, good(LIST, "target"))
        missed, after = ear.events()
    assert missed == live
    assert kind_of(live) == "capsule loaded"
    assert after.id > live.id


def test_the_limit_ends_the_stream_and_a_sign_of_life_does_not_count(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)
    with Ear(port) as ear:
        ear.follow("alive", b"limit=1")
        blocks = ear.blocks()
        assert [next(blocks) for _ in range(3)] == [b": still here"] * 3
        ask(port, good(LIST, "alive"))
        rest = [each for each in blocks if not each.startswith(b":")]
        assert [kind_of(told(each)) for each in rest] == ["listSystems"]
        assert ear.ask(HEALTH).status == 200


def test_worlds_never_hear_of_each_other(port: int) -> None:
    with ExitStack() as crowd:
        ears = [crowd.enter_context(Ear(port)) for _ in range(4)]
        for at, ear in enumerate(ears):
            ear.follow(f"apart {at}", b"limit=3")
        for turn in range(3):
            for at in range(4):
                system = {**LOAN, "name": f"turn {turn} of {at}"}
                ask(
                    port,
                    Case(
                        "", "", "POST", b"/v1/systems", (HOST, bearer(f"apart {at}"), JSON), dump(system), frozenset()
                    ),
                )
        heard = [list(ear.events()) for ear in ears]
    for at, events in enumerate(heard):
        own = key_id(key_of(f"apart {at}").decode())
        assert [each.data["key"] for each in events] == [own] * 3
        assert [each.data["ordinal"] for each in events] == [1, 2, 3]


def test_an_event_holds_no_credential(port: int) -> None:
    with Ear(port) as ear:
        ear.follow("secret", b"limit=3")
        key = key_of("secret")
        ask(port, Case("", "", "GET", b"/v1/systems?key=" + key, (HOST, bearer("secret")), b"", frozenset()))
        minted = json.loads(ask(port, steering("secret", "POST", b"/keys", {}))[0].body)["key"]
        ask(port, good(LIST, "secret"))
        text = b"".join(ear.blocks())
    assert key not in text
    assert minted.encode() not in text


# How readers go


def half_closed(ear: Ear) -> None:
    ear.end()


WAYS: dict[str, Callable[[Ear], None]] = {"RST": Ear.reset, "FIN": Ear.close, "half a close": half_closed}


@pytest.mark.parametrize("way", WAYS)
def test_fifty_readers_that_go_leave_nothing_behind(kept: Store, server: tuple[int, Any], way: str) -> None:
    port, running = server
    with ExitStack() as crowd:
        ears = [crowd.enter_context(Ear(port)) for _ in range(50)]
        for ear in ears:
            assert ear.follow("crowd").status == 200
        slot = slot_of(kept, "crowd")
        assert len(slot.readers) == 50
        for at, ear in enumerate(ears):
            WAYS[way](ear)
            if at % 10 == 0:
                ask(port, good(LIST, "crowd"))
        until(port, lambda: not slot.readers)
        until(port, lambda: len(running.server_state.connections) <= 1)
        until(port, lambda: not running.server_state.tasks)
        assert ask(port, good(LIST, "crowd"))[0].status == 200
    assert [each.ordinal for each in slot.timeline.journal] == list(range(1, 7))


def test_readers_that_never_read_keep_nobody_from_being_answered(port: int) -> None:
    with ExitStack() as crowd:
        for _ in range(50):
            crowd.enter_context(Ear(port)).send(following("deaf"))
        for _ in range(10):
            assert {each.status for each in ask(port, HEALTH, good(LIST, "deaf"))} == {200}


def test_a_reader_with_requests_in_line_behind_it_is_let_go(
    kept: Store, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)
    for close in (Ear.reset, Ear.close):
        with Ear(port) as ear:
            ear.send(following("in line") + HEALTH.wire + following("in line") + good(LIST, "in line").wire)
            assert ear.begun().status == 200
            close(ear)
        until(port, lambda: not slot_of(kept, "in line").readers)
    ask(port, good(LIST, "in line"))


def test_what_stands_in_line_behind_a_stream_is_answered_after_it(port: int) -> None:
    with Ear(port) as ear:
        ear.send(following("behind", b"limit=1") + HEALTH.wire + good(LIST, "behind").wire)
        assert ear.begun().status == 200
        ask(port, good(CREATE, "behind"))
        assert [kind_of(each) for each in ear.events()] == ["createSystem"]
        answers = [ear.read(), ear.read()]
    assert [each.status for each in answers if each] == [200, 200]


LOUD = b"/v1/systems?x=" + b"x" * 20_000


def loud(name: str) -> bytes:
    return head(b"GET", LOUD, (HOST, bearer(name)))


def test_a_reader_that_reads_too_slowly_is_dropped_and_no_other_notices(
    kept: Store, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STALLED", 0.2)
    with Ear(port) as slow, Ear(port) as quick, Connection(port) as busy:
        slow.narrow()
        slow.follow("slow")
        quick.follow("slow")
        events, slot = quick.events(), slot_of(kept, "slow")
        sent = count(1)
        end = monotonic() + PATIENCE
        while len(slot.readers) > 1:
            busy.send(loud("slow") * 20)
            assert {busy.read() is not None for _ in range(20)} == {True}
            assert [next(events).data["ordinal"] for _ in range(20)] == list(islice(sent, 20))
            assert monotonic() < end
        ask(port, good(CREATE, "slow"))
        assert kind_of(next(events)) == "createSystem"
        assert json.loads(ask(port, good(LIST, "slow"))[0].body)["meta"]["total"] == 2


def test_a_reader_that_is_too_far_behind_is_let_go_and_comes_back_for_the_rest(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PATIENCE", 3)
    woken: list[None] = []
    behind = reader.Reader(lambda: woken.append(None))
    door = FlaskDoor(kept)
    door.ask(good(LIST, "far"))
    assert kept.follow(slot_of(kept, "far"), behind) is not None
    for _ in range(5):
        door.ask(good(LIST, "far"))
    heard = [each.revision for each in iter(behind.read, None)]
    assert (heard, behind.ended) == ([2, 3, 4], True)
    assert len(woken) == 5


def test_too_many_readers_are_refused_until_one_goes(kept: Store, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "READERS", 3)
    with ExitStack() as crowd:
        ears = [crowd.enter_context(Ear(port)) for _ in range(3)]
        assert [ear.follow("many").status for ear in ears] == [200] * 3
        with Ear(port) as fourth:
            refusal = fourth.follow("many")
            assert (refusal.status, json.loads(refusal.body)["cause"]) == (503, "full")
            assert fourth.follow("many else", b"limit=1").status == 200
        ears[0].close()
        until(port, lambda: len(slot_of(kept, "many").readers) == 2)
        with Ear(port) as fourth:
            assert fourth.follow("many").status == 200


def test_a_world_that_is_dropped_ends_its_streams() -> None:
    instant = [NOW]
    kept = fresh_store(lambda: instant[0], 5 * WORLD_WEIGHT)
    with served(kept) as (port, _), Ear(port) as ear:
        assert ear.follow("dropped").status == 200
        slot = slot_of(kept, "dropped")
        instant[0] += 11 * MINUTE
        rooms = (good(LIST, f"room {each}") for each in count())
        with Connection(port) as connection:
            while not slot.gone:
                connection.ask(next(rooms))
        assert list(ear.events()) == []
        until(port, lambda: not slot.readers)


def test_a_reader_that_comes_while_its_world_is_dropped_hears_the_end(kept: Store) -> None:
    FlaskDoor(kept).ask(good(LIST, "late"))
    slot = slot_of(kept, "late")
    slot.gone = True
    late = reader.Reader(lambda: None)
    kept.follow(slot, late)
    assert late.ended


def test_an_escaped_path_is_streamed_as_well_and_keeps_no_worker(port: int) -> None:
    with ExitStack() as crowd:
        ears = [crowd.enter_context(Ear(port)) for _ in range(6)]
        for ear in ears:
            assert ear.follow("escaped", b"limit=1", path=b"%65ven%74s").header("transfer-encoding") == "chunked"
        ask(port, HEALTH, good(LIST, "escaped"))
        assert [len(list(ear.events())) for ear in ears] == [1] * 6


# The gate at the native door


FOREIGN: dict[str, Fields] = {
    "a foreign host": ((b"host", b"evil.test"),),
    "a foreign origin": (HOST, (b"origin", b"http://evil.test")),
    "no credential": (HOST, (b"authorization", b"")),
    "too many header fields": (HOST, (b"x-long", b"x" * 100_000)),
}


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
def test_events_are_refused_natively_as_anywhere(kept: Store, port: int, fields: Fields) -> None:
    key = () if any(name == b"authorization" for name, _ in fields) else (bearer("refused"),)
    case = Case("refused", "", "GET", b"/__admin/events", (*fields, *key), b"", frozenset())
    with Connection(port) as connection:
        native = connection.ask(case)
    assert native == FlaskDoor(fresh_store()).ask(case)
    assert native.status in (400, 401, 403)
    assert not any(slot.readers for _, slot in kept.living())


# Where nothing streams


@pytest.mark.parametrize("door", ["flask", "httpx"])
def test_a_poll_returns_what_there_is(kept: Store, door: str) -> None:
    poll = poller(kept, door)
    flask = FlaskDoor(kept)
    assert poll("poll", "timeout=0", "0") == []
    flask.ask(good(LIST, "poll"))
    flask.ask(good(CREATE, "poll"))
    assert [kind_of(each) for each in poll("poll", "timeout=0", "0")] == ["listSystems", "createSystem"]
    assert [kind_of(each) for each in poll("poll", "timeout=0", "1")] == ["createSystem"]
    assert [kind_of(each) for each in poll("poll", "timeout=0&limit=1", "0")] == ["listSystems"]
    assert poll("poll", "timeout=0", "2") == []
    assert not slot_of(kept, "poll").readers


@pytest.mark.parametrize("door", ["flask", "httpx"])
def test_a_poll_is_woken_by_what_another_thread_asks(kept: Store, door: str) -> None:
    flask = FlaskDoor(kept)
    flask.ask(good(LIST, "wake"))
    slot, found = slot_of(kept, "wake"), list[Told]()
    poll = poller(kept, door)
    thread = Thread(target=lambda: found.extend(poll("wake", "timeout=60", "")))
    thread.start()
    end = monotonic() + PATIENCE
    while not slot.readers:
        assert monotonic() < end
    flask.ask(good(CREATE, "other"))
    flask.ask(good(CREATE, "wake"))
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [kind_of(each) for each in found] == ["createSystem"]
    assert not slot.readers


def poller(kept: Store, door: str) -> Callable[[str, str, str], list[Told]]:
    def by_flask(name: str, query: str, last: str) -> list[Told]:
        fields: Fields = (HOST, bearer(name), (b"last-event-id", last.encode()))
        answer = FlaskDoor(kept).ask(
            Case("", "", "GET", b"/__admin/events?" + query.encode(), fields, b"", frozenset())
        )
        assert (answer.status, answer.header("content-type")) == (200, "text/event-stream")
        return [told(each) for each in answer.body.split(b"\n\n") if each]

    def by_httpx(name: str, query: str, last: str) -> list[Told]:
        headers = {"Authorization": f"Bearer {key_of(name).decode()}", "Last-Event-ID": last}
        with httpx.Client(transport=SandboxTransport(store=kept), base_url="http://sandbox", timeout=90) as client:
            answer = client.get(f"/__admin/events?{query}", headers=headers)
        assert answer.status_code == 200
        return [told(each) for each in answer.content.split(b"\n\n") if each]

    return by_flask if door == "flask" else by_httpx


# The end of the server


def test_a_server_with_open_streams_and_delayed_answers_ends_at_once_and_in_silence() -> None:
    command = [sys.executable, "-W", "error", "-m", "sandbox", "serve", "--port", "0", "--fixture", "docs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert select.select([process.stdout], [], [], 60)[0]
            port = int(process.stdout.readline().rsplit(":", 1)[1].partition("/")[0])  # type: ignore[union-attr]
            delayed, errors = last_answer(port, process)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    assert delayed is not None
    assert delayed.status == 200


def last_answer(port: int, process: subprocess.Popen[str]) -> tuple[Answer | None, str]:
    """Stop a server that has streams and delayed answers under way; return one of those and what was logged."""
    slow = head(b"GET", b"/v1/systems", (HOST, bearer("end"), (b"prefer", b"delay=60s")))
    with ExitStack() as crowd:
        ears = [crowd.enter_context(Ear(port)) for _ in range(6)]
        for ear in ears[:4]:
            assert ear.follow("end").status == 200
        ears[4].send(following("end") + HEALTH.wire + slow)
        assert ears[4].begun().status == 200
        ears[5].send(slow * 3)
        assert kind_of(next(ears[0].events())) == "listSystems"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
        return ears[5].read(), errors
