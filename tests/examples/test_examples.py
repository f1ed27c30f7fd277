"""The examples are copied somewhere else and run there, as a stranger would."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.examples.strangers import EXAMPLES, copied, promised, strangers
from tests.served import serving

NODE = shutil.which("node")


def run(*command, cwd, **env):
    """Run a command as a stranger would and return what it said; it has to succeed."""
    done = subprocess.run(command, cwd=cwd, env=strangers(**env), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_suite_passes_whole_side_by_side_and_without_a_warning(tmp_path):
    said = run(sys.executable, "-m", "pytest", "-n", "2", cwd=copied("python", tmp_path))
    assert re.findall(r"^=* ?(.*) in [0-9.]+s", said, re.MULTILINE) == [f"{promised('python')} passed"]


@pytest.mark.skipif(NODE is None, reason="no Node is installed: the example in JavaScript is not tried")
def test_the_javascript_suite_passes_whole(tmp_path):
    folder = copied("javascript", tmp_path)
    said = run(NODE, "--test", "--test-reporter=tap", cwd=folder, SANDBOX=f"{sys.executable} -W error -m sandbox")
    told = dict(re.findall(r"^# (tests|pass|fail|cancelled|skipped|todo) ([0-9]+)$", said, re.MULTILINE))
    count = promised("javascript")
    assert told == {"tests": count, "pass": count, "fail": "0", "cancelled": "0", "skipped": "0", "todo": "0"}


@pytest.fixture(scope="module")
def url():
    with serving("default") as origin:
        yield origin


def test_the_tour_with_curl_ends_well(url, tmp_path):
    folder = copied("curl", tmp_path)
    said = run(str(folder / "tour.sh"), cwd=folder, SANDBOX_URL=url)
    assert said.endswith("\nThe tour is over, and all was as told.\n")


@pytest.mark.parametrize(
    ("told", "otherwise", "said"),
    [
        ("$AIKRAFT 409 POST", "$AIKRAFT 201 POST", "tour: expected the status 201, got 409\n"),
        ('"status":"completed"', '"status":"failed"', 'tour: expected the answer to contain "status":"failed"\n'),
        ("$lost = 52", "$lost = 56", "tour: expected curl to say 52, an empty reply; got 52\n"),
    ],
)
def test_the_tour_ends_with_an_error_at_the_first_surprise(url, tmp_path, told, otherwise, said):
    script = copied("curl", tmp_path) / "tour.sh"
    script.write_text(script.read_text().replace(told, otherwise, 1))
    env = strangers(SANDBOX_URL=url)
    done = subprocess.run(["bash", script], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, said)


def test_every_example_is_told_of_and_every_file_of_it_exists():
    folders = {each.name for each in EXAMPLES.iterdir() if each.is_dir()}
    assert folders == set(re.findall(r"^\| \[(\w+)\]\(\1/\)", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    for folder in folders:
        there = {each.name for each in (EXAMPLES / folder).iterdir() if not each.name.startswith((".", "__"))}
        told = set(re.findall(r"^\| `([\w.-]+)` \|", (EXAMPLES / folder / "README.md").read_text(), re.MULTILINE))
        assert told <= there
        assert there - told <= {"README.md", "pyproject.toml", "tour.sh"}
