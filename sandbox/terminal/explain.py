"""Why a request was answered as it was, in paragraphs.

What a section holds belongs to the sandbox and may grow, so a value is written out as it comes, whatever it is.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.terminal.client import FINDINGS, FINE, Server, Trouble, ask, listed, segment
from sandbox.terminal.screen import Screen, Section, print_json, print_sections

_BODY = 2_000
_OWN = frozenset({"request", "operation", "provenance", "checks", "changes", "response", "before"})
_ORDER = ("world", "clock", "quota", "permission", "rules", "draws")


def explain(server: Server, screen: Screen, given: Namespace) -> int:
    """Explain the request of this id, or the latest one."""
    ident = _latest(server) if given.id == "last" else given.id
    answer = ask(server, "GET", f"/requests/{segment(ident)}/explain")
    if screen.json:
        print_json(screen, answer)
    else:
        print_sections(screen, sections(ident, answer))
    return FINE


def _latest(server: Server) -> str:
    found = listed(server, ask(server, "GET", "/requests", query={"limit": 1}), "requests")
    if not found:
        raise Trouble("there is no request yet: the journal of this world is empty", FINDINGS)
    return str(found[-1].get("id"))


def sections(ident: str, answer: Mapping[str, Any]) -> list[Section]:
    """Return an explanation as paragraphs, without those that have nothing to say."""
    further = [name for name in answer if name not in _OWN and name not in _ORDER]
    every: list[Section] = [
        ("request", [ident, *_message(answer.get("request"))]),
        ("operation", _operation(answer)),
        *((name, _lines(answer.get(name))) for name in (*_ORDER, *further)),
        ("checks", [_check(each) for each in answer.get("checks") or []]),
        ("changes", [line for each in answer.get("changes") or [] for line in _change(each)] or ["none"]),
        ("response", _message(answer.get("response"))),
    ]
    return [(name, lines) for name, lines in every if lines]


def _operation(answer: Mapping[str, Any]) -> list[str]:
    operation = answer.get("operation")
    name = operation.get("id") if isinstance(operation, dict) else operation
    told = [str(name)] if name else ["none: nothing in the contract has this method and path"]
    further = {key: value for key, value in operation.items() if key != "id"} if isinstance(operation, dict) else {}
    return [*told, *_lines(further), *_lines(answer.get("provenance"))]


def _message(message: object) -> list[str]:
    """Return a request or an answer: its first line, its headers, its body."""
    if not isinstance(message, dict):
        return _lines(message)
    inner = message.get("request")
    message = {**message, **inner, "request": None} if isinstance(inner, dict) else message
    own = {"id", "method", "path", "query", "status", "headers", "body", "encoding"}
    query = f"?{message['query']}" if message.get("query") else ""
    words = [message.get("method"), f"{message.get('path') or ''}{query}", message.get("status")]
    first = " ".join(str(each) for each in words if each)
    rest = _lines({name: value for name, value in message.items() if name not in own and value is not None})
    return [*([first] if first else []), *rest, *_headers(message.get("headers")), *_body(message.get("body"))]


def _headers(headers: object) -> list[str]:
    if not isinstance(headers, list):
        return _lines(headers)
    return [f"{each.get('name')}: {each.get('value')}" if isinstance(each, dict) else _words(each) for each in headers]


def _body(body: object) -> list[str]:
    if not body:
        return []
    text = body if isinstance(body, str) else _words(body)
    more = [f"… {len(text) - _BODY} more characters"] if len(text) > _BODY else []
    return [*text[:_BODY].splitlines(), *more]


def _check(check: object) -> str:
    if not isinstance(check, dict):
        return _words(check)
    passed = ("passed" if check["passed"] else "failed") if "passed" in check else ""
    own = ("check", "passed", "result", "asks")
    rest = {name: value for name, value in check.items() if name not in own and value is not None}
    words = " ".join(str(each) for each in (check.get("check"), check.get("result", passed)) if each)
    told = f"{words} ({_words(rest)})" if rest else words
    return f"{told}: {check['asks']}" if check.get("asks") else told


def _change(change: Mapping[str, Any]) -> Iterator[str]:
    before, after = change.get("before"), change.get("after")
    deed = "created" if before is None else "removed" if after is None else "changed"
    yield f"{change.get('table')} {change.get('id')} {deed}"
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    for name in [*old, *(each for each in new if each not in old)]:
        if old.get(name) != new.get(name):
            yield f"  {name}: " + (f"{_words(old[name])} -> " if name in old else "") + _words(new.get(name))


def _lines(value: object) -> list[str]:
    """Return a section: one line a field or an item."""
    if value is None or value in ({}, [], ""):
        return []
    if isinstance(value, Mapping):
        return [f"{name}: {_words(each)}" for name, each in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_words(each) for each in value]
    return [_words(value)]


def _words(value: object) -> str:
    """Return a value on one line: an object as `name value, name value`, a text without quotes."""
    if value is None or value in ({}, [], ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
