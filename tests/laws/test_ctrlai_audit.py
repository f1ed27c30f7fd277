"""The audit log of Ctrl AI: one entry a change, none for anything else, read by filter and date, as JSON or as CSV."""

import csv
import io
import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.ctrlai.audit import FIELDS, as_csv
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.clock import DAY, HOUR, SECOND
from sandbox.core.frozen import freeze
from tests.acme import ADMIN, GLOBEX, VIEWER, Acme, said
from tests.support import NOW

DOMAIN = "01HXD0MA1N0000000000CRED1T"
RENE, ANNA = "01HXVSER00000000000000RENE", "01HXMEMBER000000000000ANNA"
UNIT = {"name": "Spare", "unitType": "pattern", "domainId": DOMAIN, "when": "spare"}
MUTATIONS = {
    "unit.created": ("POST", "/units", UNIT),
    "unit.updated": ("PATCH", "/units/01HXVN1T000000000000000DT1", {"description": "New"}),
    "unit.verified": ("POST", "/units/01HXVN1T000000000000000DT1/verify", {"action": "request_changes"}),
    "unit.reviewers_assigned": ("POST", "/units/01HXVN1T000000000000000DT1/assign", {"reviewerIds": [RENE]}),
    "workflow.created": ("POST", "/workflows", {"name": "W", "domainId": DOMAIN, "units": ["01HXVN1T000000000000000DT1"]}),
    "workflow.updated": ("PATCH", "/workflows/loan-pre-check", {"description": "New"}),
    "workflow.deleted": ("DELETE", "/workflows/loan-pre-check", None),
    "domain.created": ("POST", "/domains", {"name": "Markets"}),
    "domain.updated": ("PATCH", "/domains/kyc", {"name": "Know"}),
    "domain_member.added": ("POST", "/domains/kyc/members", {"userId": RENE}),
    "domain_member.removed": ("DELETE", f"/domains/credit-risk/members/{RENE}", None),
    "org.created": ("POST", "/orgs", {"name": "New"}),
    "org.updated": ("PATCH", "/orgs/acme", {"name": "New"}),
    "org.deleted": ("DELETE", "/orgs/acme", None),
    "member.invited": ("POST", "/orgs/acme/members", {"email": "new@acme.example"}),
    "member.role_changed": ("PATCH", f"/orgs/acme/members/{ANNA}", {"role": "viewer"}),
    "member.removed": ("DELETE", f"/orgs/acme/members/{ANNA}", None),
    "api_key.created": ("POST", "/orgs/acme/api-keys", {"name": "New"}),
    "api_key.revoked": ("DELETE", "/orgs/acme/api-keys/01HXKEY0000000000000000001", None),
}  # fmt: skip


def rows(acme):
    """Return the ids of all entries."""
    return set(acme.world.workspace.table("audit").rows)


@pytest.mark.parametrize("action", MUTATIONS)
def test_a_change_leaves_one_entry_that_says_who_did_what_from_where(action):
    acme = Acme(ADMIN)
    before = rows(acme)
    method, target, body = MUTATIONS[action]
    acme.made(method, target, body, user_agent="laws/1.0")
    (ident,) = rows(acme) - before
    entry = acme.world.workspace.table("audit").get(ident)
    assert (entry["action"], entry["userId"]) == (action, "01HXVSER00000000000000ADAM")
    assert (entry["ipAddress"], entry["userAgent"], entry["createdAt"]) == ("local", "laws/1.0", NOW)
    assert action.startswith(entry["resourceType"])


def test_a_unit_and_a_domain_that_are_deleted_leave_an_entry_too():
    acme = Acme(ADMIN)
    unit = acme.made("POST", "/units", UNIT)["id"]
    acme.made("DELETE", f"/units/{unit}")
    acme.made("POST", "/domains", {"name": "Brief"})
    acme.made("DELETE", "/domains/brief")
    latest = [each["action"] for each in acme.made("GET", "/audit?limit=4")]
    assert latest == ["domain.deleted", "domain.created", "unit.deleted", "unit.created"]


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/v1/inference", {"query": "Is the weather fine?"}),
        ("POST", "/v1/workflows/compose", {"description": "Decide", "domainId": DOMAIN}),
        ("GET", "/v1/units", None),
        ("GET", "/v1/audit", None),
        ("GET", "/v1/audit?format=csv", None),
        ("POST", "/auth/signin", {"email": "vera@acme.example"}),
        ("POST", "/auth/signout", None),
        ("PATCH", "/v1/orgs/acme", {}),
    ],
)
def test_what_changes_no_record_leaves_no_entry(method, target, body):
    acme = Acme(ADMIN)
    before = rows(acme)
    assert acme.ask(method, "/api" + target, body).response.status == 200
    assert rows(acme) == before


