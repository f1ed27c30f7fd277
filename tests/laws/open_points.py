"""What the documents of both APIs leave open, area by area, and one request for each decision that a journal can show.

A point is decided under a slug of `x-decisions`, or it is a marked part of the contract.
"""

from __future__ import annotations

from typing import Any

from tests.acme import AUTHOR, EXPIRED, VIEWER
from tests.stories.stage import CREDIT, system, unit

DECIDED: dict[str, dict[str, str]] = {
    "aikraft": {
        "what is checked first, and how what is wrong is told": "order-of-checks unknown-path wrong-method "
        "malformed-url bad-query unreadable-body undeclared-content-type request-id",
        "what is ignored, and what is not there": "unknown-fields unknown-parameters idempotency-key steering-apart",
        "who may ask": "free-plan scopes classification-plan monitoring-plan no-other-roles",
        "keys and the worlds behind them": "key-shapes unusable-key test-copy foreign-things",
        "how often": "token-bucket quota-headers quota-reset retry-after quota-bucket quota-without-key enterprise-quota "
        "free-quota",
        "systems and their list": "new-system-required new-system-lengths name-uniqueness created-form new-score "
        "list-order list-filter cursor-form cursor-refused id-forms",
        "classification": "unclassified classification-versions classification-at-once classifier confidence-words "
        "no-annex-iii obligations",
        "documents": "documents-unclassified documents-any-tier sections-all sections-numbers sections-required languages "
        "eight-sections",
        "jobs": "job-states job-access estimated-seconds poll-url-host parallel-jobs job-completion",
        "monitoring": "monitoring-off overall-health incident-span review-days recent-alerts alert-types alert-nulls drift-warning drift-critical",
        "telemetry": "drift-of-telemetry two-path-styles ingest-envelope ingest-error-envelope ingest-refusals "
        "ingest-repeat ingest-statuses",
    },
    "ctrlai": {
        "what is checked first, and how what is wrong is told": "order-of-checks role-before-existence unknown-path "
        "wrong-method malformed-url page-bounds unreadable-body details issues blank-query",
        "what is ignored, and what is not there": "unknown-fields unknown-parameters idempotency-key steering-apart "
        "any-host",
        "what a success looks like": "created-status action-status delete-answer meta list-order patch text-lengths "
        "absent-fields",
        "keys and sessions": "key-and-cookie unusable-key key-permissions key-terms key-fields session-cookie "
        "foreign-things",
        "how often": "sliding-window retry-after quota-identity auth-tier",
        "units": "status-filter closed-filters unknown-domain equal-names unit-fields formal-edits any-author "
        "programs schemas",
        "reviews": "elements unknown-element element-actions repeated-review approval-rate two-who-approve "
        "review-statuses creator-alone assignment",
        "workflows": "workflow-crud workflow-statuses composition slugs reserved-slug typed-variables unknown-unit",
        "domains and organizations": "domains organizations members-once",
        "logs": "audit-actions audit-of-reviews audit-limit audit-dates audit-user-agent audit-csv inference-log",
        "answers": "coverage-modes coverage-percent trust-levels trust-summary two-spellings taint gates gate-inputs "
        "no-model health-check",
    },
}

MARKED: dict[str, dict[str, str]] = {
    "aikraft": {
        "createClassification": "inferred",
        "createClassification body": "invented",
        "getJob 200": "invented",
        "getJob 200 data.status": "inferred",
        "listSystems 400": "inferred",
        "listSystems 200 meta.total": "inferred",
        "listSystems 200 meta.cursor": "inferred",
        "response ForbiddenToRead": "inferred",
        "response MethodNotAllowed": "invented",
        "response PayloadTooLarge": "invented",
        "response InvalidUrl": "invented",
        "schema AnnexIIICategory": "inferred",
        "schema RequestId": "inferred",
        "schema SystemIdentifier": "inferred",
        "schema JobIdentifier": "inferred",
        "schema ClassificationAnswer data.confidence": "inferred",
        "schema ClassificationAnswer data.annex_iii_sub_point": "inferred",
        "getMonitoring 200 data.alerts[].id": "inferred",
        "getMonitoring 200 data.alerts[].type": "inferred",
        "getMonitoring 200 data.alerts[].severity": "inferred",
        "getMonitoring 200 data.days_since_last_review": "inferred",
        "ingestAggregates": "inferred",
        "ingestAggregates 200 accepted": "invented",
    },
    "ctrlai": {
        "createUnit 201": "inferred",
        "getUnit 200": "inferred",
        "verifyUnit 200": "invented",
        "assignReviewers 200": "invented",
        "schema Unit": "inferred",
        "schema Definition": "invented",
        "schema VariableType": "invented",
        "schema Signature": "invented",
        "schema DeletedAnswer": "invented",
        "schema Slug": "invented",
        "schema VerificationScore": "inferred",
        "verifyUnit body elementReviews[]": "inferred",
        "deleteUnit 409": "invented",
        "updateWorkflow": "inferred",
        "deleteWorkflow": "inferred",
        "composeWorkflow 200": "inferred",
        "createDomain": "inferred",
        "createDomain body": "invented",
        "addDomainMember": "inferred",
        "parameter DomainId": "invented",
        "createOrg": "inferred",
        "inviteMember": "inferred",
        "listMembers": "inferred",
        "response LastAdmin": "invented",
        "listApiKeys 200": "inferred",
        "createApiKey 201": "inferred",
        "createApiKey body role": "inferred",
        "createApiKey body permissions": "inferred",
        "createApiKey body expiresAt": "inferred",
        "infer 403": "inferred",
        "infer 404": "inferred",
        "infer 200 data.pendingQuestions[]": "invented",
        "infer 200 data.segments[].tainted": "invented",
        "listInferences ?mode": "invented",
        "listInferences 200 data[].durationMs": "invented",
        "signIn": "invented",
        "getSession": "invented",
        "health": "inferred",
        "health 200": "invented",
        "response MethodNotAllowed": "invented",
        "response PayloadTooLarge": "invented",
        "deleteDomain 409": "invented",
    },
}

