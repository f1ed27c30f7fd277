"""The pytest plugin, by suites that use it: they run as a user's would, some in processes of their own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

# What is imported here stays, and the suites that run in this process share it.
import httpcore  # noqa: F401
import pytest

import sandbox.testing.adapter
import sandbox.testing.world  # noqa: F401
from sandbox.settings import Settings
from sandbox.testing import SandboxServer, plugin

ROOT = Path(__file__).resolve().parents[2]
pytest_plugins = ["pytester"]
ASYNCIO = ["-o", "asyncio_default_fixture_loop_scope=function"]
"""What pytest-asyncio wants to be told, or it warns."""
LEAN = [one for each in ("schemathesis", "faker", "hypothesispytest", "asyncio") for one in ("-p", f"no:{each}")]
"""What a suite in processes of its own has no need of, and would import in each."""
LOAN = '{"name": "Loan", "description": "Scores.", "purpose": "Credit decisions", "domain": "Financial Services"}'


def ran(pytester: pytest.Pytester, text: str, *options: str, **outcomes: int) -> pytest.RunResult:
    """Run a suite in this process and return what came of it, which has to be as expected."""
    pytester.makepyfile(text)
    result = pytester.runpytest_inprocess("-W", "error", "--strict-markers", *ASYNCIO, *options)
    result.assert_outcomes(**outcomes)
    return result


def test_each_test_has_a_world_of_its_own_that_bears_its_name(pytester: pytest.Pytester) -> None:
    text = f"""
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(aikraft_sandbox, number):
            assert aikraft_sandbox.label == f"test_each_test_has_a_world_of_its_own_that_bears_its_name.py::test_it[{{number}}]"
            assert aikraft_sandbox.requests == []
            made = aikraft_sandbox.client.post("/v1/systems", json={LOAN})
            print("made", made.json()["data"]["id"])
            assert aikraft_sandbox.verify({{"operation": "createSystem", "status": 201}}, exactly=1)

        def test_both(aikraft_sandbox, ctrlai_sandbox):
            assert aikraft_sandbox.client.get("/v1/systems").status_code == 200
            assert ctrlai_sandbox.client.get("/api/v1/units").status_code == 200
            assert [len(each.requests) for each in (aikraft_sandbox, ctrlai_sandbox)] == [1, 1]
    """
    made = [re.findall(r"made (\w+)", "\n".join(ran(pytester, text, "-s", passed=3).outlines)) for _ in range(2)]
    assert made[0] == made[1]
    assert len(set(made[0])) == 2


MARKED = """
    import pytest

    pytestmark = pytest.mark.sandbox(plan="enterprise", scenario="flaky")

    @pytest.mark.sandbox(plan="free", scope="read", scenario=None)
    def test_the_nearest_marker_wins(aikraft_sandbox):
        assert aikraft_sandbox.client.get("/v1/systems").status_code == 403
        assert "Free" in aikraft_sandbox.client.get("/v1/systems").text

    @pytest.mark.sandbox(fixture="empty", clock="2026-05-01T00:00:00Z", scenario=None, sleep="real")
    def test_fixture_and_clock(aikraft_sandbox):
        assert aikraft_sandbox.client.get("/v1/systems").json()["data"] == []
        assert f"{aikraft_sandbox.clock.now:%Y-%m-%d}" == "2026-05-01"
        assert not aikraft_sandbox.clock.drives_sleep

    @pytest.mark.sandbox("aikraft", scenario="rate-limited")
    @pytest.mark.sandbox("ctrlai", scenario="model-outage", role="reviewer")
    def test_each_api_has_its_own(aikraft_sandbox, ctrlai_sandbox):
        assert aikraft_sandbox.scenario("rate-limited")["active"] == "rate-limited"
        assert ctrlai_sandbox.key != ctrlai_sandbox.terms.key(ctrlai_sandbox.label)

    @pytest.mark.sandbox(scenario={"scenario": "mine", "api": "aikraft", "summary": "Mine.", "rules": [
        {"name": "all", "then": {"error": {"status": 500}}}]})
    def test_a_scenario_of_ones_own(aikraft_sandbox):
        assert aikraft_sandbox.client.get("/v1/systems").headers["Sandbox-Fault"] == "mine#all"
