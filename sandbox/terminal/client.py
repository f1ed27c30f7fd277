"""The control plane over HTTP. The standard library's client knows no proxies, follows nothing and keeps nothing."""

from __future__ import annotations

import http.client
import json
import os
import socket
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from sandbox.version import VERSION

FINE, FINDINGS, USAGE = 0, 1, 2
DEFAULT_URL = "http://127.0.0.1:8800"
PATIENCE = 30.0
"""Seconds that an answer may take."""
_WRONG_CALL = frozenset({400, 401, 403})
_REMEDIES = {
    "credential": "give --key, or set SANDBOX_KEY",
    "permission": "give the admin token as --key",
    "world-not-found": "give --world NAME, and --api NAME if two APIs have it",
}


class Trouble(Exception):
    """Why a verb could not be obeyed: the message says the remedy, the code is the command's exit code."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code


class NoAnswer(Trouble):
    """Nothing answers, or not in time, or it hangs up."""


class Refusal(Trouble):
    """The sandbox said no: its problem document."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        cause = str(problem.get("cause"))
        remedy = f" ({_REMEDIES[cause]})" if cause in _REMEDIES else ""
        super().__init__(f"{problem.get('detail')}{remedy}", USAGE if status in _WRONG_CALL else FINDINGS)
        self.problem = problem
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Server:
    """Where the sandbox answers, and who asks: the credential, and with the admin token the world that is meant."""

    url: str
    key: str = field(repr=False)
    world: Mapping[str, str]

    @property
    def parts(self) -> SplitResult:
        """Return the URL in its parts."""
        return urlsplit(self.url)


def server_of(given: Namespace) -> Server:
    """Return what the flags and the environment mean; Trouble says which of them does not do."""
    flags = vars(given)
    url = flags.get("url") or os.environ.get("SANDBOX_URL") or DEFAULT_URL
    key = flags.get("key") or os.environ.get("SANDBOX_KEY") or ""
    world = {name: flags[name] for name in ("world", "api") if flags.get(name)}
    _check_url(url)
    _check_key(key)
    if "api" in world and "world" not in world:
        raise Trouble("--api says whose --world is meant: give --world NAME as well")
    return Server(url.rstrip("/"), key, world)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = None
    # What does not fit is not repeated: there may be a password in it.
    if not fits or "@" in url or "?" in url or "#" in url:
        raise Trouble(f"--url: expected http://HOST:PORT, such as {DEFAULT_URL}")


def _check_key(key: str) -> None:
    if not key:
        raise Trouble(
            "no key: give --key or set SANDBOX_KEY to the key that the client under test uses, "
            "such as ak_test_enterprise_hello, or to the admin token"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Trouble("--key: expected a key in printable ASCII without spaces")


def ask(
    server: Server, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the sandbox's answer, an object; Refusal if it says no, NoAnswer if there is none."""
    return as_object(server, raw(server, method, path, body, query))


def raw(
    server: Server, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None
) -> bytes:
    """Return the bytes of the sandbox's answer."""
    with opened(server, method, path, body, query) as response:
        return _read(server, response)


@contextmanager
def opened(
    server: Server,
    method: str,
    path: str,
    body: object = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> Iterator[http.client.HTTPResponse]:
    """Yield the answer before its body is read, if it is no refusal, and hang up in the end."""
    content = None if body is None else json.dumps(body).encode()
    sent = _headers(server, content) | dict(headers or {})
    with closing(_connection(server, patience)) as line:
        try:
            line.request(method, _target(server, path, query or {}), content, sent)
            response = line.getresponse()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise _no_answer(server, error) from error
        with response:
            if response.status not in (200, 201):
                raise _refusal(server, response)
            yield response


def segment(name: str) -> str:
    """Return a name as one segment of a path."""
    return quote(name, safe="", errors="surrogatepass")


def as_object(server: Server, content: bytes | str) -> dict[str, Any]:
    """Return the JSON object in an answer; Trouble if it is none, for then no sandbox answers there."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _stranger(server, "which is no JSON object")
    return value


def listed(server: Server, answer: Mapping[str, Any], plural: str) -> list[dict[str, Any]]:
    """Return the list in an answer."""
    found = answer.get(plural)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _stranger(server, f"without a list of {plural}")
    return found


def _connection(server: Server, patience: float) -> http.client.HTTPConnection:
    host, port = server.parts.hostname or "", server.parts.port
    if server.parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=patience)
    return http.client.HTTPConnection(host, port, timeout=patience)


def _headers(server: Server, content: bytes | None) -> dict[str, str]:
    kind = {} if content is None else {"Content-Type": "application/json"}
    return kind | {
        "Authorization": f"Bearer {server.key}",
        "Accept": "application/json, application/problem+json",
        "User-Agent": f"sandbox/{VERSION}",
        "Connection": "close",
    }


def _target(server: Server, path: str, query: Mapping[str, object]) -> str:
    asked = {name: str(value) for name, value in query.items() if value is not None}
    tail = urlencode({**asked, **server.world}, errors="surrogatepass")
    root = quote(server.parts.path, safe="/%~:@!$&'()*+,;=", errors="surrogatepass")
    return f"{root}/__admin{path}" + (f"?{tail}" if tail else "")


def _read(server: Server, response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read()
    except (OSError, http.client.HTTPException) as error:
        raise _no_answer(server, error) from error


def _refusal(server: Server, response: http.client.HTTPResponse) -> Trouble:
    kind = response.headers.get_content_type()
    content = _read(server, response)
    if kind != "application/problem+json":
        return _stranger(server, f"{response.status} and {kind}")
    return Refusal(as_object(server, content), response.status)


def _stranger(server: Server, got: str) -> Trouble:
    return Trouble(
        f"something else than a sandbox answers at {server.url} ({got}): "
        "give --url with the address that `sandbox serve` prints, without what follows the port"
    )


def _no_answer(server: Server, error: Exception) -> NoAnswer:
    if isinstance(error, socket.gaierror | UnicodeError):
        return NoAnswer(f"there is no host {server.parts.hostname!r}: give another --url")
    if isinstance(error, TimeoutError):
        return NoAnswer(f"{server.url} does not answer in time: look at what runs there, or give another --url")
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer(f"nothing answers at {server.url}: start it with `sandbox serve`, or give --url")
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return NoAnswer(f"no whole answer came from {server.url} ({why}): start `sandbox serve`, or give --url")
