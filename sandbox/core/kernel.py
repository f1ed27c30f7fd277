"""One request's whole way through a world, as a pure function.

Theory of operation. `step` takes a world, a request and the wall clock's reading, and returns the next world with the
answer and the reason for it. It reads nothing else and changes nothing: to fork a world is to keep it, to replay a
journal is to call `step` in a loop, and a law about the sandbox is a property of this function.

The order of the checks is the order of the lines in `_answered`: a credential that is not usable (401) is told before
an empty quota (429), that before a missing permission (403), that before an unreadable body (400), that before an
unknown resource (404), that before a body or query that breaks the contract, that before what the state forbids. Every
request that reaches a world is counted by its ordinal; a request that finds the quota empty takes nothing from it. What
a client prefers (a status, an example) stands in the handler's place: whatever refuses the request before wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.core.api import Api, Call
from sandbox.core.chance import hexadecimal8
from sandbox.core.clock import LATEST, http_date
from sandbox.core.contract import Operation, Route
from sandbox.core.frozen import Frozen, to_json
from sandbox.core.intake import check_sizes, checked, content_of
from sandbox.core.message import Request, Response, Wait
from sandbox.core.preference import NOTHING, Preferred, preferred
from sandbox.core.problem import EVERYWHERE, Breach, Problem
from sandbox.core.quota import ENFORCE, OFF, Limit, Reading, is_full, take, untouched
from sandbox.core.rendering import rendered
from sandbox.core.timeline import UNMARKED, Marks
from sandbox.core.workspace import Remembered, Workspace
from sandbox.core.world import Charter, Grant, World

ADDRESS_LIMIT = 1024
NO_QUERY = Frozen()


class Outcome(NamedTuple):
    """What became of a request: the world after it, the answer, the operation, the cause of a refusal, the marks."""

    world: World
    response: Response
    operation: str | None
    cause: str | None
    marks: Marks


class Decided(NamedTuple):
    """What was decided of an answer: the workspace after it (None if unchanged), status, body, refusal, preferences."""

    workspace: Workspace | None
    status: int
    body: bytes
    refusal: Problem | None
    preferred: Preferred = NOTHING


Note = tuple[str, Mapping[str, Any]]
Trace = list[Note]
"""What `step` writes down on its way, if it is given one: the name of each stage that was reached, and its facts."""


def step(world: World, request: Request, wall: int, trace: Trace | None = None) -> Outcome:
    """Return what this request does to this world at this wall instant; a trace changes nothing of that."""
    charter = world.charter
    now = world.now(wall)
    early = now < world.due
    if early and charter.clock.auto_advance:
        charter, now = replace(charter, clock=charter.clock.advanced(world.due - now)), world.due
    route = charter.api.contract.route(request.method, request.path)
    grant = charter.grants.get(request.caller.key) if request.caller.key is not None else None
    buckets, reading = _charged(world, charter, route, request, grant, now)
    if trace is not None:
        limit = limit_of(charter, route, grant)
        _note(
            trace,
            "arrival",
            charter=charter,
            now=now,
            early=early,
            route=route,
            grant=grant,
            reading=reading,
            buckets=buckets,
            limit=limit,
        )
    after = World(charter, world.workspace, buckets, world.ordinal + 1, now, world.due)
    decided = _answered(after, request, route, grant, reading, trace)
    response = _response(charter, request, now, reading, decided)
    if decided.workspace is not None:
        after = World(charter, decided.workspace, buckets, after.ordinal, now, world.due)
    refusal = decided.refusal
    if refusal is not None and refusal.cause == "quota" and not charter.lobby:
        told = charter.clock.inside(charter.clock.outside(reading.retry_after))
        after = World(charter, world.workspace, buckets, after.ordinal, now, min(LATEST, now + told))
    refused, preferences = reading.refused and charter.quota != ENFORCE, decided.preferred
    marks = UNMARKED
    if refused or early or preferences is not NOTHING:
        marks = Marks(refused, early, preferences.applied, preferences.ignored)
    return Outcome(
        after, response, route.operation.id if route.operation else None, refusal.cause if refusal else None, marks
    )


def request_id(world: World) -> str:
    """Return the id of the request that led to this world: unique for 16^8 requests, the same in every replay."""
    return id_of(world.charter, world.ordinal)


def id_of(charter: Charter, ordinal: int) -> str:
    """Return the id of the request of this ordinal in a world of this charter."""
    return "req_" + hexadecimal8(charter.seed, charter.label, "req", ordinal)


def _answered(
    world: World, request: Request, route: Route, grant: Grant | None, reading: Reading, trace: Trace | None
) -> Decided:
    """Return what is decided of the answer: the order of the checks is the order of these lines."""
    charter = world.charter
    api = charter.api
    wishes = NOTHING
    header = request.header("prefer")
    if header is not None and route.operation is not None:
        wishes = preferred(header, route.operation)
    try:
        terms = _terms(world, request, grant)
        _check_quota(charter, reading)
        owner = _owner(charter, grant)
        api.law.permit(owner, terms, route.operation)
        _note(trace, "permission")
        operation = _operation(api, route, request)
        check_sizes(request)
        _note(trace, "sizes")
        if wishes.status is not None and (wishes.status != operation.success.status or wishes.example is not None):
            return _wished(world, operation, wishes)
        known = world.workspace.answers.get((request.path, request.query)) if trace is None else None
        if known is not None and known.since <= world.latest < known.until and request.method == "GET":
            return Decided(None, operation.success.status, known.body, None, wishes)
        call = _call(world, request, operation, route, owner, content_of(operation, request))
        _note(trace, "content")
        handler = api.handlers[operation.id]
        resource = handler.find(call)
        _note(trace, "resource")
        call = checked(api, call)
        _note(trace, "request", query=call.query)
        answer = handler.act(call, resource)
        _note(trace, "handler")
        body = rendered(operation, answer)
        _note(trace, "answer")
        if answer.until > world.latest:
            world.workspace.remember(request.path, request.query, Remembered(body, answer.since, answer.until))
        return Decided(answer.workspace, operation.success.status, body, None, wishes)
    except Problem as problem:
        # A traceback holds this frame, which would hold the problem: garbage that only the cycle collector finds.
        problem.__traceback__ = problem.__context__ = problem.__cause__ = None
        refusal = _declared(route, problem)
    except Breach as breach:
        refusal = Problem(500, "defect", f"The sandbox has a defect: {breach}")
    return _refused(world, refusal, wishes)


def _refused(world: World, refusal: Problem, wishes: Preferred) -> Decided:
    """Return a refusal in the API's words, and the preferences that it overrules."""
    body = to_json(world.charter.api.dialect.error(refusal, request_id(world)))
    if wishes is not NOTHING:
        kept = [each for each in wishes.applied if each.startswith("delay=") or each == f"code={refusal.status}"]
        lost = [each for each in wishes.applied if each not in kept]
        why = f"the request was refused before with {refusal.status} ({refusal.cause})"
        ignored = (*wishes.ignored, *((each, why) for each in lost))
        wishes = wishes._replace(applied=tuple(kept), ignored=ignored)
    return Decided(None, refusal.status, body, refusal, wishes)