@pytest.mark.parametrize("action", MUTATIONS)
def test_a_request_that_is_refused_leaves_no_entry(action):
    acme = Acme(ADMIN)
    before = acme.world.workspace
    method, target, body = MUTATIONS[action]
    if action != "org.created":
        assert acme.call(method, target, body, key=VIEWER)[0] == 403
    assert acme.call(method, target, body, key=None)[0] == 401
    if body is not None:
        assert acme.call(method, target, b"{")[0] == 400
        assert acme.call(method, target, [])[0] == 400
    for there, absent in (("acme", "nowhere"), ("01HX", "01HZ"), ("loan-", "no-"), ("kyc", "none")):
        if there in target:
            assert acme.call(method, target.replace(there, absent), body)[0] == 404
    assert acme.world.workspace is before


@cache
def history():
    """Return a world in which something happened every few hours, and all that an admin sees of it, newest first."""
    acme = Acme(ADMIN, clock="real", quota="off")
    for step in range(12):
        acme.now = NOW + step * 5 * HOUR + step * 137_001
        acme.made("POST", "/domains", {"name": f"Domain {step}"})
        acme.made("PATCH", f"/domains/domain-{step}", {"description": "=1+1"})
    return acme, acme.made("GET", "/audit?limit=200")


def test_entries_come_newest_first_even_within_a_millisecond():
    _, entries = history()
    assert entries == sorted(entries, key=lambda each: (each["createdAt"], each["id"]), reverse=True)
    assert [each["action"] for each in entries[:2]] == ["domain.updated", "domain.created"]


DAYS = st.integers(-40, 3).map(lambda days: iso_millis(NOW + days * DAY)[:10])
TIMES = st.integers(0, 60 * 3600).map(lambda seconds: iso_millis(NOW + seconds * SECOND))
BOUNDS = st.none() | DAYS | TIMES


@settings(deadline=None)
@given(BOUNDS, BOUNDS, st.sampled_from([None, "domain.created", "domain.updated"]))
def test_dates_are_inclusive_and_filters_combine(start, end, action):
    acme, entries = history()
    asked = {"startDate": start, "endDate": end, "action": action, "resourceType": "domain"}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    code, body = acme.call("GET", f"/audit?limit=200&{query}")
    first, last = spelled_out(start or "1970-01-01", "00:00:00.000"), spelled_out(end or "9999-12-31", "23:59:59.999")
    if first > last:
        assert (code, body["error"]["details"]["field"]) == (400, "startDate")
        return
    wanted = [
        each
        for each in entries
        if first <= each["createdAt"] <= last and each["resourceType"] == "domain" and action in (None, each["action"])
    ]
    assert (body["data"], body["meta"]["total"]) == (wanted, len(wanted))


def spelled_out(date, time):
    """Return a date with this time, or a time as it is; both sort as texts."""
    return date if "T" in date else f"{date}T{time}Z"


def test_a_date_and_its_time_count_as_the_first_and_the_last_of_them():
    acme, entries = history()
    third = next(each for each in entries if each["details"].get("name") == "Domain 3")["createdAt"]
    for query in (f"startDate={third}&endDate={third}", f"startDate={third[:-5]}Z&endDate={third}"):
        assert third in {each["createdAt"] for each in acme.made("GET", f"/audit?{query}")}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/audit?startDate=soon", "startDate"),
        ("/audit?endDate=2026-02-30", "endDate"),
        ("/audit?startDate=", "startDate"),
        ("/audit?startDate=2026-04-14&endDate=2026-04-13", "startDate"),
        ("/audit?limit=201", "limit"),
        ("/audit?format=xml", "format"),
        ("/audit/inference?startDate=soon", "startDate"),
        ("/audit/inference?startDate=2026-04-14&endDate=2026-04-13", "startDate"),
    ],
)
def test_a_query_that_cannot_be_is_refused(query, field):
    code, body = Acme(ADMIN).call("GET", query)
    assert (code, body["error"]["details"]["field"]) == (400, field)


def test_fifty_entries_come_unless_told_otherwise():
    acme, entries = history()
    _, body = acme.call("GET", "/audit")
    assert body["meta"] == {"total": len(entries), "limit": 50, "offset": 0}
    assert body["data"] == entries[:50]


