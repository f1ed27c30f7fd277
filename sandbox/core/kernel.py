"""One request's whole way through a world, as a pure function.

Theory of operation. `step` takes a world, a request and the wall clock's reading, and returns the next world with the
answer and the reason for it. It reads nothing else and changes nothing: to fork a world is to keep it, to replay a
journal is to call `step` in a loop, and a law about the sandbox is a property of this function.

The order of the checks is the order of the lines in `_decided`: a credential that is not usable (401) is told before
an empty quota (429), that before a missing permission (403), that before an unreadable body (400), that before an
unknown resource (404), that before a body or query that breaks the contract, that before what the state forbids. Every
request that reaches a world is counted by its ordinal; a request that finds the quota empty takes nothing from it. What
a client prefers (a status, an example) stands in the handler's place: whatever refuses the request before wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.core.admission import charged, check_quota, grant_of, limit_of, owner_of, terms_of
from sandbox.core.api import Answer, Api, Call, Issued
from sandbox.core.clock import LATEST
from sandbox.core.contract import Operation, Route
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.intake import check_sizes, checked, content_of, preference_in
from sandbox.core.message import Effects, Request, Response
from sandbox.core.play import IDLE, Play, Verdict, awaited, happened, lets_pass, postponed, recalling, strikes
from sandbox.core.preference import NOTHING, Preferred, preferred
from sandbox.core.problem import Breach, Problem
from sandbox.core.quota import ENFORCE, Reading
from sandbox.core.rendering import rendered
from sandbox.core.scenario import STRUCK_BY_NOTHING, Blow, Drawn, Meeting, chance_of, together
from sandbox.core.shape import JSON
from sandbox.core.timeline import UNMARKED, Marks
from sandbox.core.wording import Decided, declared, refused, struck_by, wished, worded
from sandbox.core.workspace import Remembered, Workspace
from sandbox.core.world import Charter, World

NO_QUERY = Frozen()
NO_EFFECTS: Effects = ()


class Outcome(NamedTuple):
    """What became of a request: the world after it, the answer, the operation, the cause of a refusal, the marks.

    `issued` is the credential that the answer shows for once.
    """

    world: World
    response: Response
    operation: str | None
    cause: str | None
    marks: Marks
    issued: Issued | None = None


Note = tuple[str, Mapping[str, Any]]
Trace = list[Note]
"""What `step` writes down on its way, if it is given one: the name of each stage that was reached, and its facts."""


def step(world: World, request: Request, wall: int, trace: Trace | None = None) -> Outcome:
    """Return what this request does to this world at this wall instant; a trace changes nothing of that."""
    charter = world.charter
    now = world.now(wall)
    early = now < world.due
    if early and charter.clock.auto_advance:
        charter, now = _later(charter, world.due - now), world.due
    route = charter.api.contract.route(request.method, request.path)
    blow, mark = STRUCK_BY_NOTHING, None
    if world.play is not IDLE:
        world, now, blow, mark = _played(world, charter, request, route, now, trace)
        if blow.before:
            charter, now = _later(charter, blow.before), now + blow.before
            world = up_to(world, now)
    grant = grant_of(world, request.caller.key)
    if blow.grant is not None and grant is not None:
        grant = blow.grant(grant, owner_of(charter, grant))
    buckets, reading = charged(world, charter, route, request, grant, now, blow.quota)
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
            limit=limit,
            struck=blow.quota,
        )
    after = World(charter, world.workspace, buckets, world.ordinal + 1, now, world.due, world.play)
    decided = _answered(after, request, route, grant, reading, blow, trace)
    response = worded(charter, request, now, reading, decided, blow, mark)
    refusal = decided.refusal
    due = world.due
    if refusal is not None and refusal.cause == "quota" and not charter.lobby:
        due = min(LATEST, now + charter.clock.inside(charter.clock.outside(reading.retry_after)))
    if blow.after:
        charter = _later(charter, blow.after)
    if decided.workspace is not None or due != world.due or blow.after or blow.late is not None:
        play = world.play if world.play is IDLE else _kept(world, request, now, blow, mark, decided)
        after = World(charter, decided.workspace or world.workspace, buckets, after.ordinal, now, due, play)
    operation = route.operation.id if route.operation else None
    marks = _marks(reading.refused and charter.quota != ENFORCE, early, decided.preferred, mark)
    return Outcome(after, response, operation, refusal.cause if refusal else None, marks, decided.issued)


def foreseen(world: World, request: Request, wall: int) -> int:
    """Return the microseconds for which a fault would keep this request from being worked on, if it came now."""
    route = world.charter.api.contract.route(request.method, request.path)
    _, _, blow, _ = _played(world, world.charter, request, route, world.now(wall), None)
    return blow.hold


def _marks(observed: bool, early: bool, wishes: Preferred, mark: str | None) -> Marks:
    if not observed and not early and wishes is NOTHING and mark is None:
        return UNMARKED
    return Marks(observed, early, wishes.applied, wishes.ignored, mark)


def _later(charter: Charter, span: int) -> Charter:
    """Return the charter whose clock shows so much more."""
    return replace(charter, clock=charter.clock.advanced(span))


def _played(
    world: World, charter: Charter, request: Request, route: Route, now: int, trace: Trace | None
) -> tuple[World, int, Blow, str | None]:
    """Return the world with all that was scripted until now, the instant, what strikes this request, and its mark."""
    if trace is None and lets_pass(world.play, route.operation.id if route.operation else None, request):
        return world, now, STRUCK_BY_NOTHING, None
    late = awaited(world.play, request, now) if world.play.pending else None
    if late is not None:
        now = max(world.latest, late.due)
        rest = tuple(each for each in world.play.pending if each is not late)
        world = world._replace(play=world.play._replace(pending=rest))
    world = up_to(world, now)
    if late is not None:
        _note(trace, "rules", verdicts=[])
        return world, now, STRUCK_BY_NOTHING, late.mark
    play, blow, mark = _struck(world, charter, request, route, now, trace)
    return world._replace(play=play), now, blow, mark


def up_to(world: World, now: int) -> World:
    """Return the world after every timed event until now: they happen whether anybody asks or not."""
    play, workspace = happened(world.play, world.workspace, now)
    return world if play is world.play else world._replace(play=play, workspace=workspace)


def _kept(world: World, request: Request, now: int, blow: Blow, mark: str | None, decided: Decided) -> Play:
    """Return the play with what it has to remember of this request."""
    play = world.play
    if decided.workspace is not None:
        play = recalling(play, world.workspace, now)
    if blow.late is not None and decided.refusal is not None and decided.refusal.cause == "fault":
        play = postponed(play, request, now, blow.late, mark or "", world.ordinal + 1)
    return play


def _struck(
    world: World, charter: Charter, request: Request, route: Route, now: int, trace: Trace | None
) -> tuple[Play, Blow, str | None]:
    """Return how far the scenario has gone, what its faults do to this request, and the mark that the answer bears."""
    seed, label = charter.seed, charter.label
    operation = route.operation.id if route.operation else None
    verdicts: list[Verdict] | None = None if trace is None else []
    draws: list[Drawn] | None = None if trace is None else []
    play, struck = strikes(
        world.play, seed, label, Meeting(request, operation, now, charter, world.workspace, {}), verdicts
    )
    blows = [(each.mark, each.fault.strike(each, now, chance_of(each, seed, label, draws))) for each in struck]
    blows = [(name, blow) for name, blow in blows if blow is not STRUCK_BY_NOTHING]
    _note(trace, "rules", verdicts=verdicts, draws=draws, marks={name for name, _ in blows})
    if not blows:
        return play, STRUCK_BY_NOTHING, None
    return play, together(blow for _, blow in blows), ", ".join(dict.fromkeys(name for name, _ in blows))


def _twice(
    world: World, request: Request, route: Route, grant: Grant | None, reading: Reading, workspace: Workspace
) -> Decided:
    """Run the request once more on what it has written, and answer as the second time does."""
    second = _answered(world._replace(workspace=workspace), request, route, grant, reading, STRUCK_BY_NOTHING, None)
    return second if second.workspace is not None else second._replace(workspace=workspace)


def _answered(
    world: World, request: Request, route: Route, grant: Grant | None, reading: Reading, blow: Blow,
    trace: Trace | None,
) -> Decided:  # fmt: skip
    """Return what is decided of the answer; whatever hinders it becomes a refusal in the API's words."""
    wishes = NOTHING
    header = preference_in(request)
    if header is not None and route.operation is not None:
        wishes = preferred(header, route.operation)
    try:
        return _decided(world, request, route, grant, reading, blow, wishes, trace)
    except Problem as problem:
        # A traceback holds this frame, which would hold the problem: garbage that only the cycle collector finds.
        problem.__traceback__ = problem.__context__ = problem.__cause__ = None
        refusal = declared(route, problem)
    except Breach as breach:
        refusal = Problem(500, "defect", f"The sandbox has a defect: {breach}")
    return refused(world, refusal, wishes)


