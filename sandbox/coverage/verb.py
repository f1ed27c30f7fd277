"""The parser of `sandbox coverage`. What runs it is imported when it runs."""

from __future__ import annotations

import argparse

from sandbox.terminal.verbs import Parsers


def add_coverage(verbs: Parsers) -> None:
    """Add the verb; it sets `run`, which takes the namespace and gives the exit code."""
    help = "tell what a suite has seen of all that the contract declares"
    parser = verbs.add_parser("coverage", help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False)
    parser.set_defaults(run=_run)
    add = parser.add_argument
    add("--missing", action="store_true", help="list what is missing, all of it, and nothing else")
    add("--html", metavar="FILE", help="write a page as well")
    add("--min-coverage", metavar="PERCENT", type=_percent, help="exit with 1 below this")
    add(
        "--min-error-coverage", metavar="PERCENT", type=_percent, help="exit with 1 below this, of the points of errors"
    )
    add = parser.add_argument_group("the sandbox").add_argument
    add("--url", help="where it runs (default: SANDBOX_URL, else http://127.0.0.1:8800)")
    add(
        "--key", action="append", default=[], help="the key whose world this is about, or the admin token; "
        "may be given again: what any of the worlds has seen counts (default: SANDBOX_KEY)",
    )  # fmt: skip
    add("--world", metavar="NAME", action="append", default=[], help="with the admin token: the world; again for more")
    add("--all", action="store_true", help="with the admin token: all worlds of the API, the lobby too")
    add("--api", metavar="NAME", help="with the admin token: the API of the worlds")
    add("--json", action="store_true", help="print JSON")


def _run(given: argparse.Namespace) -> int:
    from sandbox.coverage.run import run

    return run(given)


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 100, got {text!r}")
    return percent
