"""An entry of the journal as the control plane shows it: in short, whole, and, if it met no operation, beside one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from sandbox.core.clock import iso_exact
from sandbox.core.contract import Contract, Operation
from sandbox.core.message import UNNAMED, Headers
from sandbox.core.problem import shown
from sandbox.core.timeline import Entry
from sandbox.core.wording import id_of

_MOST_SEGMENTS = 32
_LONGEST_SEGMENT = 60
_NEAR = 0.6
"""How alike two segments are that may have been meant as one: what `difflib` takes for close."""


def summary(entry: Entry) -> dict[str, Any]:
    """Return the entry in short: `Entry` of the control plane's contract."""
    request, marks = entry.request, entry.marks
    return {
        "id": id_of(entry.charter, entry.ordinal),
        "ordinal": entry.ordinal,
        "at": iso_exact(entry.at),
        "operation": entry.operation,
        "method": cleaned(entry, request.method),
        "path": cleaned(entry, request.path),
        "query": cleaned(entry, request.query),
        "status": entry.response.status,
        "key": request.caller.key,
        "cause": entry.cause,
        "fault": entry.marks.fault,
        "marks": list(marks_of(entry)),
        "preferences": {
            "applied": [cleaned(entry, each) for each in marks.applied],
            "ignored": [
                {"preference": cleaned(entry, each), "because": cleaned(entry, why)} for each, why in marks.ignored
            ],
        },
    }


def whole(entry: Entry) -> dict[str, Any]:
    """Return the entry with all that came and went: `WholeEntry` of the control plane's contract."""
    request, response, caller = entry.request, entry.response, entry.request.caller
    return {
        **summary(entry),
        "wall": iso_exact(entry.wall),
        "peer": request.peer,
        "scheme": request.scheme,
        "caller": {"key": caller.key, "reason": caller.reason, "nearest": caller.nearest},
        "request": {"headers": fields(entry, request.headers), **_content(request.body)},
        "response": {
            "status": response.status,
            "headers": fields(entry, response.headers),
            **_content(response.body),
        },
    }


def marks_of(entry: Entry) -> tuple[str, ...]:
    """Return the names of the marks that the kernel left on the entry."""
    marks = entry.marks
    return tuple(name for name in ("early_retry", "would_refuse") if getattr(marks, name))


def cleaned(entry: Entry, text: str) -> str:
    """Return a text of the entry as it may be shown: no credential, and nothing that has no UTF-8."""
    law = entry.charter.api.law
    if law.marker in text:
        text = law.secret.sub(UNNAMED, text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def fields(entry: Entry, headers: Headers) -> list[dict[str, str]]:
    """Return header fields as they may be shown, in order."""
    return [{"name": cleaned(entry, name), "value": cleaned(entry, value)} for name, value in headers]


def as_text(body: bytes) -> tuple[str, str]:
    """Return the body as text with its encoding: `utf-8`, or `base64` for what is no UTF-8."""
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return b64encode(body).decode(), "base64"


def _content(body: bytes) -> dict[str, str]:
    text, encoding = as_text(body)
    return {"body": text, "encoding": encoding}


class _Asked(NamedTuple):
    """A path that met nothing: its segments, without the empty one behind a last slash."""

    segments: tuple[str | None, ...]
    slash: bool


class _Near(NamedTuple):
    distance: float
    because: tuple[str, ...]


def nearest_operation(contract: Contract, entry: Entry) -> dict[str, Any] | None:
    """Return the operation that a request which met none was perhaps meant for, and what differs; None if none is near.

    `because` holds short sentences; segments are counted from one in the path that was asked for.
    """
    if entry.operation is not None:
        return None
    asked = _asked(cleaned(entry, entry.request.path))
    method = cleaned(entry, entry.request.method)
    near = [(found, each) for each in contract.operations.values() if (found := _compared(contract, each, asked))]
    if not near:
        return None
    found, operation = min(near, key=lambda one: (one[0].distance, one[1].method != method, one[1].method != "GET"))
    path = contract.prefix + operation.path
    because = (*found.because, *_methods(contract, operation, method)) or ("the path is not written as expected",)
    return {"operation": operation.id, "method": operation.method, "path": path, "because": list(because)}


def _asked(path: str) -> _Asked:
    raw = path.removeprefix("/").split("/", _MOST_SEGMENTS)
    slash = len(raw) > 1 and not raw[-1]
    return _Asked(tuple(map(_decoded, raw[:-1] if slash else raw)), slash)


def _decoded(segment: str) -> str | None:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None


def _compared(contract: Contract, operation: Operation, asked: _Asked) -> _Near | None:
    """Return how far the path is from the operation's, or None if no word of the operation is in it."""
    prefix = contract.prefix.removeprefix("/").split("/") if contract.prefix else []
    expected = operation.path.removeprefix("/").split("/")
    skipped = _skipped(prefix, expected, asked.segments)
    given = asked.segments[skipped:]
    pairs = list(zip(range(skipped + 1, skipped + 1 + len(given)), expected, given, strict=False))
    if not any(_distance(one, other) < 1 for _, one, other in pairs if not one.startswith("{")):
        return None
    because = [f"segment {at}: {_differs(one, other)}" for at, one, other in pairs if _distance(one, other)]
    distance = sum(_distance(one, other) for _, one, other in pairs) + abs(len(expected) - len(given))
    if asked.segments[:skipped] != tuple(prefix):
        because.insert(0, f'the path does not begin with "{contract.prefix}"')
    if len(expected) != len(given) and skipped == len(prefix):
        because.insert(0, f"the path has {len(asked.segments)} segments, expected {len(prefix) + len(expected)}")
    if asked.slash:
        because.append("the path ends with a slash, expected none")
    return _Near(distance, tuple(because))


def _skipped(prefix: list[str], expected: list[str], given: tuple[str | None, ...]) -> int:
    """Return how many segments stand where the prefix belongs: as many as it has, unless another number fits better."""
    if list(given[: len(prefix)]) == prefix:
        return len(prefix)
    places = range(min(len(given), len(prefix) + 2))
    return min(places, key=lambda at: (_distance(expected[0], given[at]), abs(at - len(prefix))), default=0)


@lru_cache(maxsize=4096)
def _distance(expected: str, given: str | None) -> float:
    """Return how unlike two segments are, from 0 to 1 (not alike at all); a parameter takes anything but nothing."""
    if not given:
        return 1.0
    if expected.startswith("{") or expected == given:
        return 0.0
    if expected.lower() == given.lower():
        return 0.1
    matcher = SequenceMatcher(None, expected, given[:_LONGEST_SEGMENT], autojunk=False)
    # The quick ratios are upper bounds, and spare most pairs the slow one.
    unlike = matcher.real_quick_ratio() < _NEAR or matcher.quick_ratio() < _NEAR or matcher.ratio() < _NEAR
    return 1.0 if unlike else 1.0 - matcher.ratio()


def _differs(expected: str, given: str | None) -> str:
    word = f"a value for {expected}" if expected.startswith("{") else f'"{expected}"'
    if given is None:
        return f"expected {word}, got what is no percent-encoded UTF-8"
    case = " (another case)" if expected.lower() == given.lower() else ""
    return f'expected {word}, got "{shown(given)}"{case}' if given else f"expected {word}, got nothing"


def _methods(contract: Contract, operation: Operation, method: str) -> Iterator[str]:
    known = sorted(each.method for each in contract.operations.values() if each.path == operation.path)
    if method not in known:
        yield f"method: expected {' or '.join(known)}, got {shown(method, 20)}"
