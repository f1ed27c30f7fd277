"""The shipped fixtures of Ctrl AI say what they are meant to, and a seeded one is a function of its size and seed.

`large` is what the generator writes for 10,000 units and seed 1, with a name and a summary of its own.
"""

import json
from functools import cache

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.fixture import read_fixture, workspace_of
from sandbox.apis.ctrlai.law import ROLES
from sandbox.apis.ctrlai.verification import STATUSES, approval_rate, status_of
from sandbox.core.clock import DAY, SECOND
from sandbox.core.keyring import identify
from sandbox.seed_ctrlai import MOST, fixture_text
from sandbox.web import files
from tests.acme import ADMIN, AUTHOR, EXPIRED, GLOBEX, REVIEWER, REVOKED, SECOND_REVIEWER, VIEWER, Acme
from tests.support import NOW, realm, request

SHIPPED = ("default", "demo", "docs", "empty")
TYPES = {"program", "framework", "pattern", "argument", "protocol"}
KEYS = {
    VIEWER: ("acme", "viewer"), REVIEWER: ("acme", "reviewer"), AUTHOR: ("acme", "author"), ADMIN: ("acme", "admin"),
    SECOND_REVIEWER: ("acme", "reviewer"), GLOBEX: ("globex", "admin"), EXPIRED: ("acme", "author"),
    REVOKED: ("acme", "author"),
}  # fmt: skip
LISTS = ("/units", "/workflows", "/domains", "/orgs", "/audit", "/audit/inference")
QUESTION = (
    "What is the credit risk of a loan application with a monthly debt of 1500, a monthly income of 5000 and "
    "a credit score of 700?"
)
seeds = st.integers(-(10**12), 10**12)


@cache
def written(fixture):
    """Return what the file says, as the schema reads it."""
    return files.checked(files.find("fixtures", "ctrlai", fixture), read_fixture)[0]


def home_of(fixture):
    return realm(fixture, api="ctrlai", quota="off")


def made(fixture):
    return home_of(fixture).source.workspace


def rows(fixture, table):
    return list(made(fixture).table(table).all())


def listed(fixture, target, key=ADMIN):
    """Return all that a list shows this key."""
    acme, found = Acme(key, fixture, quota="off"), []
    while True:
        status, page = acme.call("GET", f"{target}{'&' if '?' in target else '?'}limit=200&offset={len(found)}")
        assert status == 200, page
        found += page["data"]
        if len(found) >= page["meta"]["total"]:
            return found


def answered(fixture, query, key=VIEWER, **body):
    return Acme(key, fixture, quota="off").made("POST", "/inference", {"query": query, **body})


def seeded(units, seed):
    return json.loads(fixture_text(units, seed))


# Every shipped fixture.


@pytest.mark.parametrize("fixture", SHIPPED)
@pytest.mark.parametrize("key", [ADMIN, GLOBEX])
def test_everything_in_a_fixture_answers_as_the_contract_says(fixture, key):
    acme = Acme(key, fixture, quota="off")
    for target in LISTS:
        listed(fixture, target, key)
    for row in listed(fixture, "/units", key):
        assert acme.made("GET", f"/units/{row['id']}") == row
    for row in listed(fixture, "/workflows", key):
        assert acme.made("GET", f"/workflows/{row['slug']}") == row
    for row in listed(fixture, "/domains", key):
        acme.made("GET", f"/domains/{row['slug']}/members")
    for row in listed(fixture, "/orgs", key):
        acme.made("GET", f"/orgs/{row['slug']}/members")
        acme.made("GET", f"/orgs/{row['slug']}/api-keys")


@pytest.mark.parametrize("fixture", [*SHIPPED, "large"])
def test_a_fixture_declares_the_same_organizations_people_and_keys(fixture):
    assert [(each["slug"], each["id"]) for each in written(fixture)["organizations"]] == [
        ("acme", "01HX0RG000000000000000ACME"), ("globex", "01HX0RG0000000000000G10BEX"),
    ]  # fmt: skip
    for part in ("users", "keys"):
        assert written(fixture)[part] == written("default")[part]
    assert rows(fixture, "apiKeys") == rows("default", "apiKeys")
    assert rows(fixture, "members") == rows("default", "members")


