"""The doors of the sandbox, each with a store of its own, and one way to ask them: a `Case` in, an `Answer` out."""

from __future__ import annotations

import socket
from asyncio import Runner
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Event, Thread
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote_to_bytes

import httpx
from werkzeug.test import run_wsgi_app

from sandbox.app import control_contract, create_realm
from sandbox.core.control import Plane
from sandbox.core.realm import Realm
from sandbox.settings import Settings
from sandbox.testing.transport import SandboxTransport
from sandbox.version import NAME, VERSION
from sandbox.web.app import flask_app
from sandbox.web.asgi import Asgi, asgi_app
from sandbox.web.gate import OPEN, Gate
from sandbox.web.server import listen, make_server
from sandbox.web.store import Store
from tests.rim.corpus import Case

NOW = 1_776_090_600_000_000
FROZEN = Settings(clock="frozen@2026-04-13T14:30:00Z", fixture="docs")
PATIENCE = 30.0
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the end-to-end header fields in lower case and sorted, the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of the header field of this lower-case name."""
        return dict(self.headers).get(name)


class Door(Protocol):
    """Something that answers a case."""

    def ask(self, case: Case) -> Answer:
        """Return the answer to the case."""


@cache
def _realm(name: str, **settings: Any) -> Realm:
    given = {"clock": FROZEN.clock, "fixture": FROZEN.fixture, **settings}
    return create_realm(name, Settings(**given), NOW)


def fresh_store(
    wall: Callable[[], int] = lambda: NOW, memory: int = FROZEN.memory, *, apis: tuple[str, ...] = ("aikraft",),
    gate: Gate = OPEN, **settings: Any,
) -> Store:  # fmt: skip
    """Return a store whose inner clock stands still, and the outer one too unless it is given."""
    realms = tuple(_realm(each, apis=apis, **settings) for each in apis)
    return Store(realms, wall, memory, lambda: Plane(control_contract(), NAME, VERSION), gate)


def renew(store: Store) -> None:
    """Take the store back to its start in place, for a server that goes on with it."""
    Store.__init__(store, store.realms, lambda: NOW, FROZEN.memory, store.plane, store.gate)


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    kept = ((name.lower(), value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
    return Answer(status, tuple(sorted(kept)), body)


def target_parts(target: bytes) -> tuple[bytes, bytes]:
    """Return path and query of a request target, as a server passes them on."""
    if not target.startswith(b"/") and b"://" in target:
        rest = target.partition(b"://")[2]
        end = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
        target = rest[end:] if rest[end : end + 1] == b"/" else b"/" + rest[end:]
    path, _, query = target.partition(b"?")
    return path, query


class FlaskDoor:
    """The Flask app, called as a WSGI server calls it."""

    def __init__(self, store: Store) -> None:
        self._app = flask_app(store)

    def ask(self, case: Case) -> Answer:
        """Return the answer to the case."""
        return self.call(environ_of(case))

    def call(self, environ: dict[str, Any]) -> Answer:
        """Return the answer to a WSGI environment."""
        chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        return _answer(int(status.split(" ", 1)[0]), list(headers), b"".join(chunks))


def environ_of(case: Case) -> dict[str, Any]:
    """Return the case as the environment that a WSGI server makes of it (PEP 3333)."""
    path, query = target_parts(case.target)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": case.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REQUEST_URI": case.target.decode("latin-1"),
        "SERVER_NAME": "sandbox.localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(case.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if case.chunked:
        environ["wsgi.input_terminated"] = True
    for name, value in case.framed:
        field = name.decode("latin-1").upper().replace("-", "_")
        field = field if field in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + field
        text = value.decode("latin-1")
        environ[field] = f"{environ[field]},{text}" if field in environ else text
    return environ


class AsgiDoor:
    """The async door, called as an ASGI server calls it."""

    def __init__(self, store: Store, runner: Runner) -> None:
        self._app: Asgi = asgi_app(store)
        self._runner = runner

    def ask(self, case: Case) -> Answer:
        """Return the answer to the case."""
        return self._runner.run(self._asked(case))

    async def _asked(self, case: Case) -> Answer:
        incoming = _body_events(case)
        outgoing: list[Any] = []

        async def receive() -> Any:
            return next(incoming)

        async def send(event: Any) -> None:
            outgoing.append(event)

        await self._app(scope_of(case), receive, send)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in outgoing[0]["headers"]]
        body = b"".join(each.get("body", b"") for each in outgoing[1:])
        return _answer(outgoing[0]["status"], headers, body)


def _body_events(case: Case, size: int = 60_000) -> Iterator[dict[str, Any]]:
    for at in range(0, len(case.body), size):
        more = at + size < len(case.body)
        yield {"type": "http.request", "body": case.body[at : at + size], "more_body": more}
    while True:
        yield {"type": "http.request", "body": b"", "more_body": False}


def scope_of(case: Case) -> dict[str, Any]:
    """Return the case as an ASGI connection scope."""
    path, query = target_parts(case.target)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in case.framed],
        "client": ("127.0.0.1", 1),
        "server": ("sandbox.localhost", 80),
        "extensions": {},
        "state": {},
    }


class HttpxDoor:
    """The transport for httpx, called as a client calls it."""

    def __init__(self, store: Store) -> None:
        self._transport = SandboxTransport(store=store)

    def ask(self, case: Case) -> Answer:
        """Return the answer to the case."""
        request = httpx.Request(case.method, url_of(case), headers=case.framed, stream=httpx.ByteStream(case.body))
        response = self._transport.handle_request(request)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        return _answer(response.status_code, headers, response.read())


def url_of(case: Case) -> httpx.URL:
    """Return the URL of the case; httpx writes some targets in a way of its own, and refuses others."""
    return httpx.URL("http://sandbox.localhost", raw_path=case.target)


@dataclass(frozen=True, slots=True)
class SocketDoor:
    """The server, asked over a connection of its own for each case."""

    port: int

    def ask(self, case: Case) -> Answer:
        """Return the answer to the case."""
        with Connection(self.port) as connection:
            return connection.ask(case)


class Connection:
    """One raw connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._stream: BinaryIO = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are; a server that has hung up meanwhile is no error."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def narrow(self) -> None:
        """Take in little at a time, so that what is not read soon piles up at the server."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)

    def end(self) -> None:
        """Say that nothing more will be sent."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def ask(self, case: Case) -> Answer:
        """Send the case and return its answer; ConnectionError if none comes."""
        self.send(case.wire)
        answer = self.read(bodiless=case.method == "HEAD")
        if answer is None:
            raise ConnectionError(f"{case.name}: no answer")
        return answer

    def read(self, *, bodiless: bool = False) -> Answer | None:
        """Return the next answer, or None if the server has hung up; interim answers are passed over."""
        status, headers = 100, list[tuple[str, str]]()
        while status == 100:
            line = self.line()
            if not line:
                return None
            status = int(line.split(b" ", 2)[1])
            headers = list(self._fields())
        length = int(dict(headers).get("content-length", "0"))
        body = (
            b""
            if bodiless
            else self._chunked()
            if ("transfer-encoding", "chunked") in headers
            else self._exactly(length)
        )
        return _answer(status, headers, body)

    def read_all(self) -> list[Answer]:
        """Return every answer until the server hangs up."""
        return list(iter(self.read, None))

    def head(self) -> dict[str, str]:
        """Return the header fields of the next answer, and leave its body unread."""
        self.line()
        return dict(self._fields())

    def rest(self) -> bytes:
        """Return everything until the server hangs up."""
        said = b""
        try:
            while part := self._stream.read(1):
                said += part
        except ConnectionResetError:
            return said
        return said

    def line(self) -> bytes:
        """Return the next line without its end; nothing if the server has hung up."""
        try:
            return self._stream.readline().rstrip(b"\r\n")
        except ConnectionResetError:
            return b""

    def _fields(self) -> Iterator[tuple[str, str]]:
        while line := self.line():
            name, _, value = line.decode("latin-1").partition(":")
            yield name.lower(), value.strip()

    def _chunked(self) -> bytes:
        parts = []
        while size := int(self.line(), 16):
            parts.append(self._exactly(size))
            self.line()
        self.line()
        return b"".join(parts)

    def _exactly(self, length: int) -> bytes:
        body = self._stream.read(length)
        if len(body) != length:
            raise ConnectionError(f"the answer ends after {len(body)} of {length} bytes")
        return body


@contextmanager
def serving(store: Store) -> Iterator[int]:
    """Serve the store from a thread and yield the port; the server has stopped at the end of the block."""
    bound = listen("127.0.0.1", 0)
    ready = Event()
    server = make_server(store, ready.set)
    thread = Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        if not ready.wait(PATIENCE):
            raise TimeoutError("the server did not start")
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        bound.close()
