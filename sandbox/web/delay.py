"""What a door owes before an answer goes out: time, as a timer and no thread, and no longer than somebody is there."""

from __future__ import annotations

from asyncio import FIRST_COMPLETED, create_task, get_running_loop, sleep, wait
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.core.message import Hold, Response, Wait

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
TRANSPORT = "sandbox.transport"


def owed(answer: Response) -> float:
    """Return the seconds for which the answer has to be held back."""
    return sum(each.span for each in answer.effects if isinstance(each, Wait)) / 1_000_000


def held(answer: Response) -> float:
    """Return the seconds after which the request has to be asked again, for nothing was done yet; 0 if it was."""
    return sum(each.span for each in answer.effects if isinstance(each, Hold)) / 1_000_000


class Watch:
    """Looks, while time passes, whether the client leaves or the server shuts down; `end` it in the end."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._hurry = known_to_the_server(scope)["hurry"] = get_running_loop().create_future()
        self._gone = create_task(departure(receive))

    async def passes(self, seconds: float) -> bool:
        """Let the time pass, and tell whether somebody is still there; it is cut short where the server shuts down."""
        if seconds:
            await wait({self._gone, self._hurry}, timeout=seconds, return_when=FIRST_COMPLETED)
        return not self._gone.done()

    async def leaves(self, seconds: float) -> bool:
        """Tell whether the client has left after so many seconds at most, even where the server shuts down."""
        await wait({self._gone}, timeout=seconds)
        return self._gone.done()

    async def outlasts(self, seconds: float) -> None:
        """Let the time pass even if nobody is there any more; it is cut short where the server shuts down."""
        await wait({self._hurry}, timeout=seconds)

    def end(self) -> None:
        """Look no more."""
        self._gone.cancel()
        self._hurry.cancel()


async def departure(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        await sleep(0)


def known_to_the_server(scope: Scope) -> dict[str, Any]:
    """Return what app and server tell each other about a request."""
    told: dict[str, Any] = scope.setdefault("extensions", {}).setdefault(TRANSPORT, {})
    return told
