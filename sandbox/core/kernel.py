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

from typing import Any, NamedTuple

from sandbox.core.api import Api, Call
from sandbox.core.chance import hexadecimal8
from sandbox.core.clock import http_date
from sandbox.core.contract import Operation, Route
from sandbox.core.frozen import Frozen, to_json
from sandbox.core.intake import check_sizes, checked, content_of
from sandbox.core.message import Request, Response
from sandbox.core.problem import EVERYWHERE, Breach, Problem
from sandbox.core.quota import ENFORCE, OFF, Reading, is_full, take, untouched
from sandbox.core.rendering import rendered
from sandbox.core.workspace import Remembered, Workspace
from sandbox.core.world import Charter, World

ADDRESS_LIMIT = 1024
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
        operation = _operation(api, route, request)
        check_sizes(request)
        known = world.workspace.answers.get((request.path, request.query))
        if known is not None and known.since <= world.latest < known.until and request.method == "GET":
            return None, operation.success.status, known.body, None
        content = content_of(operation, request)
        call = _call(world, request, operation, route, content)
        handler = api.handlers[operation.id]
        resource = handler.find(call)
        answer = handler.act(checked(api, call), resource)
        body = rendered(operation, answer)
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


def _operation(api: Api, route: Route, request: Request) -> Operation:
    if route.operation is not None:
        return route.operation
    if route.allowed:
        allowed = ", ".join(route.allowed)
        message = f"{request.method[:20]} is not supported here: expected {allowed}."
        raise Problem(405, "unknown-method", message, headers=(("Allow", allowed),))
    raise Problem(
        404, "unknown-path", f"There is nothing at this path: GET /openapi/{api.name}.json lists what there is."
    )


def _call(world: World, request: Request, operation: Operation, route: Route, content: Any) -> Call:
    charter = world.charter
    return Call(
        operation, world.workspace, world.latest, route.values, NO_QUERY, content,
        request, charter.owner, charter.seed, charter.label,
    )  # fmt: skip


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
