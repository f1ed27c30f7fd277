"""A wrong fixture is refused with its file, line and path, what was expected, what came, and the nearest known word."""

import json
import re
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.fixture import read_fixture, workspace_of
from sandbox.cli import USAGE, main
from sandbox.core.clock import LATEST, SECOND, iso
from sandbox.core.document import DocumentError
from sandbox.web import files
from sandbox.web.files import FileError
from tests.spoiling import TOLD, Spoiled

GOOD = """\
fixture: good
api: aikraft
summary: A fixture to spoil.
workspaces:
  - {id: ws_free, plan: free}
  - {id: ws_pro, plan: pro, requests_per_minute: 60, burst: 90}
keys:
  - {key: ak_live_pro_read_key, workspace: ws_pro, scope: read}
  - {key: ak_test_pro_read_key, workspace: ws_pro, scope: read}
systems:
  - id: sys_abc123
    name: Candidate Screening Model v2
    description: Ranks and filters applicants for open positions.
    purpose: Shortlist candidates for recruiters
    domain: Human Resources / Employment
    created: -30d
    classified:
      - {at: -29d, answers: {human_override: uncommon}}
    sections: [1, 2]
    reviewed: -3d
    checked: -1h
    alerts:
      - type: data_drift
        severity: warning
        metric: PSI
        value: 0.23
        threshold: 0.2
        triggered: -5h
        resolved: -4h
    incidents: [-2d]
    jobs:
      - {id: job_xyz789, created: -9d, starts: -8d, ends: -7d, sections: [1], language: de}
  - id: sys_def456
    name: Loan Scorecard
    description: Scores loan applications.
    purpose: Assess creditworthiness
    domain: Financial Services / Credit
    created: -2d
"""


