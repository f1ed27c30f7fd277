"""Coverage as it is told: counted, with the way to whatever is missing, as a document and back.

The document names every declared point in order, so that those of several worlds can be joined by whoever has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.coverage import KINDS, Point
from sandbox.core.coverage_way import Way


class Count(NamedTuple):
    """How many points there are, and how many of them were seen."""

    seen: int
    declared: int

    @property
    def percent(self) -> float:
        """Return the share in percent, cut after one digit: 100 if and only if nothing is missing."""
        return self.seen * 1000 // self.declared / 10 if self.declared else 100.0

    def reaches(self, percent: float) -> bool:
        """Tell whether so many percent were seen."""
        return 100 * self.seen >= percent * self.declared

    def shown(self) -> dict[str, Any]:
        """Return the count as a document has it."""
        return {"declared": self.declared, "seen": self.seen, "percent": self.percent}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a suite has seen of an API: the way to every declared point, in order, and the points that were seen."""

    api: str
    sha256: str
    ways: Mapping[Point, Way]
    seen: frozenset[Point]

    @property
    def missing(self) -> tuple[Point, ...]:
        """Return the points that were not seen, in order."""
        return tuple(each for each in self.ways if each not in self.seen)

    @property
    def operations(self) -> tuple[str, ...]:
        """Return the operations, in order."""
        return tuple(dict.fromkeys(each.operation for each in self.ways))

    @property
    def total(self) -> Count:
        """Return the count of all points."""
        return self.count(lambda _point: True)

    @property
    def errors(self) -> Count:
        """Return the count of the points of answers with a status of 400 or more."""
        return self.count(lambda point: point.is_error)

    def count(self, fits: Callable[[Point], bool]) -> Count:
        """Return the count of the points that fit."""
        fitting = [each for each in self.ways if fits(each)]
        return Count(sum(each in self.seen for each in fitting), len(fitting))

    def of_kind(self, kind: str, operation: str = "") -> Count:
        """Return the count of a kind, of one operation or of all."""
        return self.count(lambda point: point.kind == kind and operation in ("", point.operation))

    def of_operation(self, operation: str) -> Count:
        """Return the count of an operation's points."""
        return self.count(lambda point: point.operation == operation)


class Deed(NamedTuple):
    """Something to do, and the missing points that it shows."""

    way: Way
    points: tuple[Point, ...]


def deeds_of(coverage: Coverage, fits: Callable[[Point], bool] = lambda _point: True) -> list[Deed]:
    """Return what there is to do for the missing points that fit: first what shows most of them."""
    shown: dict[Way, list[Point]] = {}
    for each in filter(fits, coverage.missing):
        shown.setdefault(coverage.ways[each], []).append(each)
    deeds = [Deed(way, tuple(points)) for way, points in shown.items()]
    return sorted(deeds, key=lambda deed: -len(deed.points))


def joined(coverages: Iterable[Coverage]) -> Coverage:
    """Return what several worlds have seen together; ValueError if their contracts differ, or if there are none."""
    several = list(coverages)
    if len({(each.api, each.sha256) for each in several}) != 1:
        raise ValueError(f"expected worlds of one contract, got {_contracts(several) or 'none'}")
    seen = frozenset().union(*(each.seen for each in several))
    return Coverage(several[0].api, several[0].sha256, several[0].ways, seen)


def _contracts(coverages: Iterable[Coverage]) -> str:
    return ", ".join(dict.fromkeys(f"{each.api} {each.sha256[:12]}" for each in coverages))


def coverage_shown(coverage: Coverage) -> dict[str, Any]:
    """Return the coverage as a document."""
    operations = coverage.operations
    return {
        "api": coverage.api,
        "sha256": coverage.sha256,
        **coverage.total.shown(),
        "errors": coverage.errors.shown(),
        "kinds": [{"kind": each, **coverage.of_kind(each).shown()} for each in KINDS],
        "operations": [{"operation": each, **coverage.of_operation(each).shown()} for each in operations],
        "points": [_point_shown(each, way, seen=each in coverage.seen) for each, way in coverage.ways.items()],
    }


def _point_shown(point: Point, way: Way, *, seen: bool) -> dict[str, Any]:
    told = point._replace(name=point.name or None, value=point.value or None)  # type: ignore[arg-type]
    return {**told._asdict(), "seen": seen, "way": {"by": way.by, "name": way.name, "say": way.say}}


def read_coverage(document: Mapping[str, Any]) -> Coverage:
    """Return the coverage that a document holds; ValueError if it is none."""
    try:
        ways = dict(map(_read, document["points"]))
        seen = frozenset(_point(each) for each in document["points"] if each["seen"] is True)
        return Coverage(str(document["api"]), str(document["sha256"]), ways, seen)
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected what GET /__admin/coverage answers, got something else ({error})") from error


def _read(shown: Mapping[str, Any]) -> tuple[Point, Way]:
    way, point = shown["way"], _point(shown)
    return point, Way(way["by"], way["name"], point.operation, way["say"])


def _point(shown: Mapping[str, Any]) -> Point:
    return Point(
        shown["kind"], shown["operation"], shown["status"], shown["name"] or "", shown["value"] or ""
    )  # fmt: skip
