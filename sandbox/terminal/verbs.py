"""The parsers of the verbs. What runs them is imported when one runs, so that `sandbox serve` pays nothing."""

from __future__ import annotations

import argparse
import re
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_BODY_EXAMPLE = """such as '{"name": "Loan"}' or '{"$.name": {"contains": "Loan"}}'"""


def add_verbs(subparsers: Parsers) -> None:
    """Add the verbs for a running sandbox; each sets `run`, which takes the namespace and gives the exit code."""
    _verb(subparsers, "status", "show the world on one screen")
    _verb(subparsers, "reset", "take the world back to its fixture")
    _add_clock(subparsers)
    _add_snapshot(subparsers)
    _add_rewind(subparsers)
    _add_requests(subparsers)
    _add_explain(subparsers)
    _add_verify(subparsers)
    _add_verdicts(subparsers)
    _add_keys(subparsers)
    capsule = _verb(subparsers, "capsule", "write the world's run as one file")
    capsule.add_argument("--out", metavar="FILE", help="write it there (default: standard output)")


def add_play(subparsers: Parsers) -> argparse.ArgumentParser:
    """Add `play`, whose caller has to read a file into `wish`: what the sandbox is asked to play."""
    parser = _verb(subparsers, "play", "let a scenario play in the world and watch")
    add = parser.add_argument
    add("scenario", metavar="NAME|FILE", help="a scenario that the sandbox comes with, or a file")
    add("--limit", metavar="N", type=_positive, help="end after so many requests (default: Ctrl-C ends)")
    add("--keep", action="store_true", help="leave it active in the end")
    return parser


def add_world_verb(subparsers: Parsers, name: str, help: str) -> argparse.ArgumentParser:
    """Add a verb about one world, with the flags that say which; its parser is made elsewhere."""
    return _verb(subparsers, name, help)


def _verb(subparsers: Parsers, name: str, help: str, words: str = "") -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.", allow_abbrev=False)
    parser.set_defaults(run=_run, verb=words or name)
    # What a flag says before the name of a deed must not be undone by the default behind it.
    add = parser.add_argument_group("the sandbox", argument_default=argparse.SUPPRESS).add_argument
    add("--url", help="where it runs (default: SANDBOX_URL, else http://127.0.0.1:8800)")
    add("--key", help="the key whose world this is about, or the admin token (default: SANDBOX_KEY)")
    add("--world", metavar="NAME", help="with the admin token: the world")
    add("--api", metavar="NAME", help="with the admin token: the API of that world")
    add("--json", action="store_true", help="print the sandbox's answer as JSON")
    return parser


def _run(given: argparse.Namespace) -> int:
    from sandbox.terminal.run import run

    return run(given)


def _deeds(parser: argparse.ArgumentParser, required: bool) -> Parsers:
    return parser.add_subparsers(required=required, metavar="DEED")


def _add_clock(subparsers: Parsers) -> None:
    deeds = _deeds(_verb(subparsers, "clock", "show or move the world's clock", "clock show"), required=False)
    _verb(deeds, "show", "show it", "clock show")
    advance = _verb(deeds, "advance", "move it forward", "clock advance")
    advance.add_argument("by", metavar="DURATION", help="such as 250ms, 90s, 1h30m, 3d or P3D")
    freeze = _verb(deeds, "freeze", "stop it", "clock freeze")
    freeze.add_argument("now", metavar="TIME", nargs="?", help="where (default: where it stands)")
    setting = _verb(deeds, "set", "let it run from another time", "clock set")
    setting.add_argument("now", metavar="TIME", help="such as 2026-04-13T14:30:00Z")
    _verb(deeds, "real", "let it show the time outside", "clock real")
    scale = _verb(deeds, "scale", "let it run faster or slower", "clock scale")
    scale.add_argument("rate", metavar="RATE", type=float, help="seconds here in a second outside, such as 60")


def _add_snapshot(subparsers: Parsers) -> None:
    deeds = _deeds(_verb(subparsers, "snapshot", "name a moment and go back to it", "snapshot list"), required=True)
    _verb(deeds, "list", "list the snapshots", "snapshot list")
    for deed, help in (
        ("save", "name the present"),
        ("restore", "go back to a snapshot"),
        ("delete", "forget a snapshot"),
    ):
        _verb(deeds, deed, help, f"snapshot {deed}").add_argument("name", metavar="NAME")


