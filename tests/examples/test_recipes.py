"""The recipes for CI: their syntax by the published schemas, their commands by our own parser, their steps by running them."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sandbox.cli import _parser
from tests.examples.recipes import CI, PORT, commands, free_port, github_jobs, gitlab_jobs, judged, shell
from tests.examples.strangers import EXAMPLES, ROOT, copied, promised

NODE = shutil.which("node")
RECIPES = {"github-workflows": "github-actions.yml", "gitlab-ci": "gitlab-ci.yml"}
JOBS = [pytest.param(job, id=f"{of}-{job.name}") for of, jobs in (("github", github_jobs()), ("gitlab", gitlab_jobs())) for job in jobs]  # fmt: skip
PAGES = [ROOT / "docs" / "ci.md", *sorted(EXAMPLES.rglob("README.md"))]
SHOWN = [
    text for page in PAGES for text in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
]
SCRIPTS = [*(text for each in JOBS for text in each.values[0].scripts), *SHOWN]
PROJECTS = {"tests": "python", "other-language": "javascript"}
"""The example that a job is for; the contract needs none."""
LESS = ("--max-examples 20", "--max-examples 1 --operations getMonitoring")
"""The contract suite as a whole runs in tests of its own: here it is enough that the step can be made."""


@pytest.mark.parametrize("schema", RECIPES)
def test_a_recipe_keeps_the_schema_of_whoever_reads_it_and_a_broken_one_does_not(schema, tmp_path):
    recipe = CI / RECIPES[schema]
    assert judged(schema, recipe) == (0, "ok -- validation done\n")
    broken = tmp_path / recipe.name
    broken.write_text(re.sub(r"^( +)(?:runs-on|script):", r"\1wrong:", recipe.read_text(), flags=re.MULTILINE))
    assert judged(schema, broken)[0] == 1


def test_both_recipes_have_the_same_jobs():
    assert [each.name for each in github_jobs()] == [each.name for each in gitlab_jobs()]


@pytest.mark.parametrize("script", sorted({*SCRIPTS, *(each.read_text() for each in EXAMPLES.rglob("*.sh"))}))
def test_every_script_is_one_for_a_shell(script):
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_of_ours_in_a_recipe_is_one_that_there_is():
    found = [each for script in SCRIPTS for each in commands(script, "sandbox")]
    assert {each[1] for each in found} >= {"serve", "check", "verdicts", "coverage", "fidelity", "capsule"}
    for command in found:
        assert _parser().parse_args(command[1:]).run, command


def test_every_option_of_pytest_in_a_recipe_is_one_that_there_is(pytestconfig):
    flags = {word for script in SCRIPTS for each in commands(script, "pytest") for word in each if word[:2] == "--"}
    assert flags >= {"--junitxml", "--sandbox-report", "--sandbox-min-coverage"}
    for flag in flags:
        pytestconfig.getoption(flag)


def test_the_commands_of_a_script_are_found_wherever_they_stand():
    script = (
        "X=1 sandbox serve >a 2>&1 & curl u\nif ! sandbox status; then echo sandbox; fi\nb/sandbox clock --json || :\n"
    )
    assert commands(script, "sandbox") == [
        ["sandbox", "serve"],
        ["sandbox", "status"],
        ["b/sandbox", "clock", "--json"],
    ]


def played(job, folder):
    """Run the steps of a job that need no network, in order, and return exit code and all that was said."""
    port = free_port()
    env = {name: str(value).replace(PORT, port) for name, value in job.env.items()}
    return _steps([each.replace(PORT, port) for each in job.offline], folder, env)


def _steps(scripts, folder, env, said=""):
    if not scripts:
        return 0, said
    with shell(scripts[0].replace(*LESS), folder, env, "-eo", "pipefail") as done:
        said += done.stdout
        return _steps(scripts[1:], folder, env, said) if done.returncode == 0 else (done.returncode, said)


def begun(job, folder):
    """Return the folder in which a job begins: a copy of the example that it is for, or an empty one."""
    return copied(PROJECTS[job.name], folder) if job.name in PROJECTS else folder


def once(jobs):
    """Leave out a job that is, text for text, one that came before."""
    known = {}
    for each in jobs:
        known.setdefault((each.values[0].name, "\n".join(each.values[0].offline)), each)
    return list(known.values())


KEPT = {
    "contract": {"contract.xml", "contract.md"},
    "tests": {"tests.xml", "coverage-aikraft.html", "coverage-ctrlai.html"},
    "other-language": {"coverage.html", "run.json"},
}


@pytest.mark.parametrize("job", once(JOBS))
def test_the_steps_of_a_recipe_succeed_in_their_order_and_keep_what_they_say(job, tmp_path):
    if job.name == "other-language" and NODE is None:
        pytest.skip("no Node is installed: the example in JavaScript is not tried")
    folder = begun(job, tmp_path)
    code, said = played(job, folder)
    assert code == 0, said
    report = folder / "report"
    assert {each.name for each in report.iterdir()} >= KEPT[job.name]
    for each in report.glob("*.xml"):
        assert ElementTree.parse(each).getroot().tag == "testsuites"
    if job.name == "tests":
        assert f"{promised('python')} passed" in said
    if job.name == "other-language":
        assert json.loads((report / "run.json").read_text())["records"]


def test_a_job_of_gitlab_fails_for_one_failure_and_keeps_the_run_all_the_same(tmp_path):
    (job,) = [each for each in gitlab_jobs() if each.name == "other-language"]
    folder = begun(job, tmp_path)
    (folder / "client.test.mjs").unlink()
    (folder / "journey.mjs").write_text("process.exit(3);\n")
    code, _ = played(job, folder)
    assert code == 1
    assert json.loads((folder / "report" / "run.json").read_text())["capsule"] == 1


def test_the_page_tells_every_job_and_every_recipe():
    page = (ROOT / "docs" / "ci.md").read_text()
    assert {each.name for each in github_jobs()} <= set(re.findall(r"`([\w-]+)`", page))
    told = {Path(each).name for each in re.findall(r"\]\(\.\./examples/([^)]+)\)", page)}
    assert told >= {each.name for each in CI.iterdir() if each.name != "README.md"}
