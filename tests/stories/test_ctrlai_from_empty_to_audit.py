"""From an empty organisation to an answer that can be audited: who did what, in order, and what came of it.

One story, told once; each test states what one chapter of it comes to.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from tests.stories.stage import CTRLAI, Reply, Stage

ROLES = {"otto": "author", "rita": "reviewer", "ruth": "reviewer", "vic": "viewer"}
QUESTION = "What is the risk tier for a monthly debt of 1,800, a monthly income of 6,000 and a credit score of 710?"

DTI = {
    "name": "Debt-to-Income Ratio",
    "unitType": "program",
    "given": "The monthly debt payments and the monthly income before tax.",
    "when": "loan application, debt to income",
    "then": "The ratio of debt to income.",
    "inputSchema": {"monthlyDebt": "number", "monthlyIncome": "number"},
    "outputSchema": {"dti": "number"},
    "definition": {"program": {"dti": {"round": [{"/": [{"var": "monthlyDebt"}, {"var": "monthlyIncome"}]}, 4]}}},
}
TIER = {
    "name": "Risk Tier",
    "unitType": "program",
    "given": "A debt-to-income ratio and a credit score.",
    "when": "loan application, risk tier",
    "then": "The tier is low, medium or high.",
    "inputSchema": {"dti": "number", "creditScore": "integer"},
    "outputSchema": {"riskTier": {"type": "string", "enum": ["low", "medium", "high"]}},
    "definition": {
        "program": {
            "riskTier": {
                "if": [
                    {"and": [{"<=": [{"var": "dti"}, 0.36]}, {">=": [{"var": "creditScore"}, 700]}]}, "low",
                    {"<=": [{"var": "dti"}, 0.43]}, "medium",
                    "high",
                ],
            },
        },
    },
}  # fmt: skip


class Story:
    """The stage, a key of the new organisation, and the cookies of those who have signed in to it."""

    def __init__(self) -> None:
        self.stage = Stage(None, key=CTRLAI, fixture="empty")
        self.cookies: dict[str, str] = {}
        self.key = CTRLAI

    def with_key(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask with the organisation's key."""
        return self.stage.ask(method, "/api/v1" + path, body, authorization=f"Bearer {self.key}")

    def by(self, who: str, method: str, path: str, body: Any = None) -> Reply:
        """Ask as somebody who has signed in."""
        return self.stage.ask(method, "/api/v1" + path, body, cookie=self.cookies[who], user_agent=f"{who}/1.0")


@cache
def told() -> SimpleNamespace:
    """Return the story's replies by the names of its chapters."""
    story, got = Story(), SimpleNamespace()
    stage = story.stage
    found(story, got)
    stage.later("1h")
    write(story, got)
    stage.later("1d")
    review(story, got)
    stage.later("1d")
    got.flow = story.by("otto", "POST", "/workflows", {
        "name": "Loan Decision", "domainId": got.domain.data["id"], "units": [got.dti.data["id"], got.tier.data["id"]],
    })  # fmt: skip
    stage.later("1h")
    got.answer = story.by("vic", "POST", "/inference", {"query": QUESTION})
    got.after = story.with_key("POST", "/inference", {"query": QUESTION})
    stage.later("1m")
    got.inferences = story.by("vic", "GET", "/audit/inference")
    got.audit = story.with_key("GET", "/audit?limit=200")
    got.csv = story.with_key("GET", "/audit?format=csv")
    got.refused_csv = story.by("otto", "GET", "/audit?format=csv")
    got.stage, got.credentials = stage, [story.key, *(each.partition("=")[2] for each in story.cookies.values())]
    return got


def found(story: Story, got: SimpleNamespace) -> None:
    """An organisation is founded, a key made, people are invited, and they sign in."""
    stage = story.stage
    got.org = stage.post("/api/v1/orgs", {"name": "Nordlicht Bank"})
    got.slug = got.org.data["slug"]
    got.made_key = stage.post(f"/api/v1/orgs/{got.slug}/api-keys", {"name": "Core banking", "role": "admin"})
    story.key = got.made_key.data["key"]
    got.empty = [story.with_key("GET", path) for path in ("/domains", "/units", "/workflows", "/audit/inference")]
    got.members = {
        who: story.with_key("POST", f"/orgs/{got.slug}/members", {"email": f"{who}@nordlicht.example", "role": role})
        for who, role in ROLES.items()
    }
    story.cookies = {who: stage.signed_in(f"{who}@nordlicht.example") for who in ROLES}
    got.sessions = {who: stage.get("/api/auth/session", cookie=story.cookies[who]).data for who in ROLES}


