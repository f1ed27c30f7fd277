"""Coverage: what is seen is declared, more is never less, everything declared can be seen, and every way leads there."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orjson import loads

from sandbox.app import control_contract, load_api
from sandbox.core.compiling import compile_contract
from sandbox.core.coverage import KINDS, Point, declared, seen
from sandbox.core.coverage_report import Count, Coverage, coverage_shown, deeds_of, joined, read_coverage
from sandbox.core.coverage_way import BY, Way, scenarios_of, ways_of
from sandbox.core.message import BREAKS, DRIBBLE
from sandbox.core.timeline import UNMARKED, Entry
from sandbox.settings import APIS
from tests import acme_calls
from tests.laws import test_ctrlai_refusals, test_ctrlai_units, test_ctrlai_workflows, test_refusals
from tests.laws.test_contract import DOCUMENT
from tests.steering import Helm, acts, helm, through_file, went
from tests.support import NOW, realm, request

ENTRIES = st.lists(acts, min_size=4, max_size=12)
PATIENCE = 40
"""How often a call is repeated at once, and then with time passing, until a way has led where it should."""


@cache
def at_birth(api: str) -> Helm:
    """Return the helm of a world whose quota is never in the way."""
    return helm(quota="off") if api == "aikraft" else acme_calls.helm(quota="off")


@cache
def points_of(api: str) -> tuple[Point, ...]:
    return declared(load_api(api).contract)


@cache
def ways(api: str) -> dict[Point, Way]:
    charter = at_birth(api).world.charter
    return ways_of(points_of(api), charter, scenarios_of(charter.api))


def coverage(api: str, points: frozenset[Point] = frozenset()) -> Coverage:
    return Coverage(api, "0" * 64, ways(api), points)


def met(at: Helm) -> frozenset[Point]:
    """Return what the client has seen."""
    return seen(at.timeline.journal, at.home.keyring.api.contract)


def call_of(point: Point, api: str) -> tuple[str, str, Any]:
    """Return a call that meets the point's operation, whatever comes of it."""
    contract = load_api(api).contract
    operation = contract.operations[point.operation]
    return operation.method, contract.prefix + operation.path.replace("{", "").replace("}", ""), operation.body and {}


# The laws.


@settings(max_examples=20, deadline=None)
@given(ENTRIES, st.integers(0, 12))
def test_what_is_seen_is_declared_more_is_never_less_and_parts_make_the_whole(story: list[Any], place: int) -> None:
    at, _ = went(helm(), story)
    entries, contract = list(at.timeline.journal), at.home.keyring.api.contract
    first, rest, whole = (seen(each, contract) for each in (entries[:place], entries[place:], entries))
    assert first <= whole <= set(points_of("aikraft"))
    assert first | rest == whole


@settings(max_examples=4, deadline=None)
@given(ENTRIES)
def test_a_journal_covers_the_same_after_export_and_replay(story: list[Any]) -> None:
    at, _ = went(helm(), story)
    again = helm().steered("POST", "/capsule", through_file(at.read("/capsule")))
    assert met(again) == met(at)
    assert again.read("/coverage")["seen"] == at.read("/coverage")["seen"]


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(APIS), st.data())
def test_a_percentage_is_of_a_hundred_and_a_hundred_if_and_only_if_nothing_is_missing(
    api: str, data: st.DataObject
) -> None:
    points = points_of(api)
    some = data.draw(st.frozensets(st.sampled_from(points), max_size=9))
    for each in (coverage(api, some), coverage(api, frozenset(points) - some)):
        counts = [
            each.total,
            each.errors,
            *(each.of_kind(one) for one in KINDS),
            *map(each.of_operation, each.operations),
        ]
        assert all(0 <= one.percent <= 100 for one in counts)
        assert all((one.percent == 100) == (one.seen == one.declared) == one.reaches(100) for one in counts)
        assert set(each.missing) == set(points) - each.seen
        assert sum(each.of_kind(one).seen for one in KINDS) == each.total.seen == len(each.seen)
        assert sum(each.of_operation(one).declared for one in each.operations) == each.total.declared == len(points)
        assert read_coverage(through_file(coverage_shown(each))) == each


@settings(max_examples=10, deadline=None)
@given(st.lists(st.frozensets(st.sampled_from(points_of("aikraft")), max_size=30), min_size=1, max_size=4))
def test_worlds_that_are_joined_have_seen_what_any_of_them_has(several: list[frozenset[Point]]) -> None:
    whole = joined(coverage("aikraft", each) for each in several)
    assert whole.seen == frozenset().union(*several)
    deeds = deeds_of(whole)
    shown = [one for each in deeds for one in each.points]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(whole.missing)
    assert [len(each.points) for each in deeds] == sorted((len(each.points) for each in deeds), reverse=True)


