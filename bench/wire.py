"""One keep-alive connection to a server on this machine: to poll, to check, to count."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection; every answer is read to its end, so the next request can follow."""

    connection: http.client.HTTPConnection

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        """The answer to a GET."""
        self.connection.request("GET", path, headers=dict(headers))
        return self._reply()

    def post(self, path: str, headers: Mapping[str, str], document: Mapping[str, Any]) -> Reply:
        """The answer to a POST of a JSON document."""
        typed = {**headers, "Content-Type": "application/json"}
        self.connection.request("POST", path, body=json.dumps(document), headers=typed)
        return self._reply()

    def delete(self, path: str) -> Reply:
        """The answer to a DELETE."""
        self.connection.request("DELETE", path)
        return self._reply()

    def _reply(self) -> Reply:
        response = self.connection.getresponse()
        return Reply(response.status, response.read())


@contextmanager
def connect(port: int, timeout: float = 30.0) -> Iterator[Wire]:
    """Opens a connection, and closes it at the end of the block."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        yield Wire(connection)
    finally:
        connection.close()
