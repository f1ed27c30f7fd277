"""Checks made from the schemas of a contract: a value fits, or a finding says where, what was expected, what came.

The validator is jsonschema-rs, the one that Schemathesis judges with, so that both sides read a schema alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError
from orjson import Fragment

from sandbox.core.frozen import Encoded, Frozen, to_json
from sandbox.core.problem import Breach, shown

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a value does not fit: the field's path, the keyword that refused it, expected and got.

    `facts` are the keyword's own, as the validator names them (such as `limit` or `options`), `value` is what it
    refused.
    """

    field: str
    keyword: str
    expected: str
    got: str
    facts: Mapping[str, Any] = Frozen()
    value: Any = None

    def __str__(self) -> str:
        return f"{self.field or 'the body'}: expected {self.expected}, got {self.got}"


class Validator:
    """A schema's validator, made when it is first asked: a contract has many, and most runs ask few of them."""

    __slots__ = ("_schema", "is_valid", "iter_errors")

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self.is_valid: Callable[[Any], bool] = lambda value: self._made().is_valid(value)
        self.iter_errors: Callable[[Any], Iterator[ValidationError]] = lambda value: self._made().iter_errors(value)

    def _made(self) -> Draft202012Validator:
        validator = Draft202012Validator(self._schema, validate_formats=True)
        self.is_valid, self.iter_errors = validator.is_valid, validator.iter_errors
        return validator


@dataclass(frozen=True, slots=True)
class Part:
    """One schema, ready to check and to encode."""

    name: str
    validator: Validator

    def finding(self, value: Any) -> Finding | None:
        """Return the first thing that is wrong with the value, or None."""
        if self.validator.is_valid(value):
            return None
        return _finding(next(iter(self.validator.iter_errors(value))))

    def encode(self, value: Any, since: int, until: int) -> Encoded:
        """Return the value's bytes, true from `since` until `until`; a value that does not fit is a Breach."""
        self.demand(value)
        return Encoded(Fragment(to_json(value)), self, since, until)

    def demand(self, value: Any) -> None:
        """Raise a Breach if the value does not fit."""
        if not self.validator.is_valid(value):
            wrong = _finding(next(iter(self.validator.iter_errors(value))))
            raise Breach(self.name, wrong.field, wrong.keyword, str(wrong))


@dataclass(frozen=True, slots=True)
class Shape:
    """One declared response: its media type, its schema whole and in its parts, the headers that it has to carry, and
    its examples as bytes. `kinds` are the media types that it may have besides, which no schema describes."""

    status: int
    whole: Part | None
    data: Part | None
    item: Part | None
    meta: Part | None
    headers: frozenset[str]
    kind: str = JSON
    examples: Mapping[str, bytes] = Frozen()
    source: tuple[str, str] = ("invented", "")
    """The provenance of the response, and where it was read."""
    kinds: frozenset[str] = frozenset()


class Schemas:
    """Makes Parts of the schemas of one contract; equal schemas share one validator."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._root = {"components": {"schemas": _lean(schemas)}}
        self._made: dict[bytes, Validator] = {}

    def part(self, name: str, schema: Mapping[str, Any]) -> Part:
        """Return the schema as a Part; references are resolved in the contract's components."""
        lean = _lean(schema)
        key = to_json(lean)
        validator = self._made.get(key)
        if validator is None:
            validator = self._made[key] = Validator({**lean, **self._root})
        return Part(name, validator)


_WORDLESS = frozenset({"description", "title", "example", "examples", "x-provenance", "x-source", "default"})
_NAMED = frozenset({"properties", "schemas", "patternProperties", "$defs"})


def _lean(node: Any, named: bool = False) -> Any:
    """Return a schema without what only people read, which would be compiled along with it."""
    if isinstance(node, Mapping):
        return {
            key: _lean(each, key in _NAMED and not named) for key, each in node.items() if named or key not in _WORDLESS
        }
    return [_lean(each) for each in node] if isinstance(node, (list, tuple)) else node


def _finding(error: ValidationError) -> Finding:
    field = _dotted(error.instance_path)
    kind = error.kind
    facts = kind.as_dict()
    if kind.name == "required":
        field = _dotted([*error.instance_path, facts["property"]])
        return Finding(field, "required", "a value, since the field is required", "nothing", facts)
    if kind.name in ("additionalProperties", "unevaluatedProperties"):
        unexpected = "also " + shown(", ".join(facts["unexpected"]))
        return Finding(field, kind.name, "only the declared fields", unexpected, facts)
    return Finding(field, kind.name, _expected(error), _got(error.instance), facts, error.instance)


def _dotted(path: list[str | int]) -> str:
    text = ""
    for each in path:
        text += f"[{each}]" if isinstance(each, int) else f".{shown(each)}"
    return text.removeprefix(".")


def _expected(error: ValidationError) -> str:
    facts = error.kind.as_dict()
    name = error.kind.name
    if name in ("anyOf", "oneOf") and facts.get("context"):
        return " or ".join(dict.fromkeys(_expected(branch[0]) for branch in facts["context"] if branch))
    say = _WORDS.get(name)
    return say(facts) if say else f"what the contract's `{name}` asks for ({shown(error.message, 120)})"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


_TYPES = {
    "string": "a string", "integer": "an integer", "number": "a number", "boolean": "true or false",
    "object": "an object", "array": "an array", "null": "null",
}  # fmt: skip
_WORDS: dict[str, Any] = {
    "type": lambda f: " or ".join(_TYPES.get(each, each) for each in f["types"]),
    "enum": lambda f: "one of " + shown(_plain(f["options"]), 200),
    "const": lambda f: _plain(f["expected_value"]),
    "maxLength": lambda f: f"at most {_plural(f['limit'], 'character')}",
    "minLength": lambda f: f"at least {_plural(f['limit'], 'character')}",
    "maximum": lambda f: f"at most {f['limit']}",
    "minimum": lambda f: f"at least {f['limit']}",
    "maxItems": lambda f: f"at most {_plural(f['limit'], 'item')}",
    "minItems": lambda f: f"at least {_plural(f['limit'], 'item')}",
    "maxProperties": lambda f: f"at most {_plural(f['limit'], 'field')}",
    "minProperties": lambda f: f"at least {_plural(f['limit'], 'field')}",
    "pattern": lambda f: "at least one visible character" if f["pattern"] == r"\S" else f"a match of {f['pattern']}",
    "format": lambda f: f"a {f['format']}",
}


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(each) for each in value)
    return to_json(value).decode()


def _got(value: Any) -> str:
    if isinstance(value, str):
        return f'"{shown(value)}"' + (f" ({len(value)} characters)" if len(value) > 60 else "")
    if isinstance(value, (list, tuple)):
        return f"an array of {_plural(len(value), 'item')}"
    if isinstance(value, Mapping):
        return f"an object of {_plural(len(value), 'field')}"
    if value is None or isinstance(value, bool):
        return _plain(value)
    return shown(repr(value))
