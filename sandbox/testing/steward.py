"""The control plane as tests use it: calls in Python, answers as values, refusals as errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.core.message import Request
from sandbox.web.store import Store

PREFIX = "/__admin"

Send = Callable[[str, str, bytes | None], tuple[int, bytes]]
"""Sends method, target below `/__admin` and body for one world's key, and returns status and body."""


class ControlError(Exception):
    """The control plane refuses: `status`, `cause` (a stable word), and the whole `problem`."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", problem)))
        self.status = status
        self.cause = str(problem.get("cause", ""))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Steward:
    """Steers one world."""

    send: Send

    def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of a control answer; ControlError says why it is a refusal."""
        status, content = self.send(method, target, None if body is None else orjson.dumps(body))
        told = orjson.loads(content)
        if status >= 400:
            raise ControlError(status, told)
        return told


def inside(store: Store, key: str) -> Send:
    """Return what steers the world of this key in a store of this process; it is loaded by the first who does."""
    fields = (("authorization", f"Bearer {key}"), ("content-type", "application/json"))

    def send(method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        from sandbox.web.plane import Steering

        path, _, query = target.partition("?")
        answer = Steering(store).answer(Request(method, PREFIX + path, query, fields, body or b""))
        return answer.status, answer.body

    return send


def outside(client: Any) -> Send:
    """Return what steers the world of an httpx client's key at the server that it asks."""

    def send(method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = client.request(method, PREFIX + target, content=body, headers=headers)
        return answer.status_code, answer.content

    return send
