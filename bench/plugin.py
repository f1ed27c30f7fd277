"""What a world for each test costs: 1,000 trivial tests with one beside the same tests with an empty fixture.

    python -m bench.plugin [--tests N] [--rounds N]

Asked for: at most 1.3 times the time, and less than 1 ms to set a world up and tear it down. The first world of a run
imports the sandbox and makes a store; so the whole run is told, and what each test takes beside the first one. Bytecode
is kept from run to run, as it is for everybody who has not turned that off.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

_SUITE = """
import pytest

@pytest.fixture
def empty():
    yield

@pytest.mark.parametrize("number", range({tests}))
def test_it({fixture}, number):
    pass
"""
FIXTURES = ("empty", "aikraft_sandbox", "ctrlai_sandbox")


def run_seconds(folder: Path, fixture: str, last: str = "") -> float:
    """Processor seconds of one whole run of pytest, with this plugin alone; `last` is the only test, if it is given."""
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sandbox.testing.plugin", "-p", "no:cacheprovider"]
    began = _children()
    subprocess.run([*command, f"test_{fixture}.py{last}"], check=True, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    return _children() - began


def _children() -> float:
    """Processor seconds of all processes that have ended: one thread does the work, and a busy machine adds nothing."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def world_seconds(api: str, count: int) -> float:
    """Seconds to set one world up and to tear it down."""
    from sandbox.testing import Sandbox

    Sandbox(api).open().close()
    began = time.process_time()
    for number in range(count):
        Sandbox(api, label=f"test_it[{number}]").open().close()
    return (time.process_time() - began) / count


def medians(rounds: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each measure, all taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: median(figures) for name, figures in taken.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        for each in FIXTURES:
            text = _SUITE.format(tests=given.tests, fixture=each)
            (Path(folder) / f"test_{each}.py").write_text(text)
            run_seconds(Path(folder), each)
        runs = {each: (lambda name=each: run_seconds(Path(folder), name)) for each in FIXTURES}
        first = {
            f"first {each}": (lambda name=each: run_seconds(Path(folder), name, "::test_it[0]")) for each in FIXTURES
        }
        whole = medians(given.rounds, {**runs, **first})
    worlds = {api: (lambda name=api: world_seconds(name, given.tests)) for api in ("aikraft", "ctrlai")}
    each_world = medians(given.rounds, worlds)
    print(f"{given.tests} trivial tests, processor time, median of {given.rounds} runs")
    beyond = {each: (whole[each] - whole[f"first {each}"]) / (given.tests - 1) for each in FIXTURES}
    for each in FIXTURES:
        print(
            f"  {each:16} {whole[each]:6.2f} s  {whole[each] / whole['empty']:.2f} x"
            f"   beyond the first test {beyond[each] * 1000:6.3f} ms a test  {beyond[each] / beyond['empty']:.2f} x"
        )
    for name, seconds in each_world.items():
        print(f"  a world of {name:8} {seconds * 1000:6.3f} ms to set up and to tear down")


if __name__ == "__main__":
    main()
