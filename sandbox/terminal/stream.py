"""The events of a world as they come: one stream after another, each going on where the one before broke off."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sandbox.terminal.client import NoAnswer, Server, as_object, opened

PAUSE = 0.3
"""Seconds between two streams."""
ATTEMPTS = 100
"""How often in a row nothing may answer, once something has."""
SILENCE = 60.0
"""Seconds without a byte after which a stream counts as broken off."""


class Event(NamedTuple):
    """One event: where a later stream goes on, or "", what kind it is, or "", and what it says, or ""."""

    ident: str
    kind: str
    data: str


def entries(server: Server, ready: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Yield each request of the world from now on, for ever; NoAnswer if the sandbox is not there or stays away.

    `ready` is called once, when no later request can be missed.
    """
    last, attempts = "", 0
    while True:
        try:
            with _stream(server, last) as response:
                if attempts == 0:
                    ready()
                attempts = ATTEMPTS
                for event in events(response):
                    last = event.ident or last
                    if event.kind == "request":
                        yield as_object(server, event.data)
        except NoAnswer:
            if attempts == 0:
                raise
            attempts -= 1
        time.sleep(PAUSE)


def _stream(server: Server, last: str) -> AbstractContextManager[http.client.HTTPResponse]:
    since = {"Last-Event-ID": last} if last else {}
    return opened(server, "GET", "/events", headers={"Accept": "text/event-stream", **since}, patience=SILENCE)


def events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """Yield the events of one stream until it ends or breaks off; a half of one is none."""
    ident, kind, data = "", "", []
    for line in _lines(response):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            ident = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif not line:
            yield Event(ident, kind, "\n".join(data))
            ident, kind, data = "", "", []


def _lines(response: http.client.HTTPResponse) -> Iterator[str]:
    try:
        while (line := response.readline()).endswith(b"\n"):
            yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return  # the next stream goes on where this one broke off
