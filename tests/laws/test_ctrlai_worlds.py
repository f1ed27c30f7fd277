"""The laws of the core hold for Ctrl AI: its worlds replay, go back, are told, exported and never meet."""

from dataclasses import replace
from functools import cache
from itertools import count

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_realm, create_store, load_api
from sandbox.core.clock import DAY, SECOND, parse_instant
from sandbox.core.kernel import step
from sandbox.core.keyring import identify
from sandbox.core.quota import Hits
from sandbox.core.realm import born
from sandbox.core.record import kept_of, world_before
from sandbox.core.state import rebuilt
from sandbox.core.timeline import began
from sandbox.settings import Settings
from sandbox.web.plane import Steering
from tests import acme
from tests.acme import ADMIN, AUTHOR, EXPIRED, GLOBEX, OWN, REVIEWER, VIEWER
from tests.acme_calls import BAD, READS, SHAPES, acts, call, calls, calls_and_steering, helm, steering_acts
from tests.laws.test_explain_laws import accounts, request_in, response_in
from tests.laws.test_replay_laws import capsule, check_replays
from tests.laws.test_snapshot_laws import alike
from tests.steering import (
    Helm,
    as_value,
    did,
    entries_of,
    exported,
    filled,
    remembered,
    seen,
    through_file,
    waits,
    went,
)
from tests.support import NOW, request

OWN_TOO = "ctrlai_pk_7e57" + "0" * 26 + "12"
KEYS = (OWN, ADMIN, AUTHOR, VIEWER, GLOBEX, EXPIRED, None)
stories = st.lists(acts, max_size=12)
limits = st.sampled_from([3, 40, 10_000])
API = load_api("ctrlai")


def begun(entries=10_000, key=OWN, **given):
    return helm(key, entries=entries, **{"clock": "real", **given})


RICH = [
    ("call", "POST", "/api/auth/signin", {"email": "adam@acme.example"}, 0),
    ("call", "POST", "/api/v1/orgs/acme/api-keys", {"name": "Made", "role": "admin"}, 1),
    ("call", "POST", "/api/v1/units", {"name": "New", "unitType": "pattern", "domainId": "<domains:0>"}, 2),
    ("call", "POST", "/api/v1/units/<units:0>/verify", {"action": "approve"}, REVIEWER),
    ("call", "POST", "/api/v1/inference", {"query": "Second opinion: manual underwriting with riskTier: low"}, 2),
    ("call", "POST", "/api/v1/inference", {"query": "yes", "sessionId": "<conversations:0>", "additionalInputs": {"employmentVerified": True}}, 2),
    ("call", "GET", "/api/v1/audit?format=csv", None, 1),
    ("call", "DELETE", "/api/v1/orgs/acme/api-keys/<apiKeys:0>", None, 1),
    ("call", "GET", "/api/v1/units", None, 2),
    ("call", "POST", "/api/v1/orgs", {"name": "New org"}, 0),
    ("call", "POST", "/api/v1/orgs/new-org/members", {"email": "new@acme.example", "role": "author"}, 0),
    ("call", "POST", "/api/auth/signin", {"email": "new@acme.example"}, 0),
    ("call", "GET", "/api/auth/session", None, 3),
    ("call", "POST", "/api/auth/signout", None, 1),
    ("call", "GET", "/api/v1/units", None, 1),
]  # fmt: skip
"""A run with all that leads to a world: a session, a key that is made and revoked, a conversation, another organisation."""


def test_the_rich_story_goes_as_it_is_meant():
    at, answers = went(begun(), RICH)
    assert [each.status for each in answers] == [
        200,
        201,
        201,
        200,
        200,
        200,
        200,
        200,
        401,
        201,
        201,
        200,
        200,
        200,
        401,
    ]
    assert len(at.minted) == 3


# Replay.


@settings(deadline=None, max_examples=30)
@given(limits, st.sampled_from(KEYS), stories)
def test_replay_equals_record_for_any_story(entries, key, story):
    at, _ = went(begun(entries, key), [*RICH, *story])
    check_replays(at)


@settings(deadline=None, max_examples=25)
@given(limits, stories, st.lists(calls_and_steering, max_size=6))
def test_a_capsule_that_is_loaded_goes_on_as_its_world_would_have(entries, story, after):
    at, _ = went(begun(entries), [*RICH, *story])
    document = at.read("/capsule")
    loaded = at.steered("POST", "/capsule", document)
    assert as_value(loaded.world) == as_value(at.world)
    assert loaded.read("/capsule") == document
    one, answers = went(at, after)
    other, others = went(loaded, after)
    assert [each and each.body for each in answers] == [each and each.body for each in others]
    assert as_value(one.world) == as_value(other.world)


