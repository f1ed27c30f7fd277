"""An end for a client that has none of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count

Count = Callable[[], None]
"""Counts a request that is about to be sent; Endless if it is one too many."""


class Endless(BaseException):
    """The client sends more requests than its world lets it.

    It is no Exception, for a client that begins again after each of those would begin again after this one too.
    """


def uncounted() -> None:
    """Let any number of requests go."""


def counting(most: int) -> Count:
    """Return what lets so many requests go and raises Endless at the next; any number of them if `most` is 0."""
    if not most:
        return uncounted
    sent = count(1)

    def counted() -> None:
        if next(sent) > most:
            raise Endless(f"expected an end after at most {most} requests, got one more: the client goes on for ever")

    return counted


def failures() -> tuple[type[BaseException], ...]:
    """Return what a client or a test may fail with; what fails a test of pytest is no Exception, and counts as well."""
    pytest = sys.modules.get("pytest")
    return (Exception, SystemExit, Endless, *(() if pytest is None else (pytest.fail.Exception,)))
