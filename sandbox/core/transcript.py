"""Requests and answers as a document holds them, byte for byte, and back."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from sandbox.core.document import Document, DocumentError, Flaw, Path, got, many, nested, one_of, truth, whole
from sandbox.core.message import Caller, Request, Response


class _Header(fields.Field[tuple[str, str]]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, str]:  # noqa: ARG002
        if isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value):
            return value[0], value[1]
        raise ValidationError("a header's name and value")


def _anything(**options: Any) -> fields.String:
    wanted = "a text"
    return fields.String(error_messages={"invalid": wanted, "required": wanted, "null": wanted}, **options)


class _Caller(Document):
    key = _anything(required=True, allow_none=True)
    reason = _anything(required=True)
    nearest = _anything(required=True, allow_none=True)


class RequestSchema(Document):
    """A request as JSON holds it."""

    method = _anything(required=True)
    path = _anything(required=True)
    query = _anything(required=True)
    headers = many(_Header(), required=True)
    body = _anything(required=True)
    encoding = one_of(("utf-8", "base64"), required=True)
    peer = _anything(required=True)
    scheme = one_of(("http", "https"), required=True)
    oversized = truth(required=True)
    caller = nested(_Caller, required=True)


class AnswerSchema(Document):
    """An answer as JSON holds it."""

    status = whole(100, 599, required=True)
    headers = many(_Header(), required=True)
    body = _anything(required=True)
    encoding = one_of(("utf-8", "base64"), required=True)


def request_written(request: Request) -> dict[str, Any]:
    """Return the request as a document holds it."""
    caller = request.caller
    return {
        "method": request.method, "path": request.path, "query": request.query,
        "headers": [list(each) for each in request.headers], **_content(request.body), "peer": request.peer,
        "scheme": request.scheme, "oversized": request.oversized,
        "caller": {"key": caller.key, "reason": caller.reason, "nearest": caller.nearest},
    }  # fmt: skip


def answer_written(answer: Response) -> dict[str, Any]:
    """Return the answer as a document holds it."""
    return {"status": answer.status, "headers": [list(each) for each in answer.headers], **_content(answer.body)}


def _content(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": b64encode(body).decode(), "encoding": "base64"}


def request_read(given: Mapping[str, Any], path: Path) -> Request:
    """Return the request of a document that has passed `RequestSchema`."""
    return Request(
        given["method"], given["path"], given["query"], tuple(given["headers"]), _bytes(given, path),
        given["peer"], given["scheme"], Caller(**given["caller"]), given["oversized"],
    )  # fmt: skip


def answer_read(given: Mapping[str, Any], path: Path) -> Response:
    """Return the answer of a document that has passed `AnswerSchema`."""
    return Response(given["status"], tuple(given["headers"]), _bytes(given, path))


def _bytes(given: Mapping[str, Any], path: Path) -> bytes:
    if given["encoding"] == "utf-8":
        return bytes(given["body"], "utf-8", "surrogatepass")
    try:
        return b64decode(given["body"], validate=True)
    except ValueError as error:
        raise DocumentError((Flaw((*path, "body"), "base64", got(given["body"])),)) from error