@pytest.mark.parametrize("fixture", [*SHIPPED, "large"])
def test_keys_lead_where_they_say(fixture):
    home = home_of(fixture)
    assert set(home.keyring.declared) == set(KEYS)
    for key, (slug, role) in KEYS.items():
        place, caller = identify(home.keyring, request("GET", "/api/v1/units", key=key))
        assert place is not None
        assert place.world == f"{slug}/live"
        row = made(fixture).table("apiKeys").get(caller.key)
        member = made(fixture).table("members").owner(f"{row['orgId']}/{row['userId']}")
        assert (row["role"], made(fixture).table("members").get(member)["role"]) == (role, role)
        assert made(fixture).table("orgs").get(row["orgId"])["slug"] == slug


@pytest.mark.parametrize("fixture", SHIPPED)
def test_all_keys_work_but_the_expired_and_the_revoked(fixture):
    told = {key: Acme(key, fixture, quota="off").call("GET", "/units")[0] for key in KEYS}
    assert {key for key, status in told.items() if status != 200} == {EXPIRED, REVOKED}
    assert told[EXPIRED] == told[REVOKED] == 401


def test_the_two_reviewers_are_two_people():
    users = [made("default").table("apiKeys").get(f"01HXKEY{each:0>19}")["userId"] for each in "25"]
    assert len(set(users)) == 2


@pytest.mark.parametrize("fixture", SHIPPED)
def test_everybody_is_introduced_to_the_world_of_their_organization(fixture):
    introduced = home_of(fixture).keyring.introduced
    for user in rows(fixture, "users"):
        slug = user["email"].partition("@")[2].partition(".")[0]
        assert (introduced[user["email"]].world, introduced[user["email"]].key) == (f"{slug}/live", "")


@pytest.mark.parametrize("fixture", SHIPPED)
def test_a_world_counts_each_role_as_a_person_who_has_it_or_a_higher_one(fixture):
    for slug, world in home_of(fixture).live.items():
        owner = world.charter.owner
        assert owner["workspace"] == slug
        for role in ROLES:
            member = made(fixture).table("members").owner(f"{owner['org']}/{owner[role]}")
            had = made(fixture).table("members").get(member)["role"]
            assert ROLES.index(had) >= ROLES.index(role) or slug == "globex"


@pytest.mark.parametrize("fixture", [*SHIPPED, "large"])
def test_statuses_and_scores_agree_with_reviews(fixture):
    for unit in rows(fixture, "units"):
        assert (unit["status"], unit["verificationScore"]) == (status_of(unit), approval_rate(unit))


@pytest.mark.parametrize("fixture", ["default", "demo", "docs"])
def test_the_audit_log_tells_of_everything_that_the_rows_show(fixture):
    told = {(each["action"], each["resourceId"]) for each in rows(fixture, "audit")}
    for table, action in (
        ("orgs", "org"),
        ("domains", "domain"),
        ("units", "unit"),
        ("workflows", "workflow"),
        ("apiKeys", "api_key"),
    ):
        for row in rows(fixture, table):
            assert (f"{action}.created", row["id"]) in told
    for unit in rows(fixture, "units"):
        verified = [
            each
            for each in rows(fixture, "audit")
            if (each["action"], each["resourceId"]) == ("unit.verified", unit["id"])
        ]
        assert bool(unit["reviews"]) == bool(verified)
        if verified:
            assert verified[0]["details"]["status"] == unit["status"]
            assert verified[0]["details"]["approvalRate"] == unit["verificationScore"]
    for flow in rows(fixture, "workflows"):
        updates = [
            each
            for each in rows(fixture, "audit")
            if (each["action"], each["resourceId"]) == ("workflow.updated", flow["id"])
        ]
        assert len(updates) == flow["version"] - 1


