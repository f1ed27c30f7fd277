"""`sandbox scenarios`, `sandbox check-scenario`: files of scenarios, shipped or of one's own, without any server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sandbox.app import load_api, read_scenario
from sandbox.core.document import written
from sandbox.settings import APIS
from sandbox.terminal.screen import Screen, complain, plain, print_json, print_raw, print_table, screen_of
from sandbox.web import files
from sandbox.web.files import FileError

FINE, USAGE = 0, 2
_COLUMNS = ("name", "api", "summary")


def scenarios(given: argparse.Namespace) -> int:
    """List the shipped scenarios, or print the file of one; FileError says which there are."""
    screen = screen_of(given)
    if given.name is not None:
        return _show(screen, given.name, given.api)
    listed = [each for each in _shipped() if given.api in (None, each["api"])]
    if screen.json:
        print_json(screen, {"scenarios": listed, "meta": {"total": len(listed)}})
    else:
        print_table(screen, _COLUMNS, [[each[name] for name in _COLUMNS] for each in listed], flexible=2)
    return FINE


def _shipped() -> Iterator[dict[str, str]]:
    for api in APIS:
        for name, document in files.documents("scenarios", api).items():
            yield {"name": name, "api": api, "summary": document["summary"]}


def _show(screen: Screen, name: str, wanted: str | None) -> int:
    """Print the file of the scenario: of two that are called alike that of the first API, unless another is wanted."""
    homes = [api for api in APIS if name in files.names("scenarios", api)]
    api = wanted or next(iter(homes), APIS[0])
    document, _digest, raw = files.read(files.find("scenarios", api, name))
    if screen.json:
        print_json(screen, document)
    else:
        print_raw(screen, raw)
    for other in homes if wanted is None else ():
        if other != api:
            complain(screen, f"{other} has a scenario of this name too: add --api {other} to see that one")
    return FINE


def check(given: argparse.Namespace) -> int:
    """Tell whether the scenario in a file can work, and if not, every flaw with its line."""
    screen = screen_of(given)
    try:
        document = _checked(given.file)
    except FileError as error:
        if screen.json:
            print_json(screen, {"file": given.file, "fits": False, "detail": str(error), "flaws": _flaws(error)})
        else:
            _complain(screen, error)
        return USAGE
    if screen.json:
        print_json(screen, {"file": given.file, "fits": True, "detail": document["summary"], "flaws": []})
    else:
        print(plain(screen, f"{given.file}: the scenario {document['scenario']} can work"))
    return FINE


def _flaws(error: FileError) -> list[dict[str, Any]]:
    return [
        {"line": line, "path": written(each.path), "expected": each.expected, "got": each.got, "nearest": each.nearest}
        for line, each in error.places
    ]


def _complain(screen: Screen, error: FileError) -> None:
    for line in str(error).splitlines():
        complain(screen, line)
    if error.places:
        complain(
            screen, "correct these places; `sandbox scenarios` lists scenarios that work, and shows one by its name"
        )


def wish_of(name: str) -> dict[str, Any]:
    """Return what a sandbox is asked for, to play this: a shipped scenario by its name, or what a file holds."""
    return {"scenario": _checked(name)} if files.is_path(name) else {"name": name}


def _checked(file: str) -> Any:
    """Return the document in the file, which can work; FileError says why it cannot."""
    path = files.find("scenarios", APIS[0], file if files.is_path(file) else f"./{file}")
    document, _digest, _raw = files.read(path)
    named = document.get("api") if isinstance(document, dict) else None
    read_scenario(load_api(named if named in APIS else APIS[0]), path)
    return document
