"""A capsule: what led to the present as one file, and the way back from it.

A capsule holds the world before the first request that is remembered (by its fixture, if it still is that, else whole)
and every request since then that the API answered or that changed the world, each with its answer. Going through it
again from that world has to give every answer byte for byte; where it does not, something else has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from sandbox.core.api import Api, Loaded
from sandbox.core.capsule_schema import FORMAT, CapsuleSchema
from sandbox.core.clock import iso_exact
from sandbox.core.document import DocumentError, Flaw, Path, got, load
from sandbox.core.kernel import step
from sandbox.core.message import Caller, Request, Response
from sandbox.core.problem import Problem, shown
from sandbox.core.realm import Realm, Source
from sandbox.core.record import kept_of, steered_to, told, world_before
from sandbox.core.staging import ERRANDS, steered
from sandbox.core.state import around, rebuilt
from sandbox.core.steering import in_problem
from sandbox.core.timeline import UNMARKED, Entry, Errand, Timeline, began
from sandbox.core.transcript import answer_read, answer_written, request_read, request_written
from sandbox.core.world import World


def capsule_of(timeline: Timeline, realm: Realm, version: str) -> dict[str, Any]:
    """Return the capsule of a timeline."""
    api = realm.keyring.api
    return {
        "capsule": FORMAT,
        "sandbox": version,
        "api": api.name,
        "contract": {"version": api.contract.version, "sha256": api.contract.sha256},
        "base": _base(world_before(timeline, 0), realm.source),
        "records": [_record(each) for each in timeline.journal],
    }


def _base(world: World, source: Source) -> dict[str, Any]:
    if source.shipped and world.workspace is source.workspace:
        fixture = {"name": source.name, "sha256": source.sha256, "birth": iso_exact(source.birth)}
        return {"fixture": fixture, "world": around(world)}
    return {"fixture": None, "world": around(world), **world.charter.api.storage.dump(world.workspace)}


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "kind": "api" if entry.errand is None else "control",
        "wall": iso_exact(entry.wall),
        "request": request_written(entry.request),
        "answer": answer_written(entry.response),
    }


class Capsule(NamedTuple):
    """A capsule as it was read: the world before the first record, the records, and what they were made with."""

    base: World
    records: tuple[Entry, ...]
    sandbox: str
    contract: str


class Difference(NamedTuple):
    """Where going through a capsule again first gave something else: the record's number, counted from 1."""

    at: int
    part: str
    expected: str
    got: str


class Replay(NamedTuple):
    """What came of a capsule: the timeline as far as it went, how many records that was, the first difference."""

    timeline: Timeline
    length: int
    difference: Difference | None


Errands = Callable[[Request, int], Errand]
"""How a control request is read: by the contract of the control plane."""


def name_of_api(document: Any) -> str:
    """Return the API that a capsule says it is of, or nothing."""
    name = document.get("api") if isinstance(document, Mapping) else None
    return name if isinstance(name, str) else ""


def read_capsule(document: Any, realm: Realm, present: World, errands: Errands) -> Capsule:
    """Return the capsule that the document is; DocumentError names what is wrong with it."""
    read = load(CapsuleSchema, document)
    api = realm.keyring.api
    if read["api"] != api.name:
        raise DocumentError((Flaw(("api",), api.name, got(read["api"])),))
    base = _world(api, read["base"], realm.source, present)
    records = tuple(_entry(at, each, base, errands) for at, each in enumerate(read["records"]))
    return Capsule(base, records, read["sandbox"], read["contract"]["sha256"])


def _world(api: Api, base: dict[str, Any], source: Source, present: World) -> World:
    given = base["fixture"]
    if given is None:
        loaded = _exact(api, base, present)
    elif (given["name"], given["sha256"]) == (source.name, source.sha256):
        loaded = Loaded(source.again(given["birth"]), source.name, None, None)
    else:
        expected = f"the fixture {source.name} ({source.sha256[:12]}…), which is served here"
        found = f"{shown(given['name'])} ({given['sha256'][:12]}…)"
        raise DocumentError((Flaw(("base", "fixture"), expected, found),))
    try:
        return rebuilt(api, base["world"], loaded, present)
    except DocumentError as error:
        raise DocumentError(tuple(flaw.below("base") for flaw in error.flaws)) from error


