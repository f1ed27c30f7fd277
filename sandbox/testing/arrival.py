"""How an answer comes in at a door without a socket: late, in pieces or broken off, as it would on one.

What happens is told as steps that every door goes through in its own way: seconds to let pass, pieces of the body, and
`Lost` where a connection would break, which the door turns into the error of its client's library.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from sandbox.core.message import DRIBBLE, MALFORMED, RANDOM, RESET, SILENCE, TRUNCATED, Response
from sandbox.web.breaking import hangup_of, kept_of, pieces_of, shown_as, spoilt
from sandbox.web.delay import held, owed

Told = TypeVar("Told")
Ask = Callable[..., Response]
"""Asks the sandbox; once more with `held=True`, for a request that was held."""

TIMED_OUT = "timed out"
DROPPED = "dropped"
GARBLED = "garbled"
CUT = "cut"


class Lost(Exception):
    """An answer that does not come, or not whole: `how` it is lost, and in whose words."""

    def __init__(self, how: str, words: str) -> None:
        super().__init__(words)
        self.how = how


def arriving(ask: Ask, patience: float | None) -> Generator[float, None, Response]:
    """Yield the seconds that pass until the answer begins, and return it; Lost if it never does.

    A client that waits no longer than its patience leaves a held request behind, which is worked on then and there.
    """
    answer = ask()
    if held(answer):
        try:
            yield from _passing(held(answer), patience)
        finally:
            answer = ask(held=True)
    yield from _passing(owed(answer), patience)
    hangup = hangup_of(answer)
    kind = None if hangup is None else shown_as(answer, hangup)
    if kind is None or kind in (DRIBBLE, TRUNCATED):
        return answer
    if kind == MALFORMED:
        return spoilt(answer)
    if kind == RESET:
        raise Lost(DROPPED, "[Errno 104] Connection reset by peer")
    if kind == RANDOM:
        raise Lost(GARBLED, "illegal status line")
    if kind == SILENCE and patience is not None:
        yield from _passing(float("inf"), patience)
    raise Lost(GARBLED, "Server disconnected without sending a response.")


def body_of(answer: Response, patience: float | None) -> Iterator[float | bytes]:
    """Yield the pieces of the body of an answer that has begun, and the seconds that pass before each."""
    hangup = hangup_of(answer)
    kind = None if hangup is None else shown_as(answer, hangup)
    if hangup is None or kind not in (DRIBBLE, TRUNCATED, MALFORMED):
        yield answer.body
    elif kind == MALFORMED:
        raise Lost(CUT, "illegal chunk header")
    elif kind == TRUNCATED:
        kept, length = kept_of(answer, hangup), len(answer.body)
        yield kept
        told = f"received {len(kept)} bytes, expected {length}"
        raise Lost(CUT, f"peer closed connection without sending complete message body ({told})")
    else:
        pause, pieces = pieces_of(answer, hangup)
        for piece in pieces:
            yield from _passing(pause, patience)
            yield piece


def _passing(seconds: float, patience: float | None) -> Iterator[float]:
    """Yield what passes of these seconds, as long as the client's patience lasts."""
    if patience is not None and seconds > patience:
        yield patience
        raise Lost(TIMED_OUT, "timed out: the sandbox holds this answer back for longer")
    yield seconds


def waited(steps: Generator[float, None, Told]) -> Told:
    """Let the seconds of these steps pass, and return what they lead to."""
    try:
        while True:
            pause(next(steps))
    except StopIteration as end:
        told: Told = end.value
        return told


async def awaited(steps: Generator[float, None, Told]) -> Told:
    """Let the seconds of these steps pass without keeping a thread, and return what they lead to."""
    try:
        while True:
            await async_pause(next(steps))
    except StopIteration as end:
        told: Told = end.value
        return told
    finally:
        steps.close()


def pause(seconds: float) -> None:
    """Let the seconds pass; `time.sleep` is looked up each time, for a world's clock may stand in for it."""
    if seconds > 0:
        time.sleep(seconds)


async def async_pause(seconds: float) -> None:
    """Let the seconds pass for this task."""
    if seconds > 0:
        await asyncio.sleep(seconds)
