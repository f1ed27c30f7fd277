"""The server that `sandbox serve` runs: uvicorn on a socket that is bound before anything is promised."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable

import uvicorn

from sandbox.web.asgi import asgi_app
from sandbox.web.store import Store
from sandbox.web.wire import PATIENCE, protocol_of


class _Announcing(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        self._ready()


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one. OSError says why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the origin at which the socket can be reached from this machine."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(store: Store, ready: Callable[[], None]) -> uvicorn.Server:
    """Return a server of this store that has not started yet."""
    config = uvicorn.Config(
        asgi_app(store),
        http=protocol_of(store),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        backlog=4096,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=int(PATIENCE),
    )
    return _Announcing(config, ready)


def _calm_the_collector() -> None:
    """Let the cycle collector look seldom: worlds are values without cycles, and reference counts free them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 1_000)


def serve(store: Store, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve the store on this socket until a signal ends it."""
    _calm_the_collector()
    make_server(store, ready).run(sockets=[bound])
