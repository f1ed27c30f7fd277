"""What is not documented, and which of it a client has leaned on: functions of a contract and of a journal.

A client leans on a guess by what it does and by what it meets: it calls an operation, sends a parameter or a field,
is answered with a status, or a decision shows in the request. What it reads of an answer nobody can see: the fields of
answers that came were *shown* to it, which is told apart. A broken connection shows nothing, and what a fault had put
off was not asked by the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.asked import is_late, is_lost, object_in, query_of
from sandbox.core.contract import Contract, Decision, Operation, When
from sandbox.core.provenance import ANSWER, ANY, BODY, CALL, ITEM, PARAMETER, STATUS, Sight, sights_of
from sandbox.core.provenance import Guess as Guess
from sandbox.core.shape import JSON
from sandbox.core.timeline import Entry
from sandbox.core.wording import id_of

PROOFS = 3
"""How many requests are named for a guess: the first ones."""
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Leaning:
    """A guess that requests of a journal have met, and the ids of the first of them."""

    guess: Guess
    ids: tuple[str, ...]


def guess_told(guess: Guess) -> dict[str, str | None]:
    """Return the guess as a document has it."""
    return {
        "id": guess.id, "provenance": guess.provenance, "operation": guess.operation, "behaviour": guess.behaviour,
        "because": guess.because,
    }  # fmt: skip


def guess_shown(guess: Guess, leaned: Sequence[str], shown: Sequence[str]) -> dict[str, Any]:
    """Return the guess as the control plane shows it, with the requests that leaned on it and those that showed it."""
    return {**guess_told(guess), "leaned": list(leaned), "shown": list(shown)}


class _Index(NamedTuple):
    """The guesses of a contract by id, where they can be met, and what a journal shows of the decisions among them."""

    known: Mapping[str, Guess]
    book: Mapping[tuple[str, str, int], Sequence[Sight]]
    decided: Sequence[tuple[str, When]]


def guesses_of(contract: Contract) -> tuple[Guess, ...]:
    """Return everything that is not documented: the decisions, then the parts of the document in its order."""
    return tuple(_index(contract).known.values())


def leaned_on(entries: Iterable[Entry], contract: Contract) -> tuple[Leaning, ...]:
    """Return the guesses that the requests of this journal leaned on, with the first requests that prove each."""
    index, unknown = _index(contract), _Unknown(contract, {})

    def met(entry: Entry) -> Iterator[str]:
        yield from (ident for ident, when in index.decided if _fits(when, entry, unknown))
        if entry.operation is not None:
            yield from _leant(index, entry)

    return _proven(entries, index, met)


def shown_to(entries: Iterable[Entry], contract: Contract) -> tuple[Leaning, ...]:
    """Return the guesses among the fields of the answers that came, with the first requests that were shown each."""
    index = _index(contract)

    def met(entry: Entry) -> Iterator[str]:
        here = index.book.get((entry.operation or "", ANSWER, entry.response.status), ())
        said = object_in(entry.response.body) if here else {}
        yield from (sight.guess.id for sight in here if _has(said, sight.where))

    return _proven(entries, index, met)


def _index(contract: Contract) -> _Index:
    """Return the contract's index, which is made when it is first asked for."""
    made: _Index | None = contract.memo.get("fidelity")
    if made is None:
        made = contract.memo["fidelity"] = _indexed(contract)
    return made


def _indexed(contract: Contract) -> _Index:
    known = {each.id: each for each in map(_decided, contract.decisions)}
    book: dict[tuple[str, str, int], list[Sight]] = {}
    for sight in sights_of(contract):
        known.setdefault(sight.guess.id, sight.guess)
        book.setdefault((sight.operation, sight.part, sight.status), []).append(sight)
    decided = [(_name(each), each.when) for each in contract.decisions if each.when is not None]
    return _Index(known, book, decided)


def _name(decision: Decision) -> str:
    return f"decision {decision.id}"


def _decided(decision: Decision) -> Guess:
    named = decision.when.operations if decision.when is not None else ()
    operation = next(iter(named)) if len(named) == 1 else None
    return Guess(_name(decision), decision.provenance, operation, decision.behaviour, decision.because)


