"""`sandbox replay`: a capsule gone through again, without any server, and compared byte for byte."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.app import control_contract, create_realm
from sandbox.core.capsule import Difference, Replay, name_of_api, read_capsule, replayed
from sandbox.core.control import errand_of
from sandbox.core.document import DocumentError, Flaw, got
from sandbox.core.explain import explained
from sandbox.core.message import Request
from sandbox.core.problem import shown
from sandbox.core.realm import Realm
from sandbox.core.timeline import Errand, began
from sandbox.core.view import whole
from sandbox.settings import APIS, Settings
from sandbox.terminal.explain import sections
from sandbox.terminal.screen import Screen, plain, print_json, print_sections, screen_of
from sandbox.web import files
from sandbox.web.files import FileError

FINE, FINDINGS = 0, 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


class Rerun(NamedTuple):
    """How many records a capsule has, the hash of its contract, what it was gone through with, what came of it."""

    records: int
    contract: str
    realm: Realm
    replay: Replay


def replay(given: argparse.Namespace) -> int:
    """Go through a capsule and tell whether every answer is the same; FileError says what cannot be used."""
    screen = screen_of(given)
    if given.at is not None and given.at < 1:
        raise FileError(f"--at: expected a record's number from 1 on, got {given.at}")
    rerun = rerun_of(Path(given.file), given.fixture, given.at)
    if screen.json:
        print_json(screen, _report(rerun, given.at))
    else:
        _tell(screen, rerun, given.at)
    return FINE if rerun.replay.difference is None else FINDINGS


def rerun_of(path: Path, fixture: str | None, at: int | None) -> Rerun:
    """Return what comes of the capsule in this file; FileError says what cannot be used."""
    found, _digest = files.checked(path, lambda document: {"rerun": _rerun(document, fixture, at)})
    rerun: Rerun = found["rerun"]
    return rerun


def _rerun(document: Any, fixture: str | None, at: int | None) -> Rerun:
    name = name_of_api(document)
    if name not in APIS:
        raise DocumentError((Flaw(("api",), "one of " + ", ".join(APIS), got(name)),))
    named = _fixture_of(document)
    realm = create_realm(name, Settings(fixture=fixture or named.get("name", "default")), 0)
    present = next(iter(realm.live.values()))
    if named and named.get("sha256") != realm.source.sha256:
        difference = Difference(0, "fixture", shown(named.get("sha256")), realm.source.sha256)
        return Rerun(0, "", realm, Replay(began(present), 0, difference))
    capsule = read_capsule(document, realm, present, _errand)
    if at is not None and at > len(capsule.records):
        raise FileError(f"--at: expected at most {len(capsule.records)}, which is how many records there are, got {at}")
    return Rerun(len(capsule.records), capsule.contract, realm, replayed(capsule, at))


def _fixture_of(document: Any) -> dict[str, Any]:
    """Return the fixture that the capsule names; a path is no name, for the file may be a stranger's."""
    base = document.get("base")
    named = base.get("fixture") if isinstance(base, dict) else None
    if not isinstance(named, dict):
        return {}
    if not isinstance(named.get("name"), str) or not _NAME.fullmatch(named["name"]):
        raise DocumentError((Flaw(("base", "fixture", "name"), "the name of a fixture", got(named.get("name"))),))
    return named


def _errand(request: Request, wall: int) -> Errand:
    return errand_of(control_contract(), request, wall)


def _report(rerun: Rerun, at: int | None) -> dict[str, Any]:
    replay, contract = rerun.replay, rerun.realm.keyring.api.contract
    report = {
        "identical": replay.difference is None,
        "replayed": replay.length,
        "records": rerun.records,
        "same_contract": rerun.contract == contract.sha256,
        "difference": None if replay.difference is None else replay.difference._asdict(),
    }
    return report if at is None else {**report, "record": _last(replay)}


def _last(replay: Replay) -> dict[str, Any] | None:
    """Return the record at which the replay stopped: explained if the API answered it."""
    journal = replay.timeline.journal
    if not len(journal):
        return None
    entry = journal.at(len(journal) - 1)
    if entry.errand is not None:
        return whole(entry)
    return explained(replay.timeline, len(journal) - 1, entry, whole_world=False)


def _tell(screen: Screen, rerun: Rerun, at: int | None) -> None:
    for line in _verdict(rerun):
        print(plain(screen, line))
    record = None if at is None else _last(rerun.replay)
    if record is not None:
        print_sections(screen, sections(f"record {at}", record))


def _verdict(rerun: Rerun) -> Iterator[str]:
    replay = rerun.replay
    if replay.difference is None:
        yield f"{replay.length} of {rerun.records} records gone through, every answer the same"
        return
    yield f"record {replay.difference.at}: its {replay.difference.part} differs"
    yield f"  expected  {replay.difference.expected}"
    yield f"  got       {replay.difference.got}"
    same = rerun.contract == rerun.realm.keyring.api.contract.sha256
    yield f"  the contract is {'the same' if same else 'another one than when the capsule was made'}"