Call = tuple[str, str, Any, dict[str, str]]
"""Method, target, body and header fields."""


def get(target: str, **headers: str) -> Call:
    return "GET", target, None, headers


def post(target: str, body: Any = None, **headers: str) -> Call:
    return "POST", target, body, headers


def by(key: str) -> dict[str, str]:
    """Return the header field that bears this key."""
    return {"authorization": f"Bearer {key}"}


def starved(operation: str) -> Call:
    """Return what takes the quota of one request away."""
    return "POST", "/__admin/faults", {"when": {"operation": operation}, "then": {"rate_limit": {"exhausted": True}}, "times": 1}, {}  # fmt: skip


SYSTEMS, SYSTEM, FRESH = "/v1/systems", "/v1/systems/sys_abc123", "/v1/systems/sys_cqqjyo"
"""The list, a system of the fixture, and one of it that was never classified."""
INGEST = "/v1/workspaces/ws_enterprise/systems/{}/monitoring/aggregates:ingest"
WINDOW = {
    "start": "2026-04-13T14:29:00+00:00", "end": "2026-04-13T14:30:00+00:00", "model": "m", "tag": None, "calls": 0,
    "histograms": {}, "categories": {},
}  # fmt: skip
BATCH = {
    "schema": "aikraft.llm.v1", "batch_id": "00000000-0000-4000-8000-000000000000",
    "sdk": {"name": "aikraft-python", "version": "0.2.0"}, "windows": [WINDOW],
}  # fmt: skip
FREE, READER, STARTER = "ak_test_free_read_key", "ak_test_pro_read_key", "ak_test_starter_admin_key"
API = "/api/v1"
CANDIDATE, VERIFIED = "01HXVN1T0000000000000001TV", "01HXVN1T000000000000000DT1"
APPROVAL = {"action": "approve"}
LARGE = b" " * (1 << 20) + b"{}"
LONG = "x" * (1 << 16)

