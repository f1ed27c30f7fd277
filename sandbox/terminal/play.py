"""A scenario played and watched: each request is told as it comes, and in the end what became of each rule."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from itertools import islice
from typing import Any

from sandbox.terminal.client import FINE, NoAnswer, Server, Trouble, ask, listed
from sandbox.terminal.screen import NOTHING, Screen, complain, plain, print_json, print_row, style_of
from sandbox.terminal.stream import entries

HEADER = ("time", "method", "path", "status", "fault")
_WIDTHS = (27, 6, 40, 6, 30)


class Stage:
    """A scenario that is played in one world: its name, as soon as it has begun."""

    def __init__(self, server: Server, screen: Screen, given: Namespace) -> None:
        self._server, self._screen = server, screen
        self._wish, self._limit, self._keep = given.wish, given.limit, given.keep
        self._name: str | None = None

    def watch(self) -> None:
        """Let the scenario begin and tell each request until there are enough, or until Ctrl-C."""
        try:
            for entry in islice(entries(self._server, self._begin), self._limit):
                _print_one(self._screen, entry)
        except KeyboardInterrupt:
            pass  # how it is meant to end

    def _begin(self) -> None:
        """Begin when no request can be missed; scripts may wait for the line."""
        self._name = str(ask(self._server, "PUT", "/scenarios/active", self._wish).get("active"))
        complain(self._screen, f"playing {self._name} at {self._server.url}; Ctrl-C ends")
        if self._screen.eyes and not self._screen.json:
            print_row(self._screen, HEADER, _WIDTHS, "1")

    def leave(self) -> dict[str, Any] | None:
        """Return how far the scenario has gone, after it was ended or kept; None if it is active no more."""
        if self._name is None:
            return None
        playing = ask(self._server, "GET", "/scenarios")
        if playing.get("active") != self._name:
            return None
        if not self._keep:
            ask(self._server, "PUT", "/scenarios/active", {"name": None})
        return {"scenario": self._name, **{name: playing.get(name) for name in ("state", "rules")}, "kept": self._keep}


def play(server: Server, screen: Screen, given: Namespace) -> int:
    """Play a scenario, tell each request as it comes, and then what became of each rule."""
    stage = Stage(server, screen, given)
    try:
        stage.watch()
    except NoAnswer:
        raise
    except (Trouble, BrokenPipeError):
        stage.leave()
        raise
    _print_end(server, screen, stage.leave())
    return FINE


def _print_one(screen: Screen, entry: Mapping[str, Any]) -> None:
    if screen.json:
        print_json(Screen(secret=screen.secret), entry)
        return
    tail = f"?{entry['query']}" if entry.get("query") else ""
    status = entry.get("status")
    cells = (
        str(entry.get("at")),
        str(entry.get("method")),
        f"{entry.get('path')}{tail}",
        str(status),
        str(entry.get("fault") or NOTHING),
    )
    print_row(screen, cells, _WIDTHS, style_of(status) if isinstance(status, int) else "")


def _print_end(server: Server, screen: Screen, end: Mapping[str, Any] | None) -> None:
    if end is None:
        complain(screen, "the scenario is not active any more: somebody ended it, or let another one begin")
    elif screen.json:
        print_json(Screen(secret=screen.secret), end)
    else:
        for rule in listed(server, end, "rules"):
            print(plain(screen, f"{rule.get('name')}: {_became(rule)}"))


def _became(rule: Mapping[str, Any]) -> str:
    met, fired = rule.get("met"), rule.get("fired")
    if not met:
        return "never reached"
    return f"struck {fired} of {met} requests that fitted it" if fired else f"never struck, of {met} that fitted it"
