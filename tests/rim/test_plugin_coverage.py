"""What a whole run of tests has seen, by suites that use the plugin: alone, on workers, and against a running sandbox."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

# What is imported here stays, and the suites that run in this process share it.
import httpcore  # noqa: F401
import pytest

import sandbox.testing.gathering  # noqa: F401
from sandbox.settings import Settings
from sandbox.testing import Sandbox, SandboxServer
from tests.rim.test_plugin import ASYNCIO, LEAN

ROOT = Path(__file__).resolve().parents[2]
pytest_plugins = ["pytester"]
SUITE = """
    import pytest

    @pytest.mark.parametrize("tier", ["high", "limited"])
    def test_tiers(aikraft_sandbox, tier):
        assert aikraft_sandbox.client.get(f"/v1/systems?risk_tier={tier}").status_code == 200

    @pytest.mark.parametrize("code", [429, 500])
    def test_refusals(aikraft_sandbox, code):
        assert aikraft_sandbox.client.get("/v1/systems", headers={"Prefer": f"code={code}"}).status_code == code
"""
SEEN = {
    "listSystems", "listSystems 200", "listSystems 429", "listSystems 500", "listSystems 429 rate_limit_exceeded",
    "listSystems 500 internal_error", "listSystems ?risk_tier", "listSystems ?risk_tier=high", "listSystems ?risk_tier=limited",
    "listSystems X-RateLimit-Limit", "listSystems X-RateLimit-Remaining", "listSystems X-RateLimit-Reset",
    "listSystems 429 Retry-After",
}  # fmt: skip


def ran(pytester: pytest.Pytester, text: str, *options: str, code: int = 0) -> pytest.RunResult:
    """Run a suite in this process and return what came of it, which has to end with this code."""
    pytester.makepyfile(text)
    result = pytester.runpytest_inprocess("-W", "error", "--strict-markers", *ASYNCIO, *options)
    assert result.ret == code, "\n".join(result.outlines + result.errlines)
    return result


def seen(pytester: pytest.Pytester, api: str = "aikraft") -> set[str]:
    """Return the points that the report of a run says were seen."""
    document = json.loads((pytester.path / "told" / f"coverage-{api}.json").read_text(encoding="utf-8"))
    return {_told(each) for each in document["points"] if each["seen"]}


def _told(point: dict[str, object]) -> str:
    value = f"{': ' if point['kind'] == 'header' else '='}{point['value']}" if point["value"] else ""
    name = f"{point['name']}{value}" if point["name"] else ""
    return " ".join(str(each) for each in (point["operation"], point["status"], name) if each)


def test_a_run_tells_what_its_tests_have_seen_and_writes_it_down(pytester: pytest.Pytester) -> None:
    result = ran(pytester, SUITE, "--sandbox-report", "told")
    result.stdout.fnmatch_lines(
        ["*= sandbox =*", "aikraft: 5.6 % (13 of 232), of errors 2.9 % (5 of 170)", "  5 more points: call *"]
    )
    assert seen(pytester) == SEEN
    assert "<!doctype html>" in (pytester.path / "told" / "coverage-aikraft.html").read_text(encoding="utf-8")
    assert not (pytester.path / "told" / "coverage-ctrlai.json").exists()


def test_a_run_that_has_seen_enough_is_fine_and_one_that_has_not_fails_with_what_to_do(
    pytester: pytest.Pytester,
) -> None:
    ran(pytester, SUITE, "--sandbox-min-coverage", "5.6", "--sandbox-min-error-coverage", "2.9")
    result = ran(pytester, SUITE, "--sandbox-min-coverage", "5.7", "--sandbox-min-error-coverage", "50", code=1)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([
        "FAILED aikraft: coverage: expected at least 5.7 %, got 5.6 % (13 of 232); 5 more points: call *",
        "FAILED aikraft: error coverage: expected at least 50 %, got 2.9 % (5 of 170); * more points: *",
    ])  # fmt: skip


def test_a_run_without_a_world_has_seen_nothing(pytester: pytest.Pytester) -> None:
    result = ran(pytester, "def test_it(): pass", "--sandbox-min-coverage", "1", code=1)
    result.stdout.fnmatch_lines(["FAILED coverage: expected at least 1 %, got none: no test had a world"])
    ran(pytester, "def test_it(): pass", "--sandbox-report", "told").stdout.no_fnmatch_line("*= sandbox =*")
    ran(pytester, SUITE, "--sandbox-min-coverage", "100", "--collect-only")


def test_the_command_of_the_docs_runs(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    _, *options = re.findall(r"^pytest --.*$", page, re.MULTILINE)[0].split()
    ran(pytester, SUITE, *options, code=1).stdout.fnmatch_lines(["FAILED aikraft: coverage: expected at least 60 %, *"])
    assert sorted(each.name for each in (pytester.path / "report").iterdir()) == [
        "coverage-aikraft.html",
        "coverage-aikraft.json",
        "fidelity-aikraft.json",
    ]


def test_a_percentage_that_is_none_is_a_wrong_call(pytester: pytest.Pytester) -> None:
    result = ran(pytester, SUITE, "--sandbox-min-error-coverage", "101", code=4)
    result.stderr.fnmatch_lines(["ERROR: --sandbox-min-error-coverage: expected a number from 0 to 100, got 101"])


GOING_BACK = """
    import httpx

    def test_it(aikraft_sandbox, ctrlai_sandbox):
        client = aikraft_sandbox.client
        aikraft_sandbox.snapshot()
        client.get("/v1/systems?risk_tier=high")
        aikraft_sandbox.restore()
        client.get("/v1/systems?risk_tier=limited")
        aikraft_sandbox.reset()
        client.get("/v1/systems", headers={"Authorization": ""})
        ctrlai_sandbox.session.get("http://sandbox/api/v1/units")
        assert aikraft_sandbox.coverage["seen"] == 0
        assert ctrlai_sandbox.coverage["seen"] == 4
