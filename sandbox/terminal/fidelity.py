"""Which guesses a world's requests leaned on; an invented one may be a finding of the command."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from sandbox.terminal.client import FINDINGS, FINE, Server, Trouble, ask, listed
from sandbox.terminal.screen import NOTHING, Screen, complain, print_json, print_table, style_of

HEADER = ("provenance", "id", "operation", "requests", "behaviour")
INVENTED = "invented"
_BEHAVIOUR = 4
_STYLED_AS = {INVENTED: 400}


def fidelity(server: Server, screen: Screen, given: Namespace) -> int:
    """Print what was leaned on; return 1 if an invention is among it that is not allowed, and none may be."""
    known = listed(server, ask(server, "GET", "/fidelity"), "guesses")
    _check_allowed(given.allow, [str(each.get("id")) for each in known])
    leaned = [each for each in known if each.get("leaned")]
    _print(screen, [each for each in leaned if given.provenance in (None, each.get("provenance"))])
    invented = [str(each["id"]) for each in leaned if each.get("provenance") == INVENTED]
    refused = [each for each in invented if each not in given.allow]
    if not given.fail_on_invented or not refused:
        return FINE
    complain(
        screen,
        f"leaned on what the sandbox invented: {', '.join(refused)}; the real service may differ there: do without, "
        "or give --allow ID for what you have made sure of",
    )
    return FINDINGS


def _check_allowed(allowed: Iterable[str], known: list[str]) -> None:
    for each in allowed:
        if each not in known:
            near = get_close_matches(each, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Trouble(f"--allow: expected the id of a guess, as `sandbox fidelity` lists it, got {each!r}{hint}")


def _print(screen: Screen, found: list[dict[str, Any]]) -> None:
    if screen.json:
        print_json(screen, {"guesses": found, "meta": {"total": len(found)}})
    elif found or not screen.eyes:
        styles = [style_of(_STYLED_AS.get(str(each.get("provenance")), 200)) for each in found]
        print_table(screen, HEADER, [_row(each) for each in found], styles, _BEHAVIOUR)
    else:
        print("leaned on no guess")


def _row(guess: Mapping[str, Any]) -> list[str]:
    requests = ",".join(map(str, guess["leaned"]))
    told = [str(guess.get(name) or NOTHING) for name in ("provenance", "id", "operation", "behaviour")]
    return [*told[:3], requests, told[3]]
