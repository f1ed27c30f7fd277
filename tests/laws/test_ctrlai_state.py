"""What is exported of Ctrl AI is read back as it was; what nobody could have exported is refused, or harmless.

The workspaces here are made by asking the API. The last laws spoil an export, by hand and at random.
"""

import copy
import json
from dataclasses import dataclass
from functools import cache
from itertools import count

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.fixture import read_fixture, workspace_of
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.state import STORAGE
from sandbox.core.clock import DAY, LATEST, iso_exact
from sandbox.core.document import DocumentError, written
from sandbox.web import files
from tests.acme import ADMIN, AUTHOR, GLOBEX, OWN, REVIEWER, SECOND_REVIEWER, VIEWER, Acme
from tests.spoiling import places_in
from tests.spoiling import spoiled as spoil
from tests.support import NOW, content

HEAD = {
    "fixture": "exported", "api": "ctrlai", "summary": "A world that was exported.", "now": iso_exact(NOW + 125),
    "keys": [],
}  # fmt: skip
KEYS = (ADMIN, AUTHOR, REVIEWER, SECOND_REVIEWER, VIEWER, GLOBEX)
LISTS = ("/units", "/workflows", "/domains", "/orgs", "/audit", "/audit/inference")
QUERIES = (
    "What is the credit risk? monthlyDebt: 1500, monthlyIncome: 5000, creditScore: 700",
    "Is the manual underwriting done? The risk tier is low.",
    "What is the mortgage tier for a loanAmount of 180000.55 and a propertyValue of 0?",
    "Hm?",
)
SCHEMAS = (
    {"dti": "number"},
    {"type": "object", "properties": {"x": {"type": "string", "enum": ["a", "b"]}}},
    None,
    {"x": "boolean"},
)
DEFINITIONS = (
    {"program": {"x": {"<": [{"var": "dti"}, 0.1]}}, "note": [1, 2.5, None, {"a": [True]}, -0.0, 1e308, 2**53 + 1]},
    {"elements": [{"id": "a", "text": "é"}, {"id": "b"}]},
    {},
    None,
)

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
places = st.integers(0, 40)
actors = st.sampled_from(KEYS)
actions = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 3 * DAY)),
    st.tuples(st.just("unit"), actors, texts, st.sampled_from(["program", "framework", "pattern"]), places, st.sampled_from(SCHEMAS), st.sampled_from(DEFINITIONS)),
    st.tuples(st.just("edit"), actors, places, st.sampled_from([{"name": "New"}, {"given": "x"}, {"given": None, "jurisdiction": "EU"}, {"definition": {"elements": [{"id": "a"}]}}])),
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("verify"), actors, places, st.sampled_from([{"action": "approve"}, {"action": "request_changes", "comment": "No."}, {"action": "approve", "elementReviews": [{"elementId": "given", "action": "approve", "more": [1]}]}])),
    st.tuples(st.just("assign"), places, st.booleans()),
    st.tuples(st.just("workflow"), actors, texts, places, st.lists(places, min_size=1, max_size=3)),
    st.tuples(st.just("rework"), actors, places, st.sampled_from([{"status": "archived"}, {"name": "Other", "description": None}, {"units": ["01HXVN1T0000000000000000DT1"]}])),
    st.tuples(st.just("drop"), places),
    st.tuples(st.just("domain"), actors, texts),
    st.tuples(st.just("close"), places),
    st.tuples(st.just("join"), places, st.sampled_from(["RENE", "VERA", "HANS"])),
    st.tuples(st.just("org"), actors, texts),
    st.tuples(st.just("dissolve"), actors, st.sampled_from(["acme", "globex", "third"])),
    st.tuples(st.just("invite"), st.sampled_from(["a", "B.c", "x%y"]), st.sampled_from(["admin", "viewer"]), texts),
    st.tuples(st.just("demote"), places, st.sampled_from(["viewer", "admin"])),
    st.tuples(st.just("expel"), places),
    st.tuples(st.just("key"), texts, st.sampled_from([{}, {"role": "viewer", "permissions": []}, {"expiresAt": "2030-01-01"}])),
    st.tuples(st.just("revoke"), places),
    st.tuples(st.just("sign in"), st.sampled_from(["vera@acme.example", "greta@globex.example"])),
    st.tuples(st.just("ask"), actors, st.sampled_from(QUERIES), st.booleans()),
)  # fmt: skip


