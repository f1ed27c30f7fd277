"""Which units answer a query, and in which order: forward chaining over typed variables, or a workflow as it stands.

Theory of operation. Units are relevant if the query triggers them (two words of a phrase of their WHEN, or all words of
their name), if they state no WHEN and take a variable that the query tells, or if they make what it wants. Units that
make what a relevant one cannot do without become candidates, and so on. Of the candidates those are feasible whose
inputs are known or made by feasible ones; of these the relevant fire, with the preferred maker of each variable that
one of them needs. A unit lets the preferred maker of what it makes go first, and that of what it could take, unless
nothing else can go on. What the query tells is never computed again. A unit that fails gives way to the next maker.

A query that names a domain is answered by units of it, which may be fed by units of any. Preferred is the unit of the
query's domain, then a verified one, then the higher verification score, then the name.
Whom the query names no jurisdiction for are universal units alone. A relevant protocol that lacks an input asks for it.

Everything is bounded by `MOST_CANDIDATES` and `MOST_FIRED`, in order of preference. A workflow that covers the query
goes first: see `flows`.

Source: docs.ctrlai.com, guides/composing-workflows (forward chaining, triggers, jurisdiction, preference of the
domain, across domains) and api-reference/inference (`domainId` restricts to a domain).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.cards import Card
from sandbox.apis.ctrlai.reasoning.firing import (
    FAILED,
    Chain,
    Step,
    fire,
    held_up,
    is_of_use,
    is_ready,
    lacking,
    passed,
)
from sandbox.apis.ctrlai.reasoning.flows import fitting, in_own_order
from sandbox.apis.ctrlai.reasoning.library import Library
from sandbox.apis.ctrlai.reasoning.reading import Reading, Scope

MOST_CANDIDATES = 500
MOST_FIRED = 64

Order = Callable[[Card], tuple[bool, int]]


class _Field(NamedTuple):
    """The candidates in order of preference, and those that the query itself calls for."""

    cards: tuple[Card, ...]
    called: frozenset[str]
    wanted: tuple[str, ...]


def chain(reading: Reading, library: Library, scope: Scope, domain: str | None) -> Chain:
    """Return what comes of a query that has been read."""

    def order(card: Card) -> tuple[bool, int]:
        return domain is not None and card.domain != domain, library.places[card.id]

    called = _called(reading, library, scope, domain, order)
    makers = [one for name in reading.wanted for one in _those(library.makers.get(name, ()), scope, domain)]
    flow = fitting(reading, library, scope, domain, _ids((*called, *makers)))
    if flow is not None:
        return in_own_order(flow, reading)
    field = _Field(_candidates(called, makers, reading, library, scope, order), _ids(called), reading.wanted)
    return _open(field, reading)


def _ids(cards: Iterable[Card]) -> frozenset[str]:
    return frozenset(one.id for one in cards)


def _those(cards: Iterable[Card], scope: Scope, domain: str | None) -> Iterable[Card]:
    """Return those of the units that may answer the query itself; whoever feeds them may be of any domain."""
    return (
        one for one in cards
        if scope.admits(one.verified, one.jurisdiction) and (domain is None or one.domain == domain)
    )  # fmt: skip


def _called(reading: Reading, library: Library, scope: Scope, domain: str | None, order: Order) -> list[Card]:
    counts: dict[int, int] = {}
    for word in reading.words:
        for at in library.triggers.get(word, ()):
            counts[at] = counts.get(at, 0) + 1
    phrases = library.phrases
    said = (phrases[at][0] for at in sorted(counts) if counts[at] >= phrases[at][2])
    silent = sorted((one for name in reading.given for one in library.silent.get(name, ())), key=order)
    found = (each for part in (said, silent) for each in _those(part, scope, domain))
    return list(islice({one.id: one for one in found}.values(), MOST_CANDIDATES))


def _candidates(
    called: Sequence[Card], makers: Sequence[Card], reading: Reading, library: Library, scope: Scope, order: Order
) -> tuple[Card, ...]:
    found: dict[str, Card] = {}
    asked: set[str] = set(reading.given)
    layer = sorted({one.id: one for one in (*called, *makers)}.values(), key=order)
    while layer and len(found) < MOST_CANDIDATES:
        layer = [one for one in layer if one.id not in found][: MOST_CANDIDATES - len(found)]
        found.update((one.id, one) for one in layer)
        needed = dict.fromkeys(name for one in layer for name in one.required if name not in asked)
        asked.update(needed)
        upstream = (one for name in needed for one in library.makers.get(name, ()) if one.makes)
        layer = sorted((one for one in upstream if scope.admits(one.verified, one.jurisdiction)), key=order)
        layer = list({one.id: one for one in layer}.values())
    return tuple(sorted(found.values(), key=order))


# Open composition.


def _open(field: _Field, reading: Reading) -> Chain:
    known: dict[str, Any] = dict(reading.given)
    steps: list[Step] = []
    done: set[str] = set()
    while True:
        live = [one for one in field.cards if one.id not in done]
        feasible = _feasible(live, known)
        plan = _plan(feasible, field, known)
        taken = _execute(plan[: MOST_FIRED - len(done)], known)
        steps += taken
        done.update(each.card.id for each in taken)
        if not any(each.event == FAILED for each in taken) or len(done) >= MOST_FIRED:
            break
    left = [one for one in plan if one.id not in done]
    steps += [passed(one) for one in left if not is_of_use(one, known)][:MOST_FIRED]
    steps += _held_up([one for one in field.cards if one.id not in done], feasible, field, known)
    return Chain(tuple(steps), known, None)


def _feasible(cards: Sequence[Card], known: Iterable[str]) -> list[Card]:
    """Return the units whose inputs are known or made by others of them, in the order of the cards."""
    there = set(known)
    lacks = {one.id: {each for each in one.required if each not in there} for one in cards}
    takers: dict[str, list[Card]] = {}
    for one in cards:
        for name in lacks[one.id]:
            takers.setdefault(name, []).append(one)
    ready = [one for one in cards if not lacks[one.id]]
    for one in ready:
        for name in one.makes:
            if name not in there:
                there.add(name)
                ready += [each for each in takers.get(name, ()) if _relieved(lacks[each.id], name)]
    found = _ids(ready)
    return [one for one in cards if one.id in found]


def _relieved(lacks: set[str], name: str) -> bool:
    lacks.discard(name)
    return not lacks


def _plan(feasible: Sequence[Card], field: _Field, known: Mapping[str, Any]) -> list[Card]:
    """Return those that are called for, those that make what is wanted, and the preferred makers of what these need."""
    best: dict[str, Card] = {}
    offers: dict[str, Card] = {}
    for one in feasible:
        for name in one.makes:
            best.setdefault(name, one)
        for name in one.offers:
            offers.setdefault(name, one)
    todo = [one for one in feasible if one.id in field.called]
    todo += [offers[name] for name in field.wanted if name in offers and name not in known]
    chosen: dict[str, Card] = {}
    for one in todo:
        if one.id not in chosen:
            chosen[one.id] = one
            todo += [best[name] for name in one.required if name not in known]
    return [one for one in feasible if one.id in chosen]


def _execute(plan: Sequence[Card], known: dict[str, Any]) -> list[Step]:
    pending = list(plan)
    steps: list[Step] = []
    while True:
        pending = [one for one in pending if is_of_use(one, known)]
        ready = [one for one in pending if is_ready(one, known)]
        if not ready:
            return steps
        first = _makers(pending, known)
        now = [one for one in ready if not _defers(one, first, known)] or ready[:1]
        steps.extend(fire(one, known) for one in now if is_of_use(one, known))
        gone = _ids(now)
        pending = [one for one in pending if one.id not in gone]


def _makers(pending: Iterable[Card], known: Mapping[str, Any]) -> dict[str, Card]:
    first: dict[str, Card] = {}
    for one in pending:
        for name in one.makes:
            if name not in known:
                first.setdefault(name, one)
    return first


def _defers(one: Card, first: Mapping[str, Card], known: Mapping[str, Any]) -> bool:
    """Tell whether the unit lets others go first: who make what it could take, or are preferred for all it makes."""
    if any(each.name not in known and first.get(each.name, one) is not one for each in one.inputs):
        return True
    fresh = [each for each in one.makes if each not in known]
    return bool(fresh) and all(first[each] is not one for each in fresh)


def _held_up(left: Sequence[Card], feasible: Sequence[Card], field: _Field, known: Mapping[str, Any]) -> list[Step]:
    """Return the protocols that ask, and the units that the query calls for and that wait."""
    there = {*known, *(name for one in feasible for name in one.makes)}
    can = _ids(feasible)
    steps: list[Step] = []
    for one in (each for each in left if each.id not in can):
        if one.offers and there.issuperset(one.offers):
            continue
        called = one.id in field.called or any(name in field.wanted and name not in there for name in one.offers)
        needed = one.type == "protocol" and any(name not in there for name in one.makes)
        lacks = lacking(one, there) if (called or needed) and len(steps) < MOST_FIRED else ()
        if lacks:
            steps.append(held_up(one, lacks))
        if one.type == "protocol" and (called or needed):
            there.update(one.offers)
    return steps
