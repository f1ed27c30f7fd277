"""What scripted trouble costs those whom it does not strike: `python -m bench.scenarios`.

A scenario of 20 rules that never strike beside none, in process, round by round in turns; and a request beside 500
connections whose answers are held back. Only the ratios of one run mean anything.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import server, wire
from bench.server import Launch
from sandbox.app import create_store
from sandbox.settings import Settings
from sandbox.testing.transport import SandboxTransport

RULES = 20
ROUNDS = 15
CALLS = 400
HELD = 500
REQUESTS = 500
STRUCK, BESIDE = 1.15, 1.5
"""The bounds: a request under rules that never strike, and one beside connections that are held back."""
NOW = 1_776_090_600_000_000
HEADERS = {"Authorization": "Bearer ak_test_enterprise_scenarios", "Content-Type": "application/json"}
CROWD = {"Authorization": "Bearer ak_test_enterprise_crowd", "Content-Type": "application/json"}

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Row:
    """The seconds of a request without the trouble and with it, and the most that the ratio may be."""

    name: str
    without: float
    under: float
    bound: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes with the trouble."""
        return self.under / self.without


WHEN: dict[str, dict[str, Any]] = {
    "another operation": {"when": {"operation": "ingestAggregates"}},
    "another state": {"when": {}, "requires": "Elsewhere"},
    "a header that is not there": {"when": {"header": {"x-unknown": "1"}}},
    "never its turn": {"when": {"nth": [1_000_000_000]}},
    "a probability of 0": {"when": {"probability": 0}},
}
"""Why the 20 rules do not strike."""


def _scenario(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the scenario of rules like this one; a last one enters the state in which nobody ever is."""
    then = {"then": {"error": {"status": 500}}, "continue": True}
    rules = [{"name": f"rule-{number}", **rule, **then} for number in range(RULES)]
    if "requires" in rule:
        rules[-1] = {"name": "enters", "when": {"operation": "getJob"}, "then": {"error": {}}, "sets": rule["requires"]}
    head = {"scenario": "never", "api": "aikraft", "summary": "Rules that never strike."}
    return {**head, "states": ["Started", "Elsewhere"], "rules": rules}


def _transport(document: dict[str, Any] | None) -> SandboxTransport:
    """Return a sandbox of its own in which this scenario plays."""
    store = create_store(Settings(fixture="docs", clock="frozen", quota="off"), lambda: NOW)
    transport = SandboxTransport(store=store)
    if document is not None:
        content = {"scenario": document}
        _ask(transport, httpx.Request("PUT", _url("/__admin/scenarios/active"), headers=HEADERS, json=content))
    return transport


def _url(path: str) -> str:
    return f"http://sandbox{path}"


def _ask(transport: SandboxTransport, request: httpx.Request) -> None:
    answer = transport.handle_request(request)
    if answer.status_code >= 300:
        raise ValueError(answer.read())


def _calls(transport: SandboxTransport) -> dict[str, Call]:
    """Return the requests that are timed; each create is of another name."""
    one = httpx.Request("GET", _url("/v1/systems/sys_abc123/classification"), headers=HEADERS)
    listing = httpx.Request("GET", _url("/v1/systems?limit=20"), headers=HEADERS)
    names = itertools.count()

    def create() -> None:
        document = {"name": f"N{next(names)}", "description": "-", "purpose": "-", "domain": "-"}
        _ask(transport, httpx.Request("POST", _url("/v1/systems"), headers=HEADERS, json=document))

    return {"GET one": lambda: _ask(transport, one), "list": lambda: _ask(transport, listing), "create": create}


def _rules() -> Iterator[Row]:
    for why, rule in WHEN.items():
        for name in ("GET one", "list", "create"):
            yield _side_by_side(f"{name}: {why}", *(_calls(_transport(each))[name] for each in (None, _scenario(rule))))


def _side_by_side(name: str, without: Call, under: Call) -> Row:
    """Time two calls in turns, round by round; noise hits both alike, and the best round counts."""
    rounds = [(_seconds(without), _seconds(under)) for _ in range(ROUNDS + 1)][1:]
    return Row(name, *(min(each) for each in zip(*rounds, strict=True)), STRUCK)


def _seconds(call: Call) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


def _held() -> Iterator[Row]:
    command = (sys.executable, "-m", "sandbox", "serve", "--fixture", "docs", "--quota", "off", "--port", "{port}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        running = server.start(Launch(command, "/__admin/health"), Path(folder) / "scenarios.log")
        try:
            with wire.connect(running.port) as steering:
                steering.post("/__admin/faults", CROWD, {"then": {"delay": {"fixed": "10m"}}})
            for name, path in (("GET of the API", "/v1/systems?limit=20"), ("health", "/__admin/health")):
                yield _beside(running.port, name, path)
        finally:
            server.stop(running)


def _beside(port: int, name: str, path: str) -> Row:
    _median(port, path)
    alone, beside = [], []
    for _ in range(ROUNDS // 3):
        alone.append(_median(port, path))
        with ExitStack() as crowd:
            for _ in range(HELD):
                crowd.enter_context(wire.connect(port)).connection.request("GET", "/v1/systems", headers=CROWD)
            beside.append(_median(port, path))
    return Row(f"{name}, beside {HELD} held back", min(alone), min(beside), BESIDE)


def _median(port: int, path: str) -> float:
    """Return the median seconds of a request on one connection."""
    taken = []
    with wire.connect(port) as connection:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            connection.get(path, HEADERS)
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> int:
    """Print the table; a report, never a gate."""
    print(f"| request under {RULES} rules, or beside others | µs without | µs with | ratio | at most | |")
    print("|---|---:|---:|---:|---:|---|")
    for row in itertools.chain(_rules(), _held()):
        verdict = "met" if row.ratio <= row.bound else "not met"
        figures = f"{row.without * 1e6:,.1f} | {row.under * 1e6:,.1f} | {row.ratio:.2f} | {row.bound:.2f}"
        print(f"| {row.name} | {figures} | {verdict} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
