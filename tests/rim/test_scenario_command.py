"""Scenarios at the command: served with every world, listed, checked, played; each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from itertools import count

import httpx
import pytest
import yaml

from sandbox.settings import APIS
from sandbox.web.files import names, shipped
from tests.served import serving

NUMBERS = count()
SHIPPED = names("scenarios", "aikraft")
GOOD = """\
scenario: mine
api: aikraft
summary: The first list fails.
rules:
  - name: lists
    when: {operation: listSystems, nth: 1}
    then: {error: {status: 500}}
  - name: jobs
    when: {operation: getJob}
    then: {error: {status: 500}}
"""
BAD = """\
scenario: bad
api: aikraft
summary: Three rules, and none can work.
rules:
  - name: one
    when: {operation: listSystem, nth: zero}
    then: {error: {}}
  - name: two
    when: {operation: listSystems, nth: 0}
    then: {error: {status: 502}}
  - name: three
    then: {eror: {}}
"""


def sandbox(*arguments, **env):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "sandbox", *arguments],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **env},
    )  # fmt: skip


@pytest.fixture(scope="module")
def origin():
    with serving("docs") as served:
        yield served


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    return path


class Client:
    """A key of its own, and what it asks."""

    def __init__(self, origin):
        self.origin, self.key = origin, f"ak_test_enterprise_scenarios_{os.getpid()}_{next(NUMBERS)}"

    def ask(self, path, method="GET", **given):
        return httpx.request(method, f"{self.origin}{path}", headers={"Authorization": f"Bearer {self.key}"}, **given)

    def statuses(self, number):
        return [self.ask("/v1/systems").status_code for _ in range(number)]

    def active(self):
        return self.ask("/__admin/scenarios").json()["active"]

    def playing(self, *arguments):
        """Start `sandbox play`; it has begun when its first line on standard error is there."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "sandbox", "play", *arguments, "--url", self.origin],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "SANDBOX_KEY": self.key},
        )  # fmt: skip
        first = process.stderr.readline()
        assert first.startswith("sandbox: playing "), first + process.communicate(timeout=30)[1]
        return process


@pytest.fixture
def client(origin):
    return Client(origin)


def test_every_world_of_a_server_is_born_with_its_scenario_and_reset_lets_it_begin_again():
    down = [200] * 5 + [500] * 3
    with serving("docs", "--scenario", "outage-and-recovery") as origin:
        one, other = Client(origin), Client(origin)
        assert one.statuses(8) == down
        assert other.statuses(8) == down
        one.ask("/__admin/reset", "POST")
        assert one.statuses(8) == down
        one.ask("/__admin/scenarios/active", "PUT", json={"name": None})
        assert one.statuses(1) == [200]
        assert other.active() == "outage-and-recovery"


def test_a_server_takes_its_scenario_from_a_file(good):
    with serving("docs", "--scenario", str(good)) as origin:
        answer = Client(origin).ask("/v1/systems")
    assert (answer.status_code, answer.headers["Sandbox-Fault"]) == (500, "mine#lists")


def test_a_scenario_that_nobody_knows_is_refused_before_anything_is_bound():
    done = sandbox("serve", "--port", "0", "--scenario", "flakey")
    assert (done.returncode, done.stdout) == (2, "")
    assert "got 'flakey'; did you mean 'flaky'?" in done.stderr
    assert all(each in done.stderr for each in SHIPPED)


@pytest.mark.parametrize(
    "verb", [("serve", "--port", "0", "--scenario"), ("check-scenario",), ("play", "--key", "ak_test_some")]
)
def test_a_file_that_cannot_work_is_refused_with_every_flaw_and_its_line(verb, bad):
    done = sandbox(*verb, str(bad))
    assert (done.returncode, done.stdout) == (2, "")
    told = done.stderr.replace("sandbox: ", "").splitlines()
    assert [each.partition(": expected ")[0] for each in told[:5]] == [
        f"{bad}:6: rules[0].when.nth",
        f"{bad}:6: rules[0].when.operation",
        f"{bad}:9: rules[1].when.nth",
        f"{bad}:10: rules[1].then.error.status",
        f"{bad}:12: rules[2].then.eror",
    ]
    assert told[1].endswith("got 'listSystem'; did you mean 'listSystems'?")


def test_a_check_says_as_json_what_it_says_in_words(good, bad):
    fine, wrong = sandbox("check-scenario", str(good), "--json"), sandbox("check-scenario", str(bad), "--json")
    assert (fine.returncode, wrong.returncode) == (0, 2)
    assert json.loads(fine.stdout)["fits"] is True
    flaws = json.loads(wrong.stdout)["flaws"]
    assert [each["line"] for each in flaws] == [6, 6, 9, 10, 12]
    assert flaws[4] == {
        "line": 12, "path": "rules[2].then.eror", "expected": flaws[4]["expected"], "got": "an unknown one", "nearest": "error",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [("rules: [", "mine.yaml:2: expected YAML"), ("[]", "expected a mapping"), ("", "expected a mapping, got nothing")],
)
def test_a_file_that_cannot_be_read_is_no_scenario(good, text, words):
    good.write_text(text)
    done = sandbox("check-scenario", str(good))
    assert done.returncode == 2
    assert words in done.stderr.replace(":1:", ":2:")


