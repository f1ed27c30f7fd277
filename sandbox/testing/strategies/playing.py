"""Plays a sequence of calls with any client against any server, and keeps what was asked and answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from sandbox.app import contract_of
from sandbox.testing.strategies.sequence import Call, Calls, Ref, filled

Send = Callable[[httpx.Request], httpx.Response]
Change = Callable[[Call, Any], Any]
"""Makes of a call and its body the body that is sent."""
ABSENT: Any = object()
"""Stands for JSON that an answer does not have, since null is JSON too."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call as it was played: what was sent, and the answer.

    `status` is None without an answer; then `trouble` says in a word what came instead, or that the call was not made
    because an earlier answer lacks what it refers to. `json` is ABSENT if the answer has none.
    """

    number: int
    call: Call
    method: str
    path: str
    sent: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = ABSENT
    text: str = ""
    trouble: str = ""

    @property
    def asked(self) -> bool:
        """Tell whether the call was made."""
        return self.trouble != UNRESOLVED


UNRESOLVED = "an earlier answer lacks what the call refers to"
TIMED_OUT, CLOSED, GARBLED = "no answer in time", "the connection was closed", "an answer that is not HTTP"


class _Unresolved(Exception):
    """An answer without what is referred to."""


def play(
    sequence: Calls, client: httpx.Client, *, send: Send | None = None, change: Change | None = None
) -> tuple[Step, ...]:
    """Return the steps of the sequence, played with this client, whose base URL is the server's origin.

    `send` sends a request in the client's place, without following redirects unless it does so itself. `change` makes
    the bodies that are sent. What httpx raises of a broken answer is told in the step.
    """
    steps: tuple[Step, ...] = ()
    for number, call in enumerate(sequence, 1):
        steps += (_played(number, call, sequence, client, steps, send or client.send, change),)
    return steps


def _played(
    number: int,
    call: Call,
    sequence: Calls,
    client: httpx.Client,
    before: tuple[Step, ...],
    send: Send,
    change: Change | None,
) -> Step:
    method, template = sequence.method(call), path_of(sequence.api, call.operation)
    try:
        path = template.format(**{name: _segment(resolved(each, before)) for name, each in call.path.items()})
        query = {name: _text(resolved(each, before)) for name, each in call.query.items()}
        body = resolved(call.body, before)
    except _Unresolved:
        return Step(number, call, method, template, trouble=UNRESOLVED)
    body = body if change is None or body is None else change(call, body)
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    request = client.build_request(method, path, params=query, content=content, headers=headers)
    shown = request.url.raw_path.decode("ascii")
    try:
        answer = send(request)
    except httpx.RequestError as error:
        return Step(number, call, method, shown, body, trouble=_trouble(error))
    return Step(number, call, method, shown, body, answer.status_code, dict(answer.headers), _json(answer), answer.text)


def path_of(api: str, operation: str) -> str:
    """Return the path of an operation under the server's origin, with its parameters in braces."""
    contract = contract_of(api)
    return contract.prefix + contract.operations[operation].path


def resolved(value: Any, before: tuple[Step, ...]) -> Any:
    """Return the value with every reference replaced by what the earlier answers have there."""
    return filled(value, lambda ref: _referred(ref, before))


def _referred(ref: Ref, before: tuple[Step, ...]) -> Any:
    found = before[ref.step - 1].json
    for name in ref.path:
        if isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, Mapping) and name in found:
            found = found[name]
        else:
            raise _Unresolved
    if found is None or found is ABSENT:
        raise _Unresolved
    return found


def _segment(value: Any) -> str:
    return quote(_text(value), safe="")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return ABSENT


def _trouble(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return TIMED_OUT
    return CLOSED if isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError)) else GARBLED
