"""The values of the program language, exact and bounded, and what each operator makes of them.

An operator raises `Failed` where it has no value; `program` turns that into a `Failure`. Every value that an operator
makes is held to the limits at once, so that no chain of operators can grow beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import ceil, floor, isfinite, trunc
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from sandbox.apis.ctrlai.reasoning.schema import kind_of

MANY = 2_000
LARGEST = 10**15
MOST_BITS = 1_024
LONGEST_TEXT = 1_000
MOST_DECIMALS = 12

Value = Fraction | str | bool
V = TypeVar("V", Fraction, str, bool, Value)
Scope = Mapping[str, Any]
Expression = Callable[[Scope], Value]


class Failed(Exception):
    """An expression has no value: the stable word of the cause, and a sentence. It never leaves the language."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class Operator(NamedTuple):
    """How many operands it takes, and what it makes of their values."""

    least: int
    most: int
    apply: Callable[[Sequence[Value]], Value]


class Chooser(NamedTuple):
    """An operator that computes no more of its operands than it needs."""

    least: int
    most: int
    build: Callable[[Sequence[Expression]], Expression]


def value(data: object) -> Value:
    """Return a plain number, string or boolean as a value; Failed says what else it is, or that it is too large."""
    if isinstance(data, bool):
        return data
    if isinstance(data, (int, float)):
        return _number(data)
    if isinstance(data, (Fraction, str)):
        return bounded(data)
    raise Failed("wrong-type", f"expected a number, a string or a boolean, got {kind_of(data)}")


def bounded(made: V) -> V:
    """Return the value if it is within the limits."""
    if isinstance(made, Fraction):
        _small(made)
    if isinstance(made, str) and len(made) > LONGEST_TEXT:
        raise Failed("too-large", f"a text has more than {LONGEST_TEXT} characters")
    return made


def plain(made: Value) -> int | float | str | bool:
    """Return a value as JSON has it: an integer where it is whole, else the nearest double."""
    if not isinstance(made, Fraction):
        return made
    return made.numerator if made.denominator == 1 else made.numerator / made.denominator


def _number(data: int | float) -> Fraction:
    if isinstance(data, float) and not isfinite(data):
        raise Failed("wrong-type", "expected a number, got one that is not finite")
    if abs(data) > LARGEST:
        raise _too_large()
    # repr, because 0.1 is meant to be a tenth, not the double that is nearest to it.
    return _small(Fraction(repr(data)) if isinstance(data, float) else Fraction(data))


def _small(number: Fraction) -> Fraction:
    if abs(number) > LARGEST:
        raise _too_large()
    if number.denominator.bit_length() > MOST_BITS or number.numerator.bit_length() > MOST_BITS:
        raise Failed("too-large", f"a fraction needs more than {MOST_BITS} bits")
    return number


def _too_large() -> Failed:
    return Failed("too-large", "a number is further than 10^15 from zero")


def _numbers(values: Sequence[Value]) -> Sequence[Fraction]:
    for each in values:
        if not isinstance(each, Fraction):
            raise Failed("wrong-type", f"expected a number, got {_kind(each)}")
    return values  # type: ignore[return-value]


def _kind(made: Value) -> str:
    return "number" if isinstance(made, Fraction) else kind_of(made)


def truth(made: Value) -> bool:
    """Return the boolean that a condition is; nothing else is true or false."""
    if not isinstance(made, bool):
        raise Failed("wrong-type", f"expected a boolean, got {_kind(made)}")
    return made


def same(one: Value, other: Value) -> bool:
    """Tell whether two values are of one kind and equal."""
    return _kind(one) == _kind(other) and one == other


def _add(values: Sequence[Value]) -> Value:
    return reduce(lambda left, right: _small(left + right), _numbers(values))


def _multiply(values: Sequence[Value]) -> Value:
    return reduce(lambda left, right: _small(left * right), _numbers(values))


def _subtract(values: Sequence[Value]) -> Value:
    first, *rest = _numbers(values)
    return first - rest[0] if rest else -first


def _divide(values: Sequence[Value]) -> Value:
    first, second = _numbers(values)
    if not second:
        raise Failed("division-by-zero", "division by zero")
    return first / second


