"""The sentences of an answer: templates, filled with what was computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.apis.ctrlai.reasoning.firing import Step
from sandbox.apis.ctrlai.reasoning.words import keys

DISCLAIMER = "This response is not backed by verified reasoning units."
"""With this begins the response of an answer that no verified unit backs (guides/trust-gradient)."""

LONGEST = 600
_VERBS = {
    "program": "computes",
    "framework": "weighs the factors to",
    "pattern": "finds",
    "argument": "concludes",
    "protocol": "ends with",
}
_HELD = {"framework": "Factors", "pattern": "Features that hold", "argument": "Evidence", "protocol": "Steps that hold"}


def fired(step: Step) -> str:
    """Return what a unit that has fired says."""
    card, told = step.card, _short(step.card.row["then"] or "")
    if not step.gave:
        opening = f"{card.name}: {told or 'applies'}"
        return _sentence(opening) + _held(step)
    taken = f" from {_listed(step.took)}" if step.took else ""
    return _sentence(f"{card.name} {_VERBS[card.type]} {_listed(step.gave)}{taken}") + _held(step)


def asked(step: Step, questions: Iterable[str]) -> str:
    """Return what a protocol says that cannot go on before its questions are answered."""
    return f"{step.card.name} asks before it goes on: {' '.join(questions)}"


def failed(step: Step) -> str:
    """Return what is said of a unit that gave no result."""
    return _sentence(f"{step.card.name} gave no result: {step.detail}")


def uncovered(text: str, waiting: Iterable[Step]) -> str:
    """Return what is said of a part of the query that no unit covers, and what the units lack that could."""
    quoted = _short(" ".join(text.split()), 200)
    lacks = "; ".join(f"{step.card.name} needs {', '.join(step.lacks)}" for step in waiting)
    return _sentence(f'"{quoted}" stays open: {lacks or "no reasoning unit covers it"}')


def question(variable: str, told: str) -> str:
    """Return the question of a gate: its own words, else the words of the variable."""
    return _short(told.strip()) or f"What is the {' '.join(keys(variable)) or variable}?"


def tainted(step: Step, variables: Iterable[str]) -> str:
    """Return the warning about a unit whose inputs come from units that are not verified."""
    return f"{step.card.name} ({step.card.id}) is tainted by unverified input: {', '.join(variables)}"


def response(segments: Iterable[str], *, backed: bool) -> str:
    """Return the whole answer: the segments, after the disclaimer if nothing verified backs them."""
    return " ".join((*(() if backed else (DISCLAIMER,)), *segments))


def value(found: Any) -> str:
    """Return a plain value as prose writes it."""
    if isinstance(found, bool):
        return "true" if found else "false"
    return _short(found, 200) if isinstance(found, str) else f"{found!r}"


def _listed(values: Mapping[str, Any]) -> str:
    written = [f"{name} = {value(each)}" for name, each in values.items()]
    return written[0] if len(written) == 1 else f"{', '.join(written[:-1])} and {written[-1]}"


def _held(step: Step) -> str:
    told = step.card.row["definition"] or {}
    claim = told.get("claim")
    opening = f" {_sentence(_short(claim))}" if step.card.type == "argument" and isinstance(claim, str) else ""
    return opening + (f" {_HELD[step.card.type]}: {_short('; '.join(step.held))}." if step.held else "")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _short(text: str, limit: int = LONGEST) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
