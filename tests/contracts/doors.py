"""The two doors at which the judge knocks: in process over WSGI, and a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import schemathesis

from sandbox.check.doors import Wsgi, new_store, over_wsgi
from sandbox.check.judge import Judge, configuration
from sandbox.check.subject import Subject, shelf_of
from sandbox.check.witness import beside
from sandbox.core.timeline import Timeline
from sandbox.web.server import listen, make_server, url_of

__all__ = ["Wsgi", "over_a_socket", "over_wsgi", "worlds"]
Wrapped = Callable[[Wsgi], Wsgi]


def worlds(judge: Judge) -> dict[str, Timeline]:
    """Return the timeline of every world that a key of the judge has opened."""
    return {name: slot.timeline for name, slot in shelf_of(judge.store).slots.items() if name.startswith("own/")}


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
        schema = schemathesis.openapi.from_url(url_of(bound) + subject.path, config=config)
        yield Judge(subject, schema, subject.contract(store), beside(subject, store), store)
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