def cells(outcome):
    """Return the rows of a CSV as the JSON has them."""
    header, *table = csv.reader(outcome.response.body.decode().splitlines(keepends=True))
    assert tuple(header) == FIELDS
    return [
        {name: json.loads(cell) if name == "details" else cell or None for name, cell in zip(FIELDS, each, strict=True)}
        for each in table
    ]


@pytest.mark.parametrize("query", ["", "action=domain.created", "startDate=2026-04-13&endDate=2026-04-14"])
def test_the_csv_says_what_the_json_says(query):
    acme, _ = history()
    outcome = acme.ask("GET", f"/api/v1/audit?format=csv&{query}")
    assert outcome.response.header("content-type") == "text/csv; charset=utf-8"
    assert outcome.response.header("content-disposition") == 'attachment; filename="audit.csv"'
    assert cells(outcome) == acme.made("GET", f"/audit?limit=200&{query}")


def test_the_csv_holds_all_unless_a_limit_or_an_offset_is_given():
    acme, entries = history()
    assert len(entries) > 50
    for query, part in (
        ("", entries),
        ("&limit=3", entries[:3]),
        ("&offset=60", entries[60:]),
        ("&limit=2&offset=1", entries[1:3]),
    ):
        assert cells(acme.ask("GET", f"/api/v1/audit?format=csv{query}")) == part


@given(
    st.dictionaries(st.text(max_size=5), st.text() | st.integers(-(1 << 53), 1 << 53) | st.none(), max_size=4),
    st.text(),
)
def test_whatever_stands_in_an_entry_stands_in_the_csv(details, agent):
    entry = freeze({**dict.fromkeys(FIELDS, "x"), "details": details, "userAgent": agent or None, "createdAt": NOW})
    text = as_csv([entry]).decode()
    header, row = csv.reader(iter_lines(text))
    told = dict(zip(header, row, strict=True))
    assert json.loads(told["details"]) == details
    assert told["userAgent"] == agent


def iter_lines(text):
    """Return the text as the csv module wants it: in one piece, whatever line breaks it holds."""
    return io.StringIO(text, newline="")


def test_the_csv_is_for_admins_and_the_log_for_everybody():
    acme = Acme(ADMIN)
    outcome = acme.ask("GET", "/api/v1/audit?format=csv", key=VIEWER)
    assert (outcome.response.status, outcome.cause) == (403, "permission")
    assert said(outcome)["error"]["code"] == "FORBIDDEN"
    assert acme.call("GET", "/audit", key=VIEWER)[0] == 200


def test_each_organization_has_its_own_log():
    acme = Acme(ADMIN)
    acme.made("POST", "/domains", {"name": "Ours"})
    ours = {each["id"] for each in acme.made("GET", "/audit?limit=200")}
    theirs = {each["id"] for each in acme.made("GET", "/audit?limit=200", key=GLOBEX)}
    assert ours
    assert theirs
    assert not ours & theirs


def test_what_is_done_in_another_organization_stands_in_its_log():
    acme = Acme(ADMIN)
    cookie = acme.signed_in("adam@acme.example")
    acme.made("POST", "/orgs", {"name": "New"}, key=None, cookie=cookie)
    acme.made("POST", "/orgs/new/members", {"email": "x@y.example"}, key=None, cookie=cookie)
    key = acme.made("POST", "/orgs/new/api-keys", {"name": "K"}, key=None, cookie=cookie)["key"]
    actions = [each["action"] for each in acme.made("GET", "/audit", key=key)]
    assert actions == ["api_key.created", "member.invited", "org.created"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_changes_or_deletes_an_entry(method):
    acme = Acme(ADMIN)
    before = rows(acme)
    assert acme.ask(method, "/api/v1/audit", {}).response.status in (404, 405)
    assert acme.ask(method, f"/api/v1/audit/{min(before)}", {}).response.status in (404, 405)
    assert rows(acme) == before


def test_the_users_agent_is_kept_as_long_as_it_is_not_endless():
    acme = Acme(ADMIN)
    acme.made("POST", "/domains", {"name": "One"}, user_agent="x" * 5000)
    acme.made("POST", "/domains", {"name": "Two"})
    second, first = acme.made("GET", "/audit?limit=2")
    assert (first["userAgent"], second["userAgent"]) == ("x" * 512, None)


def test_a_log_reaches_back_to_what_the_fixture_tells():
    entries = Acme(ADMIN).made("GET", "/audit?limit=200")
    assert min(each["createdAt"] for each in entries) < iso_millis(NOW - 300 * DAY)
