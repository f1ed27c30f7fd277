"""The hostile corpus of the control plane as data: what no honest client sends there, and what may answer it.

A case that is refused has to leave every world as it was. Each case has a key, and with it a world, of its own; those
of the admin token name a world.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests.rim.corpus import (
    CONTENT_TYPES,
    FIELDS,
    HOST,
    JSON,
    METHODS,
    MISSHAPEN,
    ODD_VALUES,
    UNPARSED_METHODS,
    UNREADABLE,
    Case,
    Fields,
    bearer,
    dump,
)

ROOT = b"/__admin"
LIMIT = 32 << 20
TOKEN = "the-admin-token-of-these-tests"
ADMIN = (b"authorization", b"Bearer " + TOKEN.encode())
REFUSED = frozenset({400, 401, 403, 404, 405, 409, 413, 422})
EITHER = frozenset({200, 201, *REFUSED})

SYSTEM = {
    "id": "sys_abc123",
    "name": "Candidate Screening Model v2",
    "description": "Ranks applicants for open positions by what their applications say about them.",
    "purpose": "Shortlist candidates for recruiters",
    "domain": "Employment / Recruitment",
    "created": "2026-04-01T09:00:00Z",
}
FIXTURE = {
    "fixture": "one-system",
    "api": "aikraft",
    "summary": "One system.",
    "workspaces": [{"id": "ws_pro", "plan": "pro"}],
    "keys": [],
    "systems": [SYSTEM],
}


@dataclass(frozen=True, slots=True)
class Steer:
    """One operation, a request for it, and the status that a world without a past answers it with."""

    id: str
    method: str
    path: bytes
    status: int
    document: Any = None
    open: bool = False

    @property
    def target(self) -> bytes:
        """Return the request's target."""
        return ROOT + self.path


def _operations(state: Any, capsule: Any) -> tuple[Steer, ...]:
    return (
        Steer("getHealth", "GET", b"/health", 200, open=True),
        Steer("getVersion", "GET", b"/version", 200, open=True),
        Steer("getContract", "GET", b"/openapi.json", 200, open=True),
        Steer("getDocs", "GET", b"/docs", 200, open=True),
        Steer("getDocsFile", "GET", b"/docs/start.js", 200, open=True),
        Steer("getSettings", "GET", b"/settings", 200),
        Steer("putSettings", "PUT", b"/settings", 200, {"quota": "observe", "seed": 7, "label": "corpus"}),
        Steer("reset", "POST", b"/reset", 200),
        Steer("getState", "GET", b"/state", 200),
        Steer("putState", "PUT", b"/state", 200, state),
        Steer("listSnapshots", "GET", b"/snapshots", 200),
        Steer("saveSnapshot", "POST", b"/snapshots", 201, {"name": "before"}),
        Steer("restoreSnapshot", "POST", b"/snapshots/before/restore", 404),
        Steer("deleteSnapshot", "DELETE", b"/snapshots/before", 404),
        Steer("rewind", "POST", b"/rewind", 409, {"by": 1}),
        Steer("getClock", "GET", b"/clock", 200),
        Steer("putClock", "PUT", b"/clock", 200, {"mode": "frozen", "now": "2027-01-01T00:00:00Z"}),
        Steer("advanceClock", "POST", b"/clock/advance", 200, {"by": "3d"}),
        Steer("listRequests", "GET", b"/requests", 200),
        Steer("clearRequests", "DELETE", b"/requests", 200),
        Steer("findRequests", "POST", b"/requests/find", 200, {"match": {"status": 200}, "limit": 5}),
        Steer("countRequests", "POST", b"/requests/count", 200, {"match": {"path": "/v1/**"}}),
        Steer("listUnmatched", "GET", b"/requests/unmatched", 200),
        Steer("exportHar", "GET", b"/requests.har", 200),
        Steer("exportNdjson", "GET", b"/requests.ndjson", 200),
        Steer("getRequest", "GET", b"/requests/req_00000000", 404),
        Steer("explainRequest", "GET", b"/requests/req_00000000/explain", 404),
        Steer("verify", "POST", b"/verify", 200, {"match": {}, "count": {"exactly": 0}}),
        Steer("verifySequence", "POST", b"/verify-sequence", 422, {"sequence": [{"status": 200}]}),
        Steer("getVerdicts", "GET", b"/verdicts", 200),
        Steer("getCoverage", "GET", b"/coverage", 200),
        Steer("getFidelity", "GET", b"/fidelity", 200),
        Steer("listKeys", "GET", b"/keys", 200),
        Steer("mintKey", "POST", b"/keys", 201, {"plan": "pro", "scope": "read", "expires_in": "1h"}),
        Steer("changeKey", "PATCH", b"/keys/key_0000000000000000", 404, {"expires_in": "1h"}),
        Steer("revokeKey", "DELETE", b"/keys/key_0000000000000000", 404),
        Steer("listScenarios", "GET", b"/scenarios", 200),
        Steer("getScenario", "GET", b"/scenarios/flaky", 200),
        Steer("putActiveScenario", "PUT", b"/scenarios/active", 200, {"name": "slow"}),
        Steer("putScenarioState", "PUT", b"/scenarios/slow/state", 404, {"state": "Started"}),
        Steer("resetScenarios", "POST", b"/scenarios/reset", 200),
        Steer("listFaults", "GET", b"/faults", 200),
        Steer(
            "addFault", "POST", b"/faults", 201, {"when": {"nth": 1}, "then": {"error": {"status": 500}}, "times": 2}
        ),
        Steer("changeFault", "PATCH", b"/faults/fault-1", 404, {"times": 1}),
        Steer("deleteFault", "DELETE", b"/faults/fault-1", 404),
        Steer("clearFaults", "DELETE", b"/faults", 200),
        Steer("getCapsule", "GET", b"/capsule", 200),
        Steer("loadCapsule", "POST", b"/capsule", 200, capsule),
        Steer("streamEvents", "GET", b"/events", 200),
        Steer("listWorlds", "GET", b"/worlds", 403),
    )