"""


def test_what_a_test_went_back_behind_and_what_came_without_a_key_was_seen_too(pytester: pytest.Pytester) -> None:
    ran(pytester, GOING_BACK, "--sandbox-report", "told")
    told = {
        "listSystems ?risk_tier=high",
        "listSystems ?risk_tier=limited",
        "listSystems 401",
        "listSystems 401 unauthorized",
    }
    assert told < seen(pytester)
    assert "listUnits 200" in seen(pytester, "ctrlai")


def test_workers_gather_for_the_whole_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    options = ["--sandbox-report", "told", "--sandbox-min-coverage", "6"]
    result = pytester.runpytest_subprocess("-n", "2", *LEAN, *options)
    result.assert_outcomes(passed=4)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["FAILED aikraft: coverage: expected at least 6 %, got 5.6 % (13 of 232); *"])
    assert seen(pytester) == SEEN


def test_the_worlds_of_a_running_sandbox_are_asked_for_it(pytester: pytest.Pytester) -> None:
    with SandboxServer(Settings(apis=("aikraft",))) as server:
        options = ["--sandbox-url", server.url, "--sandbox-report", "told", "--sandbox-min-coverage", "5"]
        ran(pytester, SUITE, *options)
    assert seen(pytester) == SEEN


def test_nothing_is_imported_for_it_nor_heard_unless_it_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_it(aikraft_sandbox):
            assert aikraft_sandbox.client.get("/v1/systems").status_code == 200
            assert aikraft_sandbox.witness is None
            assert not {"sandbox.testing.gathering", "sandbox.testing.coverage", "sandbox.coverage"} & set(sys.modules)
    """)
    result = pytester.run(sys.executable, "-m", "pytest", "-q", *LEAN)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*= sandbox =*")


def test_a_world_has_the_coverage_of_its_control_plane() -> None:
    with Sandbox(label="coverage of one world") as one:
        one.client.get("/v1/systems")
        assert one.coverage["seen"] == 5
        assert {each["kind"] for each in one.coverage["points"] if each["seen"]} == {"operation", "status", "header"}
