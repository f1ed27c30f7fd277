"""The load: wrk against one server, and what it counted."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import wire
from bench.server import Unavailable
from bench.workload import KEY, Kind

_SCRIPT = Path(__file__).with_name("load.lua")
_STEMS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of the load: requests, seconds, latencies in microseconds, and answers that were no success."""

    requests: int
    seconds: float
    p50: int
    p99: int
    non_2xx: int
    socket_errors: int
    bytes: int
    trouble: str = ""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def void(self) -> str:
        """Why the run does not count, or nothing."""
        if self.trouble:
            return self.trouble
        if self.non_2xx or self.socket_errors:
            return f"{self.non_2xx} answers that were not 2xx, {self.socket_errors} socket errors"
        return "" if self.requests else "no answers"


@dataclass(frozen=True, slots=True)
class Shot:
    """What to send: the kind of request, its path template, over how many connections."""

    kind: Kind
    path: str
    connections: int


def require() -> str:
    """The version of wrk; unavailable, with the remedy, if there is none."""
    if not shutil.which("wrk"):
        raise Unavailable("wrk is not installed: `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk`")
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return " ".join((said.stdout + said.stderr).split()[:2])


def run(port: int, shot: Shot, ids: Path, seconds: int) -> Sample:
    """Runs the load for some seconds, on one thread of the generator."""
    stem = f"{next(_STEMS):05d}"
    wrk = ["wrk", "-t1", f"-c{shot.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    target = [f"http://{wire.HOST}:{port}", "--", shot.kind, shot.path, str(ids), KEY, stem]
    said = subprocess.run(wrk + target, capture_output=True, text=True, check=False, timeout=seconds + 60)
    return parse(said.stdout, said.stderr)


def parse(output: str, errors: str) -> Sample:
    """What one run of wrk counted, from what it said."""
    found = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not found:
        return Sample(0, 1.0, 0, 0, 0, 0, 0, f"wrk gave no result: {(errors or output).strip()[:200]}")
    counted = json.loads(found[0].removeprefix("RESULT "))
    return Sample(
        requests=counted["requests"],
        seconds=counted["microseconds"] / 1e6,
        p50=counted["p50"],
        p99=counted["p99"],
        non_2xx=counted["status"],
        socket_errors=counted["socket"],
        bytes=counted["bytes"],
    )