OWNED_CREDENTIALS: dict[str, Fields] = {
    "no credential": (),
    "an empty credential": ((b"authorization", b""),),
    "a scheme alone": ((b"authorization", b"Bearer"),),
    "Basic": ((b"authorization", b"Basic YWtfdGVzdF9lbnRlcnByaXNlX2FiY2RlZmdo"),),
    "a key without a scheme": ((b"authorization", b"ak_test_enterprise_abcdefgh"),),
    "a key of 300 letters": ((b"authorization", b"Bearer ak_test_" + b"x" * 300),),
    "a byte beyond ASCII in its key": ((b"authorization", b"Bearer ak_test_abcdefgh\xe9"),),
    "two keys": ((b"authorization", b"Bearer ak_test_aaaaaaaa"), (b"authorization", b"Bearer ak_test_bbbbbbbb")),
    "the token and a key": (ADMIN, (b"authorization", b"Bearer ak_test_bbbbbbbb")),
    "an undeclared live key": ((b"authorization", b"Bearer ak_live_abcdefghijkl"),),
    "a reserved key": ((b"authorization", b"Bearer ak_test_pro_made_up_key"),),
    "cookies alone": ((b"cookie", b"authorization=Bearer ak_test_abcdefgh; token=" + TOKEN.encode()),),
    "half of the token": ((b"authorization", b"Bearer " + TOKEN[:-1].encode()),),
    "the token and more": ((b"authorization", b"Bearer " + TOKEN.encode() + b"x"),),
    "the token in capitals": ((b"authorization", b"Bearer " + TOKEN.upper().encode()),),
    "the token as Basic": ((b"authorization", b"Basic " + TOKEN.encode()),),
    "keys in other fields": ((b"x-api-key", b"ak_test_abcdefgh"), (b"proxy-authorization", b"Bearer ak_test_abcdefgh")),
}
"""In place of the credential: 401 wherever one is asked for."""

WORLDS: dict[str, tuple[bytes, frozenset[int]]] = {
    "no world": (b"", frozenset({404})),
    "a world that is none": (b"world=own/none", frozenset({404})),
    "a world twice": (b"world=lobby&world=lobby", frozenset({400})),
    "an empty world": (b"world=", frozenset({400})),
    "a world of 201 letters": (b"world=" + b"x" * 201, frozenset({400})),
    "a NUL for a world": (b"world=%00", frozenset({404})),
    "a path for a world": (b"world=..%2f..%2fetc%2fpasswd", frozenset({404})),
    "an API that is none": (b"world=lobby&api=none", frozenset({404})),
    "bad UTF-8 for a world": (b"world=%FF", frozenset({400})),
}
"""What the admin token says of the world that it is meant for, and what answers that."""

