"""What a client asks for in a `Prefer` header (RFC 7240): an answer of its choice, or that it comes late.

A preference holds for its own request and no longer. One that cannot be honoured is ignored, and the journal says why.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sandbox.core.clock import SECOND, parse_duration
from sandbox.core.contract import Operation
from sandbox.core.problem import shown

LONGEST = 1000
LONGEST_DELAY = 60 * SECOND
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_ONE = re.compile(
    rf"(?P<name>{_TOKEN})[ \t]*+(?:=[ \t]*+(?:(?P<quoted>{_QUOTED})|(?P<plain>{_TOKEN})?+)[ \t]*+)?+"
    rf'(?:;(?:[^,"]|{_QUOTED})*+)?+(?:,|\Z)'
)
"""One preference, with parameters that are passed over; nothing is tried twice, so that a long header costs no time."""
_EMPTY = re.compile(r"[ \t,]*+")

Ignored = tuple[str, str]
"""A preference as it was written, and why it is not honoured."""


class Preferred(NamedTuple):
    """What is honoured: the status, the body of a named example, the delay; the words for it, and what is ignored."""

    status: int | None = None
    example: bytes | None = None
    delay: int = 0
    applied: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()


NOTHING = Preferred()


def preferred(header: str, operation: Operation) -> Preferred:
    """Return what of the header can be honoured on this operation."""
    asked, ignored = _read(header)
    status = example = None
    delay = 0
    applied: list[str] = []
    if "code" in asked:
        status, why = _status(asked["code"], operation)
        _sort(f"code={asked['code']}", why, applied, ignored)
    if "example" in asked:
        status, example, why = _example(asked["example"], status, operation)
        _sort(f"example={asked['example']}", why, applied, ignored)
    if "delay" in asked:
        delay, why = _delay(asked["delay"])
        _sort(f"delay={asked['delay']}", why, applied, ignored)
    return Preferred(status, example, delay, tuple(applied), tuple(ignored))


def _sort(written: str, why: str, applied: list[str], ignored: list[Ignored]) -> None:
    if why:
        ignored.append((shown(written, 120), why))
    else:
        applied.append(written)


def _read(header: str) -> tuple[dict[str, str], list[Ignored]]:
    """Return the preferences that are ours by name, the first of each, and the others with the reason."""
    asked: dict[str, str] = {}
    ignored: list[Ignored] = []
    at = 0
    if len(header) > LONGEST:
        return asked, [(shown(header), f"the header is longer than {LONGEST} characters")]
    while (at := _past_empty(header, at)) < len(header):
        match = _ONE.match(header, at)
        if match is None:
            ignored.append((shown(header[at:]), "it is not written as RFC 7240 asks"))
            break
        at = match.end()
        name, value = match["name"].lower(), _plain(match["quoted"]) or match["plain"] or ""
        if name not in ("code", "example", "delay"):
            ignored.append((shown(name), "the sandbox knows code, example and delay"))
        elif name in asked:
            ignored.append((shown(f"{name}={value}"), "the first one of a name counts"))
        else:
            asked[name] = value
    return asked, ignored


def _past_empty(header: str, at: int) -> int:
    """Return the place of the next preference: a list may have empty elements (RFC 9110, section 5.6.1)."""
    match = _EMPTY.match(header, at)
    return at if match is None else match.end()


def _plain(quoted: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted else ""


def _status(text: str, operation: Operation) -> tuple[int | None, str]:
    status = int(text) if re.fullmatch(r"[1-5][0-9]{2}", text) else 0
    if status in operation.shapes:
        return status, ""
    declared = ", ".join(str(each) for each in sorted(operation.shapes))
    return None, f"{operation.id} declares {declared}"


def _example(name: str, status: int | None, operation: Operation) -> tuple[int | None, bytes | None, str]:
    """Return status and body of the named example: of the status asked for, else of the first that has one."""
    statuses = sorted(operation.shapes) if status is None else [status]
    for each in statuses:
        body = operation.shapes[each].examples.get(name)
        if body is not None:
            return each, body, ""
    known = sorted({each for one in statuses for each in operation.shapes[one].examples})
    return status, None, f"{operation.id} has the examples {', '.join(known) or 'none'}"


def _delay(text: str) -> tuple[int, str]:
    try:
        span = int(text) * 1000 if re.fullmatch(r"[0-9]{1,9}", text) else parse_duration(text)
    except ValueError as error:
        return 0, str(error)
    if not 0 <= span <= LONGEST_DELAY:
        return 0, "a delay is from 0 to 60 seconds"
    return span, ""
