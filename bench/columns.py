"""The columns of the table: each a name, how it is set up, where its routes are, and how to launch it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import ours, peers
from bench.scene import Scene
from bench.server import Launch
from bench.workload import KINDS, Routes


@dataclass(frozen=True, slots=True)
class Column:
    """One server that is measured; `launch` raises Unavailable if it cannot be had here."""

    name: str
    title: str
    setup: str
    launch: Callable[[Scene], Launch]
    routes: Routes = field(default_factory=Routes)


def floor(scene: Scene) -> Launch:
    """The bare ASGI callable."""
    return _python("bench.bare_asgi", scene)


def flask(scene: Scene) -> Launch:
    """The bare Flask app on waitress."""
    return _python("bench.bare_flask", scene)


def _python(module: str, scene: Scene) -> Launch:
    return Launch((sys.executable, "-m", module, "{port}", str(_bodies(scene))), ready="/systems")


def _bodies(scene: Scene) -> Path:
    path = scene.folder / "bodies.json"
    path.write_text(json.dumps({kind: scene.workload.body(kind) for kind in KINDS}))
    return path


COLUMNS = (
    Column(
        "ours",
        "sandbox",
        "`sandbox serve --quota observe` on a fixture of at least 1,000 classified systems; journal on, checks on",
        ours.launch,
        ours.ROUTES,
    ),
    Column(
        "floor",
        "bare ASGI",
        "a constant of the same length as ours; uvicorn with uvloop and httptools, no access log, no date and server "
        "headers",
        floor,
    ),
    Column(
        "flask",
        "Flask",
        "a constant of the same length as ours; waitress with 16 threads, one a connection",
        flask,
    ),
    Column(
        "prism",
        "Prism",
        f"{peers.PRISM}; OpenAPI 3.1 with our bodies as static examples, `-v silent`, one process, NODE_ENV=production",
        peers.prism,
    ),
    Column(
        "wiremock",
        "WireMock",
        f"{peers.WIREMOCK}; three stubs with our bodies, request and console logging off, templating and gzip off, "
        "extension scan off; the journal is on as ours is (so no `--no-request-journal`), unbounded (a bound made it "
        "several times slower) and emptied before each round",
        peers.wiremock,
    ),
    Column(
        "mockoon",
        "Mockoon",
        f"{peers.MOCKOON}; three HTTP routes with our bodies inline, templating off, no log file, "
        "its journal (the last 100 transactions) on, NODE_ENV=production",
        peers.mockoon,
    ),
    Column(
        "json-server",
        "json-server",
        f"{peers.JSON_SERVER}; 1,000 systems and their classifications in db.json, `--quiet`, `--no-gzip`, "
        "NODE_ENV=production; it finds rows by scanning, prints indented JSON, and a create writes the whole file",
        peers.json_server,
        Routes(one="/classifications/{id}", page="/systems?_limit=20", create="/systems"),
    ),
)
