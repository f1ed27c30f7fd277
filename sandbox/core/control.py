"""The control plane: `control` is to a timeline what `step` is to a world.

A control request goes the way of a request to an API: the contract (`openapi/admin.yaml`) routes it and checks it, a
handler works on a value, the contract checks the answer. Who may send it, and from which page, is the rim's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orjson import loads

from sandbox.core.contract import Contract, ContractError, Operation, Route
from sandbox.core.desk import Desk, Done, Work
from sandbox.core.intake import check_body, check_sizes, content_of, query_of
from sandbox.core.message import Request, Response
from sandbox.core.moves import MOVES
from sandbox.core.problem import Breach, Problem
from sandbox.core.realm import Realm
from sandbox.core.record import steered_to
from sandbox.core.reporting import REPORTS
from sandbox.core.staging import ERRANDS, steered
from sandbox.core.steering import in_json, in_problem
from sandbox.core.timeline import ENTRY_LIMIT, WEIGHT_LIMIT, Errand, Timeline
from sandbox.core.verdict import Judge, no_verdicts

BODY_LIMIT = 32 << 20
HEAVY = frozenset({"putState", "loadCapsule"})
"""What takes longer than a lock may be held: it works on the value, and the result is taken if nothing came between."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The control plane as it is served: its contract, the sandbox's name and version, a journal's bounds, a judge."""

    contract: Contract
    maker: str
    version: str
    bounds: tuple[int, int] = (ENTRY_LIMIT, WEIGHT_LIMIT)
    judge: Judge = no_verdicts


class Move(NamedTuple):
    """What became of a control request: the timeline after it, the answer, a credential that was made, and its id."""

    timeline: Timeline
    response: Response
    credential: str | None = None
    key: str = ""


def _steer(desk: Desk) -> Done:
    done = steered(desk.timeline.present, desk.errand)
    after = steered_to(desk.timeline, done.world, desk.errand, desk.request, done.recorded)
    return Done(done.body, after, done.status, credential=done.credential, key=str(done.body.get("id", "")))


WORK: Mapping[str, Work] = {**dict.fromkeys(ERRANDS, _steer), **MOVES, **REPORTS}
"""Every operation that works on a timeline."""


def check_handled(contract: Contract, elsewhere: frozenset[str]) -> None:
    """Raise ContractError unless each operation is handled here or elsewhere, and each handler has an operation."""
    declared, handled = set(contract.operations), set(WORK) | elsewhere
    if declared != handled:
        missing, spare = sorted(declared - handled), sorted(handled - declared)
        raise ContractError(f"{contract.name}: no handler for {missing}, no operation for {spare}")


def control(plane: Plane, realm: Realm, timeline: Timeline, request: Request, wall: int) -> Move:
    """Return what this request does to this timeline at this wall instant."""
    try:
        route = plane.contract.route(request.method, request.path)
        operation = routed(route, request)
        errand = _errand(operation, route, request, wall)

        def read_errand(recorded: Request, at: int) -> Errand:
            return errand_of(plane.contract, recorded, at)

        desk = Desk(
            realm, timeline, errand, request, plane.maker, plane.version, read_errand, plane.bounds, plane.judge
        )  # fmt: skip
        done = WORK[operation.id](desk)
        response = _rendered(operation, done)
    except Problem as problem:
        return Move(timeline, in_problem(problem))
    except Breach as breach:
        return Move(timeline, in_problem(Problem(500, "defect", f"The sandbox has a defect: {breach}")))
    return Move(timeline if done.timeline is None else done.timeline, response, done.credential, done.key)


def routed(route: Route, request: Request) -> Operation:
    """Return the operation that is asked for; a Problem says what there is instead."""
    if route.operation is not None:
        return route.operation
    if route.allowed:
        allowed = ", ".join(route.allowed)
        message = f"{request.method[:20]} is not supported here: expected {allowed}."
        raise Problem(405, "unknown-method", message, headers=(("Allow", allowed),))
    raise Problem(404, "unknown-path", "There is nothing at this path: GET /__admin/openapi.json lists what there is.")


def errand_of(contract: Contract, request: Request, wall: int) -> Errand:
    """Return what a control request asks for; a Problem says why it cannot be read."""
    route = contract.route(request.method, request.path)
    return _errand(routed(route, request), route, request, wall)


def _errand(operation: Operation, route: Route, request: Request, wall: int) -> Errand:
    check_sizes(request)
    content = _content(operation, request)
    if operation.body is not None:
        check_body(operation, content, 422)
        content = _in_whole_numbers(content)
    return Errand(operation.id, route.values, query_of(operation, request.query, 400), content, wall)


def _in_whole_numbers(content: Any) -> Any:
    """Return the fields of a body with 7 for 7.0: to a contract both are the same integer."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in content.items()
    }


def _content(operation: Operation, request: Request) -> Any:
    """Return the request's JSON; here one cause stands for all that keeps it from being read."""
    try:
        return content_of(operation, request, BODY_LIMIT)
    except Problem as problem:
        if problem.status != 400:
            raise
        raise Problem(400, "malformed", problem.message) from problem


def _rendered(operation: Operation, done: Done) -> Response:
    shape = operation.success
    if done.content is not None:
        headers = (
            ("Content-Type", shape.kind),
            ("Content-Length", str(len(done.content))),
            ("Cache-Control", "no-store"),
        )
        return Response(done.status, headers, done.content)
    if done.status != shape.status or shape.whole is None:
        raise Breach(operation.id, "status", "status", f"the contract does not declare {done.status}")
    response = in_json(done.status, done.body)
    shape.whole.demand(loads(response.body))
    return response
