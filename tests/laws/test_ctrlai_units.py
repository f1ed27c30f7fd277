"""Ctrl AI's units as a client meets them: each refusal once, filters, pages, reviews, and what the audit log tells."""

import pytest

from sandbox.apis.ctrlai.units import FILTERS, WRITTEN
from sandbox.core.clock import SECOND
from tests.acme import ADMIN, AUTHOR, GLOBEX, REVIEWER, SECOND_REVIEWER, VIEWER, Acme, said
from tests.support import NOW, realm

UNITS = "/api/v1/units"
DTI, TIER, LATE_CLAIM = "01HXVN1T000000000000000DT1", "01HXVN1T0000000000R1SKT1ER", "01HXVN1T0000000000000C1A1M"
NOWHERE = "01HX0000000000000000000000"
CREDIT, KYC = "01HXD0MA1N0000000000CRED1T", "01HXD0MA1N0000000000000KYC"
CLAIMS = "01HXD0MA1N0000000000C1A1MS"
VERA, RENE, ANNA, REX = (f"01HXVSER{each:0>18}" for each in ("VERA", "RENE", "ANNA", "REX"))
HANS = f"01HXVSER{'HANS':0>18}"
LEAST = {"name": "Sum", "unitType": "program", "domainId": CREDIT}
SUM = {**LEAST, "inputSchema": {"a": "number"}, "definition": {"program": {"b": {"+": [{"var": "a"}, 1]}}}}
SENT = {
    "body-missing": (None, {}),
    "body-unparsable": (b"{", {}),
    "body-not-json": (b"{}", {"content_type": "text/plain"}),
}
BODIES = {
    "createUnit": ("POST", UNITS),
    "updateUnit": ("PATCH", f"{UNITS}/{DTI}"),
    "verifyUnit": ("POST", f"{UNITS}/{DTI}/verify"),
    "assignReviewers": ("POST", f"{UNITS}/{DTI}/assign"),
}
ASKED = {
    ("createUnit", "domain-unknown"): ("POST", UNITS, {**LEAST, "domainId": CLAIMS}),
    ("createUnit", "schema-unfit"): ("POST", UNITS, {**LEAST, "inputSchema": {"a": "decimal"}}),
    ("createUnit", "program-unfit"): ("POST", UNITS, {**LEAST, "definition": {"program": {"b": {"plus": [1, 2]}}}}),
    ("getUnit", "unit-not-found"): ("GET", f"{UNITS}/{NOWHERE}", None),
    ("updateUnit", "unit-not-found"): ("PATCH", f"{UNITS}/{LATE_CLAIM}", {}),
    ("updateUnit", "domain-unknown"): ("PATCH", f"{UNITS}/{DTI}", {"domainId": "credit-risk"}),
    ("updateUnit", "schema-unfit"): ("PATCH", f"{UNITS}/{DTI}", {"outputSchema": {"1": "number"}}),
    ("updateUnit", "program-unfit"): ("PATCH", f"{UNITS}/{DTI}", {"inputSchema": {"monthlyDebt": "number"}}),
    ("deleteUnit", "unit-not-found"): ("DELETE", f"{UNITS}/{LATE_CLAIM}", None),
    ("deleteUnit", "unit-in-workflow"): ("DELETE", f"{UNITS}/{DTI}", None),
    ("verifyUnit", "unit-not-found"): ("POST", f"{UNITS}/{LATE_CLAIM}/verify", {"action": "approve"}),
    ("verifyUnit", "element-unknown"): (
        "POST", f"{UNITS}/{DTI}/verify", {"action": "approve", "elementReviews": [{"elementId": "x", "action": "approve"}]},
    ),
    ("assignReviewers", "unit-not-found"): ("POST", f"{UNITS}/{NOWHERE}/assign", {"reviewerIds": []}),
    ("assignReviewers", "reviewer-unfit"): ("POST", f"{UNITS}/{DTI}/assign", {"reviewerIds": [RENE, VERA]}),
}  # fmt: skip
FIELDS = {
    "domain-unknown": "domainId",
    "program-unfit": "definition",
    "element-unknown": "elementReviews",
    "reviewer-unfit": "reviewerIds",
}
MINE = {operation for operation, _ in ASKED} | {"listUnits"}


def acme():
    return Acme(ADMIN, quota="off", clock="real")


@pytest.mark.parametrize(("operation", "cause"), [*ASKED, *((each, cause) for each in BODIES for cause in SENT)])
def test_each_listed_refusal_occurs_as_listed(operation, cause):
    world = acme()
    if cause in SENT:
        outcome = world.ask(*BODIES[operation], SENT[cause][0], **SENT[cause][1])
    else:
        outcome = world.ask(*ASKED[operation, cause])
    refusal = realm("default", api="ctrlai").keyring.api.contract.operations[operation].refusals[cause]
    assert (outcome.operation, outcome.cause) == (operation, cause)
    assert outcome.response.status == refusal.status
    assert said(outcome)["error"]["code"] == refusal.code
    if cause in FIELDS:
        assert said(outcome)["error"]["details"]["field"] == FIELDS[cause]


