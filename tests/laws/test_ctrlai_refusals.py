"""Each cause that Ctrl AI's contract lists in `x-refusals`, provoked once: here, or beside the laws of units and workflows."""

import pytest

from tests.acme import ADMIN, Acme, said
from tests.laws import test_ctrlai_units as of_units
from tests.laws import test_ctrlai_workflows as of_workflows
from tests.laws.test_ctrlai_units import SENT
from tests.support import realm

ACME, NOWHERE = "/api/v1/orgs/acme", "/api/v1/orgs/nowhere"
ADAM, GRETA = "01HXMEMBER000000000000ADAM", "01HXMEMBER00000000000GRETA"
REVOKED, NOBODY = "01HXKEY000000000000000000F", "01HX0000000000000000000000"
BODIES = {
    "infer": ("POST", "/api/v1/inference"),
    "createOrg": ("POST", "/api/v1/orgs"),
    "updateOrg": ("PATCH", ACME),
    "inviteMember": ("POST", f"{ACME}/members"),
    "changeMember": ("PATCH", f"{ACME}/members/{ADAM}"),
    "createApiKey": ("POST", f"{ACME}/api-keys"),
    "signIn": ("POST", "/api/auth/signin"),
    "signOut": ("POST", "/api/auth/signout"),
}
OPTIONAL = {("signOut", "body-missing")}
"""No refusal: who signs out need not say anything."""
INFER = ("POST", "/api/v1/inference")
ASKED = {
    ("infer", "session-not-found"): (*INFER, {"query": "Why?", "sessionId": NOBODY}),
    ("infer", "domain-unknown"): (*INFER, {"query": "Why?", "domainId": "01HXD0MA1N0000000000C1A1MS"}),
    ("infer", "inputs-unfit"): (*INFER, {"query": "Credit risk?", "additionalInputs": {"monthlyDebt": "much"}}),
    ("createOrg", "slug-taken"): ("POST", "/api/v1/orgs", {"name": "Globex"}),
    ("createOrg", "name-unfit"): ("POST", "/api/v1/orgs", {"name": "!?"}),
    ("getOrg", "org-not-found"): ("GET", NOWHERE, None),
    ("updateOrg", "org-not-found"): ("PATCH", "/api/v1/orgs/globex", {"name": "Mine"}),
    ("deleteOrg", "org-not-found"): ("DELETE", "/api/v1/orgs/globex", None),
    ("listMembers", "org-not-found"): ("GET", f"{NOWHERE}/members", None),
    ("inviteMember", "org-not-found"): ("POST", f"{NOWHERE}/members", {"email": "me@acme.example"}),
    ("inviteMember", "member-exists"): ("POST", f"{ACME}/members", {"email": "Vera@ACME.example"}),
    ("changeMember", "org-not-found"): ("PATCH", f"{NOWHERE}/members/{ADAM}", {"role": "viewer"}),
    ("changeMember", "member-not-found"): ("PATCH", f"{ACME}/members/{GRETA}", {"role": "viewer"}),
    ("changeMember", "last-admin"): ("PATCH", f"{ACME}/members/{ADAM}", {"role": "author"}),
    ("removeMember", "org-not-found"): ("DELETE", f"{NOWHERE}/members/{ADAM}", None),
    ("removeMember", "member-not-found"): ("DELETE", f"{ACME}/members/{NOBODY}", None),
    ("removeMember", "last-admin"): ("DELETE", f"{ACME}/members/{ADAM}", None),
    ("listApiKeys", "org-not-found"): ("GET", f"{NOWHERE}/api-keys", None),
    ("createApiKey", "org-not-found"): ("POST", f"{NOWHERE}/api-keys", {"name": "Mine"}),
    ("createApiKey", "expiry-unfit"): ("POST", f"{ACME}/api-keys", {"name": "Old", "expiresAt": "2026-04-12"}),
    ("revokeApiKey", "org-not-found"): ("DELETE", f"{NOWHERE}/api-keys/{REVOKED}", None),
    ("revokeApiKey", "key-not-found"): ("DELETE", f"{ACME}/api-keys/{REVOKED}", None),
    **{
        (operation, cause): ("GET", f"/api/v1/audit{path}?{query}", None)
        for operation, path in (("listAudit", ""), ("listInferences", "/inference"))
        for cause, query in (
            ("date-unfit", "startDate=yesterday"),
            ("dates-crossed", "startDate=2026-02-01&endDate=2026-01-31"),
        )
    },
}
FIELDS = {
    **dict.fromkeys(SENT, "body"),
    "domain-unknown": "domainId",
    "inputs-unfit": "additionalInputs.monthlyDebt",
    "name-unfit": "name",
    "expiry-unfit": "expiresAt",
    "date-unfit": "startDate",
    "dates-crossed": "startDate",
}
SPOILED = [each for each in ((name, cause) for name in BODIES for cause in SENT) if each not in OPTIONAL]


def provoked(operation, cause):
    """Return what comes of the example of this refusal."""
    acme = Acme(ADMIN, quota="off", clock="real")
    if (operation, cause) in ASKED:
        return acme.ask(*ASKED[operation, cause])
    body, headers = SENT[cause]
    return acme.ask(*BODIES[operation], body, **headers)


@pytest.mark.parametrize(("operation", "cause"), [*ASKED, *SPOILED])
def test_each_listed_refusal_occurs_as_listed(operation, cause):
    outcome = provoked(operation, cause)
    refusal = realm("default", api="ctrlai").keyring.api.contract.operations[operation].refusals[cause]
    assert (outcome.operation, outcome.cause) == (operation, cause)
    assert outcome.response.status == refusal.status
    assert said(outcome)["error"]["code"] == refusal.code
    assert said(outcome)["error"].get("details", {}).get("field") == FIELDS.get(cause)


def test_signing_out_without_a_body_is_no_refusal():
    for operation, cause in OPTIONAL:
        assert provoked(operation, cause).response.status == 200


def test_every_refusal_that_the_contract_lists_is_provoked():
    operations = realm("default", api="ctrlai").keyring.api.contract.operations
    elsewhere = {
        each
        for laws in (of_units, of_workflows)
        for each in (*laws.ASKED, *((name, cause) for name in laws.BODIES for cause in laws.SENT))
    }
    here = {*ASKED, *SPOILED}
    assert not here & elsewhere
    assert here | elsewhere == {(each.id, cause) for each in operations.values() for cause in each.refusals}
