"""`sandbox check` as a user calls it: wrong calls, papers, manners, and what is never sent or written."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from argparse import Namespace
from contextlib import nullcontext
from io import BytesIO
from threading import Thread
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.exceptions import ConnectionError as Unreachable
from schemathesis.checks import CHECKS

from sandbox.app import contract_of, create_store
from sandbox.check import run
from sandbox.check.elsewhere import Clock
from sandbox.check.habits import NAMES
from sandbox.check.lists import Page, not_a_partition, over_limit, page_of, quota_flaw
from sandbox.check.manners import WINDOW, Guest
from sandbox.check.progress import Progress
from sandbox.check.redaction import cleaned, redaction_of
from sandbox.check.relay import DEEPEST, LARGEST, Relay, is_deep, origin_of
from sandbox.check.walking import walk
from sandbox.check.wanted import Wanted, wanted_of
from sandbox.cli import _parser, main
from sandbox.core.clock import SECOND, parse_instant
from sandbox.settings import Settings
from sandbox.web.app import flask_app
from tests.apps.catalogue import APPS
from tests.served import by_werkzeug

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")

NOWHERE = "http://127.0.0.1:9"
FEW = ("--max-examples", "2", "--operations", "listSystems")


def flags(*words: str) -> Namespace:
    return _parser().parse_args(["check", *words])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--operations", "listSystem"], "did you mean listSystems?"),
        (["--operations", "zzz"], "one of listSystems"),
        (["--operations", " , "], "expected some of listSystems"),
        (["--key", "ak_test_something"], "give its --url as well"),
        (["--url", "http://user:secret@127.0.0.1:1"], "https://HOST or https://HOST/v1"),
        (["--url", "http://127.0.0.1:1/v2"], "https://HOST or https://HOST/v1"),
        (["--url", NOWHERE], "nothing answers"),
        (["--url", NOWHERE, "--key", "ak_test_something"], "nothing answers"),
        (["--url", NOWHERE, "--scenario", "flaky"], "leave out --url, or --scenario"),
        (["--url", NOWHERE, "--fixture", "docs"], "leave out --url, or --fixture"),
        (["--url", NOWHERE, "--key", "a key"], "printable ASCII"),
        (["--url", "https://api.aikraft.eu", "--key", "ak_live_something", "--allow-writes"], "belong to production"),
        (
            ["--api", "ctrlai", "--url", "https://x.example", "--key", f"ctrlai_pk_{'a' * 32}", "--allow-writes"],
            "belong to production",
        ),
        (["--scenario", "no-such-scenario"], "no-such-scenario"),
        (["--scenario", "hung"], "breaks connections"),
        (["--junit", "/no/such/folder/x.xml"], "a folder that exists"),
    ],
)
def test_a_wrong_call_exits_with_2_and_says_what_to_do(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""
    assert "secret" not in captured.err


def test_what_is_no_sandbox_needs_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    def other(_environ, start):  # type: ignore[no-untyped-def]
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<h1>Hello</h1>"]

    with by_werkzeug(other) as url:
        assert main(["check", "--url", url]) == 2
    assert "give --key" in capsys.readouterr().err


def test_without_schemathesis_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['schemathesis'] = None\n"
        "from sandbox.cli import main\n"
        "sys.exit(main(['check']))"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'aikraft-sandbox[check]'" in done.stderr


def test_ctrl_c_ends_a_run_with_130_and_without_a_traceback() -> None:
    command = [sys.executable, "-m", "sandbox", "check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("examples")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "interrupted after" in err
    assert "Traceback" not in err


def test_a_paper_that_cannot_be_written_is_told_besides_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--operations", "listSystems", "--max-examples", "1", "--report", "/dev/full"]) == 2
    captured = capsys.readouterr()
    assert "/dev/full cannot be written" in captured.err
    assert "No finding." in captured.out


def beside(app, *words: str) -> tuple[Wanted, run.Bench]:  # type: ignore[no-untyped-def]
    """Return a judge of an app that stands for a service with one key, by GET alone."""
    wanted = wanted_of(flags("--url", NOWHERE, "--key", "ak_test_enterprise_guest", "--max-examples", "1", *words))
    return wanted, run.bench_at(wanted, Clock(lambda: 0.0, lambda: 0, lambda _seconds: None), app)


def a_service():  # type: ignore[no-untyped-def]
    return flask_app(create_store(Settings(apis=("aikraft",), fixture="default")))


def test_a_link_that_only_a_write_leads_to_does_not_count_where_nothing_is_written() -> None:
    wanted, bench = beside(a_service(), "--operations", "listSystems", "getJob", "getMonitoring")
    outcome = run.judged(wanted, bench, Progress(sys.stderr, bench.judge.ledger, eyes=False))
    assert not outcome.ledger.complaints(), outcome.ledger.complaints()
    assert "GET /jobs/{job_id} -> [200] pollAgain" in outcome.links.beyond
    assert (outcome.links.missed, outcome.code) == ((), 0)


@pytest.mark.parametrize("times", [1, 1_000])
def test_an_answer_that_breaks_off_in_a_sequence_is_told_and_no_traceback(times: int) -> None:
    service, left = a_service(), [times]

    def broken(environ, start):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] >= 0:
            raise Unreachable("it broke off")
        return service(environ, start)

    _, bench = beside(broken, "--operations", "listSystems")
    ledger = walk(bench.judge, 1, 2, 2)
    assert any("it broke off" in each for each in ledger.errors), ledger.errors


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[" * 200_000 + b"]" * 200_000, f"deeper than {DEEPEST} levels"),
        (b'"' + b"x" * LARGEST + b'"', f"more than {LARGEST} bytes"),
        (b"{}", ""),
        (b'"' + b"[" * 2 * DEEPEST + b'"', ""),
    ],
)
def test_what_nobody_could_judge_is_no_answer(body: bytes, told: str) -> None:
    def service(_environ, start):  # type: ignore[no-untyped-def]
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    with by_werkzeug(service) as url:
        relay = Relay(origin_of(url, ()), may_write=False)
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO()}
        with pytest.raises(Unreachable, match=told) if told else nullcontext():
            assert relay(environ, lambda *_: None) == [body]
        relay.close()


def test_an_answer_that_is_shorter_than_it_says_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_answers_short, args=(listening,))
        thread.start()
        relay = Relay(origin_of(f"http://127.0.0.1:{listening.getsockname()[1]}", ()), may_write=False)
        with pytest.raises(Unreachable, match="expected"):
            relay({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO()}, lambda *_: None)
        thread.join()


def _answers_short(listening: socket.socket) -> None:
    with listening.accept()[0] as line:
        line.recv(1 << 16)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")


JSON = st.recursive(st.text('[]{}"\\a', max_size=5) | st.none(), lambda inner: st.lists(inner, max_size=3))


@given(JSON, st.integers(0, 2 * DEEPEST))
def test_json_is_deep_if_and_only_if_brackets_outside_of_quotes_are(inner: object, levels: int) -> None:
    def depth(value: object) -> int:
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    value = inner
    for _ in range(levels):
        value = [value]
    assert is_deep(json.dumps(value).encode()) == (depth(value) > DEEPEST)


def test_a_fault_that_shows_once_in_a_sequence_is_a_finding() -> None:
    service, left = a_service(), [1]

    def wrong_once(environ, start):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] == 0:
            start("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"once"]
        return service(environ, start)

    _, bench = beside(wrong_once, "--operations", "listSystems")
    ledger = walk(bench.judge, 1, 2, 2)
    assert {each.check for each in ledger.findings} >= {"not_a_server_error"}


def test_what_only_wrong_data_has_met_bars_no_link(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--operations", "listSystems", "--max-examples", "1"]) == 0, capsys.readouterr().out


def test_what_could_steer_a_terminal_is_written_out_in_the_report_too(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    def hostile(_environ, start):  # type: ignore[no-untyped-def]
        start("200 OK", [("Content-Type", "application/json")])
        return ['{"data": "\x9b31m\u202e\x7f"}'.encode()]

    report, words = tmp_path / "report.md", ("--key", "ak_test_something", "--operations", "getMonitoring")
    with by_werkzeug(hostile) as url:
        assert main(["check", "--url", url, "--max-examples", "1", *words, "--report", str(report)]) == 1
    assert "\\x9b31m\\u202e" in report.read_text()
    assert capsys.readouterr().out == report.read_text()
    assert all(each.isprintable() for each in report.read_text().splitlines())


class Log:
    """A WSGI app that notes the method of every request."""

    def __init__(self, app):  # type: ignore[no-untyped-def]
        self.app, self.methods, self.keys = app, [], set()

    def __call__(self, environ, start):  # type: ignore[no-untyped-def]
        self.methods.append(environ["REQUEST_METHOD"])
        self.keys.add(environ.get("HTTP_AUTHORIZATION"))
        return self.app(environ, start)


def test_with_a_key_only_get_is_sent_and_no_credential_is_written(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    key, log = "ak_live_enterprise_admin_key", Log(APPS["leaking-field"].made())
    papers = {name: tmp_path / name for name in ("junit", "har", "report")}
    written = [word for name, path in papers.items() for word in (f"--{name}", str(path))]
    with by_werkzeug(log) as url:
        assert main(["check", "--url", url + "/v1/", "--key", key, "--max-examples", "2", *written]) == 1
    told = capsys.readouterr()
    assert set(log.methods) == {"GET"}
    assert f"Bearer {key}" in log.keys
    texts = [told.out, told.err, *(path.read_text() for path in papers.values())]
    assert not any(key in each for each in texts)
    assert '-H "Authorization: Bearer $KEY"' in told.out
    assert "GET alone" in told.err
    assert "Links out of reach" in papers["report"].read_text()
    assert papers["report"].read_text().strip() == told.out.strip()


def test_junit_has_a_case_for_each_operation_in_each_phase_and_har_every_request(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    junit, har = tmp_path / "x.xml", tmp_path / "x.har"
    app = APPS["leaking-field"]
    with by_werkzeug(app.made()) as url:
        assert main(["check", "--url", url, *FEW, "--junit", str(junit), "--har", str(har)]) == 1
    capsys.readouterr()
    suite = ElementTree.parse(junit).getroot().find("testsuite")
    cases = {each.get("name"): each for each in suite.findall("testcase")}
    assert {"examples: GET /systems", "coverage: GET /systems", "fuzzing: GET /systems"} <= set(cases)
    assert int(suite.get("tests")) == len(cases)
    assert int(suite.get("failures")) == sum(each.find("failure") is not None for each in cases.values()) > 0
    log = json.loads(har.read_text())["log"]
    assert log["version"] == "1.2"
    assert {each["request"]["method"] for each in log["entries"]} >= {"GET", "DELETE"}


def asked(tmp_path, seed: str) -> list[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    har = tmp_path / f"{seed}.har"
    main(["check", *FEW, "createSystem", "--seed", seed, "--har", str(har)])
    entries = json.loads(har.read_text())["log"]["entries"]
    return [
        (each["request"]["method"], each["request"]["url"], each["request"].get("postData", {}).get("text", ""))
        for each in entries
    ]


def test_the_same_seed_asks_the_same_and_another_one_does_not(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first = asked(tmp_path, "7")
    assert first == asked(tmp_path, "7")
    assert first != asked(tmp_path, "8")


def test_what_a_scenario_injects_is_told_and_is_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *FEW, "--scenario", "quota-lies", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["injected"]
    assert report["findings"] == []


def test_a_starter_key_is_waited_for_without_a_429_and_what_it_may_not_is_named() -> None:
    elapsed = [0.0]
    birth = parse_instant("2026-04-13T14:30:00Z")

    def wall() -> int:
        return birth + int(elapsed[0] * SECOND)

    def wait(seconds: float) -> None:
        elapsed[0] += seconds

    store = create_store(Settings(apis=("aikraft",), fixture="default"), wall)
    key = "ak_live_starter_admin_key"
    given = flags("--url", "http://127.0.0.1:8800", "--key", key, "--allow-writes", "--max-examples", "1")
    wanted = wanted_of(given)
    bench = run.bench_at(wanted, Clock(lambda: elapsed[0], wall, wait), flask_app(store, pause=wait))
    outcome = run.judged(wanted, bench, Progress(sys.stderr, bench.judge.ledger, eyes=False))
    assert outcome.refused <= 1
    assert outcome.waited > WINDOW
    assert not outcome.ledger.complaints(), outcome.ledger.complaints()
    assert outcome.links.covered > 5
    assert all(each.because for each in outcome.links.missed)
    assert all("429" not in each.because for each in outcome.links.missed)
    assert outcome.code == (1 if outcome.links.missed else 0)


ROWS = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True, max_size=12)


def cut(rows: list[str], size: int) -> list[Page]:
    """Return the pages of a list, each of which names the next one."""
    starts = range(0, max(1, len(rows)), size)
    return [
        Page(tuple(rows[at : at + size]), len(rows), str(at + size) if at + size < len(rows) else None) for at in starts
    ]


@given(ROWS, st.integers(1, 5))
def test_pages_that_are_cut_from_a_list_partition_it(rows: list[str], size: int) -> None:
    assert not_a_partition(cut(rows, size), whole=True) is None


@given(ROWS.filter(bool), st.integers(1, 5), st.data())
def test_pages_with_a_row_more_or_less_or_twice_do_not(rows: list[str], size: int, data: st.DataObject) -> None:
    pages = cut(rows, size)
    at = data.draw(st.integers(0, len(pages) - 1))
    page = pages[at]
    for changed in (page.rows[1:], (*page.rows, "zzzz"), (*page.rows, page.rows[0])):
        assert not_a_partition([*pages[:at], page._replace(rows=changed), *pages[at + 1 :]], whole=True)
    assert not_a_partition([*pages, pages[0]._replace(rows=(), following="x"), Page((), len(rows), "x")], whole=False)


@given(st.integers(1, 100), st.integers(0, 100))
def test_a_limit_is_obeyed_or_not(asked: int, rows: int) -> None:
    assert (over_limit(asked, rows) is None) == (rows <= asked)


def test_a_page_is_read_by_cursor_or_by_offset() -> None:
    rows = [{"id": "a"}, {"id": "b"}]
    assert page_of({"data": rows, "meta": {"total": 3, "cursor": "x"}}) == Page(("a", "b"), 3, "x")
    assert page_of({"data": rows, "meta": {"total": 3, "limit": 2, "offset": 0}}) == Page(("a", "b"), 3, "2")
    assert page_of({"data": rows, "meta": {"total": 3, "limit": 2, "offset": 1}}, 1) == Page(("a", "b"), 3, None)
    assert page_of({"data": {"id": "a"}}) is None


@pytest.mark.parametrize(
    ("status", "left", "flawed"), [(200, "100", False), (200, "101", True), (429, "0", False), (429, "1", True)]
)
def test_quota_headers_add_up_or_not(status: int, left: str, flawed: bool) -> None:
    told = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": left}
    assert (quota_flaw(status, told) is not None) == flawed


class Service:
    """A sliding window of so many requests a minute, on a clock that a guest moves by waiting."""

    def __init__(self, limit: int, spent: int) -> None:
        self.limit, self.time, self.sent = limit, 0.0, [0.0] * spent

    def __call__(self, _environ, start):  # type: ignore[no-untyped-def]
        self.time += 0.1
        self.sent = [each for each in self.sent if each > self.time - 60]
        free = self.limit - len(self.sent)
        if free <= 0:
            wait = str(int(self.sent[0] + 60 - self.time) + 1)
            start("429 Too Many Requests", [("X-RateLimit-Remaining", "0"), ("Retry-After", wait)])
            return [b""]
        self.sent.append(self.time)
        told = [("X-RateLimit-Limit", str(self.limit)), ("X-RateLimit-Remaining", str(free - 1))]
        start("200 OK", told)
        return [b""]

    def wait(self, seconds: float) -> None:
        self.time += seconds


@given(st.integers(1, 20), st.data())
def test_a_guest_is_refused_at_most_once_whatever_the_quota_and_whoever_spent_it_before(
    limit: int, data: st.DataObject
) -> None:
    service = Service(limit, data.draw(st.integers(0, limit)))
    guest = Guest(service, contract_of("aikraft"), "key", lambda: service.time, service.wait)
    statuses: list[str] = []
    environ = {
        "wsgi.input": BytesIO(),
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/v1/systems",
        "HTTP_AUTHORIZATION": "Bearer key",
    }
    for _ in range(3 * limit):
        guest(environ, lambda status, _headers: statuses.append(status))
    assert set(statuses) == {"200 OK"}
    assert guest.refused <= 1


@given(st.text(min_size=8, max_size=40))
def test_a_secret_is_in_no_text_however_it_is_escaped(secret: str) -> None:
    hidden = redaction_of([secret])
    for spelled in (secret, json.dumps(secret)[1:-1], f"?key={secret}"):
        assert secret not in cleaned(hidden, f"a {spelled} b").replace("$KEY", "")
    assert cleaned(hidden, "Bearer ctrlai_pk_0123456789abcdef") == "Bearer $KEY"


def test_an_origin_may_bear_the_prefix_of_the_api() -> None:
    assert {origin_of(each, ("/v1",)).geturl() for each in ("http://a:1", "http://a:1/", "http://a:1/v1/")} == {
        "http://a:1"
    }


def test_the_checks_of_the_house_are_registered_while_a_judge_works_and_not_after() -> None:
    assert not NAMES & set(CHECKS.get_all_names())