def _exact(api: Api, base: dict[str, Any], present: World) -> Loaded:
    rows = {name: base.get(name, {}) for name in ("tables", "minted")}
    frame = {"fixture": "capsule", "api": api.name, "summary": "The base of a capsule."}
    try:
        return api.storage.load({**frame, **api.storage.holder(present.charter.owner), **rows}, 0)
    except DocumentError as error:
        raise DocumentError(tuple(flaw.below("base") for flaw in error.flaws)) from error


def _entry(at: int, given: dict[str, Any], base: World, errands: Errands) -> Entry:
    path: Path = ("records", at)
    request = request_read(given["request"], (*path, "request"))
    response = answer_read(given["answer"], (*path, "answer"))
    errand = _errand(request, given["wall"], errands, path) if given["kind"] == "control" else None
    if errand is None:
        _check_caller(base.charter.api, request.caller, (*path, "request", "caller", "reason"))
    return Entry(at, given["wall"], 0, None, request, response, None, UNMARKED, base.charter, errand=errand)


def _check_caller(api: Api, caller: Caller, path: Path) -> None:
    """Refuse a caller without a key whose reason the API's law does not know."""
    try:
        if caller.key is None:
            api.law.refusal(caller.reason)
    except KeyError as error:
        raise DocumentError((Flaw(path, "why no key was usable", got(caller.reason)),)) from error


def _errand(request: Request, wall: int, errands: Errands, path: Path) -> Errand:
    """Return what a recorded control request asks for, if it is one of those that a journal records."""
    try:
        errand = errands(request, wall)
    except Problem as problem:
        raise DocumentError((Flaw((*path, "request"), "a control request", shown(problem.message, 200)),)) from problem
    if errand.operation not in ERRANDS:
        expected = "one of " + ", ".join(ERRANDS)
        raise DocumentError((Flaw((*path, "request"), expected, errand.operation),))
    return errand


def replayed(capsule: Capsule, stop: int | None = None) -> Replay:
    """Return what comes of going through the records again, up to `stop` of them, or to the first difference."""
    # What came before a timeline's own beginning has no revision that a reader of events could be waiting for.
    timeline = began(capsule.base)._replace(revision=-len(capsule.records))
    for at, record in enumerate(capsule.records[:stop], 1):
        timeline, response = _gone_through(timeline, record)
        difference = _difference(at, record.response, response)
        if difference is not None:
            return Replay(timeline, at, difference)
    return Replay(timeline, min(len(capsule.records), len(capsule.records) if stop is None else stop), None)


def _gone_through(timeline: Timeline, record: Entry) -> tuple[Timeline, Response]:
    if record.errand is None:
        outcome = step(timeline.present, record.request, record.wall)
        return told(timeline, outcome, record.request, record.wall), kept_of(outcome)
    try:
        done = steered(timeline.present, record.errand)
    except Problem as problem:
        return timeline, in_problem(problem)
    return steered_to(timeline, done.world, record.errand, record.request, done.recorded), done.recorded


def _difference(at: int, expected: Response, got: Response) -> Difference | None:
    if expected.status != got.status:
        return Difference(at, "status", str(expected.status), str(got.status))
    if expected.headers != got.headers:
        pairs = zip_longest(expected.headers, got.headers, fillvalue=("nothing", ""))
        one, other = next(pair for pair in pairs if pair[0] != pair[1])
        return Difference(at, f"header {one[0]}", shown(": ".join(one), 200), shown(": ".join(other), 200))
    if expected.body != got.body:
        return Difference(at, "body", *_apart(expected.body, got.body))
    return None


def _apart(expected: bytes, got: bytes) -> tuple[str, str]:
    """Return where two bodies part, with a little of what stands around it."""
    pairs = zip(expected, got, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(got)))
    start = max(0, same - 40)
    one, other = (each[start : same + 80].decode("utf-8", "replace") for each in (expected, got))
    return shown(one, 200), shown(other, 200)
