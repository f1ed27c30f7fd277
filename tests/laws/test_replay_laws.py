"""Replay equals record, byte for byte: a capsule of anything that was done leads to the same world by the same answers."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from functools import cache

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_realm
from sandbox.core.capsule import capsule_of, read_capsule, replayed
from sandbox.core.clock import DAY, SECOND, iso_exact, parse_instant
from sandbox.core.control import control, errand_of
from sandbox.core.keyring import identify
from sandbox.core.realm import born
from sandbox.core.record import again, world_before
from sandbox.core.timeline import Journal, began
from sandbox.settings import Settings
from tests.spoiling import places_in, spoiled
from tests.steering import Helm, acts, as_value, exported, helm, plane, remembered, seen, through_file, went
from tests.support import ENTERPRISE, LOAN, NOW, realm, request, world_of

stories = st.lists(acts, max_size=14)
limits = st.sampled_from([3, 40, 70, 10_000])


def begun(entries=10_000, key=ENTERPRISE, **given):
    return helm(key, limit=(6, 8), clock="real", entries=entries, **given)


def capsule(at):
    return capsule_of(at.timeline, at.home, "0.0.0")


def reread(at, document):
    """Return what comes of the capsule, taken up in a world like this one."""
    read = read_capsule(document, at.home, at.world, lambda asked, wall: errand_of(plane().contract, asked, wall))
    return replayed(read)


def check_replays(at):
    """Check that the capsule of the helm leads to its world and its journal."""
    document = through_file(capsule(at))
    assert not at.home.keyring.api.law.secret.search(orjson.dumps(document).decode())
    replay = reread(at, document)
    assert replay.difference is None
    assert replay.length == len(at.timeline.journal)
    assert replay.timeline.present.charter == at.world.charter
    assert exported(at._replace(timeline=replay.timeline)) == exported(at)
    assert remembered(replay.timeline)[-len(at.timeline.journal) :] == remembered(at.timeline)
    return document


@settings(deadline=None, max_examples=100)
@given(limits, stories)
def test_replay_equals_record_for_any_story(entries, story):
    at, _ = went(begun(entries), story)
    check_replays(at)


@settings(deadline=None, max_examples=60)
@given(limits, stories, stories)
def test_a_capsule_that_is_loaded_goes_on_as_its_world_would_have_and_its_capsule_is_the_same(entries, story, after):
    at, _ = went(begun(entries), story)
    document = at.read("/capsule")
    loaded = at.steered("POST", "/capsule", document)
    assert as_value(loaded.world) == as_value(at.world)
    assert seen(loaded) == seen(at)
    assert loaded.read("/capsule") == document
    kept = [each for each in after if each[0] not in ("rewind", "restore", "delete", "reset")]
    one, answers = went(at, kept)
    other, others = went(loaded, kept)
    assert [each and each.body for each in answers] == [each and each.body for each in others]
    assert as_value(one.world) == as_value(other.world)


@pytest.mark.parametrize("entries", [3, 40, 70])
def test_what_was_evicted_is_no_more_in_the_capsule_and_the_rest_replays(entries):
    story = [
        (
            ("create", "abcd"[each % 4], "Any", 0),
            ("advance", "7s"),
            ("mint", {}),
            ("list", 2, each),
            ("draft", each, [each % 8 + 1]),
        )[each % 5]
        for each in range(150)
    ]
    at, _ = went(begun(entries), story)
    document = check_replays(at)
    assert len(document["records"]) == entries
    assert document["base"]["fixture"] is None


DECLARED = (
    "ak_live_enterprise_admin_key",
    "ak_test_starter_write_key",
    "ak_live_starter_read_key",
    "ak_test_pro_admin_key",
)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([*DECLARED, None]), limits, stories)
def test_declared_worlds_and_the_lobby_replay_as_well(key, entries, story):
    at, _ = went(begun(entries, key), story)
    document = check_replays(at)
    assert seen(at.steered("POST", "/capsule", document)) == seen(at)


@settings(deadline=None, max_examples=40)
@given(stories, stories)
def test_a_test_copy_of_a_live_workspace_that_had_changed_replays_from_its_exact_rows(before, story):
    live, _ = went(begun(key="ak_live_pro_admin_key"), [("create", "live", "Any", 0), *before])
    place, _ = identify(live.home.keyring, request("GET", "/", key="ak_test_pro_admin_key"))
    copy = Helm(live.home, began(born(live.home, place, live.world)), live.wall, "ak_test_pro_admin_key")
    assert copy.world.workspace is live.world.workspace
    at, _ = went(copy, story)
    document = check_replays(at)
    if (
        not any(each[0] in ("state", "fixture") for each in story)
        and live.world.workspace is not live.home.source.workspace
    ):
        assert document["base"]["fixture"] is None


@settings(deadline=None, max_examples=40)
@given(
    st.lists(acts.filter(lambda each: each[0] not in ("fixture", "state", "clear", "capsule")), max_size=8),
    st.sampled_from(["docs", "default", "demo"]),
)
def test_a_world_of_a_shipped_fixture_is_named_and_hashed_and_one_of_another_has_its_rows(story, fixture):
    at, _ = went(begun(fixture=fixture), story)
    base = check_replays(at)["base"]
    source = at.home.source
    assert base["fixture"] == {"name": fixture, "sha256": source.sha256, "birth": iso_exact(source.birth)}
    assert "tables" not in base
    ours = at._replace(home=replace(at.home, source=replace(source, shipped=False)))
    rows = check_replays(ours)["base"]
    assert rows["fixture"] is None
    assert rows["tables"] == through_file(source_rows(at))


def source_rows(at):
    return at.world.charter.api.storage.dump(at.home.source.workspace)["tables"]


@cache
def born_later(days):
    """Return a realm of the default fixture that was born so many days later, and a fresh world of it."""
    home = create_realm("aikraft", Settings(fixture="default"), NOW + days * DAY)
    place, _ = identify(home.keyring, request("GET", "/"))
    return home, born(home, place, None)


@settings(deadline=None, max_examples=30)
@given(st.lists(acts, max_size=8), st.sampled_from([0, 1, 400]))
def test_a_capsule_replays_where_the_fixture_was_born_at_another_time(story, days):
    at, _ = went(helm(fixture="default", clock="real", limit=(6, 8)), story)
    home, world = born_later(days)
    document = through_file(capsule(at))
    elsewhere = Helm(home, began(world), at.wall).steered("POST", "/capsule", document)
    assert exported(elsewhere) == exported(at)
    assert elsewhere.read("/capsule")["records"] == document["records"]
    again = elsewhere.read("/capsule")
    assert elsewhere.steered("POST", "/capsule", again).read("/capsule") == again


@settings(deadline=None, max_examples=40)
@given(stories, st.integers(0, 16))
def test_a_capsule_that_is_stopped_early_leads_to_the_world_before_the_next_record(story, stop):
    at, _ = went(begun(), story)
    loaded, response = at.steer("POST", f"/capsule?at={stop}", at.read("/capsule"))
    assert response.status == 200
    assert orjson.loads(response.body)["replayed"] == min(stop, len(at.timeline.journal))
    assert as_value(loaded.world) == as_value(world_before(at.timeline, stop))


@settings(deadline=None, max_examples=60)
@given(limits, stories)
def test_every_entry_asked_again_in_the_world_before_it_gives_its_answer(entries, story):
    at, _ = went(begun(entries), story)
    for position, entry in enumerate(at.timeline.journal):
        world, response = again(world_before(at.timeline, position), entry)
        assert response == entry.response
        assert as_value(world) == as_value(world_before(at.timeline, position + 1))


# A capsule that was changed.


def recorded():
    """Return a world whose capsule has a record of every kind, on a clock that runs."""
    story = [
        ("create", "a", "Credit scoring of loan applicants", 0), ("wait", 3 * SECOND), ("classify", 0), ("advance", "7s"),
        ("mint", {"expires_in": "1m"}), ("list", 2, 1), ("wait", 2 * SECOND), ("bad", ("PUT", "/v1/%e4", b"\xff")), ("draft", 1, [1, 2]),
        ("settings", {"label": "other"}), ("revoke", 0), ("wait", SECOND), ("list", 2, 1), ("prefer", "code=429, delay=5", False),
        ("clock", {"mode": "offset"}), ("ingest", 1, 1), ("large",), ("list", 1, 0),
    ]  # fmt: skip
    return went(helm(limit=(60, 90), clock="real"), story)[0]


RECORDED = recorded()
DOCUMENT = RECORDED.read("/capsule")
numbers = st.integers(0, len(DOCUMENT["records"]) - 1)


def changed_text(draw, text):
    place = draw(st.sampled_from([0, max(0, len(text) - 1)]) | st.integers(0, len(text)))
    letter = draw(st.characters(min_codepoint=32, max_codepoint=126))
    return draw(
        st.sampled_from(
            [
                text[:place] + letter + text[place + 1 :],
                text[:place] + text[place + 1 :],
                text[:place] + letter + text[place:],
            ]
        )
    )


def changed_body(draw, content):
    if content["encoding"] == "base64":
        content["body"] = b64encode(
            changed_text(draw, b64decode(content["body"]).decode("latin-1")).encode("latin-1")
        ).decode()
    else:
        content["body"] = changed_text(draw, content["body"])


@st.composite
def changed_answers(draw):
    """Return a capsule one of whose answers differs in a byte, and the number of that record."""
    document, at = through_file(DOCUMENT), draw(numbers)
    answer = document["records"][at]["answer"]
    part = draw(st.sampled_from(["status", "name", "value", "body"]))
    if part == "status":
        answer["status"] = draw(st.integers(100, 599))
    elif part == "body":
        changed_body(draw, answer)
    else:
        header = draw(st.sampled_from(answer["headers"]))
        header[part == "value"] = changed_text(draw, header[part == "value"])
    return document, at


def refused(document):
    """Return the refusal of the capsule, which left the world where it was, or None if it was taken."""
    after, response = RECORDED.steer("POST", "/capsule", document)
    if response.status == 200:
        return None
    assert after.timeline is RECORDED.timeline
    return response.status, orjson.loads(response.body)


@settings(deadline=None, max_examples=150)
@given(changed_answers())
def test_an_answer_that_differs_in_one_byte_is_told_with_its_record_and_the_world_stays(case):
    document, at = case
    told = refused(document)
    assert (told is None) == (document == DOCUMENT)
    if told is not None:
        status, problem = told
        assert (status, problem["cause"]) == (409, "capsule-differs")
        assert problem["difference"]["at"] == at + 1
        assert (
            problem["difference"]["expected"] != problem["difference"]["got"] or problem["difference"]["part"] == "body"
        )


@st.composite
def changed_requests(draw):
    """Return a capsule one of whose requests, or the time of one, differs."""
    document, at = through_file(DOCUMENT), draw(numbers)
    record = document["records"][at]
    part = draw(st.sampled_from(["method", "path", "query", "body", "wall", "key", "oversized", "kind", "header"]))
    asked = record["request"]
    if part == "wall":
        record["wall"] = iso_exact(
            parse_instant(record["wall"]) + draw(st.sampled_from([-DAY, -SECOND, -1, 1, SECOND, DAY]))
        )
    elif part == "body":
        changed_body(draw, asked)
    elif part == "key":
        asked["caller"]["key"] = draw(st.sampled_from([None, "key_0", asked["caller"]["key"]]))
    elif part == "oversized":
        asked["oversized"] = not asked["oversized"]
    elif part == "kind":
        record["kind"] = "api" if record["kind"] == "control" else "control"
    elif part == "header":
        header = draw(st.sampled_from(asked["headers"]))
        header[1] = changed_text(draw, header[1])
    else:
        asked[part] = changed_text(draw, asked[part])
    return document, at


@settings(deadline=None, max_examples=150)
@given(changed_requests())
def test_a_request_or_a_time_that_differs_is_told_or_makes_no_difference_to_any_answer(case):
    document, at = case
    told = refused(document)
    if told is None:
        loaded = RECORDED.steered("POST", "/capsule", document)
        assert [each.response for each in loaded.timeline.journal] == [
            each.response for each in RECORDED.timeline.journal
        ]
        return
    status, problem = told
    assert (status, problem["cause"]) in ((409, "capsule-differs"), (422, "capsule-unfit"))
    if status == 409:
        assert problem["difference"]["at"] >= at + 1
    else:
        assert all(flaw["path"].startswith(f"records[{at}]") for flaw in problem["flaws"])


@pytest.mark.parametrize("seconds", [-1, 1, 86_400])
def test_a_record_of_another_second_is_told_by_its_date(seconds):
    document = through_file(DOCUMENT)
    record = document["records"][0]
    record["wall"] = iso_exact(parse_instant(record["wall"]) + seconds * SECOND)
    status, problem = refused(document)
    assert (status, problem["difference"]["at"], problem["difference"]["part"]) == (409, 1, "header Date")


WRONG = st.sampled_from(
    [None, 0, "", "x", [], {}, -1, 1.5, True, "2026-99-01T00:00:00Z", [1], {"a": 1}, "ä\udc80", 1 << 60]
)


PLACES = list(places_in(DOCUMENT))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PLACES), WRONG | st.just("gone"))
def test_a_capsule_that_was_changed_anywhere_is_refused_with_a_reason_or_replays(place, value):
    document = spoiled(through_file(DOCUMENT), place, value)
    asked = request("POST", "/__admin/capsule", json.dumps(document).encode(), content_type="application/json")
    move = control(plane(), RECORDED.home, RECORDED.timeline, RECORDED.admitted(asked), RECORDED.wall)
    assert move.response.status in (200, 400, 409, 422), move.response.body
    assert move.response.status == 200 or move.timeline is RECORDED.timeline


@settings(deadline=None, max_examples=60)
@given(stories)
def test_a_capsule_is_json_that_round_trips_and_holds_no_credential(story):
    at, _ = went(begun(), [("mint", {}), *story, ("mint", {"plan": "starter"})])
    document = capsule(at)
    assert orjson.loads(orjson.dumps(document)) == through_file(document)
    text = orjson.dumps(document).decode()
    assert not [
        credential for credential, _ in at.minted if credential in text or credential.rpartition("_")[2] in text
    ]
    assert ENTERPRISE not in text


def test_a_capsule_of_nothing_is_the_world_alone():
    at = Helm(realm("docs"), began(world_of(), Journal()))
    assert capsule(at)["records"] == []
    assert as_value(at.steered("POST", "/capsule", capsule(at)).world) == as_value(at.world)


def test_a_capsule_of_another_api_or_fixture_is_refused_where_it_says_so():
    for place, value, path in (
        ("api", "other", "api"),
        ("base", {**DOCUMENT["base"], "fixture": {**DOCUMENT["base"]["fixture"], "sha256": "0" * 64}}, "base.fixture"),
    ):
        status, problem = refused({**DOCUMENT, place: value})
        assert (status, problem["flaws"][0]["path"]) == (422, path)
        assert LOAN["name"] not in problem["detail"]
