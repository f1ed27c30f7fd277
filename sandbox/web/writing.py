"""An answer as the bytes that go on the wire."""

from __future__ import annotations

from http import HTTPStatus

from sandbox.core.message import Headers, Response

_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {_PHRASES.get(code, '')}\r\n" for code in range(100, 1000)}


def on_the_wire(answer: Response, *, keep_alive: bool) -> bytes:
    """Return the bytes of an answer."""
    return head_of(answer.status, answer.headers, keep_alive=keep_alive) + answer.body


def head_of(status: int, headers: Headers, *, keep_alive: bool) -> bytes:
    """Return the bytes of an answer up to its body."""
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    close = "" if keep_alive else "connection: close\r\n"
    return f"{_STATUS_LINES[status]}{fields}{close}\r\n".encode("latin-1")
