"""What an operation of Ctrl AI costs beside the like one of Aikraft: `python -m bench.twins`.

Both APIs are served by one process, each with its default fixture; the two take turns, so that noise hits both alike.
Only the ratios of one run mean anything. A last table tells what has no like: inference, by the number of units.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import load, server, wire
from bench.load import Sample
from bench.server import Launch, Server
from sandbox.app import create_store
from sandbox.core.message import Request
from sandbox.settings import Settings
from sandbox.web.store import Store

BOUND = 1.5
"""How many times as long as Aikraft's an operation of Ctrl AI may take."""
ROUNDS, SECONDS = 3, 3
CALLS = 300
AIKRAFT, CTRLAI = "ak_test_enterprise_twins", "ctrlai_pk_7e570000000000000000000000000001"
DOMAIN, UNIT = "/api/v1/domains?limit=1", "/api/v1/units?limit=1"
QUERY = "What is the risk tier for monthly debt of $1,500, a monthly income of $5,000 and a credit score of 720?"
_SCRIPT = Path(__file__).with_name("twins.lua")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: whose API, whose key, the path, and the body of a POST, in which %N is a number."""

    api: str
    key: str
    path: str
    body: str = ""

    def request(self, number: int) -> Request:
        """Return the request as a door would build it."""
        path, _, query = self.path.partition("?")
        headers = (("host", "bench"), ("authorization", f"Bearer {self.key}"), ("content-type", "application/json"))
        method, body = ("POST", self.body.replace("%N", str(number))) if self.body else ("GET", "")
        return Request(method, path, query, headers, body.encode())


def pairs(domain: str, unit: str) -> dict[str, tuple[Ask, Ask]]:
    """Return the like operations of both, Aikraft's first."""
    system = {"name": "Loan Engine %N", "description": "Scores loans.", "purpose": "Decide", "domain": "Finance"}
    made = {"name": "Loan Rule %N", "unitType": "framework", "domainId": domain, "when": "a loan", "then": "a score"}
    return {
        "GET one": (
            Ask("aikraft", AIKRAFT, "/v1/systems/sys_abc123/classification"),
            Ask("ctrlai", CTRLAI, f"/api/v1/units/{unit}"),
        ),
        "list of 20": (
            Ask("aikraft", AIKRAFT, "/v1/systems?limit=20"),
            Ask("ctrlai", CTRLAI, "/api/v1/units?limit=20"),
        ),
        "create": (
            Ask("aikraft", AIKRAFT, "/v1/systems", json.dumps(system)),
            Ask("ctrlai", CTRLAI, "/api/v1/units", json.dumps(made)),
        ),
    }


def main() -> int:
    """Measure everything and print it."""
    print("| operation | how | unit | Aikraft | Ctrl AI | ratio | at most | |\n|---|---|---|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for line in itertools.chain(_in_process(), _on_sockets(Path(folder))):
            print(line, flush=True)
    print("\n| inference, in process | units | µs |\n|---|---:|---:|")
    for name, fixture in (("docs", "docs"), ("default", "default"), ("large", "large")):
        print(_inference(name, fixture), flush=True)
    return 0


def _line(name: str, how: str, unit: str, ours: float, theirs: float, *, higher_is_better: bool) -> str:
    ratio = ours / theirs if higher_is_better else theirs / ours
    met = "met" if ratio <= BOUND else "not met"
    return f"| {name} | {how} | {unit} | {ours:,.1f} | {theirs:,.1f} | {ratio:.2f} | {BOUND} | {met} |"


def _store(fixture: str = "default", *apis: str) -> Store:
    given = {"apis": apis} if apis else {}
    return create_store(Settings(fixture=fixture, quota="off", memory=1 << 30, **given))


def _asked(store: Store, ask: Ask, number: int) -> Any:
    shelf = next(each for each in store.shelves if each.realm.name == ask.api)
    answer = store.answer(shelf, ask.request(number))
    if answer.status >= 300:
        raise ValueError(answer.body)
    return answer


def _first(body: bytes) -> str:
    return str(json.loads(body)["data"][0]["id"])


def _in_process() -> Iterator[str]:
    store, numbers = _store(), itertools.count()
    domain, unit = (_first(_asked(store, Ask("ctrlai", CTRLAI, path), 0).body) for path in (DOMAIN, UNIT))

    def seconds(ask: Ask) -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            _asked(store, ask, next(numbers))
        return (time.perf_counter() - start) / CALLS

    for name, (ours, theirs) in pairs(domain, unit).items():
        rounds = [(seconds(ours), seconds(theirs)) for _ in range(4 * ROUNDS)]
        best = [min(each) * 1e6 for each in zip(*rounds, strict=True)]
        yield _line(name, "in process", "µs", *best, higher_is_better=False)


def _on_sockets(folder: Path) -> Iterator[str]:
    load.require()
    command = (str(Path(sys.executable).with_name("sandbox")), "serve", "--port", "{port}", "--quota", "observe")
    headers = {"Authorization": f"Bearer {CTRLAI}"}
    running = server.start(Launch(command, UNIT, headers), folder / "log")
    try:
        with wire.connect(running.port) as connection:
            domain, unit = (_first(connection.get(path, headers).body) for path in (DOMAIN, UNIT))
        for name, (ours, theirs) in pairs(domain, unit).items():
            for connections in (16, 1):
                yield _loaded(running, name, connections, ours, theirs)
    finally:
        server.stop(running)


def _loaded(running: Server, name: str, connections: int, ours: Ask, theirs: Ask) -> str:
    rounds = [(_run(running, ours, connections), _run(running, theirs, connections)) for _ in range(ROUNDS)]
    if connections > 1:
        rates = [statistics.median(each.rate for each in side) for side in zip(*rounds, strict=True)]
        return _line(name, f"{connections} connections", "req/s", *rates, higher_is_better=True)
    medians = [statistics.median(each.p50 for each in side) for side in zip(*rounds, strict=True)]
    return _line(name, "1 connection, p50", "µs", *medians, higher_is_better=False)


def _run(running: Server, ask: Ask, connections: int) -> Sample:
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(_SCRIPT), f"http://{wire.HOST}:{running.port}"]
    given = ["--", ask.path, ask.key, *([ask.body.replace("%N", f"{time.time_ns()}-%N")] if ask.body else [])]
    said = subprocess.run(wrk + given, capture_output=True, text=True, check=False, timeout=SECONDS + 60)
    sample = load.parse(said.stdout, said.stderr)
    if sample.void:
        raise server.Unavailable(sample.void)
    return sample


def _inference(name: str, fixture: str) -> str:
    store = _store(fixture, "ctrlai")
    ask = Ask("ctrlai", CTRLAI, "/api/v1/inference", json.dumps({"query": QUERY}))
    units = json.loads(_asked(store, Ask("ctrlai", CTRLAI, UNIT), 0).body)["meta"]["total"]
    _asked(store, ask, 0)
    taken = []
    for number in range(30):
        start = time.perf_counter()
        _asked(store, ask, number)
        taken.append((time.perf_counter() - start) * 1e6)
    return f"| {name} | {units:,} | {statistics.median(taken):,.0f} |"


if __name__ == "__main__":
    sys.exit(main())