def elsewhere(key, days=0):
    """Return a world of another key, in a realm that was born so many days later with a secret of its own."""
    home = create_realm("ctrlai", Settings(apis=("ctrlai",), clock="real", secret="another"), NOW + days * DAY)
    place, _ = identify(home.keyring, request("GET", "/api/v1/units", key=key))
    return Helm(home, began(born(home, place, None)), NOW + days * DAY, key)


@settings(deadline=None, max_examples=25)
@given(stories, st.sampled_from([OWN, OWN_TOO, ADMIN]), st.sampled_from([0, 3]))
def test_a_capsule_replays_in_another_world_of_another_sandbox(story, key, days):
    at, _ = went(begun(), [*RICH, *story])
    document = through_file(capsule(at))
    other = elsewhere(key, days)._replace(wall=max(at.wall, NOW + days * DAY)).steered("POST", "/capsule", document)
    ours, theirs = orjson.loads(exported(at)), orjson.loads(exported(other._replace(wall=at.wall)))
    assert theirs["tables"] == ours["tables"]
    assert key != OWN or theirs == ours
    assert other.read("/capsule")["records"] == document["records"]


def test_a_capsule_holds_no_key_no_session_and_no_other_digits_of_them():
    at, _ = went(begun(), RICH)
    text = orjson.dumps(capsule(at)).decode()
    assert len(at.minted) == 3
    for credential, _ in [*at.minted, (OWN, ""), (REVIEWER, "")]:
        assert credential not in text
        assert credential[18:] not in text


def test_a_key_that_is_made_anew_elsewhere_has_the_same_public_digits_and_other_secret_ones():
    at, _ = went(begun(), RICH)
    other, _ = went(elsewhere(OWN_TOO), RICH)
    (ours,), (theirs,) = ([key for key, _ in each.minted if key.startswith("ctrlai_pk_")] for each in (at, other))
    assert ours[:18] == theirs[:18]
    assert ours[18:] != theirs[18:]


# Back to what was.


@settings(deadline=None, max_examples=30)
@given(stories, stories, st.lists(calls_and_steering, max_size=6))
def test_a_restored_snapshot_is_the_world_as_it_was_in_every_later_answer(before, between, after):
    at, _ = went(begun(), before)
    at = at.steered("POST", "/snapshots", {"name": "here"})
    back = went(at, between)[0].steered("POST", "/snapshots/here/restore")
    assert back.world is at.world
    assert remembered(back.timeline) == remembered(at.timeline)
    alike(at, back, after)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(KEYS), stories, st.lists(calls_and_steering, max_size=6))
def test_reset_is_the_birth(key, between, after):
    first = begun(key=key)
    back = went(first, [*RICH, *between])[0].steered("POST", "/reset")
    assert back.world is first.world
    alike(first, back, after)


@settings(deadline=None, max_examples=30)
@given(st.lists(calls_and_steering, min_size=1, max_size=10), st.data())
def test_rewind_is_the_world_before_that_many_requests(story, data):
    at, before = begun(), {}
    for act in [*RICH, *story]:
        earlier, (at, _) = at, did(at, act)
        before.setdefault(at.timeline.revision, earlier)
    entries = entries_of(at.timeline)
    by = data.draw(st.integers(1, min(len(entries), 12)))
    expected = before[entries[-by].revision]
    alike(expected._replace(minted=at.minted), at.steered("POST", "/rewind", {"by": by}), RICH)


# What is told.


def check_told(at, key, count):
    """Check that the text of each of the last explanations is enough to compute its answer and the world after it."""
    for position, entry, account in list(accounts(at, before=True))[-count:]:
        loaded = API.storage.load(account["before"], 0)
        world = rebuilt(API, loaded.world, loaded, replace_charter(acme.world_of(key), at.world))
        outcome = step(world, request_in(account), parse_instant(account["request"]["wall"]))
        # Nobody reads a key or a session out of a text: stars stand in their place.
        assert kept_of(outcome)[:3] == response_in(account) == entry.response[:3]
        after = at._replace(timeline=at.timeline._replace(present=outcome.world))
        expected = at._replace(timeline=at.timeline._replace(present=world_before(at.timeline, position + 1)))
        assert exported(after) == exported(expected)