def _remainder(values: Sequence[Value]) -> Value:
    first, second = _numbers(values)
    if not second:
        raise Failed("division-by-zero", "division by zero")
    return first - second * trunc(first / second)


def _round(values: Sequence[Value]) -> Value:
    number, digits = _numbers([*values, Fraction(0)][:2])
    if digits.denominator != 1 or not 0 <= digits <= MOST_DECIMALS:
        raise Failed("wrong-type", f"expected 0 to {MOST_DECIMALS} decimals, got another number")
    scale = 10 ** int(digits)
    away = floor(abs(number) * scale + Fraction(1, 2))
    return Fraction(away if number >= 0 else -away, scale)


def _equal(values: Sequence[Value]) -> Value:
    one, other = values
    if _kind(one) != _kind(other):
        raise Failed("wrong-type", f"expected two values of one kind, got {_kind(one)} and {_kind(other)}")
    return one == other


def _ordered(fits: Callable[[Fraction, Fraction], bool]) -> Callable[[Sequence[Value]], Value]:
    def apply(values: Sequence[Value]) -> Value:
        numbers = _numbers(values)
        return all(fits(left, right) for left, right in pairwise(numbers))

    return apply


def _joined(values: Sequence[Value]) -> Value:
    return "".join(_written(each) for each in values)


def _written(made: Value) -> str:
    if isinstance(made, bool):
        return "true" if made else "false"
    return made if isinstance(made, str) else repr(plain(made))


def part(values: Sequence[Value]) -> Value:
    """Tell whether the first text is part of the second."""
    one, other = values
    if not isinstance(one, str) or not isinstance(other, str):
        raise Failed("wrong-type", f"expected two strings, got {_kind(one)} and {_kind(other)}")
    return one in other


def _and(parts: Sequence[Expression]) -> Expression:
    return lambda scope: all(truth(each(scope)) for each in parts)


def _or(parts: Sequence[Expression]) -> Expression:
    return lambda scope: any(truth(each(scope)) for each in parts)


def _if(parts: Sequence[Expression]) -> Expression:
    pairs, otherwise = tuple(zip(parts[:-1:2], parts[1::2], strict=True)), parts[-1]

    def choose(scope: Scope) -> Value:
        for condition, chosen in pairs:
            if truth(condition(scope)):
                return chosen(scope)
        return otherwise(scope)

    return choose


OPERATORS = MappingProxyType(
    {
        "+": Operator(1, MANY, _add),
        "*": Operator(1, MANY, _multiply),
        "-": Operator(1, 2, _subtract),
        "/": Operator(2, 2, _divide),
        "%": Operator(2, 2, _remainder),
        "min": Operator(1, MANY, lambda values: min(_numbers(values))),
        "max": Operator(1, MANY, lambda values: max(_numbers(values))),
        "abs": Operator(1, 1, lambda values: abs(_numbers(values)[0])),
        "floor": Operator(1, 1, lambda values: Fraction(floor(_numbers(values)[0]))),
        "ceil": Operator(1, 1, lambda values: Fraction(ceil(_numbers(values)[0]))),
        "round": Operator(1, 2, _round),
        "==": Operator(2, 2, _equal),
        "===": Operator(2, 2, _equal),
        "!=": Operator(2, 2, lambda values: not _equal(values)),
        "!==": Operator(2, 2, lambda values: not _equal(values)),
        "<": Operator(2, 3, _ordered(lambda left, right: left < right)),
        "<=": Operator(2, 3, _ordered(lambda left, right: left <= right)),
        ">": Operator(2, 3, _ordered(lambda left, right: left > right)),
        ">=": Operator(2, 3, _ordered(lambda left, right: left >= right)),
        "!": Operator(1, 1, lambda values: not truth(values[0])),
        "cat": Operator(1, MANY, _joined),
    }
)
"""Operators that compute all of their operands; `in` besides takes a list as its second."""

CHOOSERS = MappingProxyType({"and": Chooser(1, MANY, _and), "or": Chooser(1, MANY, _or), "if": Chooser(3, MANY, _if)})
