"""Whatever has a name has a heading in the docs, and the docs point at things that exist."""

import argparse
import re
from pathlib import Path

import pytest

from sandbox.apis.ctrlai import api_keys, drafting, sessions, verification
from sandbox.apis.ctrlai.dialect import CODES
from sandbox.apis.ctrlai.law import LIMITS, ROLES
from sandbox.apis.ctrlai.reasoning import chaining, flows, program
from sandbox.apis.ctrlai.verification import STATUSES
from sandbox.app import control_contract, load_api
from sandbox.cli import _parser
from sandbox.core import form, gathering, match, moves, operators, preference, staging, then, timeline, when
from sandbox.core.clock import DAY
from sandbox.core.compiling import EXTENSIONS
from sandbox.core.deciding import PROVENANCE
from sandbox.core.document import written_fields
from sandbox.core.fidelity import guesses_of
from sandbox.core.quota import MODES
from sandbox.core.verdict import SEVERITIES
from sandbox.faults.kinds import EVENTS, KINDS
from sandbox.settings import APIS
from sandbox.verdicts import catalogue
from sandbox.web import asgi, reader, store, stream
from sandbox.web.files import read, shipped
from tests.acme import Acme

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


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text()


def headings(name):
    return re.findall(r"^#+ (.+)$", page(name), re.MULTILINE)


