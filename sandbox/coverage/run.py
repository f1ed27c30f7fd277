"""`sandbox coverage`: the worlds of a suite asked for what they have seen, joined, told, and held to what is wanted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from functools import partial

from sandbox.core.coverage_report import Coverage, coverage_shown, deeds_of, joined, read_coverage
from sandbox.coverage.page import page
from sandbox.coverage.telling import FEW, HEADER, cells_of, shortfalls, table_of
from sandbox.terminal import run as terminal
from sandbox.terminal.client import FINDINGS, FINE, Server, Trouble, ask, listed, server_of
from sandbox.terminal.screen import Screen, complain, plain, print_json, print_table, screen_of

_DEED = ("points", "what to do", "what it shows")
_MANY_WORLDS = "--all, --world: these are for the admin token, so give it as the one --key"


def run(given: Namespace) -> int:
    """Run the verb and return the exit code: 0 fine, 1 below what is wanted or refused, 2 a wrong call."""
    first = Namespace(**{**vars(given), "key": next(iter(given.key), None), "world": None, "api": None})
    return terminal.run(first, lambda server, screen, _first: _covered(server, screen, given))


def _covered(first: Server, screen: Screen, given: Namespace) -> int:
    if len(given.key) > 1 and (given.all or given.world):
        raise Trouble(_MANY_WORLDS)
    try:
        coverage = joined(map(partial(_asked, given), _servers(first, given)))
    except ValueError as error:
        raise Trouble(f"{error}: ask for each API by itself") from error
    if given.html:
        _write(given.html, page(coverage))
    _tell(screen, coverage, given)
    short = list(shortfalls(coverage, given.min_coverage, given.min_error_coverage))
    for each in short:
        complain(screen, each)
    return FINDINGS if short else FINE


def _servers(first: Server, given: Namespace) -> Iterator[Server]:
    """Yield whom to ask: once for each key, or with the admin token once for each world."""
    if given.all:
        yield from (_server(given, first.key, *each) for each in _worlds(first, given))
    elif given.world:
        yield from (_server(given, first.key, each, given.api) for each in given.world)
    else:
        yield from (_server(given, each, None, given.api) for each in given.key or [first.key])


def _server(given: Namespace, key: str, world: str | None, api: str | None) -> Server:
    return server_of(Namespace(url=given.url, key=key, world=world, api=api))


def _worlds(first: Server, given: Namespace) -> Iterator[tuple[str, str]]:
    """Yield name and API of every living world of the API that was ever asked anything."""
    worlds = listed(first, ask(first, "GET", "/worlds"), "worlds")
    apis = sorted({str(each.get("api")) for each in worlds})
    if given.api not in (None, *apis) or (given.api is None and len(apis) > 1):
        raise Trouble(f"--api: expected one of {', '.join(apis)}, got {given.api or 'none'}")
    own = [each for each in worlds if given.api in (None, each.get("api"))]
    yield from ((str(each.get("name")), str(each.get("api"))) for each in own)


def _asked(given: Namespace, server: Server) -> Coverage:
    try:
        return read_coverage(ask(server, "GET", "/coverage"))
    except Trouble as trouble:
        # A refusal of another world than the first must not show its key either.
        raise Trouble(plain(screen_of(given, server.key), str(trouble)), trouble.code) from trouble


def _tell(screen: Screen, coverage: Coverage, given: Namespace) -> None:
    if screen.json:
        print_json(screen, coverage_shown(coverage))
        return
    deeds = deeds_of(coverage)
    if given.missing:
        print_table(screen, _DEED, map(cells_of, deeds), (), 2)
        return
    print_table(screen, HEADER, table_of(coverage))
    if deeds:
        print("\nwhat shows most of what is missing:" if screen.eyes else "")
        print_table(screen, _DEED, map(cells_of, deeds[:FEW]), (), 2)
    if len(deeds) > FEW and screen.eyes:
        print(f"and {len(deeds) - FEW} more: sandbox coverage --missing")


def _write(file: str, text: str) -> None:
    try:
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise Trouble(f"--html: {file} cannot be written: {error.strerror}") from error
