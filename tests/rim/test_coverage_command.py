"""`sandbox coverage` against a real sandbox, and the page that it writes."""

import json
import os
from html.parser import HTMLParser
from itertools import count

import httpx
import pytest

from sandbox.cli import main
from sandbox.core.coverage import KINDS, Point
from sandbox.core.coverage_report import Coverage
from sandbox.core.coverage_way import Way
from sandbox.coverage.page import page
from tests.served import serving

TOKEN = "token-of-the-coverage-tests"
NUMBERS = count()


@pytest.fixture(scope="module")
def origin():
    with serving("default", "--admin-token", TOKEN) as served:
        yield served


@pytest.fixture
def says(origin, capsys):
    """Return what runs the command on keys and gives its output, its complaints and its exit code."""

    def run(*arguments, keys=()):
        capsys.readouterr()
        given = [one for each in keys for one in ("--key", each)]
        code = main(["coverage", "--url", origin, *given, *arguments])
        return (*capsys.readouterr(), code)

    return run


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ("SANDBOX_KEY", "SANDBOX_URL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def key():
    return f"ak_test_enterprise_coverage_{os.getpid()}_{next(NUMBERS)}"


def get(origin, path, key, **headers):
    return httpx.get(f"{origin}{path}", headers={"Authorization": f"Bearer {key}", **headers})


def table(out):
    """Return the first table by the first column, and the deeds."""
    counts, _, deeds = out.partition("\n\n")
    rows = [line.split("\t") for line in counts.splitlines()]
    return {row[0]: row[1:] for row in rows}, [line.split("\t") for line in deeds.splitlines()]


def test_operations_and_kinds_are_counted_and_what_is_missing_is_told_with_the_way(origin, says):
    own = key()
    get(origin, "/v1/systems?risk_tier=high", own)
    out, err, code = says(keys=[own])
    assert (err, code) == ("", 0)
    counts, deeds = table(out)
    assert counts["listSystems"] == ["1/1", "1/7", "0/6", "0/2", "1/3", "1/4", "3/6", "7/29", "24.1"]
    assert counts["getJob"][4:6] == ["-", "-"]
    assert counts["all"][-2:] == ["7/232", "3.0"]
    assert counts["errors"][-2:] == ["0/170", "0.0"]
    assert len(deeds) == 10
    assert deeds[0][:2] == ["5", "call createSystem with a JSON body that its schema takes"]


def test_all_that_is_missing_is_listed_if_asked_for(says):
    out, _, code = says("--missing", keys=[key()])
    listed = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert sum(int(each[0]) for each in listed) == 232
    [limited] = [
        each for each in listed if each[1].startswith("let the scenario rate-limited play and call listSystems")
    ]
    assert "listSystems 429 Retry-After" in limited[2].split("; ")


def test_several_keys_count_together_in_the_shape_of_the_control_plane(origin, says):
    one, other = key(), key()
    get(origin, "/v1/systems", one)
    get(origin, "/v1/systems", other, prefer="code=500")
    told = [json.loads(says("--json", keys=each)[0]) for each in ([one], [other], [one, other])]
    seen = [{(each["kind"], each["status"]) for each in one["points"] if each["seen"]} for one in told]
    assert seen[2] == seen[0] | seen[1]
    assert told[2]["seen"] == told[0]["seen"] + 2
    assert told[0] == get(origin, "/__admin/coverage", one).json()


def test_the_admin_token_joins_the_worlds_that_are_named_and_all_of_an_api(origin, says):
    own = key()
    get(origin, "/v1/systems", own)
    httpx.get(f"{origin}/v1/jobs/job_000000")
    name = get(origin, "/__admin/settings", own).json()["world"]
    joined = json.loads(says("--json", "--world", name, "--world", "lobby", "--api", "aikraft", keys=[TOKEN])[0])
    seen = {each["operation"] for each in joined["points"] if each["seen"]}
    assert seen == {"listSystems", "getJob"}
    whole = json.loads(says("--json", "--all", "--api", "aikraft", keys=[TOKEN])[0])
    assert whole["seen"] >= joined["seen"]


def test_what_is_not_reached_is_a_finding_that_says_what_would_show_most(origin, says):
    own = key()
    get(origin, "/v1/systems", own)
    _, err, code = says("--min-coverage", "2", "--min-error-coverage", "0", keys=[own])
    assert (err, code) == ("", 0)
    _, err, code = says("--min-coverage", "50", "--min-error-coverage", "40", keys=[own])
    assert code == 1
    first, second = err.splitlines()
    assert first.startswith(
        "sandbox: aikraft: coverage: expected at least 50 %, got 2.1 % (5 of 232); 5 more points: call "
    )
    assert second.startswith(
        "sandbox: aikraft: error coverage: expected at least 40 %, got 0.0 % (0 of 170); 3 more points: "
    )


def test_a_wrong_call_is_told_with_its_remedy(says, tmp_path):
    own, foreign = key(), "ctrlai_pk_7e570000000000000000000000000009"
    for keys, arguments, words in (
        ([], (), "no key: give --key"),
        ([own, foreign], (), "ask for each API by itself"),
        ([own, TOKEN], ("--world", "lobby"), "give it as the one --key"),
        ([TOKEN], ("--all",), "--api: expected one of aikraft, ctrlai, got none"),
        ([TOKEN], ("--all", "--api", "other"), "--api: expected one of aikraft, ctrlai, got other"),
        ([own], ("--all",), "give the admin token as --key"),
        ([own], ("--html", str(tmp_path)), "cannot be written"),
    ):
        _, err, code = says(*arguments, keys=keys)
        assert code == 2, (arguments, err)
        assert words in err
        assert own not in err
    with pytest.raises(SystemExit) as stopped:
        says("--min-coverage", "101", keys=[own])
    assert stopped.value.code == 2


def test_a_key_that_is_refused_stands_in_no_message_whichever_of_them_it_is(says):
    _, err, code = says(keys=[key(), "ak_live_of_somebody_else_42"])
    assert code == 2
    assert "ak_live_of_somebody_else_42" not in err


class Read(HTMLParser):
    """Reads a page: its elements, what they refer to, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.words, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action") or name.startswith("on")]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_needs_nothing_else_and_names_every_point(origin, says, tmp_path):
    own, file = key(), tmp_path / "coverage.html"
    get(origin, "/v1/systems", own)
    assert says("--html", str(file), keys=[own])[2] == 0
    text = file.read_text(encoding="utf-8")
    read = Read(text)
    assert read.open == read.links == []
    assert not {"script", "link", "img", "iframe"} & set(read.tags)
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    words = "\n".join(read.words)
    for each in get(origin, "/__admin/coverage", own).json()["points"]:
        assert each["seen"] or each["way"]["say"] in words
    assert own not in text


def test_the_page_escapes_whatever_a_server_may_say():
    evil = '</code><script>alert("x")</script>'
    point = Point("status", evil, 200, evil, evil)
    ways = {point: Way("request", evil, evil, evil), Point(KINDS[0], evil): Way("request", evil, evil, evil)}
    read = Read(page(Coverage(evil, evil, ways, frozenset({point}))))
    assert "script" not in read.tags
    assert read.open == read.links == []
    assert evil in "".join(read.words)


def test_a_page_of_which_nothing_is_missing_says_so():
    point = Point("operation", "listSystems")
    whole = Coverage("aikraft", "0" * 64, {point: Way("request", "GET", "listSystems", "call it")}, frozenset({point}))
    assert "<h2>Nothing is missing</h2>" in page(whole)
    assert "call it" not in page(whole)
