"""Documents that are ours, such as fixtures: schema fields whose refusals say where, what was expected, what came.

Marshmallow walks the document; the fields here give it our words. A refusal is a `Flaw`, which knows the path in the
document; whoever read the file adds the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from sandbox.core.clock import DAY, EARLIEST, LATEST, parse_duration, parse_instant
from sandbox.core.problem import shown

Path = tuple[str | int, ...]

FARTHEST = 36_525 * DAY
"""How far from the birth of a world a moment may lie: a hundred years."""


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

    def below(self, *path: str | int) -> Flaw:
        """Return the flaw as the document around this one tells it."""
        return Flaw((*path, *self.path), self.expected, self.got, self.nearest)

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{written(self.path)}: expected {self.expected}, got {self.got}{hint}"


def written(path: Path) -> str:
    """Return the path as a message writes it, such as `systems[0].name`."""
    steps = (f"[{each}]" if isinstance(each, int) else f".{shown(each)}" for each in path)
    return "".join(steps).removeprefix(".") or "the document"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a document writes it: absolute, or so many microseconds from the birth of the world."""

    absolute: int | None
    offset: int = 0
    written: str = field(default="", compare=False)

    def at(self, birth: int) -> int:
        """Return the instant in a world that was born then, within the years that ISO 8601 can write."""
        return max(EARLIEST, min(LATEST, birth + self.offset)) if self.absolute is None else self.absolute


