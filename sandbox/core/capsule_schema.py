"""What a capsule has to look like before anything is made of it."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from sandbox.core.clock import parse_instant
from sandbox.core.document import Document, many, mapping, nested, one_of, text, whole
from sandbox.core.transcript import AnswerSchema, RequestSchema

FORMAT = 1


class _Instant(fields.Field[int]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        try:
            return parse_instant(value if isinstance(value, str) else "")
        except ValueError as error:
            raise ValidationError("a time such as 2026-04-13T14:30:00.250000Z") from error


class _Record(Document):
    kind = one_of(("api", "control"), required=True)
    wall = _Instant(required=True)
    request = nested(RequestSchema, required=True)
    answer = nested(AnswerSchema, required=True)


class _Fixture(Document):
    name = text(longest=200, required=True)
    sha256 = text(r"[0-9a-f]{64}", expected="a SHA-256 in hexadecimal", required=True)
    birth = _Instant(required=True)


class _Base(Document):
    fixture = nested(_Fixture, required=True, allow_none=True)
    world = mapping(required=True)
    tables = mapping()
    minted = mapping()


class _Contract(Document):
    version = text(required=True)
    sha256 = text(required=True)


class CapsuleSchema(Document):
    """A capsule as JSON holds it."""

    capsule = whole(FORMAT, FORMAT, required=True)
    sandbox = text(required=True)
    api = text(required=True)
    contract = nested(_Contract, required=True)
    base = nested(_Base, required=True)
    records = many(nested(_Record), required=True)
