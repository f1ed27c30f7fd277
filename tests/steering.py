"""What the laws of the control plane share: a timeline at a wall instant, and all that can be done to it without a door.

An act is a tuple that says what is done next; `acts` draws any of them, `did` does it. So a law speaks of any sequence of
calls and moves, and two timelines can be led the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st

from sandbox.apis.ctrlai.law import COOKIE
from sandbox.app import control_contract
from sandbox.core.clock import DAY, HOUR, MINUTE, SECOND
from sandbox.core.control import Plane, control
from sandbox.core.frozen import Frozen
from sandbox.core.kernel import step
from sandbox.core.keyring import Place, admit, fingerprint, identify
from sandbox.core.message import Request, Response
from sandbox.core.playbill import play_written
from sandbox.core.realm import Realm
from sandbox.core.record import caught_up, told
from sandbox.core.timeline import ENTRY_LIMIT, Entry, Journal, Timeline, began
from sandbox.core.world import World
from tests.support import ENTERPRISE, LOAN, NOW, realm, request, world_of


@cache
def plane() -> Plane:
    """Return the control plane as the laws meet it."""
    return Plane(control_contract(), "sandbox", "0.0.0")


class Helm(NamedTuple):
    """A timeline, the wall instant, the key that asks, and the keys that were made: credential and id."""

    home: Realm
    timeline: Timeline
    wall: int = NOW
    key: str | None = ENTERPRISE
    minted: tuple[tuple[str, str], ...] = ()

    @property
    def world(self) -> World:
        """Return the present."""
        return self.timeline.present

    def later(self, span: int) -> Helm:
        """Return the helm so many microseconds later outside."""
        return self._replace(wall=self.wall + span)

    def admitted(self, asked: Request) -> Request:
        """Return the request as it enters the world."""
        places = {fingerprint(credential): Place("minted", ident) for credential, ident in self.minted}
        _, caller = identify(self.home.keyring, asked, places)
        return admit(self.home.keyring, asked, caller)

    def ask(
        self, method: str, target: str, body: Any = None, key: str | None = "own", **headers: str
    ) -> tuple[Helm, Response]:
        """Return what comes of a request to the API, and its answer."""
        return self.sent(request(method, target, body, self.key if key == "own" else key, **headers))

    def sent(self, asked: Request) -> tuple[Helm, Response]:
        """Return what comes of this request to the API, and its answer."""
        asked, timeline = self.admitted(asked), caught_up(self.timeline, self.wall)
        outcome = step(timeline.present, asked, self.wall)
        after = self._replace(timeline=told(timeline, outcome, asked, self.wall))
        if outcome.issued is not None and tuple(outcome.issued) not in self.minted:
            after = after._replace(minted=(*self.minted, tuple(outcome.issued)))
        return after, outcome.response

    def steer(self, method: str, target: str, body: Any = None) -> tuple[Helm, Response]:
        """Return what comes of a control request, and its answer."""
        asked = self.admitted(request(method, "/__admin" + target, body, self.key))
        timeline = caught_up(self.timeline, self.wall)
        move = control(plane(), self.home, timeline, asked, self.wall)
        after = self._replace(timeline=move.timeline)
        if move.credential is not None and (move.credential, move.key) not in self.minted:
            after = after._replace(minted=(*self.minted, (move.credential, move.key)))
        return after, move.response

    def read(self, target: str) -> Any:
        """Return the JSON of a control GET, which has to succeed."""
        after, response = self.steer("GET", target)
        assert response.status == 200, response.body
        assert after.timeline is self.timeline
        return orjson.loads(response.body)

    def steered(self, method: str, target: str, body: Any = None) -> Helm:
        """Return the helm after a control request, which has to succeed."""
        after, response = self.steer(method, target, body)
        assert response.status < 300, response.body
        return after


def steer(
    timeline: Timeline, method: str, target: str, body: Any = None, *, at: int = NOW
) -> tuple[Timeline, Response]:
    """Return the timeline after a control request of its owner, and the answer."""
    after, response = Helm(realm("docs"), timeline, at).steer(method, target, body)
    return after.timeline, response


def helm(
    key: str | None = ENTERPRISE,
    fixture: str = "docs",
    limit: tuple[int, int] | None = None,
    entries: int = ENTRY_LIMIT,
    **settings: Any,
) -> Helm:
    """Return the helm of a key's world at its birth; `limit` is its rate and burst, `entries` bounds its journal."""
    world = world_of(key or "none", fixture, **settings)
    if limit is not None:
        charter = world.charter
        world = world._replace(charter=_replaced(charter, owner=Frozen({**charter.owner, "limit": limit})))
    return Helm(realm(fixture, **settings), began(world, Journal(limit=entries)), NOW, key)


