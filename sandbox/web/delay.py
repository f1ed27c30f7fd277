"""What a door owes before an answer goes out."""

from __future__ import annotations

from asyncio import FIRST_COMPLETED, create_task, get_running_loop, sleep, wait
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.core.message import Response, Wait

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
TRANSPORT = "sandbox.transport"


def owed(answer: Response) -> float:
    """Return the seconds for which the answer has to be held back."""
    return sum(each.span for each in answer.effects if isinstance(each, Wait)) / 1_000_000


async def held_back(seconds: float, scope: Scope, receive: Receive) -> bool:
    """Let the time pass, and tell whether somebody is still there; it is cut short where the server shuts down."""
    hurry = get_running_loop().create_future()
    known_to_the_server(scope)["hurry"] = hurry
    gone = create_task(departure(receive))
    try:
        await wait({gone, hurry}, timeout=seconds, return_when=FIRST_COMPLETED)
        return not gone.done()
    finally:
        gone.cancel()
        hurry.cancel()


async def departure(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        await sleep(0)


def known_to_the_server(scope: Scope) -> dict[str, Any]:
    """Return what app and server tell each other about a request."""
    told: dict[str, Any] = scope.setdefault("extensions", {}).setdefault(TRANSPORT, {})
    return told
