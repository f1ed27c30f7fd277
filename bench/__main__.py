"""`python -m bench`: measures all columns in one run and prints the table.

A report, never a gate: the exit status is 0 whatever it finds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import contest, inprocess, load, memory, npm, ours, report, startup, worlds
from bench.columns import COLUMNS, Column
from bench.contest import Contest, Pace
from bench.figures import IN_PROCESS, START, Cell
from bench.memory import Weight
from bench.report import Run
from bench.scene import Scene
from bench.server import Unavailable

PARTS = ("load", "in-process", "start", "worlds", "memory")
_STARTS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what was asked for and prints it."""
    options = _options(arguments)
    if options.fresh:
        npm.forget()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run = _measure(options, Path(folder))
    print(report.markdown(run))
    if options.json:
        Path(options.json).write_text(json.dumps(report.document(run), indent=2, ensure_ascii=False) + "\n")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = (*PARTS, *(column.name for column in COLUMNS))
    parser = argparse.ArgumentParser(prog="python -m bench", description="The sandbox beside a floor and its peers.")
    parser.add_argument("--seconds", type=int, default=5, help="seconds a round (5)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (3)")
    parser.add_argument(
        "--heat", type=int, default=10, help="seconds of load on each server before the first row; 0 for none (10)"
    )
    parser.add_argument("--warm-up", type=int, default=2, help="seconds of warm-up before each row (2)")
    parser.add_argument("--only", default="", help=f"parts and columns to measure, by comma: {', '.join(names)}")
    parser.add_argument("--fresh", action="store_true", help="install the peers anew")
    parser.add_argument("--json", metavar="FILE", help="also write the run as JSON")
    options = parser.parse_args(arguments)
    options.only = frozenset(name for name in options.only.split(",") if name)
    if unknown := options.only - set(names):
        parser.error(f"--only {', '.join(sorted(unknown))}: expected some of {', '.join(names)}")
    return options


def _measure(options: argparse.Namespace, folder: Path) -> Run:
    parts = options.only & set(PARTS) or set(PARTS)
    columns = [column for column in COLUMNS if column.name in options.only] or list(COLUMNS)
    machine = _machine()
    pace = Pace(options.heat, options.warm_up, options.seconds, options.rounds)
    _say("seeding 1,000 systems")
    scene = ours.scene(folder)
    absent = {"ours": scene.absence} if scene.absence else {}
    held = _load(columns, scene, pace) if "load" in parts else Contest({}, {}, {}, {})
    scores = dict(held.scores) | _unloaded(parts, columns, scene, absent)
    growths = worlds.measure(ours.world_costs()) if "worlds" in parts else []
    weight = _weight(scene, absent) if "memory" in parts else None
    absent = {**absent, **held.absent}
    return Run(machine, pace, columns, scores, absent, held.sizes, held.resident_kib, growths, weight)


def _load(columns: Sequence[Column], scene: Scene, pace: Pace) -> Contest:
    try:
        load.require()
    except Unavailable as reason:
        return Contest({}, {column.name: str(reason) for column in columns}, {}, {})
    return contest.hold(columns, scene, pace, _say)


def _unloaded(
    parts: set[str], columns: Sequence[Column], scene: Scene, absent: dict[str, str]
) -> dict[str, dict[str, Cell]]:
    scores = {}
    names = frozenset(column.name for column in columns)
    if "in-process" in parts and names & {"ours", "flask"}:
        _say(IN_PROCESS.title)
        scores[IN_PROCESS.name] = _cells(inprocess.measure(scene, _STARTS), 1e6, absent)
    if "start" in parts:
        _say(START.title)
        scores[START.name] = _cells(startup.measure(scene, names, _STARTS), 1e3, absent)
    return scores


def _cells(taken: Mapping[str, list[float] | Unavailable], scale: float, absent: dict[str, str]) -> dict[str, Cell]:
    for name, figures in taken.items():
        if isinstance(figures, Unavailable):
            absent.setdefault(name, str(figures))
    return {
        name: Cell(tuple(figure * scale for figure in figures))
        for name, figures in taken.items()
        if not isinstance(figures, Unavailable)
    }


def _weight(scene: Scene, absent: dict[str, str]) -> Weight | None:
    _say("resident memory")
    try:
        return memory.measure(scene)
    except Unavailable as reason:
        absent.setdefault("ours", str(reason))
        return None


def _machine() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "load average": f"{os.getloadavg()[0]:.1f} at the start",
        "Python": platform.python_version(),
        "Node": _version("node", "--version").lstrip("v"),
        "Java": _version("java", "-version"),
        "load generator": _version("wrk", "-v"),
    }


def _version(command: str, flag: str) -> str:
    if not shutil.which(command):
        return "absent"
    said = subprocess.run([command, flag], capture_output=True, text=True, check=False)
    words = (said.stdout + said.stderr).split()
    return " ".join(words[:2]) if command == "wrk" else words[-1] if command == "node" else words[2].strip('"')


def _say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
