"""What an Aikraft fixture may say, and the workspace that it makes.

Times are offsets from the birth of the world (`-29d`) or absolute, in whole seconds. A system's classification is
computed by the classifier from its texts and the answers given, so that a fixture cannot contradict the engine; its
jobs, alerts and incidents are facts that the fixture states. Facts that cannot be true together are refused here,
because an answer made of them would break the contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from immutables import Map

from sandbox.apis.aikraft import documents, ingest, systems
from sandbox.apis.aikraft.annex_iii import ANSWERS
from sandbox.apis.aikraft.annex_iv import LANGUAGES, SECTIONS
from sandbox.apis.aikraft.classifications import classification_of
from sandbox.apis.aikraft.drift import Alert
from sandbox.apis.aikraft.law import PLANS, SCOPES
from sandbox.core.clock import SECOND
from sandbox.core.document import (
    Document,
    DocumentError,
    Flaw,
    Moment,
    Path,
    got,
    load,
    many,
    mapping,
    moment,
    nearest,
    nested,
    number,
    one_of,
    text,
    whole,
    written,
)  # fmt: skip
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Workspace, table_of

ALERT_TYPES = (
    "data_drift", "concept_drift", "prediction_drift", "data_change", "documentation_stale", "llm_drift",
)  # fmt: skip
_ALL = tuple(SECTIONS)
_QUESTIONS = tuple(dict.fromkeys(each.key for each in ANSWERS))
_MONITORED = ("alerts", "incidents")
_CLASSIFIED = ("sections", "reviewed", "checked", "alerts", "incidents", "jobs")
"""What a system can have only once it is monitored, or classified."""


class _Workspace(Document):
    id = text(r"ws_[a-z0-9_]{1,40}", expected="an id such as ws_starter", required=True)
    plan = one_of(PLANS, required=True)
    requests_per_minute = whole(1, 1_000_000)
    burst = whole(1, 1_000_000)


class _Key(Document):
    key = text(
        r"ak_(live|test)_[A-Za-z0-9_]{8,200}", secret=True, required=True,
        expected="ak_live_ or ak_test_ and 8 to 200 letters, digits or underscores",
    )  # fmt: skip
    workspace = text(required=True)
    scope = one_of(tuple(SCOPES), required=True)


class _Classification(Document):
    at = moment(required=True)
    answers = mapping(load_default=dict)


class _Job(Document):
    id = text(r"job_[a-z0-9]{6}", expected="an id such as job_xyz789", required=True)
    created = moment(required=True)
    starts = moment()
    ends = moment()
    sections = many(whole(1, 8), least=1, load_default=lambda: list(_ALL))
    language = one_of(LANGUAGES, load_default="en")
    error = text()


class _Alert(Document):
    type = one_of(ALERT_TYPES, required=True)
    severity = one_of(("warning", "critical"), required=True)
    metric = text(load_default=None, allow_none=True)
    value = number(load_default=None, allow_none=True)
    threshold = number(load_default=None, allow_none=True)
    feature = text(load_default=None, allow_none=True)
    triggered = moment(required=True)
    resolved = moment(load_default=None)


class _System(Document):
    id = text(r"sys_[a-z0-9]{6}", expected="an id such as sys_abc123", required=True)
    name = text(longest=200, required=True)
    description = text(required=True)
    purpose = text(required=True)
    domain = text(required=True)
    created = moment(required=True)
    classified = many(nested(_Classification), load_default=list)
    sections = many(whole(1, 8), load_default=list)
    reviewed = moment(load_default=None)
    checked = moment(load_default=None)
    alerts = many(nested(_Alert), load_default=list)
    incidents = many(moment(), load_default=list)
    jobs = many(nested(_Job), load_default=list)


class _Fixture(Document):
    fixture = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", required=True)
    api = one_of(("aikraft",), required=True)
    summary = text(required=True)
    now = moment(load_default=None)
    workspaces = many(nested(_Workspace), least=1, required=True)
    keys = many(nested(_Key), required=True)
    systems = many(nested(_System), load_default=list)


def read_fixture(data: Any) -> dict[str, Any]:
    """Return the fixture as its schema reads it; DocumentError names every flaw."""
    fixture = load(_Fixture, data)
    flaws = tuple(flaw for find in (_clashes, _strays, _bursts, _unasked, _untimely) for flaw in find(fixture))
    if flaws:
        raise DocumentError(flaws)
    return fixture


def _clashes(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find the ids, names and keys that stand twice."""
    for table, column in (("workspaces", "id"), ("keys", "key"), ("systems", "id"), ("systems", "name")):
        paths: list[Path] = [(table, at, column) for at in range(len(fixture[table]))]
        yield from _repeated(paths, [row[column].strip() for row in fixture[table]])
    jobs = [(("systems", at, "jobs", n, "id"), job) for at, n, job in _each(fixture, "jobs")]
    yield from _repeated([path for path, _ in jobs], [job["id"] for _, job in jobs])


