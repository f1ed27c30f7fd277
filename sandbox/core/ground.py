"""What an operation's answer may look like: the places of an answer, and the schemas that may speak of each.

A place gathers every schema that could apply to it, conditions and alternatives among them; whether an answer as a
whole is allowed is not told here but by the contract's validator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.contract import Contract, Operation, referred
from sandbox.core.frozen import Frozen
from sandbox.core.shape import Shape

Path = tuple[str | int, ...]
Schemas = tuple[Mapping[str, Any], ...]

GONE = object()
"""Stands for a value that is left out."""
_COMBINED = ("allOf", "anyOf", "oneOf")


class Change(NamedTuple):
    """Another value at a path."""

    path: Path
    value: Any


class Place(NamedTuple):
    """A path into an answer, what stands there, the schemas that may speak of it, and whether it has to be there."""

    path: Path
    value: Any
    said: Schemas
    needed: bool

    def any(self, *keywords: str) -> bool:
        """Tell whether a schema that may speak of this place has one of the keywords."""
        return any(keyword in each for each in self.said for keyword in keywords)

    def all(self, keyword: str) -> list[Any]:
        """Return what the schemas say under this keyword."""
        return [each[keyword] for each in self.said if keyword in each]

    @property
    def types(self) -> frozenset[str]:
        """Return all types that some schema allows here."""
        named = self.all("type")
        return frozenset(one for each in named for one in ((each,) if isinstance(each, str) else each))


@dataclass(frozen=True, slots=True)
class Ground:
    """What an operation's success may look like: its schema, and the document that its references lead into."""

    document: Frozen
    schema: Mapping[str, Any]
    shape: Shape

    def resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the reference leads to."""
        return referred(self.document, node)

    def spoken(self, schemas: Iterable[Any]) -> Schemas:
        """Return these schemas and all within them that may speak of the same value."""
        found: dict[int, Mapping[str, Any]] = {}
        ahead = [each for each in schemas if isinstance(each, Mapping)]
        while ahead:
            each = ahead.pop()
            if id(each) in found:
                continue
            found[id(each)] = each
            if "$ref" in each:
                ahead.append(self.resolved(each))
            ahead += [one for keyword in _COMBINED for one in each.get(keyword, ())]
            ahead += [each[keyword] for keyword in ("then", "else") if isinstance(each.get(keyword), Mapping)]
        return tuple(found.values())

    def children(self, place: Place) -> Iterator[Place]:
        """Yield the places right below this one."""
        if isinstance(place.value, Mapping):
            required = {name for each in place.said for name in each.get("required", ())}
            for name, value in place.value.items():
                said = (_property(each, name) for each in place.said)
                yield Place((*place.path, name), value, self.spoken(said), name in required)
        elif isinstance(place.value, list):
            shared = self.spoken(each.get("items") for each in place.said)
            yield from (Place((*place.path, at), value, shared, False) for at, value in enumerate(place.value))

    def places(self, value: Any) -> Iterator[Place]:
        """Yield every place of the answer."""
        ahead = [Place((), value, self.spoken((self.schema,)), True)]
        while ahead:
            place = ahead.pop()
            yield place
            ahead += self.children(place)


def _property(schema: Mapping[str, Any], name: str) -> Any:
    return schema.get("properties", {}).get(name, schema.get("additionalProperties"))


def ground_of(contract: Contract, operation: Operation) -> Ground | None:
    """Return what the operation's success may look like, or None if it is no JSON."""
    shape = operation.success
    if shape.whole is None:
        return None
    ground = Ground(contract.document, Frozen(), shape)
    node = contract.written(operation)["responses"][str(shape.status)]
    while "$ref" in node:
        node = ground.resolved(node)
    return Ground(contract.document, node["content"][shape.kind]["schema"], shape)


def value_at(value: Any, path: Path) -> Any:
    """Return what stands at the path."""
    for step in path:
        value = value[step]
    return value


def changed(value: Any, changes: Iterable[Change]) -> Any:
    """Return the answer with these changes; what they do not touch is shared."""
    for each in changes:
        value = _put(value, each.path, each.value)
    return value


def _put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_put(each, rest, new) if at == step else each for at, each in enumerate(value)]
    if new is GONE and not rest:
        return {name: each for name, each in value.items() if name != step}
    return {**value, step: _put(value.get(step), rest, new)}