def nth(acme, table, place):
    """Return some row of a table, or one that is nobody's."""
    found = list(acme.world.workspace.table(table).all())
    return found[place % len(found)] if found else {"id": "01HX0000000000000000000000", "slug": "none"}


def asked(acme, kind, given):
    """Return whose key, method, target and body of the request that an action is."""
    if kind == "unit":
        key, name, unit_type, at, schema, definition = given
        body = {
            "name": name,
            "unitType": unit_type,
            "domainId": nth(acme, "domains", at)["id"],
            "given": name,
            "when": "credit risk",
        }
        extra = {"inputSchema": schema, "outputSchema": {"x": "boolean"}, "definition": definition}
        return key, "POST", "/units", body | {field: value for field, value in extra.items() if value is not None}
    if kind in ("edit", "verify"):
        key, at, body = given
        target = f"/units/{nth(acme, 'units', at)['id']}"
        return (key, "PATCH", target, body) if kind == "edit" else (key, "POST", f"{target}/verify", body)
    if kind == "assign":
        reviewers = ["01HXVSER00000000000000RENE"] * given[1]
        return ADMIN, "POST", f"/units/{nth(acme, 'units', given[0])['id']}/assign", {"reviewerIds": reviewers}
    if kind == "workflow":
        key, name, at, units = given
        idents = [nth(acme, "units", each)["id"] for each in units]
        return key, "POST", "/workflows", {"name": name, "domainId": nth(acme, "domains", at)["id"], "units": idents}
    if kind == "rework":
        return given[0], "PATCH", f"/workflows/{nth(acme, 'workflows', given[1])['slug']}", given[2]
    if kind == "join":
        user = f"01HXVSER00000000000000{given[1]}"
        return ADMIN, "POST", f"/domains/{nth(acme, 'domains', given[0])['id']}/members", {"userId": user}
    if kind == "ask":
        return given[0], "POST", "/inference", {"query": given[1], "includeUnverified": given[2]}
    return asked_of_orgs(acme, kind, given)


def asked_of_orgs(acme, kind, given):
    if kind == "domain":
        return given[0], "POST", "/domains", {"name": given[1]}
    if kind == "org":
        return given[0], "POST", "/orgs", {"name": given[1]}
    if kind == "dissolve":
        return given[0], "DELETE", f"/orgs/{given[1]}", None
    if kind == "invite":
        return (
            ADMIN,
            "POST",
            "/orgs/acme/members",
            {"email": f"{given[0]}@Acme.example", "role": given[1], "name": given[2]},
        )
    if kind == "key":
        return ADMIN, "POST", "/orgs/acme/api-keys", {"name": given[0], **given[1]}
    if kind == "demote":
        return ADMIN, "PATCH", f"/orgs/acme/members/{nth(acme, 'members', given[0])['id']}", {"role": given[1]}
    table, path = {
        "delete": ("units", "/units/"), "drop": ("workflows", "/workflows/"), "close": ("domains", "/domains/"),
        "expel": ("members", "/orgs/acme/members/"), "revoke": ("apiKeys", "/orgs/acme/api-keys/"),
    }[kind]  # fmt: skip
    row = nth(acme, table, given[0])
    return ADMIN, "DELETE", path + (row["slug"] if kind == "drop" else row["id"]), None


def played(acme, story):
    """Let a story happen, of which anything may be refused and nothing may break."""
    for kind, *given_ in story:
        if kind == "wait":
            acme.now = min(LATEST, acme.now + given_[0])
        elif kind == "sign in":
            assert acme.ask("POST", "/api/auth/signin", {"email": given_[0]}).response.status < 500
        else:
            key, method, target, body = asked(acme, kind, given_)
            status, content = acme.call(method, target, body, key=key)
            assert status < 500, (method, target, body, content)
    return acme


def begun(workspace=None, fixture="default", key=ADMIN):
    acme = Acme(key, fixture, clock="real", quota="off")
    if workspace is not None:
        acme.world = acme.world._replace(workspace=workspace)
    return acme


def document(workspace):
    """Return the workspace as a document that went through a file."""
    return {**HEAD, **orjson.loads(orjson.dumps(STORAGE.dump(workspace)))}


