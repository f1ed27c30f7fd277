"""Every snippet of the README and of the docs runs."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.app import fixtures_of, load_api
from sandbox.core.clock import parse_instant
from sandbox.core.frozen import freeze
from sandbox.core.staging import reader_of
from sandbox.settings import APIS
from sandbox.web.files import parse
from tests.served import serving

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TOKEN = "the-admin-token-of-the-snippets"
COUNTED = """
curl() { command curl -s -w '\\nanswered %{http_code}\\n' "$@"; }
"""
"""What stands before a snippet: every curl call tells the status that it got."""


def snippets(language):
    for page in PAGES:
        for number, text in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        ):
            yield pytest.param(text, id=f"{page.stem}-{number}")


def calls(text):
    """Return how many of the sandbox's verbs and of curl's calls a snippet makes."""
    return len(re.findall(r"^(?:curl|sandbox) ", text, re.MULTILINE))


CALLS = [each for each in snippets("sh") if calls(each.values[0])]
COMMANDS = [each for each in snippets("sh") if not calls(each.values[0])]


@pytest.fixture(scope="module")
def url():
    with serving("default", "--admin-token", TOKEN) as origin:
        yield origin


def run(text, url, folder):
    """Run a snippet against the server at this URL; a verb that fails ends it."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SANDBOX_URL": url,
        "SANDBOX_ADMIN_TOKEN": TOKEN,
    }
    text = COUNTED + text.replace("http://127.0.0.1:8800", url)
    return subprocess.run(
        ["bash", "-eu", "-c", text], capture_output=True, text=True, check=False, cwd=folder, env=env, timeout=60
    )


@pytest.mark.parametrize("text", CALLS)
def test_every_call_of_a_shell_is_answered_with_success(text, url, tmp_path):
    done = run(text, url, tmp_path)
    statuses = re.findall(r"^answered ([0-9]{3})$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(statuses) == len(re.findall(r"^curl ", text, re.MULTILINE))
    assert set(statuses) <= {"200", "201", "202"}, done.stdout


def test_a_call_that_fails_would_be_seen(url, tmp_path):
    bad = run("curl http://127.0.0.1:8800/__admin/clock\n", url, tmp_path)
    assert "answered 401" in bad.stdout
    assert run("sandbox status\n", url, tmp_path).returncode == 2


@pytest.mark.parametrize("text", list(snippets("python")))
def test_every_python_snippet_runs(text, tmp_path):
    script = tmp_path / "snippet.py"
    script.write_text(text)
    done = subprocess.run(
        [sys.executable, "-W", "error", script], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", list(snippets("json")))
def test_every_json_snippet_is_json(text):
    assert json.loads(text)


DOCUMENTS = [
    pytest.param(parse(Path("snippet.yaml"), each.values[0].encode()), id=each.id) for each in snippets("yaml")
]


HEART = {"aikraft": "systems", "ctrlai": "units"}
"""The table of each API that its fixtures are about."""
BIRTH = parse_instant("2026-04-13T14:30:00Z")


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if "fixture" in each.values[0]])
def test_every_fixture_snippet_loads_and_holds_something(document):
    api = fixtures_of(document["api"])
    workspace = api.workspace_of(api.read_fixture(document), BIRTH)
    assert workspace.table(HEART[document["api"]]).count() == 1


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if isinstance(each.values[0], list)])
def test_every_list_of_decisions_is_of_a_contract(document):
    known = [each for api in APIS for each in load_api(api).contract.document["x-decisions"]]
    assert all(freeze(each) in known for each in document)


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if isinstance(each.values[0], dict) and "fixture" not in each.values[0]]
)
def test_every_scenario_snippet_is_read_whole_or_as_a_part(document):
    whole = {"scenario": "snippet", "api": "aikraft", "summary": "A snippet.", **document}
    scenario = reader_of(load_api(whole["api"])).scenario(whole)
    assert len(scenario.rules) + len(scenario.timeline) >= 1


def test_the_readme_names_the_commands_that_start_and_test():
    shown = "".join(each.values[0] for each in COMMANDS)
    assert {"make run", "make test"} <= set(shown.splitlines())
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"\n{verb}:" in makefile for verb in ("run", "test", "lint", "bench"))


def printed(count):
    """Return the first lines that `sandbox serve` prints."""
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0"]
    env = {name: value for name, value in os.environ.items() if name != "SANDBOX_ADMIN_TOKEN"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            return [process.stdout.readline() for _ in range(count)]
        finally:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=30)
            assert rest == ""


def test_the_readme_shows_what_the_server_prints():
    text = "".join(printed(2 * len(APIS) + 1))
    masked = re.sub(r"(?<=admin token: )[A-Za-z0-9_-]{32}(?=\n)", "…", text)
    assert masked != text
    masked = re.sub(r"http://127\.0\.0\.1:[0-9]+", "http://127.0.0.1:8800", masked)
    assert f"```\n{masked}```\n" in (ROOT / "README.md").read_text()
