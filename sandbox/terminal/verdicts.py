"""What the journal proves about the client, as a table; grave findings are findings of the command too."""

from __future__ import annotations

from argparse import Namespace

from sandbox.terminal.client import FINDINGS, FINE, Server, ask, listed
from sandbox.terminal.screen import NOTHING, Screen, print_json, print_table, style_of

HEADER = ("severity", "name", "operation", "requests", "because")
_BECAUSE = 4
_STYLED_AS = {"error": 500, "warning": 400}


def verdicts(server: Server, screen: Screen, given: Namespace) -> int:
    """Print the verdicts, and return 1 if there is one of severity error."""
    asked = {"off": ",".join(given.off) or None, "severity": given.severity}
    answer = ask(server, "GET", "/verdicts", query=asked)
    found = listed(server, answer, "verdicts")
    if screen.json:
        print_json(screen, answer)
    elif found or not screen.eyes:
        rows = [[_cell(each.get(name)) for name in HEADER] for each in found]
        styles = [style_of(_STYLED_AS.get(str(each.get("severity")), 200)) for each in found]
        print_table(screen, HEADER, rows, styles, _BECAUSE)
    else:
        print("no verdicts")
    return FINDINGS if any(each.get("severity") == "error" for each in found) else FINE


def _cell(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or NOTHING)
