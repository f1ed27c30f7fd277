"""What a contract declares and a client may meet, and how much of it a journal shows to have been met.

A `Point` is one such thing. These are all that there are; whatever else a contract says is not counted:

* `operation`: an answer of the operation came, whichever it was.
* `status`: an answer with this status came, one point for each that the operation declares.
* `code`: an error's body bore this code, one for each that the schema of a refusal lists.
* `refusal`: it was refused for this cause, one for each cause in its `x-refusals`.
* `parameter`: this query parameter was sent.
* `value`: a query parameter, or a field of the JSON body, had this value, one for each that its schema lists. Fields
  are looked for at the top of the body and one level below, in objects and in arrays (`windows[].kind`).
* `header`: an answer bore this header. One that every answer of the operation declares is a point of the operation;
  one that only some declare is a point with each of their statuses. What is left of a quota (a header whose name ends
  in `-Remaining`) has one more: that it said 0.

A parameter and a value count when a success answered them: what was refused showed nothing of them, and what was
preferred (`Prefer`) was not looked at. A 405 is of no operation, so it counts for each one that its path has. An answer
whose connection broke was not seen by the client, nor one to a request that a fault had put off; an answer that only
dribbled was. Control requests do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from sandbox.core.contract import Contract, Operation
from sandbox.core.message import DRIBBLE, Hangup
from sandbox.core.play import LATE
from sandbox.core.shape import JSON
from sandbox.core.timeline import Entry

KINDS = ("operation", "status", "code", "refusal", "parameter", "value", "header")
"""All kinds of points, in the order in which an operation's stand."""
CODE = "code"
"""The name of the field that bears an error's code."""
LEFT = "-remaining"
"""The end of the name of a header that says how much of a quota is left."""
_IN = ("allOf", "anyOf", "oneOf")
_DEEPEST = 8


class Point(NamedTuple):
    """One thing that a contract declares: its kind, its operation, and of these what applies to the kind.

    `status` is that of the answer, `name` the code, the cause, the header, the `?parameter` or the field of the body,
    `value` what it has to be.
    """

    kind: str
    operation: str
    status: int | None = None
    name: str = ""
    value: str = ""

    def __str__(self) -> str:
        """Return the point on one line, such as `listSystems 429 Retry-After` or `listSystems ?risk_tier=high`."""
        said = self.name + (f"{': ' if self.kind == 'header' else '='}{self.value}" if self.value else "")
        return " ".join(each for each in (self.operation, str(self.status or ""), said) if each)

    @property
    def is_error(self) -> bool:
        """Tell whether it is of an answer with a status of 400 or more."""
        return self.status is not None and self.status >= 400


def declared(contract: Contract) -> tuple[Point, ...]:
    """Return every point of the contract, each once, in the order of its operations and of `KINDS`."""
    return tuple(dict.fromkeys(point for each in contract.operations.values() for point in _points(contract, each)))


class Sought(NamedTuple):
    """What is looked for in a journal: the contract and its points in order and as a set.

    `spelled` are the declared headers by their names in small letters, `fields` of each operation the fields of its
    body that matter.
    """

    contract: Contract
    points: tuple[Point, ...]
    known: frozenset[Point]
    spelled: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]


def sought(contract: Contract) -> Sought:
    """Return what is looked for of this contract; whoever asks often keeps it."""
    points = declared(contract)
    fields: dict[str, dict[str, None]] = {}
    for each in points:
        if each.kind == "value" and not each.name.startswith("?"):
            fields.setdefault(each.operation, {})[each.name] = None
    spelled = {each.name.lower(): each.name for each in points if each.kind == "header"}
    return Sought(contract, points, frozenset(points), spelled, {name: tuple(each) for name, each in fields.items()})


def seen(entries: Iterable[Entry], contract: Contract) -> frozenset[Point]:
    """Return the points of the contract that the client behind these entries has met."""
    return seen_of(entries, sought(contract))


def seen_of(entries: Iterable[Entry], looked_for: Sought) -> frozenset[Point]:
    """Return the points that were met of those that are looked for."""
    looks = {_look(entry, looked_for): entry for entry in entries if _reached(entry)}
    # What is met is told liberally, a header that nobody declares included: what counts is what the contract says.
    return looked_for.known.intersection(point for entry in looks.values() for point in _met(entry, looked_for))


def _look(entry: Entry, looked_for: Sought) -> tuple[Any, ...]:
    """Return what decides which points an entry shows, so that of many alike one is looked at."""
    asked, (status, headers, body, _), name = entry.request, entry.response, entry.operation
    borne = tuple([each if each[1] == "0" else each[0] for each in headers])
    where = asked.method, asked.path if name is None else name, asked.query
    sent = asked.body if name in looked_for.fields else b""
    return *where, sent, status, entry.cause, bool(body), _preferred(entry), borne


def _reached(entry: Entry) -> bool:
    """Tell whether it is a request to the API whose whole answer a client got."""
    broke = any(isinstance(each, Hangup) and each.kind != DRIBBLE for each in entry.response.effects)
    return entry.errand is None and not broke and entry.request.header(LATE) is None


def _points(contract: Contract, operation: Operation) -> Iterator[Point]:
    name, answers = operation.id, contract.written(operation)["responses"]
    yield Point("operation", name)
    yield from (Point("status", name, each) for each in operation.shapes)
    for status in operation.shapes:
        if status >= 400:
            yield from (Point("code", name, status, each) for each in _codes(contract, answers[str(status)]))
    yield from (Point("refusal", name, each.status, each.cause) for each in operation.refusals.values())
    yield from (Point("parameter", name, None, f"?{each.name}") for each in operation.query)
    yield from _values(contract, operation)
    yield from _headers(contract, operation, answers)


