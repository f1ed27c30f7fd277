"""Ctrl AI's workflows and domains as a client meets them: each refusal once, graphs, versions, drafts, members."""

import pytest

from sandbox.core.clock import SECOND
from tests.acme import ADMIN, AUTHOR, GLOBEX, VIEWER, Acme, said
from tests.support import realm

WORKFLOWS, DOMAINS = "/api/v1/workflows", "/api/v1/domains"
DTI, TIER, AFFORD = "01HXVN1T000000000000000DT1", "01HXVN1T0000000000R1SKT1ER", "01HXVN1T000000000000AFF0RD"
LATE_CLAIM, NOWHERE = "01HXVN1T0000000000000C1A1M", "01HX0000000000000000000000"
CREDIT, KYC, FRAUD = "01HXD0MA1N0000000000CRED1T", "01HXD0MA1N0000000000000KYC", "01HXD0MA1N00000000000FRAVD"
CLAIMS = "01HXD0MA1N0000000000C1A1MS"
ANNA, RENE, REX, VERA = (f"01HXVSER{each:0>18}" for each in ("ANNA", "RENE", "REX", "VERA"))
HANS = f"01HXVSER{'HANS':0>18}"
FLOW = {"name": "Ratio and Tier", "domainId": CREDIT, "units": [DTI, TIER]}
DECISION = f"{WORKFLOWS}/credit-decision"
SENT = {
    "body-missing": (None, {}),
    "body-unparsable": (b"{", {}),
    "body-not-json": (b"{}", {"content_type": "text/plain"}),
}
BODIES = {
    "createWorkflow": ("POST", WORKFLOWS),
    "composeWorkflow": ("POST", f"{WORKFLOWS}/compose"),
    "updateWorkflow": ("PATCH", DECISION),
    "createDomain": ("POST", DOMAINS),
    "updateDomain": ("PATCH", f"{DOMAINS}/kyc"),
    "addDomainMember": ("POST", f"{DOMAINS}/kyc/members"),
}
TEXT = {"name": "Text Ratio", "unitType": "framework", "domainId": CREDIT, "outputSchema": {"dti": "string"}}
ASKED = {
    ("createWorkflow", "domain-unknown"): ("POST", WORKFLOWS, {**FLOW, "domainId": CLAIMS}),
    ("createWorkflow", "unit-unknown"): ("POST", WORKFLOWS, {**FLOW, "units": [DTI, LATE_CLAIM]}),
    ("createWorkflow", "types-clash"): ("POST", WORKFLOWS, {**FLOW, "units": [DTI, "TEXT"]}),
    ("createWorkflow", "slug-taken"): ("POST", WORKFLOWS, {**FLOW, "name": "  credit -- DECISION!"}),
    ("createWorkflow", "name-unfit"): ("POST", WORKFLOWS, {**FLOW, "name": "決定"}),
    ("composeWorkflow", "domain-unknown"): ("POST", f"{WORKFLOWS}/compose", {"description": "x", "domainId": "kyc"}),
    ("getWorkflow", "workflow-not-found"): ("GET", f"{WORKFLOWS}/nothing", None),
    ("updateWorkflow", "workflow-not-found"): ("PATCH", f"{WORKFLOWS}/nothing", {}),
    ("updateWorkflow", "domain-unknown"): ("PATCH", DECISION, {"domainId": NOWHERE}),
    ("updateWorkflow", "unit-unknown"): ("PATCH", DECISION, {"units": [NOWHERE]}),
    ("updateWorkflow", "types-clash"): ("PATCH", DECISION, {"units": ["TEXT", TIER]}),
    ("deleteWorkflow", "workflow-not-found"): ("DELETE", f"{WORKFLOWS}/nothing", None),
    ("createDomain", "slug-taken"): ("POST", DOMAINS, {"name": "Credit: Risk"}),
    ("createDomain", "name-unfit"): ("POST", DOMAINS, {"name": "--"}),
    ("getDomain", "domain-not-found"): ("GET", f"{DOMAINS}/{CLAIMS}", None),
    ("updateDomain", "domain-not-found"): ("PATCH", f"{DOMAINS}/claims", {}),
    ("deleteDomain", "domain-not-found"): ("DELETE", f"{DOMAINS}/claims", None),
    ("deleteDomain", "domain-in-use"): ("DELETE", f"{DOMAINS}/credit-risk", None),
    ("listDomainMembers", "domain-not-found"): ("GET", f"{DOMAINS}/{NOWHERE}/members", None),
    ("addDomainMember", "domain-not-found"): ("POST", f"{DOMAINS}/claims/members", {"userId": RENE}),
    ("addDomainMember", "member-unknown"): ("POST", f"{DOMAINS}/kyc/members", {"userId": HANS}),
    ("addDomainMember", "member-exists"): ("POST", f"{DOMAINS}/kyc/members", {"userId": REX}),
    ("removeDomainMember", "domain-not-found"): ("DELETE", f"{DOMAINS}/claims/members/{HANS}", None),
    ("removeDomainMember", "member-not-found"): ("DELETE", f"{DOMAINS}/kyc/members/{RENE}", None),
}
FIELDS = {"unit-unknown": "units", "types-clash": "units", "name-unfit": "name", "member-unknown": "userId"}
MINE = {operation for operation, _ in ASKED} | {"listWorkflows", "listDomains"}


