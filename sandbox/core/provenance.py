"""The guesses in a contract's document: its marks `x-provenance`, read from the operations down to single fields.

A part without a mark has that of what encloses it, so a part is a guess of its own only where its mark differs. What
several places refer to is one guess, called by the component's name; all else is called by its place, as in
`getJob 200 data.job_id`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.contract import Contract, Operation
from sandbox.core.frozen import Frozen
from sandbox.core.shape import JSON

DOCUMENTED = "documented"
ITEM, ANY = "[]", "*"
"""The steps of a path into an array, and into a field whose name is left open."""
CALL, PARAMETER, BODY, STATUS, ANSWER = "call", "parameter", "body", "status", "answer"
"""Where a client can meet a guess."""
_MARK, _SOURCE = "x-provenance", "x-source"
_BRANCHES = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Guess:
    """A behaviour that is not documented, or of which the documents say two things: what it is, and why so.

    `operation` is None for what concerns more than one.
    """

    id: str
    provenance: str
    operation: str | None
    behaviour: str
    because: str


class Sight(NamedTuple):
    """A place where a guess can be met: of which operation, in what, and where in it.

    `where` is the parameter's name, or the field's path; `status` is that of the answer, else 0.
    """

    guess: Guess
    operation: str
    part: str
    where: tuple[str, ...] = ()
    status: int = 0


class _Held(NamedTuple):
    """What encloses a part: its mark and source, what parts of it are called after, and if several places share it."""

    mark: str
    source: str
    name: str
    shared: bool = False


class _Met(NamedTuple):
    """A part as it was read: what encloses its own parts, what it refers to in the end, and the guess that it is."""

    held: _Held
    target: Frozen
    guess: Guess | None


class _Spot(NamedTuple):
    operation: str
    part: str
    status: int = 0


def sights_of(contract: Contract) -> Iterator[Sight]:
    """Yield every place where a client can meet a guess, in the order of the document."""
    reader = _Reader(contract.document, _uses(contract.document))
    for operation in contract.operations.values():
        yield from reader.operation(operation)


def _uses(document: Mapping[str, Any]) -> Counter[str]:
    """Return how many places refer to each component; one that stands beside several operations has one each."""
    uses: Counter[str] = Counter()
    pending: list[Any] = [document["components"].get(each, {}) for each in ("responses", "schemas", "parameters")]
    for item in document["paths"].values():
        methods = [each for each in item.values() if isinstance(each, Mapping)]
        pending += methods + [item.get("parameters", ())] * len(methods)
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("$ref"), str):
                uses[node["$ref"]] += 1
            pending += [each for name, each in node.items() if name not in ("example", "examples", "headers", "links")]
        elif isinstance(node, tuple):
            pending += node
    return uses


class _Reader(NamedTuple):
    document: Frozen
    uses: Counter[str]

    def operation(self, operation: Operation) -> Iterator[Sight]:
        item = self.document["paths"][operation.path]
        node = item[operation.method.lower()]
        held = _Held(operation.provenance, operation.source, operation.id)
        if held.mark != DOCUMENTED:
            told = f"{operation.method} {operation.path}: {operation.summary}."
            guess = Guess(operation.id, held.mark, operation.id, told, held.source)
            yield Sight(guess, operation.id, CALL)
        for each in (*item.get("parameters", ()), *node.get("parameters", ())):
            yield from self._parameter(operation.id, each, held)
        if "requestBody" in node:
            yield from self._content(node["requestBody"], held, f"{operation.id} body", _Spot(operation.id, BODY))
        for status, each in node["responses"].items():
            yield from self._content(each, held, f"{operation.id} {status}", _Spot(operation.id, STATUS, int(status)))

    def _parameter(self, operation: str, node: Frozen, held: _Held) -> Iterator[Sight]:
        """Yield the parameter if it is a guess; one of the path is sent with every call."""
        target = self._end(node)[0]
        name, asked = target["name"], target["in"] == "query"
        guess = self._met(node, held, f"{operation} ?{name}" if asked else f"{operation} {{{name}}}", operation).guess
        if guess is not None:
            yield Sight(guess, operation, PARAMETER if asked else CALL, (name,))

    def _content(self, node: Frozen, held: _Held, name: str, spot: _Spot) -> Iterator[Sight]:
        """Yield what a body or an answer is a guess in: itself, and the fields of its JSON."""
        met = self._met(node, held, name, spot.operation)
        if met.guess is not None:
            yield Sight(met.guess, spot.operation, spot.part, (), spot.status)
        schema = met.target.get("content", {}).get(JSON, {}).get("schema")
        if schema is not None:
            inner = spot._replace(part=ANSWER) if spot.part == STATUS else spot
            base = met.held if met.held.name != held.name else met.held._replace(name=name)
            yield from self._schema(schema, base, "", (), inner, frozenset())

    def _schema(
        self, node: Frozen, held: _Held, at: str, where: tuple[str, ...], spot: _Spot, seen: frozenset[str]
    ) -> Iterator[Sight]:
        """Yield what a schema is a guess in; `at` is the path below what it is called after, `where` the whole."""
        refs = self._end(node)[1]
        if seen.intersection(refs):
            return
        met = self._met(node, held, f"{held.name} {at}".rstrip(), spot.operation)
        if met.guess is not None:
            yield Sight(met.guess, spot.operation, spot.part, where, spot.status)
        at = at if met.held.name == held.name else ""
        for step, inner in _inside(met.target):
            path = f"{at}.{step}".lstrip(".") if step not in ("", ITEM) else at + step
            yield from self._schema(inner, met.held, path, (*where, step) if step else where, spot, seen.union(refs))

    def _met(self, node: Frozen, held: _Held, name: str, operation: str) -> _Met:
        """Return the part of this name, which is called after a component if several places refer to that."""
        target, refs = self._end(node)
        home = next((_called(each) for each in reversed(refs) if self.uses[each] > 1), "")
        bearer = node if _MARK in node else target
        mark, source = bearer.get(_MARK, held.mark), bearer.get(_SOURCE, held.source)
        found = _Held(mark, source, home or held.name, held.shared or bool(home))
        if mark in (held.mark, DOCUMENTED):
            return _Met(found, target, None)
        own = bearer is node or not home
        whose = operation if own and not held.shared else None
        guess = Guess(name if own else home, mark, whose, _behaviour(node if own else target, target), source)
        return _Met(found, target, guess)

    def _end(self, node: Frozen) -> tuple[Frozen, tuple[str, ...]]:
        """Return what the node refers to in the end, and the references that lead there."""
        refs: tuple[str, ...] = ()
        while "$ref" in node:
            refs = (*refs, node["$ref"])
            node = self._at(node["$ref"])
        return node, refs

    def _at(self, ref: str) -> Frozen:
        target: Any = self.document
        for step in ref.removeprefix("#/").split("/"):
            target = target[step]
        found: Frozen = target
        return found


def _inside(schema: Frozen) -> Iterator[tuple[str, Frozen]]:
    """Yield the schemas in a schema with the step that leads to each; the branches of a choice are where it is."""
    for branch in _BRANCHES:
        yield from (("", each) for each in schema.get(branch, ()))
    yield from schema.get("properties", {}).items()
    for word, step in (("items", ITEM), ("additionalProperties", ANY)):
        if isinstance(schema.get(word), Mapping):
            yield step, schema[word]


def _called(ref: str) -> str:
    """Return what a component is called: its kind and its name."""
    *_, kind, name = ref.split("/")
    return f"{kind.removesuffix('s')} {name}"


def _behaviour(node: Frozen, target: Frozen) -> str:
    """Return in words what is said of a part, and for an object what it has."""
    said = " ".join((node.get("description") or target.get("description") or "").split())
    if "properties" in target:
        return f"{said} Its fields are {', '.join(target['properties'])}.".lstrip()
    return said or f"It is {_form(target)}."


def _form(schema: Frozen) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    named = " or ".join(kind) if isinstance(kind, tuple) else str(kind)
    return f"a {named} like {schema['pattern']}" if "pattern" in schema else f"a {named}"
