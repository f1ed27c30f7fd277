"""Documents that are ours, such as fixtures: schema fields whose refusals say where, what was expected, what came.

Marshmallow walks the document; the fields here give it our words. A refusal is a `Flaw`, which knows the path in the
document; whoever read the file adds the file and the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from sandbox.core.clock import parse_duration, parse_instant
from sandbox.core.problem import shown

Path = tuple[str | int, ...]


class DocumentError(ValueError):
    """A document that is refused; `flaws` says why, first things first."""

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        super().__init__("\n".join(str(each) for each in flaws))
        self.flaws = flaws


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong in a document."""

    path: Path
    expected: str
    got: str
    nearest: str | None = None

    def __str__(self) -> str:
        where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in self.path).removeprefix(".")
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{where or 'the document'}: expected {self.expected}, got {self.got}{hint}"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in a document: absolute, or so many microseconds from the birth of the world."""

    absolute: int | None
    offset: int = 0

    def at(self, birth: int) -> int:
        """Return the instant in a world that was born then."""
        return birth + self.offset if self.absolute is None else self.absolute


class _Moment(fields.Field[Moment]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Moment:  # noqa: ARG002
        try:
            return _read_moment(value)
        except ValueError as error:
            message = "a time such as 2026-04-13T14:30:00Z, or an offset from now such as -29d or 2h"
            raise ValidationError(message) from error


def _read_moment(value: Any) -> Moment:
    if not isinstance(value, str):
        raise ValueError(value)
    try:
        return Moment(None, parse_duration(value))
    except ValueError:
        return Moment(parse_instant(value))


class Document(Schema):
    """A schema of ours: unknown keys are refused."""

    class Meta:
        """Marshmallow's settings."""

        unknown = RAISE


_REQUIRED = "a value, since the field is required"


def _messages(expected: str) -> dict[str, Any]:
    keys = ("invalid", "null", "type", "invalid_utf8", "too_large", "special", "validator_failed")
    return {**dict.fromkeys(keys, expected), "required": _REQUIRED}


def text(pattern: str | None = None, *, expected: str = "a text", longest: int = 5000, **options: Any) -> fields.String:
    """Return a field for a text that is not blank."""
    rules: list[Any] = [validate.Length(min=1, max=longest, error=f"a text of 1 to {longest} characters")]
    if pattern is not None:
        rules.append(validate.Regexp(rf"(?:{pattern})\Z", error=expected))
    return fields.String(validate=rules, error_messages=_messages(expected), **options)


def one_of(choices: tuple[str, ...], **options: Any) -> fields.String:
    """Return a field for one of these words."""
    expected = "one of " + ", ".join(choices)
    return fields.String(
        validate=validate.OneOf(choices, error=expected), error_messages=_messages(expected),
        metadata={"choices": choices}, **options,
    )  # fmt: skip


def whole(low: int, high: int, **options: Any) -> fields.Integer:
    """Return a field for an integer between two bounds."""
    expected = f"an integer from {low} to {high}"
    return fields.Integer(
        strict=True, validate=validate.Range(low, high, error=expected), error_messages=_messages(expected), **options
    )


def number(**options: Any) -> fields.Float:
    """Return a field for a number."""
    return fields.Float(allow_nan=False, error_messages=_messages("a number"), **options)


def moment(**options: Any) -> fields.Field[Moment]:
    """Return a field for an instant: absolute, or an offset from the birth of the world."""
    return _Moment(error_messages=_messages("a time"), **options)


def many(field: Any, **options: Any) -> fields.List[Any]:
    """Return a field for a list."""
    return fields.List(field, error_messages=_messages("a list"), **options)


def nested(schema: type[Schema], **options: Any) -> fields.Nested:
    """Return a field for a document within the document."""
    return fields.Nested(schema, error_messages=_messages("a mapping"), **options)


def load(schema: type[Schema], data: Any) -> dict[str, Any]:
    """Return the document as the schema reads it; DocumentError tells every flaw at once."""
    if not isinstance(data, Mapping):
        raise DocumentError((Flaw((), "a mapping", _got(data)),))
    try:
        loaded: dict[str, Any] = schema().load(data)
    except ValidationError as error:
        messages = error.messages_dict
        raise DocumentError(tuple(_flaws(schema(), data, messages, ()))) from error
    return loaded


def _flaws(schema: Any, data: Any, messages: Any, path: Path) -> Iterator[Flaw]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            if key == "_schema":
                yield Flaw(path, "a mapping", _got(data))
            else:
                yield from _flaws(_below(schema, key), _value(data, key), below, (*path, key))
        return
    for message in messages:
        if message == "Unknown field.":
            known = tuple(_known(schema))
            close = get_close_matches(str(path[-1]), known, n=1)
            yield Flaw(path, "one of the keys " + ", ".join(known), "an unknown key", close[0] if close else None)
        else:
            choices = getattr(schema, "metadata", {}).get("choices", ())
            close = get_close_matches(str(data), choices, n=1)
            yield Flaw(path, message, "nothing" if data is _ABSENT else _got(data), close[0] if close else None)


class _Unknown:
    """Stands for a key that its schema does not know, and remembers which schema that was."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema


_ABSENT = object()


def _below(schema: Any, key: str | int) -> Any:
    if isinstance(schema, fields.Nested):
        schema = schema.schema
    if isinstance(schema, fields.List):
        return schema.inner
    if isinstance(schema, Schema):
        return schema.fields.get(str(key)) or _Unknown(schema)
    return None


def _known(schema: Any) -> Iterator[str]:
    if isinstance(schema, _Unknown):
        yield from schema.schema.fields


def _value(data: Any, key: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(key, _ABSENT)
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    return _ABSENT


def _got(data: Any) -> str:
    if isinstance(data, (Mapping, list)):
        return f"a {'mapping' if isinstance(data, Mapping) else 'list'} of {len(data)}"
    return repr(shown(data)) if isinstance(data, str) else shown(repr(data))
