"""`sandbox fidelity`: what is a guess, by the contracts alone; or which guesses a world's requests leaned on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sandbox.settings import APIS
from sandbox.terminal.verbs import Parsers, add_world_verb

if TYPE_CHECKING:
    from sandbox.core.fidelity import Guess
    from sandbox.terminal.screen import Screen, Section

FINE, USAGE = 0, 2
PROVENANCES = ("documented", "inferred", "invented")
_EVERYWHERE = "-"
"""How a guess is grouped that concerns more than one operation."""


def add_fidelity(subparsers: Parsers) -> None:
    """Add the verb `fidelity`."""
    parser = add_world_verb(subparsers, "fidelity", "list what is a guess, or with a key what a world leaned on")
    parser.set_defaults(run=_fidelity)
    add = parser.add_argument
    add("--provenance", choices=PROVENANCES, help="only guesses of this provenance (default: all)")
    add("--fail-on-invented", action="store_true", help="exit with 1 if the world leaned on an invention")
    add("--allow", metavar="ID", action="append", default=[], help="leaning on this one is fine; may be given again")


def _fidelity(given: argparse.Namespace) -> int:
    from sandbox.terminal.run import heard, run

    return run(given) if _is_about_a_world(given) else heard(lambda: _list(given))


def _is_about_a_world(given: argparse.Namespace) -> bool:
    """Tell whether a sandbox has to be asked: a key is there, or something is wanted that only one can tell."""
    flags = vars(given)
    if given.fail_on_invented or given.allow or any(flags.get(each) for each in ("key", "url", "world")):
        return True
    return bool(os.environ.get("SANDBOX_KEY")) and not flags.get("api")


def _list(given: argparse.Namespace) -> int:
    from sandbox.app import contract_of
    from sandbox.core.fidelity import guesses_of
    from sandbox.terminal.screen import complain, screen_of

    screen, wanted = screen_of(given), vars(given).get("api")
    if wanted not in (None, *APIS):
        complain(screen, f"--api: expected one of {', '.join(APIS)}, got {wanted!r}")
        return USAGE
    found = [
        (api, guess)
        for api in APIS
        if wanted in (None, api)
        for guess in guesses_of(contract_of(api))
        if given.provenance in (None, guess.provenance)
    ]
    _print(screen, found)
    return FINE


def _print(screen: Screen, found: Sequence[tuple[str, Guess]]) -> None:
    from sandbox.core.fidelity import guess_told
    from sandbox.terminal.screen import print_json, print_sections, print_table

    if screen.json:
        guesses = [{"api": api, **guess_told(guess)} for api, guess in found]
        print_json(screen, {"guesses": guesses, "meta": {"total": len(guesses)}})
    elif screen.eyes:
        print_sections(screen, _sections(found))
    else:
        ordered = [(api, guess) for group in _grouped(found).values() for api, guess in group]
        rows = [[api, *(each or _EVERYWHERE for each in guess_told(guess).values())] for api, guess in ordered]
        print_table(screen, (), rows)


def _grouped(found: Sequence[tuple[str, Guess]]) -> dict[tuple[str, str], list[tuple[str, Guess]]]:
    """Return the guesses by API and operation: first what concerns more than one, then as the contract has them."""
    groups: dict[tuple[str, str], list[tuple[str, Guess]]] = {}
    for api in dict.fromkeys(api for api, _ in found):
        groups[api, _EVERYWHERE] = []
        for each in (each for each in found if each[0] == api):
            groups.setdefault((api, each[1].operation or _EVERYWHERE), []).append(each)
    return groups


def _sections(found: Sequence[tuple[str, Guess]]) -> Iterator[Section]:
    for (api, operation), group in _grouped(found).items():
        name = f"{api}, more than one operation" if operation == _EVERYWHERE else f"{api}, {operation}"
        lines = [line for _api, guess in group for line in _lines(guess)]
        if lines:
            yield name, lines


def _lines(guess: Guess) -> tuple[str, str]:
    return f"{guess.provenance}  {guess.id}: {guess.behaviour}", f"    because: {guess.because}"
