"""In-process doors for Python's HTTP clients: no socket, no server, the same answers."""

from __future__ import annotations

import httpx

from sandbox.app import create_store
from sandbox.core.message import Request, as_bytes, as_text
from sandbox.settings import Settings
from sandbox.web.pages import not_found
from sandbox.web.store import Store


class SandboxTransport(httpx.BaseTransport):
    """An httpx transport that answers from a sandbox of its own.

    `httpx.Client(transport=SandboxTransport(), base_url="http://sandbox/v1")`
    """

    def __init__(self, settings: Settings | None = None, *, store: Store | None = None) -> None:
        self.store = store or create_store(settings or Settings())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's answer."""
        target = request.url.raw_path.decode("ascii")
        path, _, query = target.partition("?")
        shelf = self.store.shelf_for(path)
        if shelf is None:
            status, kind, body = not_found(self.store)
            return httpx.Response(status, headers={"content-type": kind}, stream=httpx.ByteStream(body))
        headers = as_text((name.lower(), value) for name, value in request.headers.raw)
        asked = Request(request.method, path, query, headers, request.read(), scheme=request.url.scheme)
        answer = self.store.answer(shelf, asked)
        fields = as_bytes(answer.headers)
        return httpx.Response(answer.status, headers=fields, stream=httpx.ByteStream(answer.body))
