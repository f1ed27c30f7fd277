"""Flask answering constants: on waitress for the load, through its test client for calls in process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import waitress  # type: ignore[import-untyped]
from flask import Flask, Response

from bench import wire

_THREADS = 16  # one a connection: waitress would queue with its default of four


def bare(bodies: dict[str, str]) -> Flask:
    """The app: one system, a page, a create; every answer is a constant."""
    app = Flask(__name__, static_folder=None)
    one, page, created = (bodies[kind].encode() for kind in ("one", "page", "create"))

    @app.get("/systems/<system_id>")
    def read(system_id: str) -> Response:  # noqa: ARG001 - the route binds it
        return Response(one, mimetype="application/json")

    @app.get("/systems")
    def index() -> Response:
        return Response(page, mimetype="application/json")

    @app.post("/systems")
    def create() -> Response:
        return Response(created, status=201, mimetype="application/json")

    return app


def main(port: str, bodies: str) -> None:
    """Serves until it is stopped, a thread for each connection."""

    app = bare(json.loads(Path(bodies).read_text()))
    waitress.serve(app, host=wire.HOST, port=int(port), threads=_THREADS)


if __name__ == "__main__":
    main(*sys.argv[1:])