def the_same(workspace):
    """Check that the workspace is read back as it was and written again as it had been; return what was read."""
    text = orjson.dumps(STORAGE.dump(workspace))
    loaded = STORAGE.load(document(workspace), 0)
    assert content(loaded.workspace) == content(workspace)
    assert orjson.dumps(STORAGE.dump(loaded.workspace)) == text
    assert (loaded.name, loaded.now, loaded.world) == ("exported", NOW + 125, None)
    return loaded.workspace


def questions(workspace):
    """Return every GET that the workspace's rows can be asked for."""
    targets = [f"{each}?limit={size}" for each in LISTS for size in (2, 200)]
    targets += [f"/units/{row['id']}" for row in workspace.table("units").all()]
    targets += [f"/workflows/{row['slug']}" for row in workspace.table("workflows").all()]
    targets += [f"/domains/{row['id']}/members" for row in workspace.table("domains").all()]
    for row in workspace.table("orgs").all():
        targets += [f"/orgs/{row['slug']}", f"/orgs/{row['slug']}/members", f"/orgs/{row['slug']}/api-keys"]
    return targets


def answers(workspace, at, keys=(ADMIN, GLOBEX)):
    """Return the bytes of every answer that these keys get."""
    acme = begun(workspace)
    acme.now, found = at, []
    for key in keys:
        for target in questions(workspace):
            response = acme.ask("GET", f"/api/v1{target}", key=key).response
            assert response.status in (200, 401, 403, 404), (target, response.body)
            found.append((response.status, response.body))
    return found


# Identity.


@settings(deadline=None, max_examples=60)
@given(st.lists(actions, max_size=16))
def test_a_workspace_that_calls_have_made_is_read_back_as_it_was_and_answers_alike(story):
    acme = played(begun(), story)
    loaded = the_same(acme.world.workspace)
    assert answers(loaded, acme.now) == answers(acme.world.workspace, acme.now)


@settings(deadline=None, max_examples=30)
@given(st.lists(actions, max_size=8), st.lists(actions, max_size=8))
def test_calls_after_the_reading_have_the_answers_that_they_would_have_had(before, after):
    first = played(begun(), before)
    second = begun(the_same(first.world.workspace))
    second.now = first.now
    played(first, after)
    played(second, after)
    assert STORAGE.dump(first.world.workspace) == STORAGE.dump(second.world.workspace)


@pytest.mark.parametrize("fixture", ["default", "demo", "docs", "empty", "large"])
def test_a_shipped_fixture_is_exported_and_read_back_as_it_was(fixture):
    workspace = Acme(ADMIN, fixture, quota="off").world.workspace
    assert the_same(workspace) == workspace


@settings(deadline=None, max_examples=20)
@given(st.integers(0, LATEST), st.sampled_from(["docs", "default", "demo"]))
def test_a_fixture_is_read_back_as_it_was_whenever_it_was_born(birth, fixture):
    the_same(workspace_of(shipped(fixture), birth))


@settings(deadline=None, max_examples=20)
@given(st.lists(actions, max_size=8), st.sampled_from([0, 1, LATEST - 3 * DAY, LATEST]))
def test_the_first_and_the_last_instant_of_a_clock_are_no_exception(story, start):
    acme = begun(workspace_of(shipped("default"), start))
    acme.now = start
    the_same(played(acme, story).world.workspace)


def test_a_world_of_its_own_is_no_exception():
    the_same(played(begun(key=OWN), STORY).world.workspace)


@cache
def shipped(fixture):
    """Return a shipped fixture as its schema reads it."""
    return files.checked(files.find("fixtures", "ctrlai", fixture), read_fixture)[0]


# What stands around the tables.


def test_a_fixture_is_loaded_as_it_always_was():
    raw = files.read(files.find("fixtures", "ctrlai", "docs"))[0]
    loaded = STORAGE.load(raw, NOW + 7)
    assert content(loaded.workspace) == content(workspace_of(shipped("docs"), NOW))
    assert (loaded.name, loaded.now, loaded.world) == ("docs", NOW, None)


def test_keys_keep_working_when_a_fixture_is_loaded_without_its_credentials():
    raw = files.read(files.find("fixtures", "ctrlai", "default"))[0]
    acme = begun(STORAGE.load({**raw, "keys": []}, NOW).workspace)
    assert acme.call("GET", "/units")[0] == 200