def test_the_text_of_an_explanation_is_enough_where_credentials_are_made_and_used():
    at, _ = went(begun(), RICH)
    check_told(at, OWN, len(RICH))


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(KEYS), st.lists(waits | calls | BAD | steering_acts, min_size=1, max_size=4))
def test_the_text_of_an_explanation_is_enough_to_compute_the_answer(key, story):
    at, _ = went(begun(key=key), [*RICH, *story])
    check_told(at, key, 3)


def replace_charter(world, like):
    """Return the world with the API of another one, whose scenarios it may have to know."""
    return world._replace(charter=replace(world.charter, api=like.charter.api))


@settings(deadline=None, max_examples=30)
@given(st.lists(waits | calls, min_size=1, max_size=12))
def test_the_quota_is_told_as_the_windows_have_it(story):
    at, _ = went(begun(), [*RICH, *story])
    for position, entry, account in accounts(at):
        quota, headers = account["quota"], {each["name"]: each["value"] for each in account["response"]["headers"]}
        before = world_before(at.timeline, position)
        held = before.buckets.get(quota["bucket"], Hits(()))
        inside = [each for each in held.times if each > before.now(entry.wall) - 60 * SECOND]
        assert quota["per_minute"] == quota["burst"] == int(headers["X-RateLimit-Limit"])
        assert quota["before"] == max(0, quota["per_minute"] - len(inside))
        assert quota["refused"] == (quota["before"] == 0)
        assert quota["after"] == quota["before"] - (not quota["refused"])
        assert quota["remaining"] == int(headers["X-RateLimit-Remaining"])
        assert headers.get("Retry-After") in (None, str(quota["retry_after"]))


@settings(deadline=None, max_examples=60)
@given(calls)
def test_the_provenance_of_an_answer_is_the_contracts(act):
    at, response = did(begun(quota="off", key=ADMIN), act)
    ((_, entry, account),) = accounts(at)
    known = API.contract.operations[entry.operation]
    told = account["provenance"]["operation"]
    assert (told["provenance"], told["source"]) == (known.provenance, known.source)
    assert response.status in known.shapes


# Export and import.


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([OWN, ADMIN, GLOBEX]), stories, st.lists(calls_and_steering, max_size=6))
def test_an_exported_state_is_taken_up_as_the_same_world_with_the_same_future(key, story, after):
    at, _ = went(begun(key=key), [*RICH, *story])
    document = through_file(at.read("/state"))
    loaded = at.steered("PUT", "/state", document)
    assert seen(loaded) == seen(at)
    alike(at, loaded, after)


@settings(deadline=None, max_examples=15)
@given(stories)
def test_an_exported_state_is_taken_up_in_another_world(story):
    at, _ = went(begun(), [*RICH, *story])
    document = through_file(at.read("/state"))
    other = elsewhere(OWN_TOO)._replace(wall=at.wall).steered("PUT", "/state", document)
    assert orjson.loads(exported(other))["tables"] == document["tables"]


# Reading.


@settings(deadline=None, max_examples=60)
@given(st.lists(calls, max_size=4), st.sampled_from(READS).flatmap(call))
def test_a_read_changes_nothing_and_says_the_same_again(story, read):
    at, _ = went(begun(quota="off", clock="frozen"), [*RICH, *story])
    once, first = did(at, read)
    again, second = did(once, read)
    assert once.world.workspace is at.world.workspace
    assert again.world.workspace is at.world.workspace
    assert first.body == second.body


LISTS = {
    "/units": ("status=verified", "unitType=program", "domainId=<domains:0>", "status=verified&unitType=program"),
    "/workflows": ("status=active", "domainId=<domains:0>"), "/domains": (), "/orgs": (),
    "/orgs/acme/members": (), "/orgs/acme/api-keys": (), "/domains/<domains:0>/members": (),
    "/audit": ("resourceType=unit", "action=unit.created", "startDate=2026-01-01&endDate=2026-04-13"),
    "/audit/inference": ("mode=full_coverage", "startDate=2026-04-01"),
}  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.lists(calls, max_size=6), st.sampled_from(sorted(LISTS)), st.data())
def test_the_pages_of_a_list_partition_it(story, path, data):
    at, _ = went(begun(key=ADMIN, quota="off", clock="frozen"), story)
    wanted = data.draw(st.sampled_from(["", *LISTS[path]]))
    size = data.draw(st.integers(1, 9))

    def page(limit, offset):
        response = did(at, ("call", "GET", f"/api/v1{path}?{wanted}&limit={limit}&offset={offset}", None, ADMIN))[1]
        return response.status, orjson.loads(response.body)

    status, whole = page(200, 0)
    if status != 200:
        return
    rows, pages = [], count(0, size)
    while len(rows) < len(whole["data"]):
        _, body = page(size, next(pages))
        assert body["meta"]["total"] == whole["meta"]["total"]
        assert 0 < len(body["data"]) <= size
        rows += body["data"]
    assert rows == whole["data"]
    assert whole["meta"]["total"] >= len(rows)
    idents = [each.get("id") or each["userId"] for each in rows]
    assert len(set(idents)) == len(idents)
    times = [each.get("createdAt") or each["addedAt"] for each in rows]
    assert times == sorted(times, reverse=True)


