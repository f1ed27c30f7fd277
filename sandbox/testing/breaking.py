"""Answers that break off, as httpx meets them on a socket: the same errors, at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import sleep

import httpx

from sandbox.core.message import DRIBBLE, MALFORMED, RANDOM, RESET, SILENCE, TRUNCATED, Response, as_bytes
from sandbox.web.breaking import hangup_of, kept_of, pieces_of, shown_as, spoilt
from sandbox.web.delay import held, owed

_UNSAID = "Server disconnected without sending a response."


def answered(ask: Callable[..., Response], request: httpx.Request) -> Response:
    """Return the answer, after the time for which its request was held.

    A client that waits no longer leaves its request behind, which is worked on then and there.
    """
    answer = ask()
    if held(answer):
        try:
            _pass(held(answer), request.extensions.get("timeout", {}).get("read"))
        finally:
            answer = ask(held=True)
    return answer


def received(answer: Response, request: httpx.Request) -> httpx.Response:
    """Return the answer after what it owes; httpx.TransportError now, or while its body is read, if it breaks."""
    patience = request.extensions.get("timeout", {}).get("read")
    _pass(owed(answer), patience)
    hangup = hangup_of(answer)
    if hangup is None:
        return _begun(answer, [answer.body])
    kind = shown_as(answer, hangup)
    if kind == DRIBBLE:
        return _begun(answer, _late(*pieces_of(answer, hangup), patience))
    if kind == TRUNCATED:
        return _begun(answer, _cut(kept_of(answer, hangup), len(answer.body)))
    if kind == MALFORMED:
        return _begun(spoilt(answer), _garbled())
    if kind == RESET:
        raise httpx.ReadError("[Errno 104] Connection reset by peer")
    if kind == RANDOM:
        raise httpx.RemoteProtocolError("illegal status line")
    if kind == SILENCE and patience is not None:
        _pass(float("inf"), patience)
    raise httpx.RemoteProtocolError(_UNSAID)


class _Stream(httpx.SyncByteStream):
    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts


def _begun(answer: Response, parts: Iterable[bytes]) -> httpx.Response:
    return httpx.Response(answer.status, headers=as_bytes(answer.headers), stream=_Stream(parts))


def _pass(seconds: float, patience: float | None) -> None:
    """Let the time pass, as long as the client's read timeout lasts."""
    if patience is not None and seconds > patience:
        sleep(patience)
        raise httpx.ReadTimeout("timed out: the sandbox holds this answer back for longer")
    sleep(seconds)


def _late(pause: float, pieces: Iterator[bytes], patience: float | None) -> Iterator[bytes]:
    for piece in pieces:
        _pass(pause, patience)
        yield piece


def _cut(kept: bytes, length: int) -> Iterator[bytes]:
    yield kept
    told = f"received {len(kept)} bytes, expected {length}"
    raise httpx.RemoteProtocolError(f"peer closed connection without sending complete message body ({told})")


def _garbled() -> Iterator[bytes]:
    raise httpx.RemoteProtocolError("illegal chunk header")
    yield b""
