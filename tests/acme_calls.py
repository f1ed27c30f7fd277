"""Plausible calls of every operation of Ctrl AI, drawn, as acts that `tests.steering` does; and a helm to do them with.

A call names what is there by its place (`<units:2>` is the id of the third unit, `<orgs.slug:0>` the slug of the first
organisation), so that the same story can be told in any world. Most calls are right; some are refused, and none breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from sandbox.core.timeline import ENTRY_LIMIT, Journal, began
from tests import acme, steering
from tests.acme import ADMIN, AUTHOR, EXPIRED, GLOBEX, OWN, REVIEWER, REVOKED, SECOND_REVIEWER, VIEWER
from tests.steering import Helm
from tests.support import NOW, realm

Strategy = st.SearchStrategy[Any]


def helm(key: str | None = OWN, fixture: str = "default", entries: int = ENTRY_LIMIT, **settings: Any) -> Helm:
    """Return the helm of a key's world of Ctrl AI at its birth; `entries` bounds its journal."""
    world = acme.world_of(key, fixture, **settings)
    return Helm(realm(fixture, api="ctrlai", **settings), began(world, Journal(limit=entries)), NOW, key)


def ref(table: str, most: int = 5) -> Strategy:
    """Draw what stands for a row of a table, or for another field of it (`orgs.slug`)."""
    return st.integers(0, most).map(lambda place: f"<{table}:{place}>")