def test_worlds_of_two_contracts_are_not_joined_nor_is_anything_else_read() -> None:
    with pytest.raises(ValueError, match=r"expected worlds of one contract, got aikraft 0+, ctrlai 0+"):
        joined([coverage("aikraft"), coverage("ctrlai")])
    with pytest.raises(ValueError, match="got none"):
        joined([])
    for other in ({}, {"points": [1]}, {"points": [{"kind": "status"}]}, {"points": 1}):
        with pytest.raises(ValueError, match="expected what GET /__admin/coverage answers"):
            read_coverage(other)


@given(st.integers(0, 10**6), st.integers(0, 9))
def test_a_count_says_a_hundred_only_of_all_however_many_there_are(found: int, missing: int) -> None:
    count = Count(found, found + missing)
    assert 0 <= count.percent <= 100
    assert (count.percent == 100) == (missing == 0) == count.reaches(100)


# What counts.


def only(entries: list[Entry]) -> set[str]:
    return {str(each) for each in seen(entries, load_api("aikraft").contract)}


def asked(method: str, target: str, body: Any = None, at: Helm | None = None, **headers: str) -> set[str]:
    """Return what a single request of a client shows."""
    after, _ = (at or at_birth("aikraft")).ask(method, target, body, **headers)
    return only([list(after.timeline.journal)[-1]])


QUOTA = {f"listSystems X-RateLimit-{each}" for each in ("Limit", "Remaining", "Reset")}
LISTED = {"listSystems", "listSystems 200", *QUOTA}


def test_an_answer_shows_its_operation_its_status_its_headers_and_what_was_asked() -> None:
    assert asked("GET", "/v1/systems") == LISTED
    told = {"listSystems ?risk_tier", "listSystems ?risk_tier=high", "listSystems ?limit"}
    assert asked("GET", "/v1/systems?risk_tier=high&limit=3&other=1") == LISTED | told


def test_a_refusal_shows_its_code_and_its_cause_and_nothing_of_what_was_asked() -> None:
    told = {"listSystems 400", "listSystems 400 invalid_request", "listSystems 400 cursor-malformed"}
    assert asked("GET", "/v1/systems?risk_tier=high&cursor=garbage") == (LISTED - {"listSystems 200"}) | told


def test_what_was_preferred_shows_its_answer_and_nothing_of_what_was_asked() -> None:
    assert asked("GET", "/v1/systems?risk_tier=high", prefer="example=documented") == LISTED
    late = asked("GET", "/v1/systems?risk_tier=high", prefer="delay=1")
    assert "listSystems ?risk_tier=high" in late


def test_a_method_that_a_path_has_not_counts_for_each_that_it_has() -> None:
    told = asked("DELETE", "/v1/systems")
    assert {
        "listSystems 405",
        "createSystem 405",
        "createSystem 405 Allow",
        "listSystems 405 method_not_allowed",
    } < told
    assert not {"listSystems", "createSystem"} & told
    assert asked("GET", "/v1/nowhere") == set()


def test_the_end_of_a_quota_is_a_state_of_its_own() -> None:
    at = helm().steered("POST", "/faults", {"then": {"rate_limit": {"exhausted": True}}})
    assert {"listSystems X-RateLimit-Remaining: 0", "listSystems 429 Retry-After"} < asked("GET", "/v1/systems", at=at)


@pytest.mark.parametrize("kind", BREAKS)
def test_an_answer_whose_connection_broke_was_not_seen_and_one_that_dribbled_was(kind: str) -> None:
    at = helm().steered("POST", "/faults", {"then": {"hangup": {"break": kind}}})
    assert asked("GET", "/v1/systems", at=at) == (LISTED if kind == DRIBBLE else set())


def test_what_a_fault_put_off_was_not_seen_when_it_came_nor_is_a_control_request_ever() -> None:
    late = {"when": {"operation": "createSystem"}, "then": {"commit": {"outcome": "late", "after": "1m"}}}
    at = helm().steered("POST", "/faults", late)
    at, _ = at.ask("POST", "/v1/systems", {"name": "Late", "description": "d", "purpose": "p", "domain": "d"})
    at = at.steered("POST", "/clock/advance", {"by": "2m"})
    at, _ = at.ask("GET", "/v1/systems")
    assert [each.operation for each in at.timeline.journal if each.errand is None] == [
        "createSystem",
        "createSystem",
        "listSystems",
    ]
    assert {str(each) for each in met(at)} == LISTED