QUERIES: dict[str, tuple[bytes, frozenset[int]]] = {
    "a broken escape": (b"limit=%zz", frozenset({400})),
    "bad UTF-8": (b"a=%FF", frozenset({400})),
    "a surrogate": (b"path=%ED%A0%80", frozenset({400})),
    "two limits": (b"limit=1&limit=2", frozenset({400})),
    "a limit twice, once escaped": (b"limit=1&%6Cimit=2", frozenset({400})),
    "an unknown name twice": (b"a=1&a=2", frozenset({400})),
    "101 parameters": (b"&".join(b"a%d=1" % each for each in range(101)), frozenset({400})),
    "a limit of 0": (b"limit=0", frozenset({400})),
    "a limit of 1001": (b"limit=1001", frozenset({400})),
    "a limit of letters": (b"limit=ten", frozenset({400})),
    "a limit of 5,000 digits": (b"limit=" + b"9" * 5000, frozenset({400})),
    "a negative ordinal": (b"before=-1", frozenset({400})),
    "an ordinal of 2^63": (b"before=9223372036854775808", frozenset({400})),
    "a status that is none": (b"status=999", frozenset({400})),
    "a status in foreign digits": (b"status=%D9%A4%D9%A0%D9%A4", frozenset({400})),
    "a method with a line break": (b"method=GET%0d%0aSet-Cookie:a=b", frozenset({400})),
    "a time that is none": (b"since=yesterday", frozenset({400})),
    "the year 0": (b"since=0000-01-01T00:00:00Z", frozenset({400})),
    "the year 10000": (b"until=10000-01-01T00:00:00Z", frozenset({400})),
    "a time with a NUL": (b"until=2026-01-01T00:00:00%00Z", frozenset({400})),
    "a time without an offset": (b"since=2026-01-01T00:00:00", frozenset({400})),
    "a path of stars": (b"path=" + b"**/*" * 400, frozenset({400, 422})),
    "a path of a line break": (b"path=/v1/%0d%0a*", frozenset({200})),
    "a cause that is none": (b"cause=NOT%20A%20CAUSE", frozenset({400})),
    "a 60 kB path": (b"path=" + b"a" * 60_000, frozenset({400})),
    "a 100 kB query": (b"x=" + b"a" * 100_000, frozenset({400})),
    "an API key": (b"api_key=ak_test_enterprise_in_the_query", frozenset({200})),
    "nothing but ampersands": (b"&&&&", frozenset({200})),
    "a second question mark": (b"?limit=1??", frozenset({200})),
    "unknown names": (b"__proto__=1&constructor=2", frozenset({200})),
}
"""Queries of the list of requests, and what answers them."""

NAMES: dict[str, bytes] = {
    "a NUL": b"%00",
    "bad UTF-8": b"%FF%FE",
    "a surrogate": b"%ED%A0%80",
    "a broken escape": b"%zz%",
    "an escaped slash": b"a%2Fb",
    "two dots": b"..",
    "escaped dots": b"%2e%2e",
    "a path to leave by": b"..%2f..%2f..%2fetc%2fpasswd",
    "a plain path to leave by": b"../../etc/passwd",
    "a line break": b"a%0d%0aSet-Cookie:%20a=b",
    "markup": b"%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "an astral character": b"%F0%9F%92%A9",
    "a word of a language": b"__proto__",
    "10 kB": b"x" * 10_000,
    "nothing": b"",
    "a blank": b"%20",
    "a drive": b"C:%5Cboot.ini",
}
"""What stands where a path has a name or an id: 404 always."""
NAMED = (
    ("GET", b"/docs/{}"), ("POST", b"/snapshots/{}/restore"), ("DELETE", b"/snapshots/{}"), ("GET", b"/requests/{}"),
    ("GET", b"/requests/{}/explain"), ("PATCH", b"/keys/{}"), ("DELETE", b"/keys/{}"),
)  # fmt: skip

TARGETS: dict[str, bytes] = {
    "the prefix alone": b"/__admin",
    "the prefix and a slash": b"/__admin/",
    "a slash at the end": b"/__admin/clock/",
    "two slashes": b"/__admin//clock",
    "a dot": b"/__admin/./clock",
    "dots that leave": b"/__admin/../v1/systems",
    "dots that come": b"/v1/../__admin/clock",
    "a traversal out of the page": b"/__admin/docs/../../etc/passwd",
    "an escaped traversal": b"/__admin/docs/%2e%2e/%2e%2e/etc/passwd",
    "a doubly escaped traversal": b"/__admin/docs/%252e%252e%252fetc%252fpasswd",
    "a back slash": b"/__admin/docs/..%5c..%5cwindows",
    "a NUL at its end": b"/__admin/clock%00",
    "a NUL before the end of a file's name": b"/__admin/docs/start.js%00.css",
    "a parameter": b"/__admin/clock;a=b",
    "a fragment": b"/__admin/clock#x",
    "capitals": b"/__ADMIN/clock",
    "an escaped slash": b"/__admin%2Fclock",
    "an escaped prefix": b"/%5F%5Fadmin/clock",
    "a longer prefix": b"/__administer/clock",
    "a page that is none": b"/__admin/nothing/here",
    "30,000 slashes": b"/__admin" + b"/" * 30_000,
    "100 kB": b"/__admin/" + b"x" * 100_000,
    "another origin": b"http://elsewhere.test/__admin/clock/none",
}
"""Targets that lead nowhere."""

ESCAPED: dict[str, bytes] = {
    "an escaped letter": b"/__admin/%63lock",
    "every letter escaped": b"/__admin/%63%6C%6F%63%6B",
    "an absolute target": b"http://sandbox.localhost/__admin/clock",
}
"""Targets that lead to the clock all the same."""

