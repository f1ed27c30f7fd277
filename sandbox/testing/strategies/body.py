"""Request bodies of any operation, valid or with one thing wrong, from the operation's own contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sandbox.app import contract_of
from sandbox.core.contract import Contract, Operation
from sandbox.core.frozen import Frozen
from sandbox.core.ground import GONE, Change, Ground, Place, changed
from sandbox.core.shape import JSON
from sandbox.testing.strategies.values import Json, Values, hints_of

_OTHERS: tuple[Any, ...] = (17, "text", [], {}, None, True, 0.5)
_FURTHER = "unheard_of"


def bodies(api: str, operation: str, *, valid: bool = True) -> Json:
    """Return request bodies of this operation, as JSON values.

    An invalid one breaks at least one keyword of the contract's schema. ValueError if there is no such operation, or if
    it takes no body.
    """
    found = operation_of(contract_of(api), operation)
    if found.body is None:
        raise ValueError(f"operation: expected one with a body, got {operation}")
    return _valid(api, operation) if valid else _invalid(api, operation)


def operation_of(contract: Contract, name: str) -> Operation:
    """Return the operation of this name; ValueError with the known ones if there is none."""
    if name not in contract.operations:
        raise ValueError(f"operation: expected one of {', '.join(contract.operations)}, got {name!r}")
    return contract.operations[name]


def body_node(contract: Contract, operation: Operation) -> Mapping[str, Any]:
    """Return what the contract says of the operation's JSON body: its schema and its examples."""
    node = contract.written(operation)["requestBody"]
    found: Mapping[str, Any] = node["content"][JSON]
    return found


def fits(operation: Operation, body: Any) -> bool:
    """Tell whether the contract's own validator takes the body."""
    return operation.body is not None and operation.body.part.validator.is_valid(body)


@cache
def _valid(api: str, name: str) -> Json:
    contract = contract_of(api)
    operation, node = contract.operations[name], body_node(contract, contract.operations[name])
    hints = hints_of(node, contract.document)
    drawn = Values(contract.document).of(node["schema"], "", hints)
    return drawn.filter(lambda body: fits(operation, body))


@cache
def _invalid(api: str, name: str) -> Json:
    contract = contract_of(api)
    operation = contract.operations[name]
    ground = Ground(contract.document, body_node(contract, operation)["schema"], operation.success)

    @st.composite
    def drawn(draw: st.DrawFn) -> Any:
        body = draw(_valid(api, name))
        flaws = list(dict.fromkeys(_sorted(_flaws(ground, body))))
        return changed(body, [draw(st.sampled_from(flaws)).change])

    return drawn().filter(lambda body: not fits(operation, body))


class _Flaw:
    """A change that breaks a keyword, equal to others that break the same one at the same place."""

    __slots__ = ("change", "keyword")

    def __init__(self, keyword: str, change: Change) -> None:
        self.keyword, self.change = keyword, change

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flaw) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"{self.keyword} at {'/'.join(map(str, self.change.path)) or 'the body'}"

    @property
    def _key(self) -> tuple[str, tuple[str | int, ...], str]:
        return self.keyword, self.change.path, repr(self.change.value)[:80]


def _sorted(flaws: Iterator[_Flaw]) -> list[_Flaw]:
    """Return the flaws with those near the top first: the simplest body is the one with the plainest flaw."""
    return sorted(flaws, key=lambda each: (len(each.change.path), repr(each)))


def _flaws(ground: Ground, body: Any) -> Iterator[_Flaw]:
    for place in ground.places(body):
        for keyword, value in _broken(place):
            yield _Flaw(keyword, Change(place.path, value))
        for name in _needed(place):
            yield _Flaw("required", Change((*place.path, name), GONE))


def _needed(place: Place) -> list[str]:
    if not isinstance(place.value, Mapping):
        return []
    return [name for each in place.said for name in each.get("required", ()) if name in place.value]


def _broken(place: Place) -> Iterator[tuple[str, Any]]:
    """Yield a keyword and a value that breaks it, for each that may speak of this place."""
    if place.types:
        yield from (("type", each) for each in _OTHERS if type(each) is not type(place.value))
    if place.any("enum", "const"):
        yield "enum", _FURTHER
    yield from (("maxLength", "x" * (most + 1)) for most in place.all("maxLength"))
    yield from (("minLength", "") for least in place.all("minLength") if least)
    yield from (("pattern", " ") for _ in place.all("pattern"))
    yield from (("minimum", least - 1) for least in place.all("minimum"))
    yield from (("maximum", most + 1) for most in place.all("maximum"))
    if isinstance(place.value, list):
        yield from (("minItems", place.value[: least - 1]) for least in place.all("minItems") if least)
        yield from (
            ("maxItems", (place.value * (most + 1))[: most + 1]) for most in place.all("maxItems") if place.value
        )
    if isinstance(place.value, Mapping):
        crowd = {f"field_{at}": "x" for at in range(101)}
        yield from (("maxProperties", crowd) for most in place.all("maxProperties") if most < len(crowd))
        closed = any(each is False for each in place.all("additionalProperties"))
        yield from (("additionalProperties", Frozen({**place.value, _FURTHER: 1})) for _ in range(closed))