def _replaced(charter: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(charter, **changes)


def entries_of(timeline: Timeline) -> list[Entry]:
    """Return the requests to the API that the journal remembers."""
    return [each for each in timeline.journal if each.errand is None]


def remembered(timeline: Timeline) -> list[tuple[Any, ...]]:
    """Return what the journal tells, whenever it was told."""
    return [(*each[:8], each.errand and each.errand.operation) for each in timeline.journal]


# The acts.

BATCH = {
    "schema": "aikraft.llm.v1", "batch_id": "00000000-0000-4000-8000-000000000000",
    "sdk": {"name": "aikraft-python", "version": "0.2.0"},
    "windows": [
        {
            "start": "2026-04-13T14:29:00+00:00", "end": "2026-04-13T14:30:00+00:00", "model": "m", "tag": None, "calls": 9,
            "histograms": {"latency_ms": {"counts": [0] * 15 + [9], "sum": 8.5}}, "categories": {},
        }
    ],
}  # fmt: skip
TEXTS = (
    "Credit scoring of loan applicants",
    "A chatbot that answers customers",
    "Social scoring of citizens",
    "Spare parts",
)
PREFERENCES = (
    "code=429", "code=500", "code=599", "example=aiSystem", "delay=5, code=201", "respond-async, code=404", 'code="', "delay=250ms",
)  # fmt: skip
BAD = (
    ("GET", "/v1/nope", None), ("GET", "/v1/system", None), ("DELETE", "/v1/systems", None), ("GET", "/v1/jobs/job_000000", None),
    ("POST", "/v1/systems", b"{"), ("POST", "/v1/systems", {"name": 1}), ("GET", "/v1/systems?limit=0", None),
    ("GET", "/v1/systems?cursor=%ff", None), ("POST", "/v1/systems", b"\xff\x00"), ("HEAD", "/v1/systems", None),
    ("POST", "/v1/systems", None), ("PUT", "/v1/%e4", b"\xff"), ("GET", "/v1/systems/sys_000000/monitoring", None),
)  # fmt: skip
CLOCKS = (
    {"mode": "real"}, {"mode": "offset"}, {"mode": "frozen"}, {"mode": "scaled", "rate": 60}, {"mode": "scaled", "rate": 0.25},
    {"mode": "frozen", "auto_advance": True}, {"mode": "offset", "auto_advance": True}, {"mode": "offset", "now": "2026-05-01T00:00:00Z"},
    {"mode": "scaled", "rate": 3, "auto_advance": False}, {"mode": "frozen", "now": "2020-01-01T00:00:00Z"},
)  # fmt: skip
STAGED = {
    "scenario": "staged", "api": "aikraft", "summary": "A bit of everything.", "seed": 7, "states": ["Started", "Worse", "Over"],
    "rules": [
        {"name": "tight", "when": {"operation": "listSystems"}, "then": {"rate_limit": {"limit": 2, "burst": 2}}, "requires": "Started", "times": 4},
        {"name": "lost", "when": {"operation": "createSystem", "every": 2}, "then": {"commit": "drop_after"}, "requires": "Started", "sets": "Worse"},
        {"name": "twice", "when": {"operation": "createSystem"}, "then": {"commit": "twice"}, "requires": "Worse", "ttl": "7s"},
        {"name": "put-off", "when": {"operation": "createSystem", "nth": [2, 5]}, "then": {"commit": {"outcome": "late", "after": "1m"}}, "requires": "Worse"},
        {"name": "late", "when": {"method": "POST", "nth": [1, 3]}, "then": {"delay": {"fixed": "2s", "clock": "world"}}, "continue": True},
        {"name": "some", "when": {"probability": 0.5}, "then": {"one_of": [
            {"weight": 2, "error": {"status": 500}}, {"hangup": "RANDOM_DATA_THEN_CLOSE"}, {"rate_limit": {"exhausted": True, "retry_after": "date", "illegal": True}},
        ]}},
        {"name": "end", "when": {"rows": {"systems": {"at_least": 3}}}, "then": {"sequence": [{"error": {}}, {"outage": {"outageDuration": "1h"}}]}, "sets": "Over"},
    ],
}  # fmt: skip
SCENARIOS = (
    "brown-out",
    "drift-storm",
    "failing-jobs",
    "flaky",
    "hung",
    "lost-writes",
    "outage-and-recovery",
    "quota-lies",
    "rate-limited",
    "slow",
    None,
    "none",
)
FAULTS = (
    {"then": {"error": {"status": 500}}, "times": 2},
    {"when": {"operation": "createSystem", "every": 2}, "then": {"commit": "twice"}},
    {"when": {"method": "GET", "probability": 0.4}, "then": {"rate_limit": {"limit": 1, "burst": 1}}},
    {"when": {"header": {"prefer": {"exists": True}}}, "then": {"hangup": "NO_ANSWER", "after": "nothing"}, "ttl": "1m"},
    {"then": {"delay": {"lognormal": {"median": "1s", "sigma": 0.5}, "clock": "world", "when": "after"}}, "continue": True},
    {"when": {"operation": "none"}, "then": {}}, {"then": {"eror": {}}},
)  # fmt: skip
FAULT_CHANGES = (
    {"times": 1},
    {"times": None},
    {"ttl": "7s"},
    {"when": {}},
    {"then": {"error": {}}, "continue": True},
    {"then": {"none": 1}},
)
SPANS = ("0s", "1ms", "7s", "1m", "1h30m", "3d", "P31D")
WAITS = (0, 1, 999_999, SECOND, 7 * SECOND, MINUTE, HOUR, 3 * DAY)

places = st.integers(0, 5)
who = st.integers(-1, 3)
"""Whose key asks: the owner's at 0, a minted one above, none below."""

api_acts = st.one_of(
    st.tuples(st.just("create"), st.sampled_from("abcd"), st.sampled_from(TEXTS), who),
    st.tuples(st.just("classify"), places),
    st.tuples(st.just("draft"), places, st.lists(st.integers(1, 8), min_size=1, max_size=3)),
    st.tuples(st.just("ingest"), places, st.integers(0, 2)),
    st.tuples(st.just("monitor"), places),
    st.tuples(st.just("job"), places),
    st.tuples(st.just("list"), st.integers(1, 3), who),
    st.tuples(st.just("prefer"), st.sampled_from(PREFERENCES), st.booleans()),
    st.tuples(st.just("bad"), st.sampled_from(BAD)),
    st.tuples(st.just("large")),
)
steering_acts = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from(SPANS)),
    st.tuples(st.just("clock"), st.sampled_from(CLOCKS)),
    st.tuples(st.just("settings"), st.sampled_from([{"quota": "observe"}, {"quota": "off"}, {"quota": "enforce"}, {"seed": 7}, {"label": "Other: é"}, {"seed": 0, "label": "docs"}])),
    st.tuples(st.just("mint"), st.sampled_from([{}, {"plan": "starter", "scope": "read"}, {"expires_in": "1m"}, {"plan": "free"}, {"scope": "no"}, {"expires": "2026-04-13T14:31:00Z"}])),
    st.tuples(st.just("change"), st.integers(0, 3), st.sampled_from([{"expires_in": "7s"}, {"expires": None}, {"expires": "2026-04-13T14:30:30Z"}])),
    st.tuples(st.just("revoke"), st.integers(0, 3)),
)  # fmt: skip
staging_acts = st.one_of(
    st.tuples(st.just("play"), st.sampled_from([*({"name": each} for each in SCENARIOS), *[{"scenario": STAGED}] * 6])),
    st.tuples(st.just("enter"), st.sampled_from(["Started", "Worse", "Over"])),
    st.tuples(st.just("again")),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(st.just("refault"), places, st.sampled_from(FAULT_CHANGES)),
    st.tuples(st.just("unfault"), places),
    st.tuples(st.just("unfaults")),
)
moving_acts = st.one_of(
    st.tuples(st.just("save"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("restore"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("delete"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("rewind"), st.integers(1, 4)),
    st.tuples(st.just("clear")),
)
heavy_acts = st.one_of(st.tuples(st.just("state")), st.tuples(st.just("fixture")), st.tuples(st.just("capsule")))
waits = st.tuples(st.just("wait"), st.sampled_from(WAITS))

calls_and_steering = waits | api_acts | api_acts | steering_acts | staging_acts
acts = (
    waits | api_acts | api_acts | steering_acts | staging_acts | moving_acts | heavy_acts | st.tuples(st.just("reset"))
)
Act = tuple[Any, ...]


def did(at: Helm, act: Act) -> tuple[Helm, Response | None]:
    """Return the helm after one act, and the answer; any act may be refused and none breaks."""
    kind, *given = act
    if kind == "wait":
        return at.later(given[0]), None
    after, response = _API[kind](at, *given) if kind in _API else _CONTROL[kind](at, *given)
    expected = kind == "prefer" or "Sandbox-Fault" in dict(response.headers)
    assert response.status < 500 or (expected and response.status == 500), (act, response.body)
    return after, response


def went(at: Helm, story: Iterable[Act]) -> tuple[Helm, list[Any]]:
    """Return the helm after all these acts, and the answers to the API's requests among them."""
    answers = []
    for act in story:
        at, response = did(at, act)
        answers.append(response)
    return at, answers


def _ident(at: Helm, table: str, place: int) -> str:
    rows = [row["id"] for row in at.world.workspace.table(table).all()]
    return rows[place % len(rows)] if rows else "sys_000000"


def _credential(at: Helm, whose: int) -> str | None:
    if whose <= 0:
        return at.key if whose == 0 else None
    return at.minted[(whose - 1) % len(at.minted)][0] if at.minted else at.key


def _key_id(at: Helm, place: int) -> str:
    known = sorted(at.world.charter.grants)
    return known[place % len(known)] if known else "key_none"


def _fault_id(at: Helm, place: int) -> str:
    known = [each.id for each in at.world.play.adhoc]
    return known[place % len(known)] if known else "fault-0"


def _called(at: Helm, method: str, target: str, body: Any, whose: int | str) -> tuple[Helm, Response]:
    """Make any call, in which `<table:2>` stands for the id of a row, and `<table.field:2>` for another field of it."""
    credential = whose if isinstance(whose, str) else _credential(at, whose)
    headers = {}
    if credential is not None and credential.startswith("ctrlai_st_"):
        headers["cookie"], credential = f"{COOKIE}={credential}", None
    return at.ask(method, filled(at, target), filled(at, body), credential, **headers)


def filled(at: Helm, value: Any) -> Any:
    """Return the value with a row's id, or another field of it, wherever a row is named by its place."""
    if isinstance(value, str):
        return _ROW.sub(lambda found: _field(at, found[1], found[2] or "id", int(found[3])), value)
    if isinstance(value, dict):
        return {name: filled(at, each) for name, each in value.items()}
    return [filled(at, each) for each in value] if isinstance(value, list) else value


def _field(at: Helm, table: str, name: str, place: int) -> str:
    rows = [str(row[name]) for row in at.world.workspace.table(table).all()]
    return rows[place % len(rows)] if rows else "01HXN0NE000000000000000000"


_ROW = re.compile(r"<(\w+)(?:\.(\w+))?:(\d+)>")


def _enter(at: Helm, state: str) -> tuple[Helm, Response]:
    scenario = at.world.play.scenario
    return at.steer("PUT", f"/scenarios/{scenario.name if scenario else 'none'}/state", {"state": state})


def _ingest(at: Helm, place: int, number: int) -> tuple[Helm, Response]:
    body = {**BATCH, "batch_id": f"00000000-0000-4000-8000-{number:012d}"}
    workspace = at.world.charter.owner["workspace"] or "ws_none"
    return at.ask(
        "POST", f"/v1/workspaces/{workspace}/systems/{_ident(at, 'systems', place)}/monitoring/aggregates:ingest", body
    )


def _prefer(at: Helm, wish: str, write: bool) -> tuple[Helm, Response]:
    return (
        at.ask("POST", "/v1/systems", {**LOAN, "name": "preferred"}, prefer=wish)
        if write
        else at.ask("GET", "/v1/systems", prefer=wish)
    )


def _large(at: Helm) -> tuple[Helm, Response]:
    return at.sent(request("POST", "/v1/systems", b"[" * 100, at.key)._replace(oversized=True))


_API: dict[str, Any] = {
    "create": lambda at, name, text, whose: at.ask(
        "POST", "/v1/systems", {"name": name, "description": text, "purpose": text, "domain": "Any"}, _credential(at, whose)
    ),
    "classify": lambda at, place: at.ask("POST", f"/v1/systems/{_ident(at, 'systems', place)}/classification"),
    "draft": lambda at, place, sections: at.ask("POST", f"/v1/systems/{_ident(at, 'systems', place)}/documents", {"sections": sections}),
    "ingest": _ingest,
    "monitor": lambda at, place: at.ask("GET", f"/v1/systems/{_ident(at, 'systems', place)}/monitoring"),
    "job": lambda at, place: at.ask("GET", f"/v1/jobs/{_ident(at, 'jobs', place)}"),
    "list": lambda at, size, whose: at.ask("GET", f"/v1/systems?limit={size}", None, _credential(at, whose)),
    "prefer": _prefer,
    "bad": lambda at, call: at.ask(*call),
    "call": _called,
    "large": _large,
}  # fmt: skip


def _reload(at: Helm) -> tuple[Helm, Response]:
    return at.steer("PUT", "/state", at.read("/state"))


def _recapsule(at: Helm) -> tuple[Helm, Response]:
    return at.steer("POST", "/capsule", at.read("/capsule"))


FIXTURE = {
    "fixture": "loaded", "api": "aikraft", "summary": "Loaded in between.", "workspaces": [{"id": "ws_pro", "plan": "pro"}], "keys": [],
    "systems": [{"id": "sys_load01", **LOAN, "created": "-40d", "classified": [{"at": "-39d"}], "checked": "-1h", "incidents": ["-29d"]}],
}  # fmt: skip
_CONTROL: dict[str, Any] = {
    "advance": lambda at, span: at.steer("POST", "/clock/advance", {"by": span}),
    "clock": lambda at, change: at.steer("PUT", "/clock", change),
    "settings": lambda at, change: at.steer("PUT", "/settings", change),
    "mint": lambda at, wish: at.steer("POST", "/keys", wish),
    "change": lambda at, place, change: at.steer("PATCH", f"/keys/{_key_id(at, place)}", change),
    "revoke": lambda at, place: at.steer("DELETE", f"/keys/{_key_id(at, place)}"),
    "play": lambda at, wish: at.steer("PUT", "/scenarios/active", wish),
    "enter": _enter,
    "again": lambda at: at.steer("POST", "/scenarios/reset"),
    "fault": lambda at, wish: at.steer("POST", "/faults", wish),
    "refault": lambda at, place, change: at.steer("PATCH", f"/faults/{_fault_id(at, place)}", change),
    "unfault": lambda at, place: at.steer("DELETE", f"/faults/{_fault_id(at, place)}"),
    "unfaults": lambda at: at.steer("DELETE", "/faults"),
    "save": lambda at, name: at.steer("POST", "/snapshots", {"name": name}),
    "restore": lambda at, name: at.steer("POST", f"/snapshots/{name}/restore"),
    "delete": lambda at, name: at.steer("DELETE", f"/snapshots/{name}"),
    "rewind": lambda at, count: at.steer("POST", "/rewind", {"by": count}),
    "clear": lambda at: at.steer("DELETE", "/requests"),
    "reset": lambda at: at.steer("POST", "/reset"),
    "state": _reload,
    "fixture": lambda at: at.steer("PUT", "/state", FIXTURE),
    "capsule": _recapsule,
}  # fmt: skip


def through_file(value: Any) -> Any:
    """Return the value as JSON gives it back."""
    return json.loads(json.dumps(value))


def exported(at: Helm) -> bytes:
    """Return the state's bytes."""
    return at.steer("GET", "/state")[1].body


def seen(at: Helm) -> tuple[bytes, ...]:
    """Return all that an owner can read of the world itself: state, clock, keys, scenario, faults."""
    return tuple(at.steer("GET", each)[1].body for each in ("/state", "/clock", "/keys", "/scenarios", "/faults"))


def as_value(world: World) -> World:
    """Return the world with its play as a document: rules that were read twice are not equal."""
    return world._replace(play=play_written(world.play))  # type: ignore[arg-type]