def some(**fields: Strategy) -> Strategy:
    """Draw a mapping that may lack any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


DOMAINS = st.sampled_from(["01HXD0MA1N0000000000CRED1T", "01HXD0MA1N00000000000FRAVD", "<domains:0>", "<domains:3>"])
USERS = st.sampled_from(
    [*(f"01HXVSER{name:0>18}" for name in ("VERA", "RENE", "ANNA", "ADAM", "REX")), "<users:0>", "<users:7>"]
)
ORGS = st.sampled_from(["acme", "acme", "acme", "acme", "<orgs.slug:0>", "<orgs.slug:1>"])
"""Mostly those of Acme, to whom most of the keys belong."""

NAMES = st.sampled_from(["Loan check", "Country risk", "Ratio", "é 漢 x", "Risk Tier", "!"])
ROLES = st.sampled_from(["viewer", "reviewer", "author", "admin"])
TYPES = st.sampled_from(["number", "integer", "string", "boolean"])
SCHEMAS = st.none() | st.dictionaries(st.sampled_from(["dti", "score", "tier"]), TYPES, max_size=2)
KINDS = st.sampled_from(["pattern", "argument", "framework", "protocol", "program"])
EMAILS = ref("users.email", 7) | st.sampled_from(["new@acme.example", "Other@Acme.example", "no address"])
ACTIONS = st.sampled_from(["approve", "approve", "approve", "request_changes"])
STATUSES = st.sampled_from(["candidate", "in_review", "verified", "partial_verified", "needs_review"])
DATES = st.sampled_from(["2026-04-13", "2026-04-01", "2027-01-01", "soon"])
QUERIES = st.sampled_from([
    "What is the credit risk of a loan application with a monthly debt of 1500, a monthly income of 5000 and a credit score of 700?",
    "What is the mortgage tier for a loanAmount of 180000 and a propertyValue of 240000?",
    "Second opinion: manual underwriting with riskTier: low", "Is this a shell company?", "é 漢",
])  # fmt: skip
PROGRAM = {"program": {"ratio": {"/": [{"var": "dti"}, 2]}}}

WRITTEN = {"given": NAMES, "when": NAMES, "then": NAMES, "inputSchema": SCHEMAS, "outputSchema": SCHEMAS}
UNIT = st.fixed_dictionaries(
    {"name": NAMES, "unitType": KINDS, "domainId": DOMAINS},
    optional={**WRITTEN, "description": NAMES, "jurisdiction": st.sampled_from(["EU", "US"]), "definition": st.just(PROGRAM)},
)  # fmt: skip
FLOW = st.fixed_dictionaries({"name": NAMES, "domainId": DOMAINS, "units": st.lists(ref("units", 20), max_size=3)})
PAGE = {"limit": st.sampled_from(["1", "2", "3", "200", "0"]), "offset": st.sampled_from(["0", "1", "4", "900", "-1"])}

Shape = tuple[str, Strategy, Mapping[str, Strategy], Strategy]
"""A method, a path, what the query may have, and a body."""
NONE: Strategy = st.none()


def _shape(method: str, path: str | Strategy, body: Strategy = NONE, **query: Strategy) -> Shape:
    return method, st.just(path) if isinstance(path, str) else path, query, body


def _under(template: str, *refs: Strategy) -> Strategy:
    return st.tuples(*refs).map(lambda found: template.format(*found))


_UNIT, _FLOW = _under("/v1/units/{}", ref("units", 20)), _under("/v1/workflows/{}", ref("workflows.slug"))
_DOMAIN = _under("/v1/domains/{}", DOMAINS | ref("domains.slug"))
_ORG = _under("/v1/orgs/{}", ORGS)
_MEMBER = _under("/v1/orgs/{}/members/{}", ORGS, ref("members", 8))
_KEY = _under("/v1/orgs/{}/api-keys/{}", ORGS, ref("apiKeys", 9))
_DATED = {"startDate": DATES, "endDate": DATES, **PAGE}

SHAPES: dict[str, Shape] = {
    "infer": _shape("POST", "/v1/inference", st.fixed_dictionaries({"query": QUERIES}, optional={
        "includeUnverified": st.booleans(), "domainId": DOMAINS, "jurisdiction": st.sampled_from(["EU", "US"]),
        "sessionId": ref("conversations", 0), "additionalInputs": some(employmentVerified=st.booleans(), dti=st.sampled_from([0.3, "x"])),
    })),
    "listUnits": _shape("GET", "/v1/units", status=STATUSES, unitType=KINDS, domainId=DOMAINS, **PAGE),
    "createUnit": _shape("POST", "/v1/units", UNIT),
    "getUnit": _shape("GET", _UNIT),
    "updateUnit": _shape("PATCH", _UNIT, some(name=NAMES, domainId=DOMAINS, **WRITTEN)),
    "deleteUnit": _shape("DELETE", _UNIT),
    "verifyUnit": _shape("POST", _UNIT.map(lambda path: path + "/verify"), st.fixed_dictionaries({"action": ACTIONS}, optional={
        "comment": NAMES, "elementReviews": st.lists(st.fixed_dictionaries({"elementId": st.sampled_from(["given", "then", "no"]), "action": st.just("approve")}), max_size=2),
    })),
    "assignReviewers": _shape("POST", _UNIT.map(lambda path: path + "/assign"), st.fixed_dictionaries({"reviewerIds": st.lists(USERS, max_size=3)})),
    "listWorkflows": _shape("GET", "/v1/workflows", status=st.sampled_from(["draft", "active", "archived"]), domainId=DOMAINS, **PAGE),
    "createWorkflow": _shape("POST", "/v1/workflows", FLOW),
    "composeWorkflow": _shape("POST", "/v1/workflows/compose", st.fixed_dictionaries({"description": QUERIES, "domainId": DOMAINS})),
    "getWorkflow": _shape("GET", _FLOW),
    "updateWorkflow": _shape("PATCH", _FLOW, some(name=NAMES, units=st.lists(ref("units", 20), max_size=3), status=st.sampled_from(["draft", "active", "archived"]))),
    "deleteWorkflow": _shape("DELETE", _FLOW),
    "listDomains": _shape("GET", "/v1/domains", **PAGE),
    "createDomain": _shape("POST", "/v1/domains", st.fixed_dictionaries({"name": NAMES}, optional={"description": NAMES})),
    "getDomain": _shape("GET", _DOMAIN),
    "updateDomain": _shape("PATCH", _DOMAIN, some(name=NAMES, description=NAMES)),
    "deleteDomain": _shape("DELETE", _DOMAIN),
    "listDomainMembers": _shape("GET", _DOMAIN.map(lambda path: path + "/members"), **PAGE),
    "addDomainMember": _shape("POST", _DOMAIN.map(lambda path: path + "/members"), st.fixed_dictionaries({"userId": USERS})),
    "removeDomainMember": _shape("DELETE", _under("/v1/domains/{}/members/{}", DOMAINS, USERS)),
    "listOrgs": _shape("GET", "/v1/orgs", **PAGE),
    "createOrg": _shape("POST", "/v1/orgs", st.fixed_dictionaries({"name": NAMES})),
    "getOrg": _shape("GET", _ORG),
    "updateOrg": _shape("PATCH", _ORG, some(name=NAMES)),
    "deleteOrg": _shape("DELETE", _under("/v1/orgs/{}", ref("orgs.slug", 1))),
    "listMembers": _shape("GET", _ORG.map(lambda path: path + "/members"), **PAGE),
    "inviteMember": _shape("POST", _ORG.map(lambda path: path + "/members"), st.fixed_dictionaries({"email": EMAILS}, optional={"role": ROLES, "name": NAMES})),
    "changeMember": _shape("PATCH", _MEMBER, st.fixed_dictionaries({"role": ROLES})),
    "removeMember": _shape("DELETE", _MEMBER),
    "listApiKeys": _shape("GET", _ORG.map(lambda path: path + "/api-keys"), **PAGE),
    "createApiKey": _shape("POST", _ORG.map(lambda path: path + "/api-keys"), st.fixed_dictionaries({"name": NAMES}, optional={
        "role": ROLES, "permissions": st.sampled_from([[], ["inference"]]), "expiresAt": st.sampled_from(["2026-04-13T14:31:00Z", "2027-01-01", "2020-01-01"]),
    })),
    "revokeApiKey": _shape("DELETE", _KEY),
    "listAudit": _shape("GET", "/v1/audit", format=st.sampled_from(["json", "csv"]), action=st.sampled_from(["unit.created", "unit.verified"]), userId=USERS, resourceId=ref("units", 20), **_DATED),
    "listInferences": _shape("GET", "/v1/audit/inference", userId=USERS, mode=st.sampled_from(["full_coverage", "neural_only"]), **_DATED),
    "getSignInPage": _shape("GET", "/auth/signin"),
    "signIn": _shape("POST", "/auth/signin", st.fixed_dictionaries({"email": EMAILS})),
    "getSession": _shape("GET", "/auth/session"),
    "signOut": _shape("POST", "/auth/signout"),
    "health": _shape("GET", "/health"),
}  # fmt: skip

who = st.sampled_from([0, 0, 0, 0, 1, 2, 3, -1, ADMIN, ADMIN, ADMIN, AUTHOR, REVIEWER, SECOND_REVIEWER, VIEWER, GLOBEX, EXPIRED, REVOKED])  # fmt: skip
"""Whose credential comes along: the helm's own, one that an answer has shown, none, or a key of the fixture."""


