"""The journal as a table: what was there, or what comes."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.terminal.client import FINE, Server, Trouble, ask, listed, raw
from sandbox.terminal.screen import NOTHING, Screen, complain, print_json, print_raw, print_row, print_table, style_of
from sandbox.terminal.stream import entries

HEADER = ("id", "time", "method", "path", "status", "operation", "cause", "marks")
MEANT = "meant"
LATEST = 20
MOST = 1_000
_PATH = 3
_WIDTHS = (12, 20, 6, 40, 6, 20, 12, 12)
_FILTERS = ("operation", "status", "path")


def requests(server: Server, screen: Screen, given: Namespace) -> int:
    """List the latest requests, follow those that come, or write the whole journal."""
    if given.har or given.ndjson:
        return _write(server, screen, given)
    if given.follow:
        return _follow(server, screen, given)
    answer = _list(server, given)
    if screen.json:
        print_json(screen, answer)
    else:
        print_entries(screen, listed(server, answer, "requests"), [MEANT] if given.unmatched else [])
    return FINE


def print_entries(screen: Screen, found: Sequence[Mapping[str, Any]], further: Sequence[str] = ()) -> None:
    """Print a table of entries; the further columns are of those that `cells` adds."""
    rows = [_shown(screen, each) + ([_meant(each)] if MEANT in further else []) for each in found]
    print_table(screen, [*HEADER, *further], rows, [_style(each) for each in found], _PATH)


def cells(entry: Mapping[str, Any]) -> list[str]:
    """Return an entry as the columns of HEADER."""
    tail = f"?{entry['query']}" if entry.get("query") else ""
    return [
        str(entry.get("id")),
        str(entry.get("at")),
        str(entry.get("method")),
        f"{entry.get('path')}{tail}",
        str(entry.get("status")),
        str(entry.get("operation") or NOTHING),
        str(entry.get("cause") or NOTHING),
        _marks(entry) or NOTHING,
    ]


def _shown(screen: Screen, entry: Mapping[str, Any]) -> list[str]:
    """Return the columns, for eyes with the time to the second, so that more of them fit."""
    ident, time, *rest = cells(entry)
    return [ident, re.sub(r"\.[0-9]+Z$", "Z", time) if screen.eyes else time, *rest]


def _marks(entry: Mapping[str, Any]) -> str:
    fault = [f"fault={entry['fault']}"] if entry.get("fault") else []
    preferences = entry.get("preferences") or {}
    applied = [f"prefer:{each}" for each in preferences.get("applied") or []]
    ignored = [f"ignored:{each.get('preference')}" for each in preferences.get("ignored") or []]
    return ",".join([*map(str, entry.get("marks") or []), *fault, *applied, *ignored])


def _meant(entry: Mapping[str, Any]) -> str:
    nearest = entry.get("nearest")
    if not nearest:
        return NOTHING
    because = "; ".join(map(str, nearest.get("because") or []))
    return f"{nearest.get('method')} {nearest.get('path')}" + (f" ({because})" if because else "")


def _style(entry: Mapping[str, Any]) -> str:
    status = entry.get("status")
    return style_of(status) if isinstance(status, int) else ""


def _list(server: Server, given: Namespace) -> dict[str, Any]:
    limit = given.limit or LATEST
    if limit > MOST:
        raise Trouble(f"--limit: expected at most {MOST}, got {limit}: --ndjson writes the whole journal")
    if not given.unmatched:
        asked = {name: getattr(given, name) for name in _FILTERS}
        return ask(server, "GET", "/requests", query={"limit": limit, **asked})
    _refuse_filters(given, "--unmatched")
    return ask(server, "GET", "/requests/unmatched", query={"limit": limit})


def _refuse_filters(given: Namespace, manner: str, names: Sequence[str] = _FILTERS) -> None:
    for name in names:
        if getattr(given, name):
            raise Trouble(f"--{name} does not go with {manner}: leave one of them out")


def _write(server: Server, screen: Screen, given: Namespace) -> int:
    manner = "--har" if given.har else "--ndjson"
    _refuse_filters(given, manner, (*_FILTERS, "limit", "unmatched"))
    print_raw(screen, raw(server, "GET", f"/requests.{manner[2:]}"))
    return FINE


def _follow(server: Server, screen: Screen, given: Namespace) -> int:
    def ready() -> None:
        # The sandbox shows all; what is wanted is sorted out here. Scripts may wait for this line.
        complain(screen, f"following {server.url}; Ctrl-C ends")
        if screen.eyes and not screen.json:
            print_row(screen, HEADER, _WIDTHS, "1")

    wanted = (each for each in entries(server, ready) if fits(each, given))
    try:
        for entry in islice(wanted, given.limit):
            _print_one(screen, entry)
    except KeyboardInterrupt:
        pass  # how it is meant to end
    return FINE


def _print_one(screen: Screen, entry: Mapping[str, Any]) -> None:
    if screen.json:
        print_json(Screen(secret=screen.secret), entry)
    else:
        print_row(screen, _shown(screen, entry), _WIDTHS, _style(entry))


def fits(entry: Mapping[str, Any], given: Namespace) -> bool:
    """Tell whether the flags ask for this entry, by the rules that the sandbox lists by."""
    return all(_conditions(entry, given))


def _conditions(entry: Mapping[str, Any], given: Namespace) -> Iterator[bool]:
    status = str(entry.get("status"))
    if given.operation is not None:
        yield entry.get("operation") == given.operation
    if given.status is not None:
        yield status == given.status or f"{status[:1]}xx" == given.status
    if given.path is not None:
        yield re.fullmatch(_pattern(given.path), str(entry.get("path")), re.DOTALL) is not None
    if given.unmatched:
        yield entry.get("operation") is None


def _pattern(path: str) -> str:
    stars = {"**": ".*", "*": "[^/]*"}
    return "".join(stars.get(each) or re.escape(each) for each in re.split(r"(\*\*|\*)", path))
