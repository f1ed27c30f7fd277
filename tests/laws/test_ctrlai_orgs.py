"""Organisations of Ctrl AI: who is in them, who runs them, and that nobody sees into another's."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.layouts import LAYOUTS, membership
from tests.acme import ADMIN, AUTHOR, GLOBEX, OWN, VIEWER, Acme, said

ROLES = ("viewer", "reviewer", "author", "admin")
ADAM, ANNA, VERA = "01HXMEMBER000000000000ADAM", "01HXMEMBER000000000000ANNA", "01HXMEMBER000000000000VERA"
ACME = "01HX0RG000000000000000ACME"


def members(acme, slug="acme", **given):
    """Return the members of an organisation by e-mail address."""
    return {each["email"]: each for each in acme.made("GET", f"/orgs/{slug}/members?limit=200", **given)}


def test_an_organization_that_is_founded_has_its_founder_as_admin():
    acme = Acme(ADMIN)
    org = acme.made("POST", "/orgs", {"name": "Über & Söhne"}, key=VIEWER)
    assert org["slug"] == "uber-sohne"
    assert [each["slug"] for each in acme.made("GET", "/orgs", key=VIEWER)] == ["uber-sohne", "acme"]
    assert [each["slug"] for each in acme.made("GET", "/orgs")] == ["acme"]
    assert members(acme, "uber-sohne", key=VIEWER)["vera@acme.example"]["role"] == "admin"


def test_a_session_runs_what_its_user_has_founded_and_a_key_stays_below_its_role():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("anna@acme.example")
    acme.made("POST", "/orgs", {"name": "New"}, key=None, cookie=cookie)
    assert acme.call("PATCH", "/orgs/new", {"name": "Newer"}, key=AUTHOR)[0] == 403
    assert acme.made("PATCH", "/orgs/new", {"name": "Newer"}, key=None, cookie=cookie)["name"] == "Newer"
    assert acme.call("PATCH", "/orgs/acme", {"name": "Mine"}, key=None, cookie=cookie)[0] == 403
    key = acme.made("POST", "/orgs/new/api-keys", {"name": "K", "role": "admin"}, key=None, cookie=cookie)["key"]
    assert acme.made("GET", "/units", key=key) == []
    assert acme.made("POST", "/domains", {"name": "Its own"}, key=key)["slug"] == "its-own"


def test_the_slug_stays_when_the_name_changes_and_is_taken_once():
    acme = Acme(ADMIN)
    assert acme.made("PATCH", "/orgs/acme", {"name": "Globex"})["slug"] == "acme"
    assert acme.call("POST", "/orgs", {"name": "GLOBEX!"})[0] == 409
    assert acme.call("POST", "/orgs", {"name": "acme"})[0] == 409
    code, body = acme.call("POST", "/orgs", {"name": "!?"})
    assert (code, body["error"]["details"]["field"]) == (400, "name")


def test_nothing_changes_where_nothing_is_to_change():
    acme = Acme(ADMIN)
    before = acme.world.workspace
    acme.made("PATCH", "/orgs/acme", {})
    acme.made("PATCH", "/orgs/acme", {"name": "Acme Bank"})
    acme.made("PATCH", f"/orgs/acme/members/{ANNA}", {"role": "author"})
    assert acme.world.workspace is before


INSIDE = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("GET", "/members", None),
    ("POST", "/members", {"email": "me@acme.example"}),
    ("PATCH", "/members/01HXMEMBER00000000000GRETA", {"role": "viewer"}),
    ("DELETE", "/members/01HXMEMBER00000000000GRETA", None),
    ("GET", "/api-keys", None),
    ("POST", "/api-keys", {"name": "Mine"}),
    ("DELETE", "/api-keys/01HXKEY0000000000000000006", None),
]


@pytest.mark.parametrize(("method", "path", "body"), INSIDE)
@pytest.mark.parametrize("key", [ADMIN, OWN])
def test_an_organization_that_one_is_not_in_is_as_if_it_were_not_there(method, path, body, key):
    acme = Acme(key)
    before = acme.world.workspace
    foreign, absent = acme.call(method, f"/orgs/globex{path}", body), acme.call(method, f"/orgs/nowhere{path}", body)
    assert foreign[0] == 404
    assert acme.last.cause == "org-not-found"
    assert foreign[1]["error"]["message"].replace("globex", "nowhere") == absent[1]["error"]["message"]
    assert acme.world.workspace is before


@pytest.mark.parametrize(("method", "path", "body"), [each for each in INSIDE if "/0" in each[1]])
def test_what_is_another_organizations_is_not_found_in_ones_own(method, path, body):
    acme = Acme(ADMIN)
    before = acme.world.workspace
    assert acme.call(method, f"/orgs/acme{path}", body)[0] == 404
    assert acme.world.workspace is before


FOREIGN = [
    ("GET", "/units/01HXVN1T0000000000000C1A1M", None),
    ("PATCH", "/units/01HXVN1T0000000000000C1A1M", {"name": "Mine"}),
    ("DELETE", "/units/01HXVN1T00000000000000HA11", None),
    ("POST", "/units/01HXVN1T00000000000000HA11/verify", {"action": "approve"}),
    ("POST", "/units/01HXVN1T00000000000000HA11/assign", {"reviewerIds": []}),
    ("GET", "/domains/claims", None),
    ("GET", "/domains/01HXD0MA1N0000000000C1A1MS", None),
    ("PATCH", "/domains/claims", {"name": "Mine"}),
    ("DELETE", "/domains/claims", None),
    ("GET", "/domains/claims/members", None),
    ("POST", "/domains/claims/members", {"userId": "01HXVSER0000000000000GRETA"}),
    ("GET", "/workflows/credit-decision", None),
    ("PATCH", "/workflows/credit-decision", {"name": "Mine"}),
    ("DELETE", "/workflows/credit-decision", None),
]


@pytest.mark.parametrize(("method", "target", "body"), FOREIGN)
def test_no_organization_reaches_into_another(method, target, body):
    key = GLOBEX if "workflows" in target else ADMIN
    acme = Acme(key)
    before = acme.world.workspace
    assert acme.call(method, target, body)[0] == 404
    assert acme.world.workspace is before


def test_whoever_is_invited_is_a_member_at_once_and_is_made_if_nobody_has_the_address():
    acme = Acme(ADMIN)
    made = acme.made(
        "POST", "/orgs/acme/members", {"email": "New.Person@Acme.example", "role": "author", "name": "New"}
    )
    assert (made["email"], made["role"], made["name"]) == ("new.person@acme.example", "author", "New")
    assert members(acme)["new.person@acme.example"] == made
    cookie = acme.signed_in("new.person@acme.example")
    assert acme.call("POST", "/domains", {"name": "Theirs"}, key=None, cookie=cookie)[0] == 201
    code, body = acme.call("POST", "/orgs/acme/members", {"email": "NEW.PERSON@acme.example"})
    assert (code, body["error"]["code"]) == (409, "CONFLICT")


def test_somebody_known_keeps_name_and_id_and_is_a_viewer_unless_told_otherwise():
    acme = Acme(ADMIN)
    users = acme.world.workspace.table("users").count()
    made = acme.made("POST", "/orgs/acme/members", {"email": "greta@globex.example", "name": "Somebody Else"})
    assert (made["userId"], made["name"], made["role"]) == ("01HXVSER0000000000000GRETA", "Greta Sand", "viewer")
    assert acme.world.workspace.table("users").count() == users
    assert {each["slug"] for each in acme.made("GET", "/orgs", key=GLOBEX)} == {"acme", "globex"}
    assert acme.call("PATCH", "/orgs/acme", {"name": "Hers"}, key=GLOBEX)[0] == 403
    assert acme.call("GET", "/orgs/acme", key=GLOBEX)[0] == 200


def test_who_has_no_name_is_called_by_the_address():
    acme = Acme(ADMIN)
    assert acme.made("POST", "/orgs/acme/members", {"email": "jo.doe@acme.example"})["name"] == "jo.doe"


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "author"}), ("DELETE", None)])
def test_the_last_admin_stays(method, body):
    acme = Acme(ADMIN)
    code, told = acme.call(method, f"/orgs/acme/members/{ADAM}", body)
    assert (code, told["error"]["code"], acme.last.cause) == (409, "CONFLICT", "last-admin")
    acme.made("PATCH", f"/orgs/acme/members/{ANNA}", {"role": "admin"})
    assert acme.call(method, f"/orgs/acme/members/{ADAM}", body)[0] == 200


@cache
def lively():
    """Return a world whose admin asks without counting, and how it was born."""
    acme = Acme(OWN, quota="off")
    return acme, acme.world


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("invite"), st.integers(0, 5), st.sampled_from(ROLES)),
        st.tuples(st.just("change"), st.integers(0, 9), st.sampled_from(ROLES)),
        st.tuples(st.just("remove"), st.integers(0, 9), st.none()),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(DEEDS)
def test_there_is_an_admin_whatever_happens(deeds):
    acme, born = lively()
    acme.world = born
    roles = held(acme)
    for verb, at, role in deeds:
        if roles.get("adam@acme.example") != "admin":
            break
        email = f"guest{at}@acme.example" if verb == "invite" else sorted(roles)[at % len(roles)]
        expected, after = foreseen(roles, verb, email, role)
        assert done(acme, verb, email, role) == expected
        roles = after
        assert held(acme) == roles
        assert "admin" in roles.values()


def foreseen(roles, verb, email, role):
    """Return the status of a deed and the roles after it."""
    if verb == "invite":
        return (409, roles) if email in roles else (201, {**roles, email: role})
    after = {**roles, email: role} if verb == "change" else {each: roles[each] for each in roles if each != email}
    return (200, after) if "admin" in after.values() else (409, roles)


def done(acme, verb, email, role):
    """Do it, and return the status."""
    if verb == "invite":
        return acme.call("POST", "/orgs/acme/members", {"email": email, "role": role})[0]
    workspace = acme.world.workspace
    target = f"/orgs/acme/members/{workspace.table('members').owner(membership(ACME, workspace.table('users').owner(email)))}"
    return acme.call("PATCH", target, {"role": role})[0] if verb == "change" else acme.call("DELETE", target)[0]


def held(acme):
    """Return the role of every member by e-mail address, as the rows have them."""
    users = acme.world.workspace.table("users")
    return {
        users.get(each["userId"])["email"]: each["role"] for each in acme.world.workspace.table("members").all(ACME)
    }


def test_removing_a_member_takes_the_memberships_in_domains_along():
    acme = Acme(ADMIN)
    before = {each["email"] for each in acme.made("GET", "/domains/credit-risk/members")}
    acme.made("DELETE", f"/orgs/acme/members/{ANNA}")
    assert {each["email"] for each in acme.made("GET", "/domains/credit-risk/members")} == before - {
        "anna@acme.example"
    }


def test_an_organization_that_is_deleted_takes_all_but_its_logs_along():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("vera@acme.example")
    org = acme.made("GET", "/orgs/acme")["id"]
    entries, questions = (acme.world.workspace.table(each).count(org) for each in ("audit", "inferences"))
    assert acme.made("DELETE", "/orgs/acme") == {"id": org, "deleted": True}
    workspace = acme.world.workspace
    for name in set(LAYOUTS) - {"audit", "inferences", "orgs", "users"}:
        assert workspace.table(name).count(org) == 0
    assert workspace.table("audit").count(org) == entries + 1
    assert workspace.table("inferences").count(org) == questions > 0
    assert workspace.table("orgs").get(org) is None
    for credential in ({}, {"key": VIEWER}, {"key": None, "cookie": cookie}):
        assert acme.call("GET", "/units", **credential)[0] == 401
    assert len(acme.made("GET", "/units", key=GLOBEX)) == 2


def test_a_key_that_outlives_its_organization_is_no_use():
    acme = Acme(OWN)
    acme.made("DELETE", "/orgs/acme")
    for method, target, body in (("GET", "/units", None), ("POST", "/domains", {"name": "x"}), ("GET", "/audit", None)):
        assert acme.call(method, target, body)[0] == 401
    assert acme.made("GET", "/orgs") == []


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_partition_the_members(limit):
    acme = Acme(ADMIN)
    whole = acme.made("GET", "/orgs/acme/members?limit=200")
    pages = []
    for offset in range(0, len(whole) + limit, limit):
        _, body = acme.call("GET", f"/orgs/acme/members?limit={limit}&offset={offset}")
        assert body["meta"] == {"total": len(whole), "limit": limit, "offset": offset}
        pages += body["data"]
    assert pages == whole
    assert [each["createdAt"] for each in whole] == sorted((each["createdAt"] for each in whole), reverse=True)


@pytest.mark.parametrize(
    ("target", "body", "field", "issue"),
    [
        ("/orgs", {}, "name", "Required"),
        ("/orgs", {"name": 7}, "name", "Expected string, received number"),
        ("/orgs", {"name": " "}, "name", "String must contain at least 1 character(s)"),
        ("/orgs/acme/members", {}, "email", "Required"),
        (
            "/orgs/acme/members",
            {"email": "a@b.example", "role": "owner"},
            "role",
            "Invalid enum value. Expected 'viewer' | 'reviewer' | 'author' | 'admin', received 'owner'",
        ),
        ("/orgs/acme/members", {"email": "nobody"}, "email", "Invalid email"),
        ("/orgs/acme/api-keys", {"name": ""}, "name", "String must contain at least 1 character(s)"),
    ],
)
def test_a_body_that_does_not_fit_is_told_in_the_validators_words(target, body, field, issue):
    acme = Acme(ADMIN)
    code, told = acme.call("POST", target, body)
    assert (code, told["error"]["code"], told["error"]["message"]) == (400, "VALIDATION_ERROR", "Invalid input")
    assert told["error"]["details"] == {"field": field, "issue": issue}


@pytest.mark.parametrize(
    ("query", "field", "issue"),
    [
        ("limit=201", "limit", "Number must be less than or equal to 200"),
        ("limit=0", "limit", "Number must be greater than or equal to 1"),
        ("limit=many", "limit", "Expected number, received nan"),
        ("limit=1.5", "limit", "Expected integer, received float"),
        ("offset=-1", "offset", "Number must be greater than or equal to 0"),
    ],
)
def test_a_query_that_does_not_fit_is_told_in_the_validators_words(query, field, issue):
    code, told = Acme(ADMIN).call("GET", f"/orgs/acme/members?{query}")
    assert (code, told["error"]["details"]) == (400, {"field": field, "issue": issue})


def test_a_body_that_cannot_be_read_is_told_so():
    acme = Acme(ADMIN)
    for body, headers, issue in (
        (b"{", {}, "Invalid JSON"),
        (b"", {}, "Required"),
        (b"{}", {"content_type": "text/plain"}, "Expected application/json"),
    ):
        outcome = acme.ask("POST", "/api/v1/orgs", body, **headers)
        assert said(outcome)["error"]["details"] == {"field": "body", "issue": issue}
