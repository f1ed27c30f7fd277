"""Where a call's values can come from: the contract's declared links, and the id-shaped fields of earlier answers.

A *slot* is a place where a call wants a value: a path parameter, a query parameter or a field of the body. A link says
of one answer which slots of one further call it fills; whatever fills a slot of that kind once fills it for every
operation that has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sandbox.app import contract_of
from sandbox.core.contract import Contract, Operation, Parameter
from sandbox.core.ground import ground_of
from sandbox.testing.strategies.body import body_node
from sandbox.testing.strategies.sequence import Call, Ref

PATH, QUERY, BODY = "path", "query", "body"
_PARAMETER = re.compile(r"\{(\w+)\}")
_ANSWER = re.compile(r"\$response\.body#(/.*)")
_ASKED = re.compile(r"\$request\.(path|query)\.(\w+)")
_ASKED_BODY = re.compile(r"\$request\.body#/(\w+)")
_ID = re.compile(r"\w*(?:_id|Id)")
_FROM_LINKS_ALONE = frozenset({"cursor", "offset", "query", "name", "description"})
NEXT_PAGE = "next page"


class Slot(NamedTuple):
    """A place where an operation wants a value, and the kind that fits: the name of its parameter in the contract."""

    place: str
    name: str
    kind: str


class Given(NamedTuple):
    """What a link gives a call: values of its path, its query and its body."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]


class Wanted(NamedTuple):
    """The fields of a body that take ids: all of them, those that have to be there, and those that take several."""

    all: frozenset[str]
    needed: frozenset[str]
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """A link that the contract declares: from one operation's success to a further call."""

    name: str
    source: str
    target: str
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def shows(self) -> bool:
        """Tell whether the link names something by itself that only the contract's own examples have."""
        ids = [
            each for name, each in (*self.path.items(), *self.body.items()) if name in self.path or _ID.fullmatch(name)
        ]
        return any(isinstance(each, str) and not each.startswith("$") for each in ids)

    def follow(self, step: int, call: Call) -> Given | None:
        """Return what the further call is given after this one at this step; None if this one lacks what is needed."""
        path, query, body = (_filled(each, step, call) for each in (self.path, self.query, self.body))
        if any(value is None for value in (*path.values(), *body.values())) or (
            self.name == NEXT_PAGE and not query.get("offset")
        ):
            return None
        return Given(path, {name: each for name, each in query.items() if each is not None}, body)


@dataclass(frozen=True, slots=True)
class Atlas:
    """One contract as ways from call to call."""

    contract: Contract
    links: tuple[Link, ...]
    slots: Mapping[str, tuple[Slot, ...]]
    sources: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Of each kind of value, the operations whose answers have one, and where."""
    examples: Mapping[str, tuple[Any, ...]]
    """Of each kind of path and query value, those that the contract shows."""
    ids: Mapping[str, Wanted]
    """Of each operation, the fields of its body that take ids."""

    def links_of(self, operation: str) -> tuple[Link, ...]:
        """Return the links from this operation."""
        return tuple(each for each in self.links if each.source == operation)

    def found(self, kind: str, calls: Sequence[Call]) -> list[Ref]:
        """Return the references to a value of this kind after these calls, the nearest first."""
        known = self.sources.get(kind, {})
        ways = [
            (step, each)
            for step, call in enumerate(calls, 1)
            if not call.wrong
            for each in known.get(call.operation, ())
        ]
        return [Ref(step, pointer) for step, pointer in reversed(ways)]


@cache
def atlas_of(api: str) -> Atlas:
    """Return the atlas of this API."""
    contract = contract_of(api)
    links = tuple(_links(contract))
    slots = {each.id: tuple(_slots(contract, each)) for each in contract.operations.values()}
    ids = {each.id: wanted(contract, each) for each in contract.operations.values()}
    return Atlas(contract, links, slots, _sources(contract, links, slots), _examples(contract), ids)


def path_names(operation: Operation) -> list[str]:
    """Return the names of the path's parameters."""
    return _PARAMETER.findall(operation.path)


def schema_of(contract: Contract, operation: Operation, parameter: Parameter) -> Mapping[str, Any]:
    """Return the schema of a query parameter, its reference resolved."""
    nodes = map(contract.resolved, contract.parameters(operation))
    return contract.resolved(next(each["schema"] for each in nodes if each["name"] == parameter.name))


def wanted(contract: Contract, operation: Operation) -> Wanted:
    """Return which fields of the operation's body take ids."""
    if operation.body is None:
        return Wanted(frozenset(), frozenset(), frozenset())
    schema = contract.resolved(body_node(contract, operation)["schema"])
    fields = schema.get("properties", {})
    lists = frozenset(name for name, each in fields.items() if _is_id(name, contract.resolved(each).get("items")))
    ids = lists | {name for name, each in fields.items() if _is_id(name, each)}
    return Wanted(ids, (ids - lists) & frozenset(schema.get("required", ())), lists)


