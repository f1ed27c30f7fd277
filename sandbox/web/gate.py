"""The gate of the control plane: from where it may be reached.

A page on the web must not steer a sandbox on its reader's machine. So a foreign Host (a name that was made to lead
here) and a foreign Origin are refused, no answer carries CORS headers, cookies mean nothing, and a body has to be
declared as JSON.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from sandbox.core.message import Request
from sandbox.core.problem import Problem, shown


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
    return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), gate.token.encode())


def check_host(gate: Gate, request: Request) -> None:
    """Refuse a host name that is not ours; an address cannot have been made to lead here, and no page is in process."""
    if request.peer == "local":
        return
    host = (request.header("host") or "").lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    if name == "localhost" or name.endswith(".localhost") or name in gate.hosts or _is_address(name.strip("[]")):
        return
    message = (
        f"The host {shown(host) or 'without a name'} is not this sandbox's: ask for 127.0.0.1 or localhost, "
        "or start it with --allow-host."
    )
    raise Problem(403, "foreign-host", message)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def check_origin(request: Request) -> None:
    """Refuse what a page of another origin sends."""
    origin = request.header("origin")
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
        same = parts.scheme in ("http", "https") and parts.netloc.lower() == (request.header("host") or "").lower()
    except ValueError:
        same = False
    if not same:
        raise Problem(403, "foreign-origin", "A page of another origin may not steer the sandbox.")
