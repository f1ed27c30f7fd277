"""The two doors at which the judge knocks: in process over WSGI, and a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import schemathesis

from sandbox.web.app import flask_app
from sandbox.web.server import listen, make_server, url_of
from tests.contracts.judge import Judge, configuration, new_store
from tests.contracts.subjects import Subject

Wsgi = Callable[..., Any]


def over_wsgi(
    subject: Subject, fixture: str, examples: int, wrapped: Callable[[Wsgi], Wsgi] = lambda app: app
) -> Judge:
    """Return a judge of a fresh Flask app in this process; `wrapped` may put something between the two.

    Nothing waits: an answer that is late is late for nobody.
    """
    store = new_store(subject, fixture)
    config = configuration(subject, examples)
    app = wrapped(flask_app(store, pause=lambda _seconds: None))
    return Judge(subject, schemathesis.openapi.from_wsgi(subject.path, app, config=config), store)


@contextmanager
def over_a_socket(subject: Subject, fixture: str, examples: int) -> Iterator[Judge]:
    """Yield a judge of a fresh server on a free port; it runs in a thread, so that its journal can be read."""
    store = new_store(subject, fixture)
    bound, ready = listen("127.0.0.1", 0), Event()
    server = make_server(store, ready.set)
    thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="sandbox")
    thread.start()
    try:
        if not ready.wait(10):
            raise TimeoutError("the server did not start within ten seconds")
        config = configuration(subject, examples)
        yield Judge(subject, schemathesis.openapi.from_url(url_of(bound) + subject.path, config=config), store)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
