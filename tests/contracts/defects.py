"""Broken copies of the app: each does one thing wrong, between the app and whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from tests.contracts.doors import Wsgi

Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on its way out."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def without(self, name: str) -> Answer:
        """Return the answer less one header."""
        return Answer(self.status, tuple(each for each in self.headers if each[0] != name), self.body)

    def having(self, status: str, body: Any = None) -> Answer:
        """Return the answer with another status and, if one is given, another body."""
        raw = self.body if body is None else json.dumps(body).encode()
        headers = (*self.without("Content-Length").headers, ("Content-Length", str(len(raw))))
        return Answer(status, headers, raw)


Outward = Callable[[Environ, Answer], Answer]


def outward(change: Outward, below: str = "/v1/") -> Callable[[Wsgi], Wsgi]:
    """Return a wrapper of a WSGI app that changes its answers below a path, but for the contract itself."""

    def wrapped(app: Wsgi) -> Wsgi:
        def broken(environ: Environ, start: Any) -> list[bytes]:
            begun: list[Any] = []
            body = b"".join(app(environ, lambda status, headers, _exc=None: begun.extend((status, headers))))
            answer = Answer(begun[0], tuple(begun[1]), body)
            if environ["PATH_INFO"].startswith(below) and not environ["PATH_INFO"].endswith("/openapi.json"):
                answer = change(environ, answer)
            start(answer.status, list(answer.headers))
            return [answer.body]

        return broken

    return wrapped


def inward(change: Callable[[Environ], Environ]) -> Callable[[Wsgi], Wsgi]:
    """Return a wrapper of a WSGI app that changes what it is asked."""
    return lambda app: lambda environ, start: app(change(environ), start)


def hides_what_is_left(_environ: Environ, answer: Answer) -> Answer:
    """Forget a header that the contract requires."""
    return answer.without("X-RateLimit-Remaining")


def hides_the_methods(_environ: Environ, answer: Answer) -> Answer:
    """Forget what a 405 has to say."""
    return answer.without("Allow")


def uses_an_undeclared_status(_environ: Environ, answer: Answer) -> Answer:
    """Answer 203 where the contract says 200."""
    return answer.having("203 Non-Authoritative Information") if answer.status.startswith("200") else answer


def fails(_environ: Environ, answer: Answer) -> Answer:
    """Answer 500, as the contract allows, to every POST that worked."""
    error = {"code": "internal_error", "message": "It broke.", "request_id": "req_00000000"}
    return answer.having("500 Internal Server Error", {"error": error}) if answer.status.startswith("201") else answer


def leaks_a_field(_environ: Environ, answer: Answer) -> Answer:
    """Let a field out that the contract does not know."""
    return answer.having(answer.status, {**json.loads(answer.body), "trace": "step()"}) if answer.body else answer


def answers_in_html(_environ: Environ, answer: Answer) -> Answer:
    """Call JSON something else."""
    headers = (*answer.without("Content-Type").headers, ("Content-Type", "text/html"))
    return Answer(answer.status, headers, answer.body)


def refuses_good_data(_environ: Environ, answer: Answer) -> Answer:
    """Refuse what was taken, for a cause that is listed nowhere."""
    error = {"code": "unprocessable", "message": "I do not like it.", "request_id": "req_00000000"}
    return answer.having("422 Unprocessable Entity", {"error": error}) if answer.status.startswith("201") else answer


def forgets_new_systems(environ: Environ, answer: Answer) -> Answer:
    """Lose every system but the fixture's."""
    if "/systems/" not in environ["PATH_INFO"] or "sys_abc123" in environ["PATH_INFO"]:
        return answer
    error = {"code": "not_found", "message": "It is gone.", "request_id": "req_00000000"}
    return answer.having("404 Not Found", {"error": error})


def is_always_busy(environ: Environ, answer: Answer) -> Answer:
    """Answer 429 to every write, in the exact shape of the contract: no check objects to it."""
    if environ["REQUEST_METHOD"] != "POST" or not answer.status.startswith("2"):
        return answer
    error = {"code": "rate_limit_exceeded", "message": "Wait a second.", "request_id": "req_00000000"}
    busy = answer.without("X-RateLimit-Remaining").having("429 Too Many Requests", {"error": error})
    return Answer(busy.status, (*busy.headers, ("X-RateLimit-Remaining", "0"), ("Retry-After", "1")), busy.body)


def lets_everybody_in(environ: Environ) -> Environ:
    """Take any credential, or none, for a good one."""
    if "ak_test_" in environ.get("HTTP_AUTHORIZATION", ""):
        return environ
    return {**environ, "HTTP_AUTHORIZATION": "Bearer ak_test_enterprise_anybody"}


def takes_any_query(environ: Environ) -> Environ:
    """Look at no query parameter."""
    return {**environ, "QUERY_STRING": ""}


def takes_any_body(environ: Environ) -> Environ:
    """Look at no request body."""
    body = json.dumps({"name": "Any", "description": "Any", "purpose": "Any", "domain": "Any"}).encode()
    if environ["REQUEST_METHOD"] != "POST":
        return environ
    replaced = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    return {**environ, **replaced}
