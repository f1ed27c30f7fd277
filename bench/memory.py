"""Resident memory of our server: as requests pass, and as worlds are touched."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from itertools import cycle, islice

from bench import ours, server, wire
from bench.scene import Scene
from bench.server import Server, Unavailable
from bench.wire import Wire

_MARKS = (20_000, 100_000)
_WORLDS = 10_000


@dataclass(frozen=True, slots=True)
class Weight:
    """KiB at the start, after each number of requests in one world, and the mean of a world touched once."""

    start: int
    after: dict[int, int]
    per_world: float


def measure(scene: Scene) -> Weight:
    """Weighs two fresh servers: one for the requests, one for the worlds."""
    running = _start(scene)
    try:
        start, after = server.resident_kib(running), _requests(running, scene)
    finally:
        server.stop(running)
    running = _start(scene)
    try:
        return Weight(start, after, _world(running))
    finally:
        server.stop(running)


def table(weight: Weight) -> str:
    """The weights as Markdown."""
    marks = [
        f"| after {count:,} requests in one world | {kib / 1024:,.1f} MiB |" for count, kib in weight.after.items()
    ]
    return "\n".join(
        [
            "| resident memory of ours | |\n|---|---:|",
            f"| after the first answer | {weight.start / 1024:,.1f} MiB |",
            *marks,
            f"| a world touched once (mean of {_WORLDS:,}) | {weight.per_world:,.1f} KiB |",
        ]
    )


def _start(scene: Scene) -> Server:
    return server.start(ours.launch(scene), scene.folder / "memory.log")


def _requests(running: Server, scene: Scene) -> dict[int, int]:
    paths = cycle(ours.ROUTES.one.format(id=identifier) for identifier in scene.workload.ids)
    after, sent = {}, 0
    with wire.connect(running.port) as connection:
        for mark in _MARKS:
            for path in islice(paths, mark - sent):
                _demand(connection, path, ours.HEADERS)
            sent = mark
            after[mark] = server.resident_kib(running)
    return after


def _world(running: Server) -> float:
    before = server.resident_kib(running)
    with wire.connect(running.port) as connection:
        for number in range(_WORLDS):
            key = {"Authorization": f"Bearer ak_test_pro_bench_{number}"}
            _demand(connection, ours.ROUTES.page, key)
    return (server.resident_kib(running) - before) / _WORLDS


def _demand(connection: Wire, path: str, headers: dict[str, str]) -> None:
    try:
        reply = connection.get(path, headers)
    except (OSError, HTTPException) as error:
        raise Unavailable(f"GET {path} gets no answer: {error}") from error
    if not reply.ok:
        raise Unavailable(f"GET {path} answers {reply.status}")
