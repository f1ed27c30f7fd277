"""What no schema can say of an exported state: rows that stand twice, that lean on nothing, that contradict each other.

Whatever passes is what handlers could have made, as far as an answer can show it; so no answer made of it breaks the
contract. That a time lies before another is asked only where handlers see to it themselves: a world's clock may have
been set to a time before its fixture's own, and such a world is exported and read back like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from sandbox.apis.aikraft.annex_iii import ANNEX_III
from sandbox.apis.aikraft.classifier import OBLIGATIONS
from sandbox.apis.aikraft.fixture_checks import mismeasured, repeated, repeated_in
from sandbox.apis.aikraft.instants import write_instant, write_moment
from sandbox.apis.aikraft.telemetry_checks import telemetry_flaws
from sandbox.core.document import Flaw, Path, got, nearest

Row = dict[str, Any]
_POINTED = tuple(area.number for area in ANNEX_III if any(use.letter for use in area.uses))
"""The categories of which the Act letters the points, so that a classification in one always names a point."""
_NEAR = 500
"""Among how many ids the nearest one is looked for."""


def disagreements(tables: Row) -> Iterator[Flaw]:
    """Yield what tables that have passed their schema cannot say together."""
    systems = {each["id"]: each for each in tables["systems"]}
    jobs = {each["id"]: each for each in tables["jobs"]}
    yield from _clashes(tables)
    for at, system in enumerate(tables["systems"]):
        found = chain(_of_classifications(system), _of_monitoring(system), _of_alerts(system), _of_drafts(system, jobs))
        yield from _below(("tables", "systems", at), found)
    drafted = {draft["job"] for each in tables["systems"] for draft in each["drafts"]}
    for at, job in enumerate(tables["jobs"]):
        yield from _below(("tables", "jobs", at), _of_job(job, systems, drafted))
    yield from telemetry_flaws(tables, systems)


def _below(path: Path, flaws: Iterable[Flaw]) -> Iterator[Flaw]:
    for each in flaws:
        yield Flaw((*path, *each.path), each.expected, each.got, each.nearest)


def _clashes(tables: Row) -> Iterator[Flaw]:
    """Find the ids and names that stand twice."""
    for table in ("systems", "jobs", "telemetry", "batches"):
        yield from repeated_in(tables[table], ("tables", table), "id")
    yield from repeated_in(tables["systems"], ("tables", "systems"), "name")


def _of_classifications(system: Row) -> Iterator[Flaw]:
    """Find versions out of order, and findings that contradict themselves."""
    for at, each in enumerate(system["classifications"]):
        path = ("classifications", at)
        if each["system_id"] != system["id"]:
            yield Flaw((*path, "system_id"), f"{system['id']!r}, the system's own id", got(each["system_id"]))
        if each["version"] != at + 1:
            yield Flaw((*path, "version"), f"{at + 1}, since versions are counted", got(each["version"]))
        yield from _below(path, _of_finding(each))


def _of_finding(each: Row) -> Iterator[Flaw]:
    tier, category, point = each["risk_tier"], each["annex_iii_category"], each["annex_iii_sub_point"]
    if tier == "unacceptable" and category is not None:
        yield Flaw(("annex_iii_category",), "null, since a prohibited practice is outside of Annex III", got(category))
    if category not in _POINTED and point is not None:
        yield Flaw(("annex_iii_sub_point",), f"null, as category {got(category)} has no points", got(point))
    if category in _POINTED and not (point or "").startswith(f"{category}("):
        yield Flaw(("annex_iii_sub_point",), f"a point of category {category}", got(point))
    if bool(each["obligations"]) != bool(OBLIGATIONS[tier]):
        count = "one or more" if OBLIGATIONS[tier] else "none"
        yield Flaw(("obligations",), f"{count}, as the tier is {tier}", got(each["obligations"]))


_CLASSIFIED = ("sections", "drafts", "reviewed_at", "active")
_MONITORED = ("alerts", "incidents")


def _of_monitoring(system: Row) -> Iterator[Flaw]:
    """Find what has nothing to stand on, since the system is not classified or not monitored."""
    if system["active"] != (system["checked_at"] is not None):
        expected = "a time, since the system is active" if system["active"] else "null, since the system is not active"
        yield Flaw(("checked_at",), expected, got(write_moment(system["checked_at"])))
    for field in _CLASSIFIED if not system["classifications"] else ():
        if system[field]:
            yield Flaw((field,), "none for this system, since it is not classified", "some")
    for field in _MONITORED if not system["active"] else ():
        if system[field]:
            yield Flaw((field,), "none for this system, since it is not active", "some")
    yield from _of_sections(system["sections"])


def _of_sections(sections: list[int]) -> Iterator[Flaw]:
    if sections != sorted(set(sections)):
        written = ", ".join(map(str, sections))
        yield Flaw(("sections",), "section numbers in rising order, each once", written)


def _of_alerts(system: Row) -> Iterator[Flaw]:
    """Find alerts that are not counted, or not told whole."""
    for at, each in enumerate(system["alerts"]):
        path, ident = ("alerts", at), f"alert_{at + 1:03d}"
        if each["id"] != ident:
            yield Flaw((*path, "id"), f"{ident!r}, since alerts are counted", got(each["id"]))
        if each["resolved"] != (each["resolved_at"] is not None):
            expected = "a time, since it is resolved" if each["resolved"] else "null, since it is not resolved"
            yield Flaw((*path, "resolved_at"), expected, got(write_moment(each["resolved_at"])))
        yield from _below(path, mismeasured(each))
    if system["alerts_minted"] != len(system["alerts"]):
        expected = f"{len(system['alerts'])}, as many as there are alerts"
        yield Flaw(("alerts_minted",), expected, got(system["alerts_minted"]))


def _of_drafts(system: Row, jobs: Mapping[str, Row]) -> Iterator[Flaw]:
    """Find drafts that are no job's, another system's, a failed job's, or not as their job says."""
    drafts = system["drafts"]
    paths: list[Path] = [("drafts", at, "job") for at in range(len(drafts))]
    yield from repeated(paths, [each["job"] for each in drafts])
    for path, draft in zip(paths, drafts, strict=True):
        job = jobs.get(draft["job"])
        if job is None or job["system_id"] != system["id"]:
            yield _unknown(path, "a job of this system", draft["job"], jobs)
        elif job["error"] is not None:
            yield Flaw(path, "a job without an error", got(draft["job"]))
        else:
            yield from _below(path[:-1], _of_draft(draft, job))