def _decided(
    world: World, request: Request, route: Route, grant: Grant | None, reading: Reading, blow: Blow,
    wishes: Preferred, trace: Trace | None,
) -> Decided:  # fmt: skip
    """Return what is decided of the answer: the order of the checks is the order of these lines."""
    charter = world.charter
    api = charter.api
    terms = terms_of(world, route, request, grant)
    check_quota(charter, reading, blow.quota)
    owner = owner_of(charter, grant)
    api.law.permit(owner, terms, route.operation)
    _note(trace, "permission")
    operation = _operation(api, route, request)
    check_sizes(request)
    _note(trace, "sizes")
    if blow.instead is not None:
        return struck_by(world, blow.instead)
    if wishes.status is not None and (wishes.status != operation.success.status or wishes.example is not None):
        return wished(world, operation, wishes)
    plainly = trace is None and blow is STRUCK_BY_NOTHING
    circle = api.law.circle(terms)
    known = world.workspace.answers.get((request.path, request.query, circle)) if plainly else None
    if known is not None and known.since <= world.latest < known.until and request.method == "GET":
        return Decided(None, operation.success.status, known.body, None, wishes)
    call = _call(world, request, operation, route, owner, terms, content_of(operation, request))
    if blow.lens is not None and request.method == "GET":
        call = call._replace(workspace=blow.lens(world))
    _note(trace, "content")
    handler = api.handlers[operation.id]
    resource = handler.find(call)
    _note(trace, "resource")
    call = checked(api, call)
    _note(trace, "request", query=call.query)
    call = call if blow.turn is None else blow.turn(call)
    answer = handler.act(call, resource)
    if blow.commit == "twice" and answer.workspace is not None:
        return _twice(world, request, route, grant, reading, answer.workspace)
    _note(trace, "handler")
    body, kind = rendered(operation, answer)
    _note(trace, "answer")
    if blow is not STRUCK_BY_NOTHING:
        return _bent(call, answer, body, kind, blow, wishes)
    if answer.until > world.latest:
        world.workspace.remember(request.path, request.query, circle, Remembered(body, answer.since, answer.until))
    return _given(operation, answer, answer.workspace, body, kind, wishes)