def test_every_listed_refusal_is_provoked_above():
    operations = realm("default", api="ctrlai").keyring.api.contract.operations
    listed = {(each, cause) for each in MINE for cause in operations[each].refusals}
    assert listed == set(ASKED) | {(each, cause) for each in BODIES for cause in SENT}


@pytest.mark.parametrize(
    ("method", "target", "body", "least"),
    [
        ("GET", "/units", None, VIEWER),
        ("GET", f"/units/{DTI}", None, VIEWER),
        ("POST", f"/units/{DTI}/verify", {"action": "approve"}, REVIEWER),
        ("POST", "/units", LEAST, AUTHOR),
        ("PATCH", f"/units/{DTI}", {"name": "Ratio"}, AUTHOR),
        ("POST", f"/units/{DTI}/assign", {"reviewerIds": [RENE]}, ADMIN),
        ("DELETE", f"/units/{DTI}", None, ADMIN),
    ],
)
def test_a_role_too_low_is_403_before_anything_else_is_looked_at(method, target, body, least):
    for key in (VIEWER, REVIEWER, AUTHOR, ADMIN):
        status, _ = acme().call(method, target, body, key=key)
        assert (status == 403) == (key < least)
    if least > VIEWER:
        hidden = target.replace(DTI, NOWHERE)
        assert acme().call(method, hidden, b"{" if body else None, key=VIEWER)[0] == 403


def test_a_new_unit_is_a_candidate_and_its_absent_texts_are_null():
    world = acme()
    unit = world.made("POST", "/units", LEAST, key=AUTHOR)
    assert world.call("GET", f"/units/{unit['id']}") == (200, {"data": unit})
    assert {name: unit[name] for name in LEAST} == LEAST
    assert {unit[name] for name in WRITTEN if name not in LEAST} == {None}
    assert (unit["status"], unit["verificationScore"], unit["version"]) == ("candidate", None, 1)
    assert (unit["createdBy"], unit["assignedReviewers"], unit["createdAt"]) == (ANNA, [], "2026-04-13T14:30:00.000Z")
    assert world.made("GET", "/units?limit=1") == [unit]


def test_what_a_definition_says_beside_the_program_is_kept_in_its_order():
    given = {
        "z": [1, {"y": None}],
        "program": SUM["definition"]["program"],
        "elements": [{"id": "e", "type": "rule", "text": "t"}],
    }
    world = acme()
    unit = world.made("POST", "/units", {**SUM, "definition": given})
    assert list(unit["definition"].items()) == list(given.items())


def test_equal_names_are_allowed():
    world = acme()
    one, other = world.made("POST", "/units", LEAST), world.made("POST", "/units", LEAST)
    assert one["id"] < other["id"]


def test_a_program_may_read_what_no_schema_declares_but_not_what_a_schema_leaves_out():
    world = acme()
    bare = {name: value for name, value in SUM.items() if name != "inputSchema"}
    assert world.call("POST", "/units", bare)[0] == 201
    status, body = world.call("POST", "/units", {**SUM, "inputSchema": {"c": "number"}})
    assert (status, body["error"]["details"]["field"]) == (400, "definition")
    assert "a is read" in body["error"]["details"]["issue"]
    assert world.call("POST", "/units", {**SUM, "unitType": "framework", "inputSchema": {"c": "number"}})[0] == 201


# Lists.


def everything(world, query="", size=200):
    """Return all units of a filter, page by page, and check what the pages say of themselves."""
    found, total = [], None
    while total is None or len(found) < total:
        status, body = world.call("GET", f"/units?limit={size}&offset={len(found)}{query}")
        assert status == 200
        assert body["meta"] == {"total": body["meta"]["total"], "limit": size, "offset": len(found)}
        total = body["meta"]["total"]
        assert len(body["data"]) == min(size, total - len(found))
        found += body["data"]
    return found


@pytest.mark.parametrize("size", [1, 3, 7, 200])
@pytest.mark.parametrize("query", ["", "&status=verified", "&unitType=program&status=verified", f"&domainId={KYC}"])
def test_pages_partition_the_list(size, query):
    world = acme()
    whole = [each["id"] for each in everything(world, query)]
    assert [each["id"] for each in everything(world, query, size)] == whole
    assert len(set(whole)) == len(whole) > 1


def test_the_list_is_newest_first():
    listed = everything(acme())
    keys = [(each["createdAt"], each["id"]) for each in listed]
    assert keys == sorted(keys, reverse=True)


