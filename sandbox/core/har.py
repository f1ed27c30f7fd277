"""The journal in formats of others: HAR 1.2 (w3c.github.io/web-performance/specs/HAR), and JSON, one entry a line."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.clock import SECOND, iso, iso_exact
from sandbox.core.frozen import to_json
from sandbox.core.message import Request, Response, base_url
from sandbox.core.timeline import Entry
from sandbox.core.view import as_text, cleaned, fields, marks_of, whole
from sandbox.core.wording import id_of

PROTOCOL = "HTTP/1.1"
_UNKNOWN = -1
"""What HAR writes for a size that nobody counted."""


def ndjson(entries: Iterable[Entry]) -> bytes:
    """Return the entries whole, each as one line of JSON."""
    return b"".join(to_json(whole(each)) + b"\n" for each in entries)


def har(entries: Iterable[Entry], version: str, creator: str = "sandbox") -> dict[str, Any]:
    """Return the entries as an HTTP Archive 1.2, written by the creator of this version.

    Every answer took no time, since nobody measured it. What HAR has no field for stands in `_sandbox`, and a request
    body that is no UTF-8 stands in base64, as `_encoding` then says; readers of HAR skip names that begin with `_`.
    """
    log = {"version": "1.2", "creator": {"name": creator, "version": version}, "entries": [_entry(e) for e in entries]}
    return {"log": log}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "startedDateTime": f"{iso(entry.wall)[:-1]}.{entry.wall % SECOND:06d}Z",
        "time": 0,
        "request": _request(entry, entry.request),
        "response": _response(entry, entry.response),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_sandbox": {
            "id": id_of(entry.charter, entry.ordinal),
            "ordinal": entry.ordinal,
            "at": iso_exact(entry.at),
            "operation": entry.operation,
            "cause": entry.cause,
            "marks": list(marks_of(entry)),
        },
    }


def _request(entry: Entry, request: Request) -> dict[str, Any]:
    query = cleaned(entry, request.query)
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    told = {
        "method": cleaned(entry, request.method),
        "url": f"{_origin(request)}{cleaned(entry, request.path)}{'?' + query if query else ''}",
        "httpVersion": PROTOCOL,
        "cookies": [],
        "headers": fields(entry, request.headers),
        "queryString": [{"name": cleaned(entry, name), "value": cleaned(entry, value)} for name, value in pairs],
        "headersSize": _UNKNOWN,
        "bodySize": len(request.body),
    }
    return {**told, "postData": _posted(entry, request)} if request.body else told


def _origin(request: Request) -> str:
    """Return scheme and authority as the client wrote them, whatever a proxy says; `localhost` for an unfit `Host`."""
    asked = tuple(each for each in request.headers if each[0] == "host")
    return base_url(request._replace(headers=asked))


def _posted(entry: Entry, request: Request) -> dict[str, Any]:
    text, encoding = as_text(request.body)
    posted = {"mimeType": cleaned(entry, request.header("content-type") or ""), "text": text}
    return posted if encoding == "utf-8" else {**posted, "_encoding": encoding}


def _response(entry: Entry, response: Response) -> dict[str, Any]:
    text, encoding = as_text(response.body)
    content = {
        "size": len(response.body),
        "mimeType": cleaned(entry, response.header("content-type") or ""),
        "text": text,
    }
    return {
        "status": response.status,
        "statusText": _phrase(response.status),
        "httpVersion": PROTOCOL,
        "cookies": [],
        "headers": fields(entry, response.headers),
        "content": content if encoding == "utf-8" else {**content, "encoding": encoding},
        "redirectURL": cleaned(entry, response.header("location") or ""),
        "headersSize": _UNKNOWN,
        "bodySize": len(response.body),
    }


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
