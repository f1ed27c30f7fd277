"""A service somewhere else as a WSGI app: every request that a judge sends goes out here, and nowhere else.

So one door is enough for the judge, and whatever guards a service stands in one place: what may be sent, how often, and
how long is waited for. Bytes travel as they are; nothing is followed, kept or asked of a proxy.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import ReadTimeout

from sandbox.check.judge import PATIENCE

Wsgi = Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "proxy-connection"})
"""Headers that belong to a connection and not to an answer."""
LARGEST, DEEPEST = 1 << 20, 100
"""How many bytes an answer may have, and how deep its JSON may be nested, for anybody to judge it."""
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Forbidden(RuntimeError):
    """A request would have changed something where nothing may be changed."""


@dataclass(slots=True)
class Relay:
    """Sends what it is asked to an origin, over one connection that is kept as long as the service keeps it."""

    origin: SplitResult
    may_write: bool
    line: http.client.HTTPConnection | None = None
    sent: int = field(default=0)

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Send the request of a WSGI environment on, and answer what came."""
        method = environ["REQUEST_METHOD"]
        if not self.may_write and method not in SAFE:
            raise Forbidden(f"{method} was not sent: only safe methods may be, without --allow-writes")
        status, phrase, headers, body = self._asked(method, _target(environ), _headers(environ), body_of(environ))
        start(f"{status} {phrase or 'Unknown'}", headers)
        return [body]

    def _asked(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, str, list[tuple[str, str]], bytes]:
        kept = self.line is not None
        try:
            return self._exchanged(method, target, headers, body)
        except TimeoutError as error:
            self.close()
            raise ReadTimeout(f"no answer within {PATIENCE} seconds") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # A service may close a kept connection at any time; nothing was done then.
            if kept and isinstance(error, http.client.RemoteDisconnected | ConnectionError):
                return self._asked(method, target, headers, body)
            raise Unreachable(f"no answer that can be judged: {error or type(error).__name__}") from error

    def _exchanged(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, str, list[tuple[str, str]], bytes]:
        line = self.line = self.line or connection(self.origin, PATIENCE)
        line.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        line.putheader("Host", self.origin.netloc)
        for name, value in headers:
            line.putheader(name, value.encode("latin-1", "replace"))
        if body or method in ("POST", "PUT", "PATCH"):
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body or None)
        self.sent += 1
        answer = line.getresponse()
        content = _whole(answer)
        if answer.will_close:
            self.close()
        fields = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        return answer.status, answer.reason, fields, content

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()
        self.line = None


def _whole(answer: http.client.HTTPResponse) -> bytes:
    """Return the body of an answer; HTTPException if it breaks off, or is too much for anybody to judge."""
    content = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise http.client.HTTPException(f"an answer of more than {LARGEST} bytes")
    if answer.length:
        raise http.client.IncompleteRead(content, answer.length)
    if is_deep(content):
        raise http.client.HTTPException(f"an answer whose JSON is nested deeper than {DEEPEST} levels")
    return content


def is_deep(content: bytes) -> bool:
    """Say whether a text, if it is JSON, is nested deeper than can be judged; what stands in quotes does not count."""
    depth = 0
    for each in _BRACKET.finditer(content) if content.count(b"[") + content.count(b"{") > DEEPEST else ():
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(each[0], 0)
        if depth > DEEPEST:
            return True
    return False


def connection(origin: SplitResult, patience: float) -> http.client.HTTPConnection:
    """Return a connection to an origin that is not open yet."""
    kind = http.client.HTTPSConnection if origin.scheme == "https" else http.client.HTTPConnection
    return kind(origin.hostname or "", origin.port, timeout=patience)


def origin_of(url: str, prefixes: Iterable[str]) -> SplitResult:
    """Return the origin that a base URL means; ValueError says what was expected."""
    known = tuple(prefixes)
    ways = " or ".join(f"https://HOST{each}" for each in ("", *known))
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = None
    # What does not fit is not repeated: there may be a password in it.
    if not fits or "@" in url or "?" in url or "#" in url or parts.path.rstrip("/") not in ("", *known):
        raise ValueError(f"--url: expected the origin, or the origin with the API's prefix: {ways}")
    return parts._replace(path="")


def why_silent(origin: SplitResult, error: Exception) -> str:
    """Return why nothing answers at an origin, and what to do."""
    where = origin.geturl()
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"there is no host {origin.hostname!r}: give another --url"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing answers at {where}: start it, or give another --url"
    if isinstance(error, TimeoutError):
        return f"{where} does not answer in time: look at what runs there, or give another --url"
    return f"no whole answer came from {where} ({type(error).__name__}): look at what runs there, or give another --url"


def _target(environ: Mapping[str, Any]) -> str:
    query = environ.get("QUERY_STRING", "")
    raw = str(environ.get("REQUEST_URI") or environ["PATH_INFO"]).partition("?")[0]
    return raw + (f"?{query}" if query else "")


def _headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (key[5:].replace("_", "-").title(), str(value))
        for key, value in environ.items()
        if key.startswith("HTTP_") and key[5:] not in ("HOST", "CONTENT_TYPE", "CONTENT_LENGTH", "ACCEPT_ENCODING")
    ]
    kind = environ.get("CONTENT_TYPE")
    return headers + ([("Content-Type", str(kind))] if kind else [])


def body_of(environ: Mapping[str, Any]) -> bytes:
    """Return the body of a WSGI environment."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    return bytes(environ["wsgi.input"].read(int(length))) if length.isdigit() else b""