def test_a_page_after_the_last_is_empty_and_tells_the_total():
    status, body = acme().call("GET", "/units?offset=100000")
    assert (status, body["data"], body["meta"]["offset"], body["meta"]["limit"]) == (200, [], 100000, 20)
    assert body["meta"]["total"] == len(everything(acme()))


def test_every_filter_and_every_pair_keeps_exactly_what_has_its_values():
    world = acme()
    listed = everything(world)
    values = {name: {each[name] for each in listed if each[name] is not None} for name in FILTERS}
    assert values["status"] == {"candidate", "in_review", "verified", "partial_verified", "needs_review"}
    pairs = [((one, a), (other, b)) for one in FILTERS for a in values[one] for other in FILTERS for b in values[other]]
    for pair in pairs:
        wanted = dict(pair)
        expected = [each for each in listed if all(each[name] == value for name, value in pair)]
        query = "".join(f"&{name}={value}" for name, value in wanted.items())
        if len(wanted) == len(pair):
            assert everything(world, query) == expected


@pytest.mark.parametrize("query", [f"domainId={CLAIMS}", "domainId=nothing", "jurisdiction=XX", "jurisdiction=eu"])
def test_a_filter_that_nothing_has_matches_nothing(query):
    assert acme().call("GET", f"/units?{query}") == (200, {"data": [], "meta": {"total": 0, "limit": 20, "offset": 0}})


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=done", "status"), ("unitType=table", "unitType"), ("limit=201", "limit"), ("limit=0", "limit"),
     ("offset=-1", "offset"), ("limit=x", "limit")],
)  # fmt: skip
def test_a_value_outside_a_closed_list_or_range_is_400(query, field):
    status, body = acme().call("GET", f"/units?{query}")
    assert (status, body["error"]["code"], body["error"]["details"]["field"]) == (400, "VALIDATION_ERROR", field)


# Organizations.


def test_what_another_organization_has_is_not_there():
    world = acme()
    assert LATE_CLAIM not in [each["id"] for each in everything(world)]
    missing = world.call("GET", f"/units/{NOWHERE}")[1]["error"]
    hidden = world.call("GET", f"/units/{LATE_CLAIM}")[1]["error"]
    assert hidden == {**missing, "message": missing["message"].replace(NOWHERE, LATE_CLAIM)}
    assert world.call("GET", f"/units/{LATE_CLAIM}", key=GLOBEX)[0] == 200
    assert world.call("GET", f"/units/{DTI}", key=GLOBEX)[0] == 404


def test_a_list_is_each_organizations_own_even_when_asked_for_alike():
    world = acme()
    here, there = world.call("GET", "/units"), world.call("GET", "/units", key=GLOBEX)
    assert {each["id"] for each in here[1]["data"]}.isdisjoint(each["id"] for each in there[1]["data"])
    assert world.call("GET", "/units") == here


def test_nobody_of_another_organization_can_be_assigned():
    status, body = acme().call("POST", f"/units/{DTI}/assign", {"reviewerIds": [HANS]})
    assert (status, body["error"]["details"]["field"]) == (400, "reviewerIds")


# Changes.


def log(world, action, ident):
    """Return the newest entry of this action on this thing, and how many there are."""
    body = world.call("GET", f"/audit?action={action}&resourceId={ident}")[1]
    return (body["data"] or [None])[0], body["meta"]["total"]


def test_two_reviewers_verify_and_the_log_tells_each_step():
    world = acme()
    unit = world.made("POST", "/units", LEAST, key=AUTHOR)["id"]
    first = world.made("POST", f"/units/{unit}/verify", {"action": "approve"}, key=REVIEWER)
    assert (first["status"], first["verificationScore"], first["version"]) == ("in_review", 100, 1)
    world.now += SECOND
    second = world.made("POST", f"/units/{unit}/verify", {"action": "approve", "comment": "Fine"}, key=SECOND_REVIEWER)
    review = second.pop("review")
    assert second["status"] == "verified"
    assert world.made("GET", f"/units/{unit}") == second
    told = {"action": "approve", "approvalRate": 100, "reviewerId": REX, "createdAt": "2026-04-13T14:30:01.000Z"}
    assert {**told, "id": review["id"]} == review
    entry, count = log(world, "unit.verified", unit)
    assert count == 2
    assert entry["details"] == {"verificationAction": "approve", "approvalRate": 100, "status": "verified"}
    assert (entry["userId"], entry["resourceType"]) == (REX, "unit")


def test_the_creator_never_verifies_alone_and_asking_for_changes_is_logged_too():
    world = acme()
    unit = world.made("POST", "/units", LEAST, key=AUTHOR)["id"]
    for _ in range(3):
        assert world.made("POST", f"/units/{unit}/verify", {"action": "approve"}, key=AUTHOR)["status"] == "in_review"
    asked = {"action": "request_changes", "elementReviews": []}
    assert world.made("POST", f"/units/{unit}/verify", asked, key=REVIEWER)["status"] == "needs_review"
    entry, count = log(world, "unit.verified", unit)
    assert (count, entry["details"]["verificationAction"], entry["details"]["approvalRate"]) == (
        4,
        "request_changes",
        50,
    )