def acme():
    return Acme(ADMIN, quota="off", clock="real")


def with_text(world):
    """Make the unit that gives the ratio as a text, and return its id."""
    return world.made("POST", "/units", TEXT)["id"]


@pytest.mark.parametrize(("operation", "cause"), [*ASKED, *((each, cause) for each in BODIES for cause in SENT)])
def test_each_listed_refusal_occurs_as_listed(operation, cause):
    world = acme()
    if cause in SENT:
        outcome = world.ask(*BODIES[operation], SENT[cause][0], **SENT[cause][1])
    else:
        method, target, body = ASKED[operation, cause]
        if cause == "types-clash":
            text = with_text(world)
            body = {**body, "units": [text if each == "TEXT" else each for each in body["units"]]}
        outcome = world.ask(method, target, body)
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
        ("GET", "/workflows", None, VIEWER),
        ("GET", "/workflows/credit-decision", None, VIEWER),
        ("POST", "/workflows", FLOW, AUTHOR),
        ("POST", "/workflows/compose", {"description": "loan", "domainId": CREDIT}, AUTHOR),
        ("PATCH", "/workflows/credit-decision", {"status": "archived"}, AUTHOR),
        ("DELETE", "/workflows/credit-decision", None, ADMIN),
        ("GET", "/domains/kyc", None, VIEWER),
        ("POST", "/domains", {"name": "New"}, AUTHOR),
        ("PATCH", "/domains/kyc", {"name": "New"}, AUTHOR),
        ("DELETE", "/domains/kyc", None, ADMIN),
        ("GET", "/domains/kyc/members", None, VIEWER),
        ("POST", "/domains/kyc/members", {"userId": RENE}, ADMIN),
        ("DELETE", f"/domains/kyc/members/{REX}", None, ADMIN),
    ],
)
def test_each_operation_is_open_from_its_least_role_on(method, target, body, least):
    for key in (VIEWER, AUTHOR, ADMIN):
        assert (acme().call(method, target, body, key=key)[0] == 403) == (key < least)


def log(world, action, ident):
    """Return the newest entry of this action on this thing, and how many there are."""
    body = world.call("GET", f"/audit?action={action}&resourceId={ident}")[1]
    return (body["data"] or [None])[0], body["meta"]["total"]


# Workflows.


def test_a_workflow_of_verified_units_is_active_and_shows_its_graph():
    world = acme()
    made = world.made("POST", "/workflows", FLOW, key=AUTHOR)
    assert made["dag"] == {
        "nodes": [
            {"unitId": DTI, "name": "Debt-to-Income Ratio", "unitType": "program", "status": "verified"},
            {"unitId": TIER, "name": "Risk Tier", "unitType": "program", "status": "verified"},
        ],
        "edges": [{"from": DTI, "to": TIER, "variable": "dti"}],
    }
    assert made["inputs"] == [
        {"name": "monthlyDebt", "type": "number"},
        {"name": "monthlyIncome", "type": "number"},
        {"name": "creditScore", "type": "integer"},
    ]
    assert made["outputs"] == [{"name": "riskTier", "type": "string"}]
    assert (made["slug"], made["status"], made["verificationStatus"]) == ("ratio-and-tier", "active", "verified")
    assert (made["version"], made["createdBy"], made["description"], made["jurisdiction"]) == (1, ANNA, None, None)
    assert world.made("GET", "/workflows/ratio-and-tier") == made
    assert world.made("GET", "/workflows?limit=1") == [made]
    assert log(world, "workflow.created", made["id"])[0]["details"] == {"slug": "ratio-and-tier", "status": "active"}


