"""The normal form of what was answered: two services that mean the same have the same one.

An answer becomes a *face*: a mark at each place that is compared, and nothing else.

* `status` is the status, or in words what came instead of an answer.
* `media type`, and each header that the contract declares for the status, by its kind: a whole number, a text, missing.
  `Allow` is the set of its methods.
* Every place of the JSON, rows of a list together as `*`: whether it fits what the contract has there, else what it is;
  a required field that is missing; a field that the contract lacks. `/error/code` is compared as it is.
* What a page promises (`sandbox.diff.pages`), and whether what was written comes back as it was written.

Whether a field is null where the contract lets it be null is a matter of data. It counts only where both sides have the
same data: in what the sequence itself has created, or everywhere with `same_data`; there the words of enums count, too.
With `same_data` all values count, after ids are named by their first appearance and times by their distance to the
first; prose is compared only by being there. So a transcript equals itself under any renaming of ids and any shift of
time, and comparing is symmetric.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.core.contract import Contract, Operation
from sandbox.diff.contract import answer_node, components, unconditional
from sandbox.diff.pages import page_marks, written_marks
from sandbox.diff.terms import Terms, kind_of, terms_of
from sandbox.testing.strategies.owning import own_steps
from sandbox.testing.strategies.playing import ABSENT, Step
from sandbox.testing.strategies.sequence import Calls

MISSING, FURTHER = "missing", "a field that the contract lacks"
FITS = "what the contract has there"
_WORDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "object": "an object", "array": "a list", "null": "null"}  # fmt: skip
_HANDLE = re.compile(r"(?:.*_|.*[a-z0-9](?=[A-Z]))?(?:ids?|Ids?|cursor|key|url)")
_ID_SCHEMAS = frozenset({"Identifier", "SystemIdentifier", "JobIdentifier", "RequestId"})
_PROSE = frozenset({"message", "response", "issue", "detail", "text", "answer"})


@dataclass(frozen=True, slots=True)
class Face:
    """What is compared of one answer: marks by place, those that count only where both sides have one, and the places
    below which nothing can be told because there is nothing."""

    marks: Mapping[str, str]
    soft: Mapping[str, str] = field(default_factory=dict)
    open: frozenset[str] = frozenset()


def faces(sequence: Calls, steps: Sequence[Step], *, same_data: bool = False) -> tuple[Face | None, ...]:
    """Return the face of each step's answer; None where the call was not made."""
    contract = unconditional(sequence.api)
    own = own_steps(contract, sequence.calls)
    names = _Names(contract) if same_data else None
    return tuple(
        _face(contract, sequence, steps[: at + 1], exact=same_data or each.number in own, names=names)
        if each.asked
        else None
        for at, each in enumerate(steps)
    )


def _face(contract: Contract, sequence: Calls, steps: Sequence[Step], *, exact: bool, names: _Names | None) -> Face:
    step = steps[-1]
    operation = contract.operations[step.call.operation]
    if step.status is None:
        return Face({"status": step.trouble})
    marks = {"status": str(step.status), "media type": _media(step), **_headers(contract, operation, step)}
    if step.json is ABSENT:
        return Face({**marks, "body": "no JSON" if "json" in _media(step) else "a document"})
    below, open_places = _body(sequence, step, exact=exact, names=names)
    soft = dict(written_marks(steps))
    page = dict(page_marks(contract, steps)) if step.status < 300 else {}
    return Face({**marks, "body": "JSON", **below, **page}, soft, open_places)


def _media(step: Step) -> str:
    return step.headers.get("content-type", MISSING).partition(";")[0].strip().lower()


def _headers(contract: Contract, operation: Operation, step: Step) -> dict[str, str]:
    declared = answer_node(contract, operation, step.status).get("headers", {})
    return {f"header {name}": _header(name, step.headers.get(name.lower())) for name in declared}


def _header(name: str, value: str | None) -> str:
    if value is None:
        return MISSING
    if name.lower() == "allow":
        return ", ".join(sorted({each.strip().upper() for each in value.split(",")}))
    return _WORDS["integer"] if value.strip().isdigit() else _WORDS["string"]


