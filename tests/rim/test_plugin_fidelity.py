"""Which guesses a run of tests leaned on, by suites that use the plugin: alone, on workers, and against a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.settings import Settings
from sandbox.testing import Sandbox, SandboxServer
from tests.rim.test_plugin import LEAN
from tests.rim.test_plugin_coverage import ran

pytest_plugins = ["pytester"]
DOCUMENTED = """
    def test_list(aikraft_sandbox):
        assert aikraft_sandbox.client.get("/v1/systems").status_code == 200
"""
POLLS = """
    import pytest

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_poll(aikraft_sandbox, language):
        asked = {"sections": "all", "language": language}
        job = aikraft_sandbox.client.post("/v1/systems/sys_abc123/documents", json=asked).json()["data"]
        assert aikraft_sandbox.client.get(f"/v1/jobs/{job['job_id']}").status_code == 200

    def test_list(aikraft_sandbox, ctrlai_sandbox):
        assert aikraft_sandbox.client.get("/v1/systems").status_code == 200
        assert ctrlai_sandbox.client.get("/api/v1/units").status_code == 200
"""
INVENTED = "--sandbox-fail-on-invented"


def leaned(pytester: pytest.Pytester, api: str = "aikraft") -> dict[str, Any]:
    """Return what the report of a run says was leaned on, by the id of the guess."""
    document = json.loads((pytester.path / "told" / f"fidelity-{api}.json").read_text(encoding="utf-8"))
    assert document["api"] == api
    return {each["id"]: each for each in document["leaned"]}


def test_a_run_that_leans_on_what_is_documented_is_fine(pytester: pytest.Pytester) -> None:
    result = ran(pytester, DOCUMENTED, INVENTED)
    result.stdout.fnmatch_lines(["*= sandbox =*", "fidelity aikraft: leaned on 0 guesses, 0 of them invented"])


def test_what_came_without_a_key_before_a_world_began_is_none_of_its_own(pytester: pytest.Pytester) -> None:
    with Sandbox() as earlier:
        earlier.client.get("/v1/systems", headers={"Authorization": "Bearer ak_test_short"})
        assert len(earlier.strays) == 1
    ran(pytester, DOCUMENTED, INVENTED).stdout.fnmatch_lines(["fidelity aikraft: leaned on 0 guesses, *"])


def test_a_run_that_leans_on_an_invention_fails_and_names_it_with_its_tests(pytester: pytest.Pytester) -> None:
    result = ran(pytester, POLLS, INVENTED, "--sandbox-report", "told", code=1)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([
        "  getJob 200: * (*::test_poll[[]en], *::test_poll[[]de])",
        "FAILED fidelity aikraft: leaned on what the sandbox invented: getJob 200",
    ])  # fmt: skip
    told = leaned(pytester)
    assert told["getJob 200"]["provenance"] == "invented"
    assert [each.rpartition("::")[2] for each in told["getJob 200"]["worlds"]] == ["test_poll[en]", "test_poll[de]"]
    assert all(each["because"] and each["behaviour"] for each in told.values())


def test_what_is_allowed_fails_no_run_and_is_told_all_the_same(pytester: pytest.Pytester) -> None:
    result = ran(pytester, POLLS, INVENTED, "--sandbox-allow", "getJob 200", "--sandbox-report", "told")
    result.stdout.fnmatch_lines(["  getJob 200: *"])
    assert "getJob 200" in leaned(pytester)


def test_a_guess_that_is_none_is_refused_before_anything_runs(pytester: pytest.Pytester) -> None:
    result = ran(pytester, POLLS, INVENTED, "--sandbox-allow", "getJob 20", code=4)
    result.stderr.fnmatch_lines(
        ["ERROR: --sandbox-allow: expected the id of a guess, *'getJob 20'; did you mean 'getJob 20*"]
    )


def test_without_the_option_leaning_on_an_invention_is_told_in_the_report_alone(pytester: pytest.Pytester) -> None:
    assert "fidelity" not in ran(pytester, POLLS).stdout.str()
    ran(pytester, POLLS, "--sandbox-report", "told")
    assert "getJob 200" in leaned(pytester)


def test_workers_tell_together_what_they_leaned_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(POLLS)
    result = pytester.runpytest_subprocess(*LEAN, "-n", "2", INVENTED, "--sandbox-report", "told")
    assert result.ret == 1
    result.assert_outcomes(passed=3)
    assert len(leaned(pytester)["getJob 200"]["worlds"]) == 2


def test_a_running_sandbox_tells_the_same(pytester: pytest.Pytester) -> None:
    with SandboxServer(Settings()) as server:
        ran(pytester, POLLS, INVENTED, "--sandbox-url", server.url, "--sandbox-report", "told", code=1)
    assert "getJob 200" in leaned(pytester)
