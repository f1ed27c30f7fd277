"""What the contract says where an answer went against it: the sentence or field, and where that was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.core.contract import Contract

_HOW_LONG = 240


class Place(NamedTuple):
    """A place of a contract: its name, the words that stand there, how well they are known, and their source."""

    name: str
    words: str
    provenance: str
    source: str

    def __str__(self) -> str:
        known = ": ".join(each for each in (self.provenance, self.source) if each)
        words = " ".join(self.words.split())
        words = words if len(words) <= _HOW_LONG else words[: _HOW_LONG - 1] + "…"
        return f"{self.name}{': ' + words if words else ''}{f' ({known})' if known else ''}"


def of_operation(contract: Contract, label: str) -> Place:
    """Return what the contract says of an operation, which is named by method and path."""
    operation = next((each for each in contract.operations.values() if f"{each.method} {each.path}" == label), None)
    if operation is None:
        return Place(label or "the contract", "", "", "")
    statuses = ", ".join(str(each) for each in sorted(operation.shapes))
    return Place(operation.id, f"{operation.summary}. It answers {statuses}.", operation.provenance, operation.source)


def of_header(contract: Contract, label: str, status: int, name: str) -> Place | None:
    """Return what the contract says of a header of an answer, or None if it says nothing."""
    answer = _answer(contract, label, status)
    known = {each.lower(): (each, header) for each, header in answer.get("headers", {}).items()}
    if name.lower() not in known:
        return None
    spelled, header = known[name.lower()]
    return _place(f"the header {spelled} of {status}", (answer, _deref(contract, header)))


def of_field(contract: Contract, label: str, status: int, path: Sequence[str | int]) -> Place | None:
    """Return what the contract says of a field of an answer's JSON body, or of what encloses it; None if nothing."""
    answer = _answer(contract, label, status)
    content = next((each for name, each in answer.get("content", {}).items() if "json" in name), None)
    if content is None:
        return None
    way = [answer, *_way(contract, _deref(contract, content.get("schema", {})), path)]
    spelled = ".".join(map(str, path)) or "the body"
    return _place(f"{spelled} of {status}", way)


def _place(name: str, way: Sequence[Mapping[str, Any]]) -> Place:
    """Return the words of the innermost part, with the mark of the innermost that has one."""
    marked: Mapping[str, Any] = next((each for each in reversed(way) if "x-source" in each), {})
    said = next((each["description"] for each in reversed(way) if isinstance(each.get("description"), str)), "")
    return Place(name, said, str(marked.get("x-provenance", "")), str(marked.get("x-source", "")))


def _answer(contract: Contract, label: str, status: int) -> Mapping[str, Any]:
    method, _, path = label.partition(" ")
    answers = contract.document["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})
    return _deref(contract, answers.get(str(status), {}))


def _deref(contract: Contract, part: Any) -> Mapping[str, Any]:
    if not isinstance(part, Mapping) or "$ref" not in part:
        return part if isinstance(part, Mapping) else {}
    found: Any = contract.document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
    beside = {name: each for name, each in part.items() if name != "$ref"}
    return {**_deref(contract, found), **beside}


def _way(contract: Contract, schema: Mapping[str, Any], path: Sequence[str | int]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas from a body down to this field, as far as the contract describes them."""
    yield schema
    if not path:
        return
    for each in _variants(contract, schema):
        inner = each.get("items") if isinstance(path[0], int) else each.get("properties", {}).get(path[0])
        if inner is not None:
            yield from _way(contract, _deref(contract, inner), path[1:])
            return


def _variants(contract: Contract, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(word, ()):
            yield from _variants(contract, _deref(contract, each))