def write(story: Story, got: SimpleNamespace) -> None:
    """An author writes a domain and two programs down; nobody has reviewed them yet."""
    got.domain = story.by("otto", "POST", "/domains", {"name": "Consumer Loans"})
    domain = got.domain.data["id"]
    got.dti = story.by("otto", "POST", "/units", {**DTI, "domainId": domain})
    got.tier = story.by("otto", "POST", "/units", {**TIER, "domainId": domain})
    got.early = story.by("vic", "POST", "/inference", {"query": QUESTION})
    got.tried = story.by("vic", "POST", "/units", {**DTI, "domainId": domain})


def review(story: Story, got: SimpleNamespace) -> None:
    """Two other people are asked to review the units, and approve them."""
    reviewers = [got.members[who].data["userId"] for who in ("rita", "ruth")]
    path = {"dti": f"/units/{got.dti.data['id']}", "tier": f"/units/{got.tier.data['id']}"}
    got.assigned = {each: story.with_key("POST", path[each] + "/assign", {"reviewerIds": reviewers}) for each in path}
    got.first = {each: story.by("rita", "POST", path[each] + "/verify", {"action": "approve"}) for each in path}
    got.halfway = story.by("vic", "POST", "/inference", {"query": QUESTION})
    got.second = {each: story.by("ruth", "POST", path[each] + "/verify", {"action": "approve"}) for each in path}


def test_a_new_organisation_has_its_founder_and_nothing_else():
    got = told()
    assert (got.org.status, got.slug) == (201, "nordlicht-bank")
    assert [(each.status, each.data, each.json["meta"]["total"]) for each in got.empty] == [(200, [], 0)] * 4


def test_its_key_is_shown_once_and_leads_to_it():
    got = told()
    key = got.made_key.data
    assert (got.made_key.status, key["prefix"]) == (201, key["key"][:18])
    listed = got.stage.get(f"/api/v1/orgs/{got.slug}/api-keys").data
    assert [(each["name"], "key" in each) for each in listed] == [("Core banking", False)]
    units = got.stage.get("/api/v1/units", authorization=f"Bearer {key['key']}").data
    assert [each["name"] for each in units] == ["Risk Tier", "Debt-to-Income Ratio"]


def test_the_key_of_the_founders_own_organisation_sees_nothing_of_the_new_one():
    got = told()
    assert got.stage.get("/api/v1/units").data == []
    assert got.stage.get(f"/api/v1/units/{got.dti.data['id']}").status == 404


def test_everybody_who_was_invited_signs_in_with_the_role_of_the_invitation():
    got = told()
    assert {who: each["role"] for who, each in got.sessions.items()} == ROLES
    assert {each["organization"]["slug"] for each in got.sessions.values()} == {"nordlicht-bank"}


def test_what_nobody_has_reviewed_answers_nothing():
    got = told()
    assert (got.dti.data["status"], got.dti.data["verificationScore"]) == ("candidate", None)
    assert (got.early.data["mode"], got.early.data["coveragePercent"]) == ("neural_only", 0)
    assert (got.tried.status, got.tried.code) == (403, "FORBIDDEN")


def test_one_approval_is_not_enough_and_a_second_person_makes_the_unit_verified():
    got = told()
    assert (got.halfway.data["mode"], got.halfway.data["unitsUsed"]) == ("neural_only", [])
    assert got.first["tier"].data["status"] == "in_review"
    assert got.first["tier"].data["verificationScore"] == 100
    assert got.second["tier"].data["status"] == "verified"
    assert got.second["tier"].data["review"]["reviewerId"] == got.members["ruth"].data["userId"]
    assert got.assigned["tier"].data["assignedReviewers"] == [
        got.members["rita"].data["userId"], got.members["ruth"].data["userId"],
    ]  # fmt: skip


def test_a_workflow_of_verified_units_is_active_and_shows_how_they_are_wired():
    flow = told().flow.data
    assert (flow["slug"], flow["status"], flow["verificationStatus"]) == ("loan-decision", "active", "verified")
    dti, tier = flow["units"]
    assert flow["dag"]["edges"] == [{"from": dti, "to": tier, "variable": "dti"}]
    assert [each["name"] for each in flow["inputs"]] == ["monthlyDebt", "monthlyIncome", "creditScore"]
    assert [each["name"] for each in flow["outputs"]] == ["riskTier"]


