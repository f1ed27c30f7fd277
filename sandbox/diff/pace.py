"""Sends requests to the upstream as its quota allows, and nothing but reads unless writes are allowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

TRIES = 4
"""How often a request is sent that is refused for the quota."""
LONGEST = 300.0
"""Seconds that are waited at most at once."""
_REFUSED = 429


class NotAllowed(Exception):
    """A write that was not allowed: nothing was sent."""


class Pace:
    """Sends requests one by one, waits where the upstream's quota asks for it, and counts.

    `waited` is in seconds, `sent` counts by method, `heard` the answers and `refused` those that stayed a 429.
    `sleep` lets seconds pass.
    """

    def __init__(self, client: httpx.Client, *, writes: bool, sleep: Callable[[float], None]) -> None:
        self._client, self._writes, self._sleep = client, writes, sleep
        self._owed = 0.0
        self.waited = 0.0
        self.refused = self.heard = 0
        self.sent: Counter[str] = Counter()

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the upstream's answer, redirects not followed; httpx.RequestError if there is none."""
        if request.method != "GET" and not self._writes:
            raise NotAllowed(f"{request.method} is a write, and writes are not allowed")
        answer = self._once(request)
        for _ in range(TRIES - 1):
            if answer.status_code != _REFUSED:
                break
            answer = self._once(request)
        self.heard += 1
        self.refused += answer.status_code == _REFUSED
        return answer

    def _once(self, request: httpx.Request) -> httpx.Response:
        if self._owed:
            self._sleep(self._owed)
            self.waited += self._owed
            self._owed = 0.0
        self.sent[request.method] += 1
        answer = self._client.send(request, follow_redirects=False)
        self._owed = owed(answer)
        return answer


def owed(answer: httpx.Response) -> float:
    """Return the seconds after which the next request may be sent, as this answer tells."""
    if answer.status_code == _REFUSED:
        return min(LONGEST, max(1.0, _number(answer.headers.get("retry-after")) or 1.0))
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    reset, now = _number(answer.headers.get("x-ratelimit-reset")), _date(answer.headers.get("date"))
    return 0.0 if reset is None or now is None else min(LONGEST, max(0.0, reset - now))


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdigit() else None


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except ValueError:
        return None