"""


def test_a_marker_says_what_the_worlds_are_like(pytester: pytest.Pytester) -> None:
    ran(pytester, MARKED, passed=4)


def test_a_marker_that_cannot_be_meant_fails_the_test_with_what_is_expected(pytester: pytest.Pytester) -> None:
    result = ran(
        pytester,
        """
        import pytest

        @pytest.mark.sandbox(fixtur="empty")
        def test_argument(aikraft_sandbox): pass

        @pytest.mark.sandbox(fixture="emty")
        def test_fixture(aikraft_sandbox): pass

        @pytest.mark.sandbox(plan="gold")
        def test_plan(aikraft_sandbox): pass

        @pytest.mark.sandbox(scenario="none")
        def test_scenario(aikraft_sandbox): pass

        @pytest.mark.sandbox("aikrft", plan="free")
        def test_api(aikraft_sandbox): pass
        """,
        errors=5,
    )
    result.stdout.fnmatch_lines([
        "aikraft_sandbox: marker sandbox: expected some of fixture, *, got 'fixtur'",
        "aikraft_sandbox: fixtures: expected one of *, got 'emty'; did you mean 'empty'?",
        "aikraft_sandbox: plan: expected one of free, *, got 'gold'",
        "aikraft_sandbox: There is no scenario of this name; *",
        "aikraft_sandbox: marker sandbox: expected some of aikraft, ctrlai, got 'aikrft'",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*During handling*")


FAILING = f"""
    import time

    def test_client(aikraft_sandbox, ctrlai_sandbox):
        aikraft_sandbox.fault(when={{"operation": "createSystem"}}, then={{"error": {{"status": 500}}}}, times=1)
        for _ in range(2):
            made = aikraft_sandbox.client.post("/v1/systems", json={LOAN})
            time.sleep(2)
        ctrlai_sandbox.client.get("/api/v1/nothing")
        assert made.status_code == 500
"""


def test_a_failing_test_tells_what_was_asked_and_why_it_was_answered_so(pytester: pytest.Pytester) -> None:
    result = ran(pytester, FAILING, failed=1)
    result.stdout.fnmatch_lines([
        "*- sandbox aikraft -*",
        "world test_*.py::test_client, 2 requests, its clock at 2026-04-13T14:30:04Z",
        "  1 POST /v1/systems 500 (fault, fault#fault-1)",
        '    > {"name":"Loan",*',
        '    < {"error":{"code":"internal_error",*',
        "    rule fault#fault-1: meeting 1",
        "    documented: *",
        "  2 POST /v1/systems 201",
        "capsule: *test_client*.capsule.json",
        "sandbox replay *",
        "*- sandbox ctrlai -*",
        "  1 GET /api/v1/nothing 404 (*",
    ])  # fmt: skip
    result.stdout.no_fnmatch_line("*ak_test_*")


def test_a_test_that_fails_when_it_is_taken_down_tells_it_too_and_sleep_waits_by_then(
    pytester: pytest.Pytester,
) -> None:
    text = """
        import time
        import pytest

        waits = time.sleep

        @pytest.fixture
        def around():
            yield
            assert time.sleep is waits

        @pytest.fixture
        def client(around, aikraft_sandbox):
            yield aikraft_sandbox.client
            aikraft_sandbox.verify({"operation": "getSystem"})

        def test_it(client):
            client.get("/v1/systems")

        def test_and_then_its_world_is_gone(aikraft_sandbox):
            home = aikraft_sandbox.home
            assert not [each for each in home._taken if "test_it" in each]
    """
    result = ran(pytester, text, passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_it*", "*- sandbox aikraft -*", "  1 GET /v1/systems 200"])


def written(folder: Path) -> list[Path]:
    """Return what was written there of failing tests; what the run has seen stands beside it."""
    return sorted(each for each in folder.iterdir() if not each.name.startswith(("coverage-", "fidelity-")))


def test_the_capsules_of_a_failing_test_replay(pytester: pytest.Pytester) -> None:
    result = ran(pytester, FAILING, "--sandbox-report", "report", failed=1)
    found = written(pytester.path / "report")
    assert [each.suffix for each in found] == [".json", ".txt"] * 2
    assert any(f"capsule: {found[0]}" in line for line in result.outlines)
    for each in found[::2]:
        replay = pytester.run(sys.executable, "-m", "sandbox", "replay", str(each))
        assert replay.ret == 0
        replay.stdout.fnmatch_lines(["* records gone through, every answer the same"])


def test_a_test_that_passes_or_has_no_world_leaves_no_report(pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        def test_fine(aikraft_sandbox): pass

        def test_without(): assert False

        @pytest.mark.xfail
        def test_expected(aikraft_sandbox): assert False
    """
    result = ran(pytester, text, "--sandbox-report", "report", passed=1, failed=1, xfailed=1)
    result.stdout.no_fnmatch_line("*sandbox aikraft*")
    assert written(pytester.path / "report") == []


