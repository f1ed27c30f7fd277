"""32 threads on one world: what comes out is what some serial order gives, and nothing is lost."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from sandbox.core.clock import MINUTE
from sandbox.core.record import again
from sandbox.core.timeline import Entry, Journal
from sandbox.web.shelf import WORLD_WEIGHT
from sandbox.web.store import Store
from tests.rim.corpus import LOAN, OPERATIONS, Case, bearer, dump, good
from tests.rim.doors import NOW, Answer, Connection, FlaskDoor, fresh_store, serving

THREADS = 32
LIST, CREATE = OPERATIONS[0], OPERATIONS[1]


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def all_at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the tasks in as many threads, started together, and return their results in order."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def creating(name: str, key: str) -> Case:
    return replace(good(CREATE, key), body=dump({**LOAN, "name": name}))


def by_flask(store: Store) -> Callable[[list[Case]], list[Answer]]:
    door = FlaskDoor(store)
    return lambda cases: [door.ask(case) for case in cases]


def by_socket(port: int) -> Callable[[list[Case]], list[Answer]]:
    def ask(cases: list[Case]) -> list[Answer]:
        with Connection(port) as connection:
            return [connection.ask(case) for case in cases]

    return ask


def mixed_work(worker: int, key: str) -> list[Case]:
    """Return ten requests: creations whose names other workers want too, classifications, jobs, reads."""
    names = [f"system {(worker * 3 + at) % 40}" for at in range(5)]
    rest = [good(each, key) for each in OPERATIONS if each.id != "createSystem"]
    return [*(creating(each, key) for each in names), *rest[worker % 3 : worker % 3 + 5]]


def slot_of(store: Store) -> Any:
    shelf, *_ = store.shelves
    (slot,) = shelf.slots.values()
    return slot


def check_serial(journal: Journal) -> None:
    """Check that asking one after the other, in the journal's order, gives the same answers."""
    world = journal.lead(0)[0]
    for ordinal, entry in enumerate(journal, start=1):
        assert entry.ordinal == ordinal
        world, response = again(world, entry)
        assert response == entry.response


def check_nothing_lost(entries: list[Entry], answers: list[Answer]) -> None:
    given = Counter((each.status, each.body) for each in answers)
    assert given == Counter((each.response.status, each.response.body) for each in entries)


@pytest.mark.parametrize("door", ["flask", "socket"])
def test_thirty_two_threads_get_what_one_serial_order_gives(door: str) -> None:
    store = fresh_store()
    with serving(store) as port:
        ask = by_flask(store) if door == "flask" else by_socket(port)
        work = [mixed_work(worker, "shared") for worker in range(THREADS)]
        answers = [each for some in all_at_once([lambda cases=cases: ask(cases) for cases in work]) for each in some]
    entries = list(slot_of(store).timeline.journal)
    check_serial(slot_of(store).timeline.journal)
    check_nothing_lost(entries, answers)


def test_both_doors_at_once_keep_one_serial_order() -> None:
    store = fresh_store()
    with serving(store) as port:
        ways = [by_flask(store), by_socket(port)]
        work = [mixed_work(worker, "shared") for worker in range(THREADS)]
        tasks = [lambda at=at, cases=cases: ways[at % 2](cases) for at, cases in enumerate(work)]
        answers = [each for some in all_at_once(tasks) for each in some]
    entries = list(slot_of(store).timeline.journal)
    check_serial(slot_of(store).timeline.journal)
    check_nothing_lost(entries, answers)


def test_a_name_wanted_by_every_thread_is_given_once() -> None:
    store = fresh_store()
    ask = by_flask(store)
    cases = [creating(f"name {at}", "names") for at in range(10)]
    answers = [each for some in all_at_once([lambda: ask(cases)] * THREADS) for each in some]
    assert Counter(each.status for each in answers) == {201: 10, 409: 10 * THREADS - 10}
    listing = json.loads(ask([good(LIST, "names")])[0].body)
    assert listing["meta"]["total"] == 11
    assert len({each["id"] for each in listing["data"]}) == len({each["name"] for each in listing["data"]}) == 11


def test_the_quota_gives_out_exactly_its_burst_while_the_clock_stands_still() -> None:
    store = fresh_store(plan="starter")
    ask = by_flask(store)
    key = (b"authorization", b"Bearer ak_test_starter_quota_world")
    case = replace(good(LIST, "quota"), fields=(key,))
    answers = [each for some in all_at_once([lambda: ask([case] * 10)] * THREADS) for each in some]
    assert Counter(each.status for each in answers) == {200: 150, 429: 10 * THREADS - 150}
    remaining = sorted(int(each.header("x-ratelimit-remaining") or -1) for each in answers if each.status == 200)
    assert remaining == sorted([*range(100), *[0] * 50])


def test_first_use_by_every_thread_opens_one_world() -> None:
    store = fresh_store()
    ask = by_flask(store)
    for turn in range(10):
        case = good(CREATE, f"first {turn}")
        answers = all_at_once([lambda case=case: ask([case])[0] for _ in range(THREADS)])
        assert Counter(each.status for each in answers) == {201: 1, 409: THREADS - 1}
    assert len(store.presents()) == 10


def test_worlds_are_dropped_and_opened_while_threads_use_them() -> None:
    instant = [NOW]
    store = fresh_store(lambda: instant[0], 100 * WORLD_WEIGHT)
    ask = by_flask(store)
    for turn in range(5):
        cases = [[good(LIST, f"turn {turn} worker {worker % 8}")] * 2 for worker in range(THREADS)]
        answers = all_at_once([lambda some=some: ask(some) for some in cases])
        assert {each.status for some in answers for each in some} == {200}
        instant[0] += 11 * MINUTE


def test_worlds_never_meet_when_threads_share_a_server() -> None:
    store = fresh_store()
    with serving(store) as port:
        ask = by_socket(port)
        work = [
            [*(creating(f"own {at}", f"apart {worker}") for at in range(5)), good(LIST, f"apart {worker}")]
            for worker in range(THREADS)
        ]
        answers = all_at_once([lambda cases=cases: ask(cases) for cases in work])
    assert {json.loads(some[-1].body)["meta"]["total"] for some in answers} == {6}
    assert len({some[-1].body for some in answers}) == 1
    assert bearer("apart 0") != bearer("apart 1")