SPOILED = {
    # Keys.
    "unknown key": Spoiled("summary:", "sumary:", "sumary:", "sumary", "one of the keys fixture, api, summary", "an unknown key", "summary"),
    "unknown key below": Spoiled("    purpose: Short", "    purpos: Short", "purpos:", "systems[0].purpos", "one of the keys id, name", "an unknown key", "purpose"),
    "unknown key in a list": Spoiled("severity: w", "severty: w", "severty:", "systems[0].alerts[0].severty", "one of the keys type, severity", "an unknown key", "severity"),
    "unknown key like none": Spoiled("api: aikraft", "api: aikraft\nqqq: 1", "qqq", "qqq", "one of the keys", "an unknown key"),
    "key that is no text": Spoiled("api: aikraft", "api: aikraft\n7: 1", "fixture:", "[7]", "one of the keys", "an unknown key"),
    "missing field": Spoiled("summary: A fixture to spoil.\n", "", "fixture:", "summary", "a value, since the field is required", "nothing"),
    "missing field below": Spoiled("    domain: Financial Services / Credit\n", "", "id: sys_def456", "systems[1].domain", "a value", "nothing"),
    "no workspaces": Spoiled("  - {id: ws_free, plan: free}\n  - {id: ws_pro, plan: pro, requests_per_minute: 60, burst: 90}\n", "  []\n", "workspaces:", "workspaces", "a list of 1 or more", "a list of 0"),
    # Types.
    "text for a list": Spoiled("incidents: [-2d]", "incidents: -2d", "incidents:", "systems[0].incidents", "a list", "'-2d'"),
    "mapping for a list": Spoiled("sections: [1, 2]", "sections: {a: 1}", "sections:", "systems[0].sections", "a list", "a mapping of 1"),
    "list for a mapping": Spoiled("  - {at: -29d, answers: {human_override: uncommon}}", "  - [-29d]", "[-29d]", "systems[0].classified[0]", "a mapping", "a list of 1"),
    "answers that are no mapping": Spoiled("{human_override: uncommon}", "uncommon", "answers:", "systems[0].classified[0].answers", "a mapping", "'uncommon'"),
    "number for a text": Spoiled("name: Loan Scorecard", "name: 7", "name: 7", "systems[1].name", "a text that is not blank", "7"),
    "word that YAML reads as true": Spoiled("name: Loan Scorecard", "name: yes", "name: yes", "systems[1].name", "a text that is not blank", "true"),
    "null for a text": Spoiled("name: Loan Scorecard", "name:", "name:\n", "systems[1].name", "a text that is not blank", "null"),
    "text for a number": Spoiled("value: 0.23", "value: '0.23'", "value:", "systems[0].alerts[0].value", "a number", "'0.23'"),
    "truth for a number": Spoiled("value: 0.23", "value: true", "value:", "systems[0].alerts[0].value", "a number", "true"),
    "infinity": Spoiled("value: 0.23", "value: .inf", "value:", "systems[0].alerts[0].value", "a number", "inf"),
    "fraction for an integer": Spoiled("burst: 90", "burst: 90.5", "burst:", "workspaces[1].burst", "an integer from 1 to 1000000", "90.5"),
    "null for a time": Spoiled("created: -2d", "created: null", "created: null", "systems[1].created", "a time", "null"),
    # Values.
    "blank name": Spoiled("name: Loan Scorecard", "name: '   '", "name: ' ", "systems[1].name", "a text that is not blank", "'   '"),
    "long name": Spoiled("name: Loan Scorecard", "name: " + "x" * 201, "name: xx", "systems[1].name", "a text of at most 200 characters", "(201 characters)"),
    "bad system id": Spoiled("id: sys_def456", "id: sys_DEF456", "sys_DEF456", "systems[1].id", "an id such as sys_abc123", "'sys_DEF456'"),
    "id with a line break": Spoiled("id: sys_def456", 'id: "sys_def456\\n"', "sys_def456", "systems[1].id", "an id such as sys_abc123", "'sys_def456\ufffd'"),
    "bad job id": Spoiled("id: job_xyz789", "id: job_xyz78", "job_xyz78", "systems[0].jobs[0].id", "an id such as job_xyz789", "'job_xyz78'"),
    "bad key": Spoiled("key: ak_test_pro_read_key", "key: ak_test_pro-read-key", "ak_test_pro-", "keys[1].key", "ak_live_ or ak_test_", "a text of 20 characters"),
    "unknown plan": Spoiled("plan: pro,", "plan: por,", "plan: por", "workspaces[1].plan", "one of free, starter, pro, enterprise", "'por'", "pro"),
    "unknown scope": Spoiled("test_pro_read_key, workspace: ws_pro, scope: read", "test_pro_read_key, workspace: ws_pro, scope: writ", "writ", "keys[1].scope", "one of read, write, admin", "'writ'", "write"),
    "unknown severity": Spoiled("severity: warning", "severity: warn", "severity:", "systems[0].alerts[0].severity", "one of warning, critical", "'warn'", "warning"),
    "unknown alert type": Spoiled("type: data_drift", "type: date_drift", "type:", "systems[0].alerts[0].type", "one of data_drift, concept_drift", "'date_drift'", "data_drift"),
    "unknown language": Spoiled("language: de", "language: es", "language:", "systems[0].jobs[0].language", "one of en, de, fr, nl", "'es'"),
    "tier, which is computed": Spoiled("    created: -2d", "    created: -2d\n    risk_tier: hihg", "hihg", "systems[1].risk_tier", "one of the keys id, name", "an unknown key"),
    "other API": Spoiled("api: aikraft", "api: aikraf", "api:", "api", "one of aikraft", "'aikraf'", "aikraft"),
    "section that is none": Spoiled("sections: [1, 2]", "sections: [1, 9]", "sections:", "systems[0].sections[1]", "an integer from 1 to 8", "9"),
    "job without sections": Spoiled("sections: [1],", "sections: [],", "sections: []", "systems[0].jobs[0].sections", "a list of 1 or more", "a list of 0"),
    "unknown question": Spoiled("human_override:", "human_overide:", "human_overide", "systems[0].classified[0].answers.human_overide", "a question of the questionnaire", "'human_overide'", "human_override"),
    "answer that is a list": Spoiled("human_override: uncommon", "human_override: [no]", "human_override", "systems[0].classified[0].answers.human_override", "a text, a number, true or false", "a list of 1"),
    # Times.
    "bad time": Spoiled("created: -2d", "created: yesterday", "yesterday", "systems[1].created", "a time such as 2026-04-13T14:30:00Z, or an offset", "'yesterday'"),
    "time without an offset": Spoiled("created: -2d", "created: 2026-04-13T14:30:00", "created: 2026", "systems[1].created", "a time such as 2026-04-13T14:30:00Z", "'2026-04-13T14:30:00'"),
    "time that is no date": Spoiled("created: -2d", "created: 2026-02-30T00:00:00Z", "created: 2026", "systems[1].created", "a time such as", "'2026-02-30T00:00:00Z'"),
    "number for a time": Spoiled("created: -2d", "created: 2026", "created: 2026", "systems[1].created", "a time such as", "2026"),
    "offset of ages": Spoiled("created: -2d", "created: -999999w", "created: -999999w", "systems[1].created", "an offset of up to 100 years", "'-999999w'"),
    "created in the future": Spoiled("created: -2d", "created: 2d", "created: 2d", "systems[1].created", "a time that has passed when a world is born", "'2d'"),
    "created after it was classified": Spoiled("created: -30d", "created: -10d", "at: -29d", "systems[0].classified[0].at", "a time after created, -10d", "'-29d'"),
    "resolved before it opened": Spoiled("resolved: -4h", "resolved: -6h", "resolved:", "systems[0].alerts[0].resolved", "a time after triggered, -5h", "'-6h'"),
    "job that ends as it starts": Spoiled("ends: -7d", "ends: -8d", "ends:", "systems[0].jobs[0].ends", "a time after starts, -8d", "'-8d'"),
    "job from before the classification": Spoiled("created: -9d", "created: -29d1h", "created: -29d1h", "systems[0].jobs[0].created", "a time after classified, -29d", "'-29d1h'"),
    # Twice.
    "duplicate id": Spoiled("id: sys_def456", "id: sys_abc123", "id: sys_abc123\n    name: Loan", "systems[1].id", "another id than that of systems[0]", "'sys_abc123'"),
    "duplicate name": Spoiled("name: Loan Scorecard", "name: ' Candidate Screening Model v2 '", "' Candidate", "systems[1].name", "another name than that of systems[0]", "'Candidate Screening Model v2'"),
    "duplicate workspace": Spoiled("id: ws_pro, plan", "id: ws_free, plan", "requests_per_minute", "workspaces[1].id", "another id than that of workspaces[0]", "'ws_free'"),
    "duplicate key": Spoiled("ak_test_pro_read_key", "ak_live_pro_read_key", "{key: ak_live_pro_read_key, workspace: ws_pro, scope: read}\nsystems", "keys[1].key", "another key than that of keys[0]", "the same again"),
    "duplicate job": Spoiled("    incidents: [-2d]\n    jobs:\n", "    jobs:\n      - {id: job_xyz789, created: -9d}\n", "starts:", "systems[0].jobs[1].id", "another id than that of systems[0].jobs[0]", "'job_xyz789'"),
    # What has nothing to stand on.
    "key of an unknown workspace": Spoiled("test_pro_read_key, workspace: ws_pro", "test_pro_read_key, workspace: ws_prod", "ws_prod", "keys[1].workspace", "one of ws_free, ws_pro", "'ws_prod'", "ws_pro"),
    "job of an unclassified system": Spoiled("created: -2d", "created: -2d\n    jobs: [{id: job_aaaaaa, created: -1d}]", "job_aaaaaa", "systems[1].jobs", "none for this system, since it is not classified", "some"),
    "monitoring of an unclassified system": Spoiled("created: -2d", "created: -2d\n    checked: -1d", "checked: -1d", "systems[1].checked", "none for this system, since it is not classified", "some"),
    "incidents without monitoring": Spoiled("    checked: -1h\n", "", "incidents:", "systems[0].incidents", "none for this system, since `checked` does not say that it is monitored", "some"),
    "burst without a rate": Spoiled("requests_per_minute: 60, ", "", "burst:", "workspaces[1].requests_per_minute", "a rate, since there is a burst", "nothing"),
    "burst below the rate": Spoiled("burst: 90", "burst: 59", "burst:", "workspaces[1].burst", "60 or more", "59"),
}  # fmt: skip

