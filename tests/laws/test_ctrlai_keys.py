"""Keys and sessions of Ctrl AI: what gets in, what never does, which of two counts, and when each of them ends."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.law import DECLARED, KEY, LAW, OWN, ROLES, SECRET, TOKEN, mint, spelled, stranger
from sandbox.apis.ctrlai.signin_page import sign_in_page
from sandbox.core.clock import DAY, HOUR, MINUTE, SECOND
from sandbox.core.frozen import Frozen
from sandbox.core.keyring import RESERVED, identify
from sandbox.core.problem import Problem
from sandbox.core.record import kept_of
from tests.acme import ADMIN, AUTHOR, EXPIRED, GLOBEX, REVOKED, VIEWER, Acme, said
from tests.acme import OWN as OWN_KEY
from tests.support import NOW, request

COOKIE, SECURE = "authjs.session-token", "__Secure-authjs.session-token"
HOME = Frozen(workspace="acme", org="o", viewer="v", reviewer="r", author="a", admin="ad")
RULES = Frozen(strict=False, role="admin", home=HOME)
KEYS = "/api/v1/orgs/acme/api-keys"
UNITS = "/api/v1/units"


def status(acme, **credential):
    """Return what a list is answered with this credential."""
    return acme.ask("GET", UNITS, **credential).response.status


def refused(outcome):
    """Return the sentence of a 401."""
    assert outcome.response.status == 401, outcome.response.body
    told = said(outcome)["error"]
    assert told["code"] == "UNAUTHORIZED"
    assert outcome.response.header("x-ratelimit-limit") is not None
    return told["message"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "No credential was given"),
        ("ctrlai_pk_" + "a" * 32, "not a production key"),
        (AUTHOR[:-1] + "7", "declared by the fixture"),
        ("ctrlai_pk_" + "a" * 31, "is not known"),
        ("ctrlai_pk_" + "A" * 32, "is not known"),
        ("ctrlai_st_" + "a" * 64, "is not known"),
        ("sk_live_1234567890", "is not known"),
        ("ctrlai_pk_" + "x" * 300, "malformed"),
        (EXPIRED, "has expired"),
        (REVOKED, "was revoked"),
    ],
)
def test_a_key_that_is_not_usable_is_unauthorized_and_told_why(key, words):
    outcome = Acme(ADMIN).ask("GET", UNITS, key=key)
    assert words in refused(outcome)
    assert key is None or key not in outcome.response.body.decode()


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer a b", "bearerctrlai_pk_", "Digest x", " ", ""])
def test_an_authorization_of_another_form_is_unauthorized_even_beside_a_good_cookie(header):
    acme = Acme(ADMIN)
    cookie = acme.signed_in("adam@acme.example")
    assert status(acme, key=None, cookie=cookie) == 200
    assert "malformed" in refused(acme.ask("GET", UNITS, key=None, cookie=cookie, authorization=header))


def test_the_scheme_is_read_in_any_case():
    assert status(Acme(ADMIN), key=None, authorization=f"bearer {VIEWER}") == 200


def test_the_key_wins_over_the_cookie_either_way():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("adam@acme.example")
    body = {"name": "Domain"}
    assert acme.ask("POST", "/api/v1/domains", body, key=VIEWER, cookie=cookie).response.status == 403
    assert acme.ask("POST", "/api/v1/domains", body, key=ADMIN, cookie=f"{COOKIE}=nonsense").response.status == 201
    assert status(acme, key=REVOKED, cookie=cookie) == 401


def test_a_session_is_no_key_and_a_key_no_session():
    acme = Acme(ADMIN)
    token = acme.signed_in("adam@acme.example").partition("=")[2]
    assert "is not known" in refused(acme.ask("GET", UNITS, key=token))
    assert "sign in again" in refused(acme.ask("GET", UNITS, key=None, cookie=f"{COOKIE}={ADMIN}"))


def test_both_names_of_the_cookie_are_read_and_others_are_not():
    acme = Acme(ADMIN)
    token = acme.signed_in("vera@acme.example").partition("=")[2]
    for cookie in (f"{COOKIE}={token}", f"{SECURE}={token}", f"theme=dark; {COOKIE}={token}; lang=en"):
        assert status(acme, key=None, cookie=cookie) == 200
    for cookie in (f"session={token}", f"{COOKIE.upper()}={token}", token, f"x{COOKIE}={token}", ""):
        assert status(acme, key=None, cookie=cookie or "a=b") == 401


@pytest.fixture(scope="module")
def signed():
    acme = Acme(ADMIN, quota="off")
    return acme, acme.signed_in("adam@acme.example").partition("=")[2]


@settings(deadline=None)
@given(st.data())
def test_a_cookie_that_was_touched_is_unauthorized(signed, data):
    acme, token = signed
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("0123456789abcdefABCDEFGxyz_-%"))
    forged = data.draw(
        st.sampled_from([token[:at], token[at:], token[:at] + letter + token[at + 1 :], token + letter, letter + token,
                         token.upper(), f'"{token}"', token[:at] + token[at + 1 :], token[:10] + token[:9:-1]])
    )  # fmt: skip
    assert status(acme, key=None, cookie=f"{COOKIE}={forged}") == (200 if forged == token else 401)


@settings(deadline=None)
@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_session_that_was_made_up_is_unauthorized(signed, digits):
    acme, _ = signed
    assert "sign in again" in refused(acme.ask("GET", UNITS, key=None, cookie=f"{COOKIE}=ctrlai_st_{digits}"))


def test_the_cookie_is_the_browsers_alone_and_ends_with_it():
    outcome = Acme(ADMIN).ask("POST", "/api/auth/signin", {"email": "Vera@ACME.example"})
    header = outcome.response.header("set-cookie")
    assert re.fullmatch(rf"{COOKIE}=ctrlai_st_[0-9a-f]{{64}}; Path=/; HttpOnly; SameSite=Lax", header)
    assert said(outcome)["data"]["user"]["email"] == "vera@acme.example"


def test_over_https_the_cookie_is_secure_and_named_so():
    acme = Acme(ADMIN)
    body = {"email": "vera@acme.example"}
    header = acme.ask("POST", "/api/auth/signin", body, x_forwarded_proto="https").response.header("set-cookie")
    assert header.startswith(f"{SECURE}=ctrlai_st_")
    assert header.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert status(acme, key=None, cookie=header.partition(";")[0]) == 200


def test_the_session_says_who_it_is():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("rene@acme.example")
    session = said(acme.ask("GET", "/api/auth/session", key=None, cookie=cookie))["data"]
    assert (session["user"]["name"], session["organization"]["slug"]) == ("Rene Fabre", "acme")
    assert (session["role"], session["expiresAt"]) == ("reviewer", "2026-05-13T14:30:00.000Z")
    nobody = {"user": None, "organization": None, "role": None, "expiresAt": None}
    assert said(acme.ask("GET", "/api/auth/session", key=None))["data"] == nobody
    assert said(acme.ask("GET", "/api/auth/session", key=None, cookie=f"{COOKIE}=forged"))["data"] == nobody
    assert said(acme.ask("GET", "/api/auth/session", key=VIEWER))["data"] == nobody


def test_signing_out_ends_the_session_and_can_be_repeated():
    acme = Acme(ADMIN)
    cookie, other = acme.signed_in("vera@acme.example"), acme.signed_in("vera@acme.example")
    for _ in range(2):
        outcome = acme.ask("POST", "/api/auth/signout", key=None, cookie=cookie)
        assert said(outcome)["data"] == {"signedOut": True}
        assert outcome.response.header("set-cookie").endswith("SameSite=Lax; Max-Age=0")
    assert status(acme, key=None, cookie=cookie) == 401
    assert status(acme, key=None, cookie=other) == 200


def test_a_session_ends_after_thirty_days_and_not_before():
    acme = Acme(ADMIN, clock="real")
    cookie = acme.signed_in("vera@acme.example")
    acme.now = NOW + 30 * DAY - 1
    assert status(acme, key=None, cookie=cookie) == 200
    acme.now = NOW + 30 * DAY
    assert "has expired" in refused(acme.ask("GET", UNITS, key=None, cookie=cookie))
    assert said(acme.ask("GET", "/api/auth/session", key=None, cookie=cookie))["data"]["user"] is None


def test_a_session_has_the_role_that_its_user_has_now_and_a_key_its_own():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("anna@acme.example")
    acme.made("PATCH", "/orgs/acme/members/01HXMEMBER000000000000ANNA", {"role": "viewer"})
    assert acme.call("POST", "/domains", {"name": "One"}, key=None, cookie=cookie)[0] == 403
    assert acme.call("POST", "/domains", {"name": "Two"}, key=AUTHOR)[0] == 201


def test_removing_a_member_ends_sessions_and_keys_for_good():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("anna@acme.example")
    acme.made("DELETE", "/orgs/acme/members/01HXMEMBER000000000000ANNA")
    assert (status(acme, key=None, cookie=cookie), status(acme, key=AUTHOR)) == (401, 401)
    acme.made("POST", "/orgs/acme/members", {"email": "anna@acme.example", "role": "author"})
    assert (status(acme, key=None, cookie=cookie), status(acme, key=AUTHOR)) == (401, 401)
    assert status(acme, key=None, cookie=acme.signed_in("anna@acme.example")) == 200


def test_nobody_signs_in_with_an_address_that_no_member_has():
    acme = Acme(ADMIN)
    for email in ("nobody@acme.example", "vera@acme.example.org", "admin"):
        assert acme.ask("POST", "/api/auth/signin", {"email": email}).response.status in (400, 401)
    assert acme.world.workspace.table("sessions").count() == 0


def test_a_form_is_answered_with_a_page_and_json_with_json():
    acme = Acme(ADMIN)
    form = {"content_type": "application/x-www-form-urlencoded"}
    page = acme.ask("POST", "/api/auth/signin", b"email=vera%40acme.example", key=None, **form).response
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=utf-8")
    assert b"Vera Novak" in page.body
    assert status(acme, key=None, cookie=page.header("set-cookie").partition(";")[0]) == 200
    out = acme.ask("POST", "/api/auth/signout", b"", key=None, **form).response
    assert out.status == 200
    out = acme.ask("POST", "/api/auth/signout", b"x=", key=None, **form).response
    assert out.header("content-type") == "text/html; charset=utf-8"


def test_the_sign_in_page_lists_who_there_is_and_needs_nothing_from_elsewhere():
    page = Acme(ADMIN).ask("GET", "/api/auth/signin", key=None).response
    text = page.body.decode()
    assert text.count('action="signin"') == 8
    assert "reviewer of Acme Bank" in text
    assert not re.search(r"<script|https?:|\bsrc=|@import|url\(", text)
    assert "default-src 'none'" in page.header("content-security-policy")


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_sign_in_page_escapes_what_people_are_called(name, email):
    text = sign_in_page([(Frozen(name=name, email=email), [f"admin of {name}"])]).decode()
    blank = sign_in_page([(Frozen(name="", email=""), ["admin of "])]).decode()
    assert text.count("<") == blank.count("<")
    assert text.count('"') == blank.count('"')


def test_a_key_is_shown_once_and_works_from_then_on():
    acme = Acme(ADMIN)
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI"})
    assert KEY.fullmatch(made["key"])
    assert made["prefix"] == made["key"][:18]
    assert (made["role"], made["permissions"], made["expiresAt"]) == ("author", ["inference"], None)
    assert acme.call("POST", "/domains", {"name": "By key"}, key=made["key"])[0] == 201
    assert acme.call("DELETE", "/domains/by-key", key=made["key"])[0] == 403
    (listed,) = (each for each in acme.made("GET", "/orgs/acme/api-keys") if each["id"] == made["id"])
    assert listed == {**{name: made[name] for name in listed}, "lastUsedAt": "2026-04-13T14:30:00.000Z"}
    assert "key" not in listed
    dumped = str(acme.home.keyring.api.storage.dump(acme.world.workspace))
    assert made["key"] not in dumped
    assert made["key"][18:] not in dumped


def test_what_an_answer_shows_for_once_is_not_kept():
    acme = Acme(ADMIN)
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI"})
    assert made["key"].encode() not in kept_of(acme.last).body
    token = acme.signed_in("vera@acme.example").partition("=")[2]
    assert token not in str(kept_of(acme.last).headers)


def test_a_revoked_key_is_worth_nothing_at_once_and_is_not_listed():
    acme = Acme(ADMIN)
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI"})
    assert acme.made("DELETE", f"/orgs/acme/api-keys/{made['id']}") == {"id": made["id"], "deleted": True}
    assert "revoked" in refused(acme.ask("GET", UNITS, key=made["key"]))
    assert made["id"] not in [each["id"] for each in acme.made("GET", "/orgs/acme/api-keys")]
    assert acme.call("DELETE", f"/orgs/acme/api-keys/{made['id']}")[0] == 404


def test_a_key_ends_at_its_instant_and_not_before():
    acme = Acme(ADMIN, clock="real")
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI", "expiresAt": "2026-04-14"})
    assert made["expiresAt"] == "2026-04-14T00:00:00.000Z"
    midnight = NOW + 9 * HOUR + 30 * MINUTE
    acme.now = midnight - 1
    assert status(acme, key=made["key"]) == 200
    acme.now = midnight
    assert "expired" in refused(acme.ask("GET", UNITS, key=made["key"]))
    acme.now += SECOND
    assert made["id"] in [each["id"] for each in acme.made("GET", "/orgs/acme/api-keys")]


@pytest.mark.parametrize("text", ["2026-04-13", "2026-04-13T14:30:00.000Z", "1999-12-31", "soon", "2026-02-30"])
def test_a_key_that_would_have_ended_already_is_refused(text):
    code, body = Acme(ADMIN).call("POST", "/orgs/acme/api-keys", {"name": "CI", "expiresAt": text})
    assert (code, body["error"]["details"]["field"]) == (400, "expiresAt")


def test_a_key_without_the_permission_may_all_but_infer():
    acme = Acme(ADMIN)
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI", "permissions": []})
    code, body = acme.call("POST", "/inference", {"query": "Hm?"}, key=made["key"])
    assert (code, body["error"]["code"]) == (403, "FORBIDDEN")
    assert acme.call("POST", "/domains", {"name": "Fine"}, key=made["key"])[0] == 201


@given(st.text("0123456789abcdef", min_size=32, max_size=32))
def test_no_key_is_made_that_reads_like_a_declared_one_or_one_of_a_world_of_its_own(digits):
    key = spelled(digits)
    assert KEY.fullmatch(key)
    assert not key.startswith(("ctrlai_pk_" + OWN, "ctrlai_pk_" + DECLARED))
    assert stranger(key, RULES) == "production"


@pytest.mark.parametrize("role", ROLES)
def test_an_own_world_is_entered_in_the_role_that_is_set(role):
    opened = stranger(OWN_KEY, RULES.having(role=role))
    assert opened.owner == HOME
    assert opened.terms == Frozen(role=role, permissions=("inference",), user=HOME[role], org="o")


def test_undeclared_keys_open_a_world_or_are_told_why_not():
    assert stranger(OWN_KEY, RULES.having(strict=True)) == "strict"
    assert stranger("ctrlai_pk_" + "0" * 31 + "9", RULES) == RESERVED
    assert stranger("ctrlai_st_" + "0" * 64, RULES) == "session"
    assert stranger("", RULES) == "unknown"


@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        ({}, ("author", ("inference",), "a", "o")),
        ({"role": "viewer"}, ("viewer", ("inference",), "v", "o")),
        ({"role": "admin", "permissions": []}, ("admin", (), "ad", "o")),
        ({"user": "x", "org": "y"}, ("author", ("inference",), "x", "y")),
        ({"role": "viewer", "permissions": None, "user": "x", "org": "y"}, ("viewer", None, "x", "y")),
    ],
)
def test_a_minted_key_has_what_was_asked_for(asked, terms):
    minted = mint(HOME, asked, False, "token")
    assert tuple(minted.terms[name] for name in ("role", "permissions", "user", "org")) == terms
    assert KEY.fullmatch(minted.credential)
    assert mint(HOME, minted.terms, False, "").terms == minted.terms


@pytest.mark.parametrize(
    "asked",
    [
        {"role": "owner"},
        {"plan": "pro"},
        {"permissions": ["all"]},
        {"permissions": "inference"},
        {"user": 7},
        {"role": []},
    ],
)
def test_a_key_that_cannot_be_minted_is_refused(asked):
    with pytest.raises(Problem) as refusal:
        mint(HOME, asked, False, "token")
    assert (refusal.value.status, refusal.value.cause) == (422, "key-unfit")


@pytest.mark.parametrize(("rate_class", "count"), [("read", 60), ("write", 30), ("strict", 5), ("", 60)])
def test_each_class_has_its_own_window(rate_class, count):
    assert (LAW.limit(HOME, rate_class).rate, LAW.limit(HOME, rate_class).span) == (count, MINUTE)


def test_each_key_has_a_quota_and_the_sessions_of_a_user_share_one():
    acme = Acme(ADMIN)
    first, second = acme.signed_in("vera@acme.example"), acme.signed_in("vera@acme.example")
    for _ in range(60):
        assert status(acme, key=None, cookie=first) == 200
    assert (status(acme, key=None, cookie=first), status(acme, key=None, cookie=second)) == (429, 429)
    assert (status(acme, key=VIEWER), status(acme, key=ADMIN)) == (200, 200)
    assert acme.ask("GET", "/api/auth/session", key=None, cookie=first).response.status == 200


def test_signing_in_is_counted_by_address():
    acme = Acme(ADMIN)
    codes = [acme.ask("GET", "/api/auth/signin", key=None).response.status for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert acme.last.response.header("retry-after") == "60"


def test_keys_and_sessions_read_like_secrets_and_the_public_digits_do_not():
    acme = Acme(ADMIN)
    made = acme.made("POST", "/orgs/acme/api-keys", {"name": "CI"})
    token = acme.signed_in("vera@acme.example").partition("=")[2]
    assert SECRET.fullmatch(made["key"])
    assert SECRET.fullmatch(token)
    assert TOKEN.fullmatch(token)
    assert not SECRET.search(made["prefix"])


def test_a_key_of_another_organization_sees_that_one():
    acme = Acme(ADMIN)
    assert {each["name"] for each in acme.made("GET", "/units", key=GLOBEX)} == {"Late Claim", "Hail Damage"}


SIGN_IN = "/api/auth/signin"
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "world"),
    [
        ({"email": "Greta@Globex.example"}, {}, "globex/live"),
        ({"email": "greta@globex.example"}, {"cookie": f"{COOKIE}=ctrlai_st_" + "a" * 64}, "globex/live"),
        ({"email": "greta@globex.example"}, {"authorization": "Basic x"}, "globex/live"),
        (b"email=vera%40acme.example", FORM, "acme/live"),
        ({"email": "nobody@acme.example"}, {}, None),
        ({"email": 7}, {}, None),
        ([], {}, None),
        (b"{", {}, None),
        (b"\xff", FORM, None),
        (b"", {}, None),
    ],
)
def test_who_signs_in_comes_to_the_world_of_the_address(body, headers, world):
    place, caller = identify(Acme(ADMIN).home.keyring, request("POST", SIGN_IN, body, None, **headers))
    assert caller.key is None
    assert (place and place.world) == world


def test_an_address_says_whose_a_request_is_where_one_signs_in_and_nowhere_else():
    keyring = Acme(ADMIN).home.keyring
    body = {"email": "vera@acme.example"}
    assert identify(keyring, request("POST", "/api/v1/units", body, None))[0] is None
    assert identify(keyring, request("GET", SIGN_IN, body, None))[0] is None
    assert identify(keyring, request("POST", SIGN_IN, body, ADMIN))[1].key is not None


def test_nobody_signs_in_to_the_lobby():
    lobby = Acme(None)
    assert lobby.world.charter.lobby
    assert b"Vera Novak" in lobby.ask("GET", SIGN_IN).response.body
    assert lobby.ask("POST", SIGN_IN, {"email": "vera@acme.example"}).response.status == 401
