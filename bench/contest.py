"""The rows that need a socket: all servers up at once, loaded in turn, round by round."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench import load, server, wire
from bench.columns import Column
from bench.figures import LOAD_ROWS, Cell, Row
from bench.load import Sample, Shot
from bench.scene import Scene
from bench.server import Server, Unavailable
from bench.workload import KINDS, Kind, new_system

Say = Callable[[str], None]
_SHORT = 0.5  # bodies differ a little from id to id; an empty one is far below half


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of heating up once, of warm-up before each row, of a round; and rounds."""

    heat: int = 10
    warm_up: int = 2
    seconds: int = 5
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class Entrant:
    """A column whose server is up and has answered each kind of request with 2xx, in so many bytes."""

    column: Column
    server: Server
    sizes: Mapping[Kind, int]


@dataclass(frozen=True, slots=True)
class Contest:
    """The scores by row and column, who could not take part, and what the servers weighed at the end."""

    scores: dict[str, dict[str, Cell]]
    absent: dict[str, str]
    sizes: dict[str, Mapping[Kind, int]]
    resident_kib: dict[str, int]


def hold(columns: Sequence[Column], scene: Scene, pace: Pace, say: Say) -> Contest:
    """Starts every server, measures every row, stops every server."""
    with ExitStack() as running:
        entrants, absent = _admit(columns, scene, running, say)
        _heat(entrants, scene, pace, say)
        scores = {row.name: _row(row, entrants, scene, pace, say) for row in LOAD_ROWS}
        weights = {entrant.column.name: server.resident_kib(entrant.server) for entrant in entrants}
    return Contest(scores, absent, {entrant.column.name: entrant.sizes for entrant in entrants}, weights)


def _admit(
    columns: Sequence[Column], scene: Scene, running: ExitStack, say: Say
) -> tuple[list[Entrant], dict[str, str]]:
    entrants, absent = [], {}
    for column in columns:
        say(f"starting {column.title}")
        try:
            entrants.append(_entrant(column, scene, running))
        except Unavailable as reason:
            say(f"not available: {column.title}: {reason}")
            absent[column.name] = str(reason)
    return entrants, absent


def _entrant(column: Column, scene: Scene, running: ExitStack) -> Entrant:
    started = server.start(column.launch(scene), scene.folder / f"{column.name}.log")
    running.callback(server.stop, started)
    return Entrant(column, started, {kind: _try(column, started, scene, kind) for kind in KINDS})


def _try(column: Column, started: Server, scene: Scene, kind: Kind) -> int:
    path, headers = column.routes.path(kind).format(id=scene.workload.ids[0]), scene.workload.headers
    try:
        with wire.connect(started.port) as connection:
            create = kind == "create"
            reply = connection.post(path, headers, new_system("First")) if create else connection.get(path, headers)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{path} gets no answer: {error}") from error
    if not reply.ok:
        raise Unavailable(f"{path} answers {reply.status}: {reply.body[:120].decode(errors='replace')}")
    return len(reply.body)


def _heat(entrants: Sequence[Entrant], scene: Scene, pace: Pace, say: Say) -> None:
    if not pace.heat:
        return
    say(f"heating up: {pace.heat} s a server, since just-in-time compilers need more than a warm-up")
    for entrant in entrants:
        _run(LOAD_ROWS[0], entrant, scene, pace.heat)


def _row(row: Row, entrants: Sequence[Entrant], scene: Scene, pace: Pace, say: Say) -> dict[str, Cell]:
    say(f"{row.title}: {pace.rounds} rounds of {pace.seconds} s over {len(entrants)} servers")
    for entrant in entrants:
        _run(row, entrant, scene, pace.warm_up)
    samples: dict[str, list[Sample]] = {entrant.column.name: [] for entrant in entrants}
    for _ in range(pace.rounds):
        for entrant in entrants:
            samples[entrant.column.name].append(_run(row, entrant, scene, pace.seconds))
    return {entrant.column.name: _cell(row, entrant, samples[entrant.column.name]) for entrant in entrants}


def _run(row: Row, entrant: Entrant, scene: Scene, seconds: int) -> Sample:
    if row.kind is None:
        raise ValueError(f"the row {row.name!r} is none that the load generator fills")
    shot = Shot(row.kind, entrant.column.routes.path(row.kind), row.connections)
    server.empty_journal(entrant.server)
    return load.run(entrant.server.port, shot, scene.ids, seconds)


def _cell(row: Row, entrant: Entrant, samples: Sequence[Sample]) -> Cell:
    figures = tuple(sample.rate if row.unit == "req/s" else float(sample.p50) for sample in samples)
    return Cell(figures, next(filter(None, (_void(row, entrant, sample) for sample in samples)), ""))


def _void(row: Row, entrant: Entrant, sample: Sample) -> str:
    expected = entrant.sizes[row.kind] if row.kind else 0
    short = sample.bytes < sample.requests * expected * _SHORT
    return sample.void or ("the answers under load were shorter than the one checked before" if short else "")