def _wished(world: World, operation: Operation, wishes: Preferred) -> Decided:
    """Return the answer that the client asked for: an example of the contract, or an error in the API's words."""
    status = wishes.status or operation.success.status
    headers = (("Allow", operation.method),) if status == 405 else ()
    message = f"The request preferred this answer (Prefer: code={status})."
    refusal = Problem(status, "preferred", message, headers=headers)
    if wishes.example is not None:
        return Decided(None, status, wishes.example, refusal if status >= 400 else None, wishes)
    body = to_json(world.charter.api.dialect.error(refusal, request_id(world)))
    return Decided(None, status, body, refusal, wishes)


def _note(trace: Trace | None, stage: str, **facts: Any) -> None:
    if trace is not None:
        trace.append((stage, facts))


def limit_of(charter: Charter, route: Route, grant: Grant | None) -> Limit:
    """Return the limit that a request with this key on this route is held to."""
    return charter.api.law.limit(_owner(charter, grant), route.operation.rate_class if route.operation else "")


def bucket_of(charter: Charter, request: Request, grant: Grant | None) -> str:
    """Return the name of the bucket that a request draws on: the world's own, its address's, or its key's."""
    if charter.lobby:
        return request.peer
    return "" if grant is None or grant.owner is None else grant.key


def _owner(charter: Charter, grant: Grant | None) -> Frozen:
    return charter.owner if grant is None or grant.owner is None else grant.owner


def _charged(
    world: World, charter: Charter, route: Route, request: Request, grant: Grant | None, now: int
) -> tuple[Any, Reading]:
    """Take one token of the bucket that this request belongs to."""
    limit = limit_of(charter, route, grant)
    if charter.quota == OFF:
        return world.buckets, untouched(limit, now)
    name = bucket_of(charter, request, grant)
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


def _terms(world: World, request: Request, grant: Grant | None) -> Frozen:
    """Return what the caller's key may do, or refuse the credential."""
    law = world.charter.api.law
    if request.caller.key is None:
        raise law.refusal(request.caller.reason)
    if grant is None:
        raise law.refusal("unknown")
    if grant.revoked:
        raise law.refusal("revoked")
    if grant.expires is not None and grant.expires <= world.latest:
        raise law.refusal("expired")
    return grant.terms


def _check_quota(charter: Charter, reading: Reading) -> None:
    if reading.refused and charter.quota == ENFORCE:
        wait = charter.clock.outside(reading.retry_after)
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


def _call(world: World, request: Request, operation: Operation, route: Route, owner: Frozen, content: Any) -> Call:
    charter = world.charter
    return Call(
        operation, world.workspace, world.latest, route.values, NO_QUERY, content,
        request, owner, charter.seed, charter.label, charter.clock,
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


def _response(charter: Charter, request: Request, now: int, reading: Reading, decided: Decided) -> Response:
    body = decided.body
    headers = (
        ("Date", http_date(now)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        *charter.api.dialect.quota_headers(reading),
    )
    if decided.refusal is not None:
        headers = (*headers, *decided.refusal.headers)
        if decided.status == 429:
            headers = (*headers, ("Retry-After", str(charter.clock.outside(reading.retry_after))))
    body = b"" if request.method == "HEAD" else body
    wishes = decided.preferred
    if wishes is NOTHING or not wishes.applied:
        return Response(decided.status, headers, body)
    headers = (*headers, ("Preference-Applied", ", ".join(wishes.applied)))
    return Response(decided.status, headers, body, (Wait(wishes.delay),) if wishes.delay else ())
