"""The worlds that are alive, each under a lock of its own. The only mutable object of the sandbox.

A lock is held for one `step` or for one swap of references. What the worlds weigh is estimated; past the cap whole
worlds are dropped, the least recently used first, and none that was used in the last ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from sandbox.core.clock import MINUTE
from sandbox.core.frozen import to_json
from sandbox.core.kernel import Outcome, step
from sandbox.core.keyring import Place, identify
from sandbox.core.message import Caller, Request, Response, admitted
from sandbox.core.problem import Problem
from sandbox.core.realm import Realm, born, copies
from sandbox.core.timeline import Entry, Journal, Timeline
from sandbox.core.world import World

WORLD_WEIGHT = 4_000
SPELLINGS = 64
DEFAULT_CAP = 256 << 20
KEPT_FOR = 10 * MINUTE


@dataclass(slots=True)
class Slot:
    """One living world: its timeline, who leads to it, and when it was last used."""

    name: str
    timeline: Timeline
    used: int
    lock: Lock = field(default_factory=Lock)
    headers: list[str] = field(default_factory=list)
    gone: bool = False

    @property
    def weight(self) -> int:
        """Return roughly how many bytes the world keeps alive."""
        return WORLD_WEIGHT + self.timeline.journal.weight


@dataclass(slots=True)
class Shelf:
    """The living worlds of one realm, and the Authorization headers that are known to lead to them."""

    realm: Realm
    lobby: Slot
    slots: dict[str, Slot] = field(default_factory=dict)
    known: dict[str, tuple[Slot, Caller]] = field(default_factory=dict)


class Full(Exception):
    """There is no room for a further world."""


class Store:
    """Answers requests; safe to call from any thread."""

    def __init__(self, realms: tuple[Realm, ...], wall: Callable[[], int], cap: int = DEFAULT_CAP) -> None:
        now = wall()
        self._wall = wall
        self._cap = cap
        self._opening = Lock()
        self._weight = 0
        self._shelves = tuple(Shelf(each, Slot("lobby", Timeline(each.lobby), now)) for each in realms)
        self._prefixes = tuple((each.realm.keyring.api.contract.prefix, each) for each in self._shelves)

    @property
    def realms(self) -> tuple[Realm, ...]:
        """Return the realms that are served."""
        return tuple(each.realm for each in self._shelves)

    def shelf_for(self, path: str) -> Shelf | None:
        """Return the shelf of the API whose prefix the raw path begins with, or None."""
        for prefix, shelf in self._prefixes:
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return shelf
        return None

    def answer(self, shelf: Shelf, request: Request) -> Response:
        """Return the answer to the request and keep what it changed."""
        while True:
            try:
                slot, caller = self._place(shelf, request)
            except Full:
                return self._refused(shelf, request)
            with slot.lock:
                if not slot.gone:
                    return self._stepped(slot, admitted(request, caller))

    def presents(self) -> Mapping[str, World]:
        """Return the present of every living world by name, for inspection."""
        return {name: slot.timeline.present for shelf in self._shelves for name, slot in shelf.slots.items()}

    def journal(self, shelf: Shelf, world: str) -> Journal | None:
        """Return the journal of the living world of this name, or None if there is none."""
        slot = shelf.slots.get(world)
        return None if slot is None else slot.timeline.journal

    def _stepped(self, slot: Slot, request: Request) -> Response:
        wall = self._wall()
        timeline = slot.timeline
        outcome = step(timeline.present, request, wall)
        journal = timeline.journal.having(_entry(timeline.present, outcome, request, wall))
        self._weight += journal.weight - timeline.journal.weight
        slot.timeline = Timeline(outcome.world, journal)
        slot.used = wall
        return outcome.response

    def _place(self, shelf: Shelf, request: Request) -> tuple[Slot, Caller]:
        header = request.header("authorization")
        known = shelf.known.get(header) if header is not None else None
        if known is not None:
            return known
        place, caller = identify(shelf.realm.keyring, request)
        if place is None:
            return shelf.lobby, caller
        slot = self._opened(shelf, place)
        if header is not None:
            self._learn(shelf, slot, caller, header)
        return slot, caller

    def _learn(self, shelf: Shelf, slot: Slot, caller: Caller, header: str) -> None:
        """Remember that this header leads to this world, unless too many spellings of it are known already."""
        with self._opening:
            if not slot.gone and len(slot.headers) < SPELLINGS:
                shelf.known[header] = (slot, caller)
                slot.headers.append(header)

    def _opened(self, shelf: Shelf, place: Place) -> Slot:
        origin = copies(place)
        live = self._opened(shelf, Place(origin, "")).timeline.present if origin else None
        with self._opening:
            slot = shelf.slots.get(place.world)
            if slot is None:
                self._make_room()
                slot = Slot(place.world, Timeline(born(shelf.realm, place, live)), self._wall())
                shelf.slots[place.world] = slot
                self._weight += WORLD_WEIGHT
            return slot

    def _make_room(self) -> None:
        """Drop the least recently used worlds until there is room; raise Full if none may go."""
        if self._weight + WORLD_WEIGHT <= self._cap:
            return
        self._weight = sum(slot.weight for shelf in self._shelves for slot in (*shelf.slots.values(), shelf.lobby))
        idle_before = self._wall() - KEPT_FOR
        idle = sorted(
            ((slot.used, shelf, slot) for shelf in self._shelves for slot in shelf.slots.values()),
            key=lambda each: each[0],
        )
        for used, shelf, slot in idle:
            if used > idle_before or self._weight + WORLD_WEIGHT <= self._cap:
                break
            self._drop(shelf, slot)
        if self._weight + WORLD_WEIGHT > self._cap:
            raise Full

    def _drop(self, shelf: Shelf, slot: Slot) -> None:
        with slot.lock:
            slot.gone = True
        self._weight -= slot.weight
        del shelf.slots[slot.name]
        for header in slot.headers:
            shelf.known.pop(header, None)

    def _refused(self, shelf: Shelf, request: Request) -> Response:
        dialect = shelf.realm.keyring.api.dialect
        message = (
            "The sandbox has no room for a further world: wait until one has been idle for ten minutes, "
            "or start it with a larger --memory."
        )
        body = to_json(dialect.error(Problem(503, "full", message), "req_00000000"))
        headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        return Response(503, headers, b"" if request.method == "HEAD" else body)


def _entry(before: World, outcome: Outcome, request: Request, wall: int) -> Entry:
    return Entry(
        outcome.world.ordinal, wall, outcome.world.latest, outcome.operation, request, outcome.response, before,
        outcome.cause, outcome.would_refuse,
    )  # fmt: skip
