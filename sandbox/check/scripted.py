"""A subject in whose worlds a scenario plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.check.subject import Subject, asked, shelf_of
from sandbox.web.plane import PREFIX, Steering
from sandbox.web.store import Store

SPANS = ("0s", "90s", "9m", "11m", "1d", "2d12h", "4d", "10d")
"""How far into a scenario a world may be."""
CALLS = 13
"""How many requests a world may have seen before, so that rules which count calls are at any of their turns."""


def under(subject: Subject, wish: Mapping[str, Any], point: int | None = None) -> Subject:
    """Return the API in worlds in which this scenario plays: all at this point of it, or each at one of its own.

    The wish is what the control plane is asked for: `{"name": …}` or `{"scenario": {…}}`. ValueError says why a world
    refuses it.
    """

    def furnish(store: Store, key: str, number: int) -> None:
        subject.furnish(store, key, number)
        _begun(store, subject, key, wish, number if point is None else point)

    return replace(subject, name=f"{subject.name}, {_name(wish)}", furnish=furnish, scripted=True)


def _name(wish: Mapping[str, Any]) -> str:
    return str(wish["name"] if "name" in wish else wish["scenario"]["scenario"])


def _begun(store: Store, subject: Subject, key: str, wish: Mapping[str, Any], number: int) -> None:
    steering = Steering(store)
    for _ in range(number % 2):
        store.answer(shelf_of(store), asked(key, *subject.write))
    for path, method, body in (
        ("/scenarios/active", "PUT", wish),
        ("/clock/advance", "POST", {"by": SPANS[number % len(SPANS)]}),
    ):
        answer = steering.answer(asked(key, method, PREFIX + path, body))
        if answer.status != 200:
            raise ValueError(answer.body.decode())
    for count in range(number % CALLS):
        store.answer(shelf_of(store), asked(key, *subject.calls[count % len(subject.calls)]))