def _repeated(paths: list[Path], values: list[str]) -> Iterator[Flaw]:
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


def _strays(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find what has nothing to stand on: keys without a workspace, facts without a classification or monitoring."""
    known = [each["id"] for each in fixture["workspaces"]]
    for at, key in enumerate(fixture["keys"]):
        name = key["workspace"]
        if name not in known:
            yield Flaw(("keys", at, "workspace"), "one of " + ", ".join(known), got(name), nearest(name, known))
    for at, system in enumerate(fixture["systems"]):
        fields: tuple[str, ...] = _CLASSIFIED
        lack = "it is not classified"
        if system["classified"]:
            fields, lack = _MONITORED, "`checked` does not say that it is monitored"
        for field in fields if not system["classified"] or not system["checked"] else ():
            if system[field]:
                yield Flaw(("systems", at, field), f"none for this system, since {lack}", "some")


def _bursts(fixture: dict[str, Any]) -> Iterator[Flaw]:
    """Find bursts that are smaller than the rate which they are above, or above no rate."""
    for at, each in enumerate(fixture["workspaces"]):
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


def workspace_of(fixture: dict[str, Any], birth: int) -> Workspace:
    """Return the workspace that the fixture describes for worlds that are born then."""
    birth = birth // SECOND * SECOND
    rows, jobs = [], []
    for each in fixture["systems"]:
        row, own = _system(each, birth)
        rows.append(row)
        jobs.extend(own)
    tables = {
        "systems": table_of(systems.LAYOUT, rows),
        "jobs": table_of(documents.LAYOUT, jobs),
        "telemetry": table_of(ingest.LAYOUT, ()),
        "batches": table_of(ingest.LAYOUT, ()),
    }
    return Workspace(Map(tables))


def _system(each: dict[str, Any], birth: int) -> tuple[Frozen, list[Frozen]]:
    row = systems.BLANK.having(
        id=each["id"], name=each["name"], description=each["description"], purpose=each["purpose"],
        domain=each["domain"], created_at=_second(each["created"], birth),
        sections=tuple(each["sections"]),
        reviewed_at=_second(each["reviewed"], birth) if each["reviewed"] else None,
        checked_at=_second(each["checked"], birth) if each["checked"] else None,
        active=each["checked"] is not None,
        alerts=tuple(_alert(at, alert, birth) for at, alert in enumerate(each["alerts"], 1)),
        alerts_minted=len(each["alerts"]),
        incidents=tuple(_second(incident, birth) for incident in each["incidents"]),
    )  # fmt: skip
    for given in each["classified"]:
        fresh = classification_of(row, _second(given["at"], birth), given["answers"])
        row = row.having(classifications=(*row["classifications"], fresh))
    jobs = [_job(row, given, birth) for given in each["jobs"]]
    for job in jobs:
        row = documents.with_draft(row, job)
    return row, jobs


def _second(moment: Moment, birth: int) -> int:
    """Return the moment as answers and cursors write it, which is in whole seconds."""
    return moment.at(birth) // SECOND * SECOND


def _alert(ordinal: int, given: dict[str, Any], birth: int) -> Alert:
    return Alert(
        f"alert_{ordinal:03d}", given["type"], given["severity"], given["metric"], given["value"], given["threshold"],
        given["feature"], _second(given["triggered"], birth), given["resolved"] is not None,
        _second(given["resolved"], birth) if given["resolved"] else None,
    )  # fmt: skip


def _job(system: Frozen, given: dict[str, Any], birth: int) -> Frozen:
    created = _second(given["created"], birth)
    job = documents.job_row(given["id"], system, tuple(sorted(set(given["sections"]))), given["language"], created)
    earlier = sum(each["classified_at"] <= created for each in system["classifications"])
    starts = _second(given["starts"], birth) if "starts" in given else job["starts_at"]
    ends = _second(given["ends"], birth) if "ends" in given else job["ends_at"] + starts - job["starts_at"]
    error = Frozen(code="generation_failed", message=given["error"]) if "error" in given else None
    # A job that ends sooner than it would have been begun was begun sooner.
    return job.having(
        classification=max(0, earlier - 1), starts_at=min(starts, ends - SECOND), ends_at=ends, error=error
    )
