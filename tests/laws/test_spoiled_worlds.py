"""A state or a capsule whose world was spoiled is refused with the place, or is a world that never breaks."""

from functools import cache

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.core.clock import LATEST, SECOND
from tests.spoiling import places_in, spoiled
from tests.steering import acts, exported, helm, through_file, went

STORY = [
    ("create", "a", "Any", 0), ("wait", SECOND), ("mint", {"plan": "starter", "scope": "read", "expires_in": "1m"}), ("list", 1, 1),
    ("classify", 0), ("draft", 0, [1]), ("ingest", 0, 1), ("clock", {"mode": "scaled", "rate": 60}), ("settings", {"quota": "observe"}),
]  # fmt: skip
EVERYTHING = [
    ("list", 1, 0), ("list", 1, 1), ("create", "b", "Any", 0), ("classify", 0), ("monitor", 0), ("job", 0), ("prefer", "code=429", False), ("advance", "7s"),
    ("mint", {}), ("change", 0, {"expires_in": "7s"}), ("revoke", 1), ("list", 1, 2), ("save", "one"), ("rewind", 1), ("state",), ("capsule",),
]  # fmt: skip
WRONG = st.sampled_from(
    [None, True, False, 0, 1, -1, 2**53 - 1, 2**53, LATEST, LATEST + 1, 2 * LATEST, -LATEST, 1e300, 1.5, "", " ", "x", "0", "1", "1/2", "free", "starter",
     "admin", "real", "frozen", "scaled", "offset", "x" * 300, [], [1, 2], [0, 0], [10**7, 1], {}, {"plan": "pro"}, {"scope": "read"}, "key_0"]
)  # fmt: skip


@cache
def stood():
    """Return a world that has something of everything, and its state."""
    at, _ = went(helm(limit=(60, 90), clock="real"), STORY)
    return at, at.read("/state")


PLACES = list(places_in(stood()[1]["world"]))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), WRONG | st.just("gone"), st.lists(acts, max_size=4))
@example(("minted",), (1 << 53) - 1, [])
@example(("ordinal",), (1 << 53) - 1, [])
def test_a_state_whose_world_was_spoiled_is_refused_with_a_place_or_never_breaks(place, value, story):
    at, state = stood()
    document = through_file(state)
    spoiled(document["world"], place, value)
    after, response = at.steer("PUT", "/state", document)
    assert response.status in (200, 422), response.body
    if response.status == 422:
        assert after.timeline is at.timeline
        assert all(each["path"].startswith("world") for each in orjson.loads(response.body)["flaws"])
        return
    gone_through, _ = went(after, [*EVERYTHING, *story])
    for each in ("/state", "/clock", "/keys", "/settings", "/requests", "/capsule", "/snapshots"):
        gone_through.read(each)
    assert exported(gone_through.steered("PUT", "/state", gone_through.read("/state"))) == exported(gone_through)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("owner", "plan"), None, "world.owner"),
        (("owner", "plan"), "gold", "world.owner"),
        (("owner", "workspace"), 5, "world.owner"),
        (("owner", "limit"), [0, 5], "world.owner.limit"),
        (("grants", 0, "terms"), {}, "world.grants"),
        (("grants", 0, "terms"), {"scope": "admin", "plan": "pro"}, "world.grants"),
        (("grants", 0, "terms"), {"scope": "root"}, "world.grants"),
        (("clock", "rate"), "0", "world.clock.rate"),
        (("quota",), "sometimes", "world.quota"),
    ],
)
def test_a_world_that_nobody_could_have_is_refused_where_it_says_so(place, value, told):
    at, state = stood()
    document = through_file(state)
    spoiled(document["world"], place, value)
    after, response = at.steer("PUT", "/state", document)
    assert (response.status, orjson.loads(response.body)["flaws"][0]["path"]) == (422, told)
    assert after.timeline is at.timeline


@pytest.mark.parametrize(("kind", "status"), [("api", 422), ("control", 200)])
def test_a_caller_of_the_api_is_turned_away_for_a_known_reason_and_one_of_the_control_plane_for_none(kind, status):
    at, _ = stood()
    document = at.read("/capsule")
    record = next(each for each in document["records"] if each["kind"] == kind)
    record["request"]["caller"].update(key=None, reason="admin token")
    assert at.steer("POST", "/capsule", document)[1].status == status