def _proven(entries: Iterable[Entry], index: _Index, met: Callable[[Entry], Iterator[str]]) -> tuple[Leaning, ...]:
    """Return what the requests met, in the order of the guesses."""
    proofs: dict[str, list[str]] = {}
    for entry in entries:
        if entry.errand is not None or is_late(entry) or is_lost(entry):
            continue
        for ident in dict.fromkeys(met(entry)):
            ids = proofs.setdefault(ident, [])
            if len(ids) < PROOFS:
                ids.append(id_of(entry.charter, entry.ordinal))
    return tuple(Leaning(guess, tuple(proofs[ident])) for ident, guess in index.known.items() if ident in proofs)


def _leant(index: _Index, entry: Entry) -> Iterator[str]:
    """Yield the ids of what a request to an operation leaned on, decisions apart."""
    operation, status, book = entry.operation or "", entry.response.status, index.book
    for part, at in ((CALL, 0), (STATUS, status)):
        yield from (sight.guess.id for sight in book.get((operation, part, at), ()))
    named = book.get((operation, PARAMETER, 0), ())
    if named:
        sent = query_of(entry)
        yield from (each.guess.id for each in named if each.where[0] in sent)
    inside = book.get((operation, BODY, 0), ())
    if inside and entry.request.body:
        body = object_in(entry.request.body)
        yield from (each.guess.id for each in inside if _has(body, each.where))


def _has(value: Any, where: tuple[str, ...]) -> bool:
    """Tell whether there is something at this path, in any item of an array."""
    for at, step in enumerate(where):
        rest = where[at + 1 :]
        if step == ITEM:
            return isinstance(value, list) and any(_has(each, rest) for each in value)
        if not isinstance(value, dict):
            return False
        if step == ANY:
            return any(_has(each, rest) for each in value.values())
        if step not in value:
            return False
        value = value[step]
    return True


# Decisions.


class _Unknown(NamedTuple):
    """Tells what of a request its contract does not declare; remembers the fields that operations do."""

    contract: Contract
    fields: dict[str, frozenset[str] | None]

    def of(self, entry: Entry) -> frozenset[str]:
        operation = self.contract.operations.get(entry.operation or "")
        if operation is None:
            return frozenset()
        if operation.id not in self.fields:
            self.fields[operation.id] = fields_of(self.contract, operation)
        return unknown_in(entry, operation, self.fields[operation.id])


def _fits(when: When, entry: Entry, unknown: _Unknown) -> bool:
    """Tell whether the request met the decision that shows so."""
    return (
        (not when.operations or entry.operation in when.operations)
        and (not when.statuses or entry.response.status in when.statuses)
        and (not when.causes or entry.cause in when.causes)
        and (not when.headers or any(name in when.headers for name, _ in entry.request.headers))
        and (not when.unknown or bool(when.unknown & unknown.of(entry)))
    )


def unknown_in(entry: Entry, operation: Operation, fields: frozenset[str] | None) -> frozenset[str]:
    """Return what was sent and is declared nowhere: `parameter`, `field`, both or neither.

    `fields` are the names that the body may have (see `fields_of`).
    """
    found = set()
    if entry.request.query and set(query_of(entry)) - {each.name for each in operation.query}:
        found.add("parameter")
    if fields is not None and entry.request.body and set(object_in(entry.request.body)) - fields:
        found.add("field")
    return frozenset(found)


def fields_of(contract: Contract, operation: Operation) -> frozenset[str] | None:
    """Return the names that the operation's body may have at its top, or None if its schema does not list them."""
    body = contract.resolved(contract.written(operation).get("requestBody", {}))
    schema = body.get("content", {}).get(JSON, {}).get("schema")
    return None if schema is None else _names(contract, schema, _DEEPEST)


def _names(contract: Contract, schema: Any, depth: int) -> frozenset[str] | None:
    schema = contract.resolved(schema)
    parts = [each for way in ("allOf", "anyOf", "oneOf") for each in schema.get(way, ())]
    if depth == 0 or ("properties" not in schema and not parts):
        return None
    names = frozenset(schema.get("properties", {}))
    for part in parts:
        names |= _names(contract, part, depth - 1) or frozenset()
    return names
