"""From an OpenAPI document to a `Contract`.

Whatever the sandbox would not obey is refused here, by name: an unknown extension key, a parameter of a kind that it
cannot read, an operation without provenance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.contract import Body, Branch, Contract, ContractError, Operation, Parameter, Refusal, referred
from sandbox.core.deciding import DECISIONS, PROVENANCE, decisions_in
from sandbox.core.frozen import Frozen, freeze, to_json
from sandbox.core.message import FORM
from sandbox.core.shape import JSON, Part, Schemas, Shape

METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
EXTENSIONS = frozenset({"x-provenance", "x-source", "x-plan", "x-rate-class", "x-refusals", DECISIONS})
_BESIDE_OPERATIONS = frozenset({"parameters", "summary", "description"})
_TYPES = frozenset({"string", "integer", "boolean"})
_JSON = re.compile(r"application/(?:[a-z.-]+\+)?json")
_TEMPLATE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLAIN_ARRAY = frozenset({"type", "items", "maxItems", "description", "x-provenance", "x-source"})
"""An array of these keywords alone is checked by checking its items and counting them."""


def compile_contract(document: Mapping[str, Any], name: str, prefix: str, sha256: str) -> Contract:
    """Return the compiled contract; ContractError names the first thing that cannot be served."""
    for where, key in _extensions(document, "#"):
        if key not in EXTENSIONS:
            known = ", ".join(sorted(EXTENSIONS))
            raise ContractError(f"{name}: {where}: unknown extension {key!r}; known are {known}")
    frozen: Frozen = freeze(document)
    reader = _Reader(name, frozen, Schemas(frozen["components"].get("schemas", {})))
    operations = {each.id: each for each in reader.operations()}
    tree = _grown([(each.path.strip("/").split("/"), each) for each in operations.values()], ())
    decisions = decisions_in(frozen, name, operations)
    return Contract(name, frozen["info"]["version"], sha256, prefix, operations, tree, frozen, decisions)


def _extensions(node: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key.startswith("x-"):
                yield where, key
            if key not in ("example", "examples", "properties"):
                yield from _extensions(value, f"{where}/{key}")
            elif key == "properties":
                for name, schema in value.items():
                    yield from _extensions(schema, f"{where}/properties/{name}")
    elif isinstance(node, (list, tuple)):
        for at, value in enumerate(node):
            yield from _extensions(value, f"{where}/{at}")


def _grown(paths: list[tuple[list[str], Operation]], names: tuple[str, ...]) -> Branch:
    ends: dict[str, Operation] = {}
    literals: dict[str, list[tuple[list[str], Operation]]] = {}
    parameters: list[tuple[list[str], Operation]] = []
    called: set[str] = set()
    for segments, operation in paths:
        if not segments:
            ends[operation.method] = operation
            continue
        template = _TEMPLATE.fullmatch(segments[0])
        if template:
            called.add(template[1])
            parameters.append((segments[1:], operation))
        elif "{" in segments[0]:
            raise ContractError(f"{operation.id}: path segment {segments[0]!r} mixes text and a parameter")
        else:
            literals.setdefault(segments[0], []).append((segments[1:], operation))
    if len(called) > 1:
        raise ContractError(f"one place in the paths is called by several names: {', '.join(sorted(called))}")
    return Branch(
        ends,
        names,
        {literal: _grown(rest, names) for literal, rest in literals.items()},
        _grown(parameters, (*names, *called)) if parameters else None,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the operations out of one document."""

    name: str
    document: Frozen
    schemas: Schemas

    def operations(self) -> Iterator[Operation]:
        """Yield every operation of the document."""
        seen: set[str] = set()
        for path, item in self.document["paths"].items():
            for method, each in item.items():
                if method in _BESIDE_OPERATIONS:
                    continue
                if method not in METHODS:
                    raise ContractError(f"{self.name}: {path}: {method!r} is not supported beside the operations")
                ident = each.get("operationId")
                if not ident or ident in seen:
                    raise ContractError(f"{self.name}: {method.upper()} {path}: operationId missing or used twice")
                seen.add(ident)
                shared = item.get("parameters", ())
                yield self._operation(ident, method.upper(), path, each, (*shared, *each.get("parameters", ())))

    def _operation(self, ident: str, method: str, path: str, node: Frozen, given: tuple[Frozen, ...]) -> Operation:
        if node.get("x-provenance") not in PROVENANCE or not node.get("x-source"):
            wanted = ", ".join(sorted(PROVENANCE))
            raise ContractError(f"{self.name}: {ident}: x-provenance (one of {wanted}) and x-source are needed")
        shapes = {int(status): self._shape(ident, int(status), each) for status, each in node["responses"].items()}
        successes = [shape for status, shape in shapes.items() if status < 300]
        if len(successes) != 1:
            raise ContractError(f"{self.name}: {ident}: expected one success response, got {len(successes)}")
        scopes = tuple(dict.fromkeys(s for each in node.get("security", ()) for names in each.values() for s in names))
        refusals = (Refusal(r["cause"], r["status"], r["code"], r["because"]) for r in node.get("x-refusals", ()))
        query = tuple(self._query(ident, path, given))
        return Operation(
            ident,
            method,
            path,
            query,
            self._body(ident, node),
            successes[0],
            shapes,
            scopes,
            node.get("x-plan"),
            node.get("x-rate-class", ""),
            {each.cause: each for each in refusals},
            node["x-provenance"],
            node["x-source"],
            node.get("summary", ident),
            "security" in node and not node["security"],
        )

    def _query(self, ident: str, path: str, given: tuple[Frozen, ...]) -> Iterator[Parameter]:
        named = set(_TEMPLATE.findall(path))
        for each in map(self._resolved, given):
            place, name, schema = each["in"], each["name"], self._resolved(each["schema"])
            if place == "path":
                named.discard(name)
                continue
            kind = schema.get("type")
            if place != "query" or kind not in _TYPES:
                message = f"parameter {name} in {place} of type {kind} is not supported"
                raise ContractError(f"{self.name}: {ident}: {message}")
            part = self.schemas.part(f"{ident} {name}", schema)
            yield Parameter(name, kind, each.get("required", False), schema.get("default"), part)
        if named:
            missing = ", ".join(sorted(named))
            raise ContractError(f"{self.name}: {ident}: path parameters without a declaration: {missing}")

    def _body(self, ident: str, node: Frozen) -> Body | None:
        if "requestBody" not in node:
            return None
        body = self._resolved(node["requestBody"])
        kinds = set(body["content"])
        if not {JSON} <= kinds <= {JSON, FORM}:
            raise ContractError(f"{self.name}: {ident}: a body has to be {JSON}, and may be a form besides")
        schema = body["content"][JSON]["schema"]
        return Body(body.get("required", False), self.schemas.part(f"{ident} body", schema), FORM in kinds)

    def _shape(self, ident: str, status: int, node: Frozen) -> Shape:
        response = self._resolved(node)
        headers = response.get("headers", {})
        required = frozenset(name.lower() for name, each in headers.items() if self._resolved(each).get("required"))
        content = response.get("content", {})
        source = response.get("x-provenance", "invented"), response.get("x-source", "")
        if not content:
            return Shape(status, None, None, None, None, required, source=source)
        kind, media = next(iter(content.items()))
        besides = frozenset(content) - {kind}
        if any(_JSON.fullmatch(each) for each in besides):
            raise ContractError(
                f"{self.name}: {ident} {status}: expected JSON first and once, got {', '.join(content)}"
            )
        if not _JSON.fullmatch(kind):
            return Shape(status, None, None, None, None, required, kind, source=source, kinds=besides)
        schema = media["schema"]
        examples = {name: to_json(self._resolved(each)["value"]) for name, each in media.get("examples", {}).items()}
        flat = self._resolved(schema)
        properties = flat.get("properties", {})
        data = properties.get("data")
        rows = self._resolved(data) if data is not None else {}
        item = rows.get("items") if rows.get("type") == "array" and set(rows) <= _PLAIN_ARRAY else None
        return Shape(
            status,
            self._part(f"{ident} {status}", schema),
            self._part(f"{ident} {status} data", data),
            self._part(f"{ident} {status} data item", item),
            self._part(f"{ident} {status} meta", properties.get("meta")),
            required,
            kind,
            examples,
            source,
            besides,
        )

    def _part(self, name: str, schema: Mapping[str, Any] | None) -> Part | None:
        return None if schema is None else self.schemas.part(name, schema)

    def _resolved(self, node: Mapping[str, Any]) -> Frozen:
        found: Any = referred(self.document, node)
        return found  # type: ignore[no-any-return]
