"""What no schema can say of a fixture: ids that stand twice, facts without ground, times out of order.

Facts that cannot be true together are refused, because an answer made of them would break the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from sandbox.apis.aikraft.annex_iii import ANSWERS
from sandbox.core.clock import SECOND
from sandbox.core.document import Flaw, Moment, Path, got, nearest, written

_QUESTIONS = tuple(dict.fromkeys(each.key for each in ANSWERS))
_MONITORED = ("alerts", "incidents")
_CLASSIFIED = ("sections", "reviewed", "checked", "alerts", "incidents", "jobs")
"""What a system can have only once it is monitored, or classified."""


def contradictions(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Yield everything in the systems of a fixture that has passed its schema and yet cannot be."""
    for find in (_clashes, _strays, _unasked, _untold, _untimely):
        yield from find(fixture)


def access_flaws(document: dict[str, Any]) -> Iterator[Flaw]:
    """Yield what cannot be of a document's workspaces and keys, be it a fixture or an exported state."""
    for table, column in (("workspaces", "id"), ("keys", "key")):
        yield from repeated_in(document[table], (table,), column)
    yield from _lost_keys(document)
    yield from _bursts(document)


def _clashes(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find the ids and names that stand twice."""
    for column in ("id", "name"):
        yield from repeated_in(fixture["systems"], ("systems",), column)
    jobs = [(("systems", at, "jobs", n, "id"), job) for at, n, job in _each(fixture, "jobs")]
    yield from repeated([path for path, _ in jobs], [job["id"] for _, job in jobs])


def repeated_in(rows: list[dict[str, Any]], path: Path, column: str) -> Iterator[Flaw]:
    """Yield the rows below this path whose column says, once trimmed, what that of an earlier row says."""
    return repeated([(*path, at, column) for at in range(len(rows))], [row[column].strip() for row in rows])


def repeated(paths: list[Path], values: list[str]) -> Iterator[Flaw]:
    """Yield the paths at which a value stands again."""
    seen: dict[str, Path] = {}
    for path, value in zip(paths, values, strict=True):
        if value in seen:
            again = "the same again" if path[-1] == "key" else got(value)
            yield Flaw(path, f"another {path[-1]} than that of {written(seen[value][:-1])}", again)
        seen.setdefault(value, path)


def _each(fixture: dict[str, Any], field: str) -> Iterator[tuple[int, int, Any]]:
    for at, system in enumerate(fixture["systems"]):
        for n, each in enumerate(system[field]):
            yield at, n, each


def _lost_keys(document: dict[str, Any]) -> Iterator[Flaw]:
    known = [each["id"] for each in document["workspaces"]]
    ids = frozenset(known)
    for at, key in enumerate(document["keys"]):
        name = key["workspace"]
        if name not in ids:
            yield Flaw(("keys", at, "workspace"), "one of " + ", ".join(known), got(name), nearest(name, known))


def _strays(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find facts that have nothing to stand on, without a classification or monitoring."""
    for at, system in enumerate(fixture["systems"]):
        fields: tuple[str, ...] = _CLASSIFIED
        lack = "it is not classified"
        if system["classified"]:
            fields, lack = _MONITORED, "`checked` does not say that it is monitored"
        for field in fields if not system["classified"] or not system["checked"] else ():
            if system[field]:
                yield Flaw(("systems", at, field), f"none for this system, since {lack}", "some")


def _untold(fixture: dict[str, Any]) -> Iterator[Flaw]:
    for at, n, alert in _each(fixture, "alerts"):
        for flaw in mismeasured(alert):
            yield Flaw(("systems", at, "alerts", n, *flaw.path), flaw.expected, flaw.got)


def mismeasured(alert: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield the figures of an alert that measures nothing, and those that one which measures something lacks."""
    measures = alert["metric"] is not None
    for field in ("value", "threshold"):
        if measures != (alert[field] is not None):
            expected = "a number, since there is a metric" if measures else "null, since there is no metric"
            yield Flaw((field,), expected, got(alert[field]))


def _bursts(document: dict[str, Any]) -> Iterator[Flaw]:
    """Find bursts that are smaller than the rate which they are above, or above no rate."""
    for at, each in enumerate(document["workspaces"]):
        rate, burst = each.get("requests_per_minute"), each.get("burst")
        if burst is not None and rate is None:
            yield Flaw(("workspaces", at, "requests_per_minute"), "a rate, since there is a burst", "nothing")
        elif burst is not None and burst < rate:
            yield Flaw(("workspaces", at, "burst"), f"{rate} or more, as requests_per_minute is", got(burst))


def _unasked(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find answers to what the questionnaire does not ask, which the classifier would pass over."""
    for at, n, each in _each(fixture, "classified"):
        for question, answer in each["answers"].items():
            path = ("systems", at, "classified", n, "answers", question)
            if question not in _QUESTIONS:
                yield Flaw(path, "a question of the questionnaire", got(question), nearest(question, _QUESTIONS))
            elif not isinstance(answer, (str, int, float)):
                yield Flaw(path, "a text, a number, true or false", got(answer))


def _untimely(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find times that precede what they follow from, and what has happened although its time is still to come."""
    birth = fixture["now"].absolute if fixture["now"] else None
    for at, system in enumerate(fixture["systems"]):
        for path, time, cause, since in _sequence(system):
            passed = _passed(since, time, birth)
            if passed is not None and (passed <= 0 if path[-1] == "ends" else passed < 0):
                yield Flaw(("systems", at, *path), f"a time after {cause}, {since.written}", got(time.written))
        for path, time in _past(system):
            if (_passed(time, Moment(None), birth) or 0) < 0:
                yield Flaw(("systems", at, *path), "a time that has passed when a world is born", got(time.written))


def _sequence(system: dict[str, Any]) -> Iterator[tuple[Path, Moment, str, Moment]]:
    """Yield the path of a time, the time, and what it comes after, for all that have an order."""
    created, classified = system["created"], [each["at"] for each in system["classified"]]
    for n, time in enumerate(classified):
        cause, since = ("the classification before", classified[n - 1]) if n else ("created", created)
        yield ("classified", n, "at"), time, cause, since
    first = ("classified", classified[0]) if classified else ("created", created)
    for field in ("reviewed", "checked"):
        if system[field]:
            yield (field,), system[field], *first
    for n, alert in enumerate(system["alerts"]):
        yield ("alerts", n, "triggered"), alert["triggered"], *first
        if alert["resolved"]:
            yield ("alerts", n, "resolved"), alert["resolved"], "triggered", alert["triggered"]
    for n, job in enumerate(system["jobs"]):
        yield ("jobs", n, "created"), job["created"], *first
        names = [name for name in ("created", "starts", "ends") if name in job]
        for before, name in pairwise(names):
            yield ("jobs", n, name), job[name], before, job[before]


def _past(system: dict[str, Any]) -> Iterator[tuple[Path, Moment]]:
    """Yield the times of what answers tell as done, however early they are asked; jobs and incidents may be to come."""
    for field in ("created", "reviewed", "checked"):
        if system[field]:
            yield (field,), system[field]
    for n, each in enumerate(system["classified"]):
        yield ("classified", n, "at"), each["at"]
    for n, each in enumerate(system["alerts"]):
        for field in ("triggered", "resolved"):
            if each[field]:
                yield ("alerts", n, field), each[field]
    for n, each in enumerate(system["jobs"]):
        yield ("jobs", n, "created"), each["created"]


def _passed(since: Moment, until: Moment, birth: int | None) -> int | None:
    """Return the whole seconds from one moment to another, or None if that depends on when the world is born."""
    if (since.absolute is None) != (until.absolute is None) and birth is None:
        return None
    start, end = (birth or 0) + since.offset, (birth or 0) + until.offset
    start = start if since.absolute is None else since.absolute
    end = end if until.absolute is None else until.absolute
    return end // SECOND - start // SECOND
