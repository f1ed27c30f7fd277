"""Everything that the benchmarks know about the sandbox: its command, its routes, its key, its insides."""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import server, wire
from bench.scene import Scene
from bench.server import ROOT, Launch, Server, Unavailable
from bench.workload import IDS, KEY, PAGE, Routes, Workload, documented, new_system
from bench.worlds import Cost

PREFIX = "/v1"
ROUTES = Routes(
    one=f"{PREFIX}/systems/{{id}}/classification",
    page=f"{PREFIX}/systems?limit={PAGE}",
    create=f"{PREFIX}/systems",
)
HEADERS = {"Authorization": f"Bearer {KEY}"}
_SIZES = (1_000, 1_400, 2_000)


def scene(folder: Path) -> Scene:
    """The fixture and the workload read from our own pages; without the sandbox, the documented bodies."""
    try:
        return _seeded(folder)
    except Unavailable as absence:
        return Scene(folder, documented(), absence=str(absence))


def launch(scene: Scene) -> Launch:
    """`sandbox serve` on the fixture, on a port chosen like everybody else's."""
    if scene.fixture is None:
        raise Unavailable(scene.absence)
    return _serve("--fixture", str(scene.fixture))


def launch_default(scene: Scene) -> Launch:
    """`sandbox serve` as it comes, on its default fixture."""
    if scene.fixture is None:
        raise Unavailable(scene.absence)
    return _serve()


def request(path: str) -> str:
    """The absolute address of a path, for calls in process."""
    return f"http://sandbox.test{path}"


def in_process(scene: Scene) -> Callable[[str], object]:
    """A call of the transport for one path: what the transport itself costs, the request being ready."""
    try:
        httpx = importlib.import_module("httpx")
        transport = _transport(scene)
    except (ImportError, AttributeError, TypeError) as error:
        raise Unavailable(f"no transport to call: {error}") from error

    @functools.cache
    def ready(path: str) -> Any:
        return httpx.Request("GET", request(path), headers=HEADERS)

    def call(path: str) -> Any:
        return transport.handle_request(ready(path))

    status = call(ROUTES.one.format(id=scene.workload.ids[0])).status_code
    if status != 200:
        raise Unavailable(f"the transport answers {status}")
    return call


def world_costs() -> tuple[Cost, ...]:
    """What a world costs, at 1,000 and at 100,000 rows."""
    costs: tuple[Cost, ...] = importlib.import_module("bench.costs").costs()
    return costs


def _transport(scene: Scene) -> Any:
    if scene.fixture is None:
        raise Unavailable(scene.absence)
    settings = importlib.import_module("sandbox").Settings(fixture=str(scene.fixture), quota="observe")
    return importlib.import_module("sandbox.testing.transport").SandboxTransport(settings)


def _serve(*flags: str) -> Launch:
    command = (str(_executable()), "serve", "--port", "{port}", "--quota", "observe", *flags)
    return Launch(command, ROUTES.page, HEADERS)


def _executable() -> Path:
    found = Path(sys.executable).with_name("sandbox")
    if not found.exists():
        raise Unavailable("the `sandbox` command is not installed beside this Python")
    return found


def _seeded(folder: Path) -> Scene:
    for size in _SIZES:
        fixture = _seed(folder / f"systems-{size}.yaml", size)
        running = server.start(_serve("--fixture", str(fixture)), folder / "seeded.log")
        try:
            ids = _classified(running)
            if len(ids) >= IDS:
                return Scene(folder, _sampled(running, ids[:IDS]), fixture)
        finally:
            server.stop(running)
    raise Unavailable(f"{_SIZES[-1]:,} seeded systems hold fewer than {IDS:,} classified ones")


def _seed(path: Path, systems: int) -> Path:
    command = [str(_executable()), "seed", "--systems", str(systems), "--seed", "1"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        raise Unavailable(f"`sandbox seed` failed: {said.stderr.strip()[-200:]}")
    path.write_text(said.stdout)
    return path


def _classified(running: Server) -> tuple[str, ...]:
    return tuple(row["id"] for row in _systems(running) if row["risk_tier"] is not None)


def _systems(running: Server) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    with wire.connect(running.port) as connection:
        while cursor is not None:
            query = urlencode({"limit": 100, **({"cursor": cursor} if cursor else {})})
            page = _ok(connection.get(f"{PREFIX}/systems?{query}", HEADERS)).json()
            yield from page["data"]
            cursor = page["meta"]["cursor"]


def _sampled(running: Server, ids: tuple[str, ...]) -> Workload:
    with wire.connect(running.port) as connection:
        ones = [_ok(connection.get(ROUTES.one.format(id=identifier), HEADERS)).body for identifier in ids]
        page = _ok(connection.get(ROUTES.page, HEADERS)).body
        created = _ok(connection.post(ROUTES.create, HEADERS, new_system("Loan Approval Engine"))).body
    middle = sorted(ones, key=len)[len(ones) // 2]
    return Workload(ids, middle.decode(), page.decode(), created.decode())


def _ok(reply: wire.Reply) -> wire.Reply:
    if not reply.ok:
        raise Unavailable(f"it answers {reply.status}: {reply.body[:120].decode(errors='replace')}")
    return reply
