"""The worlds that are alive, each under a lock of its own. The only mutable object of the sandbox.

A lock is held for one `step` or for one swap of references. What the worlds weigh is estimated; past the cap whole
worlds are dropped, the least recently used first, and none that was used in the last ten minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING

from sandbox.core.clock import MINUTE
from sandbox.core.kernel import foreseen, step
from sandbox.core.keyring import Place, fingerprint, identify, led_by
from sandbox.core.message import Caller, Hold, Request, Response
from sandbox.core.play import IDLE, holds
from sandbox.core.realm import Realm, born, copies
from sandbox.core.record import caught_up, told
from sandbox.core.staging import opening
from sandbox.core.timeline import ENTRY_LIMIT, WEIGHT_LIMIT, Journal, Timeline, began
from sandbox.core.world import World, labelled
from sandbox.web.entering import Threshold
from sandbox.web.gate import OPEN, Gate
from sandbox.web.reader import Reader
from sandbox.web.refusal import no_room, overtaken
from sandbox.web.shelf import WORLD_WEIGHT, Acquaintance, Shelf, Slot, idle_since

if TYPE_CHECKING:
    from sandbox.core.control import Move, Plane

SPELLINGS = 64
KEPT_FOR = 10 * MINUTE
DROPPED_NAMES = 10_000
READERS = 100
MINTED = 10_000

_log = logging.getLogger("sandbox")


class Full(Exception):
    """There is no room for a further world."""


class Store:
    """Answers requests; safe to call from any thread.

    `cap` is what all worlds together may weigh, `bounds` the entries and the bytes that a journal may hold. `plane` and
    `gate` are the control plane and who is let in there.
    """

    def __init__(
        self,
        realms: tuple[Realm, ...],
        wall: Callable[[], int],
        cap: int,
        plane: Callable[[], Plane],
        gate: Gate = OPEN,
        bounds: tuple[int, int] = (ENTRY_LIMIT, WEIGHT_LIMIT),
    ) -> None:
        now = wall()
        self.plane = plane
        self.gate = gate
        self._wall = wall
        self._cap = cap
        self._blank = Journal(limit=bounds[0], weight_limit=bounds[1])
        self._opening = Lock()
        self._weight = 0
        self._shelves = tuple(Shelf(each, Slot("lobby", began(each.lobby, self._blank), now)) for each in realms)
        self._threshold = Threshold(tuple(each.keyring.api.law for each in realms))
        self._prefixes = tuple((each.realm.keyring.api.contract.prefix, each) for each in self._shelves)

    @property
    def realms(self) -> tuple[Realm, ...]:
        """Return the realms that are served."""
        return tuple(each.realm for each in self._shelves)

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """Return the shelves, one a realm."""
        return self._shelves

    def shelf_for(self, path: str) -> Shelf | None:
        """Return the shelf of the API whose prefix the raw path begins with, or None."""
        for prefix, shelf in self._prefixes:
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return shelf
        return None

    def answer(
        self, shelf: Shelf, request: Request, known: Acquaintance | None = None, *, held: bool = False
    ) -> Response:
        """Return the answer to the request and keep what it changed.

        `known` belongs to the connection, if that sends equal header fields as one value. An answer whose effect is a
        `Hold` is none: nothing was done, and who has waited asks again, as `held`.
        """
        while True:
            slot = None if known is None else known.of(request.headers, shelf)
            if slot is not None and known is not None:
                entering = self._threshold.again(self.gate, request, known)
            else:
                try:
                    slot, caller = self._place(shelf, request)
                except Full:
                    return no_room(shelf, request)
                entering = self.admitted(shelf, request, caller)
                # What a cookie says depends on what is asked: who signs in leaves the session that there was.
                if known is not None and caller.key is not None and request.header("authorization") is not None:
                    known.fields, known.slot, known.caller, known.kept = request.headers, slot, caller, entering.headers
            with slot.lock:
                if not slot.gone:
                    return self._stepped(shelf, slot, entering, held=held)

    def admitted(self, shelf: Shelf, request: Request, caller: Caller) -> Request:
        """Return the request as it may be kept: its caller named, and no credential of any API in any part of it."""
        return self._threshold.admitted(self.gate, shelf, request, caller)

    def presents(self) -> Mapping[str, World]:
        """Return the present of every living world by name, for inspection."""
        return {name: slot.timeline.present for shelf in self._shelves for name, slot in shelf.slots.items()}

    def living(self) -> Iterator[tuple[Shelf, Slot]]:
        """Yield every living world, the lobbies first."""
        for shelf in self._shelves:
            yield shelf, shelf.lobby
            yield from ((shelf, slot) for slot in list(shelf.slots.values()))

    def journal(self, shelf: Shelf, world: str) -> Journal | None:
        """Return the journal of the living world of this name, or None if there is none."""
        slot = shelf.slots.get(world)
        return None if slot is None else slot.timeline.journal

    def owned(self, request: Request) -> tuple[Shelf, Slot, Caller] | None:
        """Return the world that the request's credential leads to, or None; Full if there is no room for it.

        A cookie is none here: a browser sends it along with what a page of somebody else's asks for.
        """
        request = request._replace(headers=tuple(each for each in request.headers if each[0] != "cookie"))
        for shelf in self._shelves:
            place, caller = identify(shelf.realm.keyring, request, shelf.minted)
            if place is not None and caller.key is not None:
                return shelf, self._opened(shelf, place), caller
        return None

    def begin(self, shelf: Shelf, credential: str, label: str) -> str:
        """Let the world that this key opens begin under a label, and return its name; ValueError if it opens none."""
        place, _ = led_by(shelf.realm.keyring, credential)
        if place is None:
            raise ValueError("a world begins with a key that opens one, and this key opens none")
        return self._opened(shelf, place, label).name

    def forget(self, shelf: Shelf, world: str) -> None:
        """Drop the world of this name, if it is alive, as one that has done its work: whoever returns begins anew."""
        with self._opening:
            slot = shelf.slots.get(world)
            if slot is not None:
                self._drop(shelf, slot)
                shelf.dropped.pop(world, None)

    def steer(self, shelf: Shelf, slot: Slot, request: Request, operation: str) -> Response:
        """Return the answer to a control request on this world and keep what it changed."""
        from sandbox.core.control import HEAVY, control
        from sandbox.core.reporting import REPORTS

        wall, plane = self._wall(), self.plane()
        if slot.timeline.present.play.pending:
            with slot.lock:
                self._catch_up(slot, wall)
        if operation in REPORTS:
            return control(plane, shelf.realm, slot.timeline, request, wall).response
        if operation in HEAVY:
            seen = slot.timeline
            move = control(plane, shelf.realm, seen, request, wall)
            with slot.lock:
                if slot.gone or (slot.timeline is not seen and move.timeline is not seen):
                    return overtaken()
                return self._moved(shelf, slot, move, wall)
        with slot.lock:
            if slot.gone:
                return overtaken()
            return self._moved(shelf, slot, control(plane, shelf.realm, slot.timeline, request, wall), wall)

    def follow(self, slot: Slot, reader: Reader) -> Timeline | None:
        """Let the reader hear of what happens from now on, and return the timeline now; None if there are too many.

        The reader of a world that was dropped in the meantime hears the end at once.
        """
        with slot.lock:
            if slot.gone:
                reader.end()
            if len(slot.readers) >= READERS:
                return None
            slot.readers = (*slot.readers, reader)
            return slot.timeline

    def leave(self, slot: Slot, reader: Reader) -> None:
        """Let the reader hear no more."""
        with slot.lock:
            slot.readers = tuple(each for each in slot.readers if each is not reader)

    def _stepped(self, shelf: Shelf, slot: Slot, request: Request, *, held: bool) -> Response:
        wall = self._wall()
        play = slot.timeline.present.play
        if play is not IDLE:
            if play.pending:
                self._catch_up(slot, wall)
            span = foreseen(slot.timeline.present, request, wall) if not held and holds(play) else 0
            if span:
                return Response(102, (), b"", (Hold(span),))
        return self._kept(shelf, slot, request, wall)

    def _catch_up(self, slot: Slot, wall: int) -> None:
        """Let every request be worked on that a fault has put off and that is due by now."""
        before = slot.timeline
        slot.timeline = caught_up(before, wall)
        self._weight += slot.timeline.journal.weight - before.journal.weight
        if slot.readers:
            slot.tell(before.revision)

    def _kept(self, shelf: Shelf, slot: Slot, request: Request, wall: int) -> Response:
        timeline = slot.timeline
        outcome = step(timeline.present, request, wall)
        after = told(timeline, outcome, request, wall)
        self._weight += after.journal.weight - timeline.journal.weight
        slot.timeline = after
        slot.used = wall
        if outcome.issued is not None:
            self._admit(shelf, slot, fingerprint(outcome.issued.credential), outcome.issued.key)
        if slot.readers:
            slot.tell(timeline.revision)
        return outcome.response

    def _moved(self, shelf: Shelf, slot: Slot, move: Move, wall: int) -> Response:
        slot.used = wall
        if move.timeline is slot.timeline:
            return move.response
        before, revision = slot.weight, slot.timeline.revision
        slot.timeline = move.timeline
        self._weight += slot.weight - before
        if move.credential is not None:
            self._admit(shelf, slot, fingerprint(move.credential), move.key)
        if slot.readers:
            slot.tell(revision)
        return move.response

    def _admit(self, shelf: Shelf, slot: Slot, mark: str, key: str) -> None:
        """Let a new key lead to its world; of a great many the first ones no longer do."""
        if mark not in shelf.minted:
            slot.minted.append(mark)
        shelf.minted[mark] = Place(slot.name, key)
        if len(slot.minted) > MINTED:
            shelf.minted.pop(slot.minted.pop(0), None)

    def _place(self, shelf: Shelf, request: Request) -> tuple[Slot, Caller]:
        header = request.header("authorization")
        known = shelf.known.get(header) if header is not None else None
        if known is not None:
            return known
        place, caller = identify(shelf.realm.keyring, request, shelf.minted)
        if place is None:
            return shelf.lobby, caller
        slot = self._opened(shelf, place)
        if header is not None and caller.key is not None:
            self._learn(shelf, slot, caller, header)
        return slot, caller

    def _learn(self, shelf: Shelf, slot: Slot, caller: Caller, header: str) -> None:
        """Remember that this header leads to this world, unless too many spellings of it are known already."""
        with self._opening:
            if not slot.gone and len(slot.headers) < SPELLINGS:
                shelf.known[header] = (slot, caller)
                slot.headers.append(header)

    def _opened(self, shelf: Shelf, place: Place, label: str = "") -> Slot:
        origin = copies(place)
        live = self._opened(shelf, Place(origin, "")).timeline.present if origin else None
        with self._opening:
            slot = shelf.slots.get(place.world)
            if slot is None:
                self._make_room()
                evicted = place.world in shelf.dropped
                world = born(shelf.realm, place, live)
                world = opening(labelled(world, label) if label else world, self._wall())
                slot = Slot(place.world, began(world, self._blank, evicted=evicted), self._wall())
                shelf.slots[place.world] = slot
                self._weight += WORLD_WEIGHT
                if evicted:
                    del shelf.dropped[place.world]
                    _log.warning("world %s was dropped for want of room and begins anew: see --memory", place.world)
            return slot

    def _make_room(self) -> None:
        """Drop the least recently used worlds until there is room; raise Full if none may go."""
        if self._weight + WORLD_WEIGHT <= self._cap:
            return
        self._weight = sum(slot.weight for _, slot in self.living())
        for shelf, slot in idle_since(self._wall() - KEPT_FOR, self._shelves):
            if self._weight + WORLD_WEIGHT <= self._cap:
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
        for mark in slot.minted:
            shelf.minted.pop(mark, None)
        for reader in slot.readers:
            reader.end()
        if len(shelf.dropped) < DROPPED_NAMES:
            shelf.dropped[slot.name] = None
