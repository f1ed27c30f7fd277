"""When a rule strikes: what the request has to be like, whose turn it is, how likely it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.core.api import Api
from sandbox.core.condition import Facts
from sandbox.core.contract import Operation
from sandbox.core.document import Document, DocumentError, Flaw, got, load, nearest, whole
from sandbox.core.frozen import to_json
from sandbox.core.gathering import Flaws, flawed
from sandbox.core.match import Match, read_match
from sandbox.core.message import Response
from sandbox.core.operators import Unreadable
from sandbox.core.scenario import ALWAYS, Meeting, Turn
from sandbox.core.steps import STEPS, Steps
from sandbox.core.synonym import Alias, Words, renamed
from sandbox.core.timeline import UNMARKED, Entry

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_NTH = 100
LAST = 1_000_000_000
"""The highest number of a call that a rule may name."""
TOGETHER = 10 * STEPS
"""Steps that all rules together may take to look at one request; what cannot be paid for does not fit."""
_NOTHING = Response(0, (), b"")
ON_REQUESTS = ("method", "path", "query", "header", "body", "key")
ON_TURNS = ("nth", "every", "after", "until", "between")
WHEN = ("operation", *ON_REQUESTS, *ON_TURNS, "probability", "rows")
_PATH = "path, in which * stands for one segment and ** for any number, or operation"
WORDS = Words(
    {
        "operationId": Alias("operation", "OpenAPI"),
        "urlPath": Alias("path", "WireMock"),
        "headers": Alias("header", "WireMock, MockServer"),
        "queryParameters": Alias("query", "WireMock"),
    },
    {
        **dict.fromkeys(("url", "urlPattern", "urlPathPattern", "urlPathTemplate"), _PATH),
        "bodyPatterns": "body, such as {$.name: {equals: x}}",
        "queryStringParameters": "query, such as {limit: {equals: '5'}}",
        "percentage": "probability, from 0 to 1",
        "toxicity": "probability, from 0 to 1",
        "status": "conditions on the request: a rule is asked before there is an answer",
        "state": "requires, beside when",
        "times": "times, beside when",
        "ttl": "ttl, beside when",
    },
)
"""What other tools call the conditions."""


class When(NamedTuple):
    """When a rule strikes: on which operations, what else fits, which calls count, how likely it is.

    `operations` is None for any request; `site` are those that may be meant. `asked` are the conditions that need a
    closer look, as bytes that are equal for equal ones, and `lasting` says that they are about the request alone.
    """

    operations: frozenset[str] | None
    site: tuple[Operation, ...]
    fits: Callable[[Meeting], bool] | None
    turn: Turn
    probability: float
    asked: bytes
    lasting: bool


def read_when(given: Mapping[str, Any], api: Api) -> When:
    """Return what the conditions mean for this API; DocumentError tells what is wrong, by its place in them."""
    read = renamed(given, WORDS)
    try:
        return _read(read.fields, api)
    except DocumentError as error:
        raise DocumentError(tuple(read.told(each) for each in error.flaws)) from error


def _read(when: Mapping[str, Any], api: Api) -> When:
    flaws = Flaws()
    known = {name: each for name, each in when.items() if name in WHEN and (each is not None or name == "body")}
    for name in (each for each in when if each not in known):
        told = "null" if name in WHEN else "an unknown one"
        flaws.add(Flaw((name,), "one of the conditions " + ", ".join(WHEN), told, nearest(name, WHEN)))
    operations = flaws.of(lambda: _operations(known, api), "operation")
    methods = flaws.of(lambda: _methods(known.get("method")), "method")
    site = flaws.of(lambda: _site(methods or METHODS, operations, api), "method")
    flaws.of(lambda: _check_path(known.get("path"), api.contract.prefix), "path")
    asked = {name: known[name] for name in ON_REQUESTS if name in known and name != "method"}
    asked |= _of_methods(methods or ())
    match = flaws.of(lambda: _match(asked)) if asked else None
    rows = flaws.of(lambda: _rows(known["rows"], api.storage.tables), "rows") if "rows" in known else None
    turn = flaws.of(lambda: _turn(known))
    probability = flaws.of(lambda: _probability(known.get("probability", 1)), "probability")
    flaws.tell()
    fits = _fits(match, rows)
    closer = {name: each for name, each in known.items() if name in ON_REQUESTS or name == "rows"}
    seen = to_json(closer) if closer else b""
    return When(operations, site or (), fits, turn or ALWAYS, probability or 0.0, seen, match is not None and not rows)


def _operations(known: Mapping[str, Any], api: Api) -> frozenset[str] | None:
    if "operation" not in known:
        return None
    named, names = known["operation"], tuple(api.contract.operations)
    listed = named if isinstance(named, list) and 0 < len(named) <= 100 else [named]
    flaws = Flaws()
    for at, each in enumerate(listed):
        if each not in names:
            place = (at,) if listed is named else ()
            flaws.add(Flaw(place, "one of " + ", ".join(names), got(each), nearest(each, names)))
    flaws.tell()
    return frozenset(listed)


def _methods(given: Any) -> tuple[str, ...]:
    """Return the methods that are named, or none if the rule names none."""
    if given is None:
        return ()
    listed = given if isinstance(given, list) and 0 < len(given) <= len(METHODS) else [given]
    flaws = Flaws()
    for at, each in enumerate(listed):
        if each not in METHODS:
            place = (at,) if listed is given else ()
            near = nearest(str(each).upper(), METHODS)
            flaws.add(Flaw(place, "one of " + ", ".join(METHODS), got(each), near))
    flaws.tell()
    return tuple(dict.fromkeys(listed))


def _of_methods(methods: Sequence[str]) -> dict[str, Any]:
    """Return the condition that a request has one of the methods, if any is named."""
    if len(methods) > 1:
        return {"or": [{"method": each} for each in methods]}
    return {"method": methods[0]} if methods else {}


def _site(methods: Sequence[str], operations: frozenset[str] | None, api: Api) -> tuple[Operation, ...]:
    """Return the operations that the rule may mean, which faults are judged by."""
    every = api.contract.operations.values()
    meant = tuple(each for each in every if operations is None or each.id in operations)
    found = tuple(each for each in meant if each.method in methods)
    if operations is not None and meant and not found:
        raise flawed((), f"the method of the rule's operation, {meant[0].method}", " and ".join(map(got, methods)))
    return found or meant


def _check_path(path: Any, prefix: str) -> None:
    if not isinstance(path, str):
        return
    head = path.partition("*")[0]
    if not (head.startswith(prefix + "/") or (head != path and f"{prefix}/".startswith(head))):
        raise flawed((), f"a path below {prefix}, such as {prefix}/**", got(path))


def _match(asked: Mapping[str, Any]) -> Match:
    try:
        return read_match(asked, ())
    except Unreadable as problem:
        raise DocumentError((problem.flaw,)) from problem


def _fits(match: Match | None, rows: Callable[[Meeting], bool] | None) -> Callable[[Meeting], bool] | None:
    if match is None:
        return rows

    def fits(meeting: Meeting) -> bool:
        return match.holds(_facts(meeting)) and (rows is None or rows(meeting))

    return fits


def _facts(meeting: Meeting) -> Facts:
    """Return what conditions ask about the request; the rules that it meets share it."""
    facts: Facts | None = meeting.memo.get("facts")
    if facts is None:
        facts = meeting.memo["facts"] = Facts(
            Entry(0, 0, meeting.now, meeting.operation, meeting.request, _NOTHING, None, UNMARKED, meeting.charter),
            Steps(TOGETHER),
        )
    return facts


class _Rows(Document):
    at_least = whole(0, LAST, load_default=0)
    at_most = whole(0, LAST, load_default=LAST)


def _rows(given: Any, tables: Iterable[str]) -> Callable[[Meeting], bool]:
    """Return the condition on how many rows a table has."""
    known = tuple(tables)
    if not isinstance(given, Mapping) or not given:
        raise flawed((), "a mapping of tables, such as {systems: {at_least: 3}}", got(given))
    flaws = Flaws()
    bounds = [(name, flaws.of(lambda name=name: _bounds(name, given[name], known), name)) for name in given]  # type: ignore[misc]
    flaws.tell()
    limits = [(name, *each) for name, each in bounds if each is not None]

    def holds(meeting: Meeting) -> bool:
        tables = meeting.workspace.tables
        return all(name in tables and low <= tables[name].count() <= high for name, low, high in limits)

    return holds


def _bounds(name: str, given: Any, tables: tuple[str, ...]) -> tuple[int, int]:
    if name not in tables:
        raise flawed((), "one of the tables " + ", ".join(tables), "an unknown one", nearest(name, tables))
    read = load(_Rows, given)
    if not given:
        raise flawed((), "at_least, at_most or both", "neither")
    if read["at_least"] > read["at_most"]:
        raise flawed(("at_most",), f"at_least, {read['at_least']}, or more", str(read["at_most"]))
    return read["at_least"], read["at_most"]


def _turn(when: Mapping[str, Any]) -> Turn:
    """Return which meetings of the rule count; DocumentError if none can."""
    flaws = Flaws()
    nth = flaws.of(lambda: _nth(when.get("nth")), "nth")
    low, high = flaws.of(lambda: _between(when.get("between")), "between") or (1, None)
    for name in ("every", "after", "until"):
        if name in when:
            flaws.of(lambda name=name: _call(when[name], 0 if name == "after" else 1), name)  # type: ignore[misc]
    flaws.tell()
    ends = [each for each in (high, when.get("until")) if each is not None]
    turn = Turn(nth, when.get("every", 1), max(when.get("after", 0), low - 1), min(ends, default=None))
    _check_comes(
        turn, next(name for name in ("nth", "every", "until", "between", "after", "") if name in when or not name)
    )
    return turn


def _check_comes(turn: Turn, name: str) -> None:
    """Refuse a turn that never comes, or a number among `nth` that the other conditions leave out."""
    if turn.nth is not None:
        never = sorted(each for each in turn.nth if not turn.comes(each))
        if never:
            raise flawed((name,), "calls that every, after, until and between let through", str(never[0]))
        return
    first = (turn.after // turn.every + 1) * turn.every
    if turn.until is not None and first > turn.until:
        found = f"none: the first after {turn.after} is {first}, and the last is {turn.until}"
        raise flawed((name,), "conditions that let some call through", found)


def _nth(given: Any) -> frozenset[int] | None:
    if given is None:
        return None
    listed = given if isinstance(given, list) else [given]
    if not 1 <= len(listed) <= MOST_NTH:
        raise flawed((), f"1 to {MOST_NTH} numbers of calls", got(given))
    flaws = Flaws()
    for at, each in enumerate(listed):
        flaws.of(lambda each=each: _call(each, 1), *((at,) if listed is given else ()))  # type: ignore[misc]
    flaws.tell()
    return frozenset(listed)


def _call(given: Any, least: int) -> None:
    if type(given) is not int or not least <= given <= LAST:
        raise flawed((), f"the number of a call, from {least} to {LAST:,}", got(given))


def _between(given: Any) -> tuple[int, int | None]:
    if given is None:
        return 1, None
    numbers = isinstance(given, list) and len(given) == 2 and all(type(each) is int for each in given)
    if not numbers or not 1 <= given[0] <= given[1] <= LAST:
        raise flawed((), "the numbers of a first and a last call, such as [3, 7]", got(given))
    return given[0], given[1]


def _probability(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
        raise flawed((), "a number from 0 to 1", got(given))
    return float(given)
