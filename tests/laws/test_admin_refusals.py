"""What the control plane refuses, each cause provoked once, and a walk through every operation that it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import zip_longest
from typing import Any

import pytest

from sandbox.app import control_contract, create_store
from sandbox.core.contract import Operation
from sandbox.core.message import Request, Response
from sandbox.settings import Settings
from sandbox.web.plane import Steering
from sandbox.web.shelf import Slot
from sandbox.web.store import Store
from tests.support import LOAN, NOW

CONTRACT = control_contract()
TOKEN = "the-laws-have-the-admin-token"
KEY = "ak_test_enterprise_laws"
OTHER = "ak_test_enterprise_others"
PLAIN = {"type", "title", "status", "detail", "cause"}
BROKEN = {"operation": "x", "path": "$", "not": {"header": {"a": {"matches": "("}}}}
FIXTURE = {
    "fixture": "walked", "api": "aikraft", "summary": "Nothing yet.", "workspaces": [{"id": "ws_pro", "plan": "pro"}], "keys": [],
}  # fmt: skip


class Desk:
    """A store on a clock that stands still, and who asks it; a fresh one has seen nothing."""

    def __init__(self, **settings: Any) -> None:
        given = Settings(fixture="default", clock="frozen@2026-04-13T14:30:00Z", admin_token=TOKEN, **settings)
        self.store: Store = create_store(given, lambda: NOW)
        self.steering = Steering(self.store)

    def ask(self, method: str, target: str, body: Any = None, key: str | None = KEY, **headers: str) -> Response:
        """Return the API's answer."""
        shelf, *_ = self.store.shelves
        return self.store.answer(shelf, _request(method, target, body, key, headers))

    def steer(
        self, method: str, target: str, body: Any = None, key: str | None = KEY, *,
        peer: str = "local", oversized: bool = False, **headers: str,
    ) -> Response:  # fmt: skip
        """Return the control plane's answer."""
        asked = _request(method, "/__admin" + target, body, key, headers)._replace(peer=peer, oversized=oversized)
        return self.steering.answer(asked)

    def read(self, target: str) -> Any:
        """Return the JSON of a control GET."""
        return said(self.steer("GET", target))

    def slot(self) -> Slot:
        """Return the slot of the owner's world."""
        self.read("/clock")
        shelf, *_ = self.store.shelves
        return next(iter(shelf.slots.values()))


def _request(method: str, target: str, body: Any, key: str | None, headers: dict[str, str]) -> Request:
    path, _, query = target.partition("?")
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if key is not None:
        fields.append(("authorization", f"Bearer {key}"))
    if body is not None and "content_type" not in headers:
        fields.append(("content-type", "application/json"))
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, path, query, tuple(fields), raw)


def said(response: Response) -> Any:
    """Return the answer's JSON."""
    return json.loads(response.body)


def lived() -> Desk:
    """Return a desk whose owner has asked the API four things: the second was refused, the third made a system."""
    desk = Desk()
    desk.ask("GET", "/v1/systems?limit=1")
    desk.ask("POST", "/v1/systems", LOAN, prefer="code=429, code=599")
    desk.ask("POST", "/v1/systems", LOAN)
    desk.ask("GET", "/v1/system")
    return desk


