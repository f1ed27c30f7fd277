"""From a request to what the contract reads in it: sizes, JSON, query. Whatever does not fit is a Problem."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.core.api import Api, Call
from sandbox.core.contract import Operation, read_query
from sandbox.core.message import FORM, Headers, Request, media_type
from sandbox.core.problem import Problem
from sandbox.core.shape import JSON

BODY_LIMIT = 1 << 20
TARGET_LIMIT = 1 << 16
HEADER_LIMIT = 1 << 16
SMALL = 1 << 12
"""Characters of header fields that are remembered."""
DEPTH_LIMIT = 128
"""Levels of nesting in a body: the validator cannot look deeper than 255."""
QUERY_MEMORY = 256


def check_sizes(request: Request) -> None:
    """Raise 400 for a URL or header fields that are too long."""
    if len(request.path) + len(request.query) > TARGET_LIMIT:
        raise Problem(400, "malformed", f"The URL is too long: expected at most {TARGET_LIMIT} characters.")
    fields = request.headers
    try:
        _glance(fields)
    except Large:
        _check_fields(fields)


def _check_fields(fields: Headers) -> None:
    if len(fields) + sum(map(len, chain.from_iterable(fields))) > HEADER_LIMIT and _joined_size(fields) > HEADER_LIMIT:
        raise Problem(400, "malformed", f"The header fields are too long: expected at most {HEADER_LIMIT} characters.")


def preference_in(request: Request) -> str | None:
    """Return what the request's `Prefer` says, or None without one."""
    try:
        return _glance(request.headers)
    except Large:
        return request.header("prefer")


class Large(ValueError):
    """Header fields that are too large to be remembered."""


@lru_cache(maxsize=128)
def _glance(fields: Headers) -> str | None:
    """Return what `Prefer` says in small header fields; a client sends the same ones again and again."""
    if len(fields) + sum(map(len, chain.from_iterable(fields))) > SMALL:
        raise Large
    said = [value for name, value in fields if name == "prefer"]
    return ",".join(said) if said else None


def _joined_size(fields: Headers) -> int:
    """Return what the fields weigh once repeated ones are joined by commas, as some doors get them."""
    names = {name for name, _ in fields}
    return sum(map(len, names)) + sum(len(value) + 1 for _, value in fields)


def content_of(operation: Operation, request: Request, limit: int = BODY_LIMIT) -> Any:
    """Return the request's JSON, or None if the operation takes none or none was sent."""
    if operation.body is None:
        return None
    if request.oversized or len(request.body) > limit:
        raise Problem(413, "too-large", f"The request body is too large: expected at most {limit} bytes.")
    if not request.body:
        if operation.body.required:
            raise Problem(400, "body-missing", "The request body is missing: expected a JSON object.")
        return None
    kind = media_type(request)
    if kind == FORM and operation.body.form:
        return _form(request.body)
    if kind != JSON:
        raise Problem(400, "body-not-json", "The request body is not declared as JSON: send application/json.")
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "body-unparsable", f"The request body is not valid JSON: {error}.") from error
    if _is_too_deep(request.body, content):
        message = f"The request body is nested too deeply: expected at most {DEPTH_LIMIT} levels."
        raise Problem(400, "body-unparsable", message)
    return content


def _form(body: bytes) -> dict[str, str]:
    try:
        return fields_of(body)
    except ValueError as error:
        raise Problem(400, "body-unparsable", "The request body is not a form in UTF-8.") from error


def fields_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form, or raise ValueError; of one that is there twice the first counts."""
    return dict(reversed(_split(body.decode())))


def _is_too_deep(body: bytes, content: Any) -> bool:
    """Tell whether the content has more levels than allowed; few brackets settle it without a look."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_LIMIT:
        return False
    level = [content]
    for _ in range(DEPTH_LIMIT + 1):
        inner = [each for each in level if isinstance(each, (dict, list))]
        level = [value for each in inner for value in (each.values() if isinstance(each, dict) else each)]
    return bool(inner)


def checked(api: Api, call: Call) -> Call:
    """Return the call with its query read, after query and body were held against the contract."""
    operation, request = call.operation, call.request
    if operation.body is not None and (call.body is not None or request.body):
        check_body(operation, call.body, api.dialect.body_status)
    if not operation.query:
        return call
    return call._replace(query=query_of(operation, request.query, api.dialect.query_status))


def check_body(operation: Operation, content: Any, status: int) -> None:
    """Raise this status if the content breaks the contract."""
    finding = operation.body.part.finding(content) if operation.body is not None else None
    if finding is not None:
        message = f"The request body fails validation. {finding}."
        raise Problem(status, "contract", message, field=finding.field, issue=finding.expected, finding=finding)


def query_of(operation: Operation, query: str, status: int) -> Mapping[str, Any]:
    """Return the operation's query values; this status tells what is wrong with them."""
    try:
        pairs = _pairs(query) if len(query) <= QUERY_MEMORY else _split(query)
    except ValueError as error:
        message = "The query is malformed: expected at most 100 parameters in percent-encoded UTF-8."
        raise Problem(status, "malformed", message) from error
    return read_query(operation, pairs, status)


def _split(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100))


_pairs = lru_cache(maxsize=1024)(_split)
