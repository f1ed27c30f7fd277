"""What a run is asked for, read from the flags: every wrong call is found before anything is sent."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from sandbox.app import contract_of, load_api
from sandbox.check.aikraft import AIKRAFT
from sandbox.check.ctrlai import CTRLAI
from sandbox.check.relay import origin_of
from sandbox.check.subject import Subject
from sandbox.core.contract import Contract
from sandbox.core.document import nearest
from sandbox.core.staging import reader_of
from sandbox.repertoire import wish_of
from sandbox.web import files

SUBJECTS: Mapping[str, Subject] = {each.api: each for each in (AIKRAFT, CTRLAI)}


class WrongCall(ValueError):
    """A call that cannot be obeyed: where, what was expected, and the remedy."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be judged, how much, and where it is written."""

    subject: Subject
    contract: Contract
    origin: SplitResult | None
    key: str = field(repr=False)
    fixture: str
    wish: Mapping[str, Any] | None
    examples: int
    seed: int
    operations: tuple[str, ...]
    may_write: bool
    least: int


def wanted_of(given: Namespace) -> Wanted:
    """Return what the flags mean; WrongCall or FileError says which of them does not do."""
    subject, contract = SUBJECTS[given.api], contract_of(given.api)
    if given.url is None:
        _check_alone(given)
        wish = wish_of(given.scenario) if given.scenario else None
        _check_speaks(given.api, given.scenario, wish)
        return _wanted(given, subject, contract, None, wish)
    for flag in ("scenario", "fixture"):
        if getattr(given, flag):
            raise WrongCall(f"--{flag} is for a sandbox of its own: leave out --url, or --{flag}")
    origin = origin_of(given.url, dict.fromkeys((load_api(given.api).base, contract.prefix)))
    if given.key:
        _check_key(given, subject, origin)
    return _wanted(given, subject, contract, origin, None)


def _wanted(
    given: Namespace, subject: Subject, contract: Contract, origin: SplitResult | None, wish: Mapping[str, Any] | None
) -> Wanted:
    for name in ("junit", "har", "report"):
        _check_writable(name, getattr(given, name))
    operations = tuple(_operations(given.operations, contract))
    may_write = not given.key or given.allow_writes
    return Wanted(
        subject, contract, origin, given.key or "", given.fixture or "default", wish, given.max_examples, given.seed,
        operations, may_write, given.min_links,
    )  # fmt: skip


def _check_alone(given: Namespace) -> None:
    if given.key or given.allow_writes:
        flag = "--key" if given.key else "--allow-writes"
        raise WrongCall(f"{flag} is for a service: give its --url as well; a sandbox of its own needs no key")


def _check_key(given: Namespace, subject: Subject, origin: SplitResult) -> None:
    if not given.key.isascii() or not given.key.isprintable() or " " in given.key:
        raise WrongCall("--key: expected a key in printable ASCII without spaces")
    if given.allow_writes and subject.live(given.key) and not _is_loopback(origin.hostname or ""):
        raise WrongCall(
            "--allow-writes with a key that may belong to production: hundreds of made-up rows would be written and "
            "others deleted there; give a test key, or leave out --allow-writes"
        )


def _check_speaks(api: str, name: str, wish: Mapping[str, Any] | None) -> None:
    """Raise WrongCall for a scenario that breaks connections, of which no contract says anything."""
    if wish is None:
        return
    document = wish.get("scenario") or files.documents("scenarios", api).get(name)
    if document is None:
        files.find("scenarios", api, name)
    scenario = reader_of(load_api(api)).scenario(document)
    wire = next((rule.name for rule in scenario.rules if any(each.wire for each in rule.faults)), None)
    if wire is not None:
        raise WrongCall(
            f"--scenario {name}: its rule {wire} breaks connections, and a contract judges answers alone: "
            "give a scenario that answers, or see `sandbox play` and the pytest plugin for this one"
        )


def _check_writable(flag: str, name: str | None) -> None:
    if name is None:
        return
    file = Path(name).absolute()
    if not file.parent.is_dir() or file.is_dir():
        raise WrongCall(f"--{flag} {name}: expected a file in a folder that exists")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise WrongCall(f"--{flag} {name}: expected a file that may be written")


def _operations(given: Iterable[str] | None, contract: Contract) -> Iterable[str]:
    names = [each for word in given or () for each in re.split(r"[,\s]+", word) if each]
    if given is not None and not names:
        raise WrongCall(f"--operations: expected some of {', '.join(contract.operations)}, got none")
    for name in names:
        if name not in contract.operations:
            near = nearest(name, tuple(contract.operations))
            hint = f"; did you mean {near}?" if near else f": one of {', '.join(contract.operations)}"
            raise WrongCall(f"--operations: there is no operation {name!r} in this contract{hint}")
        yield name


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