@pytest.mark.parametrize(
    ("others", "status", "verification"),
    [([], "draft", "unverified"), ([AFFORD], "draft", "partially_verified"), (None, "draft", "unverified")],
)
def test_a_workflow_with_a_candidate_or_with_nothing_is_a_draft(others, status, verification):
    world = acme()
    plain = world.made("POST", "/units", {"name": "Plain", "unitType": "pattern", "domainId": CREDIT})["id"]
    flow = world.made("POST", "/workflows", {**FLOW, "units": [] if others is None else [plain, *others]})
    assert (flow["status"], flow["verificationStatus"]) == (status, verification)


def test_a_unit_that_is_listed_twice_stands_in_its_first_place_alone():
    world = acme()
    made = world.made("POST", "/workflows", {**FLOW, "units": [DTI, TIER, DTI]})
    assert made["units"] == [DTI, TIER]
    assert world.made("PATCH", "/workflows/ratio-and-tier", {"units": [DTI, DTI, TIER]}) == made


def test_a_workflow_tells_of_its_units_as_they_are_now():
    world = acme()
    before = world.made("GET", "/workflows/credit-decision")
    world.made("PATCH", f"/units/{TIER}", {"name": "Tier", "then": "Another tier."})
    after = world.made("GET", "/workflows/credit-decision")
    assert world.made("GET", "/workflows?domainId=" + CREDIT)[0] == after
    assert (before["verificationStatus"], after["verificationStatus"]) == ("verified", "partially_verified")
    assert [each["name"] for each in after["dag"]["nodes"]][1] == "Tier"
    assert (after["status"], after["version"], after["updatedAt"]) == ("active", before["version"], before["updatedAt"])


def test_a_unit_that_was_edited_out_of_type_loses_its_edge():
    world = acme()
    world.made("PATCH", f"/units/{DTI}", {"outputSchema": {"dti": "string"}})
    flow = world.made("GET", "/workflows/credit-decision")
    assert {"from": DTI, "to": TIER, "variable": "dti"} not in flow["dag"]["edges"]
    assert {"name": "dti", "type": "number"} in flow["inputs"]
    assert world.call("PATCH", "/workflows/credit-decision", {"units": flow["units"]})[0] == 400
    assert world.call("PATCH", "/workflows/credit-decision", {"name": "Still to be named"})[0] == 200


def test_every_edit_makes_a_version_and_keeps_the_old_one():
    world = acme()
    before = world.made("GET", "/workflows/credit-decision")
    world.now += SECOND
    edits = ({"units": [DTI]}, {"name": "Only the Ratio"}, {"status": "archived", "description": None})
    for number, edit in enumerate(edits, before["version"] + 1):
        after = world.made("PATCH", "/workflows/credit-decision", edit, key=AUTHOR)
        assert after["version"] == number
        assert {name: after[name] for name in edit} == edit
    assert (after["slug"], after["updatedAt"]) == ("credit-decision", "2026-04-13T14:30:01.000Z")
    row = world.world.workspace.table("workflows").get(after["id"])
    assert [each["version"] for each in row["past"]] == list(range(1, after["version"]))
    assert row["past"][-3]["units"] == tuple(before["units"])
    entry, count = log(world, "workflow.updated", after["id"])
    assert set(entry["details"]["changes"]) == {"status", "description"}
    assert (entry["details"]["version"], entry["details"]["status"]) == (after["version"], "archived")
    assert count == after["version"] - 1


def test_an_update_that_changes_nothing_leaves_no_trace():
    world = acme()
    before = world.made("GET", "/workflows/credit-decision")
    count = log(world, "workflow.updated", before["id"])[1]
    same = {name: before[name] for name in ("name", "description", "domainId", "jurisdiction", "units", "status")}
    for body in ({}, same, {"slug": "other"}):
        assert world.made("PATCH", "/workflows/credit-decision", body) == before
    assert log(world, "workflow.updated", before["id"])[1] == count