class Overtaking:
    """A lock that lets somebody else change the world before it lets anybody in."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._slot = desk, desk.slot()
        self._lock = self._slot.lock
        self._slot.lock = self  # type: ignore[assignment]

    def __enter__(self) -> None:
        self._slot.lock = self._lock
        self._desk.ask("POST", "/v1/systems", LOAN)
        self._lock.acquire()

    def __exit__(self, *_raised: object) -> None:
        self._lock.release()


def _overtaken(method: str, path: str, export: str) -> Response:
    desk = lived()
    document = desk.read(export)
    Overtaking(desk)
    return desk.steer(method, path, document)


def _with_snapshots(count: int) -> Desk:
    desk = Desk()
    for number in range(count):
        desk.steer("POST", "/snapshots", {"name": f"s{number}"})
    return desk


def _with_keys(count: int) -> Desk:
    desk = Desk()
    for _ in range(count - 1):
        desk.steer("POST", "/keys", {})
    return desk


def _forged() -> Response:
    desk = lived()
    capsule = desk.read("/capsule")
    capsule["records"][0]["answer"]["status"] = 203
    return desk.steer("POST", "/capsule", capsule)


def _changed(**body: Any) -> Response:
    desk = Desk()
    ident = said(desk.steer("POST", "/keys", {}))["id"]
    return desk.steer("PATCH", f"/keys/{ident}", body)


def _with_faults(count: int) -> Desk:
    desk = Desk()
    for _ in range(count):
        desk.steer("POST", "/faults", {"then": {"error": {}}})
    return desk


def _changed_fault(**body: Any) -> Response:
    return _with_faults(1).steer("PATCH", "/faults/fault-1", body)


def _in_state(scenario: str, state: str) -> Response:
    desk = Desk()
    desk.steer("PUT", "/scenarios/active", {"name": "flaky"})
    return desk.steer("PUT", f"/scenarios/{scenario}/state", {"state": state})


UNFIT = {"scenario": "own", "api": "aikraft", "summary": "Cannot work.", "rules": [{"then": {"eror": {}}}]}
LATE = "9500-01-01T00:00:00Z"
CASES: dict[tuple[str, str], Callable[[], Response]] = {
    ("getDocsFile", "file-not-found"): lambda: Desk().steer("GET", "/docs/other.js", key=None),
    ("putSettings", "journal-bound"): lambda: Desk().steer("PUT", "/settings", {"journal_entries": 10_001}),
    ("putState", "state-unfit"): lambda: Desk().steer("PUT", "/state", {**FIXTURE, "workspaces": [{"id": "w", "plan": "stater"}]}),
    ("putState", "world-moved"): lambda: _overtaken("PUT", "/state", "/state"),
    ("saveSnapshot", "too-many-snapshots"): lambda: _with_snapshots(100).steer("POST", "/snapshots", {"name": "more"}),
    ("restoreSnapshot", "snapshot-not-found"): lambda: Desk().steer("POST", "/snapshots/none/restore"),
    ("deleteSnapshot", "snapshot-not-found"): lambda: Desk().steer("DELETE", "/snapshots/%C3%A4"),
    ("rewind", "entry-not-found"): lambda: lived().steer("POST", "/rewind", {"to": "req_00000000"}),
    ("rewind", "rewind-too-far"): lambda: lived().steer("POST", "/rewind", {"by": 5}),
    ("putClock", "clock-backwards"): lambda: Desk().steer("PUT", "/clock", {"mode": "frozen", "now": "2020-01-01T00:00:00Z"}),
    ("putClock", "clock-contradiction"): lambda: Desk().steer("PUT", "/clock", {"mode": "frozen", "rate": 2}),
    ("putClock", "time-unreadable"): lambda: Desk().steer("PUT", "/clock", {"mode": "frozen", "now": "soon"}),
    ("putClock", "clock-too-far"): lambda: Desk().steer("PUT", "/clock", {"mode": "frozen", "now": LATE}),
    ("advanceClock", "duration-unreadable"): lambda: Desk().steer("POST", "/clock/advance", {"by": "soon"}),
    ("advanceClock", "clock-too-far"): lambda: Desk().steer("POST", "/clock/advance", {"by": "2700000d"}),
    ("listRequests", "time-unreadable"): lambda: Desk().steer("GET", "/requests?since=yesterday"),
    ("findRequests", "match-unreadable"): lambda: Desk().steer("POST", "/requests/find", {"match": BROKEN}),
    ("countRequests", "match-unreadable"): lambda: Desk().steer("POST", "/requests/count", {"match": BROKEN}),
    ("getRequest", "entry-not-found"): lambda: Desk().steer("GET", "/requests/req_8053ca47"),
    ("explainRequest", "entry-not-found"): lambda: Desk().steer("GET", "/requests/other/explain"),
    ("verify", "unverified"): lambda: lived().steer("POST", "/verify", {"match": {}, "count": {"exactly": 5}}),
    ("verify", "match-unreadable"): lambda: Desk().steer("POST", "/verify", {"match": BROKEN}),
    ("verifySequence", "unverified"): lambda: lived().steer("POST", "/verify-sequence", {"sequence": [{"status": 201}] * 2}),
    ("verifySequence", "match-unreadable"): lambda: Desk().steer("POST", "/verify-sequence", {"sequence": [BROKEN]}),
    ("mintKey", "key-unfit"): lambda: Desk().steer("POST", "/keys", {"plan": "gold"}),
    ("mintKey", "duration-unreadable"): lambda: Desk().steer("POST", "/keys", {"expires_in": "-3d"}),
    ("mintKey", "time-unreadable"): lambda: Desk().steer("POST", "/keys", {"expires": "soon"}),
    ("mintKey", "clock-too-far"): lambda: Desk().steer("POST", "/keys", {"expires": LATE}),
    ("mintKey", "too-many-keys"): lambda: _with_keys(1_000).steer("POST", "/keys", {}),
    ("changeKey", "key-not-found"): lambda: Desk().steer("PATCH", "/keys/none", {"expires": None}),
    ("changeKey", "duration-unreadable"): lambda: _changed(expires_in="soon"),
    ("changeKey", "time-unreadable"): lambda: _changed(expires="soon"),
    ("changeKey", "clock-too-far"): lambda: _changed(expires=LATE),
    ("revokeKey", "key-not-found"): lambda: Desk().steer("DELETE", "/keys/none"),
    ("getScenario", "scenario-not-found"): lambda: Desk().steer("GET", "/scenarios/none"),
    ("putActiveScenario", "scenario-not-found"): lambda: Desk().steer("PUT", "/scenarios/active", {"name": "flakey"}),
    ("putActiveScenario", "scenario-unfit"): lambda: Desk().steer("PUT", "/scenarios/active", {"scenario": UNFIT}),
    ("putScenarioState", "scenario-not-found"): lambda: _in_state("slow", "Started"),
    ("putScenarioState", "state-unknown"): lambda: _in_state("flaky", "Stated"),
    ("addFault", "fault-unfit"): lambda: Desk().steer("POST", "/faults", {"when": {"operation": "listSystem"}, "then": {}}),
    ("addFault", "too-many-faults"): lambda: _with_faults(100).steer("POST", "/faults", {"then": {"error": {}}}),
    ("changeFault", "fault-unfit"): lambda: _changed_fault(ttl="soon"),
    ("changeFault", "fault-not-found"): lambda: Desk().steer("PATCH", "/faults/fault-1", {"times": 2}),
    ("deleteFault", "fault-not-found"): lambda: Desk().steer("DELETE", "/faults/%C3%A4"),
    ("loadCapsule", "capsule-unfit"): lambda: Desk().steer("POST", "/capsule", {**Desk().read("/capsule"), "api": "other"}),
    ("loadCapsule", "capsule-differs"): _forged,
    ("loadCapsule", "world-moved"): lambda: _overtaken("POST", "/capsule", "/capsule"),
}  # fmt: skip
MORE = {
    ("putSettings", "journal-bound"): set(),
    ("putState", "state-unfit"): {"flaws"},
    ("loadCapsule", "capsule-unfit"): {"flaws"},
    ("putActiveScenario", "scenario-unfit"): {"flaws"},
    ("addFault", "fault-unfit"): {"flaws"},
    ("changeFault", "fault-unfit"): {"flaws"},
    ("loadCapsule", "capsule-differs"): {"difference"},
    ("verify", "unverified"): {"verified", "actual", "closest"},
    ("verifySequence", "unverified"): {"verified", "reached", "closest"},
}
"""What a problem document says besides, for those that say more."""


TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 calls them; Python's older versions still say it as RFC 7231 did."""


