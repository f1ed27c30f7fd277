"""The sandbox of a run, and the judge who asks it in process, over WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import schemathesis
from schemathesis.transport.wsgi import WSGITransport

from sandbox.app import create_store
from sandbox.check.judge import BIRTH, Judge, configuration
from sandbox.check.subject import TOKEN, Subject
from sandbox.check.witness import beside
from sandbox.settings import Settings
from sandbox.web.app import flask_app
from sandbox.web.store import Store

Wsgi = Callable[..., Any]
_SOCKET_OPTIONS = ("max_redirects", "verify", "cert")
_ROOM = 1 << 30


def ticking(tick: int) -> Callable[[], int]:
    """Return a wall clock that moves by a tick at each look: jobs get done and quotas refill."""
    ticks = count(BIRTH, tick)
    return lambda: next(ticks)


def new_store(subject: Subject, fixture: str) -> Store:
    """Return a store of the subject's API as `sandbox serve` makes it, on a clock of its own, with room for a run."""
    settings = Settings(apis=(subject.api,), fixture=fixture, admin_token=TOKEN, memory=_ROOM)
    return create_store(settings, ticking(subject.tick))


def over_wsgi(
    subject: Subject,
    fixture: str,
    examples: int,
    wrapped: Callable[[Wsgi], Wsgi] = lambda app: app,
    seed: int = 1,
) -> Judge:
    """Return a judge of a fresh Flask app in this process; `wrapped` may put something between the two.

    Nothing waits: an answer that is late is late for nobody.
    """
    store = new_store(subject, fixture)
    config = configuration(subject, examples, seed=seed)
    app = wrapped(flask_app(store, pause=lambda _seconds: None))
    schema = schemathesis.openapi.from_wsgi(subject.path, app, config=config)
    return Judge(subject, schema, subject.contract(store), beside(subject, store), store, seed=seed)


@contextmanager
def without_socket_options() -> Iterator[None]:
    """Keep options of sockets from werkzeug: Schemathesis 4.32 hands them over when a check asks again over WSGI."""
    send = WSGITransport.send

    def sent(self: Any, case: Any, **given: Any) -> Any:
        return send(self, case, **{name: each for name, each in given.items() if name not in _SOCKET_OPTIONS})

    WSGITransport.send = sent  # type: ignore[method-assign]
    try:
        yield
    finally:
        WSGITransport.send = send  # type: ignore[method-assign]