def _body(sequence: Calls, step: Step, *, exact: bool, names: _Names | None) -> tuple[dict[str, str], frozenset[str]]:
    """Return the marks of an answer's JSON, and the places that have nothing below them."""
    terms = terms_of(sequence.api, step.call.operation, step.status)
    if terms is None:
        return {}, frozenset()
    found: dict[str, list[str]] = {}
    nothing: set[str] = set()
    for place in _places(terms, step.json):
        label = _label(place, exact=exact, names=names)
        if label is not None:
            found.setdefault(place.at, []).append(label)
        if place.value is None or place.value == [] or label == FURTHER or not place.terms.fits(place.value):
            nothing.add(place.at)
        elif isinstance(place.value, dict):
            for name in place.terms.required:
                if name not in place.value:
                    found.setdefault(f"{place.at}/{name}", []).append(MISSING)
                    nothing.add(f"{place.at}/{name}")
    rows = {at: each if names is not None else sorted(set(each)) for at, each in found.items()}
    return {at: " and ".join(each) for at, each in rows.items()}, frozenset(nothing)


class _Place(NamedTuple):
    """A place of an answer, rows of a list together as `*`; its last name; what is there, and what is said of it."""

    at: str
    name: str
    value: Any
    terms: Terms
    needed: bool


def _places(terms: Terms, value: Any) -> Iterator[_Place]:
    """Yield the places that the contract speaks of, and the fields that it lacks where it is closed."""
    ahead = [_Place("", "", value, terms, True)]
    while ahead:
        place = ahead.pop()
        yield place
        if isinstance(place.value, list):
            rows = place.terms.below(None)
            if rows.spoken:
                ahead += [_Place(f"{place.at}/*", place.name, each, rows, False) for each in reversed(place.value)]
        elif isinstance(place.value, dict):
            for name in sorted(place.value, reverse=True):
                inner = place.terms.below(name)
                if inner.spoken or place.terms.closed:
                    needed = name in place.terms.required
                    ahead.append(_Place(f"{place.at}/{name}", name, place.value[name], inner, needed))


def _label(place: _Place, *, exact: bool, names: _Names | None) -> str | None:
    """Return the mark of a place, or None if nothing is compared there."""
    value, terms = place.value, place.terms
    if not terms.spoken:
        return FURTHER
    if place.at == "/error/code":
        return repr(value)
    if not terms.fits(value):
        return _WORDS[kind_of(value)]
    if terms.words and value is not None and value not in terms.words:
        return f"{value!r}, a word that the contract lacks"
    if isinstance(value, str) and terms.patterns and not any(each.search(value) for each in terms.patterns):
        return "a text of another form"
    if names is not None:
        return names.value(place.name, value)
    if not exact:
        return FITS if place.needed or not place.at else None
    return repr(value) if terms.words and value is not None else _WORDS[kind_of(value)]


class _Names:
    """Names the ids and the times of one transcript by their first appearance."""

    def __init__(self, contract: Contract) -> None:
        named = {
            each["pattern"] for name, each in components(contract).items() if name in _ID_SCHEMAS and "pattern" in each
        }
        self._id = re.compile("|".join(rf"\b{each.strip('^$')}\b" for each in sorted(named)))
        self._ids: dict[str, str] = {}
        self._first: datetime | None = None

    def value(self, name: str, value: Any) -> str:
        """Return the mark of a value that counts: itself, an id's name, a time's distance, or that it is there."""
        if isinstance(value, Mapping):
            return _WORDS["object"]
        if isinstance(value, list):
            return f"a list of {len(value)}"
        if not isinstance(value, str):
            return repr(value)
        if _HANDLE.fullmatch(name):
            return self._name(value)
        when = _time(value)
        if when is not None:
            self._first = self._first or when
            return f"a time {(when - self._first).total_seconds():+.0f} s from the first"
        if name in _PROSE:
            return _WORDS["string"] if value else "an empty text"
        return repr(self._id.sub(lambda found: self._name(found[0]), value))

    def _name(self, value: str) -> str:
        return self._ids.setdefault(value, f"id {len(self._ids) + 1}")


def _time(text: str) -> datetime | None:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:", text):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
