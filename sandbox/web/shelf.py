"""Where living worlds stand: a slot for each, a shelf for those of one API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from sandbox.core.event import happenings_since
from sandbox.core.keyring import Place
from sandbox.core.message import STRANGER, Caller, Headers
from sandbox.core.realm import Realm
from sandbox.core.timeline import Timeline
from sandbox.web.reader import Reader

WORLD_WEIGHT = 4_000


@dataclass(slots=True)
class Slot:
    """One living world: its timeline, who leads to it, who follows it, and when it was last used."""

    name: str
    timeline: Timeline
    used: int
    lock: Lock = field(default_factory=Lock)
    headers: list[str] = field(default_factory=list)
    minted: list[str] = field(default_factory=list)
    readers: tuple[Reader, ...] = ()
    gone: bool = False

    @property
    def weight(self) -> int:
        """Return roughly how many bytes the world keeps alive."""
        return WORLD_WEIGHT + self.timeline.weight()

    def tell(self, revision: int) -> None:
        """Tell the readers what has happened since this revision."""
        for happening in happenings_since(self.timeline, revision):
            for reader in self.readers:
                reader.hear(happening)


@dataclass(slots=True)
class Shelf:
    """The living worlds of one realm, and what is known to lead to them: Authorization headers, keys made since."""

    realm: Realm
    lobby: Slot
    slots: dict[str, Slot] = field(default_factory=dict)
    known: dict[str, tuple[Slot, Caller]] = field(default_factory=dict)
    minted: dict[str, Place] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)


def idle_since(wall: int, shelves: Iterable[Shelf]) -> list[tuple[Shelf, Slot]]:
    """Return the worlds that nobody has used after this wall instant, the least recently used first."""
    idle = [(shelf, slot) for shelf in shelves for slot in shelf.slots.values() if slot.used <= wall]
    return sorted(idle, key=lambda each: each[1].used)


@dataclass(slots=True)
class Acquaintance:
    """What is known of the header fields that a connection sends again and again, as the same value.

    `slot` is the world that they lead to, None as long as none is known; `kept` are the fields as that world keeps
    them.
    """

    fields: Headers = ()
    slot: Slot | None = None
    caller: Caller = STRANGER
    kept: Headers = ()

    def of(self, fields: Headers, shelf: Shelf) -> Slot | None:
        """Return the living world of this shelf that these fields lead to, if that is known."""
        slot = self.slot
        if slot is None or self.fields is not fields or slot.gone or shelf.slots.get(slot.name) is not slot:
            return None
        return slot