BROKEN = {
    "empty": (b"", 1, "expected a mapping, got nothing"),
    "comment": (b"# nothing else\n", 1, "expected a mapping, got nothing"),
    "list": (b"- a\n- b\n", 1, "expected a mapping, got a list of 2"),
    "text": (b"just words\n", 1, "expected a mapping, got 'just words'"),
    "JSON text": (b'"words"', 1, "expected a mapping, got 'words'"),
    "open bracket": (b"fixture: a\nkeys: [\n", 3, "expected YAML, got: did not find expected node content"),
    "open quote": (b'fixture: "a\n\n', 3, "expected YAML, got: found unexpected end of stream"),
    "colon in a value": (b"fixture: a\nsummary: a: b\n", 2, "expected YAML, got: mapping values are not allowed"),
    "tab": (b"fixture: a\nkeys:\n\t- a\n", 3, "indent with spaces, not tabs"),
    "repeated key": (b"fixture: a\napi: aikraft\nfixture: b\n", 3, "the key 'fixture' again, which stands on line 1"),
    "repeated key below": (b"keys:\n  - {key: a,\n     key: b}\n", 3, "the key 'key' again, which stands on line 2"),
    "repeated key in JSON": (b'{"fixture": "a",\n "api": 1,\n "api": 2}', 3, "the key 'api' again, which stands on line 2"),
    "bad JSON": (b'{"fixture": "a",\n "api" "b"}', 2, "expected YAML, got: did not find expected"),
    "Latin-1": ("fixture: a\nsummary: Café\n".encode("latin-1"), 2, "expected text in UTF-8, got the byte 0xe9"),
    "UTF-16": ("fixture: a\n".encode("utf-16"), 1, "expected text in UTF-8, got the byte 0xff"),
    "control character": (b"fixture: a\nsummary: a\x07\n", 2, "expected YAML, got: control characters are not allowed"),
    "NUL": (b"fixture: a\n\x00\n", 2, "expected YAML, got: control characters are not allowed"),
    "Python object": (b"fixture: a\nsummary: !!python/object/apply:os.system ['true']\n", 2, "python/object/apply:os.system, and no tags"),
    "Python name": (b"summary: !!python/name:os.system x\n", 1, "the tag tag:yaml.org,2002:python/name:os.system"),
    "own tag": (b"fixture: a\nsummary: !include secret.yaml\n", 2, "the tag !include, and no tags are read"),
    "harmless tag": (b"fixture: !!str 5\n", 1, "the tag tag:yaml.org,2002:str, and no tags are read"),
    "broken tag": (b"fixture: !!bool perhaps\n", 1, "and no tags are read"),
    "two documents": (b"fixture: a\n---\nfixture: b\n", 2, "expected YAML, got: but found another document"),
    "unknown alias": (b"fixture: a\napi: *nobody\n", 2, "expected YAML, got: found undefined alias"),
    "alias of itself": (b"fixture: a\nkeys: &k [*k]\n", 2, "an alias for what it stands in"),
    "key that is a list": (b"fixture: a\n? [a, b]\n: c\n", 2, "expected YAML, got: found unhashable key"),
    "number that is none": (b"fixture: a\nsummary: 0x_\n", 2, "a number that cannot be read, '0x_'"),
    "huge number": (b"fixture: a\nsummary: " + b"9" * 9999, 2, "a number that cannot be read, '9999"),
    "merge of a text": (b"fixture: a\n<<: b\n", 2, "expected YAML, got: expected a mapping or list of mappings for merging"),
    "nested brackets": (b"keys:\n " + b"[" * 300_000, 2, "a nesting of more than 100 levels"),
    "nested mappings": (b"keys: " + b"{a: " * 300_000, 1, "a nesting of more than 100 levels"),
    "nested dashes": (b"- " * 300_000 + b"a", 1, "a nesting of more than 100 levels"),
    "nested JSON": (b'{"a":\n' * 5000 + b"1" + b"}" * 5000, 101, "a nesting of more than 100 levels"),
}  # fmt: skip