def test_the_world_around_the_data_is_handed_back_raw():
    world = {"clock": {"mode": "frozen"}, "anything": [1, None]}
    assert STORAGE.load({**good(), "world": world, "evicted": True}, NOW).world == world


def test_an_exported_state_serves_as_a_fixture_file(tmp_path):
    path = tmp_path / "export.json"
    keys = [{"key": ADMIN, "id": "01HXKEY0000000000000000004"}]
    path.write_bytes(orjson.dumps({**good(), "keys": keys, "world": {"a": 1}}))
    acme = Acme(ADMIN, str(path), quota="off")
    assert orjson.dumps(STORAGE.dump(acme.world.workspace)) == orjson.dumps(
        {each: good()[each] for each in ("tables", "minted")}
    )
    assert acme.made("GET", "/units/01HXVN1T000000000000000DT1")["name"] == "Debt-to-Income Ratio"
    assert sorted(acme.home.live) == ["acme", "globex", "third"]


def test_a_state_without_organizations_serves_too(tmp_path):
    path = tmp_path / "export.json"
    tables = {each: [] for each in LAYOUTS}
    path.write_bytes(orjson.dumps({**HEAD, "tables": tables, "minted": {}}))
    assert Acme(OWN, str(path), quota="off").call("GET", "/units")[0] in (200, 401)


# A state to spoil.


STORY = [
    ("domain", ADMIN, "Third domain"), ("unit", AUTHOR, "A", "program", 0, SCHEMAS[0], DEFINITIONS[0]),
    ("unit", AUTHOR, "B", "framework", 0, None, DEFINITIONS[1]), ("verify", REVIEWER, 0, {"action": "approve"}),
    ("verify", REVIEWER, 1, {"action": "approve"}), ("org", ADMIN, "Third"), ("sign in", "vera@acme.example"),
    ("ask", VIEWER, QUERIES[1], False), ("ask", VIEWER, QUERIES[2], True), ("key", "K", {"expiresAt": "2030-01-01"}),
    ("invite", "B.c", "viewer", "C"), ("rework", AUTHOR, 0, {"description": "Another."}), ("join", 0, "RENE"),
]  # fmt: skip


@cache
def good_text():
    return json.dumps(document(played(begun(), STORY).world.workspace))


def good():
    return json.loads(good_text())


def place_of(table, ident):
    """Return the place of the row of this id."""
    rows = good()["tables"][table]
    return next(at for at in count() if rows[at]["id"] == ident)


GONE, TWICE = object(), object()
T = "tables"
DTI = (T, "units", lambda: place_of("units", "01HXVN1T000000000000000DT1"))
FLOW = (T, "workflows", lambda: place_of("workflows", "01HXW0RKF10W00000000CRED1T"))
TIME = "a time in UTC such as 2026-04-13T14:30:00Z or 2026-04-13T14:30:00.000125Z"
ULID = "a ULID such as 01HX3V0N7Q8B5T2M4K6R9WXYZA"


@dataclass(frozen=True)
class Wrong:
    """One change to the good state, and what its refusal says: where, what was expected, what came."""

    place: tuple
    value: object
    expected: str
    got: str
    path: tuple = ()


