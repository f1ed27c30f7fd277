"""Every snippet of the README and of the docs runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.apis.aikraft.fixture import read_fixture, workspace_of
from sandbox.web.files import parse
from tests.served import serving

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(language):
    for page in PAGES:
        for number, text in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        ):
            yield pytest.param(text, id=f"{page.stem}-{number}")


CURLS = [each for each in snippets("sh") if each.values[0].startswith("curl")]
COMMANDS = [each for each in snippets("sh") if not each.values[0].startswith("curl")]


@pytest.fixture(scope="module")
def url():
    with serving("default") as origin:
        yield origin


@pytest.mark.parametrize("text", CURLS)
def test_every_curl_call_is_answered_with_success(text, url):
    command = text.replace("http://127.0.0.1:8800", url).rstrip() + " -s -w '\n%{http_code}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] in ("200", "201", "202"), done.stdout


@pytest.mark.parametrize("text", list(snippets("python")))
def test_every_python_snippet_runs(text, tmp_path):
    script = tmp_path / "snippet.py"
    script.write_text(text)
    subprocess.run([sys.executable, "-W", "error", script], check=True, cwd=ROOT, capture_output=True)


@pytest.mark.parametrize("text", list(snippets("yaml")))
def test_every_fixture_snippet_loads(text):
    assert workspace_of(read_fixture(parse(Path("snippet.yaml"), text.encode())), 0).table("systems").count() == 1


def test_the_readme_names_the_commands_that_start_and_test():
    shown = "".join(each.values[0] for each in COMMANDS)
    assert {"make run", "make test"} <= set(shown.splitlines())
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"\n{verb}:" in makefile for verb in ("run", "test", "lint", "bench"))


def test_the_readme_shows_what_the_server_prints(tmp_path):
    with serving("default", log=tmp_path / "log") as origin:
        printed = (tmp_path / "log").read_text().replace(origin, "http://127.0.0.1:8800")
    assert printed in (ROOT / "README.md").read_text()
