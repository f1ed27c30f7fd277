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
from typing import Any

from sandbox.core.contract import Contract, Operation
from sandbox.core.ground import Ground, Place
from sandbox.diff.contract import answer_node, components, schema_node, unconditional
from sandbox.diff.pages import page_marks, written_marks
from sandbox.testing.strategies.owning import own_steps
from sandbox.testing.strategies.playing import ABSENT, Step
from sandbox.testing.strategies.sequence import Calls

MISSING, FURTHER = "missing", "a field that the contract lacks"
FITS = "what the contract has there"
_WORDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "object": "an object", "array": "a list", "null": "null"}  # fmt: skip
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
)
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
        _face(contract, steps[: at + 1], exact=same_data or each.number in own, names=names) if each.asked else None
        for at, each in enumerate(steps)
    )


def _face(contract: Contract, steps: Sequence[Step], *, exact: bool, names: _Names | None) -> Face:
    step = steps[-1]
    operation = contract.operations[step.call.operation]
    if step.status is None:
        return Face({"status": step.trouble})
    marks = {"status": str(step.status), "media type": _media(step), **_headers(contract, operation, step)}
    if step.json is ABSENT:
        return Face({**marks, "body": "no JSON" if "json" in _media(step) else "a document"})
    below, open_places = _body(contract, operation, step, exact=exact, names=names)
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


def _body(
    contract: Contract, operation: Operation, step: Step, *, exact: bool, names: _Names | None
) -> tuple[dict[str, str], frozenset[str]]:
    schema = schema_node(contract, operation, step.status)
    if schema is None:
        return {}, frozenset()
    ground = Ground(contract.document, schema, operation.success)
    found: dict[str, list[str]] = {}
    nothing: set[str] = set()
    for place in _spoken_of(ground, step.json):
        at = place_of(place.path)
        label = _label(place, exact=exact, names=names)
        if at == "/error/code":
            label = repr(place.value)
        if label is not None:
            found.setdefault(at, []).append(label)
        if place.value == [] or place.value is None or label in (FURTHER, MISSING) or not _fits(place):
            nothing.add(at)
        for name in _absent(place):
            found.setdefault(f"{at}/{name}", []).append(MISSING)
            nothing.add(f"{at}/{name}")
    rows = {at: each if names is not None else sorted(set(each)) for at, each in found.items()}
    return {at: " and ".join(each) for at, each in rows.items()}, frozenset(nothing)


def _spoken_of(ground: Ground, value: Any) -> Iterator[Place]:
    """Yield the places that the contract speaks of, and the fields that it lacks where it is closed."""
    ahead = [Place((), value, ground.spoken((ground.schema,)), True)]
    while ahead:
        place = ahead.pop()
        yield place
        closed = any(each is False for each in place.all("additionalProperties"))
        for inner in sorted(ground.children(place), key=lambda each: each.path):
            if inner.said:
                ahead.append(inner)
            elif closed and isinstance(place.value, Mapping):
                yield inner


def place_of(path: Sequence[str | int]) -> str:
    """Return a path as text, with `*` for any row of a list."""
    return "".join(f"/{'*' if isinstance(each, int) else each}" for each in path)


def _absent(place: Place) -> list[str]:
    if not isinstance(place.value, Mapping):
        return []
    return [
        name
        for name in dict.fromkeys(n for each in place.said for n in each.get("required", ()))
        if name not in place.value
    ]


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null" if value is None else "object")


def _fits(place: Place) -> bool:
    kind = kind_of(place.value)
    return not place.types or kind in place.types or (kind == "integer" and "number" in place.types)


def _label(place: Place, *, exact: bool, names: _Names | None) -> str | None:
    """Return the mark of a place, or None if nothing is compared there."""
    if not place.said and place.path:
        return FURTHER
    kind = kind_of(place.value)
    if not _fits(place):
        return _WORDS[kind]
    words = [one for each in place.all("enum") for one in each] + place.all("const")
    if words and place.value is not None and place.value not in words:
        return f"{place.value!r}, a word that the contract lacks"
    if isinstance(place.value, str) and not _well_formed(place):
        return "a text of another form"
    if names is not None:
        return names.value(place)
    if not exact:
        return FITS if place.needed or not place.path else None
    return repr(place.value) if words and place.value is not None else _WORDS[kind]


def _well_formed(place: Place) -> bool:
    patterns = place.all("pattern")
    return not patterns or any(re.search(each, place.value) for each in patterns)


class _Names:
    """Names the ids and the times of one transcript by their first appearance."""

    def __init__(self, contract: Contract) -> None:
        named = {
            each["pattern"] for name, each in components(contract).items() if name in _ID_SCHEMAS and "pattern" in each
        }
        self._id = re.compile("|".join(rf"\b{each.strip('^$')}\b" for each in sorted(named)))
        self._ids: dict[str, str] = {}
        self._first: datetime | None = None

    def value(self, place: Place) -> str:
        """Return the mark of a value that counts: itself, an id's name, a time's distance, or that it is there."""
        value, name = place.value, next((each for each in reversed(place.path) if isinstance(each, str)), "")
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
