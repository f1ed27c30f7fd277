"""Ctrl AI as the judge judges it: what a caller of the bank knows, and a world with something to delete."""

from __future__ import annotations

from typing import Any

from sandbox.check.subject import Known, Subject, asked, shelf_of, told_by_journal
from sandbox.core.clock import SECOND
from sandbox.web.store import Store

UNIT, SPARE = "01HXVN1T000000000000000DT1", "01HXVN1T0000000000TH1NF11E"
"""Two units of the default fixture; no workflow has the second."""
CREDIT, KYC = "01HXD0MA1N0000000000CRED1T", "01HXD0MA1N0000000000000KYC"
ENHANCED = "01HXVN1T0000000000ENHANCED"
"""A unit that ADAM has made, as he makes those of the judge."""
VERA, RENE, ANNA, ADAM, REX = (f"01HXVSER{name:0>18}" for name in ("VERA", "RENE", "ANNA", "ADAM", "REX"))
QUESTION = "What is the credit risk of a monthly debt of 1500 with a monthly income of 5000 and a credit score of 700?"
WRITTEN = {"body.domainId": [CREDIT]}
DATED: dict[str, list[Any]] = {"query.startDate": ["2026-01-01"], "query.endDate": ["2999-12-31"], "query.offset": [0]}
KNOWN_TO_ACME: Known = {
    "infer": {"body.domainId": [CREDIT]},  # Schemathesis 4.32 reads `\\S` with a length as a word: no question fits
    "listUnits": {"query.domainId": [KYC], "query.jurisdiction": ["EU"], "query.offset": [0]},
    "createUnit": WRITTEN,
    "getUnit": {"path.id": [UNIT, SPARE]},
    "updateUnit": {"path.id": [UNIT, SPARE], **WRITTEN},
    "deleteUnit": {"path.id": [SPARE]},
    "verifyUnit": {"path.id": [UNIT, SPARE], "body.elementReviews[*].elementId": ["given", "then"]},
    "assignReviewers": {"path.id": [UNIT, SPARE], "body.reviewerIds[*]": [RENE, REX]},
    "listWorkflows": {"query.domainId": [CREDIT], "query.offset": [0]},
    "createWorkflow": {"body.domainId": [CREDIT], "body.units[*]": [UNIT]},
    "composeWorkflow": {"body.domainId": [CREDIT]},
    "getWorkflow": {"path.slug": ["credit-decision", "loan-pre-check"]},
    "updateWorkflow": {"path.slug": ["credit-decision"], "body.domainId": [CREDIT], "body.units[*]": [UNIT]},
    "deleteWorkflow": {"path.slug": ["credit-decision", "loan-pre-check"]},
    "listDomains": {"query.offset": [0]},
    "getDomain": {"path.id": [CREDIT, "kyc"]},
    "updateDomain": {"path.id": [CREDIT, "spare"]},
    "deleteDomain": {"path.id": ["spare"]},
    "listDomainMembers": {"path.id": [CREDIT, "kyc"], "query.offset": [0]},
    "addDomainMember": {"path.id": [CREDIT, "kyc"], "body.userId": [VERA, REX]},
    "removeDomainMember": {"path.id": [CREDIT], "path.userId": [RENE, ANNA]},
    "listOrgs": {"query.offset": [0]},
    "getOrg": {"path.slug": ["acme"]},
    "updateOrg": {"path.slug": ["acme"]},
    "deleteOrg": {"path.slug": ["acme"]},
    "listMembers": {"path.slug": ["acme"], "query.offset": [0]},
    "inviteMember": {"path.slug": ["acme"], "body.email": ["nora@acme.example", "hans@globex.example"]},
    "changeMember": {"path.slug": ["acme"], "path.id": ["01HXMEMBER000000000000RENE"]},
    "removeMember": {"path.slug": ["acme"], "path.id": ["01HXMEMBER000000000000VERA"]},
    "listApiKeys": {"path.slug": ["acme"], "query.offset": [0]},
    "createApiKey": {"path.slug": ["acme"], "body.expiresAt": ["2999-12-31"]},
    "revokeApiKey": {"path.slug": ["acme"], "path.id": ["01HXKEY0000000000000000001"]},
    "listAudit": {
        "query.action": ["unit.created"],
        "query.resourceType": ["unit"],
        "query.resourceId": [ENHANCED],
        "query.userId": [ADAM],
        **DATED,
    },
    "listInferences": {"query.userId": [ANNA], **DATED},
    "signIn": {"body.email": ["vera@acme.example", "adam@acme.example"]},
}


A_DOMAIN_TO_SPARE = ("POST", "/api/v1/domains", {"name": "Spare"})
"""What nothing belongs to: the domains of the fixture cannot be deleted as they are."""
HARMLESS = ("ctrlai_pk_7e57", "ctrlai_pk_0000000000000000")
"""How the keys of the sandbox begin; whatever else is spelled like a key may be one of production."""


def _furnished(store: Store, key: str, _number: int) -> None:
    store.answer(shelf_of(store), asked(key, *A_DOMAIN_TO_SPARE))


CTRLAI = Subject(
    name="ctrlai",
    path="/openapi/ctrlai.json",
    prefix="/api/",
    known=lambda _now: KNOWN_TO_ACME,
    told=told_by_journal,
    revisions=frozenset({2}),
    api="ctrlai",
    key="ctrlai_pk_7e57{:028x}".format,
    tick=15 * SECOND,  # so that five calls a minute are never too many
    write=("POST", "/api/v1/units", {"name": "Ratio", "unitType": "framework", "domainId": CREDIT}),
    calls=(
        ("GET", "/api/v1/units", None),
        ("POST", "/api/v1/inference", {"query": QUESTION}),
        ("POST", f"/api/v1/units/{SPARE}/verify", {"action": "approve"}),
        ("GET", "/api/v1/audit", None),
    ),
    likelihood=0.8,
    unexampled=frozenset({"deleteDomain"}),
    guessed=False,
    history=(A_DOMAIN_TO_SPARE,),
    live=lambda key: not key.startswith(HARMLESS),
    furnish=_furnished,
    in_session=frozenset({"getSession", "signOut"}),
)