def refused(operation: Operation, response: Response, status: int, cause: str, more: set[str]) -> None:
    """Hold a refusal against its contract: status, media type, headers, and every field of the document."""
    document, fields = said(response), dict(response.headers)
    assert (response.status, document["status"], document["cause"]) == (status, status, cause), document
    assert (document["type"], document["title"]) == ("about:blank", TITLES.get(status, HTTPStatus(status).phrase))
    assert document["detail"].strip()
    assert set(document) == PLAIN | more
    assert fields["Content-Type"] == operation.shapes[status].kind == "application/problem+json"
    assert int(fields["Content-Length"]) == len(response.body)
    operation.shapes[status].whole.demand(document)


@pytest.mark.parametrize(("operation", "cause"), CASES)
def test_each_listed_refusal_occurs_as_listed(operation: str, cause: str) -> None:
    declared = CONTRACT.operations[operation]
    listed = declared.refusals[cause]
    assert listed.code == cause
    refused(declared, CASES[operation, cause](), listed.status, cause, MORE.get((operation, cause), set()))


def test_every_listed_refusal_is_provoked_above() -> None:
    assert set(CASES) == {(each.id, cause) for each in CONTRACT.operations.values() for cause in each.refusals}


def _full() -> Response:
    desk = Desk(memory=6_000)
    desk.slot()
    return desk.steer("GET", "/clock", key=OTHER)


