"""While a scenario runs: whatever is asked, however time passes and wherever it is rewound to, the world is of a piece."""

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.core.clock import DAY, parse_instant
from tests.steering import helm
from tests.support import LOAN

SCENARIO = {
    "scenario": "machine", "api": "aikraft", "summary": "Everything that lasts.", "states": ["Started", "Worse"],
    "timeline": [
        {"at": "1h", "drift": {"system": "sys_abc123", "feature": "age", "from": 0.05, "to": 0.31, "over": "3d"}},
        {"at": "5d", "resolve": {"system": "sys_abc123", "feature": "age"}},
        {"at": "2d", "incident": {"system": "all", "count": 2}},
        {"at": "10d", "every": "7d", "times": 5, "incident": {"system": "sys_abc123"}},
        {"at": "4d", "state": "Worse"},
    ],
    "rules": [
        {"name": "stuck", "when": {"operation": "createDocuments", "every": 2}, "then": {"job": "slow"}, "continue": True},
        {"name": "lost", "when": {"operation": "createSystem", "every": 3}, "then": {"commit": "drop_after"}},
        {"name": "twice", "when": {"operation": "createDocuments", "nth": [3]}, "then": {"commit": "twice"}},
        {"name": "worse", "when": {"probability": 0.3}, "then": {"error": {"status": 500}}, "requires": "Worse"},
        {"name": "short", "when": {"operation": "listSystems"}, "then": {"rate_limit": {"limit": 9, "burst": 9}}},
    ],
}  # fmt: skip
"""Nothing in it hides what is: an answer that is given is true."""
SPANS = ("1s", "59s", "1h", "1d", "36h", "3d", "30d")
SYSTEM = "/v1/systems/sys_abc123"


class WhileAScenarioRuns(RuleBasedStateMachine):
    """Derived fields never contradict the state, and going back leads into the same future."""

    @initialize()
    def begin(self):
        """Let the scenario begin in the documents' world, with a clock that only a move moves."""
        self.at = helm().steered("PUT", "/scenarios/active", {"scenario": SCENARIO})
        self.done = []

    def asked(self, method, target, body=None):
        """Ask, and keep what was asked and answered; return the JSON of a success."""
        self.at, response = self.at.ask(method, target, body)
        self.done.append((("ask", method, target, body), response))
        return orjson.loads(response.body) if response.status < 300 else None

    def later(self, span):
        """Let time pass, and keep that it did."""
        self.at = self.at.steered("POST", "/clock/advance", {"by": span})
        self.done.append((("advance", span), None))

    @rule(name=st.sampled_from("abcd"))
    def create(self, name):
        """Register a system."""
        self.asked("POST", "/v1/systems", {**LOAN, "name": name})

    @rule(sections=st.lists(st.integers(1, 8), min_size=1, max_size=4))
    def draft(self, sections):
        """Have documents drafted."""
        self.asked("POST", f"{SYSTEM}/documents", {"sections": [str(each) for each in sections]})

    @rule(span=st.sampled_from(SPANS))
    def advance(self, span):
        """Let time pass."""
        self.later(span)

    @rule()
    def monitor(self):
        """What monitoring says agrees with itself, and with the state that is exported."""
        told = self.asked("GET", f"{SYSTEM}/monitoring")
        if told is None:
            return
        data, now = told["data"], self.at.world.latest
        open_ones = [each for each in data["alerts"] if not each["resolved"]]
        worst = "critical" if any(each["severity"] == "critical" for each in open_ones) else "warning"
        assert data["overall_health"] == (worst if open_ones else "healthy")
        for each in open_ones:
            assert each["value"] is None or each["value"] >= each["threshold"]
            assert parse_instant(each["triggered_at"]) <= now
        row = self.at.world.workspace.table("systems").get("sys_abc123")
        assert data["incident_count_30d"] == sum(now - 30 * DAY < each <= now for each in row["incidents"])

    @rule()
    def compare(self):
        """The list's score and monitoring's are one, and jobs that have not ended count for nothing."""
        listed, told = self.asked("GET", "/v1/systems?limit=100"), self.asked("GET", f"{SYSTEM}/monitoring")
        if listed is None or told is None:
            return
        (score,) = [each["documentation_score"] for each in listed["data"] if each["id"] == "sys_abc123"]
        assert score == told["data"]["documentation_score"]

    @rule()
    def look_at_jobs(self):
        """A job is done exactly when its draft counts."""
        for job in self.at.world.workspace.table("jobs").all():
            told = self.asked("GET", f"/v1/jobs/{job['id']}")
            if told is not None:
                done = told["data"]["status"] == "completed"
                drafts = self.at.world.workspace.table("systems").get(job["system_id"])["drafts"]
                counted = any(each["job"] == job["id"] and each["at"] <= self.at.world.latest for each in drafts)
                assert done == counted

    @rule()
    def look_twice(self):
        """Looking changes nothing: of two looks at one moment the second finds the rows as the first left them."""
        self.asked("GET", f"{SYSTEM}/monitoring")
        before = self.at.world.workspace
        self.asked("GET", f"{SYSTEM}/monitoring")
        assert self.at.world.workspace is before

    @precondition(lambda self: self.at.timeline.journal)
    @rule(count=st.integers(1, 5))
    def rewind_and_go_again(self, count):
        """Go back by some calls and make them again: the same answers, and the same world."""
        calls = [place for place, (act, _) in enumerate(self.done) if act[0] == "ask"][-count:]
        if not calls:
            return
        there, again = self.at.read("/state"), self.done[calls[0] :]
        self.at = self.at.steered("POST", "/rewind", {"by": len(calls)})
        self.done = self.done[: calls[0]]
        for (kind, *given), response in again:
            if kind == "advance":
                self.later(*given)
            else:
                self.asked(*given)
                assert self.done[-1][1] == response
        assert self.at.read("/state") == there

    @invariant()
    def every_answer_is_the_contracts(self):
        """No answer is a defect."""
        for _, response in self.done[-1:]:
            if response is not None:
                assert b"defect" not in response.body


TestWhileAScenarioRuns = WhileAScenarioRuns.TestCase
TestWhileAScenarioRuns.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