def rows(name, heading=None):
    """Return the words in code style that begin the rows of a page's tables, or of those below one heading."""
    text = page(name)
    if heading is not None:
        text = re.split(r"^#+ ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


ADMIN = control_contract().operations
SCHEMAS = read(shipped("openapi") / "admin.yaml")[0]["components"]["schemas"]


@pytest.mark.parametrize("operation", ADMIN)
def test_every_operation_of_the_control_plane_has_a_heading_and_a_test(operation):
    assert headings("control-plane").count(operation) == 1
    assert operation in TESTS
    assert ADMIN[operation].source == f"docs/control-plane.md#{operation.lower()}"


def test_the_heading_of_an_operation_is_the_only_one_of_its_anchor():
    anchors = [each.lower().replace(" ", "-") for each in headings("control-plane")]
    assert {each for each in anchors if anchors.count(each) > 1} == set()


CTRLAI = load_api("ctrlai").contract.operations
TIERS = {"read": "Read", "write": "Write", "strict": "Strict"}
COMMON = {"body-missing", "body-unparsable", "body-not-json"}
"""What every operation with a body refuses."""


def test_the_ctrlai_page_tells_method_path_role_tier_and_mark_of_every_operation():
    told = re.findall(r"^### (\w+)\n\n`([A-Z]+ [^`]+)` · (\w+) · (\w+) · (\w+)$", page("ctrlai"), re.MULTILINE)
    assert {name: rest for name, *rest in told} == {
        each.id: [
            f"{each.method} /api{each.path}", each.scopes[0] if each.scopes else "anybody", TIERS[each.rate_class],
            each.provenance,
        ]
        for each in CTRLAI.values()
    }  # fmt: skip


@pytest.mark.parametrize("operation", CTRLAI)
def test_the_ctrlai_page_tells_what_an_operation_refuses(operation):
    section = page("ctrlai").partition(f"\n### {operation}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    line = section.partition("\nRefusals: ")[2]
    refusals = CTRLAI[operation].refusals.values()
    assert re.findall(r"`([a-z-]+)` ([0-9]{3})", line) == [
        (each.cause, str(each.status)) for each in refusals if each.cause not in COMMON
    ]


def test_the_ctrlai_page_tells_every_code_and_status():
    table = dict(re.findall(r"^\| ([0-9]{3}) \| `([A-Z_]+)` \|", page("ctrlai"), re.MULTILINE))
    assert table == {str(status): code for status, code in CODES.items()}


WRONG = [
    ("POST", "/units", {"unitType": "program", "domainId": "x"}),
    ("POST", "/units", {"name": 3, "unitType": "program", "domainId": "x"}),
    ("POST", "/units/01HXVN1T0000000000000001TV/verify", {"action": "maybe"}),
    ("POST", "/inference", {"query": " "}),
    ("GET", "/units?limit=201", None),
    ("GET", "/units?limit=many", None),
    ("POST", "/units", b"{"),
]


def test_the_issues_that_the_ctrlai_page_tells_are_those_that_are_answered():
    acme = Acme()
    said = [acme.call(method, target, body)[1]["error"]["details"]["issue"] for method, target, body in WRONG]
    table = page("ctrlai").partition("\n| wrong | issue |\n")[2].partition("\n\n")[0]
    assert [each.replace("\\|", "|") for each in re.findall(r" \| `(.+)` \|$", table, re.MULTILINE)] == said


def test_the_actions_that_the_log_tells_are_those_that_the_handlers_note():
    handlers = "".join(each.read_text() for each in (ROOT / "sandbox" / "apis" / "ctrlai").glob("*.py"))
    noted = set(re.findall(r'"((?:unit|workflow|domain|org|domain_member|member|api_key)\.[a-z_]+)"', handlers))
    section = page("ctrlai").partition("\n### listAudit\n")[2].partition("\n### ")[0]
    told = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", section))
    for word in ("workflow", "domain", "org"):
        told |= {f"{word}.{each}" for each in re.findall(r"`….([a-z]+)`", section)}
    assert told == noted


def test_every_role_and_every_status_of_a_unit_has_a_row():
    assert re.findall(r"^\| (\w+) \|", page("ctrlai").partition("\n## Roles\n")[2], re.MULTILINE)[1:5] == list(ROLES)
    told = page("verification").partition("\n## Transitions\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) == set(STATUSES)


def test_every_tier_has_a_row():
    for tier, window in LIMITS.items():
        assert f"| {TIERS[tier]} | {window.rate} |" in page("quota")


def test_the_control_plane_page_names_method_and_path_of_every_operation():
    told = dict(re.findall(r"^### (\w+)\n\n`([A-Z]+ [^`]+)`", page("control-plane"), re.MULTILINE))
    assert told == {each.id: f"{each.method} {each.path}" for each in ADMIN.values()}


def test_every_condition_of_a_match_has_a_row():
    known = {*match.CONDITIONS, *match._COMBINED}
    assert known == set(SCHEMAS["Match"]["properties"])
    assert rows("journal", "Match") == known


def test_every_operator_of_a_test_has_a_row():
    assert set(operators.KNOWN) == set(SCHEMAS["TextTest"]["anyOf"][1]["properties"])
    assert rows("journal", "Test") == set(operators.KNOWN)


def test_every_field_of_an_entry_has_a_row():
    assert rows("journal", "An entry") == set(SCHEMAS["EntryFields"]["properties"])


def test_every_preference_has_a_row():
    [(_, reason)] = preference.preferred("nonsense", load_api("aikraft").contract.operations["listSystems"]).ignored
    known = re.split(", | and ", reason.removeprefix("the sandbox knows "))
    assert rows("preferences") == set(known)


def test_every_mode_of_a_clock_has_a_row():
    assert rows("time", "Modes") == set(SCHEMAS["ClockMode"]["enum"])


def test_every_section_of_an_explanation_has_a_row():
    assert rows("explain", "Sections") == set(SCHEMAS["Explanation"]["properties"]) - {"before"}


def test_every_part_of_a_capsule_has_a_row():
    assert rows("capsules", "Contents") == set(SCHEMAS["Capsule"]["properties"])


def test_every_operation_that_a_capsule_holds_is_named_and_so_is_every_one_that_cuts():
    assert all(f"`{each}`" in page("capsules").partition("## Replay")[0] for each in staging.ERRANDS)
    beside = {"saveSnapshot", "deleteSnapshot", "putSettings"}
    assert rows("capsules", "What cuts the journal") == set(moves.MOVES) - beside


def test_every_kind_of_change_is_named():
    source = (ROOT / "sandbox" / "core" / "moves.py").read_text()
    kinds = {"reset", *re.findall(r'"((?:snapshot|journal|state|capsule) \w+|restored|rewound|cleared)"', source)}
    assert len(kinds) == 9
    assert all(f"`{each}`" in page("events") for each in kinds)


TOLD = [
    ("journal", f"in pages of {timeline.PAGE}."),
    ("journal", f"at most {match.MOST_CONDITIONS} conditions"),
    ("journal", f"go {operators.DEEPEST}\nlevels deep"),
    ("preferences", f"up to {preference.LONGEST_DELAY // 1_000_000} seconds"),
    ("events", f"at most {store.READERS} readers"),
    ("events", f"{reader.PATIENCE:,} events behind"),
    ("events", f"for {stream.STALLED:g} seconds, is let go"),
    ("events", f"for {stream.HEARTBEAT:g} seconds a\ncomment"),
    ("events", f"latest {timeline.CHANGES} are"),
    ("scenarios", f"up to {form.MOST_EVENTS} timed events, which come {form.MOST_COMINGS:,} times"),
    ("scenarios", f"up to {form.MOST_RULES} rules"),
    ("scenarios", f"Up to {gathering.MOST_FLAWS} flaws"),
    ("doors", "four threads" if asgi.PAGE_WORKERS == 4 else "another number"),
    ("keys-and-worlds", f"last {timeline.ENTRY_LIMIT:,} requests, or {timeline.WEIGHT_LIMIT >> 20} MiB"),
    ("decisions/009-kept-worlds", f"pages of {timeline.PAGE},"),
    ("sign-in", f"after {sessions.LIFE // DAY} days"),
    ("sign-in", f"its first {api_keys.PREFIX_LENGTH} characters"),
    ("workflows", "two at least, if the description has as many" if drafting.WORDS_SHARED == 2 else "another number"),
    ("workflows", f"stops at {drafting.MOST_UNITS}."),
    ("workflows", f"at least {flows.COVERED} % of what the question needs"),
    ("verification", f"at a rate of {verification.RATE_NEEDED} or more"),
    ("inference", f"At most {chaining.MOST_FIRED} units fire"),
    ("inference", f"up to {program.MOST_NODES:,} parts, {program.MOST_STEPS} steps and {program.DEEPEST} levels"),
]


@pytest.mark.parametrize(("name", "words"), TOLD, ids=lambda each: each[:30])
def test_a_bound_that_is_told_is_the_one_that_holds(name, words):
    assert words.replace("\n", " ") in page(name).replace("\n", " ")


def test_the_time_for_which_events_are_waited_for_is_told():
    schema = next(each for each in _parameters("streamEvents") if each["name"] == "timeout")["schema"]
    assert f"{schema['default']} unless told and at most {schema['maximum']}" in page("events")


def _parameters(operation):
    document = read(shipped("openapi") / "admin.yaml")[0]
    found = next(each for path in document["paths"].values() for each in path.values() if _is(each, operation))
    known = document["components"]["parameters"]
    return [known[each["$ref"].rpartition("/")[2]] for each in found["parameters"]]


def _is(item, operation):
    return isinstance(item, dict) and item.get("operationId") == operation


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


@pytest.mark.parametrize("fixture", sorted({each.stem for each in shipped("fixtures").glob("*/*.yaml")}))
def test_every_fixture_has_a_heading(fixture):
    assert fixture in HEADINGS


@pytest.mark.parametrize("name", [each.name for each in (*KINDS, *EVENTS)])
def test_every_kind_of_fault_and_of_event_has_a_heading_and_an_example(name):
    assert headings("faults").count(name) == 1
    section = page("faults").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"{name}:" in section.partition("```yaml\n")[2].partition("```")[0]


@pytest.mark.parametrize("verdict", catalogue.VERDICTS, ids=lambda each: each.name)
def test_every_verdict_has_a_heading_with_its_severity_and_an_example_and_a_test(verdict):
    assert headings("verdicts").count(verdict.name) == 1
    section = page("verdicts").partition(f"\n## {verdict.name}\n")[2].partition("\n## ")[0]
    assert section.startswith(f"\n`{verdict.severity}`. ")
    assert "\nExample: " in section
    assert f'"{verdict.name}"' in TESTS


def test_every_severity_of_a_verdict_has_a_row_and_every_name_is_in_the_contract():
    assert rows("verdicts") == set(SEVERITIES) == set(SCHEMAS["Verdict"]["properties"]["severity"]["enum"])
    assert SCHEMAS["VerdictName"]["enum"] == list(catalogue.NAMES)
    [off] = [each["schema"] for each in _parameters("getVerdicts") if each["name"] == "off"]
    assert set(re.findall(r"[a-z][a-z0-9-]+", off["pattern"])) == set(catalogue.NAMES)


def test_every_mark_has_a_row_and_every_guess_that_is_named_is_one():
    marks = re.findall(r"^\| `([a-z]+)` \|", page("fidelity").partition("\n## The list\n")[0], re.MULTILINE)
    assert set(marks) == PROVENANCE
    known = {guess.id for name in APIS for guess in guesses_of(load_api(name).contract)}
    named = rows("fidelity", "The list")
    assert {guess.split(" ")[0] for guess in named} >= {"response", "decision", "createClassification"}
    assert named <= known


SCENARIOS = sorted(shipped("scenarios").glob("*/*.yaml"))
SHIPPED = {"aikraft": "The shipped ones of Aikraft", "ctrlai": "The shipped ones of Ctrl AI"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_scenario_is_listed_with_what_happens(path):
    document = read(path)[0]
    assert (document["scenario"], document["api"]) == (path.stem, path.parent.name)
    listed = page("scenarios").partition(f"\n## {SHIPPED[path.parent.name]}\n")[2].partition("\n## ")[0]
    assert f"| `{path.stem}` | {document['summary']} |" in listed


@pytest.mark.parametrize("api", APIS)
def test_no_scenario_is_listed_that_is_not_shipped(api):
    assert rows("scenarios", SHIPPED[api]) == {each.stem for each in SCENARIOS if each.parent.name == api}


def test_every_api_that_a_scenario_may_be_for_is_told():
    told = " or ".join(f"`{api}`" for api in APIS)
    assert f"| `api` | the API that it is for: {told} |" in page("scenarios")


@pytest.mark.parametrize("api", APIS)
def test_every_service_that_may_be_out_of_order_has_a_row(api):
    assert set(load_api(api).stage.services) <= rows("faults", "degrade")


def test_every_key_of_a_scenario_has_a_row():
    assert rows("scenarios", "The keys of a scenario") == set(written_fields(form.ScenarioSchema()))
    rule = {each for each in rows("scenarios", "The keys of a rule") if each != "[Started]"}
    assert rule == set(written_fields(form.RuleSchema()))
    assert rows("scenarios", "Timeline") == {*form.EventSchema().fields, *(each.name for each in EVENTS)}
    assert rows("scenarios", "When") == set(when.WHEN)


WORDS = [("", each) for each in (form.SCENARIO_WORDS, form.RULE_WORDS, when.WORDS, then.WORDS)]
WORDS += [(f"{each.name}.", each.words) for each in KINDS]


def test_every_word_of_another_tool_has_a_row():
    text = page("scenarios").partition("## Other tools' names")[2]
    for before, words in WORDS:
        for name, each in words.aliases.items():
            assert f"| `{before}{name}` | `{before}{each.ours}` | {each.whose} |" in text


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
