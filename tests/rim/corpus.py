"""The hostile corpus as data: what no honest client sends, and the statuses that may answer it.

A `Case` is well-formed enough that any door can be given it: it can be written as bytes, as a WSGI environment and as
an ASGI scope. A `Blob` is bytes that only a socket can carry. Each case has a key, and with it a world, of its own.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Fields = tuple[tuple[bytes, bytes], ...]

MIB = 1 << 20
HOST = (b"host", b"sandbox.localhost")
JSON = (b"content-type", b"application/json")

LOAN = {
    "name": "Loan Approval Engine",
    "description": "Scores personal loan applications using applicant financial history and behavioural data.",
    "purpose": "Automate initial credit decisions to reduce processing time",
    "domain": "Financial Services / Credit Assessment",
}
ANSWERS = {"answers": {"human_override": "uncommon", "profiles_people": True, "share": 0.04}}
DOCUMENTS = {"sections": [1, 2, 6], "language": "de"}
BATCH = {
    "schema": "aikraft.llm.v1",
    "batch_id": "0b9d2c74-51e8-4f3a-8d06-7a1f5c9e2b40",
    "sdk": {"name": "aikraft-python", "version": "0.2.0"},
    "windows": [
        {
            "start": "2026-04-13T14:29:00+00:00",
            "end": "2026-04-13T14:30:00+00:00",
            "model": "gpt-4o-mini",
            "tag": None,
            "calls": 42,
            "histograms": {"latency_ms": {"counts": [0] * 15 + [42], "sum": 65318.442}},
            "categories": {"status": {"ok": 40, "rate_limited": 2}},
            "feedback": {"count": 3, "sum": 2.5},
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, and a request that it answers with success."""

    id: str
    method: str
    target: bytes
    success: int
    document: Any = None

    @property
    def takes_body(self) -> bool:
        """Tell whether the operation reads a body."""
        return self.document is not None


OPERATIONS = (
    Operation("listSystems", "GET", b"/v1/systems", 200),
    Operation("createSystem", "POST", b"/v1/systems", 201, LOAN),
    Operation("getClassification", "GET", b"/v1/systems/sys_abc123/classification", 200),
    Operation("createClassification", "POST", b"/v1/systems/sys_abc123/classification", 201, ANSWERS),
    Operation("createDocuments", "POST", b"/v1/systems/sys_abc123/documents", 202, DOCUMENTS),
    Operation("getJob", "GET", b"/v1/jobs/job_xyz789", 200),
    Operation("getMonitoring", "GET", b"/v1/systems/sys_abc123/monitoring", 200),
    Operation(
        "ingestAggregates",
        "POST",
        b"/v1/workspaces/ws_enterprise/systems/sys_abc123/monitoring/aggregates:ingest",
        200,
        BATCH,
    ),
)
WITH_ID = tuple(each for each in OPERATIONS if each.id not in ("listSystems", "createSystem"))


