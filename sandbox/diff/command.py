"""The verb `sandbox diff`: its flags, and what runs when they have been read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sandbox.settings import APIS

if TYPE_CHECKING:
    from sandbox.terminal.verbs import Parsers


def add_diff(verbs: Parsers) -> None:
    """Add `diff`; what it needs is imported when it runs."""
    words = "send the same calls to a sandbox and to another service, and tell where they part"
    parser = verbs.add_parser("diff", help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False)
    parser.set_defaults(run=_run)
    add = parser.add_argument
    add("--upstream", required=True, metavar="URL", help="the other service: its origin, or its base URL")
    add("--upstream-key", metavar="KEY", help="the credential for it (default: SANDBOX_UPSTREAM_KEY)")
    add("--api", choices=APIS, default=APIS[0], help="which API it is (default: %(default)s)")
    add("--fixture", default="default", metavar="NAME|FILE", help="what the sandbox starts with (default: %(default)s)")
    add("--allow-writes", action="store_true", help="send more than GET; only with a test key")
    add("--same-data", action="store_true", help="the upstream holds the same fixture: compare values, too")
    add("--max-examples", type=int, default=100, metavar="N", help="sequences for each look (default: %(default)s)")
    add("--seed", type=int, default=0, help="the same seed draws the same sequences (default: %(default)s)")
    add("--operations", default="", metavar="A,B", help="only these operations (default: all)")
    add("--report", default="", metavar="FILE", help="write what was found there, as JSON")
    add("--json", action="store_true", help="print JSON")


def _run(given: argparse.Namespace) -> int:
    try:
        from sandbox.diff.running import diff
    except ImportError as error:
        from sandbox.terminal.client import USAGE
        from sandbox.terminal.screen import complain, screen_of

        complain(screen_of(given), f"sandbox diff needs {error.name}: pip install 'aikraft-sandbox[testing]'")
        return USAGE
    return diff(given)
