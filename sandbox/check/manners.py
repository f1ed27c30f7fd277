"""How a guest behaves at a service with a quota: it counts, it reads what it is told, and it waits.

`X-RateLimit-Limit` is a number of requests a minute, for those of one rate class; `X-RateLimit-Remaining` how many are
left. At 0 the guest waits until its oldest request is a minute old. After a 429 it waits as long as `Retry-After` says
and asks again, so that what is judged is the answer and not the quota. Clock and wait are arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from sandbox.check.relay import SAFE, body_of
from sandbox.core.contract import Contract

WINDOW = 60.0
MOST_RETRIES = 3
"""How often the same request is sent again after a 429; what is refused for ever is an answer like any other."""
LONGEST = 120.0
"""Seconds beyond which a `Retry-After` is not waited for."""
_SPARE = 0.05
"""Seconds on top, since a clock that is read twice has moved on."""


@dataclass(slots=True)
class Tally:
    """What is known of one rate class: when requests were sent, and how many the service says are left."""

    sent: deque[float] = field(default_factory=deque)
    left: int | None = None
    limit: int | None = None


@dataclass(slots=True)
class Guest:
    """A WSGI app that asks another one with manners, and knows how long it has waited."""

    app: Callable[..., Iterable[bytes]]
    contract: Contract
    key: str = field(repr=False)
    now: Callable[[], float]
    wait: Callable[[float], None]
    waited: float = 0.0
    refused: int = 0
    tallies: dict[tuple[str, bool], Tally] = field(default_factory=dict)
    """By rate class, and whether it was the key that asked: who asks without it is counted apart."""

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Wait if need be, ask, and ask again after a 429."""
        asks = self.key in environ.get("HTTP_AUTHORIZATION", "")
        tally = self.tallies.setdefault((self._class_of(environ), asks), Tally())
        body = body_of(environ)
        for attempt in range(MOST_RETRIES + 1):
            self._pause(due(tally, self.now()))
            status, headers, content = self._asked(environ, body)
            noted(tally, self.now(), headers)
            if status[:3] != "429":
                break
            self.refused += 1
            span = retry_after(headers)
            if attempt == MOST_RETRIES or span is None or span > LONGEST:
                break
            self._pause(span + _SPARE)
        start(status, headers)
        return [content]

    def _class_of(self, environ: Mapping[str, Any]) -> str:
        """Return the rate class that a request counts for; what leads nowhere is counted by its method."""
        method = environ["REQUEST_METHOD"]
        operation = self.contract.route(method, environ["PATH_INFO"]).operation
        if operation is not None:
            return operation.rate_class
        alike = (each for each in self.contract.operations.values() if (each.method in SAFE) == (method in SAFE))
        return next((each.rate_class for each in alike), "")

    def _asked(self, environ: Mapping[str, Any], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        begun: list[Any] = []
        again = {**environ, "wsgi.input": BytesIO(body)}
        chunks = self.app(again, lambda status, headers, _exc=None: begun.extend((status, headers)))
        content = b"".join(chunks)
        return begun[0], begun[1], content

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self.waited += seconds
            self.wait(seconds)


def due(tally: Tally, now: float) -> float:
    """Return how many seconds from now the next request of this class may be sent."""
    while tally.sent and tally.sent[0] <= now - WINDOW:
        tally.sent.popleft()
    if tally.left is None or tally.left > 0:
        return 0.0
    if tally.sent:
        return tally.sent[0] + WINDOW - now + _SPARE
    return WINDOW / tally.limit + _SPARE if tally.limit else 0.0


def noted(tally: Tally, now: float, headers: Iterable[tuple[str, str]]) -> None:
    """Keep what an answer says of the quota."""
    told = {name.lower(): value for name, value in headers}
    tally.sent.append(now)
    left, limit = (_number(told.get(f"x-ratelimit-{each}")) for each in ("remaining", "limit"))
    tally.left, tally.limit = left, limit if limit is not None else tally.limit


def retry_after(headers: Iterable[tuple[str, str]]) -> float | None:
    """Return the seconds that an answer says to wait, or None."""
    return next((_number(value) for name, value in headers if name.lower() == "retry-after"), None)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
