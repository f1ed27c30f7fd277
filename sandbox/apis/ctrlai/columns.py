"""Fields for what Ctrl AI's documents hold: ids, slugs, addresses, texts of every kind, and JSON that nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from sandbox.apis.ctrlai import ulid
from sandbox.core.document import text

DEEPEST = 100
"""How far JSON values may be nested, which is as far as a file is read."""
ID = f"(?:{ulid.PATTERN.pattern})"

_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_EMAIL = r"[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"
_PREFIX = r"ctrlai_pk_[0-9a-f]{8}"
# The contract's `\S` and Python's differ over these: what either takes for more than a blank may stand in a row.
_SAID = r"(?s:.*[\S\x1c-\x1f\x85].*)"


class _Json(fields.Field[Any]):
    """A field for any JSON value, or for one object or one array; what no JSON could hold is refused."""

    def __init__(self, kind: type | tuple[type, ...], expected: str, **options: Any) -> None:
        super().__init__(
            error_messages={"null": expected, "required": "a value, since the field is required"}, **options
        )
        self._kind, self._expected = kind, expected

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, self._kind):
            raise ValidationError(self._expected)
        if not _is_json(value, DEEPEST):
            raise ValidationError(f"{self._expected} that JSON can hold, of at most {DEEPEST} levels")
        return value


def _is_json(value: Any, levels: int) -> bool:
    if isinstance(value, Mapping):
        return levels > 0 and all(_is_text(key) and _is_json(each, levels - 1) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return levels > 0 and all(_is_json(each, levels - 1) for each in value)
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 64
    return value is None or _is_text(value)


def _is_text(value: Any) -> bool:
    # Half of a surrogate pair has no UTF-8.
    return isinstance(value, str) and (value.isascii() or value.encode("utf-8", "ignore").decode() == value)


def json_object(**options: Any) -> fields.Field[Any]:
    """Return a field for a JSON object of whatever it says."""
    return _Json(Mapping, "a mapping", **options)


def json_array(**options: Any) -> fields.Field[Any]:
    """Return a field for a JSON array of whatever it holds."""
    return _Json((list, tuple), "a list", **options)


def ident(**options: Any) -> fields.String:
    """Return a field for a ULID."""
    return text(ID, expected="a ULID such as 01HX3V0N7Q8B5T2M4K6R9WXYZA", **options)


def slug_text(**options: Any) -> fields.String:
    """Return a field for a slug."""
    return text(_SLUG, expected="a slug such as credit-risk", longest=2000, **options)


def words(longest: int = 100_000, **options: Any) -> fields.String:
    """Return a field for any text, an empty one included."""
    return text("(?s:.*)", expected="a text", longest=longest, **options)


def full(longest: int = 100_000, **options: Any) -> fields.String:
    """Return a field for any text that is not empty."""
    return text("(?s:.+)", expected="a text that is not empty", longest=longest, **options)


def said(longest: int, **options: Any) -> fields.String:
    """Return a field for a text that is more than blanks."""
    return text(_SAID, longest=longest, **options)


def email(**options: Any) -> fields.String:
    """Return a field for an e-mail address as users are told apart by it."""
    return text(_EMAIL, expected="an e-mail address in lower case", longest=254, **options)


def prefix(**options: Any) -> fields.String:
    """Return a field for what is public of a key."""
    return text(_PREFIX, expected="ctrlai_pk_ and 8 hexadecimal digits", **options)
