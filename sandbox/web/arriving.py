"""A request while it arrives: its head is complete, and its body may still be coming."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core.intake import BODY_LIMIT
from sandbox.core.message import Headers, Request
from sandbox.web.shelf import Shelf


@dataclass(slots=True)
class Arriving:
    """An API request of which the head is complete; its body is kept up to the limit."""

    shelf: Shelf
    method: str
    path: str
    query: str
    headers: Headers
    parts: list[bytes]
    size: int = 0
    keep_alive: bool = True

    def add(self, body: bytes) -> None:
        """Take in a piece of the body."""
        if self.size <= BODY_LIMIT:
            self.parts.append(body)
        self.size += len(body)

    def whole(self, peer: str, scheme: str) -> Request:
        """Return the request, now that it is complete."""
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        return Request(
            self.method, self.path, self.query, self.headers, body[:BODY_LIMIT], peer, scheme,
            oversized=self.size > BODY_LIMIT,
        )  # fmt: skip
