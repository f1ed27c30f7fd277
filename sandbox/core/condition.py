"""The single conditions on an entry of the journal: on what it says of itself, its query, its header fields, its body.

Texts are compared as the control plane shows them, without credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
import re2  # type: ignore[import-untyped]

from sandbox.core.clock import iso_exact, parse_instant
from sandbox.core.document import Path, got, nearest, written
from sandbox.core.operators import (
    Check,
    Test,
    compiled,
    equal_to,
    is_found,
    quoted,
    read_test,
    text_expected,
    unreadable,
    value_expected,
)
from sandbox.core.problem import Problem, shown
from sandbox.core.steps import Steps
from sandbox.core.timeline import Entry
from sandbox.core.view import cleaned, marks_of

MARKS = ("early_retry", "would_refuse")
MOST_TESTS = 50
LONGEST_GLOB = 500
_QUOTED = 3


class Difference(NamedTuple):
    """One thing that keeps an entry from fitting: where, what was expected there, what the entry has."""

    field: str
    expected: str
    got: str


class Facts:
    """What an entry is asked about, worked out when it is asked for first.

    `shared` are steps that all tests of it may take together; without them each test has its own.
    """

    def __init__(self, entry: Entry, shared: Steps | None = None) -> None:
        self.entry = entry
        self._shared = shared

    def steps(self) -> Steps:
        """Return the steps that a test may take."""
        return Steps() if self._shared is None else self._shared

    @cached_property
    def body(self) -> tuple[Any, ...]:
        """The request's JSON as the only value; no value if the body is no JSON."""
        try:
            return (orjson.loads(self.entry.request.body),)
        except orjson.JSONDecodeError:
            return ()

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        """The query's values by name."""
        query = cleaned(self.entry, self.entry.request.query)
        return _grouped(parse_qsl(query, keep_blank_values=True, errors="replace"))

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """The request's header fields by lower-case name."""
        entry = self.entry
        return _grouped((name.lower(), cleaned(entry, value)) for name, value in entry.request.headers)


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


class Condition(NamedTuple):
    """Whether a condition holds; what differs, given that it does not; how many conditions it counts for."""

    holds: Callable[[Facts], bool]
    told: Callable[[Facts], tuple[Difference, ...]]
    size: int = 1


def _on_entry(
    where: Path, expected: Any, holds: Callable[[Entry], bool], found: Callable[[Entry], Any]
) -> list[Condition]:  # fmt: skip
    field = written(where[-1:])

    def told(facts: Facts) -> tuple[Difference, ...]:
        return (Difference(field, quoted(expected), quoted(found(facts.entry))),)

    return [Condition(lambda facts: holds(facts.entry), told)]


def _named(find: Callable[[Entry], str | None], data: Any, where: Path) -> list[Condition]:
    if data is not None:
        text_expected(data, where)
    return _on_entry(where, data, lambda entry: find(entry) == data, find)


def _method(entry: Entry) -> str:
    return cleaned(entry, entry.request.method)


def _path_of(entry: Entry) -> str:
    return cleaned(entry, entry.request.path)


def _path(data: Any, where: Path) -> list[Condition]:
    if "*" not in text_expected(data, where):
        return _named(_path_of, data, where)
    if len(data) > LONGEST_GLOB:
        raise unreadable(where, f"a path with `*` of at most {LONGEST_GLOB} characters", got(data))
    pattern = "(?s:.*)".join("[^/]*".join(map(re2.escape, each.split("*"))) for each in data.split("**"))
    program = compiled(rf"\A{pattern}\z", where, got(data))
    return _on_entry(where, data, lambda entry: is_found(program, _path_of(entry)), _path_of)


def _status(data: Any, where: Path) -> list[Condition]:
    text = data if isinstance(data, str) else str(data) if _is_status(data) else ""
    if len(text) != 3 or text[0] not in "12345" or not (text[1:] == "xx" or (text.isascii() and text.isdigit())):
        raise unreadable(where, "a status such as 404 or 4xx", got(data))
    start = text.removesuffix("xx")
    return _on_entry(
        where, data, lambda entry: str(entry.response.status).startswith(start), lambda e: e.response.status
    )


def _is_status(data: Any) -> bool:
    return isinstance(data, int) and not isinstance(data, bool) and 100 <= data <= 599


