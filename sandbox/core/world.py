"""A world: everything that one credential's owner has, as one immutable value.

What a request changes (workspace, quota, ordinal, the latest instant) stands beside the charter, which holds what it
does not: so a request builds five fields and shares the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from immutables import Map

from sandbox.core.api import Api
from sandbox.core.clock import REAL, Clock
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.play import IDLE, Play
from sandbox.core.quota import ENFORCE, Drawn
from sandbox.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Charter:
    """What a world is: its API, name, owner, keys, clock, quota mode, and the seed and label of its ids and draws."""

    api: Api
    name: str
    owner: Frozen
    grants: Map[str, Grant]
    clock: Clock = REAL
    quota: str = ENFORCE
    seed: int = 0
    label: str = ""
    lobby: bool = False
    minted: int = 0
    """How many keys were made for this world."""


NO_BUCKETS: Map[str, Drawn] = Map()


class World(NamedTuple):
    """A charter, the workspace, the quota's buckets, how many requests came, and the latest instant that was seen.

    `due` is the instant until which the caller was last told to wait, `play` how far a scenario has gone.
    """

    charter: Charter
    workspace: Workspace
    buckets: Map[str, Drawn] = NO_BUCKETS
    ordinal: int = 0
    latest: int = 0
    due: int = 0
    play: Play = IDLE

    def now(self, wall: int) -> int:
        """Return the world's instant at this wall instant: its clock's, and never before what was seen already."""
        return max(self.latest, self.charter.clock.now(wall))


def labelled(world: World, label: str) -> World:
    """Return the world under a label: the same label meets the same ids and the same faults."""
    return world._replace(charter=replace(world.charter, label=label))


def forked(world: World, name: str, grants: Map[str, Grant], owner: Frozen | None = None) -> World:
    """Return a world of its own with the same data: another name, other keys, a fresh quota and count of requests.

    Seed and label stay, so that every fork of one fixture mints the same ids. What another key has asked for and is yet
    to be worked on stays behind.
    """
    charter = replace(world.charter, name=name, grants=grants, owner=owner or world.charter.owner)
    play = world.play._replace(pending=()) if world.play.pending else world.play
    return World(charter, world.workspace, latest=world.latest, play=play)
