"""What led to the present, written down and gone through again.

An entry of the journal is a request with its answer; going through entries again from the world before them gives the
same answers and the same worlds, because `step` and `steered` read nothing else. That is how a past world is found, an
answer is explained, and a capsule is replayed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.core.kernel import Outcome, step
from sandbox.core.message import Request, Response
from sandbox.core.play import overdue
from sandbox.core.staging import steered
from sandbox.core.timeline import UNMARKED, Entry, Errand, Timeline
from sandbox.core.world import World


def told(timeline: Timeline, outcome: Outcome, request: Request, wall: int) -> Timeline:
    """Return the timeline after a request to the API."""
    world, _, operation, cause, marks, _ = outcome
    response = kept_of(outcome)
    revision = timeline.revision + 1
    entry = Entry(
        world.ordinal, wall, world.latest, operation, request, response, cause, marks, world.charter, revision
    )
    journal = timeline.journal.having(entry, timeline.present)
    return Timeline(
        world, journal, timeline.birth, timeline.snapshots, timeline.changes, revision, timeline.evicted
    )  # fmt: skip


def kept_of(outcome: Outcome) -> Response:
    """Return the answer as it may be kept: a credential that it shows for once is masked, and nothing else changed."""
    response, issued = outcome.response, outcome.issued
    if issued is None:
        return response
    shown, mask = issued.credential, "*" * len(issued.credential)
    headers = tuple((name, value.replace(shown, mask)) for name, value in response.headers)
    return response._replace(headers=headers, body=response.body.replace(shown.encode(), mask.encode()))


def caught_up(timeline: Timeline, wall: int) -> Timeline:
    """Return the timeline after every request that a fault has put off until now, each an entry of its own."""
    while True:
        present = timeline.present
        late = overdue(present.play, present.now(wall)) if present.play.pending else None
        if late is None:
            return timeline
        timeline = told(timeline, step(present, late, wall), late, wall)


def steered_to(timeline: Timeline, world: World, errand: Errand, request: Request, response: Response) -> Timeline:
    """Return the timeline after a control request that changed the world."""
    revision = timeline.revision + 1
    at = world.now(errand.wall)
    entry = Entry(
        world.ordinal, errand.wall, at, errand.operation, request, response, None, UNMARKED,
        world.charter, revision, errand,
    )  # fmt: skip
    return timeline._replace(present=world, journal=timeline.journal.having(entry, timeline.present), revision=revision)


def again(world: World, entry: Entry) -> tuple[World, Response]:
    """Return the world after the entry and the answer that it gets in this world."""
    if entry.errand is not None:
        done = steered(world, entry.errand)
        return done.world, done.recorded
    outcome = step(world, entry.request, entry.wall)
    return outcome.world, kept_of(outcome)


def through(world: World, entries: Iterable[Entry]) -> World:
    """Return the world after all these entries."""
    for entry in entries:
        world, _ = again(world, entry)
    return world


def world_before(timeline: Timeline, position: int) -> World:
    """Return the world before the entry at this position of the journal; one beyond the last gives the present."""
    if position >= len(timeline.journal):
        return timeline.present
    base, lead = timeline.journal.lead(position)
    return timeline.present if base is None else through(base, lead)