def refusal(tmp_path, content):
    path = tmp_path / "spoiled.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError) as caught:
        files.checked(path, read_fixture)
    return path, str(caught.value)


def line_of(text, piece):
    """Return the number of the line on which the piece begins."""
    return text[: text.index(piece)].count("\n") + 1


def bomb(levels, width, leaf):
    """Return a document of aliases that stand for `width ** levels` leaves."""
    lines = [f"a0: &a0 {leaf}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels + 1)]
    return "\n".join(lines) + "\n"


def test_the_good_fixture_is_good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    fixture, digest = files.checked(path, read_fixture)
    assert fixture["fixture"] == "good"
    assert len(digest) == 64


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_flaw_is_told_with_place_expectation_and_finding(tmp_path, spoiled):
    assert GOOD.count(spoiled.old) == 1
    text = GOOD.replace(spoiled.old, spoiled.new)
    path, message = refusal(tmp_path, text)
    lines = [re.fullmatch(TOLD, line) for line in message.splitlines()]
    assert None not in lines, message
    assert all(line[1] == str(path) for line in lines)
    told = next(line for line in lines if line[3] == spoiled.path)
    assert told[6] == spoiled.nearest
    assert spoiled.expected in told[4]
    assert spoiled.got in told[5]
    assert int(told[2]) == line_of(text, spoiled.line), message


@pytest.mark.parametrize(("content", "line", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path, content, line, words):
    started = perf_counter()
    path, message = refusal(tmp_path, content)
    assert message.startswith(f"{path}:{line}: ")
    assert words in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 300
    assert perf_counter() - started < 5


def test_flaws_are_told_in_the_order_of_their_lines(tmp_path):
    text = GOOD.replace("summary", "sumary").replace("-30d", "once").replace("burst: 90", "burst: 0")
    _, message = refusal(tmp_path, text)
    paths = [line.split(": ")[1] for line in message.splitlines()]
    assert paths == ["summary", "sumary", "workspaces[1].burst", "systems[0].created"]


def test_twenty_flaws_are_told_and_the_others_counted(tmp_path):
    _, message = refusal(tmp_path, GOOD + "".join(f"zz{n:02d}: 1\n" for n in range(50)))
    assert len(message.splitlines()) == 21
    assert message.endswith("… and 30 more")


def test_a_refused_key_is_never_quoted(tmp_path):
    for key in ("ak_live_secret-of-production", "sk_live_secret_of_production", "ak_live_" + "s" * 300):
        _, message = refusal(tmp_path, GOOD.replace("ak_live_pro_read_key", key))
        assert "keys[0].key" in message
        assert key[8:] not in message


def test_a_repeated_key_is_never_quoted(tmp_path):
    _, message = refusal(tmp_path, GOOD.replace("ak_test_pro_read_key", "ak_live_pro_read_key"))
    assert "ak_live" not in message


@pytest.mark.parametrize("levels", [5, 9, 30])
def test_a_bomb_of_aliases_is_refused_before_it_grows(tmp_path, levels):
    started = perf_counter()
    _, message = refusal(tmp_path, bomb(levels, 10, "[x, x]"))
    assert "aliases that stand for more than 10 times the text" in message
    assert perf_counter() - started < 2


def test_a_bomb_of_merges_is_refused_before_it_grows(tmp_path):
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]
    assert "aliases that stand for more" in refusal(tmp_path, "\n".join(lines))[1]


def test_a_few_aliases_are_fine(tmp_path):
    path = tmp_path / "aliases.yaml"
    text = GOOD.replace("{id: job_xyz789, created: -9d,", "{id: job_xyz789, created: &then -9d,")
    path.write_text(text.replace("reviewed: -3d", "reviewed: -3d # later").replace("created: -2d", "created: *then"))
    files.checked(path, read_fixture)


def test_a_json_fixture_tells_its_lines_too(tmp_path):
    data = read_yaml(GOOD)
    data["systems"][1]["created"] = "soon"
    text = json.dumps(data, indent=1)
    path, message = refusal(tmp_path, text)
    assert message.startswith(f"{path}:{line_of(text, 'soon')}: systems[1].created: expected a time")


def read_yaml(text):
    return files.parse(files.Path("text.yaml"), text.encode())


def test_json_that_is_no_yaml_is_told_without_a_wrong_line(tmp_path):
    path, message = refusal(tmp_path, '{"fixture": "\\ud83d\\ude00"}')
    assert message.startswith(f"{path}:1: ")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    files.checked(path, read_fixture)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("defualt", "got 'defualt'; did you mean 'default'?"),
        ("nothing-like-it", "expected one of default, demo, docs, empty, large, or a path to a file"),
        ("", "expected one of"),
        ("..", "expected one of"),
        ("Docs", "did you mean 'docs'?"),
        ("no/such/file.yaml", "no/such/file.yaml: expected a file, got nothing there"),
        ("no-such-file.yaml", "expected a file, got nothing there"),
        ("/tmp/", "expected a file, got a folder"),
        ("x" * 5000, "expected one of"),
        ("x/" * 5000, "expected a file, got"),
        ("a\x00b", "expected one of"),
        ("a/\x00b", "expected a file, got nothing there"),
    ],
)
def test_a_name_that_means_no_file_is_told_which_ones_do(name, words):
    with pytest.raises(FileError) as caught:
        files.find("fixtures", "aikraft", name)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1200


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "SIZE_LIMIT", 1 << 20)
    _, message = refusal(tmp_path, b"#" * (3 << 20))
    assert "expected at most 1 MiB, got 3 MiB" in message


