"""What a contract says of one answer: its node, its schema, and the sentence that is nearest to a place in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from sandbox.app import contract_of
from sandbox.core.contract import Contract, Operation
from sandbox.core.frozen import freeze
from sandbox.core.ground import Ground

Node = Mapping[str, Any]
NOTHING: Node = {}
_CONDITIONS = frozenset({"if", "then", "else"})


class Sentence(NamedTuple):
    """What makes us expect an answer: how well that is known, in which words, and where it was read."""

    mark: str
    words: str
    source: str


def answer_node(contract: Contract, operation: Operation, status: int | None) -> Node:
    """Return what the contract says of the operation's answer with this status; nothing if it declares none."""
    return contract.resolved(contract.written(operation)["responses"].get(str(status), NOTHING))


def schema_node(contract: Contract, operation: Operation, status: int | None) -> Node | None:
    """Return the schema of the answer's JSON, or None if it has none."""
    content = answer_node(contract, operation, status).get("content", {})
    return next((each["schema"] for each in content.values() if "schema" in each), None)


@cache
def unconditional(name: str) -> Contract:
    """Return the contract of this API without conditions: what holds only sometimes is no sign of a misfit."""
    contract = contract_of(name)
    return replace(contract, document=freeze(_without_conditions(contract.document)))


def _without_conditions(node: Any, named: bool = False) -> Any:
    if isinstance(node, Mapping):
        return {
            key: _without_conditions(each, key in ("properties", "schemas") and not named)
            for key, each in node.items() if named or key not in _CONDITIONS
        }  # fmt: skip
    return [_without_conditions(each) for each in node] if isinstance(node, (list, tuple)) else node


def components(contract: Contract) -> Mapping[str, Node]:
    """Return the schemas that have a name."""
    found: Mapping[str, Node] = contract.document["components"]["schemas"]
    return found


def parameter_node(contract: Contract, operation: Operation, name: str) -> Node:
    """Return what the contract says of a query parameter, or nothing."""
    nodes = map(contract.resolved, contract.parameters(operation))
    return next((each for each in nodes if each["name"] == name), NOTHING)


def sentence(contract: Contract, operation: Operation, status: int | None, place: str) -> Sentence:
    """Return the sentence of the contract that is nearest to this place of the answer with this status."""
    nodes = [contract.written(operation), *_nodes(contract, operation, status, place)]
    marked = [each for each in nodes if "x-provenance" in each]
    told = [" ".join(str(each["description"]).split()) for each in nodes if each.get("description")]
    nearest = marked[-1] if marked else NOTHING
    words = told[-1] if told else operation.summary
    return Sentence(nearest.get("x-provenance", operation.provenance), words, nearest.get("x-source", operation.source))


def _nodes(contract: Contract, operation: Operation, status: int | None, place: str) -> Iterator[Node]:
    answer = answer_node(contract, operation, status)
    yield answer
    kind, _, name = place.partition(" ")
    if kind == "header":
        yield contract.resolved(answer.get("headers", {}).get(name, NOTHING))
    elif kind == "filter" or place in ("page size", "next page"):
        yield parameter_node(contract, operation, name if kind == "filter" else "cursor" if kind == "next" else "limit")
    elif place.startswith("/") or place in ("cursor", "total"):
        path = kind if place.startswith("/") else f"/meta/{place}"
        yield from _schemas(contract, operation, status, path)


def _schemas(contract: Contract, operation: Operation, status: int | None, path: str) -> Iterator[Node]:
    """Yield the schemas on the way down to a place, the outermost first."""
    ground = Ground(contract.document, NOTHING, operation.success)
    said = ground.spoken((schema_node(contract, operation, status),))
    for name in path.split("/")[1:]:
        below = [each.get("items") if name == "*" else each.get("properties", {}).get(name) for each in said]
        said = ground.spoken(below)
        # The mark beside a reference is about this field, that of what it leads to about the value.
        yield from said[::-1]