ANYWHERE: dict[str, tuple[int, str, str, Callable[[], Response]]] = {
    "a URL that is too long": (400, "malformed", "getClock", lambda: Desk().steer("GET", "/clock?world=" + "a" * 70_000)),
    "a query in no UTF-8": (400, "malformed", "listRequests", lambda: Desk().steer("GET", "/requests?path=%ff")),
    "a body that is no JSON": (400, "malformed", "advanceClock", lambda: Desk().steer("POST", "/clock/advance", b"{")),
    "a body of another kind": (
        400, "malformed", "advanceClock", lambda: Desk().steer("POST", "/clock/advance", b"{}", content_type="text/plain"),
    ),
    "no body": (400, "malformed", "advanceClock", lambda: Desk().steer("POST", "/clock/advance")),
    "a query out of range": (400, "contract", "listRequests", lambda: Desk().steer("GET", "/requests?limit=1001")),
    "a body that breaks the contract": (422, "contract", "putClock", lambda: Desk().steer("PUT", "/clock", {"mode": "still"})),
    "no credential": (401, "credential", "getState", lambda: Desk().steer("GET", "/state", key=None)),
    "a credential of nobody": (401, "credential", "getState", lambda: Desk().steer("GET", "/state", key="nobody")),
    "a token that is not the admin's": (401, "credential", "listWorlds", lambda: Desk().steer("GET", "/worlds", key=TOKEN + "x")),
    "an owner among the worlds": (403, "permission", "listWorlds", lambda: Desk().steer("GET", "/worlds")),
    "another host": (
        403, "foreign-host", "getClock", lambda: Desk().steer("GET", "/clock", peer="127.0.0.1", host="example.com"),
    ),
    "another origin": (
        403, "foreign-origin", "reset", lambda: Desk().steer("POST", "/reset", host="localhost", origin="http://example.com"),
    ),
    "an admin who names no world": (404, "world-not-found", "getClock", lambda: Desk().steer("GET", "/clock", key=TOKEN)),
    "an admin who names none that lives": (
        404, "world-not-found", "getClock", lambda: Desk().steer("GET", "/clock?world=none", key=TOKEN),
    ),
    "a path that leads nowhere": (404, "unknown-path", "getClock", lambda: Desk().steer("GET", "/clocks")),
    "a method that the path has not": (405, "unknown-method", "getClock", lambda: Desk().steer("DELETE", "/clock")),
    "a body over 32 MiB": (413, "too-large", "putState", lambda: Desk().steer("PUT", "/state", b"{}", oversized=True)),
    "no room for a world": (503, "full", "getClock", _full),
}  # fmt: skip
EXTRA = {401: ("WWW-Authenticate", "Bearer"), 405: ("Allow", "GET, PUT")}


@pytest.mark.parametrize("name", ANYWHERE)
def test_what_any_operation_refuses_is_a_problem_document(name: str) -> None:
    status, cause, operation, asked = ANYWHERE[name]
    response = asked()
    refused(CONTRACT.operations[operation], response, status, cause, set())
    assert status not in EXTRA or EXTRA[status] in response.headers


def test_every_cause_that_the_contract_promises_of_any_operation_is_provoked_above() -> None:
    promised = CONTRACT.document["info"]["description"].partition("On any operation:")[2].partition("Further causes")[0]
    named = set(promised.split("`")[1::2])
    # A defect is a bug of ours: there is none that could be provoked.
    assert {cause for _, cause, _, _ in ANYWHERE.values()} == named - {"defect"}


