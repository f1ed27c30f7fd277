"""The sandbox against a small model: a dict of names and tiers that a reader can check by eye."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from sandbox.core.clock import DAY, SECOND
from tests.support import LOAN, NOW, ask, said, world_of

names = st.text("abcdefgh", min_size=1, max_size=2)
tiers = ("unacceptable", "high", "limited", "minimal")
TEXTS = {
    "unacceptable": ("Government services", "Social scoring of citizens by public authorities"),
    "high": ("Financial Services / Credit Assessment", "Credit scoring of loan applicants"),
    "limited": ("Customer Service", "A chatbot that answers customers"),
    "minimal": ("Logistics", "Forecasts the demand for spare parts"),
}


class SandboxAgainstModel(RuleBasedStateMachine):
    """Every answer of the sandbox is what the model predicts, at any time, in any order of calls."""

    systems = Bundle("systems")
    jobs = Bundle("jobs")

    @initialize()
    def begin(self):
        """Start with an empty workspace on the Enterprise plan."""
        self.world, self.now = world_of(fixture="empty", clock="real", quota="off"), NOW
        self.named, self.tier, self.born, self.sections, self.runs = {}, {}, {}, {}, {}
        self.order = []

    def call(self, method, target, body=None):
        """Ask, keep the next world, return status and body."""
        outcome = ask(self.world, method, target, body, at=self.now, fixture="empty")
        self.world = outcome.world
        return outcome.response.status, said(outcome)

    @rule(wait=st.sampled_from([0, 1, 7, 30, 60, 3600, 86400]))
    def time_passes(self, wait):
        """Move the clock."""
        self.now += wait * SECOND

    @rule(target=systems, name=names, kind=st.sampled_from(tiers))
    def create(self, name, kind):
        """Create a system: a taken name is a conflict."""
        domain, text = TEXTS[kind]
        status, body = self.call(
            "POST", "/v1/systems", {"name": name, "domain": domain, "purpose": text, "description": text}
        )
        if name in self.named:
            assert (status, body["error"]["code"]) == (409, "conflict")
            return multiple()
        assert status == 201
        ident = body["data"]["id"]
        assert body["data"]["risk_tier"] is None
        self.named[name], self.tier[ident], self.born[ident] = ident, (None, kind), self.now // SECOND
        self.sections[ident], self.runs[ident] = [], 0
        return ident

    @rule(ident=systems)
    def classify(self, ident):
        """Run the classifier: the tier that the texts mean, one version further."""
        status, body = self.call("POST", f"/v1/systems/{ident}/classification")
        kind = self.tier[ident][1]
        self.runs[ident] += 1
        self.tier[ident] = (kind, kind)
        assert status == 201
        assert (body["data"]["risk_tier"], body["data"]["version"]) == (kind, self.runs[ident])
        assert self.call("GET", f"/v1/systems/{ident}/classification") == (200, body)

    @rule(target=jobs, ident=systems, sections=st.lists(st.integers(1, 8), min_size=1, max_size=5))
    def draft(self, ident, sections):
        """Ask for documentation: only of a classified system."""
        status, body = self.call("POST", f"/v1/systems/{ident}/documents", {"sections": sections})
        if self.tier[ident][0] is None:
            assert status == 422
            return multiple()
        assert status == 202
        chosen = sorted(set(sections))
        estimate = -(-60 * len(chosen) // 8)
        assert body["data"]["estimated_seconds"] == estimate
        self.sections[ident].append((self.now + estimate * SECOND, chosen))
        return (body["data"]["job_id"], self.now, estimate, chosen)

    @rule(job=jobs)
    def poll(self, job):
        """Look at a job: what it is follows from the clock alone."""
        ident, made, estimate, chosen = job
        status, body = self.call("GET", f"/v1/jobs/{ident}")
        passed = (self.now - made) // SECOND
        expected = "queued" if passed < 5 else "in_progress" if passed < estimate else "completed"
        assert status == 200
        assert body["data"]["status"] == expected
        written = body["data"]["document"]
        assert (written is not None) == (expected == "completed")
        if written is not None:
            assert [each["number"] for each in written["sections"]] == chosen

    def score(self, ident):
        """Return the documentation score by the rule of the documents' example."""
        done = {number for at, chosen in self.sections[ident] if at <= self.now for number in chosen}
        return 100 * len(done) // 8

    @rule(ident=systems)
    def monitor(self, ident):
        """Look at monitoring: nothing was ever sent, so it is off; the score is the list's."""
        _, body = self.call("GET", f"/v1/systems/{ident}/monitoring")
        data = body["data"]
        assert (data["monitoring_active"], data["overall_health"], data["alerts"]) == (False, "healthy", [])
        assert data["documentation_score"] == self.score(ident)

    @rule(tier=st.sampled_from([None, *tiers]), size=st.integers(1, 4), writes=st.integers(0, 2))
    def page_through(self, tier, size, writes):
        """Page to the end while systems are being created: none twice, none lost that stood at the start."""
        stood = [ident for ident, (known, _) in self.tier.items() if tier is None or known == tier]
        filtered = f"&risk_tier={tier}" if tier else ""
        seen, cursor = [], ""
        while cursor is not None:
            _, body = self.call("GET", f"/v1/systems?limit={size}{filtered}{cursor}")
            seen += body["data"]
            after = body["meta"]["cursor"]
            cursor = None if after is None else f"&cursor={after}"
            if writes and cursor:
                writes -= 1
                self.time_passes(1)
                self.create_quietly(len(self.named))
        listed = [each["id"] for each in seen]
        assert len(set(listed)) == len(listed)
        assert set(stood) <= set(listed)
        keys = [(-self.born[ident], ident) for ident in listed]
        assert keys == sorted(keys)
        assert all(each["documentation_score"] == self.score(each["id"]) for each in seen)

    def create_quietly(self, number):
        """Create one more system between two pages."""
        name = f"{LOAN['name']} {number}"
        _, body = self.call("POST", "/v1/systems", {**LOAN, "name": name})
        ident = body["data"]["id"]
        self.named[name], self.tier[ident], self.born[ident] = ident, (None, "high"), self.now // SECOND
        self.sections[ident], self.runs[ident] = [], 0

    @invariant()
    def totals_agree(self):
        """The total of each filter is what the model counts."""
        if not hasattr(self, "world"):
            return
        for tier in (None, *tiers):
            _, body = self.call("GET", f"/v1/systems?limit=1{f'&risk_tier={tier}' if tier else ''}")
            assert body["meta"]["total"] == sum(tier in (None, known) for known, _ in self.tier.values())


TestSandboxAgainstModel = SandboxAgainstModel.TestCase
TestSandboxAgainstModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_days_since_review_follow_the_clock_alone():
    world = world_of(clock="real", quota="off")
    for days in (0, 1, 30, 400):
        outcome = ask(world, "GET", "/v1/systems/sys_abc123/monitoring", at=NOW + days * DAY)
        assert said(outcome)["data"]["days_since_last_review"] == 29 + days