SPOILED = {
    "table gone": Wrong((T, "sessions"), GONE, "a value, since the field is required", "nothing"),
    "table too many": Wrong((T, "session"), [], "one of the keys", "an unknown key"),
    "field gone": Wrong((*DTI, "version"), GONE, "a value, since the field is required", "nothing"),
    "field too many": Wrong((*DTI, "score"), 1, "one of the keys", "an unknown key"),
    "counter of nothing": Wrong(("minted", "sys_"), 1, "one of the keys ulid", "an unknown key"),
    "negative counter": Wrong(("minted", "ulid"), -1, "an integer from 0", "-1"),
    "id that is none": Wrong((*DTI, "id"), "unit_1", ULID, "'unit_1'"),
    "time without an end": Wrong((*DTI, "createdAt"), "2026-04-13", TIME, "'2026-04-13'"),
    "time that is no text": Wrong((*DTI, "createdAt"), 5, TIME, "5"),
    "time past all time": Wrong((T, "sessions", 0, "expiresAt"), "+10000-01-01T00:00:00Z", TIME, "'+10000"),
    "row twice": Wrong(DTI, TWICE, "another id than that of tables.units", "'01HXVN1T", path=(T, "units", lambda: DTI[2]() + 1, "id")),
    "slug twice": Wrong((T, "orgs", 0, "slug"), "acme", "another slug than that of tables.orgs", "'acme'", path=(T, "orgs", 2, "slug")),
    "e-mail twice": Wrong((T, "users", 0, "email"), "rene@acme.example", "another email than that of tables.users[0]", "'rene@acme.example'", path=(T, "users", 3, "email")),
    "member of nothing": Wrong((T, "members", 0, "orgId"), "01HX0RG0000000000000000000", "the id of a row of orgs", "'01HX0RG0000000000000000000'"),
    "member who is nobody": Wrong((T, "members", 0, "userId"), "01HXVSER000000000000000000", "the id of a row of users", "'01HXVSER000000000000000000'"),
    "unknown role": Wrong((T, "members", 0, "role"), "owner", "one of viewer, reviewer, author, admin", "'owner'"),
    "domain member with another id": Wrong((T, "domainMembers", 0, "id"), "01HXVSER00000000000000RENE/01HXVSER00000000000000RENE", "domainId, a slash and userId", "'01HXVSER"),
    "domain member who is no member": Wrong((T, "domainMembers", 0, "userId"), "01HXVSER00000000000000HANS", "a member of this organization", "'01HXVSER00000000000000HANS'"),
    "unit of no domain": Wrong((*DTI, "domainId"), "01HXD0MA1N000000000000N0NE", "a domain of this organization", "'01HXD0MA1N000000000000N0NE'"),
    "unit of another's domain": Wrong((*DTI, "domainId"), "01HXD0MA1N0000000000C1A1MS", "a domain of this organization", "'01HXD0MA1N0000000000C1A1MS'"),
    "status that was not earned": Wrong((*DTI, "status"), "candidate", "verified, as the reviews say", "'candidate'"),
    "score that was not given": Wrong((*DTI, "verificationScore"), 99, "100, as the reviews say", "99"),
    "score without a review": Wrong((*DTI, "reviews"), [], "null, since there is no review", "100", path=(*DTI, "verificationScore")),
    "review of another action": Wrong((*DTI, "reviews", 0, "action"), "reject", "one of approve, request_changes", "'reject'"),
    "review of nothing": Wrong((*DTI, "reviews", 0, "elementReviews"), [{"action": "approve"}], "a list of mappings with an elementId and an action", "a list of 1"),
    "elements that are none": Wrong((*DTI, "definition"), {"elements": [5]}, "a mapping with an id", "5", path=(*DTI, "definition", "elements", 0)),
    "program that is none": Wrong((*DTI, "definition", "program"), {"dti": {"div": [1, 2]}}, "a definition that can be read", "div", path=(*DTI, "definition")),
    "schema that is none": Wrong((*DTI, "inputSchema"), {"a": "float"}, "typed variables", "a: expected one of the types"),
    "jurisdiction of nothing": Wrong((*DTI, "jurisdiction"), "", "a text that is not empty", "''"),
    "workflow of an unknown unit": Wrong((*FLOW, "units", 0), "01HXVN1T00000000000000N0NE", "a unit of this organization", "'01HXVN1T00000000000000N0NE'"),
    "workflow of another's unit": Wrong((*FLOW, "units", 0), "01HXVN1T0000000000000C1A1M", "a unit of this organization", "'01HXVN1T0000000000000C1A1M'"),
    "version that was not counted": Wrong((*FLOW, "version"), 9, "since versions are counted", "9"),
    "past that was not counted": Wrong((*FLOW, "past", 0, "version"), 2, "1, since versions are counted", "2"),
    "entry of another form": Wrong((T, "audit", 0, "action"), "created", "an action such as unit.created", "'created'"),
    "details that are no mapping": Wrong((T, "audit", 0, "details"), [], "a mapping", "a list of 0"),
    "mode that was not reached": Wrong((T, "inferences", 0, "mode"), "partial_coverage", "neural_only, as 0 % are covered", "'partial_coverage'"),
    "coverage of more than all": Wrong((T, "inferences", 0, "coveragePercent"), 101, "an integer from 0 to 100", "101"),
    "trust in halves": Wrong((T, "inferences", 0, "trustSummary", "neural"), 0.5, "an integer from 0", "0.5"),
    "key in the data": Wrong((T, "apiKeys", 0, "prefix"), ADMIN, "ctrlai_pk_ and 8 hexadecimal digits", "'ctrlai_pk_0000"),
    "truth that is none": Wrong((T, "conversations", 0, "includeUnverified"), "no", "true or false", "'no'"),
    "key of no row": Wrong(("keys",), [{"key": ADMIN, "id": "01HXKEY0000000000000000009"}], "the id of an API key", "'01HXKEY0000000000000000009'", path=("keys", 0, "id")),
}  # fmt: skip