PROVOKED: dict[str, dict[str, list[Call]]] = {
    "aikraft": {
        "unknown-path": [get(SYSTEM)],
        "wrong-method": [("DELETE", SYSTEMS, None, {})],
        "malformed-url": [get(f"{SYSTEMS}?cursor={LONG}")],
        "bad-query": [get(f"{SYSTEMS}?limit=101")],
        "unreadable-body": [post(SYSTEMS, b"{")],
        "undeclared-content-type": [post(SYSTEMS, b"{}", content_type="text/plain")],
        "unknown-fields": [post(SYSTEMS, {**system("Coloured"), "colour": "red"})],
        "unknown-parameters": [get(f"{SYSTEMS}?sort=name")],
        "idempotency-key": [post(SYSTEMS, system("Once"), idempotency_key="1")],
        "free-plan": [get(SYSTEMS, **by(FREE))],
        "scopes": [post(SYSTEMS, system("Unwritten"), **by(READER))],
        "classification-plan": [post(f"{SYSTEM}/classification", **by(STARTER))],
        "unusable-key": [get(SYSTEMS, **by("ak_test_short"))],
        "quota-without-key": [get(SYSTEMS, **by("nonsense"))],
        "token-bucket": [starved("listSystems"), get(SYSTEMS)],
        "retry-after": [starved("listSystems"), get(SYSTEMS)],
        "name-uniqueness": [post(SYSTEMS, system("Twice")), post(SYSTEMS, system(" Twice "))],
        "cursor-refused": [get(f"{SYSTEMS}?cursor=abc")],
        "foreign-things": [get("/v1/systems/sys_000000/monitoring")],
        "unclassified": [get(f"{FRESH}/classification")],
        "classification-at-once": [post(f"{SYSTEM}/classification")],
        "documents-unclassified": [post(f"{FRESH}/documents", {"sections": "all"})],
        "job-states": [get("/v1/jobs/job_xyz789")],
        "job-access": [get("/v1/jobs/job_000000")],
        "two-path-styles": [post(INGEST.format("sys_abc123"), {})],
        "ingest-envelope": [post(INGEST.format("sys_abc123"), BATCH)],
        "ingest-error-envelope": [post(INGEST.format("sys_000000"), BATCH)],
        "ingest-refusals": [post(INGEST.format("sys_cqqjyo"), BATCH)],
    },
    "ctrlai": {
        "role-before-existence": [("DELETE", f"{API}/units/nowhere", None, by(VIEWER))],
        "unknown-path": [post(f"{API}/workflows/loan-check/execute")],
        "wrong-method": [("DELETE", f"{API}/audit", None, {})],
        "malformed-url": [get(f"{API}/units?jurisdiction={LONG}")],
        "page-bounds": [get(f"{API}/units?limit=201")],
        "unreadable-body": [post(f"{API}/units", b"{")],
        "blank-query": [post(f"{API}/inference", {"query": " "})],
        "unknown-fields": [post(f"{API}/units", unit("Coloured", colour="red"))],
        "unknown-parameters": [get(f"{API}/units?sort=name")],
        "idempotency-key": [post(f"{API}/units", unit("Once"), idempotency_key="1")],
        "created-status": [post(f"{API}/units", unit("New"))],
        "action-status": [post(f"{API}/inference", {"query": "What?"})],
        "patch": [("PATCH", f"{API}/units/{CANDIDATE}", {}, {})],
        "unusable-key": [get(f"{API}/units", **by(EXPIRED))],
        "key-permissions": [
            post(f"{API}/orgs/acme/api-keys", {"name": "Reader", "permissions": []}),
            post(f"{API}/inference", {"query": "What?"}, **by("<made>")),
        ],
        "key-fields": [get(f"{API}/orgs/acme/api-keys")],
        "session-cookie": [get("/api/auth/session", cookie="authjs.session-token=none")],
        "sliding-window": [starved("listUnits"), get(f"{API}/units")],
        "retry-after": [starved("listUnits"), get(f"{API}/units")],
        "auth-tier": [starved("getSession"), get("/api/auth/session")],
        "foreign-things": [get(f"{API}/orgs/globex")],
        "closed-filters": [get(f"{API}/units?status=new")],
        "unknown-domain": [post(f"{API}/units", unit("Lost", domainId="nowhere"))],
        "unknown-element": [post(f"{API}/units/{CANDIDATE}/verify", {**APPROVAL, "elementReviews": [{"elementId": "x", "action": "approve"}]})],
        "repeated-review": [post(f"{API}/units/{CANDIDATE}/verify", APPROVAL)],
        "approval-rate": [post(f"{API}/units/{CANDIDATE}/verify", APPROVAL)],
        "two-who-approve": [post(f"{API}/units/{CANDIDATE}/verify", APPROVAL)],
        "review-statuses": [post(f"{API}/units/{CANDIDATE}/verify", APPROVAL)],
        "formal-edits": [("PATCH", f"{API}/units/{CANDIDATE}", {"given": "More."}, {})],
        "any-author": [("PATCH", f"{API}/units/{CANDIDATE}", {"name": "Other"}, by(AUTHOR))],
        "assignment": [post(f"{API}/units/{CANDIDATE}/assign", {"reviewerIds": []})],
        "programs": [post(f"{API}/units", unit("Odd", unitType="program", definition={"program": {"x": {"?": 1}}}))],
        "schemas": [post(f"{API}/units", unit("Odd", inputSchema={"x": "matrix"}))],
        "workflow-crud": [("PATCH", f"{API}/workflows/nowhere", {}, {})],
        "workflow-statuses": [post(f"{API}/workflows", {"name": "Flow", "domainId": CREDIT, "units": [CANDIDATE]})],
        "composition": [post(f"{API}/workflows/compose", {"description": "The risk tier", "domainId": CREDIT})],
        "slugs": [post(f"{API}/domains", {"name": "!"})],
        "reserved-slug": [post(f"{API}/workflows", {"name": "Compose", "domainId": CREDIT, "units": []})],
        "typed-variables": [
            post(f"{API}/units", unit("Clash", unitType="program", inputSchema={"dti": "string"})),
            post(f"{API}/workflows", {"name": "Clash", "domainId": CREDIT, "units": [VERIFIED, "<made>"]}),
        ],
        "unknown-unit": [post(f"{API}/workflows", {"name": "Lost", "domainId": CREDIT, "units": ["nowhere"]})],
        "domains": [get(f"{API}/domains")],
        "organizations": [get(f"{API}/orgs")],
        "members-once": [post(f"{API}/orgs/acme/members", {"email": "rene@acme.example"})],
        "audit-dates": [get(f"{API}/audit?startDate=soon")],
        "audit-csv": [get(f"{API}/audit?format=csv", **by(VIEWER))],
        "inference-log": [get(f"{API}/audit/inference")],
        "gates": [post(f"{API}/inference", {"query": "What?", "sessionId": "01HXN0NE000000000000000000"})],
        "gate-inputs": [post(f"{API}/inference", {"query": "What?", "additionalInputs": {"dti": "high"}})],
        "health-check": [get("/api/health")],
    },
}  # fmt: skip
"""By slug, the requests of which the last shows that a client met the decision. `<made>` stands for what the
call before it made: a key, or the id of something."""
