"""One request's whole way through a world, as a pure function.

Theory of operation. `step` takes a world, a request and the wall clock's reading, and returns the next world with the
answer and the reason for it. It reads nothing else and changes nothing: to fork a world is to keep it, to replay a
journal is to call `step` in a loop, and a law about the sandbox is a property of this function.

The order of the checks is the order of the lines in `_answered`: a credential that is not usable (401) is told before
an empty quota (429), that before a missing permission (403), that before an unreadable body (400), that before an
unknown resource (404), that before a body or query that breaks the contract, that before what the state forbids. Every
request that reaches a world is counted by its ordinal; a request that finds the quota empty takes nothing from it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from orjson import Fragment

from sandbox.core.api import Answer, Api, Call
from sandbox.core.chance import hexadecimal8
from sandbox.core.clock import http_date
from sandbox.core.contract import Operation, Route, read_query
from sandbox.core.frozen import Encoded, Frozen, to_json
from sandbox.core.message import Headers, Request, Response
from sandbox.core.problem import EVERYWHERE, Breach, Problem
from sandbox.core.quota import ENFORCE, OFF, Reading, is_full, take, untouched
from sandbox.core.shape import Shape
from sandbox.core.workspace import Remembered, Workspace
from sandbox.core.world import Charter, World

BODY_LIMIT = 1 << 20
TARGET_LIMIT = 1 << 16
HEADER_LIMIT = 1 << 16
DEPTH_LIMIT = 128
"""Levels of nesting in a body: the validator cannot look deeper than 255."""
ADDRESS_LIMIT = 1024
QUERY_MEMORY = 256
NO_QUERY = Frozen()


class Outcome(NamedTuple):
    """What became of a request: the world after it, the answer, the operation, the cause of a refusal."""

    world: World
    response: Response
    operation: str | None
    cause: str | None
    would_refuse: bool


def step(world: World, request: Request, wall: int) -> Outcome:
    """Return what this request does to this world at this wall instant."""
    charter = world.charter
    now = max(world.latest, charter.clock.now(wall))
    route = charter.api.contract.route(request.method, request.path)
    buckets, reading = _charged(world, route, request, now)
    after = World(charter, world.workspace, buckets, world.ordinal + 1, now)
    workspace, status, body, refusal = _answered(after, request, route, reading)
    if workspace is not None:
        after = World(charter, workspace, buckets, after.ordinal, now)
    return Outcome(
        after,
        _response(charter.api, request, now, reading, status, body, refusal),
        route.operation.id if route.operation else None,
        refusal.cause if refusal else None,
        reading.refused and charter.quota != ENFORCE,
    )


def request_id(world: World) -> str:
    """Return the id of the request that led to this world: unique for 16^8 requests, the same in every replay."""
    charter = world.charter
    return "req_" + hexadecimal8(charter.seed, charter.label, "req", world.ordinal)


def _answered(
    world: World, request: Request, route: Route, reading: Reading
) -> tuple[Workspace | None, int, bytes, Problem | None]:
    """Return the workspace after the request (None if unchanged), the status, the body, and the refusal if any."""
    charter = world.charter
    api = charter.api
    try:
        terms = _terms(world, request)
        _check_quota(charter, reading)
        api.law.permit(charter.owner, terms, route.operation)
        operation = _operation(route, request)
        _check_sizes(request)
        known = world.workspace.answers.get((request.path, request.query))
        if known is not None and known.since <= world.latest < known.until and request.method == "GET":
            return None, operation.success.status, known.body, None
        content = _content(operation, request)
        call = _call(world, request, operation, route, content)
        handler = api.handlers[operation.id]
        resource = handler.find(call)
        answer = handler.act(_checked(api, call, request), resource)
        body = _rendered(operation, answer)
        if answer.until > world.latest:
            world.workspace.remember(request.path, request.query, Remembered(body, answer.since, answer.until))
        return answer.workspace, operation.success.status, body, None
    except Problem as problem:
        # A traceback holds this frame, which would hold the problem: garbage that only the cycle collector finds.
        problem.__traceback__ = problem.__context__ = problem.__cause__ = None
        refusal = _declared(route, problem)
    except Breach as breach:
        refusal = Problem(500, "defect", f"The sandbox has a defect: {breach}")
    return None, refusal.status, to_json(api.dialect.error(refusal, request_id(world))), refusal


def _charged(world: World, route: Route, request: Request, now: int) -> tuple[Any, Reading]:
    """Take one token of the bucket that this request belongs to."""
    charter = world.charter
    rate_class = route.operation.rate_class if route.operation else ""
    limit = charter.api.law.limit(charter.owner, rate_class)
    if charter.quota == OFF:
        return world.buckets, untouched(limit, now)
    name = request.peer if charter.lobby else ""
    buckets = world.buckets
    bucket, reading = take(buckets.get(name), limit, now)
    if charter.lobby and len(buckets) >= ADDRESS_LIMIT:
        buckets = _room(buckets, limit, now)
    return buckets.set(name, bucket), reading


def _room(buckets: Any, limit: Any, now: int) -> Any:
    """Forget the addresses whose bucket is full again; if none is, the one that was quiet for longest."""
    kept = {name: each for name, each in buckets.items() if not is_full(each, limit, now)}
    if len(kept) >= ADDRESS_LIMIT:
        del kept[min(kept, key=lambda name: kept[name].at)]
    return type(buckets)(kept)


def _terms(world: World, request: Request) -> Frozen:
    """Return what the caller's key may do, or refuse the credential."""
    law = world.charter.api.law
    key = request.caller.key
    if key is None:
        raise law.refusal(request.caller.reason)
    grant = world.charter.grants.get(key)
    if grant is None:
        raise law.refusal("unknown")
    if grant.revoked:
        raise law.refusal("revoked")
    if grant.expires is not None and grant.expires <= world.latest:
        raise law.refusal("expired")
    return grant.terms