def _fault(data: Any, where: Path) -> list[Condition]:
    if data is not None:
        text_expected(data, where)
    return _on_entry(where, data, lambda entry: _is_struck(entry, data), lambda entry: entry.marks.fault)


def _is_struck(entry: Entry, mark: str | None) -> bool:
    """Tell whether this rule is among those that struck the request; with None, whether none did."""
    return entry.marks.fault == mark or (entry.marks.fault is not None and mark in entry.marks.fault.split(", "))


def _mark(data: Any, where: Path) -> list[Condition]:
    if data not in MARKS:
        raise unreadable(where, f"one of {', '.join(MARKS)}", got(data), nearest(data, MARKS))
    return _on_entry(where, data, lambda entry: data in marks_of(entry), lambda entry: ", ".join(marks_of(entry)))


def _instant(data: Any, where: Path) -> int:
    try:
        return parse_instant(text_expected(data, where))
    except ValueError as error:
        raise _unreadable(where, error) from error


def _unreadable(where: Path, error: ValueError) -> Problem:
    expected, _, told = str(error).removeprefix("expected ").partition(", got ")
    return unreadable(where, expected, told)


def _since(data: Any, where: Path) -> list[Condition]:
    start = _instant(data, where)
    return _on_entry(where, data, lambda entry: entry.at >= start, lambda entry: iso_exact(entry.at))


def _until(data: Any, where: Path) -> list[Condition]:
    end = _instant(data, where)
    return _on_entry(where, data, lambda entry: entry.at < end, lambda entry: iso_exact(entry.at))


Values = Callable[[Facts, Steps], Iterable[Any]]


def _tested(field: str, test: Test, values: Values) -> Condition:
    def told(facts: Facts) -> tuple[Difference, ...]:
        some = [quoted(each) for each in islice(values(facts, Steps()), _QUOTED)]
        return (Difference(field, test.written, shown(", ".join(some)) or "nothing"),)

    def holds(facts: Facts) -> bool:
        steps = facts.steps()
        return test.holds(values(facts, steps), steps)

    return Condition(holds, told)


def _tests(data: Any, where: Path, check: Check) -> list[tuple[str, Test]]:
    if not isinstance(data, Mapping) or not 1 <= len(data) <= MOST_TESTS:
        raise unreadable(where, f"a mapping of 1 to {MOST_TESTS} tests by name", got(data))
    return [(name, read_test(each, (*where, name), check)) for name, each in data.items()]


def _query(data: Any, where: Path) -> list[Condition]:
    def of(name: str) -> Values:
        return lambda facts, _: facts.query.get(name, ())

    return [_tested(f"query.{shown(name)}", test, of(name)) for name, test in _tests(data, where, text_expected)]


def _header(data: Any, where: Path) -> list[Condition]:
    def of(name: str) -> Values:
        return lambda facts, _: facts.headers.get(name.lower(), ())

    return [_tested(f"header.{shown(name)}", test, of(name)) for name, test in _tests(data, where, text_expected)]


def _body(data: Any, where: Path) -> list[Condition]:
    """Read tests by JSONPath; a body that is no such mapping, the empty one among them, has to be equal."""
    if not isinstance(data, Mapping) or not data or not all(str(name).startswith("$") for name in data):
        return [_tested("body", equal_to(data, where, value_expected), lambda facts, _: facts.body)]
    tests = _tests(data, where, value_expected)
    return [_tested(f"body.{shown(name)}", test, _at_path(name, where)) for name, test in tests]


def _at_path(text: str, where: Path) -> Values:
    """Return what a JSONPath selects; what reads one is loaded here, since few who load this module write any."""
    from sandbox.core.jsonpath import read_path, selected

    try:
        path = read_path(text)
    except ValueError as error:
        raise _unreadable((*where, text), error) from error
    return lambda facts, steps: (one for body in facts.body for one in selected(path, body, steps))


CONDITIONS: Mapping[str, Callable[[Any, Path], list[Condition]]] = {
    "operation": partial(_named, lambda entry: entry.operation),
    "method": partial(_named, _method),
    "path": _path,
    "status": _status,
    "key": partial(_named, lambda entry: entry.request.caller.key),
    "cause": partial(_named, lambda entry: entry.cause),
    "fault": _fault,
    "mark": _mark,
    "since": _since,
    "until": _until,
    "query": _query,
    "header": _header,
    "body": _body,
}
"""What reads each condition, by its name."""
