"""A minted key is spelled as its plan is, may do what was asked for, and counts as its plan's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.aikraft.law import LAW, LIMITS, PLANS, SCOPES, limit
from sandbox.core.frozen import Frozen
from sandbox.core.problem import Problem

TOKEN = "0a1b2c3d4e5f"
OWNER = Frozen(workspace="ws_pro", plan="pro", limit=(60, 90))

plans = st.sampled_from(PLANS)
scopes = st.sampled_from(sorted(SCOPES))
tokens = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=40)


@given(plans, plans, scopes, st.booleans(), tokens)
def test_a_minted_key_says_mode_and_plan_and_may_do_what_was_asked_for(own, plan, scope, live, token):
    owner = Frozen(workspace="ws_1", plan=own)
    minted = LAW.mint(owner, {"plan": plan, "scope": scope}, live, token)
    assert minted.credential == f"ak_{'live' if live else 'test'}_{plan}_{token}"
    assert minted.terms == Frozen(scope=scope)
    assert (minted.owner is None) == (plan == own)
    assert (minted.owner or owner)["plan"] == plan
    assert (minted.owner or owner)["workspace"] == "ws_1"


def test_without_a_wish_a_key_has_its_owners_plan_and_the_scope_admin():
    minted = LAW.mint(OWNER, {}, False, TOKEN)
    assert minted == (f"ak_test_pro_{TOKEN}", Frozen(scope="admin"), None)


def test_a_key_of_another_plan_has_that_plans_limit_and_not_its_owners_own():
    minted = LAW.mint(OWNER, {"plan": "starter"}, False, TOKEN)
    assert minted.owner == Frozen(workspace="ws_pro", plan="starter")
    assert limit(minted.owner, "") == LIMITS["starter"]
    assert limit(OWNER, "").rate == 60


@given(plans, scopes, st.booleans(), tokens)
def test_every_minted_key_is_a_secret_and_begins_with_the_marker(plan, scope, live, token):
    minted = LAW.mint(OWNER, {"plan": plan, "scope": scope}, live, token)
    assert LAW.secret.fullmatch(minted.credential)
    assert minted.credential.startswith(LAW.marker)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("Bearer ak_live_your_api_key_here", ["ak_live_your_api_key_here"]),
        ('{"key":"ak_test_pro_read_key","n":1}', ["ak_test_pro_read_key"]),
        ("ak_test_short", []),
        ("ak_prod_abcdefghij", []),
        ("ak_test_12345678, ak_test_87654321", ["ak_test_12345678", "ak_test_87654321"]),
    ],
)
def test_what_reads_like_a_key_is_a_secret(text, secrets):
    assert LAW.secret.findall(text) == secrets


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"plan": "por"}, "plan: expected one of free, starter, pro, enterprise, got 'por'; did you mean 'pro'?"),
        ({"plan": "gold"}, "plan: expected one of free, starter, pro, enterprise, got 'gold'"),
        ({"plan": None}, "plan: expected one of free, starter, pro, enterprise, got null"),
        ({"plan": ["pro"]}, "plan: expected one of free, starter, pro, enterprise, got a list of 1"),
        ({"scope": "writ"}, "scope: expected one of read, write, admin, got 'writ'; did you mean 'write'?"),
        ({"scope": {}}, "scope: expected one of read, write, admin, got a mapping of 0"),
        ({"scope": 1}, "scope: expected one of read, write, admin, got 1"),
        ({"role": "admin"}, "role: expected one of the keys plan, scope, got an unknown key"),
        ({"plans": "pro"}, "plans: expected one of the keys plan, scope, got an unknown key; did you mean 'plan'?"),
    ],
)
def test_what_no_key_can_be_is_told_with_the_nearest_word(asked, words):
    with pytest.raises(Problem, match=f"^{re.escape(words)}$") as caught:
        LAW.mint(OWNER, asked, False, TOKEN)
    assert (caught.value.status, caught.value.cause) == (422, "key-unfit")
    assert caught.value.field == next(iter(asked))
