"""From the start of a process to its first answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench import ours, peers, server
from bench.scene import Scene
from bench.server import Launch, Unavailable

Starts = Mapping[str, list[float] | Unavailable]
_STARTERS: Mapping[str, Callable[[Scene], Launch]] = {
    "ours": ours.launch_default,
    "prism": peers.prism,
    "wiremock": peers.wiremock,
}


def measure(scene: Scene, columns: frozenset[str], rounds: int) -> Starts:
    """Seconds of each start, the columns in turn; one that cannot be started is the reason instead."""
    taken: dict[str, list[float] | Unavailable] = {name: [] for name in _STARTERS if name in columns}
    for _ in range(rounds):
        for name, figures in taken.items():
            if isinstance(figures, Unavailable):
                continue
            try:
                figures.append(_seconds(_STARTERS[name](scene), scene, name))
            except Unavailable as absence:
                taken[name] = absence
    return taken


def _seconds(launch: Launch, scene: Scene, name: str) -> float:
    running = server.start(launch, scene.folder / f"start-{name}.log")
    server.stop(running)
    return running.seconds
