"""What a coverage says in lines: counts by operation and kind, what is missing and what to do, what falls short."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.core.coverage import KINDS
from sandbox.core.coverage_report import Count, Coverage, Deed, deeds_of

HEADER = ("operation", *KINDS, "all", "%")
FEW = 10
"""How many deeds are told unless all are asked for."""
_NONE = "-"


def table_of(coverage: Coverage) -> list[list[str]]:
    """Return a row an operation, one for all of them, and one for the points of errors."""
    rows = [
        [each, *(_counted(coverage.of_kind(kind, each)) for kind in KINDS), *_whole(coverage.of_operation(each))]
        for each in coverage.operations
    ]
    whole = ["all", *(_counted(coverage.of_kind(kind)) for kind in KINDS), *_whole(coverage.total)]
    return [*rows, whole, ["errors", *[_NONE] * len(KINDS), *_whole(coverage.errors)]]


def _whole(count: Count) -> tuple[str, str]:
    return _counted(count), f"{count.percent:.1f}"


def _counted(count: Count) -> str:
    return f"{count.seen}/{count.declared}" if count.declared else _NONE


def cells_of(deed: Deed) -> tuple[str, str, str]:
    """Return how many points a deed shows, what to do, and which points they are."""
    return str(len(deed.points)), deed.way.say, "; ".join(map(str, deed.points))


def summary(coverage: Coverage) -> Iterator[str]:
    """Yield the few lines that a test run ends with."""
    total, errors = coverage.total, coverage.errors
    yield f"{coverage.api}: {_told(total)}, of errors {_told(errors)}"
    yield from (f"  {_more(deed)}" for deed in deeds_of(coverage)[:3])


def _told(count: Count) -> str:
    return f"{count.percent:.1f} % ({count.seen} of {count.declared})"


def shortfalls(coverage: Coverage, least: float | None, least_of_errors: float | None) -> Iterator[str]:
    """Yield a line for each percentage that is not reached, with what would show most of what is missing."""
    if least is not None and not coverage.total.reaches(least):
        yield _short(coverage, "coverage", least, coverage.total, deeds_of(coverage))
    if least_of_errors is not None and not coverage.errors.reaches(least_of_errors):
        deeds = deeds_of(coverage, lambda point: point.is_error)
        yield _short(coverage, "error coverage", least_of_errors, coverage.errors, deeds)


def _short(coverage: Coverage, name: str, least: float, got: Count, deeds: list[Deed]) -> str:
    told = f"{coverage.api}: {name}: expected at least {least:g} %, got {_told(got)}"
    return f"{told}; {_more(deeds[0])}" if deeds else told


def _more(deed: Deed) -> str:
    return f"{len(deed.points)} more point{'s' if len(deed.points) > 1 else ''}: {deed.way.say}"
