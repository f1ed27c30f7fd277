"""What the worlds of a whole test run tell together: gathered, reported, held to what is wanted.

Each world is heard before its journal is forgotten: at its end, and when it goes back. What a worker of pytest-xdist
has gathered goes to the controller as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.contract import Contract
from sandbox.core.timeline import Entry
from sandbox.testing.coverage import COVERAGE
from sandbox.testing.fact import Fact, Report
from sandbox.testing.fidelity import FIDELITY, stranger_among
from sandbox.testing.home import Home
from sandbox.testing.world import Sandbox

FACTS: tuple[Fact, ...] = (COVERAGE, FIDELITY)
OUTPUT = "sandbox_gathered"
_PERCENT = ("sandbox_min_coverage", "sandbox_min_error_coverage")


class Gathering:
    """Hears the worlds of a run; a plugin of pytest for as long as the run lasts."""

    def __init__(self, config: pytest.Config) -> None:
        check_options(config)
        self._config = config
        self._facts = {each.name: each for each in FACTS if each.wanted(config.option)}
        self._values: dict[tuple[str, str], Any] = {}
        self._reports: list[Report] = []

    def hear(self, sandbox: Sandbox) -> None:
        """Take from a world what is wanted of it, before its journal is forgotten."""
        home = sandbox.home
        for fact in self._facts.values():
            if home is None:
                self._add(fact, sandbox.api, fact.outside(sandbox))
            else:
                self._add(fact, sandbox.api, fact.inside(sandbox, *_inside(sandbox, home)))

    def _add(self, fact: Fact, api: str, value: Any) -> None:
        known = self._values.get((fact.name, api))
        self._values[fact.name, api] = value if known is None else fact.joined(known, value)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has gathered."""
        for name, api, value in json.loads(getattr(node, "workeroutput", {}).get(OUTPUT, "[]")):
            self._add(self._facts[name], api, value)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send what was gathered to the controller; or make the reports, and let a run fail that falls short."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = json.dumps([[*key, value] for key, value in self._values.items()])
            return
        if self._config.option.collectonly:
            return
        self._reports = list(map(self._written, self._made()))
        if any(each.short for each in self._reports) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _made(self) -> Iterator[Report]:
        options = self._config.option
        for fact in self._facts.values():
            apis = [(api, value) for (name, api), value in sorted(self._values.items()) if name == fact.name]
            yield from (fact.report(api, value, options) for api, value in apis)
            if not apis:
                yield fact.nothing(options)

    def _written(self, report: Report) -> Report:
        """Write the report's files, and return it with a line for each that cannot be written."""
        folder = self._config.option.sandbox_report
        lost = (_lost(Path(folder), *each) for each in report.files.items()) if folder else ()
        return report._replace(lines=(*report.lines, *(each for each in lost if each)))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell it at the end of the run."""
        lines = [line for each in self._reports for line in each.lines]
        short = [line for each in self._reports for line in each.short]
        if lines or short:
            terminalreporter.section("sandbox")
        for line in lines:
            terminalreporter.write_line(line)
        for line in short:
            terminalreporter.write_line(f"FAILED {line}", red=True)


def _inside(sandbox: Sandbox, home: Home) -> tuple[Sequence[Entry], Contract]:
    """Return the world's journal, with what has come to the lobby since the world began, and the contract."""
    own = home.store.journal(home.shelf, sandbox.world) or ()
    lobby = sandbox.journal.lobby
    strays = lobby.records() if lobby is not None else []
    return [*own, *strays], home.shelf.realm.keyring.api.contract


def _lost(folder: Path, name: str, text: str) -> str:
    """Write a file, and return why it cannot be written, or nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        return f"{name} cannot be written: {error}"
    return ""


def check_options(config: pytest.Config) -> None:
    """Raise UsageError if a percentage is none, or a guess that may be leaned on."""
    for name in _PERCENT:
        given = config.getoption(name)
        if given is not None and not 0 <= given <= 100:
            flag = "--" + name.replace("_", "-")
            raise pytest.UsageError(f"{flag}: expected a number from 0 to 100, got {given:g}")
    wrong = stranger_among(config.option.sandbox_allow)
    if wrong is not None:
        raise pytest.UsageError(f"--sandbox-allow: {wrong}")