def _codes(contract: Contract, answer: Mapping[str, Any]) -> Iterator[str]:
    media = contract.resolved(answer).get("content", {}).get(JSON)
    if media is not None:
        yield from _codes_in(contract, media["schema"], _DEEPEST)


def _codes_in(contract: Contract, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
    for part in _parts(contract, schema, depth):
        for name, each in part.get("properties", {}).items():
            if name == CODE:
                yield from _listed(contract, each)
            elif depth:
                yield from _codes_in(contract, each, depth - 1)


def _values(contract: Contract, operation: Operation) -> Iterator[Point]:
    node = contract.written(operation)
    for each in map(contract.resolved, contract.parameters(operation)):
        if each["in"] == "query":
            told = _listed(contract, each["schema"])
            yield from (Point("value", operation.id, None, f"?{each['name']}", one) for one in told)
    body = contract.resolved(node.get("requestBody", {})).get("content", {}).get(JSON)
    if body is not None:
        for name, value in _fields(contract, body["schema"], "", 1):
            yield Point("value", operation.id, None, name, value)


def _fields(contract: Contract, schema: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the names of fields with each value that is listed for them, those of fields of fields as well."""
    for part in _parts(contract, schema, _DEEPEST):
        for name, each in part.get("properties", {}).items():
            path = above + name
            yield from ((path, value) for value in _listed(contract, each))
            for inner in _parts(contract, each, _DEEPEST):
                items = inner.get("items", {})
                yield from ((f"{path}[]", value) for value in _listed(contract, items))
                if depth:
                    yield from _fields(contract, items, f"{path}[].", depth - 1)
            if depth:
                yield from _fields(contract, each, f"{path}.", depth - 1)


def _parts(contract: Contract, schema: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield the schema and all within it that may speak of the same value."""
    schema = contract.resolved(schema)
    yield schema
    if depth:
        for each in (one for way in _IN for one in schema.get(way, ())):
            yield from _parts(contract, each, depth - 1)


def _listed(contract: Contract, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values that a schema lists one by one."""
    for part in _parts(contract, schema, _DEEPEST):
        values = part.get("enum", (part["const"],) if "const" in part else ())
        yield from map(_text, values)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _headers(contract: Contract, operation: Operation, answers: Mapping[str, Any]) -> Iterator[Point]:
    borne = {each: tuple(contract.resolved(answers[str(each)]).get("headers", {})) for each in operation.shapes}
    every = [name for name in borne[operation.success.status] if all(name in each for each in borne.values())]
    for name in every:
        yield Point("header", operation.id, None, name)
        if name.lower().endswith(LEFT):
            yield Point("header", operation.id, None, name, "0")
    for status, names in borne.items():
        yield from (Point("header", operation.id, status, each) for each in names if each not in every)


def _met(entry: Entry, looked_for: Sought) -> Iterator[Point]:
    name, status = entry.operation, entry.response.status
    if name is None:
        for each in _beside(entry, looked_for.contract):
            yield from _answered(entry, each, looked_for.spelled)
        return
    yield Point("operation", name)
    yield from _answered(entry, name, looked_for.spelled)
    yield Point("refusal", name, status, entry.cause or "")
    if status < 400 and not _preferred(entry):
        for key, text in parse_qsl(entry.request.query, keep_blank_values=True):
            yield Point("parameter", name, None, f"?{key}")
            yield Point("value", name, None, f"?{key}", text)
        fields = looked_for.fields.get(name, ())
        body = _read(entry.request.body) if fields else None
        yield from (Point("value", name, None, path, each) for path in fields for each in _at(body, path))


def _beside(entry: Entry, contract: Contract) -> Iterator[str]:
    """Yield the operations that a path has, where it was asked for with a method that it has not."""
    path = entry.request.path
    for method in contract.route(entry.request.method, path).allowed:
        operation = contract.route(method, path).operation
        if operation is not None:
            yield operation.id


def _answered(entry: Entry, name: str, spelled: Mapping[str, str]) -> Iterator[Point]:
    """Yield what the answer shows of the operation."""
    status, headers, body, _ = entry.response
    yield Point("status", name, status)
    if status >= 400:
        yield from (Point("code", name, status, each) for each in _codes_of(_read(body), _DEEPEST))
    for header, value in headers:
        known = spelled.get(header.lower(), header)
        yield Point("header", name, None, known)
        yield Point("header", name, None, known, value)
        yield Point("header", name, status, known)


def _preferred(entry: Entry) -> bool:
    return any(not each.startswith("delay=") for each in entry.marks.applied)


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _codes_of(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth:
        for name, each in value.items():
            if name == CODE:
                yield _text(each)
            yield from _codes_of(each, depth - 1)


def _at(value: Any, path: str) -> Iterator[str]:
    """Yield what stands in a body at this path, every item's of an array."""
    step, _, rest = path.partition(".")
    name, many = step.removesuffix("[]"), step.endswith("[]")
    if not isinstance(value, Mapping) or name not in value:
        return
    held = value[name]
    for each in (held if isinstance(held, list) else ()) if many else (held,):
        if rest:
            yield from _at(each, rest)
        else:
            yield _text(each)
