"""What happened to a timeline as server-sent events: an entry of the journal or a change is one event.

An event's id is the timeline's revision, which never goes back; so a client that says which one it saw last gets what
came after. What a restore or a reset has forgotten in the meantime is not told again, the change that forgot it is.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.clock import iso_exact
from sandbox.core.frozen import to_json
from sandbox.core.timeline import Change, Entry, Timeline
from sandbox.core.view import summary

Happening = Entry | Change
KEEP_ALIVE = b": still here\n\n"


def happenings_since(timeline: Timeline, revision: int) -> list[Happening]:
    """Return what happened after this revision, in order, as far as it is remembered."""
    found: list[Happening] = [*timeline.journal.since(revision)]
    found.extend(each for each in timeline.changes if each.revision > revision)
    return sorted(found, key=lambda each: each.revision)


def event_of(happening: Happening) -> bytes:
    """Return the event in the format of `text/event-stream`."""
    name, data = _told(happening)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (happening.revision, name.encode(), to_json(data))


def _told(happening: Happening) -> tuple[str, dict[str, Any]]:
    if isinstance(happening, Change):
        return "change", {"kind": happening.kind, "at": iso_exact(happening.at), **happening.detail}
    if happening.errand is not None:
        return "change", {"kind": happening.errand.operation, "at": iso_exact(happening.at)}
    return "request", summary(happening)