TREES: dict[str, tuple[Any, frozenset[int]]] = {
    "no mapping": ([], frozenset({422})),
    "an unknown condition": ({"colour": "red"}, frozenset({422})),
    "nine levels of not": ({"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}}}, frozenset({422})),
    "no alternatives": ({"or": []}, frozenset({422})),
    "21 alternatives": ({"or": [{}] * 21}, frozenset({422})),
    "400 conditions": ({"and": [{"and": [{"status": 200}] * 20}] * 20}, frozenset({422})),
    "8,000 conditions": ({"and": [{"and": [{"and": [{"status": 200}] * 20}] * 20}] * 20}, frozenset({422})),
    "a pattern that explodes": ({"header": {"a": {"matches": "(a+)+$"}}}, frozenset({200})),
    "a pattern of repetitions": ({"header": {"a": {"matches": "((((a{30}){30}){30}){30})"}}}, frozenset({422})),
    "a pattern with a look behind": ({"header": {"a": {"matches": "(?<=a)b"}}}, frozenset({422})),
    "a pattern with a reference": ({"header": {"a": {"matches": r"(a)\1"}}}, frozenset({422})),
    "a pattern that is open": ({"header": {"a": {"matches": "(["}}}, frozenset({422})),
    "a pattern of 1,001 letters": ({"header": {"a": {"matches": "a" * 1001}}}, frozenset({422})),
    "a pattern of parentheses": ({"header": {"a": {"matches": "(" * 499 + ")" * 499}}}, frozenset({200, 422})),
    "a pattern of a NUL": ({"header": {"a": {"matches": "\x00"}}}, frozenset({200})),
    "nine levels of a test's not": ({"header": {"a": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": "b"}}}}}}}}}}}, frozenset({422})),
    "51 tests": ({"query": {str(each): "a" for each in range(51)}}, frozenset({422})),
    "no tests": ({"query": {}}, frozenset({422, 200})),
    "an empty name": ({"query": {"": "a"}}, frozenset({422})),
    "a number for a text": ({"query": {"a": 1}}, frozenset({422})),
    "no operator": ({"query": {"a": {}}}, frozenset({422})),
    "an unknown operator": ({"query": {"a": {"like": "b"}}}, frozenset({422})),
    "101 choices": ({"query": {"a": {"one_of": ["b"] * 101}}}, frozenset({422})),
    "no choices": ({"query": {"a": {"one_of": []}}}, frozenset({422})),
    "a path that is none": ({"body": {"$[": 1}}, frozenset({422})),
    "a path of 501 letters": ({"body": {"$." + "a" * 500: 1}}, frozenset({422})),
    "a path of descents": ({"body": {"$..a..b..c": 1}}, frozenset({422})),
    "a path of wildcards": ({"body": {"$" + "[*]" * 30: 1}}, frozenset({200})),
    "a path of parentheses": ({"body": {"$[?" + "(" * 200 + "@.a" + ")" * 200 + "]": 1}}, frozenset({422})),
    "a path of exclamation marks": ({"body": {"$[?" + "!" * 100 + "@.a]": 1}}, frozenset({422})),
    "a path with a filter in a filter": ({"body": {"$[?@[?@.a]]": 1}}, frozenset({422})),
    "a path with a function that is none": ({"body": {"$[?system('id')]": 1}}, frozenset({422})),
    "a path with a huge index": ({"body": {"$[99999999999999999999]": 1}}, frozenset({422})),
    "a path with a step of nothing": ({"body": {"$[::0]": 1}}, frozenset({200})),
    "a path of a surrogate": ({"body": {"$['\\ud800']": 1}}, frozenset({200, 422})),
    "a path of a line break": ({"body": {"$['\r\nSet-Cookie: a=b']": 1}}, frozenset({200, 422})),
    "a deep value": ({"body": json.loads("[" * 100 + "]" * 100)}, frozenset({422})),
    "a value of a path and a name": ({"body": {"$.a": 1, "b": 2}}, frozenset({200})),
    "an empty body": ({"body": {}}, frozenset({200})),
    "null for a body": ({"body": None}, frozenset({200})),
    "a status of 0": ({"status": 0}, frozenset({422})),
    "a status of letters": ({"status": "4yy"}, frozenset({422})),
    "a status of true": ({"status": True}, frozenset({422})),
    "a path of 2,001 letters": ({"path": "/" * 2001}, frozenset({422})),
    "a path of 500 stars": ({"path": "**" * 250}, frozenset({200, 422})),
    "a path of stars and letters": ({"path": "*a" * 900}, frozenset({200, 422})),
    "a time that is none": ({"since": "2026-02-30T25:61:00Z"}, frozenset({422})),
    "a mark that is none": ({"mark": "made_up"}, frozenset({200, 422})),
    "a fault of a line break": ({"fault": "a\r\nb"}, frozenset({200})),
}  # fmt: skip
"""Matches, and what answers them."""

CLOCKS: dict[str, tuple[Any, frozenset[int]]] = {
    "the last instant": ({"mode": "frozen", "now": "9999-12-31T23:59:59Z"}, frozenset({422})),
    "the year 0": ({"mode": "frozen", "now": "0000-01-01T00:00:00Z"}, frozenset({422})),
    "the year 1": ({"mode": "offset", "now": "0001-01-01T00:00:00Z"}, frozenset({422})),
    "the year 1 beyond its edge": ({"mode": "offset", "now": "0001-01-01T00:00:00+23:59"}, frozenset({422})),
    "the year 9999 beyond its edge": ({"mode": "offset", "now": "9999-12-31T23:59:59-23:59"}, frozenset({422})),
    "a time gone by": ({"mode": "frozen", "now": "1970-01-01T00:00:00Z"}, frozenset({409})),
    "a time without an offset": ({"mode": "frozen", "now": "2030-01-01T00:00:00"}, frozenset({422})),
    "a number for a time": ({"mode": "frozen", "now": 1e308}, frozenset({422})),
    "a line break in the time": ({"mode": "frozen", "now": "2030-01-01T00:00:00Z\r\nA: b"}, frozenset({422})),
    "a NUL for a time": ({"mode": "frozen", "now": "\x00"}, frozenset({422})),
    "a tiny rate": ({"mode": "scaled", "rate": 1e-300}, frozenset({422})),
    "the slowest rate": ({"mode": "scaled", "rate": 0.001}, frozenset({200})),
    "a rate with many digits": ({"mode": "scaled", "rate": 0.1000000000000000055511151231257827}, frozenset({200})),
    "no rate": ({"mode": "scaled"}, frozenset({422})),
    "a rate of 0": ({"mode": "scaled", "rate": 0}, frozenset({422})),
    "a negative rate": ({"mode": "scaled", "rate": -1}, frozenset({422})),
    "a huge rate": ({"mode": "scaled", "rate": 1e308}, frozenset({422})),
    "the fastest rate": ({"mode": "scaled", "rate": 1e6}, frozenset({200})),
    "the fastest rate at the farthest time": ({"mode": "scaled", "rate": 1e6, "now": "9000-01-01T00:00:00Z"}, frozenset({200})),
    "a rate in words": ({"mode": "scaled", "rate": "60"}, frozenset({422})),
    "a rate of true": ({"mode": "scaled", "rate": True}, frozenset({422})),
    "a frozen clock with a rate": ({"mode": "frozen", "rate": 1}, frozenset({422})),
    "a real clock with a time": ({"mode": "real", "now": "2030-01-01T00:00:00Z"}, frozenset({422})),
    "a mode that is none": ({"mode": "backwards"}, frozenset({422})),
    "an unknown field": ({"mode": "frozen", "zone": "Europe/Amsterdam"}, frozenset({422})),
    "one for auto_advance": ({"mode": "frozen", "auto_advance": 1}, frozenset({422})),
}  # fmt: skip
SPANS = (
    "", " ", "-3d", "+3d", "0s", "1", "1y", "3 d", "9" * 12 + "w", "9" * 13 + "s", "P", "PT", "P1Y", "-P1D", "P" + "9" * 9 + "W",
    "1e308s", "٣d", "3d\r\nA: b", "3d\x00", "1h" * 50, "1h" * 40, "NaN", "P0D", "PT" + "9" * 12 + "S",
)  # fmt: skip

SNAPSHOTS = (
    "", " ", ".", "..", "../../etc/passwd", "a/b", "a\\b", "a\x00b", "a\r\nSet-Cookie: a=b", "\u202eabc", "\U0001f4a9", "a" * 101,
    "-a", "a\n", "A" * 100, "a..b", "__proto__", "a b", "<script>", "a%2Fb", 7, None, True, ["a"], {"a": "b"},
)  # fmt: skip

KEYS: dict[str, Any] = {
    "a plan that is none": {"plan": "platinum"},
    "a plan of a line break": {"plan": "pro\r\nA: b"},
    "a scope that is none": {"scope": "root"},
    "a role": {"role": "admin"},
    "two ends": {"expires_in": "1h", "expires": "2030-01-01T00:00:00Z"},
    "an end that is none": {"expires": "soon"},
    "an end in the year 9999": {"expires": "9999-12-31T23:59:59Z"},
    "an end before the beginning": {"expires_in": "-1h"},
    "an end too far": {"expires_in": "9" * 12 + "w"},
    "a list for a plan": {"plan": ["pro"]},
    "an unknown field": {"key": "ak_live_chosen_by_hand"},
}

SETTINGS: dict[str, Any] = {
    "nothing": {},
    "a quota that is none": {"quota": "unlimited"},
    "false for a quota": {"quota": False},
    "a seed of 2^63": {"seed": 2**63},
    "a seed of 30 digits": {"seed": 10**30},
    "a fraction for a seed": {"seed": 0.5},
    "a blank label": {"label": " \t"},
    "a label of 201 letters": {"label": "a" * 201},
    "no journal": {"journal_entries": 0},
    "a journal beyond the server's": {"journal_entries": 100_000},
    "a journal of more bytes than the server's": {"journal_bytes": 4 << 30},
    "a tiny journal": {"journal_bytes": 1},
    "a world": {"world": "lobby"},
    "evicted": {"evicted": False},
}


def _changed(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """Return the document with another value at this place; `...` leaves it out."""
    if not place:
        return value
    fresh = dict(document) if isinstance(document, dict) else list(document)
    if len(place) == 1 and value is ...:
        del fresh[place[0]]
    else:
        inner = document[place[0]] if len(place) > 1 else None
        fresh[place[0]] = _changed(inner, place[1:], value)
    return fresh


ODD: dict[str, Any] = {
    **{name: ODD_VALUES[name] for name in
       ("null", "true", "minus one", "a huge float", "2^63", "30 digits", "nothing", "a control character", "6,000 letters", "an empty array", "an empty object", "a deep array", "a wide array", "a time of another age")},
    "nothing at all": ...,
}  # fmt: skip
DOCTORED = (
    "null",
    "true",
    "2^63",
    "nothing",
    "a control character",
    "an empty array",
    "an empty object",
    "a deep array",
    "nothing at all",
)
"""Which of them stand in a doctored state or capsule."""
STATE_PLACES: tuple[tuple[str | int, ...], ...] = (
    ("fixture",), ("api",), ("now",), ("workspaces",), ("workspaces", 0), ("tables",), ("tables", "systems"), ("tables", "systems", 0),
    ("tables", "systems", 0, "id"), ("tables", "systems", 0, "name"), ("minted",), ("world",), ("world", "name"), ("world", "owner"),
    ("world", "owner", "plan"), ("world", "lobby"), ("world", "seed"), ("world", "label"), ("world", "quota"), ("world", "clock"),
    ("world", "clock", "mode"), ("world", "clock", "wall"), ("world", "clock", "time"), ("world", "clock", "rate"), ("world", "grants"),
    ("world", "grants", 0), ("world", "grants", 0, "terms"), ("world", "grants", 0, "expires"), ("world", "minted"), ("world", "ordinal"),
    ("world", "latest"), ("world", "due"), ("world", "buckets"), ("world", "buckets", ""),
)  # fmt: skip
CAPSULE_PLACES: tuple[tuple[str | int, ...], ...] = (
    ("capsule",), ("sandbox",), ("api",), ("contract",), ("contract", "sha256"), ("base",), ("base", "fixture"), ("base", "fixture", "name"),
    ("base", "fixture", "sha256"), ("base", "fixture", "birth"), ("base", "world"), ("base", "world", "clock"), ("base", "world", "ordinal"),
    ("base", "world", "owner"), ("records",), ("records", 0), ("records", 0, "kind"), ("records", 0, "wall"), ("records", 0, "request"),
    ("records", 0, "request", "method"), ("records", 0, "request", "path"), ("records", 0, "request", "query"), ("records", 0, "request", "headers"),
    ("records", 0, "request", "headers", 0), ("records", 0, "request", "body"), ("records", 0, "request", "encoding"),
    ("records", 0, "request", "peer"), ("records", 0, "request", "caller"), ("records", 0, "request", "caller", "key"),
    ("records", 0, "answer"), ("records", 0, "answer", "status"), ("records", 0, "answer", "headers"), ("records", 0, "answer", "headers", 0),
    ("records", 0, "answer", "body"), ("records", 1, "kind"), ("records", 1, "request", "path"), ("records", 1, "request", "body"),
)  # fmt: skip


def _case(steer: Steer, name: str, allowed: frozenset[int], **changes: Any) -> Case:
    full = f"{steer.id}: {name}"
    body = dump(steer.document) if steer.document is not None else b""
    fields = (HOST, bearer(full), JSON) if body else (HOST, bearer(full))
    return replace(Case(full, steer.id, steer.method, steer.target, fields, body, allowed), **changes)


def _without_credential(case: Case, *given: tuple[bytes, bytes]) -> Case:
    rest = tuple(each for each in case.fields if each[0] != b"authorization")
    return replace(case, fields=(*rest, *given))


def _credential_cases(steer: Steer) -> Iterator[Case]:
    refused = frozenset({steer.status}) if steer.open else frozenset({401})
    for name, fields in OWNED_CREDENTIALS.items():
        yield _without_credential(_case(steer, name, refused), *fields)
    query = _case(steer, "a key in the query", refused)
    yield _without_credential(replace(query, target=query.target + b"?api_key=ak_test_abcdefgh&key=ak_test_abcdefgh"))
    long = _case(
        steer, "a key of 100 kB", frozenset({400}) if steer.path[1:] not in (b"health", b"version") else refused
    )
    yield _without_credential(long, (b"authorization", b"Bearer ak_test_" + b"x" * 100_000))


def _token_cases(steer: Steer) -> Iterator[Case]:
    if steer.open or steer.id == "listWorlds":
        yield _without_credential(_case(steer, "the token", frozenset({200})), ADMIN)
        return
    for name, (query, allowed) in WORLDS.items():
        case = _case(steer, f"the token and {name}", allowed)
        yield _without_credential(replace(case, target=case.target + b"?" + query), ADMIN)


def _body_cases(steer: Steer) -> Iterator[Case]:
    read = steer.document is not None
    for name, body in UNREADABLE.items() if read else ():
        allowed = frozenset({400}) if read else frozenset({steer.status})
        yield _case(steer, f"{name} for a body", allowed, body=body, fields=_fields(steer, f"{name} for a body"))
    for name, body in MISSHAPEN.items() if read else (("an array that nobody reads", b"["),):
        allowed = frozenset({422}) if read else frozenset({steer.status})
        yield _case(steer, f"{name} for a body", allowed, body=body, fields=_fields(steer, f"{name} for a body"))
    if not read:
        return
    whole = dump(steer.document)
    yield _case(steer, "no body", frozenset({400}), body=b"")
    yield _case(steer, "a body in chunks", frozenset({steer.status}), chunked=True)
    first = dump(next(iter(steer.document)))
    yield _case(steer, "a key twice, the bad one last", frozenset({422}), body=whole[:-1] + b"," + first + b":[0]}")
    for name, (fields, status) in CONTENT_TYPES.items():
        given = tuple(each for each in _fields(steer, name) if each[0] != b"content-type")
        yield _case(steer, name, frozenset({status or steer.status}), fields=(*given, *fields))
    for field in steer.document:
        for name, value in ODD.items():
            body = dump(_changed(steer.document, (field,), value))
            yield _case(steer, f"{name} at {field}", EITHER, body=body)


def _fields(steer: Steer, name: str) -> Fields:
    return (HOST, bearer(f"{steer.id}: {name}"), JSON)


def _size_cases(steer: Steer) -> Iterator[Case]:
    whole = dump(steer.document)
    yield _case(steer, "exactly 32 MiB", frozenset({200}), body=whole.ljust(LIMIT))
    for chunked in (False, True):
        how = " in chunks" if chunked else ""
        yield _case(steer, f"32 MiB and a byte{how}", frozenset({413}), body=whole.ljust(LIMIT + 1), chunked=chunked)
    yield _case(steer, "34 MiB", frozenset({413}), body=b"[" * (LIMIT + (2 << 20)))


def _method_cases(steer: Steer, known: frozenset[str]) -> Iterator[Case]:
    for method in (*METHODS, "GET", "POST", *UNPARSED_METHODS):
        if method not in known:
            yield _case(
                steer, f"by {method[:20]}", frozenset({405}), method=method, operation="", body=b"",
                fields=_fields(steer, f"by {method[:20]}")[:2], parsable=method not in UNPARSED_METHODS,
            )  # fmt: skip


def _field_cases(steer: Steer) -> Iterator[Case]:
    for name, (fields, status) in FIELDS.items():
        unchecked = steer.id in ("getHealth", "getVersion")
        case = _case(steer, name, frozenset({steer.status if unchecked else status or steer.status}))
        yield replace(case, fields=(*case.fields, *fields))


def _named_cases() -> Iterator[Case]:
    for method, template in NAMED:
        for name, ident in NAMES.items():
            full = f"{method} {template.decode()} of {name}"
            body = dump({"expires": None}) if method == "PATCH" else b""
            fields = (HOST, bearer(full), JSON) if body else (HOST, bearer(full))
            target = ROOT + template.replace(b"{}", ident)
            nothing = name == "nothing" or name == "a plain path to leave by"
            allowed = frozenset({404, 405}) if nothing else frozenset({404})
            yield Case(full, "", method, target, fields, body, allowed)


def _target_cases() -> Iterator[Case]:
    for name, target in TARGETS.items():
        full = f"a target with {name}"
        allowed = frozenset({400, 404}) if name == "100 kB" else frozenset({404})
        yield Case(full, "", "GET", target, (HOST, bearer(full)), b"", allowed)
    for name, target in ESCAPED.items():
        full = f"the clock by {name}"
        yield Case(full, "getClock", "GET", target, (HOST, bearer(full)), b"", frozenset({200}))


def _query_cases(by_id: dict[str, Steer]) -> Iterator[Case]:
    for name, (query, allowed) in QUERIES.items():
        case = _case(by_id["listRequests"], name, allowed)
        yield replace(case, target=case.target + b"?" + query)
    for ident in (
        "getClock",
        "reset",
        "getState",
        "listSnapshots",
        "exportHar",
        "getCapsule",
        "listWorlds",
        "streamEvents",
    ):
        for name in ("bad UTF-8", "an unknown name twice", "101 parameters", "a 100 kB query"):
            case = _case(
                by_id[ident],
                name,
                frozenset({403}) if ident == "listWorlds" and "100 kB" not in name else frozenset({400}),
            )
            yield replace(case, target=case.target + b"?" + QUERIES[name][0])
    for query in (
        b"limit=0",
        b"limit=10001",
        b"limit=x",
        b"timeout=61",
        b"timeout=-1",
        b"timeout=0.5",
        b"limit=1&limit=1",
    ):
        case = _case(by_id["streamEvents"], query.decode(), frozenset({400}))
        yield replace(case, target=case.target + b"?" + query)
    for query in (b"at=-1", b"at=1000001", b"at=x", b"at=1&at=1"):
        case = _case(by_id["loadCapsule"], query.decode(), frozenset({400}))
        yield replace(case, target=case.target + b"?" + query)
    case = _case(by_id["explainRequest"], "before=1", frozenset({400}))
    yield replace(case, target=case.target + b"?before=1")


def _document_cases(by_id: dict[str, Steer]) -> Iterator[Case]:
    for name, (match, allowed) in TREES.items():
        yield _case(by_id["findRequests"], name, allowed, body=dump({"match": match}))
        verifying = frozenset({422}) if allowed == frozenset({422}) else frozenset({200, 422})
        yield _case(by_id["verify"], name, verifying, body=dump({"match": match}))
        yield _case(by_id["verifySequence"], name, frozenset({422}), body=dump({"sequence": [match] * 3}))
    yield _case(by_id["verifySequence"], "101 steps", frozenset({422}), body=dump({"sequence": [{}] * 101}))
    yield _case(by_id["verifySequence"], "no steps", frozenset({422}), body=dump({"sequence": []}))
    for name, clock in CLOCKS.items():
        yield _case(by_id["putClock"], name, clock[1], body=dump(clock[0]))
    for span in SPANS:
        yield _case(
            by_id["advanceClock"], f"by {len(span)}, {span[:20]!r}", frozenset({200, 422}), body=dump({"by": span})
        )
        yield _case(
            by_id["changeKey"], f"in {len(span)}, {span[:20]!r}", frozenset({404, 422}), body=dump({"expires_in": span})
        )
    for snapshot in SNAPSHOTS:
        fine = snapshot in ("A" * 100, "a..b")
        allowed = frozenset({201}) if fine else frozenset({422})
        yield _case(
            by_id["saveSnapshot"],
            f"named {len(str(snapshot))}, {snapshot!r:.20}",
            allowed,
            body=dump({"name": snapshot}),
        )
    for name, document in KEYS.items():
        yield _case(by_id["mintKey"], name, frozenset({422}), body=dump(document))
    for name, document in SETTINGS.items():
        yield _case(by_id["putSettings"], name, frozenset({422}), body=dump(document))


def _doctored_cases(by_id: dict[str, Steer]) -> Iterator[Case]:
    for ident, places in (("putState", STATE_PLACES), ("loadCapsule", CAPSULE_PLACES)):
        for place in places:
            for name in DOCTORED:
                steer = by_id[ident]
                where = ".".join(map(str, place))
                body = dump(_changed(steer.document, place, ODD[name]))
                yield _case(steer, f"{name} in place of {where}", EITHER, body=body)


def cases(state: Any, capsule: Any) -> tuple[Case, ...]:
    """Return the whole corpus; the state and the capsule are those of a world that has a past."""
    return _cases(dump(state), dump(capsule))


@cache
def _cases(state: bytes, capsule: bytes) -> tuple[Case, ...]:
    steers = _operations(json.loads(state), json.loads(capsule))
    by_id = {each.id: each for each in steers}
    found: list[Case] = []
    for steer in steers:
        found.extend(_credential_cases(steer))
        found.extend(_token_cases(steer))
        known = frozenset(each.method for each in steers if each.path == steer.path)
        found.extend(_method_cases(steer, known))
        if steer.id != "streamEvents":
            found.extend(_body_cases(steer))
            found.extend(_field_cases(steer))
    found.extend(_size_cases(by_id["advanceClock"]))
    found.extend([*_named_cases(), *_target_cases(), *_query_cases(by_id), *_document_cases(by_id)])
    found.extend(_doctored_cases(by_id))
    return tuple(found)


FIXTURES: dict[str, tuple[Any, frozenset[int]]] = {
    "a fixture": (FIXTURE, frozenset({200})),
    "another API's fixture": ({**FIXTURE, "api": "ctrlai"}, frozenset({422})),
    "a fixture with a system twice": ({**FIXTURE, "systems": [SYSTEM, SYSTEM]}, frozenset({422})),
    "a fixture at the last instant": ({**FIXTURE, "now": "9999-12-31T23:59:59Z"}, frozenset({200})),
    "a fixture of 3,000 systems": (
        {**FIXTURE, "systems": [{**SYSTEM, "id": f"sys_{each:06d}", "name": f"System {each}"} for each in range(3000)]},
        frozenset({200}),
    ),
    "a fixture of another plan": (
        {**FIXTURE, "workspaces": [{"id": "ws_free", "plan": "free"}]},
        frozenset({200, 422}),
    ),
    "a fixture with unknown tables": ({**FIXTURE, "users": []}, frozenset({422})),
}
"""Fixtures written as JSON, and what answers them."""


def fixture_cases() -> tuple[Case, ...]:
    """Return the cases of fixtures that are loaded as states."""
    steer = Steer("putState", "PUT", b"/state", 200, FIXTURE)
    return tuple(_case(steer, name, allowed, body=dump(document)) for name, (document, allowed) in FIXTURES.items())
