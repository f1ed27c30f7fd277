"""Server-sent events, answered natively: a reader costs a task and a bounded queue, and no thread."""

from __future__ import annotations

from asyncio import FIRST_COMPLETED, AbstractEventLoop, Task, create_task, get_running_loop, wait, wait_for
from asyncio import Event as Signal
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.core.event import KEEP_ALIVE, event_of
from sandbox.core.message import Request, Response, as_bytes
from sandbox.core.problem import Problem
from sandbox.core.steering import in_problem
from sandbox.web.delay import Receive, Scope, departure, known_to_the_server
from sandbox.web.plane import Steering
from sandbox.web.reader import Reader
from sandbox.web.refusal import full
from sandbox.web.store import Full, Store

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SIGN_OF_LIFE = [KEEP_ALIVE]
HEARTBEAT = 15.0
STALLED = 20.0
"""Seconds after which a reader that takes nothing off the wire is let go."""
_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ],
}


async def stream_events(store: Store, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
    """Stream a world's events until the client leaves, has as many as it asked for, or reads too slowly."""
    steering = Steering(store)
    came = Signal()
    loop = get_running_loop()
    await loop.run_in_executor(None, store.plane)
    try:
        slot, reader, missed, query = steering.follow(request, _waker(loop, came))
    except Problem as problem:
        await _answer(send, steering.refusal(problem))
        return
    except Full:
        await _answer(send, in_problem(full()))
        return
    known_to_the_server(scope)["streams"] = True
    gone = create_task(departure(receive))
    try:
        await _streamed(missed, reader, came, gone, query["limit"], send)
    except TimeoutError:
        await _abort(scope, gone)
    finally:
        steering.leave(slot, reader)
        gone.cancel()


def _waker(loop: AbstractEventLoop, came: Signal) -> Callable[[], None]:
    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(came.set)

    return wake


async def _streamed(
    missed: list[bytes], reader: Reader, came: Signal, gone: Task[None], limit: int | None, send: Send
) -> None:
    await wait_for(send(_HEAD), STALLED)
    left = limit
    batch = missed if left is None else missed[:left]
    while True:
        left = left if left is None or batch == SIGN_OF_LIFE else left - len(batch)
        ended = left == 0 or reader.ended or gone.done()
        if batch or ended:
            message = {"type": "http.response.body", "body": b"".join(batch), "more_body": not ended}
            await wait_for(send(message), STALLED)
        if ended:
            return
        batch = _read(reader, came, left)
        if not batch:
            batch = await _next(reader, came, gone, left)


def _read(reader: Reader, came: Signal, left: int | None) -> list[bytes]:
    """Return what waits to be read, up to so many."""
    came.clear()
    batch: list[bytes] = []
    while (left is None or len(batch) < left) and (happening := reader.read()) is not None:
        batch.append(event_of(happening))
    return batch


async def _next(reader: Reader, came: Signal, gone: Task[None], left: int | None) -> list[bytes]:
    """Wait until something happens; a sign of life goes out when nothing does for long."""
    if reader.ended:
        return []
    waiting = create_task(came.wait())
    done, _ = await wait({waiting, gone}, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
    waiting.cancel()
    return _read(reader, came, left) if done else SIGN_OF_LIFE


async def _answer(send: Send, answer: Response) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": as_bytes(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body})


async def _abort(scope: Scope, gone: Task[None]) -> None:
    """Hang up on the client, and wait until the server has noticed."""
    transport = known_to_the_server(scope).get("transport")
    if transport is not None:
        transport.abort()
        await gone
