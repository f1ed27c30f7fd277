"""Late and broken answers under WSGI, where a worker waits and a connection belongs to the server.

A server that puts its socket into the environment (Werkzeug's, gunicorn) has it broken for it, and is told of a lost
connection, which it takes calmly. Another server can only be given an answer that ends before it should. In process
there is no connection to break, so the caller gets the error of one that was.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from errno import ECONNRESET
from time import sleep
from typing import Any

from flask import Response

from sandbox.core.message import DRIBBLE, RESET, SILENCE, TRUNCATED, Hangup
from sandbox.core.message import Response as Answer
from sandbox.web.breaking import hangup_of, kept_of, last_words, make_abrupt, pieces_of
from sandbox.web.delay import owed

HELD_FOR = 60.0
"""Seconds for which a request that never gets its answer keeps a worker."""


Pause = Callable[[float], None]
"""How a worker lets so many seconds pass."""


def owed_answer(answer: Answer, whole: Response, pause: Pause = sleep) -> Response:
    """Return what the answer becomes: late, in pieces, or one that breaks when it goes out."""
    pause(owed(answer))
    hangup = hangup_of(answer)
    if hangup is None:
        return whole
    if hangup.kind != DRIBBLE:
        return Broken(answer, hangup)
    whole.response = _dribbled(answer, hangup)
    return whole


def _dribbled(answer: Answer, hangup: Hangup) -> Iterator[bytes]:
    pause, pieces = pieces_of(answer, hangup)
    for piece in pieces:
        sleep(pause)
        yield piece


class Broken(Response):
    """An answer that breaks off when a server asks for it."""

    def __init__(self, answer: Answer, hangup: Hangup) -> None:
        super().__init__(answer.body, answer.status)
        self._answer = answer
        self._hangup = hangup

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Break the connection if it can be reached, else answer without the end; ConnectionResetError in process."""
        connection = environ.get("werkzeug.socket") or environ.get("gunicorn.socket")
        if connection is not None:
            _break_off(connection, self._answer, self._hangup)
        elif "SERVER_SOFTWARE" in environ or "asgi.scope" in environ:
            return self._without_end(start_response)
        raise ConnectionResetError(ECONNRESET, f"the sandbox broke the connection off: {self._hangup.kind}")

    def _without_end(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._hangup.kind == SILENCE:
            sleep(HELD_FOR)
        answer = self._answer
        framed = [each for each in answer.headers if each[0].lower() != "content-length"]
        start_response(self.status, [*framed, ("Content-Length", str(max(1, len(answer.body))))])
        return [kept_of(answer, self._hangup) if self._hangup.kind == TRUNCATED else b""]


def _break_off(connection: socket.socket, answer: Answer, hangup: Hangup) -> None:
    """Say what is still said, and end the connection under the server, which finds a closed socket."""
    with suppress(OSError):
        connection.settimeout(HELD_FOR)
        if hangup.kind == SILENCE:
            _await_departure(connection)
        connection.sendall(last_words(answer, hangup))
        if hangup.kind == RESET:
            make_abrupt(connection)
    # The server's files on the socket would keep it open beyond `close`.
    os.close(connection.detach())


def _await_departure(connection: socket.socket) -> None:
    """Read on for nothing until the client leaves or time is up."""
    while connection.recv(1 << 16):
        continue
