"""`sandbox diff`: nothing between two sandboxes, each planted divergence, and what it may never do."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from sandbox.app import create_store
from sandbox.cli import _parser, main
from sandbox.diff.pace import NotAllowed, Pace, owed
from sandbox.diff.running import diff
from sandbox.settings import APIS, Settings
from sandbox.testing import SandboxServer, SandboxTransport

KEYS = {"aikraft": "ak_test_enterprise_difference", "ctrlai": f"ctrlai_pk_7e57{'d' * 28}"}
UP = "http://127.0.0.1:9"


class Wall:
    """A clock outside that moves when somebody sleeps."""

    def __init__(self):
        self.now = 1_800_000_000_000_000

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += int(seconds * 1_000_000)


class Upstream(httpx.BaseTransport):
    """A sandbox as another service, spoilt on purpose: `asks` changes a request's query, `answers` an answer's JSON."""

    def __init__(
        self, api, wall, *, fixture="default", asks=None, answers=None, instead=None, headers=None, quota="enforce"
    ):
        self.inner = SandboxTransport(store=create_store(Settings(apis=(api,), fixture=fixture, quota=quota), wall))
        self.asks, self.answers, self.instead, self.headers = asks, answers, instead, headers
        self.sent, self.statuses = Counter(), Counter()

    def handle_request(self, request):
        self.sent[request.method] += 1
        if self.asks is not None:
            query = {name: each[0] for name, each in parse_qs(request.url.query.decode()).items()}
            request.url = request.url.copy_with(query=urlencode(self.asks(request, query)).encode())
        answer = self.inner.handle_request(request)
        answer.read()
        self.statuses[answer.status_code] += 1
        changed = self.instead(self, request, answer) if self.instead else None
        if changed is not None:
            return changed
        headers = [
            (n, v) for n, v in answer.headers.multi_items() if n not in ("content-length", *(self.headers or ()))
        ]
        if self.answers is None or "json" not in answer.headers["content-type"]:
            return httpx.Response(answer.status_code, headers=headers, content=answer.content)
        status, told = self.answers(request, answer.status_code, answer.json())
        return httpx.Response(status, headers=headers, content=json.dumps(told).encode())


def run(api, *flags, transport=None, wall=None, upstream=UP, key=None):
    given = _parser().parse_args(
        ["diff", "--upstream", upstream, "--api", api, "--upstream-key", KEYS[api] if key is None else key, *flags]
    )
    return diff(given, transport=transport, sleep=(wall or Wall()).sleep)


def told(api, capsys, *flags, **spoilt):
    """Return the exit code and the report of a run against a spoilt upstream."""
    wall = Wall()
    code = run(api, "--json", "--max-examples", "12", *flags, transport=Upstream(api, wall, **spoilt), wall=wall)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("flags", [(), ("--same-data",), ("--allow-writes",)], ids=["reads", "values", "writes"])
def test_a_sandbox_does_not_part_from_a_sandbox(api, flags, capsys):
    code, report = told(api, capsys, "--max-examples", "60", *flags)
    assert (code, report["divergences"]) == (0, [])
    assert report["calls"] > 60


@pytest.mark.parametrize("api", APIS)
def test_nor_does_one_with_other_data_nor_one_over_a_socket(api, capsys):
    settings = Settings(apis=(api,), fixture="demo")
    with SandboxServer(settings) as server:
        flags = ("--max-examples", "8", "--allow-writes")
        assert run(api, *flags, upstream=f"{server.url}/{'v1' if api == 'aikraft' else 'api/v1'}") == 0
    assert "no divergences in " in capsys.readouterr().out


def rows(change):
    """Return what changes each row of a list."""

    def answers(_request, status, told):
        if status == 200 and isinstance(told["data"], list):
            told["data"] = [change(dict(each)) for each in told["data"]]
        return status, told

    return answers


def without(name):
    return rows(lambda row: {key: each for key, each in row.items() if key != name})


def turned(status, code, new_status, new_code):
    """Return what tells one error as another."""

    def answers(_request, given, told):
        if given == status and told["error"]["code"] == code:
            told["error"]["code"] = new_code
            return new_status, told
        return given, told

    return answers


def created(change):
    """Return what changes what a creation answers."""

    def answers(_request, status, told):
        return status, ({**told, "data": change(dict(told["data"]))} if status == 201 else told)

    return answers


def repeating(_request, query):
    """Begin each page one row early."""
    return {**query, "offset": str(max(0, int(query["offset"]) - 1))} if query.get("offset", "").isdigit() else query


def forgetful(upstream, request, answer):
    """Forget each domain as soon as it is created."""
    if request.method == "POST" and answer.status_code == 201:
        path = f"{request.url.path}/{answer.json()['data']['id']}"
        upstream.inner.handle_request(
            httpx.Request("DELETE", f"{UP}{path}", headers={"authorization": request.headers["authorization"]})
        )


def stale_cursor(request, query):
    """Begin with the first page again, whichever is asked for."""
    return {name: each for name, each in query.items() if name != "cursor"} if request.method == "GET" else query


LIST, NEW = ("--operations", "listSystems"), ("--operations", "createSystem")
SOME = ("--operations", "listSystems,createSystem,getMonitoring")
PAGES = ("--operations", "listUnits")
PLANTED = {
    "another default limit": ("aikraft", LIST, {"asks": lambda _r, q: {"limit": "10", **q}}, "listSystems", "page size"),
    "a missing field": ("aikraft", (), {"answers": without("documentation_score")}, "listSystems", "/data/*/documentation_score"),
    "a field of another type": ("ctrlai", PAGES, {"answers": rows(lambda row: {**row, "version": str(row.get("version"))} if "unitType" in row else row)}, "listUnits", "/data/*/version"),
    "a word that nobody knows": ("aikraft", LIST, {"answers": rows(lambda row: {**row, "risk_tier": "severe"})}, "listSystems", "/data/*/risk_tier"),
    "another error code": ("aikraft", SOME, {"answers": turned(404, "not_found", 404, "missing")}, "getMonitoring", "/error/code"),
    "another status for a name that is taken": ("aikraft", (*NEW, "--allow-writes"), {"answers": turned(409, "conflict", 422, "unprocessable")}, "createSystem", "status"),
    "a missing quota header": ("aikraft", LIST, {"headers": ["x-ratelimit-remaining"]}, "listSystems", "header X-RateLimit-Remaining"),
    "a page that repeats a row": ("ctrlai", (*PAGES, "--max-examples", "24"), {"asks": repeating}, "listUnits", "next page"),
    "a cursor that leads back": ("aikraft", LIST, {"asks": stale_cursor}, "listSystems", "next page"),
    "null where ours is set": ("ctrlai", ("--operations", "listDomains,createUnit", "--allow-writes"), {"answers": created(lambda row: {**row, "given": None} if "given" in row else row)}, "createUnit", "/data/given"),
    "a filter that is ignored": ("ctrlai", PAGES, {"asks": lambda _r, q: {n: e for n, e in q.items() if n != "unitType"}}, "listUnits", "filter unitType"),
    "a created row that is not listed": ("ctrlai", ("--operations", "listDomains,createDomain", "--allow-writes"), {"instead": forgetful}, "listDomains", "created rows"),
    "a name that comes back otherwise": ("aikraft", (*NEW, "--allow-writes"), {"answers": created(lambda row: {**row, "name": row["name"] + "!"})}, "createSystem", "/data/name as written"),
    "an answer that is no JSON": ("aikraft", LIST, {"instead": lambda _u, r, a: httpx.Response(200, headers={k: v for k, v in a.headers.items() if k != "content-length"}, content=b"{") if r.url.path == "/v1/systems" and a.status_code == 200 else None}, "listSystems", "body"),
    "a redirect": ("aikraft", SOME, {"instead": lambda _u, r, _a: httpx.Response(301, headers={"location": "/"}) if r.url.path.endswith("monitoring") else None}, "getMonitoring", "status"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_divergence_is_found_named_and_shrunk(name, capsys):
    api, flags, spoilt, operation, place = PLANTED[name]
    code, report = told(api, capsys, *flags, **spoilt)
    found = [each for each in report["divergences"] if (each["operation"], each["place"]) == (operation, place)]
    assert code == 1
    assert found, [(each["operation"], each["place"]) for each in report["divergences"]]
    assert len(found[0]["sequence"]) <= 3
    assert found[0]["expected"]["provenance"] in ("documented", "inferred", "invented")
    assert found[0]["expected"]["source"]
    assert found[0]["sandbox"]["has"] != found[0]["upstream"]["has"]


def test_a_closed_connection_and_an_answer_that_never_comes_are_divergences(capsys):
    def instead(_upstream, request, _answer):
        if request.url.path.endswith("monitoring"):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        if request.url.path.endswith("classification"):
            raise httpx.ReadTimeout("timed out")

    code, report = told(
        "aikraft", capsys, "--operations", "listSystems,getMonitoring,getClassification", instead=instead
    )
    found = {each["operation"]: each["upstream"]["has"] for each in report["divergences"]}
    assert (code, found) == (
        1,
        {"getMonitoring": "the connection was closed", "getClassification": "no answer in time"},
    )


def test_reads_alone_are_sent_unless_writes_are_allowed():
    wall = Wall()
    upstream = Upstream("ctrlai", wall)
    assert run("ctrlai", "--max-examples", "15", transport=upstream, wall=wall) == 0
    assert set(upstream.sent) == {"GET"}
    pace = Pace(httpx.Client(transport=upstream, base_url=UP), writes=False, sleep=wall.sleep)
    with pytest.raises(NotAllowed):
        pace.send(httpx.Request("POST", f"{UP}/api/v1/inference"))
    assert set(upstream.sent) == {"GET"}


def test_a_write_names_only_what_the_run_has_made():
    wall, asked = Wall(), []
    upstream = Upstream(
        "ctrlai", wall, asks=lambda request, query: asked.append((request.method, request.url.path)) or query
    )
    assert (
        run(
            "ctrlai",
            "--max-examples",
            "40",
            "--allow-writes",
            "--operations",
            "createDomain,updateDomain,deleteDomain,listDomains",
            transport=upstream,
            wall=wall,
        )
        == 0
    )
    changes = [path for method, path in asked if method in ("PATCH", "DELETE")]
    assert changes
    shipped = ("01HXVN1T", "01HXD0MA1N", "01HXMEMBER", "01HXKEY", "/orgs/acme", "credit-decision")
    assert not any(each in path for path in changes for each in shipped)


REFUSED = [
    ("aikraft", "ak_live_enterprise_admin_key", "https://api.aikraft.eu/v1", "expected a test key"),
    ("aikraft", "", UP, "expected a test key"),
    ("ctrlai", f"ctrlai_pk_{'0' * 32}", "https://app.ctrlai.com/api", "nothing in a key of Ctrl AI"),
]


@pytest.mark.parametrize(("api", "key", "upstream", "words"), REFUSED)
def test_a_key_that_may_be_live_may_not_write(api, key, upstream, words, capsys, monkeypatch):
    monkeypatch.delenv("SANDBOX_UPSTREAM_KEY", raising=False)
    transport = Upstream(api, Wall())
    assert run(api, "--allow-writes", upstream=upstream, key=key, transport=transport) == 2
    said = capsys.readouterr().err
    assert words in said
    assert not key or key not in said
    assert not transport.sent


def test_any_key_of_ctrlai_may_write_on_this_machine():
    wall = Wall()
    key = f"ctrlai_pk_{'0' * 31}4"
    flags = ("--allow-writes", "--max-examples", "3", "--operations", "listDomains,createDomain")
    assert run("ctrlai", *flags, key=key, transport=Upstream("ctrlai", wall), wall=wall) == 0


def test_no_credential_is_told_anywhere(capsys, tmp_path):
    def answers(_request, status, told):
        return status, ({"data": f"Bearer {KEYS['aikraft']} ak_live_of_somebody_else"} if status == 200 else told)

    report = tmp_path / "report.json"
    wall = Wall()
    flags = ("--same-data", "--max-examples", "5", "--report", str(report))
    assert run("aikraft", *flags, transport=Upstream("aikraft", wall, answers=answers), wall=wall) == 1
    out = capsys.readouterr()
    for text in (out.out, out.err, report.read_text()):
        assert KEYS["aikraft"] not in text
        assert "ak_live_of" not in text
    assert json.loads(report.read_text())["divergences"]
    assert "$UPSTREAM_KEY" in out.out


def test_the_words_tell_the_calls_both_answers_and_the_sentence(capsys):
    wall = Wall()
    spoilt = Upstream("aikraft", wall, headers=["x-ratelimit-remaining"])
    assert run("aikraft", "--max-examples", "5", "--operations", "listSystems", transport=spoilt, wall=wall) == 1
    lines = [each.strip() for each in capsys.readouterr().out.splitlines()]
    assert "1. listSystems: header X-RateLimit-Remaining" in lines
    assert "calls     1. listSystems()" in lines
    assert "upstream  200, header X-RateLimit-Remaining is missing" in lines
    assert "expected  documented: Requests left of that figure, never more than it." in lines
    assert f'try       curl -sS -H "Authorization: Bearer $UPSTREAM_KEY" "{UP}/v1/systems"' in lines


@pytest.mark.parametrize(("api", "key"), [("aikraft", "ak_test_starter_patience"), ("ctrlai", KEYS["ctrlai"])])
def test_the_upstreams_quota_is_obeyed_and_what_was_waited_is_told(api, key, capsys):
    wall = Wall()
    upstream = Upstream(api, wall)
    assert run(api, "--json", "--max-examples", "70", key=key, transport=upstream, wall=wall) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["waited"] >= 30
    assert wall.now - Wall().now == report["waited"] * 1_000_000
    assert upstream.statuses[429] == 0 if api == "aikraft" else upstream.statuses[429] > 0


def test_a_quota_that_never_comes_back_is_no_divergence(capsys):
    refused = httpx.Response(429, headers={"retry-after": "7"}, json={"error": {"code": "rate_limit_exceeded"}})
    instead = lambda _upstream, request, _answer: refused if request.url.path.endswith("monitoring") else None  # noqa: E731
    code, report = told("aikraft", capsys, "--operations", "listSystems,getMonitoring", instead=instead)
    assert (code, report["divergences"]) == (0, [])
    assert report["refused"] > 0
    assert owed(refused) == 7.0


def test_a_run_that_compared_nothing_is_no_success(capsys):
    refused = httpx.Response(429, headers={"retry-after": "7"}, json={"error": {"code": "rate_limit_exceeded"}})
    upstream = Upstream("aikraft", Wall(), instead=lambda *_: refused)
    assert run("aikraft", "--max-examples", "3", transport=upstream) == 2
    assert "answers 429 to everything" in capsys.readouterr().err


@pytest.mark.parametrize("operation", ["createSystem", "getJob"])
def test_operations_that_nothing_allowed_leads_to_are_a_wrong_call(operation, capsys):
    words = ("--max-examples", "3", "--operations", operation)
    assert run("aikraft", *words, transport=Upstream("aikraft", Wall())) == 2
    assert "nothing could be asked" in capsys.readouterr().err


def test_ctrl_c_ends_a_run_with_130_and_without_a_traceback():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "sandbox", "diff", "--upstream", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            line, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=60)
        line.close()
    assert (process.returncode, told) == (130, (b"", b""))


def test_whoever_reads_the_report_may_leave_early():
    reading, writing = os.pipe()
    os.close(reading)
    with SandboxServer(Settings(apis=("aikraft",))) as server:
        words = ["diff", "--upstream", server.url, "--upstream-key", KEYS["aikraft"], "--max-examples", "1"]
        done = subprocess.run([sys.executable, "-m", "sandbox", *words], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_that_answers_is_a_wrong_call(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert main(["diff", "--upstream", f"http://127.0.0.1:{taken.getsockname()[1]}"]) == 2
    assert "nothing answers at http://127.0.0.1" in capsys.readouterr().err


WRONG = [
    (("--upstream", "ftp://x"), "--upstream: expected http"),
    (("--upstream", "http://me:secret@host"), "--upstream: expected http"),
    (("--upstream", UP, "--operations", "listThings"), "expected some of listSystems"),
    (("--upstream", UP, "--operations", ","), "expected some of listSystems"),
    (("--upstream", UP, "--report", "/"), "--report: expected a file"),
    (("--upstream", UP, "--max-examples", "0"), "--max-examples: expected 1 or more"),
    (("--upstream", UP, "--upstream-key", "with blank"), "--upstream-key: expected a key"),
]


@pytest.mark.parametrize(("flags", "words"), WRONG)
def test_a_wrong_call_is_told_with_what_was_expected(flags, words, capsys):
    assert main(["diff", *flags]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("flags", "words"), [(("--fixture", "nowhere"), "nowhere"), (("--report", "/nowhere/at/all.json"), "--report")]
)
def test_a_file_that_is_not_there_is_a_wrong_call(flags, words, capsys):
    wall = Wall()
    assert run("aikraft", "--max-examples", "1", *flags, transport=Upstream("aikraft", wall), wall=wall) == 2
    assert words in capsys.readouterr().err


def test_a_key_that_the_upstream_refuses_is_a_wrong_call(capsys):
    assert run("aikraft", key="ak_live_unknown_to_it", transport=Upstream("aikraft", Wall())) == 2
    assert "401" in capsys.readouterr().err
