"""32 threads that call and steer one world: its journal is a serial history, and nothing is lost or torn."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import orjson
import pytest

from sandbox.core.record import again
from sandbox.core.timeline import Timeline
from sandbox.web.store import Store
from tests.rim.corpus import HOST, JSON, LOAN, Case, bearer, dump
from tests.rim.doors import Answer, FlaskDoor, fresh_store

THREADS = 32
KEY = "steered"
Task = Callable[[], list[Answer]]


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def case(method: str, target: str, body: Any = None, key: str = KEY) -> Case:
    fields = (HOST, bearer(key), *((JSON,) if body is not None else ()))
    return Case(target, "", method, target.encode(), fields, b"" if body is None else dump(body), frozenset())


def all_at_once(door: FlaskDoor, work: Sequence[Sequence[Case]]) -> list[list[Answer]]:
    """Let as many threads as there are lists of cases ask them, started together; return the answers in order."""
    barrier = Barrier(len(work))

    def run(cases: Sequence[Case]) -> list[Answer]:
        barrier.wait()
        return [door.ask(each) for each in cases]

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def create(name: str) -> Case:
    return case("POST", "/v1/systems", {**LOAN, "name": name})


LIST = case("GET", "/v1/systems")
MONITOR = case("GET", "/v1/systems/sys_abc123/monitoring")
ADVANCE = case("POST", "/__admin/clock/advance", {"by": "1s"})
MINT = case("POST", "/__admin/keys", {"scope": "read"})
STATE = case("GET", "/__admin/state")
CAPSULE = case("GET", "/__admin/capsule")
READS = (
    STATE,
    CAPSULE,
    case("GET", "/__admin/requests"),
    case("GET", "/__admin/requests.har"),
    case("GET", "/__admin/keys"),
)


def timeline_of(store: Store) -> Timeline:
    shelf, *_ = store.shelves
    (slot,) = shelf.slots.values()
    return slot.timeline


def check_serial(timeline: Timeline) -> None:
    """Check that going through the journal one by one gives every answer, and in the end the present."""
    world = timeline.journal.lead(0)[0] or timeline.present
    for entry in timeline.journal:
        world, response = again(world, entry)
        assert response == entry.response
    assert world == timeline.present
    revisions = [each.revision for each in timeline.journal]
    assert revisions == sorted(set(revisions))


def check_capsule(door: FlaskDoor, timeline: Timeline) -> None:
    """Check that the world's capsule leads to the same state."""
    capsule, state = door.ask(CAPSULE), door.ask(STATE)
    loaded = door.ask(case("POST", "/__admin/capsule", orjson.loads(capsule.body)))
    assert (loaded.status, orjson.loads(loaded.body)["replayed"]) == (200, len(timeline.journal))
    assert (door.ask(CAPSULE).body, door.ask(STATE).body) == (capsule.body, state.body)


def told(
    answers: Sequence[Sequence[Answer]], work: Sequence[Sequence[Case]], chosen: Callable[[Case], bool]
) -> Counter[Any]:
    pairs = (pair for one, other in zip(work, answers, strict=True) for pair in zip(one, other, strict=True))
    return Counter((answer.status, answer.body) for each, answer in pairs if chosen(each))


def is_call(each: Case) -> bool:
    return each.target.startswith(b"/v1")


def kept(timeline: Timeline, *, calls: bool) -> Counter[Any]:
    entries = (each for each in timeline.journal if (each.errand is None) is calls)
    return Counter((each.response.status, each.response.body) for each in entries)


def test_calls_and_steering_at_once_are_one_serial_history_of_which_nothing_is_lost() -> None:
    store = fresh_store()
    door = FlaskDoor(store)
    snapshot = [case("POST", "/__admin/snapshots", {"name": f"s{each % 3}"}) for each in range(THREADS)]
    work = [
        [
            create(f"system {at % 9}"),
            ADVANCE,
            LIST,
            READS[at % len(READS)],
            MONITOR,
            snapshot[at],
            MINT,
            create(f"late {at}"),
        ]
        for at in range(THREADS)
    ]
    answers = all_at_once(door, work)
    timeline = timeline_of(store)
    check_serial(timeline)
    assert told(answers, work, is_call) == kept(timeline, calls=True)
    assert told(answers, work, lambda each: each is ADVANCE) <= kept(timeline, calls=False)
    keys = [orjson.loads(some[6].body) for some in answers]
    assert len({each["key"] for each in keys}) == len({each["id"] for each in keys}) == THREADS
    check_capsule(door, timeline)


def test_every_key_that_a_thread_was_given_works_at_once() -> None:
    store = fresh_store()
    door = FlaskDoor(store)

    def used(_at: int) -> int:
        key = orjson.loads(door.ask(MINT).body)["key"]
        fields = (HOST, (b"authorization", b"Bearer " + key.encode()))
        return door.ask(Case("minted", "", "GET", b"/v1/systems", fields, b"", frozenset())).status

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(used, range(THREADS * 3))) == {200}
    check_serial(timeline_of(store))
    assert len(store.presents()) == 1