def test_a_report_that_cannot_be_written_says_so_and_fails_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makefile(".txt", report="a file")
    result = ran(pytester, FAILING, "--sandbox-report", "report.txt", failed=1)
    result.stdout.fnmatch_lines(["nothing can be told of the world *", "coverage-aikraft.json cannot be written: *"])


def test_a_scenario_that_cannot_be_written_says_so_and_breaks_no_run(pytester: pytest.Pytester) -> None:
    pytester.makefile(".txt", report="a file")
    result = ran(pytester, BROKEN, "--sandbox-report", "report.txt", failed=1)
    result.stdout.fnmatch_lines(["*sandbox scenario*", "the scenario cannot be written: *"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:x", "127.0.0.1", "{url}/v1"])
def test_a_url_at_which_no_sandbox_answers_fails_the_test_with_why(pytester: pytest.Pytester, url: str) -> None:
    with SandboxServer(Settings()) as server:
        given = url.format(url=server.url)
        result = ran(pytester, "def test_it(aikraft_sandbox): pass", "--sandbox-url", given, errors=1)
    result.stdout.fnmatch_lines([f"aikraft_sandbox: no sandbox answers at {given}: *"])


def test_sleep_moves_the_clock_in_the_test_and_waits_again_after_it(pytester: pytest.Pytester) -> None:
    ran(
        pytester,
        """
        import asyncio, time
        REAL = time.sleep, asyncio.sleep

        def test_sync(aikraft_sandbox):
            before = aikraft_sandbox.clock.now
            time.sleep(37)
            assert (aikraft_sandbox.clock.now - before).total_seconds() == 37

        def test_after():
            assert (time.sleep, asyncio.sleep) == REAL

        def test_async(aikraft_sandbox):
            async def main():
                await aikraft_sandbox.aclient.get("/v1/systems")
                await asyncio.sleep(37)
            before = aikraft_sandbox.clock.now
            asyncio.run(main())
            assert (aikraft_sandbox.clock.now - before).total_seconds() == 37
        """,
        passed=3,
    )


def test_tests_that_are_coroutines_have_worlds_too(pytester: pytest.Pytester) -> None:
    ran(
        pytester,
        """
        import asyncio, pytest

        @pytest.fixture
        def anyio_backend(): return "asyncio"

        @pytest.mark.anyio
        async def test_it(ctrlai_sandbox):
            before = ctrlai_sandbox.clock.now
            answers = await asyncio.gather(*[ctrlai_sandbox.aclient.get("/api/v1/units") for _ in range(3)])
            await asyncio.sleep(3600)
            assert [each.status_code for each in answers] == [200] * 3
            assert len(ctrlai_sandbox.requests) == 3
            assert (ctrlai_sandbox.clock.now - before).total_seconds() == 3600
        """,
        passed=1,
    )


def test_tests_of_pytest_asyncio_have_worlds_too(pytester: pytest.Pytester) -> None:
    ran(
        pytester,
        """
        import asyncio, pytest, pytest_asyncio

        @pytest_asyncio.fixture
        async def units(ctrlai_sandbox):
            return (await ctrlai_sandbox.aclient.get("/api/v1/units")).json()["meta"]["total"]

        @pytest.mark.asyncio
        @pytest.mark.parametrize("number", [1, 2])
        async def test_it(ctrlai_sandbox, units, number):
            before = ctrlai_sandbox.clock.now
            answers = await asyncio.gather(*[ctrlai_sandbox.aclient.get("/api/v1/units") for _ in range(3)])
            await asyncio.sleep(3600)
            assert [each.json()["meta"]["total"] for each in answers] == [units] * 3
            assert len(ctrlai_sandbox.requests) == 4
            assert (ctrlai_sandbox.clock.now - before).total_seconds() == 3600
        """,
        passed=2,
    )


UNITTEST = """
    import asyncio, time, unittest
    from sandbox.testing import Sandbox

    class Systems(unittest.TestCase):
        def setUp(self):
            self.sandbox = self.enterContext(Sandbox(label=self.id()))

        def test_list(self):
            self.assertEqual(self.sandbox.client.get("/v1/systems").status_code, 200)
            time.sleep(3600)
            self.sandbox.verify({"operation": "listSystems"}, exactly=1)

        def test_block(self):
            with Sandbox("ctrlai", role="viewer") as other:
                self.assertEqual(other.client.get("/api/v1/nothing").status_code, 200)

    class Later(unittest.IsolatedAsyncioTestCase):
        async def test_list(self):
            with Sandbox() as sandbox:
                self.assertEqual((await sandbox.aclient.get("/v1/systems")).status_code, 200)
                await asyncio.sleep(3600)
"""


def test_unittest_needs_no_plugin(pytester: pytest.Pytester) -> None:
    result = ran(pytester, UNITTEST, passed=2, failed=1)
    result.stdout.fnmatch_lines(["*GET /api/v1/nothing 404*"])
    module = next(pytester.path.glob("test_*.py")).stem
    alone = pytester.run(sys.executable, "-W", "error", "-m", "unittest", module)
    alone.stderr.fnmatch_lines(["sandbox ctrlai", "*1 GET /api/v1/nothing 404*", "Ran 3 tests*", "FAILED (failures=1)"])


MANY = f"""
    import os, pathlib, pytest

    @pytest.mark.sandbox(scenario="flaky")
    @pytest.mark.parametrize("number", [pytest.param(each, marks=pytest.mark.xdist_group(f"group-{{each % 2}}")) for each in range(6)])
    def test_it(aikraft_sandbox, ctrlai_sandbox, number):
        made = [aikraft_sandbox.client.post("/v1/systems", json={LOAN}) for _ in range(5)]
        told = [aikraft_sandbox.key, ctrlai_sandbox.key, *(each.text for each in made)]
        pathlib.Path(os.environ["TOLD"], str(number)).write_text("\\n".join(told))

    def test_that_fails(aikraft_sandbox):
        aikraft_sandbox.client.get("/v1/nothing")
        assert False
"""


def test_workers_of_xdist_meet_the_same_worlds_as_one_process(pytester: pytest.Pytester) -> None:
    told = []
    for number, options in enumerate((["-n0", *ASYNCIO], ["-n2", "--dist", "loadgroup", *LEAN])):
        pytester.makepyfile(test_many=MANY)
        folder = pytester.mkdir(f"told-{number}")
        pytester._monkeypatch.setenv("TOLD", str(folder))
        run = pytester.runpytest_subprocess if number else pytester.runpytest_inprocess
        result = run("-W", "error", "--sandbox-report", f"report-{number}", *options)
        result.assert_outcomes(passed=6, failed=1)
        result.stdout.fnmatch_lines(["*- sandbox aikraft -*", "  1 GET /v1/nothing 404 (unknown-path)", "capsule: *"])
        assert len(written(pytester.path / f"report-{number}")) == 2
        told.append([(folder / str(each)).read_text() for each in range(6)])
    assert told[0] == told[1]
    assert len({each.splitlines()[0] for each in told[0]}) == 6


def test_a_running_sandbox_is_asked_over_sockets(pytester: pytest.Pytester) -> None:
    text = """
        import time, pytest

        @pytest.mark.sandbox("aikraft", plan="enterprise", scope="read", scenario="rate-limited")
        def test_it(aikraft_sandbox, ctrlai_sandbox, request):
            assert aikraft_sandbox.url == ctrlai_sandbox.base_url == request.config.option.sandbox_url
            while (answer := aikraft_sandbox.client.get("/v1/systems")).status_code == 200: pass
            time.sleep(int(answer.headers["Retry-After"]))
            assert aikraft_sandbox.session.get(aikraft_sandbox.url + "/v1/systems").status_code == 200
            assert aikraft_sandbox.client.post("/v1/systems", json={}).status_code == 403
            assert ctrlai_sandbox.client.get("/api/v1/units").status_code == 200
            assert ctrlai_sandbox.requests == []
    """
    with SandboxServer(Settings()) as server:
        result = ran(pytester, text, "--sandbox-url", server.url, failed=1)
        assert len([each for each in server.store.presents() if each.startswith("own/")]) == 2
    result.stdout.fnmatch_lines(
        ["*- sandbox aikraft -*", "*POST /v1/systems 403 (permission*", "capsule: *", "*- sandbox ctrlai -*"]
    )
    ran(pytester, text, "--sandbox-url", server.url, errors=1).stdout.fnmatch_lines([
        f"aikraft_sandbox: no sandbox answers at {server.url}: *"
    ])  # fmt: skip


def test_the_head_of_a_run_says_which_sandbox_is_asked_if_it_is_another(pytester: pytest.Pytester) -> None:
    text = "def test_nothing(): pass"
    ran(pytester, text, "--sandbox-url", "http://127.0.0.1:9", passed=1).stdout.fnmatch_lines([
        "sandbox: http://127.0.0.1:9"
    ])  # fmt: skip
    ran(pytester, text, passed=1).stdout.no_fnmatch_line("sandbox: *")


@pytest.mark.parametrize("page", ["README.md", "docs/pytest.md"])
def test_the_suites_of_the_pages_pass(pytester: pytest.Pytester, page: str) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    [suite] = [each for each in snippets if re.search(r"^def test_\w+\((?:aikraft|ctrlai)_sandbox", each, re.MULTILINE)]
    ran(pytester, suite, passed=len(re.findall(r"^def test_", suite, re.MULTILINE)))


@pytest.mark.parametrize("name", plugin.ARGUMENTS)
def test_every_argument_of_the_marker_has_a_row(name: str) -> None:
    told = (ROOT / "docs" / "pytest.md").read_text().partition("\n## The marker\n")[2].partition("\n## ")[0]
    assert re.search(rf"^\| [^|]*`{name}`[^|]* \|", told, re.MULTILINE)


def test_every_option_has_a_row(pytester: pytest.Pytester) -> None:
    options = set(
        re.findall(r"--sandbox-[a-z-]+", "\n".join(pytester.runpytest_inprocess("--help", *ASYNCIO).outlines))
    )
    told = (ROOT / "docs" / "pytest.md").read_text().partition("\n## Options\n")[2].partition("\n## ")[0]
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", told, re.MULTILINE))


def test_the_plugin_is_installed_and_imports_nothing_before_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            loaded = {each for each in sys.modules if each.startswith("sandbox.")}
            assert "sandbox.testing.plugin" in loaded
            assert not [each for each in loaded if each.startswith(("sandbox.app", "sandbox.web", "sandbox.apis"))]
            assert not {"httpx", "flask", "marshmallow", "yaml"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-W", "error", *LEAN).assert_outcomes(passed=1)
    told = pytester.runpytest_subprocess("--markers", "--fixtures")
    told.stdout.fnmatch_lines(["@pytest.mark.sandbox(*fixture=, *"])


BROKEN = """
    from sandbox.testing import survives

    def client(sandbox):
        sandbox.client.get("/v1/systems").raise_for_status()

    def test_it_survives():
        survives(client)
"""


def test_the_scenario_that_breaks_a_client_is_written_beside_the_capsules(pytester: pytest.Pytester) -> None:
    result = ran(pytester, BROKEN, "--sandbox-report", "report", failed=1)
    [path] = (pytester.path / "report").glob("*test_it_survives*.scenario.yaml")
    result.stdout.fnmatch_lines(["*the smallest scenario that breaks the client:*", "*sandbox scenario*", str(path)])
    assert path.read_text().endswith("    then: {error: 500}\n")
    again = f"""
        from sandbox.testing import Sandbox
        from sandbox.web.files import read
        from pathlib import Path

        def test_it_breaks_again():
            with Sandbox(scenario=read(Path({str(path)!r}))[0]) as sandbox:
                assert sandbox.client.get("/v1/systems").status_code == 500
    """
    ran(pytester, again, passed=1)
