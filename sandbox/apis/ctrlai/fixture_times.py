"""The order of times in a fixture: nothing precedes what it follows from, and what has happened lies in the past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.core.clock import SECOND
from sandbox.core.document import Flaw, Moment, Path, got

Given = Mapping[str, Any]
_Step = tuple[Path, Moment, str, Moment]
"""The path of a time, the time, and what it comes after: in words, and when that was."""


def untimely(fixture: Given) -> Iterator[Flaw]:
    """Find times that precede what they follow from, and what has happened although its time is still to come."""
    birth = fixture["now"].absolute if fixture["now"] else None
    for at, org in enumerate(fixture["organizations"]):
        for path, time, cause, since in _sequence(org):
            if (_passed(since, time, birth) or 0) < 0:
                expected = f"no time before {cause}, {since.written}"
                yield Flaw(("organizations", at, *path), expected, got(time.written))
            elif path[-1] != "expires" and (_passed(time, Moment(None), birth) or 0) < 0:
                expected = "a time that has passed when a world is born"
                yield Flaw(("organizations", at, *path), expected, got(time.written))


def _sequence(org: Given) -> Iterator[_Step]:
    """Yield the path of a time, the time, and what it comes after, for all that there are."""
    born: Moment = org["created"]
    yield ("created",), born, "itself", born
    joined: dict[str, Moment] = {each["user"]: each["joined"] for each in org["members"]}
    for at, each in enumerate(org["members"]):
        yield ("members", at, "joined"), each["joined"], "created", born
    for table in ("apiKeys", "domains", "units", "workflows"):
        for at, each in enumerate(org[table]):
            yield (table, at, "created"), each["created"], "created", born
            yield from _after(each, (table, at), joined)
    for table in ("inferences", "audit"):
        for at, each in enumerate(org[table]):
            yield (table, at, "at"), each["at"], "joined", joined.get(str(each["user"]), born)


def _after(each: Given, path: Path, joined: Mapping[str, Moment]) -> Iterator[_Step]:
    """Yield the times of what followed when something was made, in their order."""
    created: Moment = each["created"]
    email = each.get("author", each.get("user", ""))
    if email in joined:
        yield (*path, "created"), created, "joined", joined[email]
    for field in ("expires", "revoked"):
        time: Moment | None = each.get(field)
        if time is not None:
            yield (*path, field), time, "created", created
    for at, member in enumerate(each.get("members", ())):
        yield (*path, "members", at, "added"), member["added"], "created", created
    cause, since = "created", created
    for place, then in _later(each, path):
        yield place, then, cause, since
        cause, since = "the time before", then


def _later(each: Given, path: Path) -> Iterator[tuple[Path, Moment]]:
    """Yield the times of what was done to a thing, one after the other."""
    for at, time in enumerate(each.get("edited", ())):
        yield (*path, "edited", at), time
    if each.get("assigned"):
        yield (*path, "assigned", "at"), each["assigned"]["at"]
    for field, name in (("reviews", "at"), ("past", "until")):
        for at, one in enumerate(each.get(field, ())):
            yield (*path, field, at, name), one[name]


def _passed(since: Moment, until: Moment, birth: int | None) -> int | None:
    """Return the whole seconds from one moment to another, or None if that depends on when the world is born."""
    if (since.absolute is None) != (until.absolute is None) and birth is None:
        return None
    start, end = (birth or 0) + since.offset, (birth or 0) + until.offset
    start = start if since.absolute is None else since.absolute
    end = end if until.absolute is None else until.absolute
    return end // SECOND - start // SECOND
