"""Keys and worlds: who gets in, what each key may do, and that worlds never meet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.law import LIMITS, PLANS, SCOPES
from sandbox.app import create_store
from sandbox.core.clock import DAY, SECOND
from sandbox.core.grant import Grant
from sandbox.settings import Settings
from tests.support import LOAN, NOW, Told, ask, request, said, told, world_of

OPERATIONS = {
    "listSystems": ("GET", "/v1/systems", None, "read", "starter", 200),
    "createSystem": ("POST", "/v1/systems", LOAN, "write", "starter", 201),
    "getClassification": ("GET", "/v1/systems/sys_abc123/classification", None, "read", "starter", 200),
    "createClassification": ("POST", "/v1/systems/sys_abc123/classification", None, "write", "enterprise", 201),
    "createDocuments": ("POST", "/v1/systems/sys_abc123/documents", {"sections": "all"}, "write", "starter", 202),
    "getJob": ("GET", "/v1/jobs/job_xyz789", None, "read", "starter", 200),
    "getMonitoring": ("GET", "/v1/systems/sys_abc123/monitoring", None, "read", "starter", 200),
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("mode", ["live", "test"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_cell_of_the_permission_matrix(plan, scope, mode, operation):
    method, target, body, needed, least, success = OPERATIONS[operation]
    key = f"ak_{mode}_{plan}_{scope}_key"
    outcome = ask(world_of(key), method, target, body, key=key)
    allowed = plan != "free" and PLANS.index(plan) >= PLANS.index(least) and needed in SCOPES[scope]
    assert outcome.response.status == (success if allowed else 403)


@pytest.mark.parametrize("plan", PLANS)
def test_the_limit_is_that_of_the_plan(plan):
    outcome = ask(world_of(f"ak_test_{plan}_limits"), "GET", "/v1/systems", key=f"ak_test_{plan}_limits")
    assert outcome.response.header("x-ratelimit-limit") == str(LIMITS[plan].rate)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "No API key was given"),
        ("ak_live_somebody_elses_production", "Live keys belong to the real service"),
        ("ak_test_starter_other_key", "declared by the fixture"),
        ("ak_test_short", "at least 8"),
        ("sk_test_12345678", "is not known"),
        ("ak_test_with-a-dash", "is not known"),
        ("ak_test_" + "x" * 300, "malformed"),
        ("", "malformed"),
    ],
)
def test_a_key_that_is_not_usable_is_unauthorized_and_told_why(key, words):
    outcome = ask(world_of(key or "none"), "GET", "/v1/systems", key=key)
    assert told(outcome) == Told(401, "unauthorized")
    assert words in said(outcome)["error"]["message"]
    assert key is None or key == "" or key not in outcome.response.body.decode()


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer a b", "bearerak_test_12345678", "Digest x", " "])
def test_an_authorization_of_another_form_is_unauthorized(header):
    assert told(ask(world_of("none"), "GET", "/v1/systems", key=None, authorization=header)).status == 401


def test_the_scheme_is_read_in_any_case():
    outcome = ask(
        world_of("ak_test_lower_case"), "GET", "/v1/systems", key=None, authorization="bearer ak_test_lower_case"
    )
    assert outcome.response.status == 200


@pytest.mark.parametrize(
    ("key", "plan"),
    [("ak_test_free_x", "free"), ("ak_test_enterprise_a_1", "enterprise"), ("ak_test_anything_else", "pro")],
)
def test_an_undeclared_test_key_opens_a_world_on_the_plan_that_it_spells(key, plan):
    owner = world_of(key).charter.owner
    assert owner["plan"] == plan
    assert owner["workspace"] == f"ws_{plan}"


def test_plan_and_scope_of_undeclared_keys_can_be_set():
    world = world_of("ak_test_something", plan="starter", scope="read")
    assert world.charter.owner["plan"] == "starter"
    assert [dict(each.terms) for each in world.charter.grants.values()] == [{"scope": "read"}]


def test_strict_keys_refuse_what_the_fixture_does_not_declare():
    store = create_store(Settings(fixture="docs", strict_keys=True), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")
    assert store.answer(shelf, request("GET", "/v1/systems", key="ak_test_undeclared")).status == 401
    assert store.answer(shelf, request("GET", "/v1/systems", key="ak_test_starter_read_key")).status == 200


@pytest.mark.parametrize(("change", "words"), [({"revoked": True}, "revoked"), ({"expires": NOW}, "expired")])
def test_a_key_that_has_ended_is_unauthorized(change, words):
    world = world_of()
    (grant,) = world.charter.grants.values()
    from dataclasses import replace

    ended = replace(grant, **change)
    charter = replace(world.charter, grants=world.charter.grants.set(grant.key, ended))
    outcome = ask(world._replace(charter=charter), "GET", "/v1/systems")
    assert told(outcome).status == 401
    assert words in said(outcome)["error"]["message"]


def test_a_key_ends_at_its_instant_and_not_before():
    from dataclasses import replace

    world = world_of(clock="real")
    (grant,) = world.charter.grants.values()
    kept = Grant(grant.key, grant.terms, expires=NOW + DAY)
    world = world._replace(charter=replace(world.charter, grants=world.charter.grants.set(grant.key, kept)))
    assert ask(world, "GET", "/v1/systems", at=NOW + DAY - 1).response.status == 200
    assert ask(world, "GET", "/v1/systems", at=NOW + DAY).response.status == 401


def test_strangers_share_a_world_but_not_a_bucket():
    store = create_store(Settings(fixture="docs"), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")

    def stranger(peer):
        asked = request("GET", "/v1/systems", key=None)
        return store.answer(shelf, type(asked)(asked.method, asked.path, "", asked.headers, b"", peer))

    assert [stranger("10.0.0.1").status for _ in range(152)][-3:] == [401, 401, 401]
    assert stranger("10.0.0.1").header("x-ratelimit-remaining") == "0"
    assert stranger("10.0.0.2").header("x-ratelimit-remaining") == "99"


def test_the_lobby_remembers_a_bounded_number_of_addresses():
    world = world_of("none")
    from sandbox.core.admission import ADDRESS_LIMIT
    from sandbox.core.kernel import step
    from sandbox.core.message import Caller, Request, admitted

    for number in range(ADDRESS_LIMIT + 200):
        asked = Request("GET", "/v1/systems", "", (), b"", f"10.0.{number // 256}.{number % 256}")
        world = step(world, admitted(asked, Caller(None, "missing")), NOW).world
    assert len(world.buckets) <= ADDRESS_LIMIT


KEYS = [
    "ak_live_starter_admin_key", "ak_test_starter_admin_key", "ak_live_pro_admin_key", "ak_test_pro_admin_key",
    "ak_test_enterprise_one", "ak_test_enterprise_two", "ak_test_without_plan",
]  # fmt: skip
OWN = {"ak_live_starter_write_key": "ak_live_starter_admin_key"}


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from("abc")), max_size=25))
@settings(max_examples=40, deadline=None)
def test_worlds_never_meet(writes):
    store = create_store(Settings(fixture="empty", clock="frozen", quota="off"), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")
    for mode in ("test",):  # a test copy forks when it is first used: use each before anything is written
        for key in (each for each in KEYS if each.startswith(f"ak_{mode}_")):
            store.answer(shelf, request("GET", "/v1/systems", key=key))
    written = {key: set() for key in KEYS}
    for key, name in writes:
        status = store.answer(shelf, request("POST", "/v1/systems", {**LOAN, "name": name}, key=key)).status
        assert status == (409 if name in written[key] else 201)
        written[key].add(name)
    for key in KEYS:
        listed = said_names(store.answer(shelf, request("GET", "/v1/systems", key=key)))
        assert listed == written[key]


def said_names(response):
    import json

    return {each["name"] for each in json.loads(response.body)["data"]}


def test_a_test_copy_has_what_the_live_workspace_had_at_its_first_use_and_nothing_after():
    store = create_store(Settings(fixture="empty", clock="frozen"), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")

    def post(key, name):
        return store.answer(shelf, request("POST", "/v1/systems", {**LOAN, "name": name}, key=key))

    def names(key):
        return said_names(store.answer(shelf, request("GET", "/v1/systems", key=key)))

    post("ak_live_starter_admin_key", "before")
    assert names("ak_test_starter_read_key") == {"before"}
    post("ak_live_starter_admin_key", "after")
    post("ak_test_starter_write_key", "test only")
    assert names("ak_test_starter_read_key") == {"before", "test only"}
    assert names("ak_live_starter_read_key") == {"before", "after"}


def test_the_same_calls_under_any_undeclared_key_give_the_same_bytes():
    def play(key):
        world, answers = world_of(key), []
        for method, target, body in (
            ("POST", "/v1/systems", LOAN),
            ("GET", "/v1/systems", None),
            ("GET", "/v1/nope", None),
        ):
            outcome = ask(world, method, target, body, key=key, at=NOW + SECOND)
            world = outcome.world
            answers.append(outcome.response)
        return answers

    assert play("ak_test_enterprise_worker_1") == play("ak_test_enterprise_worker_2")


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("ak_test_starter_reed_key", "test_starter_read"),
        ("ak_test_pro_admins_key", "test_pro_admin"),
        ("ak_test_something_else_quite_key", None),
    ],
)
def test_the_journal_names_the_declared_key_that_was_perhaps_meant(key, nearest):
    store = create_store(Settings(fixture="docs"), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")
    store.answer(shelf, request("GET", "/v1/systems", key=key))
    (entry,) = shelf.lobby.timeline.journal
    assert (entry.request.caller.reason, entry.request.caller.nearest) == ("reserved", nearest)
    assert key not in repr(entry)


def test_no_key_is_found_in_any_journal_or_world():
    store = create_store(Settings(fixture="docs"), lambda: NOW)
    shelf = store.shelf_for("/v1/systems")
    keys = [
        "ak_live_your_api_key_here",
        "ak_live_production_of_somebody",
        "ak_test_private_suite_7",
        "ak_test_starter_read_key",
    ]
    for key in keys:
        store.answer(shelf, request("GET", "/v1/systems", key=key))
    kept = repr([list(each.timeline.journal) for each in (shelf.lobby, *shelf.slots.values())]) + repr(
        store.presents().keys()
    )
    assert not [key for key in keys if key in kept]
