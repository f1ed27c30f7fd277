"""The server that `sandbox serve` runs, in a thread of the test's own process: a free port, ended with the block."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType

from sandbox.app import create_store
from sandbox.settings import Settings
from sandbox.web.server import listen, make_server, url_of
from sandbox.web.store import Store

PATIENCE = 30.0
"""Seconds after which a server that has not started, or not ended, is given up."""


class SandboxServer:
    """A server of a sandbox of its own, or of the store that is given; `url` is its origin while the block lasts.

    `with SandboxServer(Settings(clock="frozen")) as server: httpx.get(server.url + "/v1/systems")`
    """

    def __init__(
        self, settings: Settings | None = None, *, store: Store | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.store = store or create_store(settings or Settings())
        self._host = host
        self._bound = listen(host, 0)
        self.url = url_of(self._bound)
        self._ready = Event()
        self._server = make_server(self.store, self._ready.set)
        self._thread = Thread(target=self._run, name="sandbox-server", daemon=True)

    def start(self) -> SandboxServer:
        """Serve from now on; TimeoutError if that does not come about."""
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise TimeoutError("the server did not start")
        return self

    def stop(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
        self._bound.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._bound])

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
