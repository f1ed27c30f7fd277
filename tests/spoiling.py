"""Good documents made bad in one place, and how their refusal is read."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Spoiled:
    """One change to the good document, and what its refusal says: where (a piece of the line, a path) and what."""

    old: str
    new: str
    line: str
    path: str
    expected: str
    got: str
    nearest: str | None = None


TOLD = re.compile(r"(.+?):(\d+): (.+?): expected (.+), got (.+?)(?:; did you mean '(.+)'\?)?")
"""File, line, path, expected, got, and the nearest known word if one is near."""


def places_in(value, path=()):
    """Yield the path of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        yield (*path, name)
        yield from places_in(each, (*path, name))


def spoiled(document, place, value):
    """Put this value into that place of the document, or take the place out if the value is `gone`."""
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    if value == "gone":
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return document
