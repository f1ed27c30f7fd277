"""Faults on Ctrl AI: what they do to its keys, windows, answers and services, and which of them it has no place for."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.core.clock import MINUTE, SECOND
from sandbox.core.document import DocumentError, written
from sandbox.core.ground import ground_of
from sandbox.core.variation import ILLEGAL, LEGAL, illegal, is_handle, legal
from tests.acme import ADMIN, AUTHOR, OWN, REVIEWER, VIEWER, Acme, said
from tests.struck import flaw_of, read, under

API = load_api("ctrlai")
DTI = "01HXVN1T000000000000000DT1"
CREDIT = "01HXD0MA1N0000000000CRED1T"
MORTGAGE = {"query": "What is the mortgage tier for a loanAmount of 180000 and a propertyValue of 240000?"}
LOAN = {"query": "What is the risk tier for a monthlyDebt of 1500, a monthlyIncome of 5000 and a creditScore of 700?"}


def acme(*rules, key=ADMIN, **settings):
    """Return the acme in whose world these rules hold."""
    asking = Acme(key, **settings)
    asking.world = under(asking.world, *({"name": f"law-{at}", **each} for at, each in enumerate(rules)))
    return asking


# What has no place here.


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"drift": {"system": "all", "feature": "age", "from": 0.1, "to": 0.3, "over": "1d"}}, "an API whose metrics drift"),
        ({"resolve": {"system": "all"}}, "an API whose metrics drift"),
        ({"incident": {"system": "all"}}, "an API whose systems have incidents"),
    ],
)  # fmt: skip
def test_an_event_that_is_about_monitoring_is_refused_by_an_api_that_monitors_nothing(event, words):
    with pytest.raises(DocumentError) as caught:
        read(api="ctrlai", timeline=[{"at": "1h", **event}])
    (flaw,) = caught.value.flaws
    assert (written(flaw.path), flaw.expected, flaw.got) == (f"timeline[0].{next(iter(event))}", words, "ctrlai")


@pytest.mark.parametrize(
    ("then", "when", "path", "words"),
    [
        ({"job": "stall"}, {}, "job", "an API that works in jobs"),
        ({"stale": {"pages": "twice"}}, {"operation": "listUnits"}, "stale.pages", "a list with a cursor"),
        ({"stale": {"cursor": "invalidated"}}, {"operation": "listAudit"}, "stale.cursor", "a list with a cursor"),
        ({"variant": "empty_page"}, {}, "variant", "ctrlai has no pages with a cursor"),
        ({"variant": "one_item_page"}, {}, "variant", "ctrlai has no pages with a cursor"),
        ({"rate_limit": {"limit": 3, "burst": 6}}, {}, "rate_limit.burst", "a sliding window, without a burst"),
        ({"key": {"plan": "pro"}}, {}, "key.plan", "one of role, which is what keys of ctrlai have"),
        ({"key": {"scope": "read"}}, {}, "key.scope", "one of role"),
        ({"key": {"role": "reader"}}, {}, "key.role", "one of viewer, reviewer, author, admin"),
        ({"degrade": "model"}, {}, "degrade", "one of models, trust"),
        ({"degrade": "models"}, {"operation": "listUnits"}, "degrade", "a rule that can strike what needs models: infer"),
        ({"commit": "twice"}, {"operation": ["listUnits", "health"]}, "commit", "an operation that writes"),
        ({"error": {"status": 418}}, {"operation": "infer"}, "error.status", "illegal: true"),
    ],
)  # fmt: skip
def test_what_can_never_happen_here_is_refused_with_its_place_and_what_would_do(then, when, path, words):
    flaw = flaw_of(then, when, "ctrlai")
    assert written(flaw.path) == f"rules[0].then.{path}"
    assert words in flaw.expected


def test_aikraft_leans_on_nothing():
    assert "aikraft leans on no service" in flaw_of({"degrade": "models"}).expected


# Keys.


@settings(deadline=None)
@given(
    st.sampled_from(["viewer", "reviewer", "author", "admin"]), st.sampled_from([VIEWER, REVIEWER, AUTHOR, ADMIN, OWN])
)
def test_a_struck_key_may_what_its_role_may_whoever_it_is_and_is_what_it_was_afterwards(role, key):
    asking = acme({"when": {"until": 3}, "then": {"key": {"role": role}}}, key=key)
    before = asking.world.charter, asking.world.workspace.table("apiKeys")
    plain = {"viewer": VIEWER, "reviewer": REVIEWER, "author": AUTHOR, "admin": ADMIN}[role]
    calls = [("POST", f"/units/{DTI}/verify", {"action": "approve"}), ("POST", "/domains", {"name": "New"})]
    # In an organisation that the path names, a key may never do more than its user.
    calls += [("GET", "/orgs/acme/api-keys")] if key in (ADMIN, OWN) else [("GET", "/orgs/acme")]
    for call in calls:
        struck, of_role = asking.call(*call)[0], Acme(plain).call(*call)[0]
        assert (struck == 403) == (of_role == 403)
    assert (asking.world.charter, asking.world.workspace.table("apiKeys")) == before
    assert asking.call("GET", "/units")[0] == 200


@pytest.mark.parametrize(("state", "words"), [("revoked", "was revoked"), ("expired", "has expired")])
def test_a_key_and_a_session_that_are_no_good_any_more_are_told_so(state, words):
    asking = acme({"when": {"path": "/api/v1/**"}, "then": {"key": state}})
    cookie = asking.signed_in("anna@acme.example")
    for given_ in ({}, {"key": None, "cookie": cookie}):
        status, body = asking.call("GET", "/units", **given_)
        assert (status, body["error"]["code"]) == (401, "UNAUTHORIZED")
        assert words in body["error"]["message"]


def test_a_session_that_is_struck_has_the_lower_role_in_its_own_organisation():
    asking = acme({"when": {"path": "/api/v1/**"}, "then": {"key": {"role": "viewer"}}})
    cookie = asking.signed_in("adam@acme.example")
    assert asking.call("PATCH", "/orgs/acme", {"name": "Other"}, key=None, cookie=cookie)[0] == 403
    assert asking.call("GET", "/orgs/acme", key=None, cookie=cookie)[0] == 200


# Windows.


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.lists(st.integers(0, 70), min_size=1, max_size=25))
def test_a_smaller_window_lets_its_limit_through_in_any_minute_and_says_when_the_next_one_may_come(limit, waits):
    asking = acme({"when": {"operation": "listUnits"}, "then": {"rate_limit": {"limit": limit}}}, clock="real")
    passed = []
    for wait in waits:
        asking.now += wait * SECOND
        outcome = asking.ask("GET", "/api/v1/units?limit=1")
        inside = [each for each in passed if each > asking.now - MINUTE]
        assert outcome.response.header("x-ratelimit-limit") == str(limit)
        if len(inside) < limit:
            assert outcome.response.status == 200
            passed.append(asking.now)
            assert outcome.response.header("x-ratelimit-remaining") == str(limit - len(inside) - 1)
            assert outcome.response.header("retry-after") is None
        else:
            assert (outcome.response.status, outcome.response.header("x-ratelimit-remaining")) == (429, "0")
            assert outcome.response.header("retry-after") == str((inside[0] + MINUTE - asking.now) // SECOND)


def test_an_exhausted_window_is_full_from_now_on_and_over_when_the_fault_is():
    asking = acme({"then": {"rate_limit": {"exhausted": True, "recover_after": "1m"}}}, clock="real")
    for _ in range(3):
        outcome = asking.ask("GET", "/api/v1/units")
        assert (outcome.response.status, outcome.response.header("retry-after")) == (429, "60")
        asking.now += 20 * SECOND
    assert asking.ask("GET", "/api/v1/units").response.status == 200


def test_those_whom_the_fault_does_not_strike_keep_their_window():
    asking = acme({"when": {"operation": "listUnits"}, "then": {"rate_limit": {"exhausted": True}}})
    assert [asking.call("GET", "/units")[0] for _ in range(3)] == [429] * 3
    outcome = asking.ask("GET", "/api/v1/domains")
    assert (outcome.response.status, outcome.response.header("x-ratelimit-remaining")) == (200, "59")


@pytest.mark.parametrize("lie", ["huge", "missing", "zero", "date"])
def test_a_429_may_lie_about_how_long_to_wait(lie):
    figures = {"exhausted": True, "retry_after": lie, **({} if lie == "huge" else {"illegal": True})}
    told = acme({"then": {"rate_limit": figures}}).ask("GET", "/api/v1/units").response.header("retry-after")
    assert told == {"huge": "31536000", "missing": None, "zero": "0", "date": "Mon, 13 Apr 2026 14:31:00 GMT"}[lie]


# Services.


def test_two_services_may_be_out_of_order_at_once():
    without = {"when": {"operation": "infer"}, "continue": True}
    both = acme({**without, "then": {"degrade": "trust"}}, {**without, "then": {"degrade": "models"}})
    assert both.made("POST", "/inference", MORTGAGE)["mode"] == "neural_only"
    assert acme({"then": {"degrade": "trust"}}).made("POST", "/inference", MORTGAGE)["unitsUsed"] != []


@pytest.mark.parametrize("service", ["models", "trust"])
def test_nothing_but_inference_notices_that_a_service_is_out_of_order(service):
    asking, plain = acme({"then": {"degrade": service}}), Acme(ADMIN)
    compose = ("POST", "/workflows/compose", {"description": "credit risk", "domainId": CREDIT})
    for call in (("GET", "/units"), ("GET", "/audit/inference"), compose):
        assert asking.call(*call) == plain.call(*call)


# Variants.

CALLS = (
    ("GET", "/units"), ("GET", f"/units/{DTI}"), ("GET", "/workflows"), ("GET", "/domains"), ("GET", "/orgs"),
    ("GET", "/orgs/acme/members"), ("GET", "/orgs/acme/api-keys"), ("GET", "/audit"), ("GET", "/audit/inference"),
    ("POST", "/inference", LOAN), ("POST", "/inference", {**MORTGAGE, "includeUnverified": True}),
    ("POST", "/workflows/compose", {"description": "credit risk", "domainId": CREDIT}),
    ("POST", f"/units/{DTI}/verify", {"action": "approve"}), ("POST", "/orgs/acme/api-keys", {"name": "Another"}),
)  # fmt: skip
HAVE_NONE = {
    "absent": {"listWorkflows", "listDomains", "listOrgs", "listMembers", "listApiKeys", "composeWorkflow", "createApiKey"},
    "nulls": {"listOrgs", "listInferences", "composeWorkflow", "createApiKey"},
    "extremes": {"listDomains", "listOrgs", "listMembers", "listApiKeys", "composeWorkflow", "createApiKey"},
    "longest": set(),
    "unicode": set(),
}  # fmt: skip
HAVE_NONE["extra_field"] = {*HAVE_NONE["absent"], "infer"}
"""The operations in whose answers a legal variant finds no place."""


def answers():
    """Yield operation, ground and JSON of an answer to each of the calls."""
    asking = Acme(ADMIN, quota="off")
    for method, path, *body in CALLS:
        value = said(asking.ask(method, "/api/v1" + path, *body))
        operation = API.contract.route(method, "/api/v1" + path).operation
        assert operation.success.whole.validator.is_valid(value)
        yield operation, ground_of(API.contract, operation), value


ANSWERS = tuple(answers())


@pytest.mark.parametrize("kind", sorted(LEGAL))
def test_a_legal_variant_fits_the_contract_and_has_a_place_where_it_is_told_to_have_one(kind):
    found = set()
    for operation, ground, value in ANSWERS:
        for draw in (0.0, 0.4, 0.8, 0.999):
            other = legal(ground, kind, value, lambda _, draw=draw: draw)
            if other is not None:
                found.add(operation.id)
                assert operation.success.whole.validator.is_valid(other)
                assert other != value
                assert handles(other) == handles(value)
    assert {each.id for each, _, _ in ANSWERS} - found == HAVE_NONE[kind]


def handles(value, path=()):
    """Return what a client goes on with, by its place: ids, slugs, a key that is shown once."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = {place: each for key, one in items for place, each in handles(one, (*path, key)).items()}
    return inner | ({path: value} if is_handle(path) and isinstance(value, str) else {})


