"""Where living worlds stand: a slot for each, a shelf for those of one API."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from sandbox.core.keyring import Place
from sandbox.core.message import Caller
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


@dataclass(slots=True)
class Shelf:
    """The living worlds of one realm, and what is known to lead to them: Authorization headers, keys made since."""

    realm: Realm
    lobby: Slot
    slots: dict[str, Slot] = field(default_factory=dict)
    known: dict[str, tuple[Slot, Caller]] = field(default_factory=dict)
    minted: dict[str, Place] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)