def resolved(place):
    return tuple(step() if callable(step) else step for step in place)


def changed(data, place, value):
    """Return the data with a value put, left out or told twice at this place."""
    first, *rest = place
    if rest:
        new = copy.copy(data)
        new[first] = changed(data[first], rest, value)
        return new
    if isinstance(data, list):
        kept = [] if value is GONE else [data[first], data[first]] if value is TWICE else [value]
        return [*data[:first], *kept, *data[first + 1 :]]
    kept = {} if value is GONE else {first: value}
    return {**{key: each for key, each in data.items() if key != first or value is not GONE}, **kept}


def test_the_good_state_is_good_and_holds_some_of_everything():
    loaded = STORAGE.load(good(), 0)
    assert all(table.count() for table in loaded.workspace.tables.values())
    assert set(loaded.workspace.tables) == set(LAYOUTS) == set(STORAGE.tables)


@pytest.mark.parametrize("wrong", SPOILED.values(), ids=SPOILED)
def test_a_flaw_is_told_with_place_expectation_and_finding(wrong):
    place = resolved(wrong.place)
    with pytest.raises(DocumentError) as caught:
        STORAGE.load(changed(good(), place, wrong.value), 0)
    path = resolved(wrong.path) or place
    told = [each for each in caught.value.flaws if each.path == path]
    assert told, str(caught.value)
    assert any(wrong.expected in each.expected and wrong.got in each.got for each in told), str(caught.value)
    assert f"{written(path)}: expected " in str(caught.value)
    assert str(caught.value).replace("\n", "").isprintable()


# What is not refused does no harm.


def harmless(workspace):
    """Check that no call breaks on the workspace, now or later."""
    answers(workspace, NOW)
    answers(workspace, LATEST, (OWN,))
    acme = played(begun(workspace), [each for each in STORY if each[0] != "org"])
    answers(acme.world.workspace, NOW)
    the_same(acme.world.workspace)


PLACES = [place for place in places_in(json.loads(good_text())) if place[0] in ("tables", "minted") and len(place) > 1]
BY_NAME = {}
for each in PLACES:
    BY_NAME.setdefault(next(step for step in reversed(each) if isinstance(step, str)), []).append(each)
INNER = [place for places in BY_NAME.values() for place in places[:: max(1, len(places) // 12)]]
edges = st.sampled_from(
    [None, True, False, 0, -1, 1, 100, 101, 2**53, 1e308, -0.0, "", " ", "\x1c", "x" * 5000, [], {}, [5], {"a": 5}, {"elements": 7},
     "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "verified", "admin", "01HXVN1T000000000000000DT1", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "gone"]
)  # fmt: skip


@st.composite
def mutations(draw):
    """Return the place of a change and what comes there: an edge, what stands in a like place, nothing."""
    path = draw(st.sampled_from(INNER))
    name = next(step for step in reversed(path) if isinstance(step, str))
    like = st.sampled_from(BY_NAME[name]).map(found)
    return path, draw(edges | like)


def found(path):
    data = good()
    for step in path:
        data = data[step]
    return data


@settings(deadline=None, max_examples=100)
@given(st.lists(mutations(), min_size=1, max_size=3))
def test_a_state_that_was_changed_at_random_is_refused_or_harmless(changes):
    data = good()
    for place, value in changes:
        try:
            spoil(data, place, value)
        except (KeyError, IndexError, TypeError, AttributeError):
            assume(False)
    try:
        loaded = STORAGE.load(data, 0)
    except DocumentError as error:
        flaws = error.flaws
    else:
        flaws = ()
        the_same(loaded.workspace)
        harmless(loaded.workspace)
    assert all(flaw.expected and flaw.got and str(flaw).isprintable() for flaw in flaws)