@pytest.mark.parametrize("name", ["unitId", "sessionId", "reviewerIds", "slug", "key", "api_key", "id", "callbackUrl"])
def test_what_a_client_goes_on_with_is_known_by_its_name(name):
    assert is_handle(("data", name))
    assert is_handle(("data", name, 0))


@pytest.mark.parametrize("name", ["valid", "paid", "description", "monkey", "curl", "identity", "keyName"])
def test_what_only_reads_like_a_handle_is_none(name):
    assert not is_handle(("data", name))


@pytest.mark.parametrize("kind", sorted(ILLEGAL))
def test_an_illegal_variant_breaks_one_keyword(kind):
    broken = 0
    for operation, ground, value in ANSWERS:
        for draw in (0.1, 0.6):
            other = illegal(ground, kind, value, lambda _, draw=draw: draw)
            if other is not None:
                broken += 1
                assert len(list(operation.success.whole.validator.iter_errors(other))) == 1
    assert broken > len(ANSWERS) // 2


@pytest.mark.parametrize(
    "figures",
    ["nulls", "unicode", {"kind": "wrong_type", "illegal": True}, {"wire": "truncated_json", "illegal": True}],
)
@pytest.mark.parametrize(("method", "target"), [("GET", "/api/auth/signin"), ("GET", "/api/v1/audit?format=csv")])
def test_an_answer_that_is_no_json_is_left_as_it_is(figures, method, target):
    asking, plain = acme({"then": {"variant": figures}}), Acme(ADMIN)
    assert asking.ask(method, target).response.body == plain.ask(method, target).response.body


