"""What a value of a request may be held to: a plain value, or operators that all have to hold.

A value that is not there counts as a value too, one that only `exists: false` fits; so `not` is always the opposite,
and `{"not": {"equals": 3}}` fits a request without the value. "There, and not 3" is `{"exists": true, "not": 3}`.

Whatever depends on a client's body is counted in steps (see `jsonpath`). What can't be paid for does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import orjson
import re2  # type: ignore[import-untyped]

from sandbox.core.document import Flaw, Path, got, nearest
from sandbox.core.problem import Problem, shown
from sandbox.core.steps import Steps

LONGEST_PATTERN = 1_000
LONGEST_PROGRAM = 1_000
"""Instructions of a compiled pattern: RE2 holds each, at worst, to every byte of the text."""
WORK = 1_000
"""So many bytes held to so many instructions count as one step more."""
DEEPEST = 8
DEEPEST_VALUE = 64
MOST_CHOICES = 100

ABSENT = object()
"""Stands for a value that is not there."""

Fits = Callable[[Any, Steps], bool]
Check = Callable[[Any, Path], Any]


class Test(NamedTuple):
    """What a value is held to, and how a message writes that."""

    fits: Fits
    written: str

    def holds(self, values: Iterable[Any], steps: Steps) -> bool:
        """Tell whether any of the values fits; if there is none, whether a value that is not there does."""
        some = False
        for value in values:
            some = True
            if self.fits(value, steps):
                return True
        return not some and self.fits(ABSENT, steps)


class Unreadable(Problem):
    """The refusal of a match, and the flaw that is its reason."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(422, "match-unreadable", str(flaw))
        self.flaw = flaw


def unreadable(where: Path, expected: str, told: str, near: str | None = None) -> Unreadable:
    """Return the refusal of a match: where it is unreadable, what was expected, what came, what was perhaps meant."""
    return Unreadable(Flaw(where, expected, told, near))


def text_expected(data: Any, where: Path) -> Any:
    """Return the data if it is a text; Problem otherwise."""
    if not isinstance(data, str):
        raise unreadable(where, "a text", got(data))
    return data


def value_expected(data: Any, where: Path) -> Any:
    """Return the data if it is a JSON value that is not nested too deeply; Problem otherwise."""
    if _depth(data) > DEEPEST_VALUE:
        raise unreadable(where, f"a value of at most {DEEPEST_VALUE} levels", got(data))
    return data


def read_test(data: Any, where: Path, check: Check, depth: int = DEEPEST) -> Test:
    """Return the test that the data writes; `check` judges each value that it compares with."""
    if not isinstance(data, Mapping):
        return equal_to(data, where, check)
    if depth == 0:
        raise unreadable(where, f"at most {DEEPEST} levels of not", got(data))
    if not data:
        raise unreadable(where, f"at least one of the operators {', '.join(KNOWN)}", got(data))
    read = [_operator(name, each, (*where, name), check, depth) for name, each in data.items()]
    return Test(lambda value, steps: all(fits(value, steps) for fits in read), _written(data))


def equal_to(data: Any, where: Path, check: Check) -> Test:
    """Return the test for one plain value."""
    return Test(_equals(data, where, check), _written(data))


def _operator(name: Any, data: Any, where: Path, check: Check, depth: int) -> Fits:
    if name == "not":
        inner = read_test(data, where, check, depth - 1)
        return lambda value, steps: not inner.fits(value, steps)
    if name not in OPERATORS:
        near = nearest(name, KNOWN)
        raise unreadable(where, f"one of the operators {', '.join(KNOWN)}", "an unknown operator", near)
    return OPERATORS[name](data, where, check)


def _equals(data: Any, where: Path, check: Check) -> Fits:
    return partial(_same, check(data, where))