# Worlds.


class Served:
    """A store with five worlds of Ctrl AI, and its control plane."""

    def __init__(self):
        self.now = NOW
        self.store = create_store(Settings(apis=("ctrlai",), admin_token="a-token-for-the-laws"), lambda: self.now)
        (self.shelf,) = self.store.shelves
        for key in (OWN, OWN_TOO, ADMIN, GLOBEX, None):
            self.ask(key, "GET", "/api/v1/units")

    def ask(self, key, method, target, body=None, **headers):
        return self.store.answer(self.shelf, request(method, target, body, key, **headers))

    def steer(self, key, method, target, body=None):
        return Steering(self.store).answer(request(method, "/__admin" + target, body, key))

    def seen(self):
        named = {slot.name: f"?world={slot.name}&api=ctrlai" for _, slot in self.store.living()}
        parts = ("/state", "/clock", "/keys", "/scenarios", "/requests.ndjson")
        return {
            name: [self.steer("a-token-for-the-laws", "GET", part + query).body for part in parts]
            for name, query in named.items()
        }


@cache
def worlds():
    """Return the name of each key's world."""
    served = Served()
    return {
        key: served.store.owned(request("GET", "/", key=key))[1].name
        for key in (OWN, OWN_TOO, ADMIN, GLOBEX)
    }  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.sampled_from([OWN, OWN_TOO, ADMIN, GLOBEX, None]), calls), max_size=6))
def test_no_call_changes_anything_in_another_world(story):
    served, fixture = Served(), begun(key=ADMIN)
    stood = served.seen()
    for key, (_, method, target, body, _who) in story:
        answer = served.ask(key, method, filled(fixture, target), filled(fixture, body))
        after = served.seen()
        changed = {name for name in stood if stood[name] != after[name]}
        # Who signs in without a key gets a session in the world that knows the address, whoever they are.
        home = {"lobby", worlds()[ADMIN], worlds()[GLOBEX]} if key is None else {worlds()[key]}
        assert changed <= home
        assert len(changed) <= 1
        assert answer.status < 500
        assert set(stood) == set(after)
        stood = after


def test_a_credential_that_one_world_has_shown_leads_to_no_other():
    served = Served()
    made = {}
    for key in (OWN, OWN_TOO, ADMIN):
        answer = served.ask(key, "POST", "/api/v1/orgs/acme/api-keys", {"name": "Made"})
        cookie = dict(served.ask(key, "POST", "/api/auth/signin", {"email": "anna@acme.example"}).headers)["Set-Cookie"]
        made[key] = orjson.loads(answer.body)["data"]["key"], cookie.partition(";")[0]
    assert len({each for pair in made.values() for each in pair}) == 6
    for number, (key, (credential, cookie)) in enumerate(made.items()):
        unit = {"name": f"Unit {number}", "unitType": "pattern", "domainId": "01HXD0MA1N0000000000CRED1T"}
        assert served.ask(credential, "POST", "/api/v1/units", unit).status == 201
        assert served.ask(None, "POST", "/api/v1/units", {**unit, "name": f"By {number}"}, cookie=cookie).status == 201
        names = [each["name"] for each in orjson.loads(served.ask(key, "GET", "/api/v1/units").body)["data"]]
        assert names[:2] == [f"By {number}", f"Unit {number}"]
        assert not {f"Unit {other}" for other in range(number)} & set(names)


def test_each_test_key_has_a_world_of_its_own():
    assert len({worlds()[each] for each in (OWN, OWN_TOO, ADMIN)}) == 3


def test_every_operation_is_called():
    assert set(SHAPES) == set(API.contract.operations)