def _add_rewind(subparsers: Parsers) -> None:
    either = _verb(subparsers, "rewind", "undo the latest requests").add_mutually_exclusive_group(required=True)
    either.add_argument("by", metavar="N", nargs="?", type=_positive, help="how many")
    either.add_argument("--to", metavar="ID", help="undo this request and all after it")


def _add_requests(subparsers: Parsers) -> None:
    parser = _verb(subparsers, "requests", "list what was asked and answered")
    add = parser.add_argument
    add("--limit", metavar="N", type=_positive, help="how many (default: the latest 20; all, with --follow)")
    add("--operation", metavar="NAME", help="only this operation")
    add("--status", metavar="STATUS", type=_status, help="only this status: 404 or 4xx")
    add("--path", metavar="PATH", help="only this path; * is anything within a segment, ** anything")
    add("--unmatched", action="store_true", help="only what met no operation, with the one that was perhaps meant")
    manner = parser.add_mutually_exclusive_group()
    manner.add_argument("--follow", action="store_true", help="print each as it comes, until Ctrl-C")
    manner.add_argument("--har", action="store_true", help="write the whole journal as HAR 1.2")
    manner.add_argument("--ndjson", action="store_true", help="write the whole journal, one JSON object a line")


def _add_explain(subparsers: Parsers) -> None:
    parser = _verb(subparsers, "explain", "tell why a request was answered as it was")
    parser.add_argument("id", metavar="ID", help="the request's id, or `last`")


def _add_verify(subparsers: Parsers) -> None:
    parser = _verb(subparsers, "verify", "check that the expected requests came")
    add = parser.add_argument
    add("file", metavar="FILE", nargs="?", help="JSON with `match` and perhaps `count`, or with `sequence`; - reads it")
    add("--operation", metavar="NAME", help="of this operation")
    add("--method", metavar="METHOD", type=str.upper, help="of this method")
    add("--path", metavar="PATH", help="to this path; * is anything within a segment, ** anything")
    add("--status", metavar="STATUS", type=_status, help="answered so: 404 or 4xx")
    add("--body", metavar="JSON", help=f"with this body, {_BODY_EXAMPLE}")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--exactly", metavar="N", type=_count, help="so many")
    either.add_argument("--at-least", metavar="N", type=_count, help="so many or more (default: 1)")
    either.add_argument("--at-most", metavar="N", type=_count, help="so many or fewer")


def _add_verdicts(subparsers: Parsers) -> None:
    parser = _verb(subparsers, "verdicts", "tell what the journal proves about the client")
    add = parser.add_argument
    add("--off", metavar="NAME", action="append", default=[], help="leave this one out; may be given again")
    severities = ("error", "warning", "note")
    add("--severity", choices=severities, help="only this severity and graver ones (default: note)")


def _add_keys(subparsers: Parsers) -> None:
    deeds = _deeds(_verb(subparsers, "keys", "list, mint or revoke the world's keys", "keys list"), required=False)
    _verb(deeds, "list", "list the keys", "keys list")
    mint = _verb(deeds, "mint", "make a key and show it, once", "keys mint")
    mint.add_argument("--plan", help="its plan")
    mint.add_argument("--scope", help="its scope")
    mint.add_argument("--role", help="its role, where keys have roles")
    mint.add_argument("--expires-in", metavar="DURATION", help="when it expires, on the world's clock: such as 30d")
    _verb(deeds, "revoke", "revoke a key", "keys revoke").add_argument("id", metavar="ID", help="as `keys list` shows")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text):
        raise argparse.ArgumentTypeError(f"expected a number such as 3, got {text!r}")
    return int(text)


def _positive(text: str) -> int:
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected 1 or more, got 0")
    return number


def _status(text: str) -> str:
    if not re.fullmatch(r"[1-5]([0-9]{2}|xx)", text):
        raise argparse.ArgumentTypeError(f"expected a status such as 404 or 4xx, got {text!r}")
    return text