def test_the_audit_log_is_as_requests_would_have_left_it():
    acme = Acme(ADMIN, "empty", quota="off")
    domain = acme.made("POST", "/domains", {"name": "Lending"})
    unit = acme.made("POST", "/units", {"name": "A", "unitType": "program", "domainId": domain["id"], "given": "x"})
    acme.made("POST", f"/units/{unit['id']}/verify", {"action": "approve"})
    acme.made("POST", f"/units/{unit['id']}/assign", {"reviewerIds": ["01HXVSER00000000000000RENE"]})
    acme.made("PATCH", f"/units/{unit['id']}", {"then": "y"})
    flow = acme.made("POST", "/workflows", {"name": "F", "domainId": domain["id"], "units": [unit["id"]]})
    acme.made("PATCH", f"/workflows/{flow['slug']}", {"description": "d"})
    acme.made("POST", f"/domains/{domain['id']}/members", {"userId": "01HXVSER00000000000000RENE"})
    acme.made("POST", "/orgs/acme/members", {"email": "new@acme.example"})
    key = acme.made("POST", "/orgs/acme/api-keys", {"name": "K"})
    acme.made("DELETE", f"/orgs/acme/api-keys/{key['id']}")
    acme.made("POST", "/orgs", {"name": "Third"})
    asked = {each["action"]: each for each in acme.world.workspace.table("audit").all()}
    told = {
        each["action"]: each for each in rows("default", "audit") if each["resourceId"] != "01HXVN1T00000000000ZOD1AC"
    }
    for action in told.keys() & asked.keys():
        assert told[action].keys() == asked[action].keys()
        assert told[action]["resourceType"] == asked[action]["resourceType"], action
        assert set(told[action]["details"]) == set(asked[action]["details"]), action
    assert set(asked) <= set(told)


def shape(workspace):
    """Return all rows with their times taken out, and all times."""
    times = []

    def without(value):
        if isinstance(value, dict):
            times.extend(each for name, each in value.items() if name.endswith("At"))
            return {name: without(each) for name, each in value.items() if not name.endswith("At")}
        return [without(each) for each in value] if isinstance(value, tuple) else value

    plain = {name: [without(row) for row in table.all()] for name, table in sorted(workspace.tables.items())}
    return plain, times


@pytest.mark.parametrize("fixture", ["default", "demo", "empty"])
@pytest.mark.parametrize("days", [-3000, 1, 7000])
def test_another_birth_shifts_times_and_nothing_else(fixture, days):
    plain, times = shape(made(fixture))
    other, shifted = shape(workspace_of(written(fixture), NOW + days * DAY + 17))
    assert other == plain
    assert [None if each is None else each - days * DAY for each in shifted] == times
    assert all(each is None or each % SECOND == 0 for each in times)


# The fixture `docs` is the documents' example.


def test_docs_starts_at_the_moment_of_the_documents():
    assert written("docs")["now"].absolute == NOW


def test_docs_gives_the_figures_of_the_documents_example():
    told = answered("docs", f"{QUESTION} Which interest rate should we offer?")
    assert (told["mode"], told["coveragePercent"]) == ("full_coverage", 83)
    assert told["trustSummary"] == {"verified": 2, "expertReviewed": 3, "synthesized": 0, "neural": 1}
    assert len(told["segments"]) == 6
    assert {each["trustLevel"] for each in told["segments"]} == {"verified", "expert_reviewed", "neural"}
    assert all(each["verificationScore"] == 100 and each["status"] == "verified" for each in told["unitsUsed"])
    assert (told["sessionId"], told["pendingQuestions"]) == (None, [])
    model = {"provider": "gemini", "model": "gemini-2.5-flash"}
    assert told["modelsUsed"] == {"parse": model, "evaluate": model, "prose": model}


def test_docs_has_this_very_answer_in_its_log():
    (entry,) = listed("docs", "/audit/inference")
    assert (entry["mode"], entry["coveragePercent"]) == ("full_coverage", 83)
    assert entry["outputVariables"]["dti"] == 0.3
    assert entry["outputVariables"]["riskTier"] == "low"


# The fixture `default` shows everything.


def test_default_shows_every_type_and_every_status():
    units = rows("default", "units")
    assert {each["unitType"] for each in units} == TYPES
    assert {each["status"] for each in units} == set(STATUSES)
    assert {each["unitType"] for each in units if each["status"] == "verified"} == TYPES
    assert {each["jurisdiction"] for each in units} == {None, "EU", "US"}
    assert {each["status"] for each in rows("default", "workflows")} == {"draft", "active", "archived"}
    assert {each["mode"] for each in rows("default", "inferences")} >= {"full_coverage", "neural_only"}


