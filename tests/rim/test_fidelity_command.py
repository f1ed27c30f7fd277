"""`sandbox fidelity`: what is a guess, without a server; and what a world leaned on, with one."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import groupby

import pytest

from sandbox.app import contract_of
from sandbox.cli import main
from sandbox.core.fidelity import guesses_of
from sandbox.fidelity import _print
from sandbox.settings import APIS
from sandbox.terminal.screen import Screen
from sandbox.testing import Sandbox

GUESSES = {api: guesses_of(contract_of(api)) for api in APIS}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ("SANDBOX_KEY", "SANDBOX_URL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def says(capsys):
    """Run the verb, and return its exit code and what it printed on either stream."""

    def run(*arguments):
        capsys.readouterr()
        code = main(["fidelity", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def world():
    """Yield a world that has polled a job: its key, and the server."""
    with Sandbox(label="fidelity") as sandbox:
        job = sandbox.client.post("/v1/systems/sys_abc123/documents", json={"sections": "all"}).json()["data"]
        sandbox.client.get(f"/v1/jobs/{job['job_id']}")
        yield sandbox


@pytest.fixture
def told(says, world):
    return lambda *arguments: says("--key", world.key, "--url", world.url, *arguments)


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def test_without_a_key_every_guess_of_both_apis_is_listed_and_no_server_is_needed(says):
    code, out, err = says()
    assert (code, err) == (0, "")
    assert sorted(row[:2] for row in rows(out)) == sorted([api, each.id] for api in APIS for each in GUESSES[api])
    assert {len(row) for row in rows(out)} == {6}


def test_guesses_are_grouped_by_operation_those_of_several_first(says):
    groups = [group for group, _ in groupby((row[0], row[3]) for row in rows(says()[1]))]
    assert len(groups) == len(set(groups))
    assert next(operation for api, operation in groups if api == "ctrlai") == "-"


def test_those_of_one_api_and_one_provenance_are_listed(says):
    code, out, _ = says("--api", "ctrlai", "--provenance", "invented", "--json")
    answer = json.loads(out)
    wanted = [each for each in GUESSES["ctrlai"] if each.provenance == "invented"]
    assert (code, answer["meta"]) == (0, {"total": len(wanted)})
    assert [each["id"] for each in answer["guesses"]] == [each.id for each in wanted]
    assert set(answer["guesses"][0]) == {"api", "id", "provenance", "operation", "behaviour", "because"}
    assert answer["guesses"][0]["because"] == wanted[0].because


def test_an_api_that_there_is_not_is_a_wrong_call(says):
    assert says("--api", "stripe") == (2, "", "sandbox: --api: expected one of aikraft, ctrlai, got 'stripe'\n")


def test_eyes_read_each_guess_below_its_operation_with_the_reason(capsys):
    _print(Screen(eyes=True), [("aikraft", each) for each in GUESSES["aikraft"]])
    text = capsys.readouterr().out
    assert text.startswith("aikraft, more than one operation\n")
    below = text.partition("\naikraft, getJob\n")[2].partition("\n\n")[0].splitlines()
    assert "  invented  getJob 200: The job as it stands now." in below
    assert below[below.index("  invented  getJob 200: The job as it stands now.") + 1].startswith("      because: ")


def test_whoever_has_read_enough_is_no_error():
    command = f"'{sys.executable}' -W error -m sandbox fidelity | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("aikraft\tdecision order-of-checks\t")


def test_with_a_key_it_tells_what_that_world_leaned_on(told, world):
    code, out, err = told()
    assert (code, err) == (0, "")
    assert {row[1] for row in rows(out)} == {"getJob 200", "decision job-states"}
    (invented,) = rows(told("--provenance", "invented")[1])
    asked = world.requests[-1]
    assert invented == ["invented", "getJob 200", "getJob", asked.id, "The job as it stands now."]
    answer = json.loads(told("--json", "--provenance", "inferred")[1])
    assert [each["id"] for each in answer["guesses"]] == ["decision job-states"]
    assert answer["meta"] == {"total": 1}


def test_a_build_fails_that_leaned_on_an_invention_whatever_is_listed(told):
    for more in ((), ("--provenance", "inferred"), ("--json",)):
        code, _, err = told("--fail-on-invented", *more)
        assert code == 1
        assert "leaned on what the sandbox invented: getJob 200; " in err


def test_an_invention_that_is_allowed_fails_no_build(told):
    assert told("--fail-on-invented", "--allow", "getJob 200")[::2] == (0, "")
    assert told("--fail-on-invented", "--allow", "decision classifier")[0] == 1


def test_what_is_allowed_has_to_be_a_guess(told):
    code, out, err = told("--fail-on-invented", "--allow", "getJob 2OO")
    assert (code, out) == (2, "")
    assert "got 'getJob 2OO'; did you mean 'getJob 200'?" in err


def test_a_world_that_leaned_on_nothing_invented_fails_no_build(says):
    with Sandbox(label="documented") as sandbox:
        sandbox.client.get("/v1/systems")
        assert says("--fail-on-invented", "--key", sandbox.key, "--url", sandbox.url) == (0, "", "")
        assert sandbox.fidelity == []


def test_to_fail_a_build_a_key_is_needed(says):
    for flags in (("--fail-on-invented",), ("--allow", "getJob 200"), ("--url", "http://127.0.0.1:1")):
        code, _, err = says(*flags)
        assert code == 2
        assert "no key: give --key or set SANDBOX_KEY" in err


def test_a_key_in_the_environment_means_its_world_unless_an_api_is_named(says, world, monkeypatch):
    monkeypatch.setenv("SANDBOX_KEY", world.key)
    monkeypatch.setenv("SANDBOX_URL", world.url)
    assert {row[1] for row in rows(says()[1])} == {"getJob 200", "decision job-states"}
    assert len(rows(says("--api", "aikraft")[1])) == len(GUESSES["aikraft"])


def test_a_sandbox_of_a_test_tells_what_it_leaned_on(world):
    told = {each["id"]: each for each in world.fidelity}
    assert set(told) == {"getJob 200", "decision job-states"}
    assert told["getJob 200"]["leaned"] == [world.requests[-1].id]
    assert told["getJob 200"]["provenance"] == "invented"