def test_a_deleted_workflow_frees_its_slug_and_its_units():
    world = acme()
    unit = with_text(world)
    flow = world.made("POST", "/workflows", {**FLOW, "units": [unit]})
    assert world.call("DELETE", f"/units/{unit}")[0] == 409
    assert world.call("DELETE", "/workflows/ratio-and-tier") == (200, {"data": {"id": flow["id"], "deleted": True}})
    assert world.call("GET", "/workflows/ratio-and-tier")[0] == 404
    assert log(world, "workflow.deleted", flow["id"])[1] == 1
    assert world.call("DELETE", f"/units/{unit}")[0] == 200
    assert world.call("POST", "/workflows", FLOW)[0] == 201


def test_a_unit_that_was_taken_out_of_a_workflow_can_be_deleted():
    world = acme()
    unit = with_text(world)
    world.made("POST", "/workflows", {**FLOW, "units": [unit]})
    world.made("PATCH", "/workflows/ratio-and-tier", {"units": []})
    assert world.call("DELETE", f"/units/{unit}")[0] == 200


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", {"credit-decision", "customer-onboarding", "loan-pre-check"}),
        ("status=active", {"credit-decision"}),
        ("status=archived", {"loan-pre-check"}),
        (f"domainId={CREDIT}", {"credit-decision", "loan-pre-check"}),
        (f"domainId={CREDIT}&status=archived", {"loan-pre-check"}),
        (f"domainId={KYC}&status=active", set()),
        (f"domainId={CLAIMS}", set()),
    ],
)
def test_filters_keep_what_has_their_values(query, slugs):
    status, body = acme().call("GET", f"/workflows?{query}")
    assert (status, {each["slug"] for each in body["data"]}) == (200, slugs)
    assert body["meta"] == {"total": len(slugs), "limit": 20, "offset": 0}


@pytest.mark.parametrize("query", ["status=verified", "limit=201", "offset=-1"])
def test_a_value_outside_a_closed_list_or_range_is_400(query):
    status, body = acme().call("GET", f"/workflows?{query}")
    assert (status, body["error"]["details"]["field"]) == (400, query.split("=")[0])