def _is_id(name: str, schema: Mapping[str, Any] | None) -> bool:
    if schema is None:
        return False
    return str(schema.get("$ref", "")).endswith("/Reference") or (
        _ID.fullmatch(name) is not None and "format" not in schema
    )


def _links(contract: Contract) -> Iterator[Link]:
    for operation in contract.operations.values():
        answer = contract.resolved(contract.written(operation)["responses"][str(operation.success.status)])
        for name, each in answer.get("links", {}).items():
            target = contract.operations[each["operationId"]]
            given, named = each.get("parameters", {}), set(path_names(target))
            path = {key: value for key, value in given.items() if key in named}
            query = {key: value for key, value in given.items() if key not in named}
            yield Link(name, operation.id, target.id, path, query, each.get("requestBody", {}))
    yield from _further_pages(contract)


def _further_pages(contract: Contract) -> Iterator[Link]:
    """Yield the way to the next page where pages go by offset, which no expression of a link can say."""
    for operation in contract.operations.values():
        names = [each.name for each in operation.query]
        if {"limit", "offset"} <= set(names):
            kept = {name: f"$request.query.{name}" for name in names if name != "offset"}
            asked = {name: f"$request.path.{name}" for name in path_names(operation)}
            yield Link(NEXT_PAGE, operation.id, operation.id, asked, {**kept, "offset": "$next"}, {})


def _slots(contract: Contract, operation: Operation) -> Iterator[Slot]:
    for each in contract.parameters(operation):
        component = each["$ref"].rpartition("/")[2] if "$ref" in each else ""
        parameter = contract.resolved(each)
        name = parameter["name"]
        yield Slot(parameter["in"], name, component if parameter["in"] == PATH and component else name)


def _sources(
    contract: Contract, links: tuple[Link, ...], slots: Mapping[str, tuple[Slot, ...]]
) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    found: dict[str, dict[str, dict[str, None]]] = {}

    def note(kind: str, operation: str, pointer: str) -> None:
        found.setdefault(kind, {}).setdefault(operation, {})[pointer] = None

    for link in links:
        kinds = {each.name: each.kind for each in slots[link.target] if each.place == PATH}
        values = {**link.path, **link.query, **link.body}
        for name, value in values.items():
            inner = value[0] if isinstance(value, tuple) and value else value
            match = _ANSWER.fullmatch(inner) if isinstance(inner, str) else None
            if match and name not in _FROM_LINKS_ALONE:
                note(kinds.get(name, name), link.source, match[1])
    for operation in contract.operations.values():
        for name, pointer in _ids(contract, operation):
            note(name, operation.id, pointer)
    return {kind: {name: tuple(each) for name, each in ways.items()} for kind, ways in found.items()}


def _ids(contract: Contract, operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield the id-shaped fields of an answer's object, or of the first row of its list."""
    ground = ground_of(contract, operation)
    if ground is None:
        return
    for node in ground.spoken((ground.schema,)):
        for data in ground.spoken((node.get("properties", {}).get("data"),)):
            for at, rows in (("/data", (data,)), ("/data/0", ground.spoken((data.get("items"),)))):
                for row in rows:
                    yield from ((name, f"{at}/{name}") for name in row.get("properties", {}) if _ID.fullmatch(name))


def _examples(contract: Contract) -> Mapping[str, tuple[Any, ...]]:
    named = contract.document["components"]["parameters"]
    shown = {name: tuple(each["value"] for each in node.get("examples", {}).values()) for name, node in named.items()}
    by_name = {node["name"]: shown[name] for name, node in named.items() if node["in"] == QUERY}
    return {**by_name, **{name: each for name, each in shown.items() if named[name]["in"] == PATH}}


def _filled(values: Mapping[str, Any], step: int, call: Call) -> dict[str, Any]:
    return {name: _value(each, step, call) for name, each in values.items()}


def _value(value: Any, step: int, call: Call) -> Any:
    if isinstance(value, (list, tuple)):
        return [_value(each, step, call) for each in value]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value == "$next":
        return call.query.get("offset", 0) + call.query["limit"] if "limit" in call.query else None
    answer, asked, body = _ANSWER.fullmatch(value), _ASKED.fullmatch(value), _ASKED_BODY.fullmatch(value)
    if answer:
        return Ref(step, answer[1])
    if asked:
        return (call.path if asked[1] == PATH else call.query).get(asked[2])
    return None if body is None or not isinstance(call.body, Mapping) else call.body.get(body[1])
