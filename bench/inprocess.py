"""Calls without a socket: ours through the httpx transport, Flask's through its test client, turn by turn."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

from bench import bare_flask, ours
from bench.scene import Scene
from bench.server import Unavailable
from bench.workload import KINDS, Routes

Call = Callable[[str], object]
_CALLS = 2_000


def calls(scene: Scene) -> dict[str, Call | Unavailable]:
    """The two calls by column; one that cannot be made here is the reason instead."""
    client = bare_flask.bare({kind: scene.workload.body(kind) for kind in KINDS}).test_client()
    made: dict[str, Call | Unavailable] = {"flask": lambda path: client.get(path, headers=ours.HEADERS)}
    try:
        made["ours"] = ours.in_process(scene)
    except Unavailable as absence:
        made["ours"] = absence
    return made


def measure(scene: Scene, rounds: int) -> dict[str, list[float] | Unavailable]:
    """Seconds per call of each, one figure a round, after a warm-up of one round."""
    made = calls(scene)
    paths = {
        "flask": [Routes().one.format(id=identifier) for identifier in scene.workload.ids],
        "ours": [ours.ROUTES.one.format(id=identifier) for identifier in scene.workload.ids],
    }
    taken: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(rounds + 1):
        for name, call in made.items():
            if not isinstance(call, Unavailable):
                taken[name].append(_seconds(call, paths[name]))
    return {name: call if isinstance(call, Unavailable) else taken[name][1:] for name, call in made.items()}


def _seconds(call: Call, paths: Sequence[str]) -> float:
    turn = itertools.islice(itertools.cycle(paths), _CALLS)
    began = time.perf_counter()
    for path in turn:
        call(path)
    return (time.perf_counter() - began) / _CALLS
