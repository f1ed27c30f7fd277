"""In-process doors for httpx, sync and async: no socket, no server, the same answers, the same errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from sandbox.app import create_store
from sandbox.core.message import Response, as_bytes
from sandbox.settings import Settings
from sandbox.testing.arrival import DROPPED, TIMED_OUT, Lost, arriving, async_pause, awaited, body_of, pause, waited
from sandbox.testing.bound import Count, uncounted
from sandbox.testing.inside import Visit
from sandbox.web.store import Store

_ERRORS: dict[str, type[httpx.TransportError]] = {TIMED_OUT: httpx.ReadTimeout, DROPPED: httpx.ReadError}


class SandboxTransport(httpx.BaseTransport):
    """An httpx transport that answers from a sandbox of its own, or from the store that is given.

    `httpx.Client(transport=SandboxTransport(), base_url="http://sandbox/v1")`

    An answer that comes late or breaks does so as on a socket. Without a read timeout, the end of one that never comes
    comes at once, and not after ten minutes.
    """

    def __init__(
        self, settings: Settings | None = None, *, store: Store | None = None, count: Count = uncounted
    ) -> None:
        self.store = store or create_store(settings or Settings())
        self._count = count

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's answer; httpx.TransportError now, or while the body is read, if it breaks."""
        self._count()
        visit = _visit(self.store, request, request.read())
        try:
            answer = waited(arriving(visit.ask, _patience(request)))
        except Lost as lost:
            raise _error(lost) from None
        return _begun(answer, _Late(answer, _patience(request)))


class AsyncSandboxTransport(httpx.AsyncBaseTransport):
    """An httpx transport for async clients, which waits without keeping the thread.

    `httpx.AsyncClient(transport=AsyncSandboxTransport(), base_url="http://sandbox/v1")`
    """

    def __init__(
        self, settings: Settings | None = None, *, store: Store | None = None, count: Count = uncounted
    ) -> None:
        self.store = store or create_store(settings or Settings())
        self._count = count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's answer; httpx.TransportError now, or while the body is read, if it breaks."""
        self._count()
        visit = _visit(self.store, request, await request.aread())
        try:
            answer = await awaited(arriving(visit.ask, _patience(request)))
        except Lost as lost:
            raise _error(lost) from None
        return _begun(answer, _AsyncLate(answer, _patience(request)))


class _Late(httpx.SyncByteStream):
    def __init__(self, answer: Response, patience: float | None) -> None:
        self._answer, self._patience = answer, patience

    def __iter__(self) -> Iterator[bytes]:
        try:
            for step in body_of(self._answer, self._patience):
                if isinstance(step, bytes):
                    yield step
                else:
                    pause(step)
        except Lost as lost:
            raise _error(lost) from None


class _AsyncLate(httpx.AsyncByteStream):
    def __init__(self, answer: Response, patience: float | None) -> None:
        self._answer, self._patience = answer, patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            for step in body_of(self._answer, self._patience):
                if isinstance(step, bytes):
                    yield step
                else:
                    await async_pause(step)
        except Lost as lost:
            raise _error(lost) from None


def _visit(store: Store, request: httpx.Request, body: bytes) -> Visit:
    target = request.url.raw_path.decode("ascii")
    return Visit(store, request.method, target, request.headers.raw, body, request.url.scheme)


def _begun(answer: Response, late: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    stream = late if answer.effects else httpx.ByteStream(answer.body)
    return httpx.Response(answer.status, headers=as_bytes(answer.headers), stream=stream)


def _patience(request: httpx.Request) -> float | None:
    patience: float | None = request.extensions.get("timeout", {}).get("read")
    return patience


def _error(lost: Lost) -> httpx.TransportError:
    return _ERRORS.get(lost.how, httpx.RemoteProtocolError)(str(lost))