def _of_draft(draft: Row, job: Row) -> Iterator[Flaw]:
    if draft["at"] != job["ends_at"]:
        ends = write_instant(job["ends_at"])
        yield Flaw(("at",), f"{ends!r}, when its job ends", got(write_instant(draft["at"])))
    if draft["sections"] != job["sections"]:
        expected = f"those of its job, {', '.join(map(str, job['sections']))}"
        yield Flaw(("sections",), expected, ", ".join(map(str, draft["sections"])))


def _of_job(job: Row, systems: Mapping[str, Row], drafted: Collection[str]) -> Iterator[Flaw]:
    """Find jobs of no system, of no classification, without their draft, or whose times are out of order."""
    system = systems.get(job["system_id"])
    if system is None:
        yield _unknown(("system_id",), "the id of a system", job["system_id"], systems)
    elif job["classification"] >= len(system["classifications"]):
        expected = f"a place in the system's list of {len(system['classifications'])} classifications"
        yield Flaw(("classification",), expected, got(job["classification"]))
    if job["error"] is None and job["id"] not in drafted:
        yield Flaw(("id",), "a job that has a draft in its system, since it has no error", got(job["id"]))
    if job["starts_at"] < job["created_at"]:
        yield _late("starts_at", job, "no time before created_at", "created_at")
    if job["ends_at"] <= job["starts_at"]:
        yield _late("ends_at", job, "a time after starts_at", "starts_at")
    yield from _of_sections(job["sections"])


def _late(field: str, job: Row, expected: str, since: str) -> Flaw:
    return Flaw((field,), f"{expected}, {write_instant(job[since])}", got(write_instant(job[field])))


def _unknown(path: Path, expected: str, ident: str, known: Mapping[str, Row]) -> Flaw:
    return Flaw(path, expected, got(ident), nearest(ident, tuple(islice(known, _NEAR))))