@dataclass(frozen=True, slots=True)
class Case:
    """One request, the operation it is meant for (empty for none), and the statuses that may answer it.

    `parsable` is false for what the server's own parser refuses with its plain 400.
    """

    name: str
    operation: str
    method: str
    target: bytes
    fields: Fields
    body: bytes
    allowed: frozenset[int]
    chunked: bool = False
    parsable: bool = True

    @property
    def framed(self) -> Fields:
        """Return the header fields with those that frame the body."""
        if self.chunked:
            return (*self.fields, (b"transfer-encoding", b"chunked"))
        if self.body:
            return (*self.fields, (b"content-length", b"%d" % len(self.body)))
        return self.fields

    @property
    def wire(self) -> bytes:
        """Return the request as HTTP/1.1 writes it."""
        body = chunks(self.body) if self.chunked else self.body
        return head(self.method.encode(), self.target, self.framed) + body


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes for a socket, and the statuses of the answers that may come back; no answer at all is always allowed."""

    name: str
    wire: bytes
    allowed: frozenset[int]


def head(method: bytes, target: bytes, fields: Fields, version: bytes = b"HTTP/1.1") -> bytes:
    """Return a request's head as it is written on the wire."""
    lines = [method + b" " + target + b" " + version, *(name + b": " + value for name, value in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunks(body: bytes, size: int = 60_000) -> bytes:
    """Return the body in chunks, the first with an extension."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    written = [b"%x%s\r\n%s\r\n" % (len(part), b";a=b" if not at else b"", part) for at, part in enumerate(parts)]
    return b"".join(written) + b"0\r\n\r\n"


def key_of(name: str) -> bytes:
    """Return a test key that opens a world for this name alone."""
    return b"ak_test_enterprise_" + re.sub(r"[^A-Za-z0-9]", "_", name).encode("ascii")[:200] + b"_world"


def bearer(name: str) -> tuple[bytes, bytes]:
    """Return the credential that opens a world for this name alone."""
    return b"authorization", b"Bearer " + key_of(name)


def dump(value: Any) -> bytes:
    """Return the value as JSON."""
    return json.dumps(value).encode()


def good(operation: Operation, name: str) -> Case:
    """Return a request that the operation answers with success."""
    body = dump(operation.document) if operation.takes_body else b""
    fields = (HOST, bearer(name), JSON) if body else (HOST, bearer(name))
    return Case(name, operation.id, operation.method, operation.target, fields, body, _only(operation.success))


def _only(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


def _nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


UNREADABLE = {
    "blank": b" \r\n",
    "a NUL": b"\x00",
    "an open brace": b"{",
    "half a pair": b'{"name":',
    "a raw NUL in a string": b'{"name":"\x00"}',
    "bad UTF-8": b'{"name":"\xff\xfe"}',
    "overlong UTF-8": b'{"name":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "a lone surrogate escape": b'{"name":"\\ud800"}',
    "a lone low surrogate escape": b'{"name":"\\udc00"}',
    "a surrogate pair the wrong way round": b'{"name":"\\udc00\\ud800"}',
    "UTF-16": '{"name":"x"}'.encode("utf-16"),
    "UTF-32": '{"name":"x"}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"name":NaN}',
    "Infinity": b'{"name":-Infinity}',
    "an infinite number": b'{"name":1e400}',
    "400 digits": b'{"name":' + b"9" * 400 + b"}",
    "single quotes": b"{'name':'x'}",
    "a comment": b"{/* */}",
    "a trailing comma": b'{"name":"x",}',
    "two documents": b"{}{}",
    "129 arrays": _nested(129),
    "256 arrays": _nested(256),
    "1,000 arrays": _nested(1000),
    "200 objects in an array": b"[" + b'{"a":' * 200 + b"0" + b"}" * 200 + b"]",
    "10,000 arrays": _nested(10_000),
    "10,000 objects": _nested(10_000, b'{"a":', b"}").replace(b":}", b":0}"),
    "10,000 open arrays": b"[" * 10_000,
    "10,000 levels in a field": b'{"answers":' + _nested(10_000) + b"}",
    "gzip": gzip.compress(b"{}", mtime=0),
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a form": b"name=x&purpose=y",
}
"""Bodies that are not JSON: 400 wherever a body is read."""

MISSHAPEN = {
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "a string": b'"{}"',
    "an array": b"[]",
    "an array of objects": b"[{}]",
    "128 arrays": _nested(128),
}
"""JSON that is no object: 422 wherever a body is read."""

ODD_VALUES = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "a fraction": 0.1,
    "a huge float": 1e308,
    "2^63": 2**63,
    "2^64": 2**64,
    "30 digits": 10**30,
    "nothing": "",
    "blanks": " \t\u2003",
    "a NUL": "\u0000",
    "a control character": "a\u001b[2Jb\r\nSet-Cookie: a=b",
    "an astral character": "\U0001f4a9",
    "a direction mark": "\u202eabc",
    "6,000 letters": "x" * 6000,
    "a template": "{{7*7}} ${7*7} %s %n '; DROP TABLE systems;--",
    "an empty array": [],
    "an empty object": {},
    "a deep array": json.loads(_nested(120)),
    "a deep object": json.loads(_nested(120, b'{"a":', b"}").replace(b":}", b":0}")),
    "a deeper array": json.loads(_nested(300)),
    "a wide array": list(range(3000)),
    "a wide object": {str(each): each for each in range(3000)},
    "a time of another age": "1066-10-14T09:00:00Z",
    "a time that is none": "2026-02-30T25:61:00Z",
}
"""What stands in place of a field's value."""

PLACES: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "createSystem": (("name",), ("description",), ("domain",), ("unknown",)),
    "createClassification": (("answers",), ("answers", "human_override"), ("answers", "\u0000")),
    "createDocuments": (("sections",), ("sections", 0), ("language",)),
    "ingestAggregates": (
        ("schema",), ("batch_id",), ("sdk",), ("sdk", "name"), ("windows",), ("windows", 0), ("windows", 0, "start"),
        ("windows", 0, "end"), ("windows", 0, "model"), ("windows", 0, "tag"), ("windows", 0, "calls"),
        ("windows", 0, "histograms"), ("windows", 0, "histograms", "latency_ms", "counts", 3),
        ("windows", 0, "histograms", "latency_ms", "sum"), ("windows", 0, "categories", "status"),
        ("windows", 0, "categories", "status", "ok"), ("windows", 0, "feedback"), ("windows", 0, "feedback", "sum"),
    ),
}  # fmt: skip

CONTENT_TYPES: dict[str, tuple[Fields, int | None]] = {
    "no content type": ((), 400),
    "an empty content type": (((b"content-type", b""),), 400),
    "plain text": (((b"content-type", b"text/plain"),), 400),
    "a form's content type": (((b"content-type", b"application/x-www-form-urlencoded"),), 400),
    "multipart without a boundary": (((b"content-type", b"multipart/form-data"),), 400),
    "almost JSON": (((b"content-type", b"application/jsonp"),), 400),
    "JSON after another type": (((b"content-type", b"text/plain, application/json"),), 400),
    "two content types": (((b"content-type", b"application/json"), (b"content-type", b"text/plain")), 400),
    "shouted JSON": (((b"content-type", b"APPLICATION/JSON"),), None),
    "JSON with a strange charset": (((b"content-type", b"application/json; charset=utf-7;;=;"),), None),
    "a content encoding that is ignored": ((JSON, (b"content-encoding", b"gzip")), None),
}
"""Header fields in place of the content type, and the status if it is not that of success."""

QUERIES: dict[str, tuple[bytes, int]] = {
    "a NUL in the query": (b"cursor=%00", 400),
    "a surrogate in the query": (b"cursor=%ED%A0%80", 400),
    "bad UTF-8 in the query": (b"limit=%FF", 400),
    "bad UTF-8 in an unknown name": (b"%FF=1", 400),
    "a broken escape": (b"limit=%zz", 400),
    "a limit of letters": (b"limit=ten", 400),
    "a limit of 5,000 digits": (b"limit=" + b"9" * 5000, 400),
    "a limit in foreign digits": (b"limit=%D9%A1%D9%A0", 400),
    "a negative limit": (b"limit=-1", 400),
    "an underscored limit": (b"limit=1_0", 400),
    "an empty limit": (b"limit=", 400),
    "two limits": (b"limit=1&limit=2", 400),
    "a limit and its escaped twin": (b"limit=1&%6Cimit=2", 400),
    "101 parameters": (b"&".join(b"a%d=1" % each for each in range(101)), 400),
    "a tier that is none": (b"risk_tier=high%0d%0aSet-Cookie:a=b", 400),
    "an empty cursor": (b"cursor=", 400),
    "a cursor of dots": (b"cursor=Li4", 400),
    "a cursor of a huge second": (b"cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuc3lzX2FiYzEyMy4", 200),
    "a cursor of bad UTF-8": (b"cursor=____", 400),
    "a 100 kB cursor": (b"cursor=" + b"A" * 100_000, 400),
    "a 60 kB cursor": (b"cursor=" + b"A" * 60_000, 400),
    "unknown parameters": (b"__proto__=1&constructor[prototype]=2&limit", 400),
    "nothing but ampersands": (b"&&&&;;;&=&=", 400),
    "a second question mark": (b"?a=b??", 200),
    "raw brackets and quotes": (b"a={}|^`\"<>\\'", 200),
}
"""Queries of the list, and the status that answers them."""

IDENTIFIERS: dict[str, tuple[bytes, int]] = {
    "a NUL for an id": (b"%00", 404),
    "a NUL in an id": (b"sys_abc123%00", 404),
    "a surrogate for an id": (b"%ED%A0%80", 404),
    "bad UTF-8 for an id": (b"%FF%FE", 404),
    "a broken escape for an id": (b"%zz%", 404),
    "an escaped slash in an id": (b"sys%2Fabc123", 404),
    "an astral id": (b"%F0%9F%92%A9", 404),
    "two dots for an id": (b"..", 404),
    "escaped dots for an id": (b"%2e%2e", 404),
    "a path to leave by": (b"..%2f..%2f..%2fetc%2fpasswd", 404),
    "no id": (b"", 404),
    "an escaped line break in an id": (b"a%0d%0aSet-Cookie:%20a=b", 404),
    "markup for an id": (b"%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404),
    "another word for an id": (b"__proto__", 404),
    "an id in capitals": (b"SYS_ABC123", 404),
    "an id of 10 kB": (b"x" * 10_000, 404),
    "an id of 100 kB": (b"x" * 100_000, 400),
}
"""What stands where the path has an id, and the status that answers it."""

FIELDS: dict[str, tuple[Fields, int | None]] = {
    "a flood of 2,000 header fields": (tuple((b"x-flood-%d" % each, b"x" * 40) for each in range(2000)), 400),
    "one field 2,000 times": (((b"x-flood", b"x" * 40),) * 2000, 400),
    "a field of 100 kB": (((b"x-long", b"x" * 100_000),), 400),
    "60 kB of header fields": (tuple((b"x-fine-%d" % each, b"x" * 1000) for each in range(60)), None),
    "a name of 10 kB": (((b"x" * 10_000, b"1"),), None),
    "bytes beyond ASCII": (((b"x-bytes", bytes(range(0x80, 0x100))),), None),
    "empty fields": (((b"x-empty", b""), (b"accept", b""), (b"prefer", b"")), None),
    "an Accept that nothing meets": (((b"accept", b"text/html;q=1, */*;q=0"), (b"accept-encoding", b"br;q=1")), None),
    "conditions and ranges": (((b"if-match", b'"x"'), (b"range", b"bytes=0-0"), (b"if-none-match", b"*")), None),
    "a method in a field": (((b"x-http-method-override", b"DELETE"), (b"x-original-url", b"/__admin")), None),
    "cookies": (((b"cookie", b"a=b; " * 1000), (b"cookie", b"session=\xff")), None),
    "proxy fields that are none": (
        ((b"x-forwarded-host", b"evil\t.test/"), (b"x-forwarded-proto", b"javascript"), (b"x-forwarded-for", b",,")),
        None,
    ),
    "a request to upgrade": (((b"connection", b"upgrade"), (b"upgrade", b"websocket")), None),
}
"""Header fields added to a good request, and the status if it is not that of success."""

CREDENTIALS: dict[str, Fields] = {
    "no credential": (),
    "an empty credential": ((b"authorization", b""),),
    "a scheme alone": ((b"authorization", b"Bearer"),),
    "another scheme": ((b"authorization", b"Basic YTpi"),),
    "a key without a scheme": ((b"authorization", b"ak_test_enterprise_abcdefgh"),),
    "a key of 300 letters": ((b"authorization", b"Bearer ak_test_" + b"x" * 300),),
    "a key of 100 kB": ((b"authorization", b"Bearer ak_test_" + b"x" * 100_000),),
    "a key with a byte beyond ASCII": ((b"authorization", b"Bearer ak_test_abcdefgh\xe9"),),
    "a key with spaces": ((b"authorization", b"Bearer ak_test_abcdefgh ak_test_abcdefgh"),),
    "two credentials": ((b"authorization", b"Bearer ak_test_aaaaaaaa"), (b"authorization", b"Bearer ak_test_bbbbbbbb")),
    "a good and an empty credential": ((b"authorization", b"Bearer ak_test_aaaaaaaa"), (b"authorization", b"")),
    "two credentials in one": ((b"authorization", b"Bearer ak_test_aaaaaaaa, Bearer ak_test_bbbbbbbb"),),
    "an undeclared live key": ((b"authorization", b"Bearer ak_live_abcdefghijkl"),),
    "a key from a cookie": ((b"cookie", b"authorization=Bearer ak_test_abcdefgh"),),
}
"""In place of the credential: always 401, or 429 once the lobby's quota is empty."""

METHODS = ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "M-SEARCH")
UNPARSED_METHODS = ("get", "Post", "FOO", "X" * 1000)
"""Methods that the server's parser does not know; the doors behind it answer 405."""

PAGES: dict[str, tuple[str, bytes, int]] = {
    "the root": ("GET", b"/", 200),
    "the root's head": ("HEAD", b"/", 200),
    "health": ("GET", b"/__admin/health", 200),
    "health with 100 kB of query": ("GET", b"/__admin/health?" + b"x" * 100_000, 200),
    "nowhere with 100 kB of query": ("GET", b"/nowhere?" + b"x=%FF&" * 16_000, 404),
    "nowhere 100 kB long": ("GET", b"/" + b"x" * 100_000, 404),
    "health written to": ("POST", b"/__admin/health", 405),
    "health's options": ("OPTIONS", b"/__admin/health", 405),
    "health traced": ("TRACE", b"/__admin/health", 405),
    "nowhere deleted": ("DELETE", b"/nowhere", 404),
    "a contract that is none": ("GET", b"/openapi/..%2f..%2fpyproject.json", 404),
    "the contract": ("GET", b"/openapi/aikraft.json", 200),
    "the contract by a NUL": ("GET", b"/openapi/aikraft%00.json", 404),
    "bad UTF-8 outside the API": ("GET", b"/%FF%FE/%ED%A0%80", 404),
    "a NUL outside the API": ("GET", b"/%00", 404),
    "the API under two slashes": ("GET", b"//v1/systems", 404),
    "the API under an escaped name": ("GET", b"/%76%31/systems", 404),
    "the API behind dots": ("GET", b"/nowhere/../v1/systems", 404),
    "the API in capitals": ("GET", b"/V1/systems", 404),
    "a longer name than the API's": ("GET", b"/v1systems", 404),
    "health under an escaped name": ("GET", b"/__admin/%68ealth", 200),
    "health with a slash at its end": ("GET", b"/__admin/health/", 404),
    "health with a fragment": ("GET", b"/__admin/health#x", 404),
}
"""Requests outside the API, and the status that answers them."""


def cases() -> Iterator[Case]:
    """Yield the whole corpus."""
    for operation in OPERATIONS:
        yield from _body_cases(operation)
        yield from _header_cases(operation)
        yield from _method_cases(operation)
        yield from _query_cases(operation)
    for operation in WITH_ID:
        yield from _path_cases(operation)
    yield from _target_cases()
    yield from _page_cases()


def _made(operation: Operation, name: str, body: bytes, status: int, *, chunked: bool = False) -> Case:
    full = f"{operation.id} with {name}"
    allowed = _only(status if operation.takes_body else operation.success)
    fields = (HOST, bearer(full), JSON)
    return Case(full, operation.id, operation.method, operation.target, fields, body, allowed, chunked)


def _body_cases(operation: Operation) -> Iterator[Case]:
    whole = dump(operation.document) if operation.takes_body else b"{}"
    for name, body in UNREADABLE.items():
        yield _made(operation, name, body, 400)
    for name, body in MISSHAPEN.items():
        yield _made(operation, f"{name} for a body", body, 422)
    padded = whole.ljust(MIB)
    for chunked in (False, True):
        how = " in chunks" if chunked else ""
        yield _made(operation, f"exactly 1 MiB{how}", padded, operation.success, chunked=chunked)
        yield _made(operation, f"1 MiB and a byte{how}", padded + b" ", 413, chunked=chunked)
        yield _made(operation, f"3 MiB{how}", b"[" * (3 * MIB), 413, chunked=chunked)
    yield _made(operation, "a small body in chunks", whole, operation.success, chunked=True)
    if operation.takes_body:
        yield from _document_cases(operation)


def _document_cases(operation: Operation) -> Iterator[Case]:
    for place in PLACES[operation.id]:
        for name, value in ODD_VALUES.items():
            body = dump(_replaced(operation.document, place, value))
            case = _made(operation, f"{name} at {'.'.join(map(str, place))}", body, 422)
            yield _allowing(case, *((400,) if name == "a deeper array" else (operation.success, 422)))
    first = next(iter(operation.document))
    whole = dump(operation.document)
    yield _made(
        operation, "a key twice, the good one last", b'{"%s":0,' % first.encode() + whole[1:], operation.success
    )
    yield _made(operation, "a key twice, the bad one last", whole[:-1] + b',"%s":0}' % first.encode(), 422)
    yield _made(operation, "a body of unknown fields", dump({"__proto__": {}, "\u0000": 0}), _unknown(operation))
    for name, (fields, status) in CONTENT_TYPES.items():
        full = f"{operation.id} with {name}"
        allowed = _only(status or operation.success)
        given = (HOST, bearer(full), *fields)
        yield Case(full, operation.id, operation.method, operation.target, given, whole, allowed)


def _unknown(operation: Operation) -> int:
    return operation.success if operation.id == "createClassification" else 422


def _replaced(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    fresh = deepcopy(document)
    inner = fresh
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return fresh


def _allowing(case: Case, *statuses: int) -> Case:
    return Case(
        case.name, case.operation, case.method, case.target, case.fields, case.body, _only(*statuses), case.chunked
    )


def _header_cases(operation: Operation) -> Iterator[Case]:
    for name, (fields, status) in FIELDS.items():
        case = good(operation, f"{operation.id} with {name}")
        allowed = _only(status or operation.success)
        yield Case(
            case.name, operation.id, case.method, case.target, (*case.fields, *fields), case.body, allowed,
        )  # fmt: skip
    for name, fields in CREDENTIALS.items():
        case = good(operation, f"{operation.id} with {name}")
        rest = tuple(each for each in case.fields if each[0] != b"authorization")
        yield Case(case.name, operation.id, case.method, case.target, (*rest, *fields), case.body, _only(401, 429))


def _method_cases(operation: Operation) -> Iterator[Case]:
    for method in (*METHODS, *UNPARSED_METHODS):
        name = f"{operation.id} by {method[:20]}"
        fields = (HOST, bearer(name))
        parsable = method in METHODS
        yield Case(name, "", method, operation.target, fields, b"", _only(405), parsable=parsable)


def _query_cases(operation: Operation) -> Iterator[Case]:
    for name, (query, status) in QUERIES.items():
        case = good(operation, f"{operation.id} with {name}")
        refused = operation.id == "listSystems" or len(query) > 65_536
        allowed = _only(status if refused else operation.success)
        target = case.target + b"?" + query
        yield Case(case.name, operation.id, case.method, target, case.fields, case.body, allowed)


def _path_cases(operation: Operation) -> Iterator[Case]:
    for name, (ident, status) in IDENTIFIERS.items():
        case = good(operation, f"{operation.id} with {name}")
        target = case.target.replace(b"sys_abc123", ident).replace(b"job_xyz789", ident)
        yield Case(case.name, operation.id, case.method, target, case.fields, case.body, _only(status))


def _target_cases() -> Iterator[Case]:
    listing = OPERATIONS[0]
    targets = {
        "a slash at the end": (b"/v1/systems/", 404),
        "two slashes inside": (b"/v1//systems", 404),
        "a dot inside": (b"/v1/./systems", 404),
        "the prefix alone": (b"/v1", 404),
        "the prefix and a slash": (b"/v1/", 404),
        "an escaped letter": (b"/v1/%73ystems", 200),
        "an escaped slash": (b"/v1%2Fsystems", 404),
        "a parameter in the path": (b"/v1/systems;a=b", 404),
        "a fragment": (b"/v1/systems#x?limit=0", 404),
        "a NUL at its end": (b"/v1/systems%00", 404),
        "an absolute target": (b"http://elsewhere.test/v1/systems?limit=1", 200),
        "an absolute target of another scheme": (b"ftp://user:pass@[::1]:9/v1/systems", 200),
        "an absolute target under two slashes": (b"http://elsewhere.test//v1/systems", 404),
        "a path of 1,000 segments": (b"/v1" + b"/a" * 1000, 404),
        "a path of 30,000 slashes": (b"/v1" + b"/" * 30_000, 404),
    }
    for name, (target, status) in targets.items():
        case = good(listing, f"a target with {name}")
        yield Case(case.name, "", "GET", target, case.fields, b"", _only(status))


def _page_cases() -> Iterator[Case]:
    for name, (method, target, status) in PAGES.items():
        yield Case(f"a page: {name}", "", method, target, (HOST,), b"", _only(status))
    for name, method, target in (
        ("a page: the server's options", "OPTIONS", b"*"),
        ("a page: an absolute target without a path", "GET", b"http://elsewhere.test"),
        ("a page: an absolute target with a query alone", "GET", b"http://elsewhere.test?a=b"),
    ):
        yield Case(name, "", method, target, (HOST,), b"", _only(200, 404))
    body = dump(LOAN)
    yield Case("a page: health with a body", "", "GET", b"/__admin/health", (HOST, JSON), body, _only(200))
    yield Case("a page: nowhere with 3 MiB", "", "POST", b"/nowhere", (HOST, JSON), b"x" * (3 * MIB), _only(404))


CASES = tuple(cases())
PARSABLE = tuple(case for case in CASES if case.parsable)


def _post(body: bytes, *fields: tuple[bytes, bytes], name: str = "a blob", version: bytes = b"HTTP/1.1") -> bytes:
    return head(b"POST", b"/v1/systems", (HOST, bearer(name), JSON, *fields), version) + body


_GET = head(b"GET", b"/v1/systems", (HOST, bearer("a blob")))
_LOAN = dump(LOAN)
_LENGTH = (b"content-length", b"%d" % len(_LOAN))
_CHUNKED = (b"transfer-encoding", b"chunked")
SMUGGLED = b"0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
_REFUSED = _only(400)
UPGRADE = ((b"connection", b"Upgrade, HTTP2-Settings"), (b"upgrade", b"h2c"), (b"http2-settings", b"AAMAAABk"))
WEBSOCKET = (
    (b"connection", b"upgrade"),
    (b"upgrade", b"websocket"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"sec-websocket-version", b"13"),
)

BLOBS = (
    Blob("nothing but zeros", b"\x00" * 5000, _REFUSED),
    Blob("random bytes", bytes(range(256)) * 20, _REFUSED),
    Blob("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xab" * 500, _REFUSED),
    Blob("HTTP/2 by prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 30, _REFUSED),
    Blob("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", _REFUSED),
    Blob("HTTP/0.9", b"GET /v1/systems\r\n\r\n", _only(400, 401, 429)),
    Blob("a version that is none", head(b"GET", b"/v1/systems", (HOST,), b"HTTP/9.9"), _REFUSED),
    Blob("a space in the target", head(b"GET", b"/v1/a b", (HOST,)), _REFUSED),
    Blob("a raw NUL in the target", head(b"GET", b"/v1/\x00", (HOST,)), _REFUSED),
    Blob("a raw NUL in a field", head(b"GET", b"/v1/systems", (HOST, (b"x-a", b"\x00"))), _REFUSED),
    Blob("raw bytes in the target", head(b"GET", b"/v1/syst\xe8mes", (HOST, bearer("a blob"))), _only(400, 404)),
    Blob("raw bytes in the query", head(b"GET", b"/v1/systems?a=\xff", (HOST, bearer("a blob"))), _only(400, 200)),
    Blob("raw bytes outside the API", head(b"GET", b"/\xff?\xff", (HOST,)), _only(400, 404)),
    Blob("raw bytes in a name", head(b"GET", b"/v1/systems", (HOST, (b"x-\xff", b"1"))), _REFUSED),
    Blob("a name without a value", b"GET /v1/systems HTTP/1.1\r\nhost\r\n\r\n", _REFUSED),
    Blob("a space before the colon", b"GET /v1/systems HTTP/1.1\r\nhost : x\r\n\r\n", _REFUSED),
    Blob("a folded field", b"GET /v1/systems HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n", _only(400, 401, 429)),
    Blob("a bare line feed", b"GET /v1/systems HTTP/1.1\nhost: x\n\n", _only(400, 401, 429)),
    Blob("a bare carriage return", b"GET /v1/systems HTTP/1.1\r\nx-a: a\rx-b: b\r\n\r\n", _REFUSED),
    Blob("a head of 2 MiB", head(b"GET", b"/v1/systems", ((b"x-a", b"x" * (2 * MIB)),)), _REFUSED),
    Blob("a target of 2 MiB", head(b"GET", b"/v1/" + b"x" * (2 * MIB), (HOST,)), _REFUSED),
    Blob("50,000 header fields", head(b"GET", b"/v1/systems", ((b"x-a", b"x" * 20),) * 50_000), _REFUSED),
    Blob(
        "100,000 cookies", head(b"GET", b"/v1/systems", (bearer("a blob"), *(((b"cookie", b"a"),) * 100_000))), _REFUSED
    ),
    Blob("CONNECT", head(b"CONNECT", b"elsewhere.test:443", (HOST,)), _only(400, 404, 405)),
    Blob("CONNECT to a path", head(b"CONNECT", b"/v1/systems", (HOST, bearer("a blob"))), _only(400, 405)),
    Blob("a length and chunks", _post(SMUGGLED, (b"content-length", b"4"), _CHUNKED), _REFUSED),
    Blob("chunks and a length", _post(SMUGGLED, _CHUNKED, (b"content-length", b"4")), _REFUSED),
    Blob("two lengths", _post(_LOAN, _LENGTH, (b"content-length", b"1")), _REFUSED),
    Blob("the same length twice", _post(_LOAN, _LENGTH, _LENGTH), _only(400, 201)),
    Blob("a list of lengths", _post(_LOAN, (b"content-length", b"5, 5")), _REFUSED),
    Blob("a length with a sign", _post(_LOAN, (b"content-length", b"+5")), _REFUSED),
    Blob("a negative length", _post(_LOAN, (b"content-length", b"-1")), _REFUSED),
    Blob("a length in hex", _post(_LOAN, (b"content-length", b"0x10")), _REFUSED),
    Blob("a length of 30 digits", _post(_LOAN, (b"content-length", b"9" * 30)), _REFUSED),
    Blob("an empty length", _post(_LOAN, (b"content-length", b"")), _REFUSED),
    Blob("an unknown transfer encoding", _post(SMUGGLED, (b"transfer-encoding", b"cow")), _REFUSED),
    Blob("chunks that are not last", _post(SMUGGLED, (b"transfer-encoding", b"chunked, identity")), _REFUSED),
    Blob("a disguised transfer encoding", _post(SMUGGLED, (b"transfer-encoding", b"\x0bchunked")), _REFUSED),
    Blob("a chunk size that is none", _post(b"zz\r\n{}\r\n0\r\n\r\n", _CHUNKED), _REFUSED),
    Blob("a chunk size of 20 digits", _post(b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n", _CHUNKED), _REFUSED),
    Blob("a chunk size with a sign", _post(b"-2\r\n{}\r\n0\r\n\r\n", _CHUNKED), _REFUSED),
    Blob("a chunk longer than its size", _post(b"1\r\n{}\r\n0\r\n\r\n", _CHUNKED), _REFUSED),
    Blob("a good body and then a bad chunk", _post(b"%x\r\n%s\r\nzz\r\n" % (len(_LOAN), _LOAN), _CHUNKED), _REFUSED),
    Blob("more body than its length", _post(_LOAN + b"garbage", _LENGTH), _only(201, 400)),
    Blob(
        "an upgrade with an unknown transfer encoding",
        _post(SMUGGLED, (b"transfer-encoding", b"cow"), *UPGRADE),
        _REFUSED,
    ),
    Blob(
        "an upgrade with a length and chunks", _post(SMUGGLED, (b"content-length", b"4"), _CHUNKED, *UPGRADE), _REFUSED
    ),
    Blob("5,000 upgrades", head(b"GET", b"/v1/systems", (bearer("upgrades"), *UPGRADE)) * 5000, _only(200, 429)),
    Blob(
        "an upgrade to WebSocket",
        head(b"GET", b"/v1/systems", (bearer("a blob"), *WEBSOCKET)) + b"\x81\x05hello",
        _only(200, 400),
    ),
    Blob("HTTP/1.0", head(b"GET", b"/v1/systems", (bearer("a blob"),), b"HTTP/1.0"), _only(200)),
    Blob("HTTP/1.0 with chunks", _post(chunks(_LOAN), _CHUNKED, name="old", version=b"HTTP/1.0"), _only(201, 400)),
    Blob("no Host", head(b"GET", b"/v1/systems", (bearer("a blob"),)), _only(200, 400)),
    Blob("two Hosts", head(b"GET", b"/v1/systems", (HOST, HOST, bearer("a blob"))), _only(200, 400)),
    Blob("a good request and then garbage", _GET + b"\x00\x01\x02\r\n\r\n", _only(200, 400)),
    Blob("two requests in one packet", _GET + _GET, _only(200)),
    Blob("blank lines before a request", b"\r\n\r\n" + _GET, _only(200)),
)
"""What only a socket can carry."""
