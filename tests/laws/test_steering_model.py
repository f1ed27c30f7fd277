"""The control plane against a small model: names, an instant, tokens and snapshots, in plain dicts and numbers."""

from copy import deepcopy

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.core.clock import MINUTE, SECOND, iso, iso_exact
from tests.steering import helm
from tests.support import LOAN, NOW

RATE, BURST = 6, 9
TOKEN = MINUTE
"""A token in units, of which RATE are filled in each microsecond."""
MODES = {"real": 1, "offset": 1, "frozen": 0}
words = st.sampled_from("abc")
ONCE = {
    "scenario": "once", "api": "aikraft", "summary": "The first create fails.", "states": ["Started", "Failed"],
    "rules": [{"name": "first", "when": {"operation": "createSystem"}, "then": {"error": {}}, "requires": "Started", "sets": "Failed"}],
}  # fmt: skip


class SteeringAgainstModel(RuleBasedStateMachine):
    """Whatever an owner does to a world, it is what the model predicts."""

    @initialize()
    def begin(self):
        """Start with an empty workspace and a full bucket on a clock that runs."""
        self.at = helm(fixture="empty", clock="real", limit=(RATE, BURST))
        self.model = {
            "names": [], "mode": "real", "offset": 0, "stands": 0, "tokens": BURST * TOKEN, "since": NOW,
            "keys": {}, "ordinal": 0, "due": 0, "auto": False, "latest": 0, "faults": [], "added": 0, "state": None,
        }  # fmt: skip
        self.birth, self.snapshots, self.past, self.moves = deepcopy(self.model), {}, [], 0

    def now(self):
        """Return the model's instant."""
        model = self.model
        shown = model["stands"] if model["mode"] == "frozen" else self.at.wall + model["offset"]
        return max(model["latest"], shown)

    def set_clock(self, mode, now):
        """Let the model's clock show this instant from here on."""
        self.model.update(mode=mode, stands=now, offset=now - self.at.wall)

    def struck(self):
        """Tell whether a create is struck now: by the latest single fault whose turn it is, else by the scenario."""
        for each in reversed(self.model["faults"]):
            if each["times"] is None or each["fired"] < each["times"]:
                each["met"] += 1
                if each["met"] % each["every"] == 0:
                    each["fired"] += 1
                    return True
        if self.model["state"] == "Started":
            self.model["state"] = "Failed"
            return True
        return False

    def ask(self, method, target, body=None, key="own"):
        """Ask the API, with the model's quota; return status, or 429 as the model has it, and JSON."""
        model = self.model
        self.past.append(deepcopy(model))
        early = self.now() < model["due"]
        if early and model["auto"]:
            self.set_clock("offset" if model["mode"] == "real" else model["mode"], model["due"])
        now = self.now()
        tokens = min(BURST * TOKEN, model["tokens"] + RATE * (now - model["since"]))
        refused = tokens < TOKEN
        model.update(tokens=tokens if refused else tokens - TOKEN, since=now, ordinal=model["ordinal"] + 1, latest=now)
        expired = key != "own" and self.ended(key, now)
        struck = method == "POST" and self.struck()
        self.at, response = self.at.ask(method, target, body, key if key == "own" else self.credential(key))
        assert ("Sandbox-Fault" in dict(response.headers)) == struck
        entry = next(reversed(list(self.at.timeline.journal)))
        assert entry.marks.early_retry == early
        if expired:
            assert response.status == 401
        elif refused:
            wait = -(-(TOKEN - tokens) // (RATE * SECOND))
            model["due"] = now + wait * SECOND
            assert (response.status, response.header("retry-after")) == (429, str(wait))
        else:
            assert response.status not in (401, 429)
            assert response.header("x-ratelimit-remaining") == str(max(0, (tokens - TOKEN) // TOKEN - (BURST - RATE)))
            assert (response.status == 500) == struck
        return None if expired or refused or struck else (response.status, orjson.loads(response.body))

    def ended(self, key, now):
        known = self.model["keys"].get(key)
        return known is None or known["revoked"] or (known["expires"] is not None and known["expires"] <= now)

    def credential(self, key):
        return next(credential for credential, ident in self.at.minted if ident == key)

    @rule(wait=st.sampled_from([0, 250_000, SECOND, 11 * SECOND, MINUTE]))
    def time_passes_outside(self, wait):
        """Move the wall."""
        self.at = self.at.later(wait)

    @rule(name=words)
    def create(self, name):
        """Create a system: a name is given once."""
        answer = self.ask("POST", "/v1/systems", {**LOAN, "name": name})
        if answer is not None:
            assert answer[0] == (409 if name in self.model["names"] else 201)
            if answer[0] == 201:
                self.model["names"].append(name)
                assert answer[1]["data"]["created_at"] == iso(self.now())

    @rule()
    def look(self):
        """List the systems: those of the model."""
        answer = self.ask("GET", "/v1/systems?limit=100")
        if answer is not None:
            assert sorted(each["name"] for each in answer[1]["data"]) == sorted(self.model["names"])

    @rule(span=st.sampled_from([0, 1000, SECOND, 10 * SECOND, 60 * MINUTE]))
    def advance(self, span):
        """Advance the clock: a real one is an offset one from then on."""
        now = self.now()
        self.at = self.at.steered("POST", "/clock/advance", {"by": f"{span // 1000}ms"})
        self.set_clock("offset" if self.model["mode"] == "real" else self.model["mode"], now + span)

    @rule(
        mode=st.sampled_from(sorted(MODES)),
        ahead=st.sampled_from([None, -1000, 0, 5 * SECOND]),
        auto=st.sampled_from([None, True, False]),
    )
    def set_a_clock(self, mode, ahead, auto):
        """Set the clock: it never goes back, and a real one shows the wall."""
        now = self.now()
        body = {
            "mode": mode,
            **({} if ahead is None else {"now": iso_exact(now + ahead)}),
            **({} if auto is None else {"auto_advance": auto}),
        }
        after, response = self.at.steer("PUT", "/clock", body)
        target = self.at.wall if mode == "real" else now + (ahead or 0)
        if mode == "real" and ahead is not None:
            assert response.status == 422
        elif target < now:
            assert response.status == 409
        else:
            assert response.status == 200
            self.at = after
            self.set_clock(mode, target)
            self.model["auto"] = self.model["auto"] if auto is None else auto

    @rule(life=st.sampled_from([None, 500, 5_000, 100_000]))
    def mint(self, life):
        """Make a key that ends after so many milliseconds."""
        self.at, response = self.at.steer("POST", "/keys", {} if life is None else {"expires_in": f"{life}ms"})
        told = orjson.loads(response.body)
        assert told["id"] not in self.model["keys"]
        self.model["keys"][told["id"]] = {
            "expires": None if life is None else self.now() + life * 1000,
            "revoked": False,
        }

    @precondition(lambda self: self.at.minted)
    @rule(place=st.integers(0, 9))
    def use_a_key(self, place):
        """Ask with a key that was made once, in this past or another."""
        self.ask("GET", "/v1/systems", None, self.at.minted[place % len(self.at.minted)][1])

    @precondition(lambda self: self.model["keys"])
    @rule(place=st.integers(0, 9), change=st.sampled_from(["revoke", "forever", "soon"]))
    def change_a_key(self, place, change):
        """Revoke a key, or let it live for ever or for a second."""
        ident = sorted(self.model["keys"])[place % len(self.model["keys"])]
        if change == "revoke":
            self.at = self.at.steered("DELETE", f"/keys/{ident}")
            self.model["keys"][ident]["revoked"] = True
        else:
            body = {"expires": None} if change == "forever" else {"expires_in": "1s"}
            self.at = self.at.steered("PATCH", f"/keys/{ident}", body)
            self.model["keys"][ident]["expires"] = None if change == "forever" else self.now() + SECOND

    @rule(every=st.integers(1, 3), times=st.sampled_from([None, 1, 2]))
    def add_a_fault(self, every, times):
        """Let every so many-th create fail, so many times."""
        asked = {"when": {"operation": "createSystem", "every": every}, "then": {"error": {}}, "times": times}
        self.at = self.at.steered("POST", "/faults", asked)
        self.model["added"] += 1
        ident = f"fault-{self.model['added']}"
        self.model["faults"].append({"id": ident, "every": every, "times": times, "met": 0, "fired": 0})

    @rule(number=st.integers(1, 4), times=st.sampled_from([None, 1, 3]))
    def change_a_fault(self, number, times):
        """Let a fault strike more often or less, if there is such a one."""
        self.at, response = self.at.steer("PATCH", f"/faults/fault-{number}", {"times": times})
        found = [each for each in self.model["faults"] if each["id"] == f"fault-{number}"]
        assert response.status == (200 if found else 404)
        for each in found:
            each["times"] = times

    @rule(number=st.integers(1, 4))
    def delete_a_fault(self, number):
        """Delete a fault, if there is such a one."""
        self.at, response = self.at.steer("DELETE", f"/faults/fault-{number}")
        left = [each for each in self.model["faults"] if each["id"] != f"fault-{number}"]
        assert response.status == (404 if left == self.model["faults"] else 200)
        self.model["faults"] = left

    @rule()
    def delete_all_faults(self):
        """Delete them all."""
        self.at = self.at.steered("DELETE", "/faults")
        self.model["faults"] = []

    @rule(plays=st.booleans())
    def set_the_scenario(self, plays):
        """Let the scenario begin, or none."""
        self.at = self.at.steered("PUT", "/scenarios/active", {"scenario": ONCE} if plays else {"name": None})
        self.model["state"] = "Started" if plays else None

    @rule(state=st.sampled_from(["Started", "Failed", None]))
    def set_its_state(self, state):
        """Put it into a state, or let it begin again, if it is active."""
        plays = self.model["state"] is not None
        way = ("POST", "/scenarios/reset") if state is None else ("PUT", "/scenarios/once/state", {"state": state})
        self.at, response = self.at.steer(*way)
        assert response.status == (200 if plays or state is None else 404)
        self.model["state"] = (state or "Started") if plays else None

    @rule(name=words)
    def save(self, name):
        """Name the present."""
        self.at = self.at.steered("POST", "/snapshots", {"name": name})
        self.snapshots[name] = deepcopy((self.model, self.past))

    @rule(name=words)
    def restore(self, name):
        """Go back to a name, if there is one."""
        self.at, response = self.at.steer("POST", f"/snapshots/{name}/restore")
        assert response.status == (200 if name in self.snapshots else 404)
        if name in self.snapshots:
            self.model, self.past = deepcopy(self.snapshots[name])

    @rule(name=words)
    def forget(self, name):
        """Forget a name."""
        self.at, response = self.at.steer("DELETE", f"/snapshots/{name}")
        assert response.status == (200 if self.snapshots.pop(name, None) else 404)

    @rule(count=st.integers(1, 4))
    def rewind(self, count):
        """Undo so many requests, if there were as many."""
        self.at, response = self.at.steer("POST", "/rewind", {"by": count})
        assert response.status == (200 if count <= len(self.past) else 409)
        if count <= len(self.past):
            self.model = self.past[-count]
            del self.past[-count:]

    @rule()
    def clear(self):
        """Forget the journal."""
        self.at = self.at.steered("DELETE", "/requests")
        self.past = []

    @rule()
    def reset(self):
        """Begin anew; the names of snapshots stay."""
        self.at = self.at.steered("POST", "/reset")
        self.model, self.past = deepcopy(self.birth), []

    @invariant()
    def the_plane_shows_the_model(self):
        """Clock, keys, snapshots and the journal are what the model has."""
        if not hasattr(self, "at"):
            return
        clock = self.at.read("/clock")
        assert clock == {
            "now": iso_exact(self.now()), "mode": self.model["mode"], "rate": MODES[self.model["mode"]], "auto_advance": self.model["auto"],
        }  # fmt: skip
        shown = {each["id"]: each for each in self.at.read("/keys")["keys"]}
        for ident, known in self.model["keys"].items():
            assert shown[ident]["revoked"] == known["revoked"]
            assert shown[ident]["expires"] == (None if known["expires"] is None else iso_exact(known["expires"]))
        assert len(shown) == len(self.model["keys"]) + 1
        assert {each["name"]: each["ordinal"] for each in self.at.read("/snapshots")["snapshots"]} == {
            name: model["ordinal"] for name, (model, _) in self.snapshots.items()
        }
        playing = self.at.read("/scenarios")
        expected = ("once", self.model["state"]) if self.model["state"] else (None, "Started")
        assert (playing["active"], playing["state"]) == expected
        told = [
            {name: each.get(name) for name in ("id", "times", "met", "fired")}
            for each in self.at.read("/faults")["faults"]
        ]
        assert told == [{name: each[name] for name in ("id", "times", "met", "fired")} for each in self.model["faults"]]
        assert self.at.read("/requests")["meta"]["total"] == len(self.past)
        assert self.at.world.ordinal == self.model["ordinal"]


TestSteeringAgainstModel = SteeringAgainstModel.TestCase
TestSteeringAgainstModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
