"""Ways to break an answer off: what a fault promises, the client's library gets to see.

What is said before the connection ends is a function of the answer; each door says it and ends the connection its own
way. An answer without a body (to HEAD, say) has nothing to be broken in: where a body would be cut or spoilt, it is not
sent at all, so that the client sees an error whatever it asked.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

from sandbox.core.message import EMPTY, MALFORMED, RANDOM, RESET, TRUNCATED, Hangup, Response
from sandbox.web.writing import head_of

SILENT_FOR = 600.0
"""Seconds after which even a connection that never gets its answer is closed."""
NO_CHUNK = b"not a chunk\r\n"
_LINGER = struct.pack("ii", 1, 0)


def hangup_of(answer: Response) -> Hangup | None:
    """Return how the answer is to be broken off, or None."""
    return next((each for each in answer.effects if isinstance(each, Hangup)), None)


def shown_as(answer: Response, hangup: Hangup) -> str:
    """Return the kind of break that the client gets to see of this answer."""
    return EMPTY if hangup.kind in (MALFORMED, TRUNCATED) and not answer.body else hangup.kind


def kept_of(answer: Response, hangup: Hangup) -> bytes:
    """Return the part of the body that a truncated answer keeps: never the whole, half of it unless told."""
    kept = len(answer.body) // 2 if hangup.keep < 0 else hangup.keep
    return answer.body[: min(kept, max(0, len(answer.body) - 1))]


def spoilt(answer: Response) -> Response:
    """Return the answer whose head promises chunks and whose body holds none."""
    framed = tuple(each for each in answer.headers if each[0].lower() != "content-length")
    return answer._replace(headers=(*framed, ("Transfer-Encoding", "chunked")), body=NO_CHUNK)


def last_words(answer: Response, hangup: Hangup) -> bytes:
    """Return the bytes that still go out before the connection ends."""
    kind = shown_as(answer, hangup)
    if kind == RANDOM:
        return hangup.garbage
    if kind == MALFORMED:
        return head_of(answer.status, spoilt(answer).headers, keep_alive=True) + NO_CHUNK
    if kind == TRUNCATED:
        return head_of(answer.status, answer.headers, keep_alive=True) + kept_of(answer, hangup)
    return b""


def pieces_of(answer: Response, hangup: Hangup) -> tuple[float, Iterator[bytes]]:
    """Return the seconds to let pass before each piece of a body that dribbles, and the pieces."""
    body = answer.body
    size = max(1, -(-len(body) // hangup.pieces))
    count = max(1, -(-len(body) // size))
    return hangup.span / 1_000_000 / count, (body[at : at + size] for at in range(0, count * size, size))


def make_abrupt(found: Any) -> None:
    """Let the socket's end be a reset instead of a farewell."""
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def break_off(transport: Any, answer: Response, hangup: Hangup) -> None:
    """Say what is still said on this transport, and end the connection."""
    if hangup.kind == RESET:
        make_abrupt(transport.get_extra_info("socket"))
        transport.abort()
        return
    words = last_words(answer, hangup)
    if words:
        transport.write(words)
    transport.close()
