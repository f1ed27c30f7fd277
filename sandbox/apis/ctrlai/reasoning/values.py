"""The value that stands beside a variable in a text: a quantity, a yes or no, a choice, or a quotation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from sandbox.apis.ctrlai.reasoning.schema import Variable, fits
from sandbox.apis.ctrlai.reasoning.words import Token, keys, number, stems

REACH = 4
"""So many words may stand between a variable and its value."""
LONGEST_QUOTE = 40

_LINKS = "of is was are were at to the a an about around approximately equals equal currently ratio amount value"
_BEHIND = stems(f"{_LINKS} = : ( $ € £")
_BEFORE = stems("of in a an the")
_SPOKEN = MappingProxyType({"yes": True, "true": True, "no": False, "false": False})
_WITH, _WITHOUT = stems("with"), stems("no without not")
_PERCENT = stems("percent percentage pct")
_TIMES = MappingProxyType({"thousand": 1_000, "million": 1_000_000})


def behind(text: str, found: Sequence[Token], _start: int, end: int, variable: Variable) -> tuple[Any, int] | None:
    """Return the value that stands behind a mention which ends there, and its place."""
    at, strict = end, False
    while at < len(found) and at <= end + REACH:
        value = _value_at(text, found, at, variable, strict=strict)
        if value is not None:
            return value, at
        if found[at].key not in _BEHIND:
            return None
        strict = found[at].key in (":", "=")
        at += 1
    return None


def before(text: str, found: Sequence[Token], start: int, _end: int, variable: Variable) -> tuple[Any, int] | None:
    """Return the value that stands right before a mention which starts there, and its place."""
    at = start - 1
    if variable.type == "boolean" and at >= 0 and found[at].key in _WITH | _WITHOUT:
        return found[at].key in _WITH, at
    if at >= 0 and found[at].key in _BEFORE:
        at -= 1
    if at < 0 or variable.type not in ("number", "integer") or found[at].kind == "mark":
        return None
    if found[at].key in _TIMES and at and found[at - 1].kind == "number":
        at -= 1
    value = _value_at(text, found, at, variable, strict=False)
    return None if value is None else (value, at)


def _value_at(text: str, found: Sequence[Token], at: int, variable: Variable, *, strict: bool) -> Any:
    """Return the value that stands at this token, as the variable would have it, or None."""
    if variable.enum and variable.type == "string":
        return _choice(found, at, variable.enum)
    if variable.type in ("number", "integer"):
        value: Any = _quantity(found, at, variable)
    elif variable.type == "boolean":
        value = _SPOKEN.get(found[at].key)
    else:
        value = _text(text, found, at, strict=strict) if variable.type == "string" else None
    return value if value is not None and fits(value, variable) else None


def _quantity(found: Sequence[Token], at: int, variable: Variable) -> int | float | None:
    written = found[at].key
    value = number(written) if found[at].kind == "number" else None
    if value is None:
        return None
    following = found[at + 1].key if at + 1 < len(found) else ""
    if written[-1] == "%" or following in _PERCENT:
        return value if _PERCENT & set(keys(variable.name)) else _tidy(value, "e-2")
    times = 1_000 if written[-1] in "kK" else _TIMES.get(following, 1)
    return _tidy(value, {1_000: "e3", 1_000_000: "e6"}.get(times, ""))


def _tidy(value: int | float, exponent: str) -> int | float:
    # By way of the decimal writing, because 2.3 * 1000 is not 2300 in doubles.
    scaled = float(f"{value!r}{exponent}") if "e" not in repr(value) else float(value)
    return int(scaled) if scaled.is_integer() and abs(scaled) < 2**53 else scaled


def _choice(found: Sequence[Token], at: int, choices: Iterable[Any]) -> str | None:
    best: tuple[int, str] | None = None
    for each in choices:
        words = keys(each)
        size = len(words)
        if words and (best is None or size > best[0]) and tuple(one.key for one in found[at : at + size]) == words:
            best = (size, each)
    return best[1] if best else None


def _text(text: str, found: Sequence[Token], at: int, *, strict: bool) -> str | None:
    token = found[at]
    if token.key in ('"', "“"):
        ends = (each for each in found[at + 1 : at + LONGEST_QUOTE] if each.key in ('"', "”"))
        end = next(ends, None)
        return text[token.end : end.start] if end is not None else None
    return text[token.start : token.end] if strict and token.kind != "mark" else None