def test_the_server_refuses_a_wrong_fixture_with_exit_2(tmp_path, capsys):
    path = tmp_path / "wrong.yaml"
    path.write_text(GOOD.replace("api: aikraft", "api: other"))
    assert main(["serve", "--port", "0", "--fixture", str(path)]) == USAGE
    assert f"{path}:2: api: expected one of aikraft, ctrlai, got 'other'" in capsys.readouterr().err


# What is refused, and what is left, is safe to build a workspace from.

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=8,
)


def places(data, path=()):
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def put(data, path, value):
    if not path:
        return value
    inner = put(data[path[0]], path[1:], value)
    if isinstance(data, dict):
        return {**data, path[0]: inner}
    return [*data[: path[0]], inner, *data[path[0] + 1 :]]


def flaws_of(data):
    """Return why the data is refused; if it is not, it makes a workspace."""
    try:
        fixture = read_fixture(data)
    except DocumentError as error:
        return error.flaws
    workspace_of(fixture, 10**15)
    return ()


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_junk_anywhere_is_refused_with_reasons_or_makes_a_workspace(data):
    good = read_yaml(GOOD)
    path = data.draw(st.sampled_from(list(places(good))))
    for flaw in flaws_of(put(good, path, data.draw(junk))):
        assert flaw.expected
        assert flaw.got
        assert str(flaw).isprintable()


@settings(deadline=None)
@given(st.sampled_from([0, SECOND, 10**15, LATEST]))
def test_times_stay_within_the_years_that_can_be_written(birth):
    text = GOOD.replace("created: -30d", "created: -36525d").replace("ends: -7d", "ends: 36525d")
    workspace = workspace_of(read_fixture(read_yaml(text)), birth)
    for row in (*workspace.table("systems").all(), *workspace.table("jobs").all()):
        assert iso(row["created_at"]) <= iso(LATEST)


def test_a_time_of_a_fixture_is_a_whole_second():
    text = GOOD.replace("created: -2d", "created: -1500ms").replace("created: -30d", "created: -30d1ms")
    rows = list(workspace_of(read_fixture(read_yaml(text)), 10**15 + 7).table("systems").all())
    assert all(row["created_at"] % SECOND == 0 for row in rows)


def test_a_job_documents_the_classification_that_it_was_made_from():
    text = GOOD.replace("      - {at: -29d,", "      - {at: -29d}\n      - {at: -5d,")
    workspace = workspace_of(read_fixture(read_yaml(text)), 10**15)
    assert [job["classification"] for job in workspace.table("jobs").all()] == [0]
    assert len(workspace.table("systems").get("sys_abc123")["classifications"]) == 2
