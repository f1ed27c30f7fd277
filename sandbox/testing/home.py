"""Where worlds of tests live: a store for each set of settings, and a server for it once somebody asks for a URL."""

from __future__ import annotations

import atexit
from functools import cache, cached_property
from threading import Lock
from typing import TYPE_CHECKING

from sandbox.app import create_store
from sandbox.settings import Settings
from sandbox.testing.lobby import Lobby
from sandbox.web.files import find, is_path, read
from sandbox.web.shelf import Shelf
from sandbox.web.store import Store

if TYPE_CHECKING:
    from sandbox.testing.server import SandboxServer

START = "2026-04-13T14:30:00Z"
"""When worlds of tests are frozen unless told: the instant of the documents' own examples, so that runs are alike."""


class Home:
    """A store of one API and, when it is asked for, its server, which ends with the process."""

    def __init__(self, settings: Settings) -> None:
        self.store: Store = create_store(settings)
        self._lock = Lock()
        self._taken: set[str] = set()

    @property
    def shelf(self) -> Shelf:
        """Return where the API's worlds stand."""
        return self.store.shelves[0]

    @cached_property
    def server(self) -> SandboxServer:
        """Return the running server of this store."""
        from sandbox.testing.server import SandboxServer

        server = SandboxServer(store=self.store).start()
        atexit.register(server.stop)
        return server

    def lobby(self) -> Lobby:
        """Return the lobby from now on."""
        return Lobby(self.shelf, self.shelf.lobby.timeline.revision)

    def take(self, label: str) -> str:
        """Return the label, with a number behind it if a living world has it already."""
        with self._lock:
            names = (label if not number else f"{label} #{number + 1}" for number in range(len(self._taken) + 1))
            name = next(each for each in names if each not in self._taken)
            self._taken.add(name)
            return name

    def begin(self, key: str, label: str) -> str:
        """Let the world of this key begin under its label, and return its name."""
        return self.store.begin(self.shelf, key, label)

    def leave(self, name: str, world: str) -> None:
        """Let go of a world and of its label."""
        self.store.forget(self.shelf, world)
        with self._lock:
            self._taken.discard(name)


@cache
def home_of(api: str, fixture: str, clock: str) -> Home:
    """Return the home of this API's worlds that are born of this fixture with this clock."""
    return Home(Settings(apis=(api,), fixture=fixture, clock=_clock(api, fixture, clock)))


def _clock(api: str, fixture: str, text: str) -> str:
    """Return the clock that is meant: frozen unless told otherwise, and at a time that no run changes."""
    if text[:1].isdigit():
        return f"frozen@{text}"
    if text:
        return text
    own = is_path(fixture) and read(find("fixtures", api, fixture))[0].get("now")
    return "frozen" if own else f"frozen@{START}"
