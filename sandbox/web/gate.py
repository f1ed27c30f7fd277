"""The gate of the control plane: from where it may be reached.

A page on the web must not steer a sandbox on its reader's machine. So a foreign Host (a name that was made to lead
here) and a foreign Origin are refused, no answer carries CORS headers, cookies mean nothing, and a body has to be
declared as JSON.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from sandbox.core.message import UNNAMED, Request, without_secrets, without_secrets_beside
from sandbox.core.problem import Problem, shown

_HOST = re.compile(r"(?P<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")

SHORTEST_SECRET = 16
"""A token of fewer letters may be a word that stands somewhere by chance, and is not looked for."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Who is let in: the admin token (empty: nobody has it), the host names beyond loopback, and whether at all."""

    token: str = ""
    hosts: frozenset[str] = frozenset()
    shut: bool = False


OPEN = Gate()


def holds_token(gate: Gate, request: Request) -> bool:
    """Tell whether the request carries the admin token, in a time that says nothing of how much of it was right."""
    scheme, _, given = (request.header("authorization") or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not gate.token:
        return False
    sent = given.strip().encode("latin-1", "backslashreplace")
    return hmac.compare_digest(sent, gate.token.encode("utf-8", "surrogateescape"))


def without_token(gate: Gate, request: Request) -> Request:
    """Return the request without the admin token in any part of it."""
    if len(gate.token) < SHORTEST_SECRET:
        return request
    return without_secrets(request, _literally(gate.token), gate.token)


def without_token_beside(gate: Gate, request: Request) -> Request:
    """Return the request without the admin token anywhere but in its header fields."""
    if len(gate.token) < SHORTEST_SECRET:
        return request
    return without_secrets_beside(request, _literally(gate.token), gate.token)


def untold(gate: Gate, text: str) -> str:
    """Return the text without the admin token."""
    return text if len(gate.token) < SHORTEST_SECRET else text.replace(gate.token, UNNAMED)


@lru_cache(maxsize=16)
def _literally(token: str) -> re.Pattern[str]:
    return re.compile(re.escape(token))


def check_host(gate: Gate, request: Request) -> None:
    """Refuse a host name that is not ours; an address cannot have been made to lead here, and no page is in process."""
    if request.peer == "local":
        return
    host = (request.header("host") or "").lower()
    written = _HOST.fullmatch(host)
    name = written["name"] if written else ""
    if name and (_is_ours(name) or name in gate.hosts):
        return
    message = (
        f"The host {shown(host) or 'without a name'} is not this sandbox's: ask for 127.0.0.1 or localhost, "
        "or start it with --allow-host."
    )
    raise Problem(403, "foreign-host", message)


def _is_ours(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def check_origin(request: Request) -> None:
    """Refuse what a page of another origin sends."""
    origin = request.header("origin")
    if origin is None:
        return
    # No page can send this field to another origin, for it would have to be allowed to first.
    scheme = request.header("x-forwarded-proto") or request.scheme
    if origin.lower() != f"{scheme}://{request.header('host') or ''}".lower():
        raise Problem(403, "foreign-origin", "A page of another origin may not steer the sandbox.")
