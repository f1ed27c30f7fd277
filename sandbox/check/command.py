"""The parser of `sandbox check`. What runs it is imported when it runs: Schemathesis takes a second to come in."""

from __future__ import annotations

import argparse
import sys
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
USAGE = 2
_EXTRA = ("schemathesis", "hypothesis")


def add_check(verbs: Parsers) -> None:
    """Add the verb; it sets `run`, which takes the namespace and gives the exit code."""
    help = "hold a contract against the sandbox, or against a service"
    parser = verbs.add_parser("check", help=help, description=f"{help.capitalize()}.", allow_abbrev=False)
    parser.set_defaults(run=_run)
    add = parser.add_argument
    add("--api", choices=("aikraft", "ctrlai"), default="aikraft", help="whose contract (default: %(default)s)")
    add("--url", metavar="BASE", help="a service to judge (default: a sandbox of its own, in this process)")
    add("--key", help="the key that this service takes; a sandbox needs none")
    add("--allow-writes", action="store_true", help="with --key: send more than GET")
    add("--scenario", metavar="NAME|FILE", default="", help="what goes wrong on purpose meanwhile (default: nothing)")
    add("--fixture", metavar="NAME|FILE", default="", help="what worlds start with (default: default)")
    add(
        "--max-examples",
        metavar="N",
        type=_positive,
        default=5,
        help="requests an operation, and sequences (%(default)s)",
    )
    add("--seed", metavar="N", type=_positive, default=1, help="the same seed asks the same (default: %(default)s)")
    add("--operations", metavar="NAME", nargs="+", help="only these, by operationId")
    add("--min-links", metavar="PERCENT", type=_percent, default=100, help="declared links to cover (%(default)s)")
    add("--junit", metavar="FILE", help="write JUnit XML there")
    add("--har", metavar="FILE", help="write all that was asked and answered there, as HAR 1.2")
    add("--report", metavar="FILE", help="write the report there, as Markdown")
    add("--json", action="store_true", help="print JSON")


def _run(given: argparse.Namespace) -> int:
    try:
        from sandbox.check.run import check
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        print("sandbox: sandbox check needs Schemathesis: pip install 'aikraft-sandbox[check]'", file=sys.stderr)
        return USAGE
    return check(given)


def _positive(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected 1 or more, got 0")
    return number


def _percent(text: str) -> int:
    number = _number(text)
    if number > 100:
        raise argparse.ArgumentTypeError(f"expected a percentage up to 100, got {text}")
    return number


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise argparse.ArgumentTypeError(f"expected a number such as 20, got {text!r}")
    return int(text)