def test_fields_are_looked_for_one_level_below_the_top_in_objects_and_arrays() -> None:
    document = copy.deepcopy(DOCUMENT)
    schema = document["components"]["schemas"]["NewSystem"]
    word, flag = {"enum": ["a", "b"]}, {"enum": [True, None]}
    schema["properties"] |= {
        "word": word, "words": {"type": "array", "items": word}, "one": {"type": "object", "properties": {"word": word}},
        "many": {"type": "array", "items": {"type": "object", "properties": {"flag": flag, "deep": {"properties": {"word": word}}}}},
    }  # fmt: skip
    contract = compile_contract(document, "aikraft", "/v1", "0" * 64)
    told = {str(each) for each in declared(contract) if each.kind == "value" and each.operation == "createSystem"}
    names = {f"{name}={value}" for name in ("word", "words[]", "one.word") for value in "ab"}
    assert told == {f"createSystem {each}" for each in (*names, "many[].flag=true", "many[].flag=null")}
    at, _ = at_birth("aikraft").ask(
        "POST",
        "/v1/systems",
        {**test_refusals.LOAN, "word": "c", "words": ["b", 1], "one": {"word": "a"}, "many": [{"flag": True}, 7]},
    )
    assert {str(each) for each in seen(at.timeline.journal, contract) if each.kind == "value"} == {
        f"createSystem {each}" for each in ("words[]=b", "one.word=a", "many[].flag=true")
    }  # fmt: skip


# Everything declared can be seen.


def preferring(at: Helm, api: str) -> Helm:
    """Ask for every status and for the examples of every operation."""
    for operation in at.home.keyring.api.contract.operations.values():
        call = call_of(Point("operation", operation.id), api)
        for status in operation.shapes:
            at, response = at.ask(*call, prefer=f"code={status}")
            assert response.status == status or status == operation.success.status
        for example in operation.success.examples:
            at, response = at.ask(*call, prefer=f"example={example}")
            assert response.status == operation.success.status
    return at


def exhausted(at: Helm, api: str) -> Helm:
    """Find the quota of every operation used up."""
    at = at.steered("POST", "/faults", {"then": {"rate_limit": {"exhausted": True}}})
    for name in at.home.keyring.api.contract.operations:
        at, _ = at.ask(*call_of(Point("operation", name), api))
    return at.steered("DELETE", "/faults")


def succeeding(at: Helm, calls: list[tuple[str, str, Any]]) -> Helm:
    for method, target, body in calls:
        at, response = at.ask(method, target, body)
        assert response.status < 300, (method, target, response.body)
    return at


DOCUMENTS = "/v1/systems/sys_abc123/documents"


def calls_of_aikraft(at: Helm) -> Helm:
    """Do well with every operation, parameter and value."""
    at, first = succeeding(at, [("POST", "/v1/systems", test_refusals.LOAN)]).ask("GET", "/v1/systems?limit=1")
    cursor = loads(first.body)["meta"]["cursor"]
    tiers = ("unacceptable", "high", "limited", "minimal")
    at = succeeding(at, [("GET", f"/v1/systems?risk_tier={each}&limit=5", None) for each in tiers])
    sent: list[Any] = [{"sections": "all", "language": each} for each in ("en", "de", "fr", "nl")]
    at = succeeding(at, [("POST", DOCUMENTS, each) for each in [*sent, {"sections": ["all"]}]])
    job = next(iter(at.world.workspace.table("jobs").all()))["id"]
    return succeeding(at, [
        ("GET", f"/v1/systems?cursor={cursor}", None),
        ("GET", "/v1/systems/sys_abc123/classification", None),
        ("POST", "/v1/systems/sys_abc123/classification", {}),
        ("GET", f"/v1/jobs/{job}", None),
        ("GET", "/v1/systems/sys_abc123/monitoring", None),
        ("POST", test_refusals.PATH, test_refusals.BASELINE),
    ])  # fmt: skip


FILTERED = {"startDate": "2026-04-01", "endDate": "2026-04-13", "limit": "5", "offset": "1"}
V1, ACME = "/api/v1", "/api/v1/orgs/acme"
CREDIT, DTI = test_ctrlai_units.CREDIT, test_ctrlai_units.DTI
ROLES = ("viewer", "reviewer", "author", "admin")


