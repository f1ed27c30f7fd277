"""Ctrl AI's units, workflows and domains against a small model: dicts that a reader can check by eye."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from sandbox.apis.ctrlai.state import STORAGE
from sandbox.core.clock import SECOND
from tests.acme import ADMIN, AUTHOR, REVIEWER, SECOND_REVIEWER, Acme
from tests.support import NOW

CREDIT, FRAUD = "01HXD0MA1N0000000000CRED1T", "01HXD0MA1N00000000000FRAVD"
STATUSES = ("candidate", "in_review", "verified", "partial_verified", "needs_review")
KEYS = {"adam": ADMIN, "anna": AUTHOR, "rene": REVIEWER, "rex": SECOND_REVIEWER}
schemas = st.none() | st.dictionaries(st.sampled_from("abc"), st.sampled_from(("number", "string")), max_size=2)
names = st.text("abc", min_size=1, max_size=2)
domains = st.sampled_from((CREDIT, FRAUD))


def types_of(units):
    """Return the types that each variable has among the units."""
    found = {}
    for each in units:
        for schema in (each["inputSchema"], each["outputSchema"]):
            for name, kind in (schema or {}).items():
                found.setdefault(name, set()).add(kind)
    return found


class CtrlAgainstModel(RuleBasedStateMachine):
    """Every answer is what the model predicts, in any order of calls, and the log has one entry for every change."""

    units = Bundle("units")
    flows = Bundle("flows")

    @initialize()
    def begin(self):
        """Start with the default fixture, and count what it has."""
        self.acme = Acme(ADMIN, quota="off", clock="real")
        self.known, self.flowing, self.changes = {}, {}, 0
        self.before = {status: self.total(f"/units?status={status}") for status in STATUSES}
        self.logged, self.slugs = self.total("/audit?"), {each["slug"] for each in self.acme.made("GET", "/workflows")}

    def total(self, query):
        return self.acme.call("GET", f"{query}&limit=1")[1]["meta"]["total"]

    @rule(wait=st.sampled_from([0, 1, 3600]))
    def time_passes(self, wait):
        self.acme.now += wait * SECOND

    @rule(target=units, name=names, takes=schemas, makes=schemas, domain=domains)
    def create_unit(self, name, takes, makes, domain):
        body = {"name": name, "unitType": "pattern", "domainId": domain, "inputSchema": takes, "outputSchema": makes}
        said = {key: value for key, value in body.items() if value is not None}
        unit = self.acme.made("POST", "/units", {**said, "then": "so"}, key=AUTHOR)
        self.known[unit["id"]] = {**body, "status": "candidate", "version": 1, "words": {}}
        self.changes += 1
        return unit["id"]

    @rule(
        ident=units,
        who=st.sampled_from(sorted(KEYS)),
        action=st.sampled_from(("approve", "approve", "request_changes")),
    )
    def verify(self, ident, who, action):
        status, body = self.acme.call("POST", f"/units/{ident}/verify", {"action": action}, key=KEYS[who])
        if ident not in self.known:
            assert status == 404
            return
        self.changes += 1
        unit = self.known[ident]
        unit["words"][who] = action
        said = list(unit["words"].values())
        rate = round(100 * said.count("approve") / len(said) + 1e-9)
        unit["status"] = "needs_review" if "request_changes" in said else "verified" if len(said) > 1 else "in_review"
        assert (body["data"]["status"], body["data"]["verificationScore"]) == (unit["status"], rate)
        assert body["data"]["review"]["approvalRate"] == rate

    @rule(ident=units, name=st.none() | names, makes=st.none() | schemas)
    def edit(self, ident, name, makes):
        changes = {**({"name": name} if name else {}), "outputSchema": makes}
        status, body = self.acme.call("PATCH", f"/units/{ident}", changes, key=AUTHOR)
        if ident not in self.known:
            assert status == 404
            return
        unit = self.known[ident]
        if unit["outputSchema"] != makes or list(unit["outputSchema"] or ()) != list(makes or ()):
            unit.update(status="candidate", version=unit["version"] + 1, words={})
            self.changes += 1
        elif name and unit["name"] != name:
            self.changes += 1
        unit.update(changes)
        assert {key: body["data"][key] for key in unit if key != "words"} == {
            key: value for key, value in unit.items() if key != "words"
        }

    @rule(ident=units)
    def delete_unit(self, ident):
        status, _ = self.acme.call("DELETE", f"/units/{ident}")
        used = any(ident in each["units"] for each in self.flowing.values())
        assert status == (404 if ident not in self.known else 409 if used else 200)
        if status == 200:
            del self.known[ident]
            self.changes += 1

    def fits(self, idents):
        """Return whether a workflow may have these units."""
        found = [self.known.get(each) for each in idents]
        return None not in found and all(len(kinds) == 1 for kinds in types_of(found).values())

    @rule(target=flows, name=names, idents=st.lists(units, max_size=3, unique=True), domain=domains)
    def create_flow(self, name, idents, domain):
        status, body = self.acme.call("POST", "/workflows", {"name": name, "domainId": domain, "units": idents})
        if not self.fits(idents):
            assert (status, body["error"]["details"]["field"]) == (400, "units")
            return multiple()
        if name in self.flowing:
            assert status == 409
            return multiple()
        self.changes += 1
        verified = bool(idents) and all(self.known[each]["status"] == "verified" for each in idents)
        self.flowing[name] = {"units": idents, "version": 1, "status": "active" if verified else "draft"}
        assert (status, body["data"]["slug"], body["data"]["status"]) == (201, name, self.flowing[name]["status"])
        return name

    @rule(slug=flows, idents=st.lists(units, max_size=3, unique=True), state=st.sampled_from(("draft", "active")))
    def edit_flow(self, slug, idents, state):
        status, body = self.acme.call("PATCH", f"/workflows/{slug}", {"units": idents, "status": state})
        if slug not in self.flowing:
            assert status == 404
            return
        if not self.fits(idents):
            assert (status, body["error"]["details"]["field"]) == (400, "units")
            return
        flow = self.flowing[slug]
        moved = (flow["units"], flow["status"]) != (idents, state)
        flow.update(units=idents, status=state, version=flow["version"] + moved)
        self.changes += moved
        assert {key: body["data"][key] for key in flow} == flow

    @rule(slug=consumes(flows))
    def delete_flow(self, slug):
        status, _ = self.acme.call("DELETE", f"/workflows/{slug}")
        assert status == (200 if slug in self.flowing else 404)
        if self.flowing.pop(slug, None):
            self.changes += 1

    @rule(description=st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" ".join), domain=domains)
    def compose(self, description, domain):
        """A draft is saved as it stands, if at all: nothing in it is refused."""
        draft = self.acme.made("POST", "/workflows/compose", {"description": description, "domainId": domain})
        body = {"name": "a draft", "domainId": domain, "units": draft["units"]}
        before = self.acme.world
        saved = self.acme.made("POST", "/workflows", body)
        assert {key: saved[key] for key in ("dag", "inputs", "outputs")} == {
            key: draft[key] for key in ("dag", "inputs", "outputs")
        }
        self.acme.world = before

    @invariant()
    def totals_agree(self):
        """The total of each filter is what the model counts."""
        for status in STATUSES:
            mine = sum(each["status"] == status for each in self.known.values())
            assert self.total(f"/units?status={status}") == self.before[status] + mine
        assert {each["slug"] for each in self.acme.made("GET", "/workflows?limit=200")} == self.slugs | set(
            self.flowing
        )

    @invariant()
    def workflows_are_as_verified_as_their_units(self):
        for slug, flow in self.flowing.items():
            told = self.acme.made("GET", f"/workflows/{slug}")
            verified = [self.known[each]["status"] == "verified" for each in flow["units"]]
            expected = "unverified" if not any(verified) else "verified" if all(verified) else "partially_verified"
            assert told["verificationStatus"] == expected
            assert (told["units"], told["version"]) == (flow["units"], flow["version"])

    @invariant()
    def the_log_has_one_entry_for_every_change(self):
        assert self.total("/audit?") == self.logged + self.changes

    def teardown(self):
        """What these requests have made can be written down and read back as it was."""
        if not hasattr(self, "acme"):
            return
        workspace = self.acme.world.workspace
        head = {"fixture": "model", "api": "ctrlai", "summary": "What the model made.", "keys": []}
        again = STORAGE.load({**head, **STORAGE.dump(workspace)}, NOW).workspace
        assert STORAGE.dump(again) == STORAGE.dump(workspace)


TestCtrlAgainstModel = CtrlAgainstModel.TestCase
TestCtrlAgainstModel.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