def _given(
    operation: Operation, answer: Answer, workspace: Workspace | None, body: bytes, kind: str, wishes: Preferred,
    effects: Effects = NO_EFFECTS,
) -> Decided:  # fmt: skip
    status = operation.success.status
    return Decided(workspace, status, body, None, wishes, kind, effects, answer.headers, answer.issued)


def _bent(call: Call, answer: Answer, body: bytes, kind: str, blow: Blow, wishes: Preferred) -> Decided:
    """Return a success as a fault leaves it: what was written amended, what is said reshaped."""
    workspace, effects = answer.workspace, NO_EFFECTS
    if blow.amend is not None and workspace is not None:
        workspace = blow.amend(call, workspace)
    if blow.reshape is not None and kind == JSON:
        body, other, effects = blow.reshape(call, body)
        kind = other or kind
    return _given(call.operation, answer, workspace, body, kind, wishes, effects)


def _note(trace: Trace | None, stage: str, **facts: Any) -> None:
    if trace is not None:
        trace.append((stage, facts))


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


def _call(
    world: World, request: Request, operation: Operation, route: Route, owner: Frozen, terms: Frozen, content: Any
) -> Call:
    charter = world.charter
    return Call(
        operation, world.workspace, world.latest, route.values, NO_QUERY, content,
        request, owner, charter.seed, charter.label, charter.clock,
        terms, request.caller.key, f"{charter.api.secret}\x00{charter.name}", world.buckets,
    )  # fmt: skip
