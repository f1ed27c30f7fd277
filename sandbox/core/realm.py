"""A realm: one API as it is served, with the worlds of its fixture as they were born and the rules for further ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from immutables import Map

from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.keyring import Keyring, Place
from sandbox.core.workspace import Workspace
from sandbox.core.world import World, forked

LIVE = "/live"
TEST = "/test"


@dataclass(frozen=True, slots=True)
class Source:
    """The fixture that a realm was born from: its name, the hash of its file, when, and how to make it once more.

    `shipped` says that anybody who has the sandbox has the file as well.
    """

    name: str
    sha256: str
    birth: int
    workspace: Workspace
    make: Callable[[int], Workspace]
    shipped: bool

    def again(self, birth: int) -> Workspace:
        """Return the fixture's workspace as it is for worlds that were born then."""
        return self.workspace if birth == self.birth else self.make(birth)


class Declared(NamedTuple):
    """What a fixture says besides data: who owns which world, and which keys lead where.

    `owners` are by the world's name without a mode, `grants` by its name with one (see `Realm`). `places` are by
    credential. `tests` names the worlds of which there are test copies. `lobby` is who counts as the lobby's owner and
    what stands in its tables, `rules` are those for undeclared keys, `introduced` is as in the keyring.
    """

    owners: Mapping[str, Frozen]
    places: Mapping[str, Place]
    grants: Mapping[str, Mapping[str, Grant]]
    lobby: tuple[Frozen, Workspace]
    rules: Frozen
    tests: tuple[str, ...] = ()
    introduced: Mapping[str, Place] = Frozen()


@dataclass(frozen=True, slots=True)
class Realm:
    """The keyring, the declared worlds by name, the lobby, all as the fixture has them; and the fixture itself.

    A name is the workspace's id and its mode, such as `ws_starter/live`. A test world is not stored: it is born as a
    copy of the live one when it is first used.
    """

    keyring: Keyring
    live: Mapping[str, World]
    tests: Mapping[str, Map[str, Grant]]
    lobby: World
    source: Source

    @property
    def name(self) -> str:
        """Return the API's name."""
        return self.keyring.api.name


def born(realm: Realm, place: Place, live: World | None) -> World:
    """Return the world of this place at its first use; `live` is the present of the world that it copies, if any."""
    if place.owner is not None and place.terms is not None:
        return _own(realm, place, place.owner, place.terms)
    workspace, _, mode = place.world.rpartition("/")
    if "/" + mode == LIVE:
        return realm.live[workspace]
    base = realm.live[workspace]
    # What was put on the live world for a while is not on its copy.
    return forked(live or base, place.world, realm.tests[workspace])._replace(play=base.play)


def copies(place: Place) -> str | None:
    """Return the name of the world that this place's world is born as a copy of, or None."""
    workspace, _, mode = place.world.rpartition("/")
    return workspace + LIVE if place.owner is None and "/" + mode == TEST else None


def _own(realm: Realm, place: Place, owner: Frozen, terms: Frozen) -> World:
    base = realm.live.get(owner["workspace"]) or next(iter(realm.live.values()))
    kept = base.charter.owner if base.charter.owner["workspace"] == owner["workspace"] else owner
    return forked(base, place.world, Map({place.key: Grant(place.key, terms)}), kept)
