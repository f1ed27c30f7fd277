"""What takes a timeline to another moment: reset, snapshots, rewind, a loaded state or capsule.

None of these is an entry of the journal. They cut it, so that it tells what led to the present and nothing else; a
change of the timeline says that it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core.capsule import Difference, read_capsule, replayed
from sandbox.core.clock import iso_exact
from sandbox.core.desk import Desk, Done, Work
from sandbox.core.document import DocumentError, written
from sandbox.core.problem import Problem
from sandbox.core.record import steered_to, world_before
from sandbox.core.staging import begun, steered
from sandbox.core.state import rebuilt, settled
from sandbox.core.steering import WORLD_SETTINGS, settings_of
from sandbox.core.timeline import Journal, Snapshot, Timeline
from sandbox.core.world import Charter, World

MOST_SNAPSHOTS = 100
_FLAWS_TOLD = 20


def blank(journal: Journal) -> Journal:
    """Return an empty journal with the limits of this one."""
    return Journal(limit=journal.limit, weight_limit=journal.weight_limit)


def reset(desk: Desk) -> Done:
    """Go back to the birth: data, clock, quota, keys, ids, scenario and journal; the snapshots stay."""
    timeline = desk.timeline
    birth = timeline.birth or timeline.present
    at = birth.now(desk.errand.wall)
    if birth.play.scenario is not None:
        # On a clock that runs, what the scenario does after five minutes would be over long ago.
        birth = birth._replace(play=begun(birth.play.scenario, birth.play, at))
    after = timeline.went(birth, blank(timeline.journal), "reset", at)
    return Done({"status": "reset"}, after)


def snapshot_shown(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as the control plane shows it."""
    return {"name": snapshot.name, "at": iso_exact(snapshot.at), "ordinal": snapshot.world.ordinal}


def save_snapshot(desk: Desk) -> Done:
    """Name the present; an equal name moves here."""
    timeline, name = desk.timeline, desk.errand.body["name"]
    if len(timeline.snapshots) >= MOST_SNAPSHOTS and name not in timeline.snapshots:
        message = f"A world has at most {MOST_SNAPSHOTS} snapshots: delete one first."
        raise Problem(409, "too-many-snapshots", message)
    snapshot = Snapshot(name, desk.now, timeline.present, timeline.journal)
    kept = timeline._replace(snapshots=timeline.snapshots.set(name, snapshot))
    after = kept.went(timeline.present, timeline.journal, "snapshot saved", desk.now, name=name)
    return Done(snapshot_shown(snapshot), after, 201)


def _snapshot(desk: Desk) -> Snapshot:
    snapshot = desk.timeline.snapshots.get(desk.errand.path["name"])
    if snapshot is None:
        known = ", ".join(sorted(desk.timeline.snapshots)[:10]) or "none"
        raise Problem(404, "snapshot-not-found", f"This world has no snapshot of this name; it has: {known}.")
    return snapshot


def restore_snapshot(desk: Desk) -> Done:
    """Go to a named moment; what followed it is forgotten."""
    snapshot = _snapshot(desk)
    limits = desk.timeline.journal
    journal = snapshot.journal.bounded(limits.limit, limits.weight_limit)
    after = desk.timeline.went(snapshot.world, journal, "restored", snapshot.at, name=snapshot.name)
    return Done(snapshot_shown(snapshot), after)


def delete_snapshot(desk: Desk) -> Done:
    """Forget a name."""
    name, timeline = _snapshot(desk).name, desk.timeline
    kept = timeline._replace(snapshots=timeline.snapshots.delete(name))
    return Done(
        {"status": "deleted"}, kept.went(timeline.present, timeline.journal, "snapshot deleted", desk.now, name=name)
    )


def rewind(desk: Desk) -> Done:
    """Undo the last requests to the API, or one and all that followed it."""
    timeline, body = desk.timeline, desk.errand.body
    position = _named(timeline, body["to"]) if "to" in body else _steps_back(timeline, body["by"])
    world = world_before(timeline, position)
    forgotten = sum(each.errand is None for at, each in enumerate(timeline.journal) if at >= position)
    at = world.now(desk.errand.wall)
    after = timeline.went(world, timeline.journal.cut(position), "rewound", at, forgotten=forgotten)
    return Done({"ordinal": world.ordinal, "now": iso_exact(at), "forgotten": forgotten}, after)


def unknown_entry() -> Problem:
    """Return the refusal of an id that the journal does not have."""
    return Problem(404, "entry-not-found", "The journal has no request of this id: GET /__admin/requests lists them.")


def _named(timeline: Timeline, ident: str) -> int:
    position = timeline.journal.place(ident)
    if position is None:
        raise unknown_entry()
    return position


def _steps_back(timeline: Timeline, count: int) -> int:
    places = [at for at, each in enumerate(timeline.journal) if each.errand is None]
    if count > len(places):
        message = f"by: expected at most {len(places)}, which is how many requests are remembered, got {count}."
        raise Problem(409, "rewind-too-far", message)
    return places[-count]


def clear_requests(desk: Desk) -> Done:
    """Forget what was asked, and keep what came of it."""
    timeline = desk.timeline
    forgotten = sum(each.errand is None for each in timeline.journal)
    after = timeline.went(timeline.present, blank(timeline.journal), "cleared", desk.now, forgotten=forgotten)
    return Done({"status": "cleared", "forgotten": forgotten}, after)


