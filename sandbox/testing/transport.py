"""In-process doors for Python's HTTP clients: no socket, no server, the same answers."""

from __future__ import annotations

from functools import partial
from urllib.parse import unquote

import httpx

from sandbox.app import create_store
from sandbox.core.control import BODY_LIMIT as CONTROL_BODY_LIMIT
from sandbox.core.intake import BODY_LIMIT
from sandbox.core.message import Request, Response, as_bytes, as_text
from sandbox.settings import Settings
from sandbox.testing.breaking import answered, received
from sandbox.web.pages import not_found
from sandbox.web.plane import PREFIX, Steering
from sandbox.web.store import Store


class SandboxTransport(httpx.BaseTransport):
    """An httpx transport that answers from a sandbox of its own.

    `httpx.Client(transport=SandboxTransport(), base_url="http://sandbox/v1")`

    An answer that comes late or breaks does so as on a socket. Without a read timeout, the end of one that never comes
    comes at once, and not after ten minutes.
    """

    def __init__(self, settings: Settings | None = None, *, store: Store | None = None) -> None:
        self.store = store or create_store(settings or Settings())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's answer."""
        target = request.url.raw_path.decode("ascii")
        path, _, query = target.partition("?")
        shelf = self.store.shelf_for(path)
        headers = as_text((name.lower(), value) for name, value in request.headers.raw)
        limit = CONTROL_BODY_LIMIT if shelf is None else BODY_LIMIT
        body = request.read()
        asked = Request(
            request.method, path, query, headers, body[:limit], scheme=request.url.scheme, oversized=len(body) > limit
        )
        if shelf is not None:
            answer = answered(partial(self.store.answer, shelf, asked), request)
        elif f"{unquote(path)}/".startswith(f"{PREFIX}/"):
            answer = Steering(self.store).answer(asked)
        else:
            status, kind, body = not_found(self.store)
            answer = Response(status, (("content-type", kind), ("content-length", str(len(body)))), body)
        if request.method == "HEAD":
            answer = answer._replace(body=b"")
        if answer.effects:
            return received(answer, request)
        return httpx.Response(answer.status, headers=as_bytes(answer.headers), stream=httpx.ByteStream(answer.body))
