"""Which typed variables a unit takes and gives, read from its input or output schema.

A schema is written in one of three ways: `{variable: type}`, `{variable: {"type": type, "enum": [...]}}`, or as JSON
Schema, `{"type": "object", "properties": {...}, "required": [...]}`. In all of them every variable is required unless
`required` is there and does not name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NamedTuple

TYPES = ("number", "integer", "string", "boolean")
MOST_VARIABLES = 200
MOST_CHOICES = 200
LONGEST_CHOICE = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class Variable(NamedTuple):
    """One typed variable; `enum` lists the values that it may have, where only some are allowed."""

    name: str
    type: str
    required: bool = True
    enum: tuple[Any, ...] = ()


def is_name(name: object) -> bool:
    """Tell whether a variable may be called so."""
    return isinstance(name, str) and _NAME.match(name) is not None


def signature(schema: Mapping[str, Any] | None) -> tuple[Variable, ...]:
    """Return the variables of a schema in the order in which it writes them; what is not well written is left out."""
    if not isinstance(schema, Mapping):
        return ()
    declared, required = _parts(schema)
    if not isinstance(declared, Mapping):
        return ()
    listed = set(required) if isinstance(required, (list, tuple)) and all(map(is_name, required)) else None
    found = (_variable(name, each, listed is None or name in listed) for name, each in declared.items())
    return tuple(each for each in found if each is not None)


def flaw(schema: object) -> str | None:
    """Return what is wrong with a schema, in one sentence, or None."""
    if schema is None:
        return None
    if not isinstance(schema, Mapping):
        return "expected an object of variables and their types"
    declared, required = _parts(schema)
    if not isinstance(declared, Mapping):
        return "properties: expected an object of variables and their types"
    if len(declared) > MOST_VARIABLES:
        return f"expected at most {MOST_VARIABLES} variables"
    flaws = (_flaw_of(name, each) for name, each in declared.items())
    return next((each for each in flaws if each), None) or _flaw_of_required(required, declared)


def fits(value: object, variable: Variable) -> bool:
    """Tell whether a plain value is of the variable's type and among its choices."""
    return is_of(value, variable.type) and (not variable.enum or _is_among(value, variable.enum))


def is_of(value: object, kind: str) -> bool:
    """Tell whether a plain value is of this type; a whole number is an integer however it is written."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        return False
    return kind == "number" or (kind == "integer" and value == int(value))


def kind_of(value: object) -> str:
    """Return the JSON name of a value's type, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def _parts(schema: Mapping[str, Any]) -> tuple[Any, Any]:
    if schema.get("type") == "object":
        return schema.get("properties") or {}, schema.get("required")
    return schema, None


def _variable(name: object, declared: Any, required: bool) -> Variable | None:
    told = declared if isinstance(declared, Mapping) else {"type": declared}
    kind = told.get("type")
    if not is_name(name) or not isinstance(kind, str) or kind not in TYPES:
        return None
    enum = told.get("enum")
    choices = tuple(each for each in enum if is_of(each, kind)) if isinstance(enum, (list, tuple)) else ()
    return Variable(str(name), kind, required, choices[:MOST_CHOICES])


def _flaw_of(name: object, declared: Any) -> str | None:
    if not is_name(name):
        return "expected variables of letters, digits and underscores, at most 64 and no digit first"
    told = declared if isinstance(declared, Mapping) else {"type": declared}
    kind = told.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        return f"{name}: expected one of the types {', '.join(TYPES)}"
    return _flaw_of_enum(str(name), kind, told.get("enum"))


def _flaw_of_enum(name: str, kind: str, enum: Any) -> str | None:
    if enum is None:
        return None
    if not isinstance(enum, (list, tuple)) or not 0 < len(enum) <= MOST_CHOICES:
        return f"{name}: expected an enum of 1 to {MOST_CHOICES} values"
    if any(isinstance(each, str) and len(each) > LONGEST_CHOICE for each in enum):
        return f"{name}: expected values of at most {LONGEST_CHOICE} characters in the enum"
    return None if all(is_of(each, kind) for each in enum) else f"{name}: expected values of type {kind} in the enum"


def _flaw_of_required(required: Any, declared: Iterable[str]) -> str | None:
    if required is None:
        return None
    if not isinstance(required, (list, tuple)) or not all(map(is_name, required)):
        return "required: expected an array of variables"
    unknown = [each for each in required if each not in declared]
    return f"required: {unknown[0]} is no variable of the schema" if unknown else None


def _is_among(value: object, choices: Iterable[Any]) -> bool:
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in choices)


def _is_finite(value: int | float) -> bool:
    return isinstance(value, int) or isfinite(value)
