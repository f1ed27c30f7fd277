"""Ways to break an answer off on a real socket: what a fault promises, the client's library gets to see."""

from __future__ import annotations

import socket
import struct
from asyncio import sleep
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.core.message import Hangup, Response

SILENT_FOR = 600.0
"""Seconds after which even a connection that never gets its answer is closed."""
_LINGER = struct.pack("ii", 1, 0)
Scope = MutableMapping[str, Any]


def hangup_of(answer: Response) -> Hangup | None:
    """Return how the answer is to be broken off, or None."""
    return next((each for each in answer.effects if isinstance(each, Hangup)), None)


def head_of(answer: Response, *without: str) -> bytes:
    """Return the answer's status line and header fields, without those of these lower-case names."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers if name.lower() not in without)
    return f"HTTP/1.1 {answer.status} \r\n{fields}".encode("latin-1")


async def _reset(transport: Any, _answer: Response, _hangup: Hangup) -> None:
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()


async def _empty(transport: Any, _answer: Response, _hangup: Hangup) -> None:
    transport.close()


async def _truncated(transport: Any, answer: Response, hangup: Hangup) -> None:
    kept = len(answer.body) // 2 if hangup.keep < 0 else min(hangup.keep, max(0, len(answer.body) - 1))
    transport.write(head_of(answer) + b"\r\n" + answer.body[:kept])
    transport.close()


async def _malformed(transport: Any, answer: Response, _hangup: Hangup) -> None:
    transport.write(head_of(answer, "content-length") + b"Transfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
    transport.close()


async def _garbage(transport: Any, _answer: Response, hangup: Hangup) -> None:
    transport.write(hangup.garbage)
    transport.close()


async def _dribble(transport: Any, answer: Response, hangup: Hangup) -> None:
    """Send the whole answer, in so many pieces over so long a time."""
    whole = head_of(answer) + b"Connection: close\r\n\r\n" + answer.body
    size = max(1, -(-len(whole) // hangup.pieces))
    for at in range(0, len(whole), size):
        if at:
            await sleep(hangup.span / 1_000_000 / hangup.pieces)
        if transport.is_closing():
            return
        transport.write(whole[at : at + size])
    transport.close()


async def _silent(transport: Any, _answer: Response, _hangup: Hangup) -> None:
    await sleep(SILENT_FOR)
    transport.close()


WAYS: dict[str, Callable[[Any, Response, Hangup], Awaitable[None]]] = {
    "CONNECTION_RESET_BY_PEER": _reset,
    "EMPTY_RESPONSE": _empty,
    "MALFORMED_RESPONSE_CHUNK": _malformed,
    "RANDOM_DATA_THEN_CLOSE": _garbage,
    "TRUNCATED_BODY": _truncated,
    "DRIBBLE": _dribble,
    "NO_ANSWER": _silent,
}


async def break_off(transport: Any, answer: Response, hangup: Hangup) -> None:
    """Break the answer off on this transport."""
    await WAYS[hangup.kind](transport, answer, hangup)