def walk(desk: Desk, key: str, query: str = "") -> Iterator[tuple[str, Response]]:
    """Yield the answer of each operation in turn, on one world, asked by its owner or by the admin."""
    state, capsule = desk.read("/state"), desk.read("/capsule")
    made = desk.read("/requests?operation=createSystem&status=201")["requests"][0]["id"]
    minted = {}

    def steer(method: str, path: str, body: Any = None, **headers: str) -> Response:
        joint = "&" if "?" in path else "?"
        return desk.steer(method, path + (joint + query if query else ""), body, key, **headers)

    for ident, path in SERVED.items():
        yield ident, desk.steer("GET", path, key=None)
    yield "getSettings", steer("GET", "/settings")
    yield "putSettings", steer("PUT", "/settings", {"quota": "observe", "journal_entries": 500.0})
    yield "listRequests", steer("GET", "/requests?limit=3&method=POST")
    yield "findRequests", steer("POST", "/requests/find", {"match": {"status": "4xx"}, "limit": 1.0})
    yield "countRequests", steer("POST", "/requests/count", {"match": {"header": {"prefer": {"contains": "429"}}}})
    yield "listUnmatched", steer("GET", "/requests/unmatched")
    yield "getRequest", steer("GET", f"/requests/{made}")
    yield "explainRequest", steer("GET", f"/requests/{made}/explain?before=true")
    yield "exportHar", steer("GET", "/requests.har")
    yield "exportNdjson", steer("GET", "/requests.ndjson")
    yield "verify", steer("POST", "/verify", {"match": {"operation": "createSystem"}, "count": {"exactly": 2}})
    yield "verifySequence", steer("POST", "/verify-sequence", {"sequence": [{"status": 429}, {"status": 201}]})
    yield "getVerdicts", steer("GET", "/verdicts?off=no-back-off&severity=warning")
    yield "getCoverage", steer("GET", "/coverage")
    yield "getFidelity", steer("GET", "/fidelity?provenance=invented&leaned=true")
    response = steer("POST", "/keys", {"plan": "starter", "scope": "read", "expires_in": "1h"})
    minted = said(response)
    yield "mintKey", response
    yield "listKeys", steer("GET", "/keys")
    yield "changeKey", steer("PATCH", f"/keys/{minted['id']}", {"expires": None})
    yield "revokeKey", steer("DELETE", f"/keys/{minted['id']}")
    yield "listScenarios", steer("GET", "/scenarios")
    yield "getScenario", steer("GET", "/scenarios/brown-out")
    yield "putActiveScenario", steer("PUT", "/scenarios/active", {"name": "flaky"})
    yield "putScenarioState", steer("PUT", "/scenarios/flaky/state", {"state": "Started"})
    yield "resetScenarios", steer("POST", "/scenarios/reset")
    yield (
        "addFault",
        steer(
            "POST", "/faults", {"when": {"operation": "createSystem"}, "then": {"error": {"status": 500}}, "times": 1.0}
        ),
    )
    yield "listFaults", steer("GET", "/faults")
    yield "changeFault", steer("PATCH", "/faults/fault-1", {"times": 3})
    yield "deleteFault", steer("DELETE", "/faults/fault-1")
    yield "clearFaults", steer("DELETE", "/faults")
    yield "saveSnapshot", steer("POST", "/snapshots", {"name": "before"})
    yield "listSnapshots", steer("GET", "/snapshots")
    yield "getClock", steer("GET", "/clock")
    yield "putClock", steer("PUT", "/clock", {"mode": "scaled", "rate": 60})
    yield "advanceClock", steer("POST", "/clock/advance", {"by": "P1DT1H"})
    yield "rewind", steer("POST", "/rewind", {"to": made})
    yield "restoreSnapshot", steer("POST", "/snapshots/before/restore")
    yield "deleteSnapshot", steer("DELETE", "/snapshots/before")
    yield "streamEvents", steer("GET", "/events?limit=100&timeout=0", last_event_id="0")
    yield "getCapsule", steer("GET", "/capsule")
    yield "loadCapsule", steer("POST", "/capsule", capsule)
    yield "getState", steer("GET", "/state")
    yield "putState", steer("PUT", "/state", state)
    yield "clearRequests", steer("DELETE", "/requests")
    yield "reset", steer("POST", "/reset")
    yield "listWorlds", desk.steer("GET", "/worlds", key=TOKEN)


