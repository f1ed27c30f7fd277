"""How far a scenario has gone, as a document and back: scenario and faults as they were written, and the counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutables import Map

from sandbox.core.api import Api
from sandbox.core.clock import LATEST
from sandbox.core.document import Document, DocumentError, Flaw, Path, load, many, mapping, nested, text, whole
from sandbox.core.form import MOST_RULES
from sandbox.core.play import IDLE, PENDING, Adhoc, Pending, Play
from sandbox.core.script import Reader
from sandbox.core.staging import MOST_FAULTS, reader_of, single
from sandbox.core.transcript import RequestSchema, request_read, request_written

MOST = (1 << 53) - 1
LONGEST_MARK = (MOST_RULES + MOST_FAULTS) * 130
"""Every rule may strike the same request; each says so with the names of its scenario and its own."""


class _Adhoc(Document):
    id = text(r"fault-[1-9][0-9]{0,15}", expected="an id such as fault-1", required=True)
    document = mapping(required=True)
    began = whole(0, LATEST, required=True)


class _Pending(Document):
    due = whole(0, LATEST, required=True)
    request = nested(RequestSchema, required=True)
    mark = text(longest=LONGEST_MARK, required=True)


class _Play(Document):
    scenario = mapping(required=True, allow_none=True)
    faults = many(nested(_Adhoc), most=MOST_FAULTS, required=True)
    state = text(longest=60, required=True)
    began = whole(0, LATEST, required=True)
    met = mapping(required=True)
    fired = mapping(required=True)
    memory = mapping(required=True)
    added = whole(0, MOST, required=True)
    reached = whole(-1, LATEST, required=True)
    pending = many(nested(_Pending), most=PENDING, required=True)


def play_written(play: Play) -> dict[str, Any] | None:
    """Return the play as a document holds it, or None if nothing is scripted."""
    if play is IDLE or play == IDLE:
        return None
    return {
        "scenario": None if play.scenario is None else play.scenario.document,
        "faults": [{"id": each.id, "document": each.document, "began": each.began} for each in play.adhoc],
        "state": play.state,
        "began": play.began,
        **{name: dict(sorted(getattr(play, name).items())) for name in ("met", "fired", "memory")},
        "added": play.added,
        "reached": play.reached,
        "pending": [
            {"due": each.due, "request": request_written(each.request), "mark": each.mark} for each in play.pending
        ],
    }


def read_play(api: Api, given: Mapping[str, Any] | None) -> Play:
    """Return the play that a document holds; DocumentError names what is wrong with it."""
    if given is None:
        return IDLE
    try:
        read = load(_Play, given)
        reader = reader_of(api)
        scenario = None if read["scenario"] is None else reader.scenario(read["scenario"])
        adhoc = tuple(_read_single(reader, each, ("faults", at)) for at, each in enumerate(read["faults"]))
        pending = tuple(
            Pending(each["due"], request_read(each["request"], ("pending", at, "request")), each["mark"])
            for at, each in enumerate(read["pending"])
        )
        met, fired, memory = (counts_of(read[name], name) for name in ("met", "fired", "memory"))
    except DocumentError as error:
        raise DocumentError(tuple(each.below("play") for each in error.flaws)) from error
    return Play(
        scenario, adhoc, read["state"], read["began"], met, fired, memory, read["added"], read["reached"],
        pending=pending,
    )  # fmt: skip


def _read_single(reader: Reader, given: Mapping[str, Any], path: Path) -> Adhoc:
    try:
        return single(reader, given["id"], given["document"], given["began"])
    except DocumentError as error:
        raise DocumentError(tuple(each.below(*path, "document") for each in error.flaws)) from error


def counts_of(given: Mapping[str, Any], name: str) -> Map[str, int]:
    """Return the counts that a document holds under this name; DocumentError names the one that is none."""
    for key, each in given.items():
        if type(each) is not int or not 0 <= each <= LATEST:
            raise DocumentError((Flaw((name, key), "a whole number", repr(each)[:40]),))
    return Map(given)
