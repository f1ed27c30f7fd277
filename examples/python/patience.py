"""How to ask a service that refuses, fails and breaks off: wait as told, pause longer each time, and end some day."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

TRIES = 6
LONGEST_WAIT = 600
"""Seconds; a service that asks for more is given up rather than waited for."""


class Refused(Exception):
    """The service understood and said no: `status`, and `code` in its own words."""

    def __init__(self, answer: httpx.Response) -> None:
        error = answer.json()["error"]
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {error['message']}")
        self.status = answer.status_code
        self.code: str = error["code"]


class GaveUp(Exception):
    """There was no answer, however often it was asked."""


class Unclear(Exception):
    """A write got no usable answer: it may have happened or not."""


class Patient:
    """Asks with an httpx client whose base is the service's origin and whose headers bear the key.

    `chance` gives numbers from 0 to 1, which keep many clients from coming back at the same moment.
    """

    def __init__(self, client: httpx.Client, chance: Callable[[], float] = random.random) -> None:
        self.client = client
        self.chance = chance

    def read(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of a GET, asked again until there is one; Refused or GaveUp if there is none."""
        for attempt in range(TRIES):
            answer = self._answer("GET", path, params=params)
            if answer is not None and answer.status_code != 429 and answer.status_code < 500:
                return _accepted(answer)
            self.pause(attempt, answer)
        raise GaveUp(f"GET {path}: no answer in {TRIES} tries")

    def write(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON of a POST; Unclear if nobody knows what became of it, which only the caller can find out.

        A 429 is repeated when its time is over: whatever was refused so has not happened.
        """
        for attempt in range(TRIES):
            answer = self._answer("POST", path, json=body)
            if answer is None or answer.status_code >= 500:
                raise Unclear(f"POST {path}: {'broken off' if answer is None else answer.status_code}")
            if answer.status_code != 429:
                return _accepted(answer)
            self.pause(attempt, answer)
        raise GaveUp(f"POST {path}: refused {TRIES} times for its quota")

    def pause(self, attempt: int, answer: httpx.Response | None = None) -> None:
        """Wait as long as the answer says, else twice as long as the last time; GaveUp if that is too long."""
        told = None if answer is None else answer.headers.get("Retry-After")
        seconds = 2**attempt * (1 + self.chance() / 2)
        if answer is not None and told is not None:
            seconds = max(seconds, _seconds(told, answer.headers))
        if seconds > LONGEST_WAIT:
            raise GaveUp(f"asked to wait for {seconds:.0f} seconds")
        time.sleep(seconds)

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        try:
            return self.client.request(method, path, **more)
        except httpx.TransportError:
            return None


def _accepted(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json()
    raise Refused(answer)


def _seconds(told: str, headers: httpx.Headers) -> float:
    """Return the seconds of a `Retry-After`, which may be a number or a date by the service's own clock."""
    if told.isdigit():
        return int(told)
    return (parsedate_to_datetime(told) - parsedate_to_datetime(headers["Date"])).total_seconds()
