"""The way into a store without a socket: a request as a client's library has it, the store's own answer."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from sandbox.core.control import BODY_LIMIT as CONTROL_BODY_LIMIT
from sandbox.core.intake import BODY_LIMIT
from sandbox.core.message import Request, Response, as_text
from sandbox.web.pages import not_found
from sandbox.web.plane import PREFIX, Steering
from sandbox.web.store import Store


class Visit:
    """One request, which may be asked for twice if a fault holds it."""

    def __init__(
        self, store: Store, method: str, target: str, fields: Iterable[tuple[bytes, bytes]], body: bytes, scheme: str
    ) -> None:
        self._store = store
        path, _, query = target.partition("?")
        self._shelf = store.shelf_for(path)
        limit = CONTROL_BODY_LIMIT if self._shelf is None else BODY_LIMIT
        headers = as_text((name.lower(), value) for name, value in fields)
        self._asked = Request(
            method, path, query, headers, body[:limit], scheme=scheme, oversized=len(body) > limit
        )  # fmt: skip

    def ask(self, *, held: bool = False) -> Response:
        """Return the sandbox's answer; one to HEAD has no body."""
        answer = self._answer(held=held)
        return answer._replace(body=b"") if self._asked.method == "HEAD" else answer

    def _answer(self, *, held: bool) -> Response:
        if self._shelf is not None:
            return self._store.answer(self._shelf, self._asked, held=held)
        if f"{unquote(self._asked.path)}/".startswith(f"{PREFIX}/"):
            return Steering(self._store).answer(self._asked)
        status, kind, body = not_found(self._store)
        return Response(status, (("content-type", kind), ("content-length", str(len(body)))), body)
