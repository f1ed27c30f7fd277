"""One OpenAPI file, compiled: routes, request checks, response checks, permissions, rate classes, provenance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from sandbox.core.frozen import Frozen, to_json
from sandbox.core.problem import Problem, shown
from sandbox.core.shape import Finding, Part, Shape

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class ContractError(ValueError):
    """A contract that cannot be served; the message names the place and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: its type on the wire, its schema, its default."""

    name: str
    kind: str
    required: bool
    default: Any
    part: Part


@dataclass(frozen=True, slots=True)
class Body:
    """The body that an operation takes: JSON, or a form as well."""

    required: bool
    part: Part
    form: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that an operation refuses though JSON Schema cannot express it."""

    cause: str
    status: int
    code: str
    because: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method and path of a contract, named by its `operationId`."""

    id: str
    method: str
    path: str
    query: tuple[Parameter, ...]
    body: Body | None
    success: Shape
    shapes: Mapping[int, Shape]
    scopes: tuple[str, ...]
    plan: str | None
    rate_class: str
    refusals: Mapping[str, Refusal]
    provenance: str
    source: str
    summary: str
    open: bool = False
    """Whether it asks for no credential."""


@dataclass(frozen=True, slots=True)
class When:
    """What shows in a journal that a client met a decision: every one of these that is not empty has to fit.

    `headers` are names in lower case of fields that were sent; `unknown` are kinds of what was sent and is declared
    nowhere, of `UNKNOWN`.
    """

    operations: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    causes: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


UNKNOWN = frozenset({"parameter", "field"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that was decided and stands at no part of the document: what the sandbox does, and why.

    Its provenance is `documented` only where the documents contradict each other and one of them was followed. `when`
    is None if no journal can tell that a client met it.
    """

    id: str
    behaviour: str
    provenance: str
    because: str
    when: When | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the routing tree: the operations that end here, and the branches by literal or by parameter."""

    operations: Mapping[str, Operation]
    names: tuple[str, ...]
    literals: Mapping[str, Branch]
    parameter: Branch | None


class Route(NamedTuple):
    """What a method and path lead to: an operation with its path values, or the methods that the path does know."""

    operation: Operation | None
    values: Mapping[str, str]
    allowed: tuple[str, ...]


ROUTE_MEMORY = 8192
ROUTE_LENGTH = 200
NOWHERE = Route(None, Frozen(), ())


@dataclass(frozen=True, slots=True)
class Contract:
    """An API's operations, its routing tree, what was decided, and the document itself with the hash of its bytes."""

    name: str
    version: str
    sha256: str
    prefix: str
    operations: Mapping[str, Operation]
    tree: Branch
    document: Frozen
    decisions: tuple[Decision, ...] = ()
    routes: dict[tuple[str, str], Route] = field(default_factory=dict, compare=False, repr=False)
    """A memo of the routes that led to an operation."""
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was read out of the document once it was asked for; a cache, and no part of the contract."""

    def route(self, method: str, path: str) -> Route:
        """Return where this method and raw path lead; each segment is percent-decoded after the split at `/`."""
        known = self.routes.get((method, path))
        if known is not None:
            return known
        route = self._route(method, path)
        if route.operation is not None and len(path) <= ROUTE_LENGTH:
            if len(self.routes) >= ROUTE_MEMORY:
                self.routes.clear()
            self.routes[method, path] = route
        return route

    def _route(self, method: str, path: str) -> Route:
        if not path.startswith(self.prefix + "/"):
            return NOWHERE
        branch: Branch | None = self.tree
        values: list[str] = []
        segments: Iterable[str | None] = path[len(self.prefix) + 1 :].split("/")
        if "%" in path or not path.isascii():
            segments = map(_decoded, path[len(self.prefix) + 1 :].split("/"))
        for segment in segments:
            if branch is None or not segment:
                return NOWHERE
            literal = branch.literals.get(segment)
            if literal is None:
                values.append(segment)
                branch = branch.parameter
            else:
                branch = literal
        if branch is None or not branch.operations:
            return NOWHERE
        operation = branch.operations.get(method)
        if operation is None:
            return Route(None, Frozen(), tuple(sorted(branch.operations)))
        return Route(operation, dict(zip(branch.names, values, strict=True)), ())

    def resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a node of the document, or what it refers to."""
        return referred(self.document, node)

    def written(self, operation: Operation) -> Mapping[str, Any]:
        """Return the operation as the document has it."""
        node: Mapping[str, Any] = self.document["paths"][operation.path][operation.method.lower()]
        return node

    def parameters(self, operation: Operation) -> tuple[Mapping[str, Any], ...]:
        """Return the nodes of the operation's parameters, those that its path shares first; they may be references."""
        shared = self.document["paths"][operation.path].get("parameters", ())
        return (*shared, *self.written(operation).get("parameters", ()))

    def served(self) -> bytes:
        """Return the document as JSON with the sandbox's own server, for tools that read it from the sandbox."""
        return to_json({**self.document, "servers": [{"url": self.prefix}]})


def referred(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a node of an OpenAPI document, or what it refers to in there."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _decoded(segment: str) -> str | None:
    try:
        return unquote_to_bytes(segment).decode()
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None


def read_query(operation: Operation, pairs: Iterable[tuple[str, str]], status: int) -> Mapping[str, Any]:
    """Return the operation's query values, typed and checked, defaults filled in; unknown names are ignored."""
    given: dict[str, str] = {}
    for name, text in pairs:
        if name in given:
            message = f"query parameter {shown(name)}: expected once, got it twice or more"
            raise Problem(status, "contract", message, field=name)
        given[name] = text
    return {each.name: _read(each, given.get(each.name), status) for each in operation.query}


def _read(parameter: Parameter, text: str | None, status: int) -> Any:
    if text is None:
        if parameter.required:
            _refuse(parameter, "required", "a value, since it is required", "nothing", status)
        return parameter.default
    value: Any = text
    if parameter.kind == "integer":
        if not _INTEGER.fullmatch(text):
            _refuse(parameter, "integer", "an integer", f'"{text[:60]}"', status, text)
        value = int(text)
    elif parameter.kind == "boolean":
        if text not in ("true", "false"):
            _refuse(parameter, "boolean", "true or false", f'"{text[:60]}"', status, text)
        value = text == "true"
    finding = parameter.part.finding(value)
    if finding is not None:
        _told(parameter, replace(finding, field=parameter.name), status)
    return value


def _refuse(parameter: Parameter, keyword: str, expected: str, got: str, status: int, value: Any = None) -> None:
    _told(parameter, Finding(parameter.name, keyword, expected, got, Frozen(), value), status)


def _told(parameter: Parameter, finding: Finding, status: int) -> None:
    message = f"query parameter {parameter.name}: expected {finding.expected}, got {finding.got}"
    issue = f"expected {finding.expected}"
    raise Problem(status, "contract", message, field=parameter.name, issue=issue, finding=finding)
