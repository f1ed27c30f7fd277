"""What a crowd costs: health beside idle connections, half-sent requests and clients that do not read.

`python -m bench.idle` prints the time of GET /__admin/health alone and in each crowd, and the ratio of the two.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import server, wire
from bench.server import Launch
from bench.workload import KEY

HEALTH = "/__admin/health"
IDLE = 500
HALF = 10
UNREAD = 10
READERS = 50
REQUESTS = 300
ROUNDS = 5
BOUND = 1.5
"""Health in a crowd may take so many times as long as before."""

_HALF = b"POST /v1/systems HTTP/1.1\r\nhost: bench\r\ncontent-length: 100\r\n\r\n{"
_UNREAD = b"GET /v1/systems HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer " + KEY.encode() + b"\r\n\r\n"

_EVENTS = b"GET /__admin/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer " + KEY.encode() + b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A crowd, and the median seconds of a health request alone and beside it."""

    crowd: str
    alone: float
    beside: float

    @property
    def ratio(self) -> float:
        """How many times as long health takes beside the crowd."""
        return self.beside / self.alone


def measure() -> list[Row]:
    """Start the sandbox and measure health alone and beside each crowd, in turns."""
    launch = Launch((sys.executable, "-m", "sandbox", "serve", "--fixture", "docs", "--port", "{port}"), HEALTH)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        running = server.start(launch, Path(folder) / "idle.log")
        try:
            _health(running.port)
            return [_row(running.port, name, crowd) for name, crowd in CROWDS.items()]
        finally:
            server.stop(running)


Crowd = Callable[[int, ExitStack], None]


def _idle(port: int, stack: ExitStack) -> None:
    for _ in range(IDLE):
        _connected(port, stack)


def _half(port: int, stack: ExitStack) -> None:
    for _ in range(HALF):
        _connected(port, stack).sendall(_HALF)


def _unread(port: int, stack: ExitStack) -> None:
    for _ in range(UNREAD):
        _connected(port, stack).sendall(_UNREAD * 100)


def _readers(port: int, stack: ExitStack) -> None:
    """Open the streams of events that a crowd has, and as many that are killed at once."""
    for _ in range(READERS):
        _connected(port, stack).sendall(_EVENTS)
    for _ in range(READERS):
        with socket.create_connection((wire.HOST, port)) as killed:
            killed.sendall(_EVENTS)
            killed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _everybody(port: int, stack: ExitStack) -> None:
    for crowd in (_idle, _half, _unread, _readers):
        crowd(port, stack)


CROWDS: dict[str, Crowd] = {
    f"{IDLE} idle connections": _idle,
    f"{HALF} half-sent requests": _half,
    f"{UNREAD} clients that do not read": _unread,
    f"{READERS} readers of events": _readers,
    "all of them": _everybody,
}


def _row(port: int, name: str, crowd: Crowd) -> Row:
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(_health(port))
        with _gathered(port, crowd):
            beside.append(_health(port))
    return Row(name, min(alone), min(beside))


@contextmanager
def _gathered(port: int, crowd: Crowd) -> Iterator[None]:
    with ExitStack() as stack:
        crowd(port, stack)
        yield


def _connected(port: int, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection((wire.HOST, port)))


def _health(port: int) -> float:
    """Return the median seconds of a health request on one connection."""
    taken = []
    with wire.connect(port) as connection:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            connection.get(HEALTH, {})
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> int:
    """Print the rows; a report, never a gate."""
    print(f"GET {HEALTH}, best median of {ROUNDS} x {REQUESTS}; the bound is {BOUND} x")
    for row in measure():
        print(f"{row.crowd:32} {row.alone * 1e6:7.0f} us alone {row.beside * 1e6:7.0f} us beside {row.ratio:6.2f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
