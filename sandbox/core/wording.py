"""How an answer is put: decided by a handler, a refusal, a preference or a fault, and always in the API's own words."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.core.api import Issued
from sandbox.core.chance import hexadecimal8
from sandbox.core.clock import http_date
from sandbox.core.contract import Operation, Route
from sandbox.core.frozen import to_json
from sandbox.core.message import Effects, Headers, Request, Response, Wait
from sandbox.core.preference import NOTHING, Preferred
from sandbox.core.problem import EVERYWHERE, Problem
from sandbox.core.quota import Reading
from sandbox.core.scenario import Blow, Instead
from sandbox.core.shape import JSON
from sandbox.core.workspace import Workspace
from sandbox.core.world import Charter, World

LONGEST_MARK = 2_000
"""Characters of `Sandbox-Fault`; the journal keeps every mark."""


class Decided(NamedTuple):
    """What was decided of an answer: the workspace after it (None if unchanged), status, body, refusal, preferences."""

    workspace: Workspace | None
    status: int
    body: bytes
    refusal: Problem | None
    preferred: Preferred = NOTHING
    kind: str = JSON
    effects: Effects = ()
    headers: Headers = ()
    issued: Issued | None = None


def request_id(world: World) -> str:
    """Return the id of the request that led to this world: unique for 16^8 requests, the same in every replay."""
    return id_of(world.charter, world.ordinal)


def id_of(charter: Charter, ordinal: int) -> str:
    """Return the id of the request of this ordinal in a world of this charter."""
    return "req_" + hexadecimal8(charter.seed, charter.label, "req", ordinal)


def refused(world: World, refusal: Problem, wishes: Preferred) -> Decided:
    """Return a refusal in the API's words, and the preferences that it overrules."""
    body = to_json(world.charter.api.dialect.error(refusal, request_id(world)))
    if wishes is not NOTHING:
        kept = [each for each in wishes.applied if each.startswith("delay=") or each == f"code={refusal.status}"]
        lost = [each for each in wishes.applied if each not in kept]
        why = f"the request was refused before with {refusal.status} ({refusal.cause})"
        ignored = (*wishes.ignored, *((each, why) for each in lost))
        wishes = wishes._replace(applied=tuple(kept), ignored=ignored)
    return Decided(None, refusal.status, body, refusal, wishes)


def wished(world: World, operation: Operation, wishes: Preferred) -> Decided:
    """Return the answer that the client asked for: an example of the contract, or an error in the API's words."""
    status = wishes.status or operation.success.status
    headers = (("Allow", operation.method),) if status == 405 else ()
    message = f"The request preferred this answer (Prefer: code={status})."
    refusal = Problem(status, "preferred", message, headers=headers)
    if wishes.example is not None:
        return Decided(None, status, wishes.example, refusal if status >= 400 else None, wishes)
    body = to_json(world.charter.api.dialect.error(refusal, request_id(world)))
    return Decided(None, status, body, refusal, wishes)


def declared(route: Route, problem: Problem) -> Problem:
    """Return the problem if its cause may occur here, else the defect that it is."""
    operation = route.operation
    if operation is None:
        return problem
    known = problem.cause in EVERYWHERE or problem.cause in operation.refusals
    if known and problem.status in operation.shapes:
        return problem
    message = f"the contract does not declare {problem.status} because of {problem.cause!r}"
    return Problem(500, "defect", f"The sandbox has a defect: {operation.id}: {message}.")


def struck_by(world: World, instead: Instead) -> Decided:
    """Return the answer that a fault gives: an error in the API's words, or a body of another kind."""
    refusal = Problem(instead.status, "fault", instead.message, headers=instead.headers)
    body = instead.body
    if body is None:
        body = to_json(world.charter.api.dialect.error(refusal, request_id(world)))
    return Decided(None, instead.status, body, refusal, NOTHING, instead.kind or JSON)


def worded(
    charter: Charter, request: Request, now: int, reading: Reading, decided: Decided, blow: Blow, mark: str | None
) -> Response:
    """Return the whole answer: headers in their order, body, and what the door owes."""
    body = decided.body
    headers = (
        ("Date", http_date(now)),
        ("Content-Type", decided.kind),
        ("Content-Length", str(len(body))),
        *charter.api.dialect.quota_headers(reading),
        *decided.headers,
    )
    if decided.refusal is not None:
        headers = (*headers, *decided.refusal.headers, *_retry_after(charter, reading, decided, blow))
    body = b"" if request.method == "HEAD" else body
    wishes = decided.preferred
    if (wishes is NOTHING or not wishes.applied) and mark is None:
        return Response(decided.status, headers, body)
    effects: Effects = (Wait(wishes.delay),) if wishes.delay else ()
    if wishes.applied:
        headers = (*headers, ("Preference-Applied", ", ".join(wishes.applied)))
    if mark is not None:
        headers = (*headers, ("Sandbox-Fault", _brief(mark)))
    return Response(decided.status, headers, body, (*effects, *blow.effects, *decided.effects))


def _brief(mark: str) -> str:
    """Return the rules that struck, the first ones of very many: clients bound a header field's length."""
    return mark if len(mark) <= LONGEST_MARK else mark[:LONGEST_MARK].rpartition(", ")[0]


def _retry_after(charter: Charter, reading: Reading, decided: Decided, blow: Blow) -> Headers:
    if decided.status != 429:
        return ()
    quota = blow.quota
    if quota is not None and quota.silent:
        return ()
    told = None if quota is None else quota.retry_after
    return (("Retry-After", str(charter.clock.outside(reading.retry_after)) if told is None else told),)
