"""The async door: API operations answered natively; short pages are handed to the Flask app, which is made when needed.

The answer itself takes microseconds and is computed on the event loop. What waits, waits as a timer and costs no
thread.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache, partial
from typing import Any
from urllib.parse import unquote

from sandbox.core.control import BODY_LIMIT as CONTROL_BODY_LIMIT
from sandbox.core.intake import BODY_LIMIT
from sandbox.core.message import Headers, Request, as_text
from sandbox.web.delivery import deliver
from sandbox.web.plane import PREFIX
from sandbox.web.store import Store
from sandbox.web.stream import stream_events

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE_WORKERS = 4


def asgi_app(store: Store) -> Asgi:
    """Return the ASGI app of this store."""

    @cache
    def pages() -> Any:
        from a2wsgi import WSGIMiddleware

        from sandbox.web.app import flask_app

        flask: Any = flask_app(store)
        return WSGIMiddleware(_with_target(flask), workers=PAGE_WORKERS)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1")
        shelf = store.shelf_for(path)
        if scope["method"] == "GET" and _is_of_events(path):
            await stream_events(store, _head(scope, as_text(scope["headers"])), scope, receive, send)
            return
        if shelf is None:
            other = await get_running_loop().run_in_executor(None, pages)
            await _handed_on(other, scope, receive, send)
            return
        try:
            request = await _request(scope, receive)
        except Gone:
            return
        again = partial(store.answer, shelf, request, held=True)
        await deliver(store.answer(shelf, request), again, scope, receive, send)

    return app


def _is_of_events(path: str) -> bool:
    """Tell whether the raw path is that of the events, as the contract's routing reads it."""
    return path.startswith(f"{PREFIX}/") and unquote(path[len(PREFIX) + 1 :]) == "events"


async def _handed_on(app: Asgi, scope: Scope, receive: Receive, send: Send) -> None:
    """Let an app of threads answer a request that is whole, and keep none of them for a client that is slow to read."""
    try:
        body, _ = await _body(receive, CONTROL_BODY_LIMIT + 1) if _has_body(as_text(scope["headers"])) else (b"", False)
    except Gone:
        return
    answered: list[MutableMapping[str, Any]] = []

    async def whole() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: MutableMapping[str, Any]) -> None:
        answered.append(message)

    await app(scope, whole, keep)
    for message in answered:
        await send(message)


class Gone(Exception):
    """The client left before its request was whole: nothing happens, and there is nobody to answer."""


def _with_target(wsgi: Any) -> Any:
    """Return the WSGI app with the raw request target in its environment, where other servers put it too."""

    def called(environ: Any, start_response: Any) -> Any:
        scope = environ["asgi.scope"]
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        environ["REQUEST_URI"] = f"{path}?{query}" if query else path
        # The body is whole: one that came in chunks has no length, and would not be read otherwise.
        environ["wsgi.input_terminated"] = True
        return wsgi(environ, start_response)

    return called


async def _request(scope: Scope, receive: Receive) -> Request:
    headers = as_text(scope["headers"])
    request = _head(scope, headers)
    if not _has_body(headers):
        return request
    body, oversized = await _body(receive, BODY_LIMIT)
    return request._replace(body=body, oversized=oversized)


def _head(scope: Scope, headers: Headers) -> Request:
    return Request(
        scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers, b"",
        scope["client"][0] if scope.get("client") else "local", scope["scheme"],
    )  # fmt: skip


def _has_body(headers: Headers) -> bool:
    return any(name in ("content-length", "transfer-encoding") for name, _ in headers)


async def _body(receive: Receive, limit: int) -> tuple[bytes, bool]:
    chunks, size = [], 0
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body"):
            break
    return b"".join(chunks)[:limit], size > limit
