"""The floor: an ASGI callable that answers constants, on the server and the settings that `sandbox serve` has."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from bench import wire

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def bare(bodies: dict[str, str]) -> App:
    """The callable: a page at `/systems`, one system below it, and 201 for a POST."""
    one, page, created = (_messages(200 + (kind == "create"), bodies[kind]) for kind in ("one", "page", "create"))

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        start, body = page if scope["path"] == "/systems" else one
        if scope["method"] == "POST":
            start, body = created
            while (await receive()).get("more_body"):
                pass
        await send(start)
        await send(body)

    return app


def _messages(status: int, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    body = text.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


def main(port: str, bodies: str) -> None:
    """Serves until it is stopped."""
    uvicorn.run(
        bare(json.loads(Path(bodies).read_text())),
        host=wire.HOST,
        port=int(port),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="error",
        date_header=False,
        server_header=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
