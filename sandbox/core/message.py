"""What comes in and what goes out: requests, responses, and the effects that the rim owes after an answer.

Header names are lower-case in a request and spelled as the API spells them in a response. A `Request` that has passed
the keyring names its caller by key id; the credential itself is gone from its headers, so nothing behind the keyring
can print one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

Headers = tuple[tuple[str, str], ...]

FORM = "application/x-www-form-urlencoded"
REDACTED = "(redacted)"
UNNAMED = "redacted-key"
"""What stands where a client wrote a credential into a URL or a body."""
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ESCAPE = re.compile(r"\\(?:u00(3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff])|.)", re.DOTALL)
"""An escape of JSON; the group holds the code of a letter, a digit or an underscore, which need none."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}){0,8}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id of a key, or None with the reason why no key is usable and the id of the one perhaps meant."""

    key: str | None
    reason: str = ""
    nearest: str | None = None


STRANGER = Caller(None, "missing")


class Request(NamedTuple):
    """One request as a door received it; path and query are raw, as they stood in the request line."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    peer: str = "local"
    scheme: str = "http"
    caller: Caller = STRANGER
    oversized: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of the header of this lower-case name; repeated ones are one list (RFC 9110, 5.3)."""
        found = [value for each, value in self.headers if each == name]
        return (found[0] if len(found) == 1 else ",".join(found)) if found else None


def media_type(request: Request) -> str:
    """Return what the request's body says that it is, without parameters and in lower case."""
    return (request.header("content-type") or "").split(";", 1)[0].strip().lower()


class Wait(NamedTuple):
    """Let so many microseconds pass outside before the answer goes out."""

    span: int


RESET = "CONNECTION_RESET_BY_PEER"
EMPTY = "EMPTY_RESPONSE"
MALFORMED = "MALFORMED_RESPONSE_CHUNK"
RANDOM = "RANDOM_DATA_THEN_CLOSE"
TRUNCATED = "TRUNCATED_BODY"
DRIBBLE = "DRIBBLE"
SILENCE = "NO_ANSWER"
BREAKS = (RESET, EMPTY, MALFORMED, RANDOM, TRUNCATED, DRIBBLE, SILENCE)
"""The ways to break an answer off; the first four are WireMock's names for the same."""


class Hangup(NamedTuple):
    """Break the answer off in this way, after so many of its bytes; `pieces` and `span` are for one that dribbles."""

    kind: str
    keep: int = 0
    pieces: int = 1
    span: int = 0
    garbage: bytes = b""


class Hold(NamedTuple):
    """Nothing was done yet: let so many microseconds pass outside, and ask again then, for good."""

    span: int


Effects = tuple[Wait | Hangup | Hold, ...]


class Response(NamedTuple):
    """One answer: every header that goes on the wire, in order, the whole body, and what the door owes besides."""

    status: int
    headers: Headers
    body: bytes
    effects: Effects = ()

    def header(self, name: str) -> str | None:
        """Return the first value of the header of this name, in any case."""
        wanted = name.lower()
        for each, value in self.headers:
            if each.lower() == wanted:
                return value
        return None


def admitted(request: Request, caller: Caller) -> Request:
    """Return the request with its caller named and every secret header redacted."""
    headers = list(request.headers)
    for at, (name, _) in enumerate(headers):
        if name in _SECRET_HEADERS:
            headers[at] = (name, REDACTED)
    return known_as(request, caller, tuple(headers))


def known_as(request: Request, caller: Caller, headers: Headers) -> Request:
    """Return the request with its caller named, and with these header fields."""
    return Request(
        request.method, request.path, request.query, headers, request.body,
        request.peer, request.scheme, caller, request.oversized,
    )  # fmt: skip


def without_secrets(request: Request, secret: re.Pattern[str], marker: str) -> Request:
    """Return the request with every credential in it replaced, wherever in the request it stands.

    What enters a world holds no credential, so nothing that comes of it can: no row, no message, no export.
    """
    headers = request.headers
    if any(marker in value or marker in name for name, value in headers):
        headers = tuple((secret.sub(UNNAMED, name), secret.sub(UNNAMED, value)) for name, value in headers)
        request = request._replace(headers=headers)
    return without_secrets_beside(request, secret, marker)


def without_secrets_beside(request: Request, secret: re.Pattern[str], marker: str) -> Request:
    """Return the request with every credential replaced that stands anywhere but in its header fields."""
    method, path, query, _, body = request[:5]
    if marker in method:
        method = secret.sub(UNNAMED, method)
    if marker in path or "%" in path:
        path = "/".join(_unnamed(each, secret) for each in path.split("/"))
    if marker in query or "%" in query:
        query = _unnamed_pairs(query, secret)
    if marker.encode("utf-8", "surrogateescape") in body or b"\\u00" in body:
        body = _unnamed_body(body, secret)
    if b"%" in body and FORM in (request.header("content-type") or "").lower():
        body = _unnamed_pairs(body.decode("latin-1"), secret).encode("latin-1")
    if path is request.path and query is request.query and body is request.body and method is request.method:
        return request
    return request._replace(method=method, path=path, query=query, body=body)


def _unnamed_body(body: bytes, secret: re.Pattern[str]) -> bytes:
    """Return the body without credentials, those included whose letters JSON escapes hide."""
    text = body.decode("utf-8", "surrogateescape")
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], text)
    known = plain if len(secret.findall(plain)) > len(secret.findall(text)) else text
    return secret.sub(UNNAMED, known).encode("utf-8", "surrogateescape") if secret.search(known) else body


def _unnamed_pairs(pairs: str, secret: re.Pattern[str]) -> str:
    """Return a query or a form without credentials, those included that percent signs hide."""
    return "&".join("=".join(_unnamed(each, secret) for each in pair.split("=")) for pair in pairs.split("&"))


def _unnamed(part: str, secret: re.Pattern[str]) -> str:
    return secret.sub(UNNAMED, part) if secret.search(part) else UNNAMED if secret.search(unquote(part)) else part


def as_text(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return header fields as text, as they came off the wire."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields])


def as_bytes(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return header fields as the bytes that go on the wire."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def target_parts(target: str) -> tuple[str, str]:
    """Return the raw path and query of a request target; an absolute one loses its scheme and authority."""
    if not target.startswith("/"):
        origin = _ABSOLUTE.match(target)
        if origin is not None:
            target = target[origin.end() :]
            target = target if target.startswith("/") else "/" + target
    path, _, query = target.partition("?")
    return path, query


def base_url(request: Request) -> str:
    """Return the origin and prefix under which the client reached the sandbox, such as `http://127.0.0.1:8800`.

    A proxy's `X-Forwarded-Proto`, `-Host` and `-Prefix` win over `Host`. They shape nothing but the links in this
    caller's own answer, and each is used only if it is well formed.
    """
    scheme = _first(request.header("x-forwarded-proto")).lower()
    host = _first(request.header("x-forwarded-host"))
    prefix = _first(request.header("x-forwarded-prefix")).rstrip("/")
    if scheme not in ("http", "https"):
        scheme = request.scheme
    if not _HOST.fullmatch(host):
        host = request.header("host") or ""
    if not _HOST.fullmatch(host):
        host = "localhost"
    return f"{scheme}://{host}{prefix if _PREFIX.fullmatch(prefix) else ''}"


def _first(value: str | None) -> str:
    """Return the first of a comma-separated list: what the proxy nearest to the client said."""
    return (value or "").split(",", 1)[0].strip()
