"""The pytest plugin: a private world for each test that asks for one, and its transcript when the test fails.

Every run of pytest loads this file, so it imports nothing of the sandbox until a fixture is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.testing.world import Sandbox

MARKER = "sandbox"
ARGUMENTS = ("fixture", "scenario", "clock", "plan", "scope", "role", "sleep")
_OF_ONE_API = {"plan": "aikraft", "scope": "aikraft", "role": "ctrlai"}
_OPEN = pytest.StashKey["list[Sandbox]"]()
_GATHERED = ("sandbox_min_coverage", "sandbox_min_error_coverage", "sandbox_fail_on_invented", "sandbox_report")
"""The options for which every world of the run has to be heard."""
_GATHERING = "sandbox-gathering"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("sandbox", "Aikraft and Ctrl AI, offline")
    group.addoption(
        "--sandbox-url",
        default="",
        metavar="URL",
        help="ask the running sandbox at this origin, over sockets, instead of one in this process",
    )
    group.addoption(
        "--sandbox-report",
        default="",
        metavar="DIR",
        help="write capsules and transcripts of failing tests here, coverage and guesses of all",
    )
    for kind in ("coverage", "error-coverage"):
        told = "all that the contract declares" if kind == "coverage" else "the points of errors"
        group.addoption(
            f"--sandbox-min-{kind}",
            type=float,
            metavar="PERCENT",
            help=f"fail the run if the tests have seen less than this of {told}",
        )
    group.addoption(
        "--sandbox-fail-on-invented",
        action="store_true",
        help="fail the run if the tests leaned on a behaviour that the sandbox invented",
    )
    group.addoption(
        "--sandbox-allow",
        action="append",
        default=[],
        metavar="ID",
        help="leaning on this guess is fine; may be given again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and the folder's path one that every worker understands."""
    arguments = ", ".join(f"{each}=" for each in ARGUMENTS)
    config.addinivalue_line("markers", f"{MARKER}(*apis, {arguments}): what the worlds of a test are like")
    if config.option.sandbox_report:
        config.option.sandbox_report = str(config.invocation_params.dir / config.option.sandbox_report)
    if any(config.getoption(each) not in (None, "", False) for each in _GATHERED):
        from sandbox.testing.gathering import Gathering

        config.pluginmanager.register(Gathering(config), _GATHERING)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return the line of the run's head that says which sandbox is asked, if it is not one in this process."""
    server = config.option.sandbox_url
    return f"sandbox: {server}" if server else None


@pytest.fixture
def aikraft_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Yield a world of Aikraft that is this test's own."""
    yield from _world(request, "aikraft")


@pytest.fixture
def ctrlai_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Yield a world of Ctrl AI that is this test's own."""
    yield from _world(request, "ctrlai")


def _world(request: pytest.FixtureRequest, api: str) -> Iterator[Sandbox]:
    sandbox = _begun(request, api)
    opened = request.node.stash.setdefault(_OPEN, [])
    opened.append(sandbox)
    gathering = request.config.pluginmanager.get_plugin(_GATHERING)
    sandbox.witness = gathering and gathering.hear
    try:
        yield sandbox
    finally:
        sandbox.wake()


def _begun(request: pytest.FixtureRequest, api: str) -> Sandbox:
    from sandbox.testing.steward import ControlError
    from sandbox.testing.world import Sandbox
    from sandbox.web.files import FileError

    server = request.config.option.sandbox_url
    try:
        if server:
            _check_there(server)
        return Sandbox(api, label=_label(request.node), server=server, **_terms(request.node, api)).open()
    except (ValueError, ControlError, FileError) as error:
        why = str(error)
    raise pytest.fail.Exception(f"{api}_sandbox: {why}", pytrace=False)


def _check_there(server: str) -> None:
    """Raise ValueError if no sandbox answers."""
    from httpx import HTTPError, InvalidURL, get

    try:
        get(f"{server.rstrip('/')}/__admin/health").raise_for_status()
    except (HTTPError, InvalidURL) as error:
        raise ValueError(f"no sandbox answers at {server}: {error}") from error


def _terms(item: pytest.Item, api: str) -> Mapping[str, Any]:
    """Return what the markers of the test say of its world of this API, the nearest one last; ValueError if unknown."""
    from sandbox.settings import APIS

    terms: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(MARKER))):
        for name in marker.args:
            if name not in APIS:
                raise ValueError(f"marker sandbox: expected some of {', '.join(APIS)}, got {name!r}")
        for name in marker.kwargs:
            if name not in ARGUMENTS:
                raise ValueError(f"marker sandbox: expected some of {', '.join(ARGUMENTS)}, got {name!r}")
        if not marker.args or api in marker.args:
            terms.update(marker.kwargs)
    return {name: value for name, value in terms.items() if _OF_ONE_API.get(name, api) == api}


def _label(item: pytest.Item) -> str:
    """Return the test's node id, without what pytest-xdist adds to it to keep a group on one worker."""
    group = item.get_closest_marker("xdist_group")
    name = (*group.args, group.kwargs.get("name"))[0] if group is not None else None
    return item.nodeid.removesuffix(f"@{name}") if name else item.nodeid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell in the report of a failing test what its worlds were asked and why they answered so, and what breaks it.

    Worlds end when all has been told: what takes a test down may fail for what they answered.
    """
    report = yield
    if report.failed:  # type: ignore[attr-defined]
        for each in item.stash.get(_OPEN, []):
            report.sections.append((f"sandbox {each.api}", _told(item.config, each)))  # type: ignore[attr-defined]
        for told in _found(item, call):
            report.sections.append(("sandbox scenario", told))  # type: ignore[attr-defined]
    if call.when == "teardown":
        opened = item.stash.get(_OPEN, [])
        while opened:
            opened.pop().close()
    return report


def _found(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[str]:
    """Yield where the scenario is written that was found to break the client, if that is why the test fails."""
    shrinking = sys.modules.get("sandbox.testing.shrinking")
    error = None if call.excinfo is None else call.excinfo.value
    if shrinking is not None and isinstance(error, shrinking.Breaks):
        from sandbox.testing.story import file_name

        script = error.broken.scenario
        try:
            folder = _folder(item.config)
            folder.mkdir(parents=True, exist_ok=True)
            path = script.write(folder / f"{file_name(script['api'], _label(item))}.scenario.yaml")
        except OSError as unwritten:
            yield f"the scenario cannot be written: {unwritten}"
        else:
            yield f"{path}\nsandbox check-scenario {quote(str(path))}"


def _told(config: pytest.Config, sandbox: Sandbox) -> str:
    from sandbox.testing.story import told_and_saved

    return told_and_saved(sandbox.journal, lambda: _folder(config))


def _folder(config: pytest.Config) -> Path:
    """Return where capsules go: the folder that was asked for, else pytest's cache, else one for a while."""
    if config.option.sandbox_report:
        return Path(config.option.sandbox_report)
    cache = getattr(config, "cache", None)
    return Path(cache.mkdir("sandbox") if cache is not None else mkdtemp(prefix="sandbox-"))