def calls_of_ctrlai(at: Helm) -> Helm:
    """Do well with every operation, parameter and value."""
    valued = {each[:4] for each in points_of("ctrlai") if each.value}
    for each in points_of("ctrlai"):
        if each.name.startswith("?") and ("value", *each[1:4]) not in valued - {each[:4]}:
            method, target, _ = call_of(each, "ctrlai")
            target = target.replace("/slug/", "/acme/").replace("/id/", "/kyc/")
            at = succeeding(
                at, [(method, f"{target}{each.name}={each.value or FILTERED.get(each.name[1:], 'json')}", None)]
            )
    kinds = ("program", "framework", "pattern", "argument", "protocol")
    unit = f"{V1}/units/{DTI}"
    at = succeeding(at, [
        *(("POST", f"{V1}/units", {**test_ctrlai_units.LEAST, "unitType": each}) for each in kinds),
        *(("PATCH", unit, {"unitType": each}) for each in kinds),
        *(("POST", f"{unit}/verify", {"action": each}) for each in ("approve", "request_changes")),
        *(("PATCH", f"{V1}/workflows/credit-decision", {"status": each}) for each in ("draft", "active", "archived")),
        *(("POST", f"{ACME}/members", {"email": f"{each}@new.example", "role": each}) for each in ROLES),
        *(("POST", f"{ACME}/api-keys", {"name": each, "role": each}) for each in ROLES),
    ])  # fmt: skip
    return succeeding(at, [("PATCH", f"{ACME}/members/01HXMEMBER000000000000VERA", {"role": each}) for each in ROLES])


def sessions_of_ctrlai(at: Helm) -> Helm:
    """Sign a user in, look at the session, and sign out; then come with a session that is no more."""
    at, answer = at.ask("POST", "/api/auth/signin", {"email": "adam@acme.example"}, key=None)
    cookie = (answer.header("set-cookie") or "").split(";", 1)[0]
    for method, target in (("GET", "session"), ("POST", "signout"), ("GET", "session"), ("GET", "signin")):
        at, answer = at.ask(method, f"/api/auth/{target}", key=None, cookie=cookie)
        assert answer.status == 200
    return at


def refusals_of_aikraft() -> frozenset[Point]:
    outcomes = [case() for case in test_refusals.CASES.values()]
    charter, asked = at_birth("aikraft").world.charter, request("GET", "/v1/")
    entries = [Entry(0, NOW, NOW, one.operation, asked, one.response, one.cause, UNMARKED, charter) for one in outcomes]
    return seen(entries, charter.api.contract)


def refusals_of_ctrlai() -> frozenset[Point]:
    found: frozenset[Point] = frozenset()
    birth = acme_calls.helm(acme_calls.ADMIN, quota="off", clock="real")
    texted, made = birth.ask("POST", "/api/v1/units", test_ctrlai_workflows.TEXT)
    text = loads(made.body)["data"]["id"]
    for laws in (test_ctrlai_refusals, test_ctrlai_units, test_ctrlai_workflows):
        for method, target, body in laws.ASKED.values():
            clash = body and "TEXT" in body.get("units", ())
            given = {**body, "units": [text if each == "TEXT" else each for each in body["units"]]} if clash else body
            found |= met((texted if clash else birth).ask(method, target, given)[0])
        for call in laws.BODIES.values():
            for body, headers in laws.SENT.values():
                found |= met(birth.ask(*call, body, **headers)[0])
    return found


def test_everything_that_aikraft_declares_can_be_seen() -> None:
    at = exhausted(preferring(calls_of_aikraft(at_birth("aikraft")), "aikraft"), "aikraft")
    whole = coverage("aikraft", met(at) | refusals_of_aikraft())
    assert [str(each) for each in whole.missing] == []
    assert {each: whole.of_kind(each).percent for each in KINDS} == dict.fromkeys(KINDS, 100.0)


def test_everything_that_ctrl_ai_declares_can_be_seen() -> None:
    at = exhausted(preferring(sessions_of_ctrlai(calls_of_ctrlai(at_birth("ctrlai"))), "ctrlai"), "ctrlai")
    whole = coverage("ctrlai", met(at) | refusals_of_ctrlai())
    assert [str(each) for each in whole.missing] == []
    assert {each: whole.of_kind(each).percent for each in KINDS} == dict.fromkeys(KINDS, 100.0)


# The ways.


