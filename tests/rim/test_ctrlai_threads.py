"""32 threads on Ctrl AI: what comes out is what some serial order gives, and neither APIs nor worlds ever meet."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.web.shelf import Slot
from sandbox.web.store import Store
from tests.rim import corpus
from tests.rim.corpus import HOST, JSON, Case, dump
from tests.rim.ctrlai_corpus import BY_ID, CANDIDATE, OPERATIONS, VERA, bearer, good
from tests.rim.doors import Answer, fresh_store, serving
from tests.rim.test_threads import THREADS, all_at_once, by_flask, by_socket, check_nothing_lost, check_serial

BOTH = ("aikraft", "ctrlai")
ADAM, ADAMS_MEMBERSHIP = "adam@acme.example", "01HXMEMBER000000000000ADAM"
DECLARED = tuple(b"ctrlai_pk_" + b"%032x" % each for each in range(1, 6))
"""The keys of the first organization, from a viewer's to a second reviewer's."""
SHOWN = re.compile(rb"ctrlai_pk_[0-9a-f]{32}")
"""A new key, which the journal masks."""
Ask = Callable[[list[Case]], list[Answer]]


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def both(**settings: Any) -> Store:
    return fresh_store(apis=BOTH, fixture="default", **{"quota": "off", **settings})


def asking(method: str, path: str, body: Any = None, *fields: tuple[bytes, bytes]) -> Case:
    content = b"" if body is None else dump(body)
    kind = () if body is None else (JSON,)
    return Case(path, "", method, path.encode(), (HOST, *kind, *fields), content, frozenset())


def by_key(key: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + key


def cookie_of(answer: Answer) -> tuple[bytes, bytes]:
    return b"cookie", (answer.header("set-cookie") or "").partition(";")[0].encode()


def slots_of(store: Store) -> list[Slot]:
    return [slot for shelf in store.shelves for slot in shelf.slots.values()]


def check_worlds_are_serial(store: Store, answers: list[Answer]) -> None:
    """Check that every world's history can be had again one by one, and that every answer stands in one of them."""
    for slot in slots_of(store):
        check_serial(slot.timeline.journal)
    answers = [replace(each, body=SHOWN.sub(lambda key: b"*" * len(key[0]), each.body)) for each in answers]
    check_nothing_lost([each for slot in slots_of(store) for each in slot.timeline.journal], answers)


def mixed_work(worker: int) -> list[Case]:
    """Return what a worker asks with one of the first organization's keys: most operations, and names others want."""
    key = by_key(DECLARED[worker % 5])
    cases = [replace(good(each, "x"), fields=(HOST, key, JSON)) for each in OPERATIONS if each.method != "DELETE"]
    cases = [each for each in cases if b"/auth/" not in each.target]
    named = [asking("POST", "/api/v1/domains", {"name": f"D {(worker + at) % 40}"}, key) for at in range(4)]
    return [*named, *cases[worker % 4 :: 4]]


@pytest.mark.parametrize("door", ["flask", "socket"])
def test_thirty_two_threads_of_an_organizations_keys_get_what_one_serial_order_gives(door: str) -> None:
    store = both()
    with serving(store) as port:
        ask: Ask = by_flask(store) if door == "flask" else by_socket(port)
        work = [mixed_work(worker) for worker in range(THREADS)]
        answers = [each for some in all_at_once([lambda cases=cases: ask(cases) for cases in work]) for each in some]
    assert {slot.name for slot in slots_of(store)} == {"acme/live"}
    assert not [each.body for each in answers if each.status >= 500]
    check_worlds_are_serial(store, answers)