def put_state(desk: Desk) -> Done:
    """Load a world from a document: the present becomes it, and the journal begins anew."""
    timeline, wall = desk.timeline, desk.errand.wall
    present = timeline.present
    api = present.charter.api
    try:
        # The keys of a world are its own: those that a fixture declares belong to the worlds that it is served with.
        loaded = api.storage.load({**desk.errand.body, "keys": []}, desk.now)
        if loaded.world is None:
            world = settled(loaded, present, wall)
        else:
            exact = _ours(rebuilt(api, loaded.world, loaded, present), present.charter, desk.request.caller.key)
            world = exact._replace(
                charter=replace(exact.charter, owner=present.charter.owner, lobby=present.charter.lobby)
            )
    except DocumentError as error:
        raise _unfit("state-unfit", error) from error
    rows = {name: table.count() for name, table in sorted(world.workspace.tables.items())}
    after = timeline.went(world, blank(timeline.journal), "state loaded", world.now(wall), rows=sum(rows.values()))
    return Done({"status": "loaded", "now": iso_exact(world.now(wall)), "rows": rows}, after)


def _ours(loaded: World, present: Charter, key: str | None) -> World:
    """Return the loaded world under this world's name, and open to the key that loads it."""
    grants = loaded.charter.grants
    own = present.grants.get(key) if key is not None else None
    if own is not None and own.key not in grants:
        grants = grants.set(own.key, own)
    return loaded._replace(charter=replace(loaded.charter, name=present.name, grants=grants))


def _unfit(cause: str, error: DocumentError) -> Problem:
    flaws = [
        {"path": written(each.path), "expected": each.expected, "got": each.got, "nearest": each.nearest}
        for each in error.flaws[:_FLAWS_TOLD]
    ]
    count = len(error.flaws)
    more = f" (and {count - 1} more)" if count > 1 else ""
    told = f"{error.flaws[0]}{more}"
    return Problem(422, cause, told if told.endswith("?") else told + ".", more={"flaws": flaws})


def load_capsule(desk: Desk) -> Done:
    """Go through a capsule again; if every answer is the same, its end becomes the present, its plan included."""
    timeline, realm = desk.timeline, desk.realm
    try:
        capsule = read_capsule(desk.errand.body, realm, timeline.present, desk.read_errand)
    except DocumentError as error:
        raise _unfit("capsule-unfit", error) from error
    base = _ours(capsule.base, timeline.present.charter, desk.request.caller.key)
    replay = replayed(capsule._replace(base=base), desk.errand.query["at"])
    if replay.difference is not None:
        raise _differs(replay.difference, capsule.contract == realm.keyring.api.contract.sha256)
    world = replay.timeline.present
    limits = timeline.journal
    journal = replay.timeline.journal.bounded(limits.limit, limits.weight_limit)
    after = timeline.went(world, journal, "capsule loaded", world.now(desk.errand.wall), replayed=replay.length)
    now = iso_exact(world.now(desk.errand.wall))
    return Done({"status": "loaded", "replayed": replay.length, "ordinal": world.ordinal, "now": now}, after)


def _differs(difference: Difference, same_contract: bool) -> Problem:
    why = "the contract is the same" if same_contract else "the contract is another one"
    message = f"Record {difference.at}: its {difference.part} differs from what the capsule holds; {why}."
    return Problem(409, "capsule-differs", message, more={"difference": difference._asdict()})


def put_settings(desk: Desk) -> Done:
    """Change settings of the world, which the journal records, and the journal's own bounds, which it does not."""
    timeline, body = desk.timeline, desk.errand.body
    _check_bounds(desk)
    if any(name in body for name in WORLD_SETTINGS):
        done = steered(timeline.present, desk.errand)
        timeline = steered_to(timeline, done.world, desk.errand, desk.request, done.recorded)
    journal = timeline.journal
    entries, size = body.get("journal_entries", journal.limit), body.get("journal_bytes", journal.weight_limit)
    if (entries, size) != (journal.limit, journal.weight_limit):
        timeline = timeline.went(
            timeline.present, journal.bounded(entries, size), "journal bounded", desk.now, entries=entries
        )
    return Done(settings_shown(timeline), timeline)


def _check_bounds(desk: Desk) -> None:
    for name, most in zip(("journal_entries", "journal_bytes"), desk.bounds, strict=True):
        if desk.errand.body.get(name, 0) > most:
            message = f"{name}: expected at most {most}, which is what the sandbox was started with."
            raise Problem(422, "journal-bound", message, field=name)


def settings_shown(timeline: Timeline) -> Mapping[str, Any]:
    """Return all settings of a world."""
    charter, journal = timeline.present.charter, timeline.journal
    return {
        "world": charter.name, "api": charter.api.name, **settings_of(charter),
        "auto_advance": charter.clock.auto_advance, "journal_entries": journal.limit,
        "journal_bytes": journal.weight_limit, "evicted": timeline.evicted,
    }  # fmt: skip


MOVES: Mapping[str, Work] = {
    "reset": reset,
    "saveSnapshot": save_snapshot,
    "restoreSnapshot": restore_snapshot,
    "deleteSnapshot": delete_snapshot,
    "rewind": rewind,
    "clearRequests": clear_requests,
    "putState": put_state,
    "loadCapsule": load_capsule,
    "putSettings": put_settings,
}
