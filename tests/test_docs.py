"""Whatever has a name has a heading in the docs, and the docs point at things that exist."""

import argparse
import re
from pathlib import Path

import pytest

from sandbox.app import load_api
from sandbox.cli import _parser
from sandbox.core.compiling import EXTENSIONS
from sandbox.core.quota import MODES
from sandbox.settings import APIS
from sandbox.web.files import shipped

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
HEADINGS = set(re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE))
TESTS = "\n".join(each.read_text() for each in (ROOT / "tests").rglob("*.py"))


def operations():
    return [operation for name in APIS for operation in load_api(name).contract.operations]


def commands(parser=None, words=()):
    """Yield each verb of the command with its flags, and each deed of a verb with its own."""
    parser = parser or _parser()
    if words:
        flags = [each.option_strings[0] for each in parser._actions if each.option_strings]
        yield " ".join(words), [each for each in flags if each != "-h"]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from commands(inner, (*words, name))


@pytest.mark.parametrize("operation", operations())
def test_every_operation_has_a_heading_and_a_test(operation):
    assert operation in HEADINGS
    assert operation in TESTS


@pytest.mark.parametrize(("verb", "flags"), list(commands()))
def test_every_verb_and_flag_has_a_heading(verb, flags):
    assert f"sandbox {verb}" in HEADINGS
    assert set(flags) <= HEADINGS


@pytest.mark.parametrize("extension", sorted(EXTENSIONS))
def test_every_extension_key_is_explained(extension):
    assert f"`{extension}`" in (ROOT / "docs" / "contract.md").read_text()


@pytest.mark.parametrize("mode", MODES)
def test_every_quota_mode_is_explained(mode):
    assert f"`--quota {mode}`" in (ROOT / "docs" / "quota.md").read_text()


@pytest.mark.parametrize("fixture", sorted(each.stem for each in (shipped("fixtures") / "aikraft").glob("*.yaml")))
def test_every_fixture_has_a_heading(fixture):
    assert fixture in HEADINGS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_every_decision_has_its_four_parts(page):
    text = page.read_text()
    assert all(f"**{part}.**" in text for part in ("Context", "Options", "Choice", "Price"))
    assert len(text.splitlines()) <= 30


def test_every_refusal_of_the_contract_is_provoked_by_a_test():
    words = {cause for name in APIS for each in load_api(name).contract.operations.values() for cause in each.refusals}
    assert {each for each in words if each not in TESTS} == set()


def test_the_dependencies_are_named_with_their_reason():
    readme = (ROOT / "README.md").read_text().lower()
    declared = re.findall(
        r'^  "([a-z0-9-]+)', (ROOT / "pyproject.toml").read_text().split("[project.optional")[0], re.MULTILINE
    )
    assert declared
    assert all(each in readme for each in declared if each != "api")