def test_requests_that_are_undone_amid_traffic_are_counted_and_no_other_is_lost() -> None:
    store = fresh_store()
    door = FlaskDoor(store)
    undo = case("POST", "/__admin/rewind", {"by": 2})
    work = [[create(f"n {at}"), undo if at % 4 == 0 else LIST, MONITOR, ADVANCE, LIST] for at in range(THREADS)]
    answers = all_at_once(door, work)
    timeline = timeline_of(store)
    check_serial(timeline)
    undone = [
        each
        for some, cases in zip(answers, work, strict=True)
        for each, one in zip(some, cases, strict=True)
        if one is undo
    ]
    assert {each.status for each in undone} <= {200, 409}
    forgotten = sum(orjson.loads(each.body)["forgotten"] for each in undone if each.status == 200)
    asked, left = told(answers, work, is_call), kept(timeline, calls=True)
    assert left <= asked
    assert asked.total() - left.total() == forgotten
    check_capsule(door, timeline)


def test_a_world_that_is_restored_amid_traffic_is_always_whole() -> None:
    store = fresh_store()
    door = FlaskDoor(store)
    door.ask(case("POST", "/__admin/snapshots", {"name": "start"}))
    restore = case("POST", "/__admin/snapshots/start/restore")
    work = [
        [create(f"n {at}"), restore if at % 8 == 0 else LIST, create(f"m {at}"), READS[at % 3], LIST]
        for at in range(THREADS)
    ]
    answers = all_at_once(door, work)
    timeline = timeline_of(store)
    check_serial(timeline)
    assert {each.status for some in answers for each in some} <= {200, 201, 409}
    assert kept(timeline, calls=True) <= told(answers, work, is_call)
    created = {orjson.loads(each.request.body)["name"] for each in timeline.journal if each.response.status == 201}
    listed = orjson.loads(door.ask(case("GET", "/v1/systems?limit=100")).body)["data"]
    assert {each["name"] for each in listed} == created | {"Candidate Screening Model v2"}
    check_capsule(door, timeline_of(store))
    for some, cases in zip(answers, work, strict=True):
        for answer, one in zip(some, cases, strict=True):
            if one is CAPSULE:
                check_read(door, answer)


def check_read(door: FlaskDoor, capsule: Answer) -> None:
    """Check that a capsule which was read amid traffic is of one moment: it replays."""
    other = case("POST", "/__admin/capsule", orjson.loads(capsule.body), key="another")
    assert door.ask(other).status == 200


def test_a_state_that_is_loaded_amid_traffic_is_taken_whole_or_refused() -> None:
    store = fresh_store()
    door = FlaskDoor(store)
    fixture = {
        "fixture": "loaded",
        "api": "aikraft",
        "summary": "Loaded.",
        "workspaces": [{"id": "ws_pro", "plan": "pro"}],
        "keys": [],
    }
    loads = []
    for at in range(8):
        systems = [
            {"id": f"sys_load{at}{each}", **LOAN, "name": f"load {at} {each}", "created": "-1d"} for each in range(10)
        ]
        loads.append(case("PUT", "/__admin/state", {**fixture, "systems": systems}))
    work = [
        [*(create(f"n {at} {each}") for each in range(3)), loads[at // 4] if at % 4 == 0 else LIST, create(f"m {at}")]
        for at in range(THREADS)
    ]
    answers = all_at_once(door, work)
    timeline = timeline_of(store)
    check_serial(timeline)
    taken = [
        each
        for some, cases in zip(answers, work, strict=True)
        for each, one in zip(some, cases, strict=True)
        if one in loads
    ]
    assert {each.status for each in taken} <= {200, 409}
    assert {orjson.loads(each.body)["cause"] for each in taken if each.status == 409} <= {"world-moved"}
    base = timeline.journal.lead(0)[0] or timeline.present
    names = Counter(row["name"].rpartition(" ")[0] for row in base.workspace.table("systems").all())
    assert list(names.values()) == [10] or not [each for each in taken if each.status == 200]
    calls = sum(is_call(each) for cases in work for each in cases)
    assert timeline.revision == calls + sum(each.status == 200 for each in taken)
    created = sum(each.response.status == 201 for each in timeline.journal)
    assert timeline.present.workspace.table("systems").count() == base.workspace.table("systems").count() + created


def test_of_two_loads_at_once_each_is_taken_whole() -> None:
    store = fresh_store()
    door = FlaskDoor(store)
    door.ask(create("first"))
    state = orjson.loads(door.ask(STATE).body)
    capsule = orjson.loads(door.ask(CAPSULE).body)
    work = [
        [case("PUT", "/__admin/state", state) if at % 2 else case("POST", "/__admin/capsule", capsule)]
        for at in range(THREADS)
    ]
    statuses = Counter(each.status for some in all_at_once(door, work) for each in some)
    assert set(statuses) <= {200, 409}
    assert statuses[200] >= 1
    assert timeline_of(store).revision == 1 + statuses[200]
    after = orjson.loads(door.ask(STATE).body)
    assert {name: after[name] for name in ("tables", "minted")} == {name: state[name] for name in ("tables", "minted")}
    check_serial(timeline_of(store))