def test_the_same_question_now_has_an_answer_that_verified_programs_have_computed():
    answer = told().answer.data
    assert (answer["mode"], answer["coveragePercent"]) == ("full_coverage", 100)
    assert answer["trustSummary"] == {"verified": 2, "expertReviewed": 0, "synthesized": 0, "neural": 0}
    assert [(each["name"], each["status"]) for each in answer["unitsUsed"]] == [
        ("Debt-to-Income Ratio", "verified"), ("Risk Tier", "verified"),
    ]  # fmt: skip
    assert "dti = 0.3 " in answer["segments"][0]["text"]
    assert "riskTier = low" in answer["segments"][1]["text"]
    assert not any("tainted" in each for each in answer["segments"])


def test_whoever_asks_gets_the_same_answer():
    got = told()
    assert got.after.data == got.answer.data


def test_the_inference_log_tells_how_the_answer_came_about():
    got = told()
    latest, other, *early = got.inferences.data
    assert [each["mode"] for each in early] == ["neural_only", "neural_only"]
    assert other["userId"] == got.sessions["vic"]["user"]["id"]
    assert other["query"] == QUESTION
    assert other["inputVariables"] == {"monthlyDebt": 1800, "monthlyIncome": 6000, "creditScore": 710}
    assert other["outputVariables"] == {"dti": 0.3, "riskTier": "low"}
    assert [(each["id"], each["outputs"]) for each in other["unitsFired"]] == [
        (got.dti.data["id"], {"dti": 0.3}), (got.tier.data["id"], {"riskTier": "low"}),
    ]  # fmt: skip
    events = [(each["step"], each["event"]) for each in other["executionTrace"]]
    assert events == [(1, "read"), (2, "workflow"), (3, "fired"), (4, "fired")]
    assert (other["coveragePercent"], other["auditWarnings"]) == (100, [])
    assert {name: latest[name] for name in latest if name not in ("id", "userId")} == {
        name: other[name] for name in other if name not in ("id", "userId")
    }


def test_the_audit_log_has_one_entry_for_every_change_and_none_for_a_question():
    logged = [each["action"] for each in reversed(told().audit.data)]
    assert logged == [
        "org.created", "api_key.created", *["member.invited"] * 4,
        "domain.created", "unit.created", "unit.created",
        "unit.reviewers_assigned", "unit.reviewers_assigned",
        "unit.verified", "unit.verified", "unit.verified", "unit.verified",
        "workflow.created",
    ]  # fmt: skip


def test_the_audit_log_says_who_did_it_with_what_and_when():
    got = told()
    flow = got.audit.data[0]
    assert (flow["resourceType"], flow["resourceId"]) == ("workflow", got.flow.data["id"])
    assert (flow["userId"], flow["userAgent"]) == (got.sessions["otto"]["user"]["id"], "otto/1.0")
    assert flow["createdAt"] == got.flow.data["createdAt"] == "2026-04-15T15:30:00.000Z"
    verified = [each for each in got.audit.data if each["resourceId"] == got.tier.data["id"]]
    assert [each["details"].get("status") for each in verified] == ["verified", "in_review", None, None]


def test_the_audit_log_is_a_file_for_an_admin_and_for_nobody_else():
    got = told()
    lines = got.csv.raw.decode().splitlines()
    assert lines[0] == "id,action,userId,resourceType,resourceId,details,ipAddress,userAgent,createdAt"
    assert [line.split(",")[1] for line in lines[1:]] == [each["action"] for each in got.audit.data]
    assert (got.refused_csv.status, got.refused_csv.code) == (403, "FORBIDDEN")


def test_the_answer_can_be_explained_down_to_the_bytes_it_was_computed_from():
    stage = told().stage
    entries = stage.admin("GET", "/requests?operation=infer&limit=1")["requests"]
    account = stage.admin("GET", f"/requests/{entries[0]['id']}/explain")
    assert account["operation"]["id"] == "infer"
    assert {each["result"] for each in account["checks"]} == {"passed"}
    assert [each["table"] for each in account["changes"]] == ["inferences"]


def test_the_whole_story_replays_and_holds_no_credential():
    stage = told().stage
    capsule = stage.admin("GET", "/capsule")
    assert [each for each in told().credentials if each in str(capsule)] == []
    assert stage.admin("POST", "/capsule", capsule)["status"] == "loaded"
