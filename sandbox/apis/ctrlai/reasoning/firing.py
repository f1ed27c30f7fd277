"""What happens to one unit in a chain: it fires, fails, asks, waits, or is passed over."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.cards import Card, structure_of
from sandbox.apis.ctrlai.reasoning.library import Flow
from sandbox.apis.ctrlai.reasoning.structures import do, suits
from sandbox.core.frozen import Frozen

FIRED, FAILED, ASKED, WAITS, PASSED = "fired", "failed", "asked", "waiting", "passed_over"


class Step(NamedTuple):
    """What happened to a unit: the variables that it took and gave, what held in it, what it lacks, and why."""

    card: Card
    event: str
    took: Frozen = Frozen()
    gave: Frozen = Frozen()
    held: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    detail: str = ""


class Chain(NamedTuple):
    """What happened to the units, all variables at the end, and the workflow that was used, if any."""

    steps: tuple[Step, ...]
    known: Mapping[str, Any]
    flow: Flow | None


def is_ready(card: Card, known: Mapping[str, Any]) -> bool:
    """Tell whether all that the unit cannot do without is known."""
    return all(each in known for each in card.required)


def is_of_use(card: Card, known: Mapping[str, Any]) -> bool:
    """Tell whether the unit makes something that is not known yet, or only tells something."""
    return not card.makes or any(each not in known for each in card.makes)


def fire(card: Card, known: dict[str, Any]) -> Step:
    """Run a ready unit, add what it gives to what is known, and return what happened; what is known stays as it is."""
    took = Frozen((each.name, known[each.name]) for each in card.inputs if suits(known.get(each.name), each))
    wrong = [each for each in card.required if each not in took]
    if wrong:
        return Step(card, FAILED, took, detail=f"{wrong[0]} has another type than the unit takes")
    done = do(structure_of(card.row), took, card.outputs)
    if done.failure is not None:
        at = f" in {done.failure.step}" if done.failure.step else ""
        return Step(card, FAILED, took, detail=f"{done.failure.message}{at}")
    gave = Frozen((name, each) for name, each in done.values.items() if name not in known)
    known.update(gave)
    return Step(card, FIRED, took, gave, done.held)


def passed(card: Card) -> Step:
    """Return that the unit is not needed, because all that it makes is known."""
    return Step(card, PASSED, detail="all that it makes is known")


def held_up(card: Card, lacks: Sequence[str]) -> Step:
    """Return that a protocol asks for what it lacks, and that any other unit waits for it."""
    event = ASKED if card.type == "protocol" else WAITS
    return Step(card, event, lacks=tuple(lacks), detail=f"lacks {', '.join(lacks)}")


def lacking(card: Card, known: Container[str]) -> list[str]:
    """Return what the unit needs and does not have, what its gates ask for first."""
    return [each for each in dict.fromkeys((*card.gates, *card.required)) if each not in known]
