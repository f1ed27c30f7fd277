"""What the store itself refuses: a world for which there is no room, a move that something else has overtaken."""

from __future__ import annotations

from sandbox.core.frozen import to_json
from sandbox.core.message import Request, Response
from sandbox.core.problem import Problem
from sandbox.core.steering import in_problem
from sandbox.web.shelf import Shelf


def full() -> Problem:
    """Return the refusal of a world for which there is no room."""
    message = (
        "The sandbox has no room for a further world: wait until one has been idle for ten minutes, "
        "or start it with a larger --memory."
    )
    return Problem(503, "full", message)


def no_room(shelf: Shelf, request: Request) -> Response:
    """Return that refusal in the words of the API that was asked."""
    dialect = shelf.realm.keyring.api.dialect
    body = to_json(dialect.error(full(), "req_00000000"))
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Response(503, headers, b"" if request.method == "HEAD" else body)


def overtaken() -> Response:
    """Return the refusal of a move on a world that has moved in the meantime."""
    message = "Something else happened to this world in the meantime, and nothing was changed: try again."
    return in_problem(Problem(409, "world-moved", message))
