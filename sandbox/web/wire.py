"""HTTP on the socket: API operations are answered where they are parsed; everything else goes on to the ASGI app.

The answer to an API operation takes fewer microseconds than an ASGI cycle around it would, so it is computed and
written as soon as its request is complete. One that comes late or breaks is *owed*: it becomes a cycle of its own, with
a timer and no thread. Order on a connection is kept: while an answer is under way, what is pipelined behind it queues
there. The head of a request and the patience for a silent connection are bounded.
"""

from __future__ import annotations

from asyncio import Event, TimerHandle, Transport
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sandbox.core.message import Response, as_text, target_parts
from sandbox.web.arriving import Arriving
from sandbox.web.delay import TRANSPORT
from sandbox.web.delivery import deliver
from sandbox.web.shelf import Acquaintance
from sandbox.web.store import Store
from sandbox.web.writing import on_the_wire

HEAD_LIMIT = 1 << 20
PATIENCE = 75.0
"""Seconds after which a connection on which nothing moves is closed."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
IN_LINE = 16
"""Requests that may queue behind an owed answer before no more is read, and so the client's end not noticed either."""


class Wire(HttpToolsProtocol):
    """Uvicorn's protocol with a short way for API operations; `store` is set by the subclass that a server makes."""

    store: Store

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self._complete: deque[Arriving] = deque()
        self._cycles: deque[Any] = deque()
        self._arriving: Arriving | None = None
        self._owing = False
        self._head = 0
        self._unheard = False
        self._raw_fields: list[tuple[bytes, bytes]] = []
        self._text_fields: tuple[tuple[str, str], ...] = ()
        self._known = Acquaintance()
        self._peer = self.client[0] if self.client else "local"
        self._moved = self.loop.time()
        self._watch: TimerHandle = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._watch.cancel()
        for cycle in self._cycles:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Let the answer to a whole request be finished for a client that says no more; then the connection closes."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body or self._streams():
            return False
        self._close_behind_the_last()
        return True

    def _close_behind_the_last(self) -> None:
        """Let the connection close when everything in line is answered."""
        behind = not self._owing or self.cycle is not self._cycles[0]
        last: Any = self.cycle if behind or not self._complete else self._complete[-1]
        last.keep_alive = False

    def shutdown(self) -> None:
        """End a stream at once, for it would never end by itself; let any other answer be finished, and not wait."""
        if self._streams():
            self.transport.close()
        hurry = self._told().get("hurry")
        if hurry is not None and not hurry.done():
            hurry.set_result(None)
        for cycle in self._cycles:
            cycle.keep_alive = False
        super().shutdown()

    def _streams(self) -> bool:
        """Tell whether the answer under way is a stream of events."""
        return bool(self._told().get("streams"))

    def _told(self) -> Mapping[str, Any]:
        """Return what the app says of the answer under way; others may be in line behind it."""
        while self._cycles and self._cycles[0].response_complete:
            self._cycles.popleft()
        told: Mapping[str, Any] = self._cycles[0].scope["extensions"][TRANSPORT] if self._cycles else {}
        return told

    def data_received(self, data: bytes) -> None:
        """Parse what came and answer every API request that is complete with it."""
        self._moved = self.loop.time()
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        while rest:
            rest = self._parsed(rest)
        self._answer_while_read()

    def _parsed(self, data: memoryview) -> memoryview:
        """Parse up to the next head that asks to upgrade, and return what is behind it."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as pause:
            self._stay()
            return data[pause.args[0] :]
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        return data[len(data) :]

    def _stay(self) -> None:
        """Go on in HTTP/1.1 after a request that asked to upgrade (RFC 9110, section 7.8).

        The parser stops behind such a head as if the body were of another protocol. A fresh one takes the body; the
        head that it needs to frame it goes unheard.
        """
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = [name + b": " + value + b"\r\n" for name, value in self.headers if name in _FRAMING]
        self._unheard = True
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        self._unheard = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, after the answers to what came before it; then the connection closes."""
        self._answer_complete()
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            self._close_behind_the_last()
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def _answer_complete(self) -> None:
        while self._complete and not self._owing and not self.transport.is_closing():
            self._answer(self._complete.popleft())

    def _answer_while_read(self) -> None:
        """Answer as long as the client takes the answers off the wire."""
        while not self.flow.write_paused and self._complete and not self._owing and not self.transport.is_closing():
            self._answer(self._complete.popleft())

    def on_response_complete(self) -> None:
        """Answer what came behind this answer: first what is whole already, then what is in the pipeline."""
        self._owing, self._moved = False, self.loop.time()
        if self.pipeline:
            self._answer_complete()
        else:
            self._answer_while_read()
        if not self._owing and not self._complete:
            super().on_response_complete()

    def pause_writing(self) -> None:
        """Read no more from a client that does not read."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """Answer what is left, and read on."""
        super().resume_writing()
        self._answer_while_read()
        if not self.flow.write_paused:
            self.flow.resume_reading()

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._unheard:
            return
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._arriving = None
        self._head = 0

    def on_url(self, url: bytes) -> None:
        """Add to the request's URL."""
        if self._unheard:
            return
        self._weigh(len(url))
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field to the request."""
        if self._unheard:
            return
        self._weigh(len(name) + len(value))
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Choose the way of the request."""
        if self._unheard:
            return
        if self.expect_100_continue:
            self._answer_complete()
        busy = self.cycle is not None and not self.cycle.response_complete
        path, query = target_parts(self.url.decode("latin-1"))
        shelf = None if busy else self.store.shelf_for(path)
        if shelf is None:
            self._to_asgi(path, query)
            return
        method = self.parser.get_method().decode("latin-1")
        self._arriving = Arriving(shelf, method, path, query, self._fields(), [])
        if self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _fields(self) -> tuple[tuple[str, str], ...]:
        """Return the header fields as text; a client repeats most of them on every request of a connection."""
        raw = self.headers
        if raw != self._raw_fields:
            self._raw_fields = raw
            self._text_fields = as_text(raw)
        return self._text_fields

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, up to the limit."""
        arriving = self._arriving
        if arriving is None:
            super().on_body(body)
            return
        arriving.add(body)

    def on_message_complete(self) -> None:
        """Put the request in line to be answered; the body of one that asked to upgrade is still to come."""
        if self.parser.should_upgrade():
            return
        arriving = self._arriving
        if arriving is None:
            super().on_message_complete()
            return
        arriving.keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        self._complete.append(arriving)

    def _to_asgi(self, path: str, query: str) -> None:
        self._answer_complete()
        headers, expects = self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers[:], self.expect_100_continue = b"/", headers, expects
        extensions: dict[str, Any] = {TRANSPORT: {"transport": self.transport}}
        self.scope["extensions"] = extensions
        super().on_headers_complete()
        if self._owing and len(self.pipeline) < IN_LINE and not self.flow.write_paused:
            self.flow.resume_reading()
        self._told()
        self._cycles.append(self.cycle)
        # The target goes on as it was written: a parser of URLs refuses `*`, drops fragments and stops at 64 KiB.
        self.scope["raw_path"], self.scope["query_string"] = path.encode("latin-1"), query.encode("latin-1")
        self.scope["path"] = unquote(path)

    def _weigh(self, size: int) -> None:
        self._head += size
        if self._head > HEAD_LIMIT:
            raise ValueError("the head of the request is too large")

    def _answer(self, arrived: Arriving) -> None:
        request = arrived.whole(self._peer, self.scheme or "http")
        answer = self.store.answer(arrived.shelf, request, self._known)
        if answer.effects:
            self._owe(answer, partial(self.store.answer, arrived.shelf, request, held=True), arrived)
            return
        self.transport.write(on_the_wire(answer, keep_alive=arrived.keep_alive))
        self.server_state.total_requests += 1
        if not arrived.keep_alive:
            self.transport.close()

    def _owe(self, answer: Response, ask: Callable[[], Response], arrived: Arriving) -> None:
        """Let an answer that comes late or breaks take its time; nothing behind it is answered before."""
        told = {TRANSPORT: {"transport": self.transport}}
        scope: Any = {"type": "http", "method": arrived.method, "extensions": told}
        cycle = RequestResponseCycle(
            scope, self.transport, self.flow, self.logger, self.access_logger, False,
            self.server_state.default_headers, Event(), False, arrived.keep_alive, self.on_response_complete,
        )  # fmt: skip
        cycle.more_body = False
        if self.cycle is None or self.cycle.response_complete:
            self.cycle = cycle
        self._told()
        self._cycles.appendleft(cycle)
        self._owing = True
        self._start_asgi_task(cycle, partial(deliver, answer, ask))

    def _look(self) -> None:
        """Close the connection if nothing has moved for as long as patience lasts, else look again later."""
        idle = self.loop.time() - self._moved
        if idle >= PATIENCE and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()
            return
        self._watch = self.loop.call_later(max(1.0, PATIENCE - idle), self._look)


def protocol_of(store: Store) -> type[Wire]:
    """Return the protocol that answers from this store."""
    return type("StoreWire", (Wire,), {"store": store})