def led(point: Point, way: Way, api: str) -> bool:
    """Tell whether the point is seen by whoever goes this way."""
    call = call_of(point, api)
    if way.by == "prefer":
        return point in met(at_birth(api).ask(*call, prefer=way.name)[0])
    at = at_birth(api)._replace(wall=NOW)
    at = at.steered("PUT", "/settings", {"quota": "enforce"}).steered("PUT", "/scenarios/active", {"name": way.name})
    for count in range(2 * PATIENCE):
        if count >= PATIENCE:
            at = at.steered("POST", "/clock/advance", {"by": "20s"})
        at, answer = at.ask(*call)
        if answer.status == (point.status or 429) and point in met(at):
            return True
    return False


def samples(api: str, by: str) -> list[tuple[Point, Way]]:
    """Return, of each name by which a way leads, a point of each kind and status: the first and the last of them."""
    chosen: dict[tuple[Any, ...], tuple[Point, Way]] = {}
    for each, way in ways(api).items():
        if way.by == by:
            chosen.setdefault((way.name, each.kind, each.status), (each, way))
            chosen[way.name, each.kind, each.status, "last"] = each, way
    return list(dict.fromkeys(chosen.values()))


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("by", ["scenario", "prefer"])
def test_scenarios_and_preferences_lead_where_they_are_said_to(api: str, by: str) -> None:
    tried = samples(api, by)
    assert len(tried) > 5
    assert [f"{point}: {way.say}" for point, way in tried if not led(point, way, api)] == []


def test_a_scenario_that_breaks_the_contract_is_never_named_and_the_simplest_is() -> None:
    named = {way.name for api in APIS for way in ways(api).values() if way.by == "scenario"}
    assert not named & {"quota-lies", "broken-contract"}
    told = {str(each): way.name for each, way in ways("aikraft").items()}
    assert told["listSystems 429"] == told["listSystems X-RateLimit-Remaining: 0"] == "rate-limited"
    assert told["listSystems 500"] == "outage-and-recovery"
    assert (told["createSystem 401"], told["createSystem 403"]) == ("key-rotation", "key-rotation")
    assert told["listSystems 403"] == "code=403"


def test_a_request_is_named_as_it_is_to_be_sent() -> None:
    told = {str(each): way for each, way in ways("aikraft").items()}
    assert told["listSystems ?risk_tier=high"].name == "GET /v1/systems?risk_tier=high"
    assert told["createDocuments language=de"].name.endswith("/documents with language=de")
    assert "Another system of the workspace has this name" in told["createSystem 409 name-taken"].say
    for point, way in ways("aikraft").items():
        if way.by == "request" and point.name.startswith("?") and point.value:
            method, target = way.name.split(" ")
            assert point in met(at_birth("aikraft").ask(method, target)[0])


def test_a_scenario_of_ones_own_that_plays_is_named_too() -> None:
    rules = [{"name": "no", "when": {"operation": "getJob"}, "then": {"error": {"status": 404}}}]
    mine = {"scenario": "mine", "api": "aikraft", "summary": "No job is found.", "rules": rules}
    at = helm().steered("PUT", "/scenarios/active", {"scenario": mine})
    told = {
        (each["status"], each["kind"]): each["way"]["name"]
        for each in at.read("/coverage")["points"]
        if each["operation"] == "getJob"
    }
    assert told[404, "status"] == "mine"
    assert told[404, "refusal"].startswith("GET /v1/jobs/")


def test_a_rule_that_asks_for_more_than_an_ordinary_request_has_is_no_way() -> None:
    rules = [
        {
            "name": "keyed",
            "when": {"operation": "getJob", "header": {"x-odd": {"exists": True}}},
            "then": {"error": {"status": 404}},
        },
        {"name": "never", "when": {"operation": "getJob", "probability": 0}, "then": {"error": {"status": 404}}},
    ]
    mine = {"scenario": "mine", "api": "aikraft", "summary": "Odd.", "rules": rules}
    at = helm().steered("PUT", "/scenarios/active", {"scenario": mine})
    assert all(each["way"]["name"] != "mine" for each in at.read("/coverage")["points"])


def test_the_lobby_of_each_api_has_its_ways_as_well() -> None:
    for api in APIS:
        lobby = realm("default", api=api).lobby.charter
        assert set(ways_of(points_of(api), lobby, scenarios_of(lobby.api))) == set(points_of(api))


def test_the_contract_of_the_control_plane_knows_every_kind_of_point_and_of_way() -> None:
    schemas = control_contract().document["components"]["schemas"]
    assert schemas["PointKind"]["enum"] == KINDS
    assert schemas["Point"]["properties"]["way"]["properties"]["by"]["enum"] == BY