SERVED = {
    "getHealth": "/health", "getVersion": "/version", "getContract": "/openapi.json", "getDocs": "/docs",
    "getDocsFile": "/docs/start.js",
}  # fmt: skip


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_every_operation_answers_as_its_contract_says(who: str) -> None:
    desk = lived()
    key, query = (KEY, "") if who == "owner" else (TOKEN, f"world={desk.slot().name}&api=aikraft")
    answers = dict(walk(desk, key, query))
    assert set(answers) == set(CONTRACT.operations)
    for ident, response in answers.items():
        shape = CONTRACT.operations[ident].success
        kind, _, _ = dict(response.headers)["Content-Type"].partition(";")
        assert (response.status, kind.startswith(shape.kind.removesuffix("*"))) == (shape.status, True), (
            ident,
            response,
        )
        assert int(dict(response.headers)["Content-Length"]) == len(response.body)
        if shape.whole is not None:
            shape.whole.demand(said(response))


def test_owner_and_admin_get_the_same_bytes_but_for_the_capsule_that_says_who_asked() -> None:
    own, other = lived(), lived()
    asked = dict(walk(own, KEY)), dict(walk(other, TOKEN, f"world={other.slot().name}"))
    differing = {ident for ident in asked[0] if asked[0][ident].body != asked[1][ident].body}
    assert differing == {"getCapsule"}


def test_each_line_of_the_journal_is_the_entry_that_is_got_alone() -> None:
    desk = lived()
    lines = desk.steer("GET", "/requests.ndjson").body.splitlines()
    assert len(lines) == 4
    for line in map(json.loads, lines):
        assert line == desk.read(f"/requests/{line['id']}")


def unlike(example: Any, real: Any, where: str = "") -> Iterator[str]:
    """Yield the places where an example has other fields than an answer; in a list the first items count."""
    if isinstance(example, dict) and isinstance(real, dict):
        yield from (f"{where}.{name}" for name in sorted(set(example) ^ set(real)))
        for name in set(example) & set(real):
            yield from unlike(example[name], real[name], f"{where}.{name}")
    elif isinstance(example, list) and isinstance(real, list):
        for one, other in list(zip_longest(example[:1], real[:1])):
            yield from unlike(one, other, f"{where}[0]")


LOOSE = {"getContract"}
"""An example that says itself that it is only the beginning."""


def test_the_examples_have_the_fields_of_real_answers() -> None:
    desk = lived()
    answers = {ident: response for ident, response in walk(desk, KEY) if ident not in LOOSE}
    answers["explainRequest"] = lived().steer("GET", "/requests/req_8053ca47/explain")
    loaded = Desk()
    loaded.steer("PUT", "/state", FIXTURE)
    answers |= {"getState": loaded.steer("GET", "/state"), "getCapsule": loaded.steer("GET", "/capsule")}
    found = {
        f"{ident} {name}": places
        for ident, response in answers.items()
        for name, example in CONTRACT.operations[ident].success.examples.items()
        if (places := list(unlike(json.loads(example), said(response))))
    }
    assert not found


def test_the_example_of_the_events_is_what_is_sent() -> None:
    desk = lived()
    desk.steer("POST", "/snapshots", {"name": "before"})
    content = CONTRACT.document["paths"]["/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    example = content["examples"]["one"]["value"]
    sent = desk.steer("GET", "/events?timeout=0", last_event_id="2").body.decode()
    first, second = (each.split("\n") for each in example.strip().split("\n\n"))
    told = [each.split("\n") for each in sent.strip().split("\n\n")]
    assert [first[1], second[1]] == [told[0][1], told[-1][1]]
    for one, other in ((first, told[0]), (second, told[-1])):
        assert set(json.loads(one[2].removeprefix("data: "))) == set(json.loads(other[2].removeprefix("data: ")))
    assert json.loads(first[2].removeprefix("data: "))["id"] == json.loads(told[0][2].removeprefix("data: "))["id"]


@pytest.mark.parametrize(("method", "path"), [("PUT", "/state"), ("POST", "/capsule")])
def test_the_examples_of_documents_can_be_loaded(method: str, path: str) -> None:
    content = CONTRACT.document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        assert lived().steer(method, path, json.loads(json.dumps(example["value"]))).status == 200
