"""Other tools' words: what means the same as ours is taken, what only nearly does is refused with the remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.core.document import Flaw, got
from sandbox.core.gathering import Flaws, flawed
from sandbox.core.problem import shown

Read = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Alias:
    """Another tool's word for one of ours: which, whose it is, and how its value becomes ours.

    `read` raises ValueError with what it expected; `shape` is the JSON Schema of the value, ours unless given.
    """

    ours: str
    whose: str
    read: Read = _same
    shape: Mapping[str, Any] | None = None


class Words(NamedTuple):
    """What else a mapping may be written with: names for ours, and remedies for what is only near."""

    aliases: Mapping[str, Alias] = MappingProxyType({})
    remedies: Mapping[str, str] = MappingProxyType({})


NO_WORDS = Words()


class Renamed(NamedTuple):
    """A mapping under our own names, and for each of them the name that stands in the document."""

    fields: dict[str, Any]
    names: Mapping[str, str]

    def told(self, flaw: Flaw) -> Flaw:
        """Return the flaw under the names that stand in the document."""
        if not flaw.path:
            return flaw
        first = self.names.get(str(flaw.path[0]), flaw.path[0])
        return Flaw((first, *flaw.path[1:]), flaw.expected, flaw.got, flaw.nearest)


def renamed(given: Mapping[str, Any], words: Words) -> Renamed:
    """Return the mapping under our own names; DocumentError if a thing has two, or one that is only near."""
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    flaws = Flaws()
    for name, value in given.items():
        alias = words.aliases.get(name)
        ours = name if alias is None else alias.ours
        if alias is None and name in words.remedies:
            flaws.add(Flaw((name,), words.remedies[name], f"the key {shown(name)!r}"))
        elif ours in names:
            flaws.add(Flaw((name,), f"one of {names[ours]} and {name}, which are the same", "both"))
        else:
            names[ours] = name
            fields[ours] = value if alias is None else flaws.of(lambda a=alias, v=value: _read(a, v), name)  # type: ignore[misc]
    flaws.tell()
    return Renamed(fields, names)


def _read(alias: Alias, value: Any) -> Any:
    try:
        return alias.read(value)
    except ValueError as error:
        raise flawed((), str(error), got(value)) from error


MILLIS: Mapping[str, Any] = {"type": "integer", "minimum": 0, "maximum": 10**12 - 1}
_UNITS = {"DAYS": "d", "HOURS": "h", "MINUTES": "m", "SECONDS": "s", "MILLISECONDS": "ms"}
TIME_TO_LIVE: Mapping[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["timeUnit", "timeToLive"],
            "properties": {"timeUnit": {"enum": list(_UNITS)}, "timeToLive": MILLIS},
        },
    ]
}


def millis(value: Any) -> str:
    """Return milliseconds as a duration."""
    return f"{_count(value, 'milliseconds as a whole number')}ms"


def time_to_live(value: Any) -> Any:
    """Return MockServer's time to live as a duration."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or set(value) != {"timeUnit", "timeToLive"}:
        raise ValueError("a duration such as 30s, or {timeUnit: SECONDS, timeToLive: 30}")
    if value["timeUnit"] not in _UNITS:
        raise ValueError(f"a timeUnit out of {', '.join(_UNITS)}")
    return f"{_count(value['timeToLive'], 'a timeToLive that is a whole number')}{_UNITS[value['timeUnit']]}"


def _count(value: Any, expected: str) -> int:
    if type(value) is not int or not 0 <= value < 10**12:
        raise ValueError(expected)
    return value
