"""Steering one world leaves every other as it is, whoever steers and in whatever order."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_store
from sandbox.core.clock import SECOND
from sandbox.core.control import REPORTS
from sandbox.settings import Settings
from sandbox.web.plane import Steering
from tests.steering import FAULTS, FIXTURE, STAGED
from tests.support import LOAN, NOW, request

TOKEN = "a-token-for-the-laws"
DECLARED = ("ak_live_starter_admin_key", "ak_test_starter_admin_key", "ak_live_pro_admin_key", "ak_test_pro_write_key")
OWN = ("ak_test_enterprise_first", "ak_test_enterprise_second", "ak_test_no_plan_at_all")
OWNERS = (*DECLARED, *OWN)
SECOND_KEYS = {
    "ak_live_starter_read_key": "ak_live_starter_admin_key",
    "ak_test_pro_admin_key": "ak_test_pro_write_key",
}

CONTROLS = (
    ("POST", "/reset", None), ("POST", "/clock/advance", {"by": "1d"}), ("PUT", "/clock", {"mode": "frozen"}),
    ("PUT", "/clock", {"mode": "scaled", "rate": 60}), ("PUT", "/settings", {"quota": "off", "seed": 9}), ("PUT", "/settings", {"journal_entries": 2}),
    ("POST", "/snapshots", {"name": "a"}), ("POST", "/snapshots/a/restore", None), ("DELETE", "/snapshots/a", None), ("POST", "/rewind", {"by": 1}),
    ("DELETE", "/requests", None), ("PUT", "/state", FIXTURE), ("POST", "/keys", {"scope": "read"}), ("DELETE", "/keys/{id}", None),
    ("PATCH", "/keys/{id}", {"expires_in": "1s"}), ("POST", "/capsule", "own"), ("PUT", "/state", "own"),
    ("PUT", "/scenarios/active", {"scenario": STAGED}), ("PUT", "/scenarios/active", {"name": "flaky"}), ("PUT", "/scenarios/active", {"name": None}),
    ("PUT", "/scenarios/staged/state", {"state": "Over"}), ("POST", "/scenarios/reset", None), ("POST", "/faults", FAULTS[0]), ("POST", "/faults", FAULTS[4]),
    ("PATCH", "/faults/fault-1", {"times": None}), ("DELETE", "/faults/fault-1", None), ("DELETE", "/faults", None),
)  # fmt: skip
CALLS = (
    ("GET", "/v1/systems", None),
    ("POST", "/v1/systems", LOAN),
    ("POST", "/v1/systems/sys_abc123/classification", None),
    ("GET", "/v1/nope", None),
)


class Served:
    """A store with every kind of world alive, its wall clock, and its control plane."""

    def __init__(self):
        self.now = NOW
        self.store = create_store(Settings(fixture="docs", admin_token=TOKEN), lambda: self.now)
        self.plane = Steering(self.store)
        self.shelf, *_ = self.store.shelves
        self.keys = {each: each for each in OWNERS} | dict(SECOND_KEYS)
        for key in (*OWNERS, *SECOND_KEYS, None):
            self.call(key, "GET", "/v1/systems")

    def call(self, key, method, target, body=None):
        return self.store.answer(self.shelf, request(method, target, body, key))

    def steer(self, key, method, target, body=None):
        """Return the answer to a control request; the own capsule or state is fetched first, the first key's id put in."""
        if body == "own":
            body = orjson.loads(self.steer(key, "GET", target).body)
        if "{id}" in target:
            listed = orjson.loads(self.steer(key, "GET", "/keys").body)["keys"]
            target = target.replace("{id}", listed[0]["id"] if listed else "none")
        return self.plane.answer(request(method, "/__admin" + target, body, key))

    def world_of(self, key):
        return "lobby" if key is None else self.store.owned(request("GET", "/", key=key))[1].name

    def seen(self):
        """Return all that can be seen of every world: what the admin reads of it, its changes, its revision."""
        return {slot.name: self.look(slot) for _, slot in self.store.living()}

    def look(self, slot):
        named = f"?world={slot.name}&api=aikraft"
        parts = (
            "/state",
            "/clock",
            "/keys",
            "/settings",
            "/snapshots",
            "/scenarios",
            "/faults",
            "/requests.ndjson",
            "/capsule",
        )
        told = [self.steer(TOKEN, "GET", each + named) for each in parts]
        assert {each.status for each in told} == {200}, [each.body for each in told]
        return [each.body for each in told], slot.timeline.revision, slot.timeline.changes


deeds = st.tuples(
    st.sampled_from(["owner", "admin", "second", "call", "wait"]),
    st.integers(0, 20),
    st.sampled_from(CONTROLS),
    st.sampled_from(CALLS),
)


def acted(served, deed):
    """Do one deed and return the name of the world that it is about."""
    kind, whose, (method, target, body), call = deed
    key = [*OWNERS, None][whose % (len(OWNERS) + 1)]
    if kind == "wait":
        served.now += whose * SECOND
        return None
    if kind == "call":
        served.call(key, *call)
        return served.world_of(key)
    if kind == "second":
        key = list(SECOND_KEYS)[whose % 2]
    name = served.world_of(key)
    if kind == "admin" or key is None:
        target = admin_target(name, target)
        answer = served.steer(TOKEN, method, target, None if body == "own" else body)
        credential = None
    else:
        answer = served.steer(key, method, target, body)
        credential = orjson.loads(answer.body).get("key") if answer.status == 201 and target == "/keys" else None
    assert answer.status < 500, answer.body
    if credential is not None:
        assert served.world_of(credential) == name
    return name