@pytest.mark.parametrize("kind", ["workflows", "domains", "domains/credit-risk/members"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_partition_the_list(kind, size):
    world = acme()
    whole = world.made("GET", f"/{kind}?limit=200")
    pages = [world.made("GET", f"/{kind}?limit={size}&offset={offset}") for offset in range(0, len(whole) + size, size)]
    assert [each for page in pages for each in page] == whole
    assert len(whole) > 1


def test_the_reserved_slug_is_no_workflow():
    world = acme()
    status, body = world.call("POST", "/workflows", {**FLOW, "name": "Compose!"})
    assert (status, body["error"]["code"]) == (409, "CONFLICT")


def test_a_slug_is_taken_in_its_organization_alone():
    world = acme()
    theirs = {"name": "Credit Decision", "domainId": CLAIMS, "units": [LATE_CLAIM]}
    assert world.made("POST", "/workflows", theirs, key=GLOBEX)["slug"] == "credit-decision"
    assert world.made("GET", "/workflows/credit-decision", key=GLOBEX)["units"] == [LATE_CLAIM]
    assert world.made("GET", "/workflows/credit-decision")["units"][0] == DTI


@pytest.mark.parametrize(
    ("name", "slug"), [("Crédit à l'Été 2", "credit-a-l-ete-2"), ("  A__B  ", "a-b"), ("x" * 200, "x" * 200)]
)
def test_a_slug_is_the_name_in_lower_case_with_hyphens(name, slug):
    assert acme().made("POST", "/workflows", {**FLOW, "name": name})["slug"] == slug


def test_only_the_slug_is_an_address_of_a_workflow():
    world = acme()
    ident = world.made("GET", "/workflows/credit-decision")["id"]
    assert world.call("GET", f"/workflows/{ident}")[0] == 404
    assert world.call("GET", "/workflows/Credit-Decision")[0] == 404


# Drafts.


def test_a_draft_is_found_for_a_description_and_nothing_is_saved():
    world = acme()
    before = world.world.workspace
    draft = world.made(
        "POST", "/workflows/compose", {"description": "Sort a loan into a risk tier.", "domainId": CREDIT}
    )
    assert world.world.workspace.tables == before.tables
    assert set(draft) == {"name", "description", "domainId", "units", "dag", "inputs", "outputs", "status"}
    assert (draft["name"], draft["status"]) == ("Sort a loan into a risk tier", "draft")
    assert draft["units"].index(DTI) < draft["units"].index(TIER)
    saved = world.made(
        "POST", "/workflows", {name: draft[name] for name in ("name", "description", "domainId", "units")}
    )
    assert {**saved, "status": "draft"}.items() >= draft.items()


def test_a_description_that_nothing_matches_is_an_empty_draft():
    draft = acme().made("POST", "/workflows/compose", {"description": "Bake bread", "domainId": CREDIT})
    assert (draft["units"], draft["dag"], draft["inputs"], draft["outputs"]) == ([], {"nodes": [], "edges": []}, [], [])


def test_a_draft_has_no_unit_of_another_organization():
    draft = acme().made("POST", "/workflows/compose", {"description": "Is the claim late", "domainId": KYC})
    assert LATE_CLAIM not in draft["units"]
    asked = {"description": "Is the claim late", "domainId": CLAIMS}
    assert acme().made("POST", "/workflows/compose", asked, key=GLOBEX)["units"] == [LATE_CLAIM]


# Domains.


def test_a_domain_is_reached_by_id_and_by_slug_and_keeps_its_slug():
    world = acme()
    made = world.made("POST", "/domains", {"name": "Anti-Money Laundering"}, key=AUTHOR)
    assert (made["slug"], made["description"]) == ("anti-money-laundering", None)
    world.now += SECOND
    named = world.made("PATCH", f"/domains/{made['slug']}", {"name": "AML", "description": "Where money comes from"})
    assert (named["slug"], named["name"], named["updatedAt"]) == (made["slug"], "AML", "2026-04-13T14:30:01.000Z")
    assert world.made("GET", f"/domains/{made['id']}") == world.made("GET", f"/domains/{made['slug']}") == named
    assert world.made("GET", "/domains")[0] == named
    assert log(world, "domain.created", made["id"])[1] == log(world, "domain.updated", made["id"])[1] == 1
    assert world.made("PATCH", f"/domains/{made['id']}", {"name": "AML"}) == named
    assert log(world, "domain.updated", made["id"])[1] == 1


def test_a_domain_goes_only_when_nothing_belongs_to_it_and_takes_its_members_along():
    world = acme()
    made = world.made("POST", "/domains", {"name": "Short"})["id"]
    world.made("POST", f"/domains/{made}/members", {"userId": VERA})
    unit = world.made("POST", "/units", {"name": "u", "unitType": "pattern", "domainId": made})["id"]
    status, body = world.call("DELETE", "/domains/short")
    assert (status, "1 unit" in body["error"]["message"]) == (409, True)
    world.made("PATCH", f"/units/{unit}", {"domainId": FRAUD})
    assert world.call("DELETE", "/domains/short") == (200, {"data": {"id": made, "deleted": True}})
    assert not [each for each in world.world.workspace.table("domainMembers").all() if each["domainId"] == made]
    assert log(world, "domain.deleted", made)[1] == 1
    assert world.made("POST", "/domains", {"name": "Short"})["slug"] == "short"


def test_members_of_a_domain_are_shown_with_their_role_as_it_is_now():
    world = acme()
    added = world.made("POST", "/domains/fraud/members", {"userId": RENE})
    assert added == {
        "userId": RENE,
        "email": "rene@acme.example",
        "name": "Rene Fabre",
        "role": "reviewer",
        "addedAt": "2026-04-13T14:30:00.000Z",
    }
    member = next(each for each in world.made("GET", "/orgs/acme/members") if each["userId"] == RENE)
    world.made("PATCH", f"/orgs/acme/members/{member['id']}", {"role": "author"})
    assert world.made("GET", f"/domains/{FRAUD}/members") == [{**added, "role": "author"}]
    assert world.call("DELETE", f"/domains/fraud/members/{RENE}") == (200, {"data": {"id": RENE, "deleted": True}})
    assert world.made("GET", "/domains/fraud/members") == []
    assert log(world, "domain_member.added", RENE)[0]["details"] == {"domainId": FRAUD}
    assert log(world, "domain_member.removed", RENE)[0]["details"] == {"domainId": FRAUD}


def test_who_leaves_the_organization_leaves_its_domains():
    world = acme()
    member = next(each for each in world.made("GET", "/orgs/acme/members") if each["userId"] == REX)
    assert REX in [each["userId"] for each in world.made("GET", "/domains/kyc/members")]
    world.made("DELETE", f"/orgs/acme/members/{member['id']}")
    assert world.made("GET", "/domains/kyc/members") == []
