"""How Ctrl AI speaks: its error envelope and codes, what a validator says of each field, and its quota headers.

Source: API overview, Error Codes and Rate Limits. `METHOD_NOT_ALLOWED` and `PAYLOAD_TOO_LARGE` are not in its table;
they are what RFC 9110 asks for where the table has nothing. "Required" with "Invalid input" is how version 3 of zod
speaks, so the other issues are worded as it words them (inferred). A status beside these, which only a fault that
breaks the contract gives, has the code of its class (RFC 9110, section 15).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.apis.ctrlai import ulid
from sandbox.core.api import Dialect
from sandbox.core.frozen import to_json
from sandbox.core.message import Headers
from sandbox.core.problem import Problem, shown
from sandbox.core.quota import Reading

INVALID = "VALIDATION_ERROR"
CODES = {
    400: INVALID,
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
}
WHOLE = "body"
"""The field of what is wrong with a body as a whole."""

_ISSUES = {
    "body-missing": "Required",
    "body-not-json": "Expected application/json",
    "body-unparsable": "Invalid JSON",
}
_INDEX = re.compile(r"\[([0-9]+)\]")
_BLANK = r"\S"
_FORMATS = {"date-time": "datetime", "uri": "url"}
"""Zod's names of formats that JSON Schema names otherwise."""


def error(problem: Problem, _request_id: str) -> dict[str, Any]:
    """Return the error envelope; nothing in it names the request."""
    code = CODES.get(problem.status) or CODES[problem.status // 100 * 100]
    if code != INVALID:
        return {"error": {"code": code, "message": problem.message}}
    return {"error": {"code": code, "message": "Invalid input", "details": details(problem)}}


def details(problem: Problem) -> dict[str, str]:
    """Return the field that is wrong, in dots, and what is wrong with it."""
    finding = problem.finding
    if finding is not None:
        field = _INDEX.sub(r".\1", finding.field).removeprefix(".")
        return {"field": field or WHOLE, "issue": issue(finding.keyword, finding.facts, finding.value)}
    if problem.cause == "contract" and problem.field:
        return {"field": problem.field, "issue": "Expected string, received array"}
    field = problem.field or ("query" if problem.cause == "malformed" else WHOLE)
    return {"field": field, "issue": _ISSUES.get(problem.cause) or problem.issue or problem.message}


def issue(keyword: str, facts: Mapping[str, Any], value: Any) -> str:
    """Return what zod says of a value that this keyword of JSON Schema refuses."""
    if keyword in ("minLength", "pattern") and isinstance(value, str) and not value.strip():
        return _least("String", 1, "character")
    if keyword in ("anyOf", "oneOf"):
        return _of_union(facts, value)
    say = _WORDS.get(keyword)
    return say(facts, value) if say else "Invalid input"


def received(value: Any) -> str:
    """Return what JavaScript calls a JSON value's type, as zod does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def _of_type(facts: Mapping[str, Any], value: Any) -> str:
    types = [each for each in facts["types"] if each != "null"]
    if types == ["integer"]:
        return "Expected integer, received float" if isinstance(value, float) else _expected("number", value)
    return _expected(types[0], value) if len(types) == 1 else "Invalid input"


def _expected(kind: str, value: Any) -> str:
    return f"Expected {kind}, received {received(value)}"


def _of_options(facts: Mapping[str, Any], value: Any) -> str:
    options = " | ".join(_literal(each) for each in facts["options"] if each is not None)
    if not isinstance(value, str):
        return _expected(options, value)
    return f"Invalid enum value. Expected {options}, received '{shown(value)}'"


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else to_json(value).decode()


def _of_union(facts: Mapping[str, Any], value: Any) -> str:
    """Return what the one branch says that is not there for null alone; of several none speaks."""
    firsts = [branch[0] for branch in facts.get("context", ()) if branch]
    told = [(each.kind.name, each.kind.as_dict(), each.instance) for each in firsts]
    told = [each for each in told if each[0] != "type" or each[1]["types"] != ["null"]]
    if len(told) != 1 or told[0][2] != value:
        return "Invalid input"
    return issue(*told[0])


def _of_number(_facts: Mapping[str, Any], text: Any) -> str:
    """Return what is wrong with a query parameter that has to be a whole number."""
    fraction = isinstance(text, str) and re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", text)
    return "Expected integer, received float" if fraction else "Expected number, received nan"


def _least(kind: str, limit: Any, unit: str) -> str:
    return f"{kind} must contain at least {limit} {unit}(s)"


def _most(kind: str, limit: Any, unit: str) -> str:
    return f"{kind} must contain at most {limit} {unit}(s)"


def _of_pattern(facts: Mapping[str, Any], _value: Any) -> str:
    """Return what is wrong with a text that breaks a pattern; those of ids and addresses have a check of their own."""
    pattern = facts["pattern"]
    if pattern == _BLANK:
        return _least("String", 1, "character")
    if "@" in pattern:
        return "Invalid email"
    return "Invalid ulid" if pattern.strip("^$") == ulid.PATTERN.pattern else "Invalid"


_WORDS: Mapping[str, Callable[[Mapping[str, Any], Any], str]] = {
    "required": lambda _f, _v: "Required",
    "type": _of_type,
    "integer": _of_number,
    "boolean": lambda _f, v: _expected("boolean", v),
    "enum": _of_options,
    "const": lambda f, _v: f"Invalid literal value, expected {to_json(f['expected_value']).decode()}",
    "minLength": lambda f, _v: _least("String", f["limit"], "character"),
    "maxLength": lambda f, _v: _most("String", f["limit"], "character"),
    "minItems": lambda f, _v: _least("Array", f["limit"], "element"),
    "maxItems": lambda f, _v: _most("Array", f["limit"], "element"),
    "minimum": lambda f, _v: f"Number must be greater than or equal to {f['limit']:g}",
    "maximum": lambda f, _v: f"Number must be less than or equal to {f['limit']:g}",
    "exclusiveMinimum": lambda f, _v: f"Number must be greater than {f['limit']:g}",
    "exclusiveMaximum": lambda f, _v: f"Number must be less than {f['limit']:g}",
    "pattern": _of_pattern,
    "format": lambda f, _v: f"Invalid {_FORMATS.get(f['format'], f['format'])}",
    "additionalProperties": lambda f, _v: (
        "Unrecognized key(s) in object: " + shown(", ".join(f"'{each}'" for each in f["unexpected"]), 200)
    ),
}


def quota_headers(reading: Reading) -> Headers:
    """Return the two headers that every response carries; when the quota is whole again is told by none."""
    return (("X-RateLimit-Limit", str(reading.limit)), ("X-RateLimit-Remaining", str(reading.remaining)))


DIALECT = Dialect(error, quota_headers, body_status=400, query_status=400)
