"""A query answered from reasoning units: read, chained, judged, told. Everything is computed, nothing is canned.

    reading  ─►  chaining (or a workflow)  ─►  trust  ─►  prose
    what the     which units fire, in what     levels,    segments
    query says   order, with what outputs      taint      and response

The same ask over the same units gives the same answer, in whichever order the units were made.

Source: docs.ctrlai.com, api-reference/inference and guides/trust-gradient, composing-workflows. The words of the answer
and `duration` are chosen: 180 ms, 45 for each unit that fired, one for eight characters of the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.apis.ctrlai.reasoning import prose
from sandbox.apis.ctrlai.reasoning.cards import place
from sandbox.apis.ctrlai.reasoning.chaining import chain
from sandbox.apis.ctrlai.reasoning.firing import ASKED, FAILED, FIRED, WAITS, Chain, Step
from sandbox.apis.ctrlai.reasoning.flows import needs, touches
from sandbox.apis.ctrlai.reasoning.library import Library, library
from sandbox.apis.ctrlai.reasoning.reading import Ask, Clause, Misfit, Reading, Scope, read
from sandbox.apis.ctrlai.reasoning.trust import NEURAL, Act, Judgement, coverage, judged, mode, summary
from sandbox.core.frozen import Frozen

BASE, PER_UNIT, CHARACTERS_PER = 180, 45, 8
MOST_OPEN = 20
_NOTHING = Reading(Frozen(), (), (), (), frozenset())


@dataclass(frozen=True, slots=True)
class Reasoned:
    """An answer: what the caller sees, and what the log keeps of how it came about.

    If `unfit` says which of the caller's values has a wrong type, nothing has been reasoned.
    """

    response: str
    segments: tuple[Frozen, ...]
    trust: Frozen
    coverage: int
    mode: str
    units: tuple[Frozen, ...]
    questions: tuple[Frozen, ...]
    fired: tuple[Frozen, ...]
    inputs: Frozen
    outputs: Frozen
    trace: tuple[Frozen, ...]
    warnings: tuple[str, ...]
    duration: int
    unfit: Misfit | None = None


def reason(
    ask: Ask, units: Sequence[Frozen], workflows: Sequence[Frozen] = (), lacking: frozenset[str] = frozenset()
) -> Reasoned:
    """Return the answer to a query from these units and workflows; any query gets one.

    What is read from the units is remembered by the identity of both sequences. `lacking` names services that are out
    of order: without `models` nothing is read or fires, without `trust` units that are not verified take part.
    """
    return answer(ask, library(units, workflows), lacking)


def answer(ask: Ask, known: Library, lacking: frozenset[str] = frozenset()) -> Reasoned:
    """Return the answer to a query from a library."""
    if "models" in lacking:
        return _told(ask, _NOTHING, Chain((), Frozen(), None))
    scope = Scope(place(ask.jurisdiction), ask.unverified or "trust" in lacking)
    reading = read(ask, known, scope)
    return _told(ask, reading, chain(reading, known, scope, ask.domain) if not reading.unfit else Chain((), {}, None))


def _told(ask: Ask, reading: Reading, made: Chain) -> Reasoned:
    steps = [each for each in made.steps if each.event in (FIRED, ASKED)]
    found = list(zip(steps, judged(_act(each) for each in steps), strict=True))
    questions = _questions(steps)
    segments = (*(_segment(*each, questions) for each in found), *_open(ask, reading, made))
    levels = [each["trustLevel"] for each in segments]
    percent = coverage(levels)
    return Reasoned(
        response=prose.response((each["text"] for each in segments), backed=percent > 0),
        segments=segments,
        trust=summary(levels),
        coverage=percent,
        mode=mode(percent),
        units=tuple(_unit(each) for each in steps),
        questions=questions,
        fired=tuple(_fired(each) for each in steps if each.event == FIRED),
        inputs=reading.given,
        outputs=Frozen({name: each for step in steps for name, each in step.gave.items()}),
        trace=tuple(_trace(reading, made)),
        warnings=tuple(prose.tainted(step, judgement.tainted) for step, judgement in found if judgement.tainted),
        duration=BASE + PER_UNIT * len(steps) + len(ask.query) // CHARACTERS_PER,
        unfit=reading.unfit,
    )


def _act(step: Step) -> Act:
    computed = step.card.type == "program" and step.event == FIRED and step.card.computes
    return Act(step.card.verified, computed, tuple(step.took), tuple(step.gave))


def _questions(steps: Iterable[Step]) -> tuple[Frozen, ...]:
    """Return what the protocols ask, each variable once; its name is the question's id, by which it is answered."""
    found: dict[str, Frozen] = {}
    for step in (each for each in steps if each.event == ASKED):
        types = {each.name: each.type for each in step.card.inputs}
        for name in step.lacks:
            text = prose.question(name, step.card.gates.get(name, ""))
            found.setdefault(name, Frozen(id=name, question=text, type=types[name], unitId=step.card.id))
    return tuple(found.values())


