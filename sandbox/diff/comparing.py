"""Two normal forms beside each other: where they part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sandbox.app import contract_of
from sandbox.core.contract import Operation
from sandbox.diff.normal import MISSING, Face
from sandbox.testing.strategies.owning import own_steps
from sandbox.testing.strategies.sequence import Calls

NOTHING = "nothing"
_QUOTA = "429"
_NOT_OF_DATA = re.compile(r"^body-|-not-found$|-unknown$|^cursor-|^date")


class Divergence(NamedTuple):
    """A place where the answers to one call part: step, operation, place, and what each side has there."""

    step: int
    operation: str
    place: str
    ours: str
    theirs: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes two divergences the same: operation, place, and in which way they part."""
        if self.place in ("status", "/error/code"):
            return self.operation, self.place, f"{self.ours} {self.theirs}"
        missing = [
            side for side, label in (("ours", self.ours), ("theirs", self.theirs)) if label in (MISSING, NOTHING)
        ]
        return self.operation, self.place, f"missing in {missing[0]}" if missing else "other"


def compare(
    sequence: Calls, ours: Sequence[Face | None], theirs: Sequence[Face | None], *, same_data: bool = False
) -> Iterator[Divergence]:
    """Yield where the two sides part, call by call; after another status the rest follows from it and is not compared.

    A 429 that one side alone gives is a matter of its quota, and a refusal that depends on what a side's own rows are
    like a matter of its data: neither is a divergence.
    """
    contract = contract_of(sequence.api)
    own = own_steps(contract, sequence.calls)
    for number, (call, mine, other) in enumerate(zip(sequence, ours, theirs, strict=True), 1):
        if mine is None or other is None:
            continue
        statuses = mine.marks["status"], other.marks["status"]
        if statuses[0] != statuses[1]:
            foreign = not same_data and any(each.step not in own for each in call.refs())
            if _QUOTA not in statuses and not (foreign and _depends(contract.operations[call.operation], statuses)):
                yield Divergence(number, call.operation, "status", *statuses)
            return
        for place, label, counterpart in _parted(mine, other):
            yield Divergence(number, call.operation, place, label, counterpart)


def _depends(operation: Operation, statuses: tuple[str, str]) -> bool:
    """Tell whether a row may decide between these statuses by its state: success, and refusals that are listed."""
    causes = [each for each in operation.refusals.values() if not _NOT_OF_DATA.search(each.cause)]
    return set(statuses) <= {str(operation.success.status), *(str(each.status) for each in causes)}


def _parted(mine: Face, other: Face) -> Iterator[tuple[str, str, str]]:
    for place in ("media type", "body"):
        if mine.marks.get(place) != other.marks.get(place):
            yield place, mine.marks.get(place, NOTHING), other.marks.get(place, NOTHING)
            return
    for place in {**mine.marks, **other.marks}:
        label, counterpart = mine.marks.get(place, NOTHING), other.marks.get(place, NOTHING)
        if label != counterpart and not (_hidden(place, mine) or _hidden(place, other)):
            yield place, label, counterpart
    for place, label in mine.soft.items():
        if place in other.soft and other.soft[place] != label:
            yield place, label, other.soft[place]


def _hidden(place: str, face: Face) -> bool:
    """Tell whether a side has nothing at this place because it has nothing above it."""
    if place in face.marks or not place.startswith("/"):
        return place not in face.marks and _is_promise(place)
    steps = place.split("/")
    return any("/".join(steps[:end]) in face.open for end in range(1, len(steps)))


def _is_promise(place: str) -> bool:
    """Tell whether a mark stands only where there is something to tell of, such as rows that a filter let through."""
    return place.startswith("filter ") or place in ("created rows", "cursor", "page size", "next page")
