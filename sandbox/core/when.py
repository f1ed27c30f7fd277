"""When a rule strikes: what the request has to be like, whose turn it is, how likely it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.document import Document, DocumentError, Flaw, Path, got, load, nearest, whole
from sandbox.core.match import Match, read_match
from sandbox.core.message import Response
from sandbox.core.problem import Problem
from sandbox.core.scenario import Meeting, Turn
from sandbox.core.timeline import UNMARKED, Entry

_NOTHING = Response(0, (), b"")
_ON_REQUESTS = ("method", "path", "query", "header", "body", "key")
_ON_TURNS = ("nth", "every", "after", "until", "between")
_WHEN = ("operation", *_ON_REQUESTS, *_ON_TURNS, "probability", "rows")


def fits_of(when: Mapping[str, Any]) -> Callable[[Meeting], bool] | None:
    """Return the conditions that need a closer look at the request, or None if there are none."""
    for name in when:
        if name not in _WHEN:
            expected = "one of the conditions " + ", ".join(_WHEN)
            raise DocumentError((Flaw(("when", name), expected, "an unknown one", nearest(name, _WHEN)),))
    asked = {name: when[name] for name in _ON_REQUESTS if name in when}
    rows = _rows(when.get("rows"))
    if not asked and rows is None:
        return None
    match = _match(asked)

    def fits(meeting: Meeting) -> bool:
        return _holds(match, meeting) and (rows is None or rows(meeting))

    return fits


def _match(asked: Mapping[str, Any]) -> Match:
    try:
        return read_match(asked, ("when",))
    except Problem as problem:
        where, _, rest = problem.message.partition(": expected ")
        expected, _, found = rest.partition(", got ")
        raise DocumentError((Flaw((where,), expected, found),)) from problem


def _holds(match: Match, meeting: Meeting) -> bool:
    entry = Entry(
        0, 0, meeting.now, meeting.operation, meeting.request, _NOTHING, None, UNMARKED, meeting.charter
    )  # fmt: skip
    return match.fits(entry)


def _rows(given: Any) -> Callable[[Meeting], bool] | None:
    """Return the condition on how many rows a table has."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise DocumentError((Flaw(("when", "rows"), "a mapping of tables", got(given)),))
    bounds = [(name, load(_Rows, each)) for name, each in given.items()]

    def holds(meeting: Meeting) -> bool:
        tables = meeting.workspace.tables
        return all(
            name in tables and each["at_least"] <= tables[name].count() <= each["at_most"] for name, each in bounds
        )

    return holds


class _Rows(Document):
    at_least = whole(0, 1_000_000_000, load_default=0)
    at_most = whole(0, 1_000_000_000, load_default=1_000_000_000)


def turn_of(when: Mapping[str, Any]) -> Turn:
    """Return which meetings of the rule count."""
    nth = when.get("nth")
    chosen = nth if isinstance(nth, list) else [] if nth is None else [nth]
    low, high = _between(when.get("between"))
    for name, each in (
        *(("nth", one) for one in chosen),
        *((one, when[one]) for one in ("every", "after", "until") if one in when),
    ):
        if type(each) is not int or not 0 <= each <= 1_000_000_000 or (each == 0 and name != "after"):
            raise DocumentError((Flaw(("when", name), "a call's number, counted from 1", got(each)),))
    return Turn(
        None if nth is None else frozenset(chosen), when.get("every", 1), max(when.get("after", 0), low - 1),
        when.get("until", high) if high is None else min(when.get("until", high), high),
    )  # fmt: skip


def _between(given: Any) -> tuple[int, int | None]:
    if given is None:
        return 1, None
    if (
        not isinstance(given, list)
        or len(given) != 2
        or any(type(each) is not int for each in given)
        or not 1 <= given[0] <= given[1]
    ):
        raise DocumentError(
            (Flaw(("when", "between"), "the numbers of a first and a last call, such as [3, 7]", got(given)),)
        )
    return given[0], given[1]


def probability_of(when: Mapping[str, Any], path: Path) -> float:
    """Return how likely the rule strikes when it could."""
    given = when.get("probability", 1)
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
        raise DocumentError((Flaw((*path, "when", "probability"), "a number from 0 to 1", got(given)),))
    return float(given)