def _same(expected: Any, value: Any, steps: Steps) -> bool:
    """Tell whether two JSON values are equal; 1 is 1.0, and true is not 1."""
    if value is ABSENT or not steps.paid(1 + _length(value) // WORK):
        return False
    if isinstance(expected, (list, tuple)):
        alike = isinstance(value, list) and len(value) == len(expected)
        return alike and all(_same(one, other, steps) for one, other in zip(expected, value, strict=True))
    if isinstance(expected, Mapping):
        alike = isinstance(value, dict) and value.keys() == expected.keys()
        return alike and all(_same(each, value[name], steps) for name, each in expected.items())
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    return bool(expected == value)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, dict)) else 0


def _contains(data: Any, where: Path, check: Check) -> Fits:
    part = check(data, where)

    def fits(value: Any, steps: Steps) -> bool:
        if isinstance(value, list):
            return any(_same(part, each, steps) for each in value[: steps.left])
        paid = isinstance(value, str) and steps.paid(1 + len(value) // WORK)
        return paid and isinstance(part, str) and part in value

    return fits


def _matches(data: Any, where: Path, _check: Check) -> Fits:
    pattern = read_pattern(data, where)
    size = pattern.programsize

    def fits(value: Any, steps: Steps) -> bool:
        return isinstance(value, str) and steps.paid(1 + len(value) * size // WORK) and is_found(pattern, value)

    return fits


def read_pattern(data: Any, where: Path) -> Any:
    """Return the pattern as RE2 reads it, with `.` for any character but a line break; Problem if it can't."""
    if not isinstance(data, str) or len(data) > LONGEST_PATTERN:
        raise unreadable(where, f"a pattern of at most {LONGEST_PATTERN} characters", got(data))
    return compiled(data, where, got(data))


def compiled(pattern: str, where: Path, told: str) -> Any:
    """Return the pattern compiled by RE2; Problem, which quotes what was told, if that can't be or costs."""
    options = re2.Options()
    options.log_errors = False
    try:
        program = re2.compile(pattern.encode(), options)
    except UnicodeEncodeError as error:
        raise unreadable(where, "a text without half of a surrogate pair", told) from error
    except re2.error as error:
        why = shown(error.args[0].decode("utf-8", "replace"))
        raise unreadable(where, "a pattern in RE2's syntax", f"{told} ({why})") from error
    if program.programsize > LONGEST_PROGRAM:
        raise unreadable(where, "a pattern with fewer repetitions", told)
    return program


def is_found(pattern: Any, text: str) -> bool:
    """Tell whether the pattern is found anywhere in the text: `^` and `$` tie it to the ends."""
    return pattern.search(text.encode("utf-8", "replace")) is not None


def _exists(data: Any, where: Path, _check: Check) -> Fits:
    if not isinstance(data, bool):
        raise unreadable(where, "true or false", got(data))
    return lambda value, _: (value is not ABSENT) is data


def _one_of(data: Any, where: Path, check: Check) -> Fits:
    if not isinstance(data, (list, tuple)) or not 1 <= len(data) <= MOST_CHOICES:
        raise unreadable(where, f"a list of 1 to {MOST_CHOICES} values", got(data))
    choices = [_equals(each, (*where, at), check) for at, each in enumerate(data)]
    return lambda value, steps: any(fits(value, steps) for fits in choices)


OPERATORS: Mapping[str, Callable[[Any, Path, Check], Fits]] = {
    "equals": _equals,
    "contains": _contains,
    "matches": _matches,
    "exists": _exists,
    "one_of": _one_of,
}
KNOWN = (*OPERATORS, "not")


def _depth(data: Any) -> int:
    """Return how many levels of objects and arrays a value has, or one more than allowed; never calls itself."""
    depth, level = 0, [data]
    while depth <= DEEPEST_VALUE and (level := [each for each in level if isinstance(each, (Mapping, list, tuple))]):
        depth += 1
        level = [value for each in level for value in (each.values() if isinstance(each, Mapping) else each)]
    return depth


def quoted(value: Any) -> str:
    """Return what a request holds as a message quotes it: a text, number or the like as JSON, anything else counted."""
    if isinstance(value, (Mapping, list, tuple)):
        return got(value)
    return _written(value[:200] if isinstance(value, str) else value)


def _written(value: Any) -> str:
    try:
        return shown(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        return got(value)
