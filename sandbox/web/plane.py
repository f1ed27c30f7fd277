"""Who may steer what, and the operations of the control plane that no single world can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from sandbox.core.clock import iso_exact
from sandbox.core.contract import Operation
from sandbox.core.control import Plane, routed
from sandbox.core.event import event_of, happenings_since
from sandbox.core.intake import check_sizes, query_of
from sandbox.core.message import UNNAMED, Caller, Request, Response
from sandbox.core.problem import Problem, shown
from sandbox.core.steering import in_json, in_problem
from sandbox.web.docs import docs_file, docs_page
from sandbox.web.gate import check_host, check_origin, holds_token, untold
from sandbox.web.pages import health, version
from sandbox.web.reader import Reader
from sandbox.web.refusal import full
from sandbox.web.shelf import Shelf, Slot
from sandbox.web.store import Full, Store

PREFIX = "/__admin"
OPEN = ("getHealth", "getVersion", "getContract", "getDocs", "getDocsFile")
RIM = frozenset({*OPEN, "listWorlds", "streamEvents"})
"""The operations that are answered here, and not by a timeline."""
_PAGES = {"getHealth": health, "getVersion": version}
_UNGATED = {f"{PREFIX}/health": health, f"{PREFIX}/version": version}
"""What is answered before the contract is compiled, and while the plane is turned off."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The world that a control request is about, and the request as it may be kept."""

    shelf: Shelf
    slot: Slot
    request: Request


class Steering:
    """The control plane of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def plane(self) -> Plane:
        """Return the plane as it is served; its contract is compiled when somebody first asks."""
        return self._store.plane()

    def answer(self, request: Request) -> Response:
        """Return the answer to a control request; `streamEvents` waits for something to happen, within bounds."""
        try:
            self._check_gate(request)
            page = _UNGATED.get(request.path) if request.method == "GET" else None
            if page is not None:
                return _page(page(self._store))
            return self._answered(request, self._operation(request))
        except Problem as problem:
            return self.refusal(problem)
        except Full:
            return in_problem(full())

    def refusal(self, problem: Problem) -> Response:
        """Return a refusal that quotes no credential: what is refused here is refused before any is taken out."""
        message = untold(self._store.gate, problem.message)
        for realm in self._store.realms:
            message = realm.keyring.api.law.secret.sub(UNNAMED, message)
        return in_problem(Problem(problem.status, problem.cause, message, headers=problem.headers, more=problem.more))

    def subject(self, request: Request) -> Subject:
        """Return the world that the request's credential is for; a Problem says why there is none."""
        operation = self._operation(request)
        if holds_token(self._store.gate, request):
            shelf, slot = self._named(query_of(operation, request.query, 400))
            return Subject(shelf, slot, self._store.admitted(shelf, request, Caller(None, "admin token")))
        owned = self._store.owned(request)
        if owned is None:
            raise _unknown()
        shelf, slot, caller = owned
        return Subject(shelf, slot, self._store.admitted(shelf, request, caller))

    def follow(self, request: Request, wake: Callable[[], None]) -> tuple[Slot, Reader, list[bytes], Mapping[str, Any]]:
        """Return a new reader of the request's world, the events it has missed, and the query; a Problem says why not.

        Whoever follows has to leave.
        """
        self._check_gate(request)
        operation = self._operation(request)
        check_sizes(request)
        subject = self.subject(request)
        query = query_of(operation, request.query, 400)
        reader = Reader(wake)
        timeline = self._store.follow(subject.slot, reader)
        if timeline is None:
            raise Problem(503, "full", "This world has as many readers of events as it may have: let one go first.")
        last = request.header("last-event-id") or ""
        missed = happenings_since(timeline, int(last)) if last.isascii() and last.isdigit() and len(last) < 16 else []
        return subject.slot, reader, [event_of(each) for each in missed], query

    def leave(self, slot: Slot, reader: Reader) -> None:
        """Let a reader go."""
        self._store.leave(slot, reader)

    def _answered(self, request: Request, operation: Operation) -> Response:
        check_sizes(request)
        if operation.id in OPEN:
            return self._opened(request, operation)
        if operation.id == "streamEvents":
            return self._polled(request)
        if operation.id == "listWorlds":
            return self._worlds(request)
        subject = self.subject(request)
        return self._store.steer(subject.shelf, subject.slot, subject.request, operation.id)

    def _check_gate(self, request: Request) -> None:
        check_host(self._store.gate, request)
        check_origin(request)
        if self._store.gate.shut and request.path not in _UNGATED:
            raise Problem(404, "unknown-path", "The control plane is turned off: start the sandbox without --no-admin.")

    def _operation(self, request: Request) -> Operation:
        return routed(self.plane.contract.route(request.method, request.path), request)

    def _named(self, query: Mapping[str, Any]) -> tuple[Shelf, Slot]:
        world, api = query["world"], query["api"]
        found = [
            (shelf, slot)
            for shelf, slot in self._store.living()
            if slot.name == world and api in (None, shelf.realm.name)
        ]
        if len(found) == 1:
            return found[0]
        if world is None:
            message = "The admin token needs ?world=NAME: GET /__admin/worlds lists the names."
        elif found:
            message = f"More than one API has a world {shown(world)}: add ?api=NAME."
        else:
            message = f"There is no living world {shown(world)}: GET /__admin/worlds lists them."
        raise Problem(404, "world-not-found", message)

    def _opened(self, request: Request, operation: Operation) -> Response:
        if operation.id in _PAGES:
            return _page(_PAGES[operation.id](self._store))
        if operation.id == "getContract":
            return _page((200, "application/json", self.plane.contract.served()))
        if operation.id == "getDocs":
            return docs_page()
        values = self.plane.contract.route(request.method, request.path).values
        return docs_file(values["file"])

    def _worlds(self, request: Request) -> Response:
        if not holds_token(self._store.gate, request):
            if self._store.owned(request) is None:
                raise _unknown()
            raise Problem(403, "permission", "This needs the admin token, which is printed when the sandbox starts.")
        worlds = [_world(shelf, slot) for shelf, slot in self._store.living()]
        return in_json(200, {"worlds": worlds, "meta": {"total": len(worlds)}})

    def _polled(self, request: Request) -> Response:
        """Return the events that there are, or the first that comes within the time that the client grants."""
        came = Event()
        slot, reader, events, query = self.follow(request, came.set)
        try:
            most = query["limit"] or 10_000
            if not events:
                came.wait(query["timeout"])
            while len(events) < most and (happening := reader.read()) is not None:
                events.append(event_of(happening))
        finally:
            self.leave(slot, reader)
        return _page((200, "text/event-stream", b"".join(events[:most])))


def _unknown() -> Problem:
    message = (
        "No credential that leads to a world was given: send the API key of the client under test as "
        "Authorization: Bearer …, or the admin token."
    )
    return Problem(401, "credential", message, headers=(("WWW-Authenticate", "Bearer"),))


def _world(shelf: Shelf, slot: Slot) -> dict[str, Any]:
    timeline = slot.timeline
    return {
        "api": shelf.realm.name,
        "name": slot.name,
        "requests": timeline.present.ordinal,
        "bytes": slot.weight,
        "now": iso_exact(timeline.present.now(slot.used)),
        "evicted": timeline.evicted,
    }


def _page(page: tuple[int, str, bytes]) -> Response:
    status, kind, body = page
    headers = (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"))
    return Response(status, headers, body)