class _Moment(fields.Field[Moment]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Moment:  # noqa: ARG002
        try:
            return _read_moment(value)
        except ValueError as error:
            message = "a time such as 2026-04-13T14:30:00Z, or an offset of up to 100 years such as -29d or 2h"
            raise ValidationError(message) from error


def _read_moment(value: Any) -> Moment:
    if not isinstance(value, str):
        raise ValueError(value)
    try:
        offset = parse_duration(value)
    except ValueError:
        return Moment(parse_instant(value), written=value)
    if abs(offset) > FARTHEST:
        raise ValueError(value)
    return Moment(None, offset, value)


class _Number(fields.Float):
    def _validated(self, value: Any) -> float:
        if not isinstance(value, (int, float)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class _Truth(fields.Boolean):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class _Parsed(fields.Field[Any]):
    def __init__(self, read: Callable[[str], Any], expected: str, **options: Any) -> None:
        super().__init__(error_messages=_messages(expected), **options)
        self._read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        try:
            return self._read(value if isinstance(value, str) else "")
        except ValueError as error:
            raise self.make_error("invalid") from error


class Document(Schema):
    """A schema of ours: unknown keys are refused."""

    class Meta:
        """Marshmallow's settings."""

        unknown = RAISE


_REQUIRED = "a value, since the field is required"


def _messages(expected: str) -> dict[str, Any]:
    keys = ("invalid", "null", "type", "invalid_utf8", "too_large", "special", "validator_failed")
    return {**dict.fromkeys(keys, expected), "required": _REQUIRED}


def text(
    pattern: str | None = None, *, expected: str = "a text that is not blank", longest: int = 5000,
    secret: bool = False, **options: Any,
) -> fields.String:  # fmt: skip
    """Return a field for a text that is not blank; what stands in a secret one is never quoted."""
    fits = re.compile(pattern or r"(?s:.*\S.*)").fullmatch

    def check(value: str) -> None:
        if len(value) > longest:
            raise ValidationError(f"a text of at most {longest} characters")
        if not fits(value):
            raise ValidationError(expected)
        if not _is_unicode(value):
            raise ValidationError("a text without half of a surrogate pair")

    return fields.String(
        validate=check, error_messages=_messages(expected),
        metadata={"secret": secret, "pattern": pattern, "longest": longest}, **options
    )  # fmt: skip


def _is_unicode(value: str) -> bool:
    # Half of a surrogate pair has no UTF-8.
    return value.isascii() or value.encode("utf-8", "ignore").decode() == value


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
    return _Number(allow_nan=False, error_messages=_messages("a number"), **options)


def truth(**options: Any) -> fields.Boolean:
    """Return a field for true or false, and nothing that merely sounds like it."""
    return _Truth(error_messages=_messages("true or false"), **options)


def parsed(read: Callable[[str], Any], expected: str, **options: Any) -> fields.Field[Any]:
    """Return a field for a text that `read` understands; a ValueError says that it is not what is expected."""
    return _Parsed(read, expected, **options)


def moment(**options: Any) -> fields.Field[Moment]:
    """Return a field for an instant: absolute, or an offset from the birth of the world."""
    return _Moment(error_messages=_messages("a time"), **options)


def duration(**options: Any) -> fields.Field[Any]:
    """Return a field for a duration that goes forward, in microseconds."""
    return parsed(_read_span, "a duration such as 250ms, 2s, 3d or P3D", metadata={"form": "duration"}, **options)


def _read_span(value: str) -> int:
    span = parse_duration(value)
    if not 0 <= span <= FARTHEST:
        raise ValueError(value)
    return span


def many(each: Any, *, least: int = 0, most: int | None = None, **options: Any) -> fields.List[Any]:
    """Return a field for a list of so many things."""
    few, too_many = f"a list of {least} or more", f"a list of at most {most}"
    rules = [validate.Length(least, error=few), validate.Length(max=most, error=too_many)]
    return fields.List(each, validate=rules, error_messages=_messages("a list"), **options)


def mapping(**options: Any) -> fields.Dict:
    """Return a field for a mapping whose keys no schema knows."""
    return fields.Dict(error_messages=_messages("a mapping"), **options)


def nested(schema: type[Schema], **options: Any) -> fields.Nested:
    """Return a field for a document within the document."""
    return fields.Nested(schema, error_messages=_messages("a mapping"), **options)


def load(schema: type[Schema], data: Any) -> dict[str, Any]:
    """Return the document as the schema reads it; DocumentError tells every flaw at once."""
    if not isinstance(data, Mapping):
        raise DocumentError((Flaw((), "a mapping", "nothing" if data is None else got(data)),))
    try:
        loaded: dict[str, Any] = schema().load(data)
    except ValidationError as error:
        flaws = _flaws(schema(), data, error.messages_dict, ())
        raise DocumentError(tuple(sorted(flaws, key=lambda each: written(each.path)))) from error
    return loaded


def _flaws(schema: Any, data: Any, messages: Any, path: Path) -> Iterator[Flaw]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            if key == "_schema":
                yield Flaw(path, "a mapping", got(data))
            else:
                yield from _flaws(_below(schema, key), _value(data, key), below, (*path, key))
        return
    for message in messages:
        if message == "Unknown field.":
            known = tuple(_known(schema))
            near = nearest(path[-1], known)
            yield Flaw(path, "one of the keys " + ", ".join(known), "an unknown key", near)
        else:
            about = getattr(schema, "metadata", {})
            yield Flaw(path, message, _told(data, about), nearest(data, about.get("choices", ())))


class _Unknown:
    """Stands for a key that its schema does not know, and remembers which schema that was."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema


_ABSENT = object()
_QUOTED, _LONGEST_WORD = 60, 200


def _below(schema: Any, key: str | int) -> Any:
    if isinstance(schema, fields.Nested):
        schema = schema.schema
    if isinstance(schema, fields.List):
        return schema.inner
    if isinstance(schema, Schema):
        return written_fields(schema).get(str(key)) or _Unknown(schema)
    return None


def written_fields(schema: Schema) -> dict[str, fields.Field[Any]]:
    """Return the fields by the names that a document writes."""
    return {each.data_key or name: each for name, each in schema.fields.items()}


def _known(schema: Any) -> Iterator[str]:
    if isinstance(schema, _Unknown):
        yield from written_fields(schema.schema)


def _value(data: Any, key: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(key, _ABSENT)
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    return _ABSENT


def _told(data: Any, about: Mapping[str, Any]) -> str:
    secret = about.get("secret") and isinstance(data, str)
    return "nothing" if data is _ABSENT else f"a text of {len(data)} characters" if secret else got(data)


def got(data: Any) -> str:
    """Return what a document holds as a message quotes it: short, and in the words of YAML."""
    if isinstance(data, (Mapping, list)):
        return f"a {'mapping' if isinstance(data, Mapping) else 'list'} of {len(data)}"
    if data is None or isinstance(data, bool):
        return "null" if data is None else str(data).lower()
    if isinstance(data, str):
        return repr(shown(data)) + (f" ({len(data)} characters)" if len(data) > _QUOTED else "")
    return _number(data)


def _number(data: Any) -> str:
    # The digits of an integer of thousands are slow to write, and Python refuses to.
    huge = isinstance(data, int) and data.bit_length() > 200
    return "a huge integer" if huge else shown(repr(data))


def nearest(word: Any, known: Collection[str]) -> str | None:
    """Return the known word that is spelled most like this one, if any is near."""
    return next(iter(get_close_matches(word[:_LONGEST_WORD], known, n=1) if isinstance(word, str) else []), None)