# Segments.


def _segment(step: Step, judgement: Judgement, questions: Sequence[Frozen]) -> Frozen:
    if step.event == ASKED:
        text = prose.asked(step, [each["question"] for each in questions if each["id"] in step.lacks])
    else:
        text = prose.fired(step)
    found = Frozen(text=text, trustLevel=judgement.level, unitId=step.card.id, unitName=step.card.name)
    return found.having(tainted=True) if judgement.tainted else found


def _neural(text: str) -> Frozen:
    return Frozen(text=text, trustLevel=NEURAL, unitId=None, unitName=None)


def _open(ask: Ask, reading: Reading, made: Chain) -> Iterable[Frozen]:
    """Yield a segment for each unit that gave no result, and for each part of the query that stays open."""
    failed = [each for each in made.steps if each.event == FAILED]
    yield from (_neural(prose.failed(each)) for each in failed)
    waiting = [each for each in made.steps if each.event == WAITS]
    stay = [each for each in _uncovered(reading, made) if not any(_concerns(one, reading, each) for one in failed)]
    for clause in stay[:MOST_OPEN]:
        yield _neural(prose.uncovered(clause.text, [one for one in waiting if _concerns(one, reading, clause)]))
    if not stay and not any(each.event in (FIRED, ASKED, FAILED) for each in made.steps):
        yield _neural(prose.uncovered(ask.query, waiting))


def _uncovered(reading: Reading, made: Chain) -> list[Clause]:
    acted = [each for each in made.steps if each.event in (FIRED, ASKED)]
    offered = {*made.known, *(name for each in acted for name in each.card.offers)}
    found: dict[Clause, None] = {}
    for clause, name in needs(reading, (each.card for each in made.steps)):
        covered = name in offered if name is not None else _is_met(clause, reading, acted, made)
        if not covered:
            found[clause] = None
    return list(found)


def _is_met(clause: Clause, reading: Reading, acted: Sequence[Step], made: Chain) -> bool:
    titled = made.flow is not None and made.flow.title <= reading.words and bool(made.flow.title & clause.words)
    return bool(acted) and (titled or any(touches(each.card, reading.words, clause) for each in acted))


def _concerns(step: Step, reading: Reading, clause: Clause) -> bool:
    return any(name in clause.wanted for name in step.card.offers) or touches(step.card, reading.words, clause)


# What is listed and what the log keeps.


def _unit(step: Step) -> Frozen:
    card = step.card
    score = card.row["verificationScore"]
    return Frozen(id=card.id, name=card.name, type=card.type, status=card.status, verificationScore=score)


def _fired(step: Step) -> Frozen:
    card = step.card
    return Frozen(id=card.id, name=card.name, type=card.type, status=card.status, outputs=step.gave)


def _trace(reading: Reading, made: Chain) -> Iterable[Frozen]:
    named = f"; wanted: {', '.join(reading.wanted)}" if reading.wanted else ""
    yield _line(1, "read", f"{len(reading.given)} variables{named}", outputs=reading.given)
    if made.flow is not None:
        yield _line(2, "workflow", f"{made.flow.row['name']} ({made.flow.row['slug']})")
    start = 2 if made.flow is None else 3
    for at, step in enumerate(made.steps, start):
        yield _line(at, step.event, step.detail, step, step.gave)


def _line(at: int, event: str, detail: str, step: Step | None = None, outputs: Mapping[str, Any] = Frozen()) -> Frozen:
    card = step.card if step else None
    return Frozen(
        step=at, event=event, unitId=card.id if card else None, unitName=card.name if card else None,
        inputs=step.took if step else Frozen(), outputs=outputs, detail=detail or None,
    )  # fmt: skip
