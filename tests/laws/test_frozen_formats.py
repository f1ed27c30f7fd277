"""The formats of what is taken elsewhere are frozen: `RENEW_GOLDEN=1 pytest tests/laws/test_frozen_formats.py` renews them."""

import json
import os
from functools import cache
from pathlib import Path

import orjson
import pytest

from sandbox.core.capsule import capsule_of
from sandbox.core.clock import SECOND
from sandbox.core.explain import explained
from sandbox.core.state import written
from sandbox.core.workspace import Workspace
from tests.steering import entries_of, helm, seen, through_file, went

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
STORY = [
    ("create", "Loan scoring", "Credit scoring of loan applicants", 0), ("wait", 3 * SECOND + 250_000), ("classify", 0), ("classify", 1),
    ("draft", 1, [1, 2]), ("advance", "1h30m"), ("ingest", 1, 1), ("mint", {"plan": "starter", "scope": "read", "expires_in": "2d"}),
    ("list", 1, 1), ("settings", {"label": "golden", "quota": "observe"}), ("clock", {"mode": "scaled", "rate": 0.5, "auto_advance": True}),
    ("bad", ("PUT", "/v1/%e4", b"\xff")), ("prefer", "code=429, code=500", False), ("large",), ("change", 0, {"expires": None}), ("revoke", 0),
    ("list", 1, 0),
]  # fmt: skip


@cache
def told():
    """Return the helm after the story."""
    return went(helm(limit=(6, 8), clock="2026-04-13T14:30:00Z"), STORY)[0]


@cache
def base():
    """Return the helm after more of it: its capsule begins with rows, since the fixture's are no longer alone."""
    at = told().steered("DELETE", "/requests")
    return went(at, [("create", "Second", "A chatbot that answers customers", 0), ("revoke", 1)])[0]


SCENARIO = {
    "scenario": "golden", "api": "aikraft", "summary": "All that a play has to remember.", "seed": 3, "states": ["Started", "Worse"],
    "timeline": [{"at": "1h", "incident": {"system": "sys_abc123"}}, {"at": "2d", "state": "Worse"}],
    "rules": [
        {"name": "stale", "when": {"operation": "listSystems"}, "then": {"stale": {"lag": "1m"}}, "continue": True},
        {"name": "late", "when": {"operation": "createSystem", "nth": [2]}, "then": {"commit": {"outcome": "late", "after": "3d"}}},
        {"name": "rest", "when": {"probability": 0.5}, "then": {"error": {"status": 500}}, "requires": "Worse", "times": 2, "ttl": "9d"},
    ],
}  # fmt: skip


@cache
def playing():
    """Return the helm while a scenario plays: a write to recall, one that was put off, a single fault, some counts."""
    at = helm(clock="frozen").steered("PUT", "/scenarios/active", {"scenario": SCENARIO})
    at = at.steered(
        "POST", "/faults", {"when": {"operation": "getJob"}, "then": {"hangup": "EMPTY_RESPONSE"}, "times": 1}
    )
    return went(at, [
        ("create", "Loan scoring", "Credit scoring of loan applicants", 0), ("create", "Second", "A chatbot", 0),
        ("list", 1, 0), ("advance", "2h"), ("list", 1, 0),
    ])[0]  # fmt: skip


def explanation():
    at = told()
    place = next(place for place, each in enumerate(at.timeline.journal) if each.operation == "createDocuments")
    return explained(at.timeline, place, at.timeline.journal.at(place), whole_world=True)


MADE = {
    "capsule.json": lambda: capsule_of(told().timeline, told().home, "0.0.0"),
    "capsule-of-rows.json": lambda: capsule_of(base().timeline, base().home, "0.0.0"),
    "state.json": lambda: written(told().world, told().wall),
    "state-in-play.json": lambda: written(playing().world, playing().wall),
    "explanation.json": explanation,
}  # fmt: skip


def text_of(value):
    return json.dumps(orjson.loads(orjson.dumps(value)), indent=1, ensure_ascii=False).encode() + b"\n"


def frozen(name):
    return orjson.loads((GOLDEN / name).read_bytes())


@pytest.mark.parametrize("name", MADE)
def test_the_golden_file_is_made_again_byte_for_byte(name):
    made = text_of(MADE[name]())
    if os.environ.get("RENEW_GOLDEN") == "1":
        (GOLDEN / name).write_bytes(made)
    assert (GOLDEN / name).read_bytes() == made
    assert not [credential for credential, _ in told().minted if credential.encode() in made]


def test_the_frozen_state_has_a_row_of_every_kind():
    tables = frozen("state.json")["tables"]
    assert set(tables) == set(told().world.workspace.tables)
    assert all(tables.values())
    assert frozen("state.json")["world"]["buckets"]
    assert len(frozen("state.json")["world"]["grants"]) == 2


def test_the_frozen_play_has_something_of_every_kind():
    play = frozen("state-in-play.json")["world"]["play"]
    assert all(play[name] for name in ("scenario", "faults", "met", "fired", "memory", "added", "reached", "pending"))
    assert frozen("state-in-play.json")["world"]["pasts"]


def test_the_frozen_play_is_still_read_and_goes_on_alike():
    loaded = helm()._replace(wall=playing().wall).steered("PUT", "/state", frozen("state-in-play.json"))
    story = [("advance", "3d"), ("list", 9, 0), ("job", 0), ("job", 0)]
    (end, one), (_, other) = went(loaded, story), went(playing(), story)
    assert [each.body for each in one] == [each.body for each in other]
    assert "Second" in {row["name"] for row in end.world.workspace.table("systems").all()}


def test_the_frozen_capsule_has_a_record_of_every_kind():
    records = frozen("capsule.json")["records"]
    assert {each["kind"] for each in records} == {"api", "control"}
    assert {each["request"]["encoding"] for each in records} == {"utf-8", "base64"}
    assert {each["request"]["oversized"] for each in records} == {True, False}
    assert {each["answer"]["status"] for each in records} >= {200, 201, 202, 404, 413, 429}


def test_the_frozen_state_is_still_read_and_is_the_same_world():
    at = helm(limit=(6, 8))._replace(wall=told().wall)
    loaded = at.steered("PUT", "/state", frozen("state.json"))
    assert loaded.world.workspace == told().world.workspace
    assert seen(loaded) == seen(told())


@pytest.mark.parametrize(("name", "end"), [("capsule.json", told), ("capsule-of-rows.json", base)])
def test_a_frozen_capsule_still_replays_to_the_same_world(name, end):
    loaded = helm(limit=(6, 8))._replace(wall=end().wall).steered("POST", "/capsule", frozen(name))
    assert seen(loaded) == seen(end())
    assert len(entries_of(loaded.timeline)) == len(entries_of(end().timeline))


def test_a_frozen_capsule_of_another_fixture_is_told_to_be_unfit_by_its_hash():
    document = through_file(frozen("capsule.json"))
    document["base"]["fixture"]["sha256"] = "0" * 64
    _, response = helm().steer("POST", "/capsule", document)
    assert (response.status, orjson.loads(response.body)["cause"]) == (422, "capsule-unfit")


def test_no_table_is_left_out_of_an_export():
    assert isinstance(told().world.workspace, Workspace)
    assert set(frozen("capsule-of-rows.json")["base"]["tables"]) == set(told().world.workspace.tables)
