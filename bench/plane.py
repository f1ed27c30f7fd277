"""What the control plane costs: `python -m bench.plane`.

The journal's share of a request, snapshot and restore as the world grows, an advance of the clock as jobs and worlds
grow, and a replay beside the `step` calls that it is made of. Only the ratios of one run mean anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from bench.costs import _NOW, Sized, _request, _sized
from bench.worlds import Timing, time
from sandbox.app import control_contract, create_store
from sandbox.core.capsule import capsule_of, read_capsule, replayed
from sandbox.core.control import Plane, control, errand_of
from sandbox.core.kernel import step
from sandbox.core.keyring import identify
from sandbox.core.message import Request, admitted
from sandbox.core.record import told
from sandbox.core.timeline import Timeline, began
from sandbox.settings import Settings
from sandbox.testing.transport import SandboxTransport

PLANE = Plane(control_contract(), "bench", "0")
KEY = "ak_test_enterprise_costs"
JOURNALLED, REPLAYED = 1.15, 1.5
"""The bounds: a request with its journal beside one without, and a record beside the step in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Two timings side by side, and the most that the second may be of the first."""

    name: str
    first: str
    second: str
    one: Timing
    other: Timing
    bound: float

    @property
    def ratio(self) -> float:
        """How many times as long the second takes, best against best."""
        return self.other.best / self.one.best


def rows() -> Iterator[Row]:
    """Measure row by row."""
    yield from _journal()
    yield from _moves()
    yield from _advances()
    yield _replay()


def _asked(sized: Sized, method: str, path: str, query: str = "", body: bytes = b"") -> Request:
    asked = _request(method, path, query, body)
    _, caller = identify(sized.realm.keyring, asked)
    return admitted(asked, caller)


def _steered(sized: Sized, timeline: Timeline, method: str, path: str, body: object = None) -> Callable[[], Timeline]:
    content = b"" if body is None else json.dumps(body).encode()
    asked = _asked(sized, method, f"/__admin{path}", body=content)

    def steer() -> Timeline:
        move = control(PLANE, sized.realm, timeline, asked, _NOW)
        if move.response.status >= 300:
            raise ValueError(move.response.body)
        return move.timeline

    return steer


def _journal() -> Iterator[Row]:
    """The journal beside a whole request in process: writing an entry down and letting the oldest go."""
    sized = _sized(1_000)
    asked = {
        "GET one": _asked(sized, "GET", "/v1/systems/sys_000500/classification"),
        "create": _asked(
            sized, "POST", "/v1/systems", body=b'{"name":"N","description":"-","purpose":"-","domain":"-"}'
        ),
    }
    transport = SandboxTransport(Settings(fixture="docs", clock="frozen", quota="observe"))
    whole = httpx.Request("GET", "http://sandbox/v1/systems", headers={"Authorization": f"Bearer {KEY}"})
    request = time(lambda: transport.handle_request(whole))
    for name, each in asked.items():
        outcome = step(sized.world, each, _NOW)
        timeline = began(sized.world)
        for _ in range(10_500):
            timeline = told(timeline, outcome, each, _NOW)
        entry = time(lambda timeline=timeline, outcome=outcome, each=each: told(timeline, outcome, each, _NOW))  # type: ignore[misc]
        both = Timing(request.best + entry.best, request.median + entry.median)
        yield Row(f"journal: {name}", "a request in process", "and once more its entry", request, both, JOURNALLED)


def _moves() -> Iterator[Row]:
    small, large = _sized(1_000), _sized(100_000)
    for name, calls in (("snapshot", _snapshot), ("restore", _restore), ("reset", _reset), ("rewind by 1", _rewind)):
        yield Row(name, "1,000 rows", "100,000 rows", time(calls(small)), time(calls(large)), 1.3)


def _snapshot(sized: Sized) -> Callable[[], Timeline]:
    return _steered(sized, began(sized.world), "POST", "/snapshots", {"name": "bench"})


def _restore(sized: Sized) -> Callable[[], Timeline]:
    return _steered(sized, _snapshot(sized)(), "POST", "/snapshots/bench/restore")


def _reset(sized: Sized) -> Callable[[], Timeline]:
    return _steered(sized, began(sized.world), "POST", "/reset")


def _rewind(sized: Sized) -> Callable[[], Timeline]:
    asked = _asked(sized, "GET", "/v1/systems/sys_000500/classification")
    timeline = told(began(sized.world), step(sized.world, asked, _NOW), asked, _NOW)
    return _steered(sized, timeline, "POST", "/rewind", {"by": 1})


def _advances() -> Iterator[Row]:
    """An advance, and the look at one job after it, as jobs and worlds grow."""
    few, many = _with_jobs(1), _with_jobs(10_000)
    for name, method, path, body in (
        ("advance the clock", "POST", "/__admin/clock/advance", b'{"by":"90s"}'),
        ("then look at one job", "GET", "/v1/jobs/{job}", b""),
    ):
        one, other = (time(_sent(transport, method, path.format(job=job), body)) for transport, job in (few, many))
        yield Row(f"{name}: jobs", "1 job in 1 world", "10,000 jobs in 10,000 worlds", one, other, 1.5)


def _with_jobs(worlds: int) -> tuple[SandboxTransport, str]:
    """Return a sandbox in which so many worlds have a job each, and the id of the job, which is the same in each."""
    store = create_store(Settings(fixture="docs", clock="frozen", quota="off", memory=1 << 30), lambda: _NOW)
    transport = SandboxTransport(store=store)
    path, body = "/v1/systems/sys_abc123/documents", b'{"sections":["all"]}'
    for number in range(worlds):
        key = KEY if number == 0 else f"ak_test_enterprise_{number}"
        answer = transport.handle_request(_http("POST", path, body, key))
    return transport, json.loads(answer.read())["data"]["job_id"]


def _http(method: str, path: str, body: bytes, key: str = KEY) -> httpx.Request:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return httpx.Request(method, f"http://sandbox{path}", headers=headers, content=body)


def _sent(transport: SandboxTransport, method: str, path: str, body: bytes) -> Callable[[], object]:
    request = _http(method, path, body)
    return lambda: transport.handle_request(request)


def _replay() -> Row:
    """Going through 1,000 records again, compared with every answer, beside the steps alone."""
    sized = _sized(1_000)
    timeline = began(sized.world)
    for number in range(1_000):
        body = json.dumps({"name": f"N{number}", "description": "-", "purpose": "-", "domain": "-"}).encode()
        asked = _asked(sized, *(("POST", "/v1/systems", "", body) if number % 4 == 0 else ("GET", "/v1/systems")))
        timeline = told(timeline, step(timeline.present, asked, _NOW), asked, _NOW)
    document = json.loads(json.dumps(capsule_of(timeline, sized.realm, "0")))
    capsule = read_capsule(document, sized.realm, sized.world, lambda one, at: errand_of(PLANE.contract, one, at))

    def steps() -> None:
        world = capsule.base
        for record in capsule.records:
            world = step(world, record.request, record.wall).world

    return Row("replay", "1,000 steps", "1,000 records", time(steps), time(lambda: replayed(capsule)), REPLAYED)


def main() -> int:
    """Print the table."""
    print("| what | of | beside | µs | µs | ratio | at most | |")
    print("|---|---|---|---:|---:|---:|---:|---|")
    for row in rows():
        verdict = "met" if row.ratio <= row.bound else "not met"
        one, other = row.one.best * 1e6, row.other.best * 1e6
        figures = f"{one:,.2f} | {other:,.2f} | {row.ratio:.2f} | {row.bound:.2f}"
        print(f"| {row.name} | {row.first} | {row.second} | {figures} | {verdict} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