@st.composite
def call(draw: st.DrawFn, operation: str, whose: Strategy = who) -> steering.Act:
    """Draw a call of this operation."""
    method, path, query, body = SHAPES[operation]
    asked = "&".join(f"{name}={value}" for name, value in draw(some(**query)).items())
    return "call", method, f"/api{draw(path)}{'?' + asked if asked else ''}", draw(body), draw(whose)


READS = tuple(name for name, (method, *_) in SHAPES.items() if method == "GET")
calls: Strategy = st.sampled_from(sorted(SHAPES)).flatmap(call)
BAD = st.sampled_from([
    ("call", "POST", "/api/v1/units", b"{", 0), ("call", "PUT", "/api/v1/units", {}, 0), ("call", "GET", "/api/v1/nope", None, 0),
    ("call", "POST", "/api/v1/orgs", None, 0), ("call", "GET", "/api/v1/units?limit=x", None, 0), ("call", "POST", "/api/auth/signin", b"\xff", -1),
])  # fmt: skip

STAGED = {
    "scenario": "staged", "api": "ctrlai", "summary": "A bit of everything.", "seed": 7, "states": ["Started", "Worse"],
    "rules": [
        {"name": "tight", "when": {"operation": "listUnits"}, "then": {"rate_limit": {"limit": 2}}, "times": 4},
        {"name": "lost", "when": {"method": ["POST", "PATCH"], "every": 4}, "then": {"commit": "drop_after"}, "sets": "Worse"},
        {"name": "twice", "when": {"method": "POST", "every": 3}, "then": {"commit": "twice"}, "requires": "Worse"},
        {"name": "late", "when": {"method": ["POST", "DELETE"], "nth": [2, 5]}, "then": {"commit": {"outcome": "late", "after": "1m"}}},
        {"name": "lower", "when": {"every": 5}, "then": {"key": {"role": "viewer"}}, "continue": True},
        {"name": "old", "when": {"method": "GET"}, "then": {"stale": {"lag": "5s"}}, "continue": True},
        {"name": "dim", "when": {"operation": "infer", "probability": 0.5}, "then": {"one_of": [{"degrade": "models"}, {"degrade": "trust"}]}},
        {"name": "odd", "when": {"probability": 0.3}, "then": {"one_of": [{"error": {"status": 500}}, {"variant": "nulls"}, {"key": "revoked"}]}},
    ],
}  # fmt: skip
SCENARIOS = ("everything-at-once", "lost-writes", "verification-race", "demoted-key", "tiers-exhausted", None)

steering_acts: Strategy = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from(steering.SPANS)),
    st.tuples(st.just("clock"), st.sampled_from(steering.CLOCKS)),
    st.tuples(st.just("settings"), st.sampled_from([{"quota": "observe"}, {"quota": "off"}, {"quota": "enforce"}, {"seed": 7}, {"label": "Other: é"}])),
    st.tuples(st.just("mint"), st.sampled_from([{}, {"role": "viewer"}, {"role": "admin", "expires_in": "1m"}, {"role": "no"}, {"permissions": []}])),
    st.tuples(st.just("change"), st.integers(0, 3), st.sampled_from([{"expires_in": "7s"}, {"expires": None}])),
    st.tuples(st.just("revoke"), st.integers(0, 3)),
    st.tuples(st.just("play"), st.sampled_from([*({"name": each} for each in SCENARIOS), *[{"scenario": STAGED}] * 4])),
    st.tuples(st.just("fault"), st.just({"then": {"error": {"status": 500}}, "times": 2})),
    st.tuples(st.just("unfaults")),
)  # fmt: skip
moving_acts: Strategy = st.one_of(
    st.tuples(st.just("save"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("restore"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("rewind"), st.integers(1, 4)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("state")),
    st.tuples(st.just("capsule")),
    st.tuples(st.just("reset")),
)
calls_and_steering: Strategy = st.one_of(calls, calls, calls, calls, BAD, steering.waits, steering_acts)
acts: Strategy = st.one_of(calls, calls, calls, calls, BAD, steering.waits, steering_acts, moving_acts)