def test_a_key_and_a_session_of_one_person_are_one_reviewer():
    world = acme()
    unit = world.made("POST", "/units", LEAST, key=AUTHOR)["id"]
    cookie = world.signed_in("rene@acme.example")
    world.made("POST", f"/units/{unit}/verify", {"action": "approve"}, key=REVIEWER)
    again = world.made("POST", f"/units/{unit}/verify", {"action": "approve"}, key=None, cookie=cookie)
    assert again["status"] == "in_review"


@pytest.mark.parametrize("action", ["approve", "correct_values", "never heard of"])
def test_any_action_on_an_element_is_taken(action):
    body = {
        "action": "approve",
        "elementReviews": [{"elementId": "given", "action": action, "value": [1], "comment": "c"}],
    }
    rate = acme().made("POST", f"/units/{DTI}/verify", body)["review"]["approvalRate"]
    assert rate == (100 if action == "approve" else 67)


def test_an_edit_of_the_formal_text_voids_the_reviews_and_one_of_the_name_does_not():
    world = acme()
    before = world.made("GET", f"/units/{DTI}")
    world.now += SECOND
    named = world.made("PATCH", f"/units/{DTI}", {"name": "DTI", "description": None, "domainId": KYC}, key=AUTHOR)
    assert (named["status"], named["version"], named["verificationScore"]) == ("verified", before["version"], 100)
    assert (named["name"], named["description"], named["domainId"]) == ("DTI", None, KYC)
    assert named["updatedAt"] == "2026-04-13T14:30:01.000Z"
    formal = world.made("PATCH", f"/units/{DTI}", {"when": "always", "name": "DTI"}, key=AUTHOR)
    assert (formal["status"], formal["verificationScore"]) == ("candidate", None)
    assert formal["version"] == before["version"] + 1
    entry, _ = log(world, "unit.updated", DTI)
    assert entry["details"] == {"changes": ["when"], "version": formal["version"], "status": "candidate"}


def test_an_update_that_changes_nothing_leaves_no_trace():
    world = acme()
    before = world.made("GET", f"/units/{TIER}")
    count = log(world, "unit.updated", TIER)[1]
    world.now += SECOND
    for body in ({}, {"name": before["name"]}, {name: before[name] for name in WRITTEN}, {"status": "verified"}):
        assert world.made("PATCH", f"/units/{TIER}", body) == before
    assert log(world, "unit.updated", TIER)[1] == count


def test_assigning_replaces_the_list_once_each_and_binds_nobody():
    world = acme()
    unit = world.made("POST", "/units", LEAST)["id"]
    assert world.made("POST", f"/units/{unit}/assign", {"reviewerIds": [RENE, ANNA]})["assignedReviewers"] == [
        RENE,
        ANNA,
    ]
    assert world.made("POST", f"/units/{unit}/assign", {"reviewerIds": [ANNA] * 2})["assignedReviewers"] == [ANNA]
    assert (
        world.made("POST", f"/units/{unit}/verify", {"action": "approve"}, key=SECOND_REVIEWER)["status"] == "in_review"
    )
    assert world.made("POST", f"/units/{unit}/assign", {"reviewerIds": []})["assignedReviewers"] == []
    entry, count = log(world, "unit.reviewers_assigned", unit)
    assert (entry["details"], count) == ({"reviewerIds": []}, 3)


def test_a_deleted_unit_is_gone_and_the_log_keeps_it():
    world = acme()
    unit = world.made("POST", "/units", LEAST)["id"]
    assert world.call("DELETE", f"/units/{unit}") == (200, {"data": {"id": unit, "deleted": True}})
    assert world.call("GET", f"/units/{unit}")[0] == 404
    assert world.call("DELETE", f"/units/{unit}")[0] == 404
    assert log(world, "unit.created", unit)[1] == log(world, "unit.deleted", unit)[1] == 1


def test_a_refused_request_leaves_no_trace():
    world = acme()
    before = world.call("GET", "/audit?limit=1")[1]["meta"]["total"]
    for (operation, _), asked in ASKED.items():
        assert world.ask(*asked).response.status >= 400, operation
    assert world.call("GET", "/audit?limit=1")[1]["meta"]["total"] == before


def test_the_same_requests_make_the_same_units():
    one, other = (acme() for _ in range(2))
    for world in (one, other):
        world.now = NOW + SECOND
        world.made("POST", "/units", SUM)
    assert one.call("GET", "/units") == other.call("GET", "/units")