def test_both_apis_at_both_doors_keep_to_themselves() -> None:
    store = both()
    with serving(store) as port:
        ways: list[Ask] = [by_flask(store), by_socket(port)]

        def work(worker: int) -> list[Answer]:
            systems = [corpus.good(each, "beside") for each in corpus.OPERATIONS]
            cases = [each for pair in zip(mixed_work(worker), systems, strict=False) for each in pair]
            return ways[worker % 2](cases)

        answers = [each for some in all_at_once([lambda at=at: work(at) for at in range(THREADS)]) for each in some]
    assert len(slots_of(store)) == 2
    assert [slot.timeline.present.ordinal for slot in slots_of(store)] == [len(answers) // 2] * 2
    check_worlds_are_serial(store, answers)


def test_worlds_of_many_keys_end_alike_and_never_meet() -> None:
    store = both()
    ask = by_flask(store)

    def work(worker: int) -> list[Answer]:
        mine = [good(each, f"apart {worker}") for each in OPERATIONS if each.method in ("POST", "GET")]
        return ask(mine)

    answers = all_at_once([lambda at=at: work(at) for at in range(THREADS)])
    assert len(slots_of(store)) == THREADS
    shown = {each.body for some in answers for each in some if b'"key":"ctrlai_pk_' in each.body}
    cookies = [each.header("set-cookie") for some in answers for each in some]
    sessions = {each for each in cookies if each and "ctrlai_st_" in each}
    assert len(shown) == len(sessions) == THREADS
    check_worlds_are_serial(store, [each for some in answers for each in some])


def test_many_reviewers_at_once_leave_one_review_of_each_and_the_score_of_all() -> None:
    store = both()
    ask = by_flask(store)
    owner = bearer("reviews")
    invited = [
        asking("POST", "/api/v1/orgs/acme/members", {"email": f"r{at}@acme.example", "role": "reviewer"}, owner)
        for at in range(THREADS)
    ]
    assert {each.status for each in ask(invited)} == {201}

    def review(at: int) -> Answer:
        signed = ask([asking("POST", "/api/auth/signin", {"email": f"r{at}@acme.example"}, owner)])[0]
        action = "approve" if at % 4 else "request_changes"
        verify = asking("POST", f"/api/v1/units/{CANDIDATE}/verify", {"action": action}, cookie_of(signed))
        return ask([verify] * 2)[1]

    answers = all_at_once([lambda at=at: review(at) for at in range(THREADS)])
    assert {each.status for each in answers} == {200}
    row = slots_of(store)[0].timeline.present.workspace.table("units").get(CANDIDATE)
    assert row is not None
    assert len({each["reviewerId"] for each in row["reviews"]}) == THREADS
    last = json.loads(ask([replace(good(BY_ID["getUnit"], ""), fields=(HOST, owner))])[0].body)["data"]
    assert last["verificationScore"] == 75
    check_serial(slots_of(store)[0].timeline.journal)


def test_an_organization_wanted_by_every_thread_is_made_once() -> None:
    store = both()
    ask = by_flask(store)
    cases = [asking("POST", "/api/v1/orgs", {"name": f"Bank {at}"}, bearer("orgs")) for at in range(10)]
    answers = [each for some in all_at_once([lambda: ask(cases)] * THREADS) for each in some]
    assert Counter(each.status for each in answers) == {201: 10, 409: 10 * THREADS - 10}
    listing = json.loads(ask([asking("GET", "/api/v1/orgs", None, bearer("orgs"))])[0].body)
    assert listing["meta"]["total"] == 11
    assert len({each["id"] for each in listing["data"]}) == len({each["slug"] for each in listing["data"]}) == 11


def test_the_last_admin_stays_whoever_is_demoted_at_once() -> None:
    store = both()
    ask = by_flask(store)
    owner, members = bearer("admins"), "/api/v1/orgs/acme/members"
    invited = ask([
        asking("POST", members, {"email": f"a{at}@acme.example", "role": "admin"}, owner) for at in range(THREADS - 1)
    ])  # fmt: skip
    idents = [json.loads(each.body)["data"]["id"] for each in invited]
    signed = [
        ask([asking("POST", "/api/auth/signin", {"email": f"a{at}@acme.example"}, owner)])[0]
        for at in range(THREADS - 1)
    ]
    cookies = [cookie_of(each) for each in signed]

    def demote(at: int) -> Answer:
        """Let each admin take the role of the next: nobody's request is refused for want of a role before its turn."""
        target = f"{members}/{[*idents, ADAMS_MEMBERSHIP][(at + 1) % THREADS]}"
        if at % 2:
            return ask([asking("DELETE", target, None, [*cookies, owner][at])])[0]
        return ask([asking("PATCH", target, {"role": "viewer"}, [*cookies, owner][at])])[0]

    answers = all_at_once([lambda at=at: demote(at) for at in range(THREADS)])
    assert {each.status for each in answers} <= {200, 401, 403, 404, 409}
    table = slots_of(store)[0].timeline.present.workspace.table("members")
    acme = "01HX0RG000000000000000ACME"
    assert [each["role"] for each in table.all(acme)].count("admin") >= 1
    check_serial(slots_of(store)[0].timeline.journal)


def test_of_two_last_admins_one_stays() -> None:
    store = both()
    ask = by_flask(store)
    for turn in range(10):
        owner, members = bearer(f"pair {turn}"), "/api/v1/orgs/acme/members"
        promoted = ask([asking("PATCH", f"{members}/01HXMEMBER000000000000VERA", {"role": "admin"}, owner)])[0]
        assert json.loads(promoted.body)["data"]["userId"] == VERA
        pair = [ADAMS_MEMBERSHIP, "01HXMEMBER000000000000VERA"]
        cases = [asking("PATCH", f"{members}/{each}", {"role": "author"}, owner) for each in pair]
        answers = all_at_once([lambda case=case: ask([case])[0] for case in cases * 4])
        assert {each.status for each in answers} <= {200, 403, 409}
        rows = slots_of(store)[turn].timeline.present.workspace.table("members").all("01HX0RG000000000000000ACME")
        assert [each["role"] for each in rows].count("admin") == 1


@pytest.mark.parametrize(("ident", "most"), [("listUnits", 60), ("createDomain", 30), ("getSession", 5)])
@pytest.mark.parametrize("who", ["a key", "sessions of one user"])
def test_a_window_lets_exactly_its_number_through(ident: str, most: int, who: str) -> None:
    store = both(quota="enforce")
    ask = by_flask(store)
    fields = [by_key(DECLARED[3])]
    if who != "a key":
        signed = ask([asking("POST", "/api/auth/signin", {"email": ADAM})] * 4)
        fields = [cookie_of(each) for each in signed]
    cases = [replace(good(BY_ID[ident], ""), fields=(HOST, JSON, each)) for each in fields]
    work = [[cases[at % len(cases)]] * 5 for at in range(THREADS)]
    answers = [each for some in all_at_once([lambda some=some: ask(some) for some in work]) for each in some]
    let = [each for each in answers if each.status != 429]
    assert len(let) == most
    assert sorted(int(each.header("x-ratelimit-remaining") or -1) for each in let) == [*range(most)]
    assert {each.header("retry-after") for each in answers if each.status == 429} == {"60"}


def test_the_lobby_lets_an_address_sign_in_no_oftener_than_its_window() -> None:
    store = both(quota="enforce")
    ask = by_flask(store)
    case = asking("POST", "/api/auth/signin", {"email": ADAM})
    answers = all_at_once([lambda: ask([case])[0]] * THREADS)
    assert Counter(each.status for each in answers) == {200: 5, 429: THREADS - 5}
    assert len({cookie_of(each) for each in answers if each.status == 200}) == 5


def test_who_signs_in_and_out_at_once_is_in_or_out_and_nobody_else() -> None:
    store = both()
    users = ["vera", "rene", "anna", "adam", "rex"]

    def come_and_go(worker: int, ask: Ask) -> list[Answer]:
        email = f"{users[worker % 5]}@acme.example"
        said = []
        for _ in range(5):
            signed = ask([asking("POST", "/api/auth/signin", {"email": email})])[0]
            mine = cookie_of(signed)
            session = asking("GET", "/api/auth/session", None, mine)
            told = ask([session, asking("POST", "/api/auth/signout", None, mine), session])
            assert json.loads(told[0].body)["data"]["user"]["email"] == email
            assert json.loads(told[2].body)["data"]["user"] is None
            said += [signed, *told]
        return said

    with serving(store) as port:
        ways: list[Ask] = [by_flask(store), by_socket(port)]
        answers = all_at_once([lambda at=at: come_and_go(at, ways[at % 2]) for at in range(THREADS)])
    (slot,) = slots_of(store)
    assert slot.timeline.present.workspace.table("sessions").count() == 0
    check_serial(slot.timeline.journal)
    # The second look at a session that has ended is the lobby's to answer, if its token leads nowhere.
    assert {each.status for some in answers for each in some} == {200}


def test_a_key_that_is_made_while_others_are_revoked_lives_until_it_is_revoked_itself() -> None:
    store = both()
    ask = by_flask(store)
    owner, keys = bearer("keys"), "/api/v1/orgs/acme/api-keys"

    def work(_worker: int) -> None:
        for _ in range(5):
            made = json.loads(ask([asking("POST", keys, {"name": "N"}, owner)])[0].body)["data"]
            mine = by_key(made["key"].encode())
            look = asking("GET", "/api/v1/units", None, mine)
            answers = ask([look, asking("DELETE", f"{keys}/{made['id']}", None, owner), look])
            assert [each.status for each in answers] == [200, 200, 401]

    all_at_once([lambda at=at: work(at) for at in range(THREADS)])
    assert json.loads(ask([asking("GET", keys, None, owner)])[0].body)["meta"]["total"] == 6
    check_serial(slots_of(store)[0].timeline.journal)