def test_default_computes_the_credit_risk_of_the_documents():
    told = answered("default", QUESTION)
    assert [each["name"] for each in told["unitsUsed"]][:2] == ["Debt-to-Income Ratio", "Risk Tier"]
    assert told["trustSummary"]["verified"] == 2


def test_default_asks_what_no_file_tells():
    told = answered("default", "Is the manual underwriting done? The risk tier is low.")
    assert [each["id"] for each in told["pendingQuestions"]] == ["employmentVerified"]
    assert told["sessionId"] is not None


def test_default_taints_what_a_candidate_hands_to_a_verified_program():
    query = "What is the mortgage tier for a loanAmount of 180000 and a propertyValue of 240000?"
    told = answered("default", query, includeUnverified=True)
    assert [each.get("tainted") for each in told["segments"]] == [None, True]
    assert not any(each["unitId"] for each in answered("default", query)["segments"])


def test_nobody_sees_what_another_organization_has():
    for target in LISTS:
        mine, theirs = ({each["id"] for each in listed("default", target, key)} for key in (ADMIN, GLOBEX))
        assert not mine & theirs


def test_empty_has_people_and_keys_and_nothing_else():
    counts = {name: table.count() for name, table in made("empty").tables.items()}
    assert {name for name, count in counts.items() if count} == {"users", "orgs", "members", "apiKeys"}


# Seeded fixtures.


@settings(deadline=None)
@given(st.integers(0, 12), seeds)
def test_a_seeded_fixture_is_a_function_of_its_size_and_seed_and_is_yaml_too(units, seed):
    text = fixture_text(units, seed)
    assert text == fixture_text(units, seed)
    assert yaml.safe_load(text) == json.loads(text)


@settings(deadline=None)
@given(st.integers(1, 12), seeds, seeds)
def test_two_seeds_give_two_fixtures(units, one, other):
    assert (seeded(units, one) == seeded(units, other) | {"summary": seeded(units, one)["summary"]}) == (one == other)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), seeds)
def test_a_smaller_fixture_holds_the_first_units_of_a_larger_one(few, more, seed):
    few, more = sorted((few, more))
    small, large = (seeded(each, seed)["organizations"][0].get("units", []) for each in (few, more))
    assert small == large[:few]


@settings(deadline=None)
@given(st.integers(0, 60), seeds, st.integers(40 * 365 * DAY, 80 * 365 * DAY))
def test_a_seeded_fixture_is_read_back_whole(units, seed, birth):
    table = workspace_of(read_fixture(seeded(units, seed)), birth).table("units")
    assert table.count() == units
    assert len({each["name"] for each in table.all()}) == units


def test_about_half_of_the_seeded_units_are_verified_and_all_types_come_up():
    units = list(workspace_of(read_fixture(seeded(600, 7)), NOW).table("units").all())
    assert {each["unitType"] for each in units} == TYPES
    assert 0.4 < sum(each["status"] == "verified" for each in units) / len(units) < 0.6
    assert {each["status"] for each in units} == set(STATUSES) - {"partial_verified"}


@pytest.mark.parametrize("units", [-1, MOST + 1, 10**9])
def test_a_size_out_of_bounds_is_refused(units):
    with pytest.raises(ValueError, match=f"expected an integer from 0 to {MOST}, got {units}"):
        fixture_text(units, 0)


def test_the_large_fixture_is_what_the_generator_writes():
    path = files.find("fixtures", "ctrlai", "large")
    committed, fresh = path.read_text().splitlines(), fixture_text(10_000, 1).splitlines()
    assert len(committed) == len(fresh)
    changed = [line for line, other in zip(committed, fresh, strict=True) if line != other]
    assert [line.split(":")[0].strip(' {"') for line in changed] == ["fixture", "summary"]
    assert path.stat().st_size < 5 << 20


def test_the_large_fixture_answers():
    acme = Acme(ADMIN, "large", quota="off")
    status, page = acme.call("GET", "/units?limit=200&offset=9900")
    assert (status, page["meta"]["total"], len(page["data"])) == (200, 10_000, 100)
    assert acme.call("GET", "/audit?limit=200&offset=20000")[0] == 200
    for row in rows("large", "units")[::500]:
        acme.made("GET", f"/units/{row['id']}")
