"""Whether the expected requests came, and what came instead."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from sandbox.terminal.client import FINDINGS, FINE, Refusal, Server, Trouble, ask, listed
from sandbox.terminal.journal import cells, print_entries
from sandbox.terminal.screen import Screen, complain, plain, print_json

_COUNTS = ("exactly", "at_least", "at_most")
_CONDITIONS = ("operation", "method", "path", "status", "body")
_SHOWN = 5


def verify(server: Server, screen: Screen, given: Namespace) -> int:
    """Check what the flags or the file expect; a miss is told with the requests that came instead."""
    path, expected = _expected(given)
    try:
        answer = ask(server, "POST", path, expected)
    except Refusal as refusal:
        if refusal.cause != "unverified":
            raise
        return _miss(server, screen, refusal)
    if screen.json:
        print_json(screen, answer)
    else:
        found = answer.get("actual", len(answer.get("requests") or []))
        print(f"verified: {found} requests" if screen.eyes else f"verified\t{found}")
    return FINE


def _expected(given: Namespace) -> tuple[str, dict[str, Any]]:
    count = {name: getattr(given, name) for name in _COUNTS if getattr(given, name) is not None}
    match = {name: getattr(given, name) for name in _CONDITIONS if getattr(given, name) is not None}
    if given.file is None:
        if not count and not match:
            raise Trouble("verify: expected --operation or another condition, or a FILE")
        return "/verify", {"match": _match(match)} | ({"count": count} if count else {})
    if count or match:
        raise Trouble("verify: expected flags or a FILE, got both: write the conditions into the file")
    return _document(_read(given.file))


def _match(given: Mapping[str, Any]) -> dict[str, Any]:
    match = dict(given)
    if str(match.get("status")).isdigit():
        match["status"] = int(match["status"])
    if "body" in match:
        match["body"] = _json(match["body"], "--body")
    return match


def _read(file: str) -> object:
    try:
        if file == "-":
            return _json(sys.stdin.read(), "standard input")
        with open(file, encoding="utf-8") as opened:
            return _json(opened.read(), file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Trouble(f"{file} cannot be read: {why}") from error


def _json(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Trouble(f"{where}: expected JSON, got: {error}") from error


def _document(found: object) -> tuple[str, dict[str, Any]]:
    """Return the operation that a document is for. What else is in it is the sandbox's to judge."""
    if isinstance(found, dict) and "sequence" in found:
        return "/verify-sequence", found
    if isinstance(found, dict) and "match" in found:
        return "/verify", found
    raise Trouble('verify: expected a file with {"match": …, "count": …} or {"sequence": […]}')


def _miss(server: Server, screen: Screen, refusal: Refusal) -> int:
    complain(screen, str(refusal))
    if screen.json:
        print_json(screen, refusal.problem)
        return FINDINGS
    closest = refusal.problem.get("closest") or []
    for each in closest:
        _print_close(screen, each)
    if not closest:
        print_entries(screen, listed(server, ask(server, "GET", "/requests", query={"limit": _SHOWN}), "requests"))
    return FINDINGS


def _print_close(screen: Screen, close: Mapping[str, Any]) -> None:
    print("\t".join(plain(screen, each) for each in cells(close.get("request") or {})))
    for each in close.get("differences") or []:
        expected, got = (_shown(each.get(name)) for name in ("expected", "got"))
        line = f"{each.get('field')}: expected {expected}, got {got}"
        print(f"\t{plain(screen, line)}")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
