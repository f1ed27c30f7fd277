"""What a key may do changes for the requests that are struck, for no other, and in the API's own words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.law import LIMITS, PLANS, SCOPES
from sandbox.core.document import written
from tests.struck import example, flaw_of, read, under
from tests.support import ENTERPRISE, LOAN, ask, told, world_of

LIST = ("GET", "/v1/systems")
CREATE = ("POST", "/v1/systems", LOAN)
CLASSIFY = ("POST", "/v1/systems/sys_abc123/classification")


def rule(key, **when):
    return {"name": "keys", "when": when, "then": {"key": key}}


def answered(world, *call, key=ENTERPRISE):
    outcome = ask(world, *call, key=key)
    assert b"defect" not in outcome.response.body
    return outcome


@pytest.mark.parametrize(("state", "words"), [("revoked", b"was revoked"), ("expired", b"has expired")])
@settings(deadline=None)
@given(st.sampled_from([LIST, CREATE, CLASSIFY]))
def test_a_key_that_is_no_good_any_more_is_told_so(state, words, call):
    outcome = answered(under(world_of(), rule(state)), *call)
    assert (told(outcome).status, told(outcome).code) == (401, "unauthorized")
    assert words in outcome.response.body


@settings(deadline=None)
@given(st.integers(0, 4), st.integers(0, 6))
def test_a_key_is_good_until_it_is_struck(after, calls):
    world = under(world_of(), rule("revoked", after=after))
    statuses = []
    for _ in range(calls):
        outcome = answered(world, *LIST)
        world = outcome.world
        statuses.append(outcome.response.status)
    assert statuses == [200] * min(after, calls) + [401] * max(0, calls - after)


@settings(deadline=None)
@given(st.sampled_from(PLANS), st.sampled_from(sorted(SCOPES)), st.sampled_from([LIST, CREATE, CLASSIFY]))
def test_a_struck_key_may_what_a_key_of_that_plan_and_scope_may(plan, scope, call):
    struck = answered(under(world_of(), rule({"plan": plan, "scope": scope})), *call)
    key = f"ak_test_{plan}_{scope}_key"
    declared = ask(world_of(key, "default"), *call, key=key, fixture="default")
    assert (struck.response.status == 403) == (declared.response.status == 403)
    assert struck.response.header("X-RateLimit-Limit") == str(LIMITS[plan].rate)


@settings(deadline=None)
@given(
    st.sampled_from(["revoked", "expired", {"scope": "read"}, {"plan": "free"}, {"plan": "starter", "scope": "write"}])
)
def test_the_key_itself_stays_as_it_was(key):
    world = under(world_of(), rule(key, nth=1))
    once = answered(world, *CLASSIFY)
    assert once.response.status in (401, 403)
    assert once.world.charter == world.charter
    assert answered(once.world, *CLASSIFY).response.status == 201


def test_the_limit_of_a_lower_plan_is_drawn_from_a_bucket_of_its_own():
    world = under(world_of(), rule({"plan": "starter"}, operation="listSystems"))
    for _ in range(LIMITS["starter"].burst):
        world = answered(world, *LIST).world
    assert answered(world, *LIST).response.status == 429
    assert answered(world, "GET", "/v1/systems/sys_abc123/monitoring").response.status == 200


@pytest.mark.parametrize(
    ("figures", "path", "near"),
    [
        ({"plan": "fre"}, "key.plan", "free"),
        ({"scope": "reed"}, "key.scope", "read"),
        ({"role": "admin"}, "key.role", None),
        ({}, "key", None),
        ("revokd", "key", "revoked"),
        ({"state": "expired", "scope": "read"}, "key", None),
    ],
)
def test_a_word_that_the_api_does_not_know_is_refused_with_the_nearest(figures, path, near):
    flaw = flaw_of({"key": figures})
    assert written(flaw.path) == f"rules[0].then.{path}"
    assert flaw.nearest == near


def test_the_example_of_the_page_is_a_scenario():
    assert all(each.faults[0].kind == "key" for each in read(*example("faults", "key")).rules)
