"""An answer goes out under ASGI: late, in pieces or broken off, if that is what it owes.

Under our own server the transport is at hand, and a break is what it is called. Another ASGI server keeps its transport
to itself: there every break is an answer whose body never becomes complete, which the server may note in its log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.core.message import DRIBBLE, SILENCE, TRUNCATED, Hangup, Response, as_bytes
from sandbox.web.breaking import SILENT_FOR, break_off, hangup_of, kept_of, pieces_of
from sandbox.web.delay import Receive, Scope, Watch, held, known_to_the_server, owed

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
STALLED = 20.0
"""Seconds after which a client that takes nothing more off a connection that is to end is let go."""


async def deliver(answer: Response, ask: Callable[[], Response], scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer, and do what it owes besides; `ask` asks once more for one that was held.

    A held request is worked on when its time has come, whether or not its client is still there.
    """
    if not answer.effects:
        await _whole(answer, send)
        return
    watch = Watch(scope, receive)
    if held(answer):
        await watch.outlasts(held(answer))
        answer = ask()
    hangup = hangup_of(answer)
    # The server ends such an answer when the client says no more, as it does with a stream: nothing is still to come.
    known_to_the_server(scope)["streams"] = hangup is not None and hangup.kind == SILENCE
    try:
        if await watch.passes(owed(answer)):
            await _sent(answer, hangup, watch, scope, send)
    finally:
        watch.end()


async def _sent(answer: Response, hangup: Hangup | None, watch: Watch, scope: Scope, send: Send) -> None:
    if hangup is None:
        await _whole(answer, send)
    elif hangup.kind == DRIBBLE:
        await _dribbled(answer, hangup, watch, send)
    elif hangup.kind != SILENCE or await watch.passes(SILENT_FOR):
        await _broken(answer, hangup, watch, scope, send)


async def _whole(answer: Response, send: Send) -> None:
    await _begun(answer, send)
    await send({"type": "http.response.body", "body": answer.body})


async def _begun(answer: Response, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": as_bytes(answer.headers)})


async def _dribbled(answer: Response, hangup: Hangup, watch: Watch, send: Send) -> None:
    """Send the head, then the body piece by piece."""
    await _begun(answer, send)
    # A server may hold the head back until it hears of the body.
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    pause, pieces = pieces_of(answer, hangup)
    for piece in pieces:
        if not await watch.passes(pause):
            return
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _broken(answer: Response, hangup: Hangup, watch: Watch, scope: Scope, send: Send) -> None:
    """Break off, and wait until the server has noticed, which takes it for a client that has left."""
    transport = known_to_the_server(scope).get("transport")
    if transport is None:
        await _begun(answer, send)
        kept = kept_of(answer, hangup) if hangup.kind == TRUNCATED else b""
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        return
    break_off(transport, answer, hangup)
    if not await watch.leaves(STALLED):
        transport.abort()
        await watch.leaves(STALLED)