def _check_quota(charter: Charter, reading: Reading) -> None:
    if reading.refused and charter.quota == ENFORCE:
        wait = reading.retry_after
        raise Problem(429, "quota", f"Too many requests: wait {wait} second{'s'[: wait > 1]} before the next one.")


def _operation(route: Route, request: Request) -> Operation:
    if route.operation is not None:
        return route.operation
    if route.allowed:
        allowed = ", ".join(route.allowed)
        message = f"{request.method[:20]} is not supported here: expected {allowed}."
        raise Problem(405, "unknown-method", message, headers=(("Allow", allowed),))
    raise Problem(404, "unknown-path", "There is nothing at this path.")


def _check_sizes(request: Request) -> None:
    if len(request.path) + len(request.query) > TARGET_LIMIT:
        raise Problem(400, "malformed", f"The URL is too long: expected at most {TARGET_LIMIT} characters.")
    fields = request.headers
    if len(fields) + sum(map(len, chain.from_iterable(fields))) > HEADER_LIMIT and _joined_size(fields) > HEADER_LIMIT:
        raise Problem(400, "malformed", f"The header fields are too long: expected at most {HEADER_LIMIT} characters.")


def _joined_size(fields: Headers) -> int:
    """Return what the fields weigh once repeated ones are joined by commas, as some doors get them."""
    names = {name for name, _ in fields}
    return sum(map(len, names)) + sum(len(value) + 1 for _, value in fields)


def _content(operation: Operation, request: Request) -> Any:
    """Return the request's JSON, or None if the operation takes none or none was sent."""
    if operation.body is None:
        return None
    if request.oversized or len(request.body) > BODY_LIMIT:
        raise Problem(413, "too-large", f"The request body is too large: expected at most {BODY_LIMIT} bytes.")
    if not request.body:
        if operation.body.required:
            raise Problem(400, "body-missing", "The request body is missing: expected a JSON object.")
        return None
    kind = (request.header("content-type") or "").split(";", 1)[0].strip().lower()
    if kind != "application/json":
        raise Problem(400, "body-not-json", "The request body is not declared as JSON: send application/json.")
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "body-unparsable", f"The request body is not valid JSON: {error}.") from error
    if _is_too_deep(request.body, content):
        message = f"The request body is nested too deeply: expected at most {DEPTH_LIMIT} levels."
        raise Problem(400, "body-unparsable", message)
    return content