def test_a_file_that_is_not_there_is_no_scenario(tmp_path):
    done = sandbox("check-scenario", str(tmp_path / "none.yaml"))
    assert done.returncode == 2
    assert "expected a file, got nothing there" in done.stderr


@pytest.mark.parametrize(("api", "name"), [(api, name) for api in APIS for name in names("scenarios", api)])
def test_every_shipped_scenario_can_work(api, name):
    done = sandbox("check-scenario", str(shipped("scenarios") / api / f"{name}.yaml"))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_shipped_scenarios_are_listed_with_their_summaries():
    listed = [line.split("\t") for line in sandbox("scenarios").stdout.splitlines()]
    assert [each[0] for each in listed if each[1] == "aikraft"] == SHIPPED
    assert {api for _, api, _ in listed} == set(APIS)
    assert all(summary for _, _, summary in listed)
    of_one = sandbox("scenarios", "--api", "ctrlai").stdout.splitlines()
    assert [each.split("\t") for each in of_one] == [each for each in listed if each[1] == "ctrlai"]
    told = json.loads(sandbox("scenarios", "--json").stdout)
    assert [[each["name"], each["api"], each["summary"]] for each in told["scenarios"]] == listed


def test_a_shipped_scenario_is_shown_as_its_file_has_it():
    path = shipped("scenarios") / "aikraft" / "flaky.yaml"
    done = sandbox("scenarios", "flaky")
    assert done.stdout == path.read_text()
    assert "add --api ctrlai to see that one" in done.stderr
    other = sandbox("scenarios", "flaky", "--api", "ctrlai")
    assert (other.stdout, other.stderr) == ((shipped("scenarios") / "ctrlai" / "flaky.yaml").read_text(), "")
    assert json.loads(sandbox("scenarios", "flaky", "--json").stdout) == yaml.safe_load(path.read_text())
    done = sandbox("scenarios", "flakey")
    assert done.returncode == 2
    assert "did you mean 'flaky'?" in done.stderr


def test_a_play_tells_each_request_with_what_struck_it_and_ends_with_what_became_of_the_rules(client, good):
    process = client.playing(str(good), "--limit", "2")
    assert client.statuses(1) == [500]
    assert client.ask("/v1/systems?limit=1").status_code == 200
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    first, second, *rules = [line.split("\t") for line in out.splitlines()]
    assert first[1:] == ["GET", "/v1/systems", "500", "mine#lists"]
    assert second[1:] == ["GET", "/v1/systems?limit=1", "200", "-"]
    assert rules == [["mine#lists: struck 1 of 2 requests that fitted it"], ["mine#jobs: never reached"]]
    assert client.active() is None


def test_a_play_that_is_interrupted_ends_the_scenario_as_well(client):
    process = client.playing("flaky")
    client.statuses(1)
    assert process.stdout.readline().split("\t")[1:3] == ["GET", "/v1/systems"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert [line.partition(":")[0] for line in out.splitlines()] == ["flaky#reads", "flaky#writes"]
    assert client.active() is None


def test_a_play_that_is_kept_goes_on_and_speaks_json(client, good):
    process = client.playing(str(good), "--limit", "1", "--keep", "--json")
    client.statuses(1)
    entry, end = map(json.loads, process.communicate(timeout=30)[0].splitlines())
    assert (entry["path"], entry["fault"]) == ("/v1/systems", "mine#lists")
    assert (end["scenario"], end["state"], end["kept"]) == ("mine", "Started", True)
    assert [each["fired"] for each in end["rules"]] == [1, 0]
    assert client.active() == "mine"


def test_a_play_whose_scenario_somebody_else_has_ended_says_so(client):
    process = client.playing("flaky", "--limit", "1")
    client.ask("/__admin/scenarios/active", "PUT", json={"name": "slow"})
    client.statuses(1)
    assert "not active any more" in process.communicate(timeout=30)[1]
    assert client.active() == "slow"


def test_a_name_that_the_sandbox_does_not_know_is_told_with_those_that_it_knows(client):
    done = sandbox("play", "flakey", "--url", client.origin, SANDBOX_KEY=client.key)
    assert done.returncode == 1
    assert all(each in done.stderr for each in SHIPPED)


def test_a_play_needs_a_sandbox():
    done = sandbox("play", "flaky", "--url", "http://127.0.0.1:9", SANDBOX_KEY="ak_test_some")
    assert done.returncode == 2
    assert "nothing answers" in done.stderr
