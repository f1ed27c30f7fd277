"""What no schema can say of exported telemetry: whose it is, and that each series is one that recording leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.apis.aikraft.instants import write_instant
from sandbox.apis.aikraft.rows import COUNTS, MOST, windows_of
from sandbox.apis.aikraft.telemetry import Key, record
from sandbox.core.clock import HOUR
from sandbox.core.document import Flaw, Path, got

Row = dict[str, Any]


def telemetry_flaws(tables: Row, systems: Mapping[str, Row]) -> Iterator[Flaw]:
    """Yield what is wrong with telemetry and batches that have passed their schemas."""
    sent = {each["id"].partition("/")[0] for each in tables["batches"]}
    kept = {each["id"] for each in tables["telemetry"]}
    for at, each in enumerate(tables["batches"]):
        if each["id"].partition("/")[0] not in kept:
            yield Flaw(("tables", "batches", at, "id"), "a batch of a system that has telemetry", got(each["id"]))
    for at, each in enumerate(tables["telemetry"]):
        path = ("tables", "telemetry", at)
        system = systems.get(each["id"])
        if system is None or not system["active"]:
            yield Flaw((*path, "id"), "the id of an active system", got(each["id"]))
        if each["id"] not in sent:
            yield Flaw((*path, "id"), "the id of a system that has sent a batch", got(each["id"]))
        yield from _of_series((*path, "series"), each["series"])


def _of_series(path: Path, series: list[Row]) -> Iterator[Flaw]:
    seen: dict[Key, int] = {}
    for at, one in enumerate(series):
        first = seen.setdefault((one["model"], one["tag"], one["metric"]), at)
        if first != at:
            yield Flaw((*path, at), f"another model, tag or metric than those of series[{first}]", got(one["model"]))
        yield from _of_windows((*path, at, "windows"), one)


def _of_windows(path: Path, series: Row) -> Iterator[Flaw]:
    metric, windows = series["metric"], series["windows"]
    flaws = [flaw for at, each in enumerate(windows) for flaw in _of_window((*path, at), metric, each)]
    yield from flaws or _of_order(path, series)


def _of_window(path: Path, metric: str, window: Row) -> Iterator[Flaw]:
    start, end, counts = window["start"], window["end"], window["counts"]
    if not start < end <= start + HOUR:
        expected = f"a time after start, {write_instant(start)}, and within an hour of it"
        yield Flaw((*path, "end"), expected, got(write_instant(end)))
    if len(counts) != COUNTS[metric]:
        yield Flaw((*path, "counts"), f"a list of {COUNTS[metric]}, as {metric} has", got(counts))
    if sum(counts) > MOST:
        yield Flaw((*path, "counts"), f"a total of at most {MOST}", got(sum(counts)))


def _of_order(path: Path, series: Row) -> Iterator[Flaw]:
    """Find windows out of order, and those that recording would have dropped."""
    windows = windows_of(series)
    left = record((), windows)
    if left != windows:
        at = next(at for at, each in enumerate(windows) if at >= len(left) or each != left[at])
        expected = "windows by start, and none that can no longer matter"
        yield Flaw((*path, at, "start"), expected, got(write_instant(windows[at].start)))