def _is_too_deep(body: bytes, content: Any) -> bool:
    """Tell whether the content has more levels than allowed; few brackets settle it without a look."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_LIMIT:
        return False
    level = [content]
    for _ in range(DEPTH_LIMIT + 1):
        inner = [each for each in level if isinstance(each, (dict, list))]
        level = [value for each in inner for value in (each.values() if isinstance(each, dict) else each)]
    return bool(inner)


def _call(world: World, request: Request, operation: Operation, route: Route, content: Any) -> Call:
    charter = world.charter
    return Call(
        operation, world.workspace, world.latest, route.values, NO_QUERY, content,
        request, charter.owner, charter.seed, charter.label,
    )  # fmt: skip


def _checked(api: Api, call: Call, request: Request) -> Call:
    """Return the call with its query read, after query and body were held against the contract."""
    operation = call.operation
    if operation.body is not None and (call.body is not None or request.body):
        finding = operation.body.part.finding(call.body)
        if finding is not None:
            message = f"The request body fails validation. {finding}."
            raise Problem(api.dialect.body_status, "contract", message, field=finding.field, issue=finding.expected)
    if not operation.query:
        return call
    try:
        pairs = _pairs(request.query) if len(request.query) <= QUERY_MEMORY else _split(request.query)
    except ValueError as error:
        message = "The query is malformed: expected at most 100 parameters in percent-encoded UTF-8."
        raise Problem(api.dialect.query_status, "malformed", message) from error
    query = read_query(operation, pairs, api.dialect.query_status)
    return Call(
        operation, call.workspace, call.now, call.path, query, call.body, request, call.owner, call.seed, call.label
    )


def _split(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100))


_pairs = lru_cache(maxsize=1024)(_split)


def _rendered(operation: Operation, answer: Answer) -> bytes:
    """Return the answer's bytes after every part that was not checked when it was encoded has been checked now."""
    shape = operation.success
    if answer.whole is not None:
        if shape.whole is None:
            raise Breach(operation.id, "body", "content", "the contract declares no body")
        shape.whole.demand(answer.whole)
        return to_json(answer.whole)
    body: dict[str, Any] = {"data": _part(operation, shape, answer.data)}
    if answer.meta is not None:
        if shape.meta is None:
            raise Breach(operation.id, "meta", "additionalProperties", "the contract declares no meta")
        shape.meta.demand(answer.meta)
        body["meta"] = answer.meta
    return to_json(body)


def _part(operation: Operation, shape: Shape, data: Any) -> Any:
    if isinstance(data, Encoded) and data.checked_by is shape.data:
        return data.fragment
    if isinstance(data, list):
        return [_item(operation, shape, each) for each in data]
    if shape.data is None:
        raise Breach(operation.id, "data", "additionalProperties", "the contract declares no data")
    shape.data.demand(data)
    return data


def _item(operation: Operation, shape: Shape, item: Any) -> Fragment:
    if isinstance(item, Encoded) and item.checked_by is shape.item:
        return item.fragment
    raise Breach(operation.id, "data[]", "items", "an item was encoded by another part of the contract")


def _declared(route: Route, problem: Problem) -> Problem:
    """Return the problem if its cause may occur here, else the defect that it is."""
    operation = route.operation
    if operation is None:
        return problem
    known = problem.cause in EVERYWHERE or problem.cause in operation.refusals
    if known and problem.status in operation.shapes:
        return problem
    message = f"the contract does not declare {problem.status} because of {problem.cause!r}"
    return Problem(500, "defect", f"The sandbox has a defect: {operation.id}: {message}.")


def _response(
    api: Api, request: Request, now: int, reading: Reading, status: int, body: bytes, refusal: Problem | None
) -> Response:
    headers = (
        ("Date", http_date(now)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        *api.dialect.quota_headers(reading),
    )
    if refusal is not None:
        headers = (*headers, *refusal.headers)
        if status == 429:
            headers = (*headers, ("Retry-After", str(reading.retry_after)))
    return Response(status, headers, b"" if request.method == "HEAD" else body)