def admin_target(name, target):
    if "{id}" in target:
        target = target.replace("{id}", "none")
    return f"{target}?world={name}&api=aikraft"


@settings(deadline=None, max_examples=40)
@given(st.lists(deeds, max_size=8))
def test_no_deed_on_one_world_changes_anything_that_can_be_seen_of_another(story):
    served = Served()
    for deed in story:
        stood = served.seen() if deed[0] != "wait" else {}
        name = acted(served, deed)
        after = served.seen() if stood else {}
        assert {each for each in stood if stood[each] != after[each]} <= {name}
        assert set(stood) == set(after)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(OWNERS), st.sampled_from(OWNERS), st.sampled_from(CONTROLS))
def test_an_owner_who_names_another_world_acts_on_the_own_one(key, other, control):
    served, alone = Served(), Served()
    method, target, body = control
    named = f"{target}?world={served.world_of(other)}&api=aikraft"
    if body != "own":
        assert served.steer(key, method, named, body).status == alone.steer(key, method, target, body).status
    assert without_capsules(served.seen()) == without_capsules(alone.seen()) or body == "own"


def without_capsules(seen):
    """Return what is seen but for the capsules, which hold the query of each control request."""
    return {name: (told[:-1], *rest) for name, (told, *rest) in seen.items()}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([*OWNERS, None]), st.sampled_from(CONTROLS))
def test_the_admin_token_does_to_the_named_world_what_its_owner_would_have_done(key, control):
    method, target, body = control
    served = Served()
    stood, name = served.seen(), served.world_of(key)
    answer = served.steer(TOKEN, method, admin_target(name, target), None if body == "own" else body)
    assert answer.status < 500
    after = served.seen()
    assert {each for each in stood if stood[each] != after[each]} <= {name}
    if key is not None and body != "own" and "{id}" not in target:
        alone = Served()
        assert alone.steer(key, method, target, body).status == answer.status
        assert alone.seen()[name][0][0] == after[name][0][0]


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from([*OWNERS, None]),
    st.lists(st.sampled_from(CONTROLS), max_size=6),
    st.lists(st.sampled_from(CALLS), max_size=4),
)
def test_what_the_admin_steered_replays_by_its_capsule(key, controls, calls):
    served = Served()
    name = served.world_of(key)
    for control in controls:
        served.steer(TOKEN, control[0], admin_target(name, control[1]), None if control[2] == "own" else control[2])
        for call in calls:
            served.call(key, *call)
    capsule = served.steer(TOKEN, "GET", admin_target(name, "/capsule")).body
    stood = served.steer(TOKEN, "GET", admin_target(name, "/state")).body
    answer = served.steer(TOKEN, "POST", admin_target(name, "/capsule"), orjson.loads(capsule))
    assert answer.status == 200, answer.body
    assert served.steer(TOKEN, "GET", admin_target(name, "/capsule")).body == capsule
    assert served.steer(TOKEN, "GET", admin_target(name, "/state")).body == stood


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(OWNERS), st.sampled_from(OWNERS), st.lists(st.sampled_from(CALLS), min_size=1, max_size=5))
def test_what_one_world_exports_another_takes_without_either_meeting(key, other, calls):
    served = Served()
    for call in calls:
        served.call(key, *call)
    before = served.seen()
    for target, method in (("/capsule", "POST"), ("/state", "PUT")):
        document = orjson.loads(served.steer(key, "GET", target).body)
        assert served.steer(other, method, target, document).status == 200
        assert served.call(other, "GET", "/v1/systems").status in (200, 403, 429)
    after = served.seen()
    assert {each for each in before if before[each] != after[each]} <= {served.world_of(other)}
    own = orjson.loads(served.steer(other, "GET", "/settings").body)
    assert own["world"] == served.world_of(other)


def test_the_admin_token_without_a_world_is_told_to_name_one():
    answer = Served().steer(TOKEN, "POST", "/reset")
    assert (answer.status, orjson.loads(answer.body)["cause"]) == (404, "world-not-found")


@pytest.mark.parametrize("key", [None, "ak_live_somebody_elses_key_1", "not-the-token", "ak_test_starter_other_key"])
def test_who_has_no_world_steers_none(key):
    served = Served()
    stood = served.seen()
    for method, target, body in CONTROLS:
        if body != "own" and "{id}" not in target:
            assert served.steer(key, method, target, body).status == 401
    assert served.seen() == stood


def test_every_control_of_a_world_is_among_the_deeds_or_reads_only():
    served = Served()
    contract = served.plane.plane.contract
    done = {
        contract.route(method, "/__admin" + target.replace("{id}", "x")).operation.id for method, target, _ in CONTROLS
    }
    changing = {each.id for each in contract.operations.values() if each.method != "GET"} - set(REPORTS)
    assert done == changing