# What is read late, and what is done twice.


def test_a_list_by_offset_is_read_late_like_any_other():
    asking = acme({"when": {"operation": ["listUnits", "getUnit"]}, "then": {"stale": {"lag": "5s"}}}, clock="real")
    total = asking.call("GET", "/units")[1]["meta"]["total"]
    unit = asking.made("POST", "/units", {"name": "New", "unitType": "pattern", "domainId": CREDIT})
    assert asking.call("GET", f"/units/{unit['id']}")[0] == 404
    assert asking.call("GET", "/units")[1]["meta"]["total"] == total
    asking.now += 5 * SECOND
    assert asking.call("GET", f"/units/{unit['id']}")[0] == 200
    assert asking.call("GET", "/units")[1]["meta"]["total"] == total + 1


def test_a_key_that_is_made_twice_is_two_keys_and_the_second_one_is_shown_and_works():
    asking = acme({"when": {"operation": "createApiKey"}, "then": {"commit": "twice"}})
    made = asking.made("POST", "/orgs/acme/api-keys", {"name": "Twin"})
    twins = [each["id"] for each in asking.made("GET", "/orgs/acme/api-keys") if each["name"] == "Twin"]
    assert len(twins) == 2
    assert made["id"] in twins
    assert asking.call("GET", "/units", key=made["key"])[0] == 200


def test_a_sign_in_whose_answer_is_lost_has_made_a_session():
    asking = acme({"when": {"operation": "signIn"}, "then": {"commit": "drop_after"}})
    before = asking.world.workspace.table("sessions").count()
    outcome = asking.ask("POST", "/api/auth/signin", {"email": "anna@acme.example"})
    assert outcome.response.effects
    assert asking.world.workspace.table("sessions").count() == before + 1


def test_an_error_is_told_in_the_words_of_ctrl_ai():
    for status, code in (
        (400, "VALIDATION_ERROR"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (500, "INTERNAL_ERROR"),
    ):
        rule = {"when": {"operation": "getUnit"}, "then": {"error": {"status": status, "illegal": True}}}
        outcome = acme(rule).ask("GET", f"/api/v1/units/{DTI}")
        assert (outcome.response.status, orjson.loads(outcome.response.body)["error"]["code"]) == (status, code)
