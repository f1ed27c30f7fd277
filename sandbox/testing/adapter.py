"""The in-process door for requests: a transport adapter with the same answers and the same errors as a socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

from sandbox.app import create_store
from sandbox.core.message import Headers, Response
from sandbox.settings import Settings
from sandbox.testing.arrival import DROPPED, TIMED_OUT, Lost, arriving, body_of, pause, waited
from sandbox.testing.bound import Count, uncounted
from sandbox.testing.inside import Visit
from sandbox.web.store import Store


class SandboxAdapter(BaseAdapter):
    """A transport adapter of requests that answers from a sandbox of its own, or from the store that is given.

    `session.mount("http://sandbox", SandboxAdapter())`
    """

    def __init__(
        self, settings: Settings | None = None, *, store: Store | None = None, count: Count = uncounted
    ) -> None:
        super().__init__()
        self.store = store or create_store(settings or Settings())
        self._count = count
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the sandbox's answer; requests.RequestException now, or while the body is read, if it breaks."""
        del stream, verify, cert, proxies  # they are about connections, and there is none
        patience = _patience(timeout)
        self._count()
        try:
            answer = waited(arriving(_visit(self.store, request).ask, patience))
        except Lost as lost:
            raise _error(lost, request) from None
        return self._builder.build_response(request, _raw(answer, patience, request.method))

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _visit(store: Store, request: requests.PreparedRequest) -> Visit:
    url = urlsplit(request.url or "")
    given = {name.lower() for name in request.headers}
    fields = [] if "host" in given else [(b"host", url.netloc.rpartition("@")[2].encode())]
    fields += [(_bytes(name), _bytes(value)) for name, value in request.headers.items()]
    return Visit(store, request.method or "GET", request.path_url, fields, _body(request.body), url.scheme)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _body(body: Any) -> bytes:
    """Return the whole body, whichever way requests takes one: text, bytes, a file or an iterable."""
    if body is None or isinstance(body, (bytes, bytearray)):
        return bytes(body or b"")
    if isinstance(body, str):
        return body.encode()
    parts: Iterable[Any] = [body.read()] if hasattr(body, "read") else body
    return b"".join(each.encode() if isinstance(each, str) else each for each in parts)


def _patience(timeout: Any) -> float | None:
    """Return the read timeout, whichever way requests takes one: a number, a pair, or urllib3's own."""
    read = timeout[1] if isinstance(timeout, tuple) else getattr(timeout, "read_timeout", timeout)
    return float(read) if isinstance(read, (int, float)) else None


def _error(lost: Lost, request: requests.PreparedRequest) -> requests.RequestException:
    if lost.how == TIMED_OUT:
        return requests.ReadTimeout(str(lost), request=request)
    cause = ConnectionResetError(104, "Connection reset by peer") if lost.how == DROPPED else HTTPException(str(lost))
    return requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)


class _Original:
    """The head of an answer, where requests looks for cookies."""

    def __init__(self, headers: Headers) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        """Tell that there is nothing to close."""
        return True

    def close(self) -> None:
        """Do nothing."""


class _Body:
    """The body of an answer as a file that is read piece by piece; what breaks it is an error of `http.client`."""

    closed = False

    def __init__(self, steps: Iterator[float | bytes]) -> None:
        self._steps = steps
        self._left = b""

    def read(self, amount: int | None = None) -> bytes:
        """Return up to so many bytes, or all that is left; TimeoutError or HTTPException if the body breaks."""
        while amount is None or len(self._left) < amount:
            piece = self._next()
            if piece is None:
                break
            self._left += piece
        size = len(self._left) if amount is None else amount
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def _next(self) -> bytes | None:
        try:
            for step in self._steps:
                if isinstance(step, bytes):
                    return step
                pause(step)
        except Lost as lost:
            raise (TimeoutError if lost.how == TIMED_OUT else HTTPException)(str(lost)) from None
        return None

    def close(self) -> None:
        """Read no more."""
        self.closed = True


def _raw(answer: Response, patience: float | None, method: str | None) -> HTTPResponse:
    body: Any = _Body(body_of(answer, patience))
    original: Any = _Original(answer.headers)
    return HTTPResponse(
        body,
        HTTPHeaderDict(answer.headers),
        answer.status,
        version=11,
        preload_content=False,
        decode_content=False,
        original_response=original,
        request_method=method,
    )
