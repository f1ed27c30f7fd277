"""The verbs of a terminal: against a real sandbox, and against what is none."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager
from itertools import count

import httpx
import pytest

from sandbox.cli import main
from tests.served import serving

TOKEN = "token-of-the-terminal-tests"
NUMBERS = count()
SYSTEM = {
    "name": "Loan Approval Engine",
    "description": "Scores loan applications.",
    "provider": "internal",
    "deploymentStatus": "production",
}


@pytest.fixture(scope="module")
def origin():
    with serving("docs", "--admin-token", TOKEN) as served:
        yield served


class World:
    """A world of its own: what a client asks of it, and what the command says about it."""

    def __init__(self, origin, capsys):
        self.origin = origin
        self.key = f"ak_test_enterprise_terminal_{os.getpid()}_{next(NUMBERS)}"
        self._capsys = capsys

    def get(self, path, method="GET", **given):
        return httpx.request(method, f"{self.origin}{path}", headers={"Authorization": f"Bearer {self.key}"}, **given)

    def says(self, *arguments, code=0):
        """Return what the verb prints, after it has exited with this code."""
        out, err, got = self.run(*arguments)
        assert got == code, (out, err)
        return err if code == 2 else out

    def run(self, *arguments):
        self._capsys.readouterr()
        got = main([*arguments, "--url", self.origin, "--key", self.key])
        out, err = self._capsys.readouterr()
        return out, err, got

    def json(self, *arguments, code=0):
        return json.loads(self.says(*arguments, "--json", code=code))


@pytest.fixture
def world(origin, capsys):
    return World(origin, capsys)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ("SANDBOX_KEY", "SANDBOX_URL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def pairs(text):
    return dict(line.split("\t", 1) for line in text.splitlines())


# What no sandbox does on purpose: a stand-in that sends what it is told to, one reply a connection.


@contextmanager
def standing_in(*replies):
    """Yield an origin that gives these bytes, and a list of the requests that come; each connection is then closed."""
    asked, bound = [], socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_reply, args=(bound, replies, asked))
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}", asked
    finally:
        bound.close()
        thread.join(10)


def _reply(bound, replies, asked):
    bound.settimeout(20)
    for reply in replies:
        try:
            line, _ = bound.accept()
        except OSError:
            return
        with line:
            asked.append(_read(line))
            line.sendall(reply)


def _read(line):
    text = b""
    while b"\r\n\r\n" not in text:
        text += line.recv(65536)
    return text.decode()


def http(body, kind="application/json", status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def streamed(*parts):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(f"{len(each.encode()):x}\r\n{each}\r\n".encode() for each in parts)


def entry(number, **other):
    return {
        "id": f"req_0000000{number}", "ordinal": number, "at": "2026-04-13T14:30:00Z", "operation": "listSystems",
        "method": "GET", "path": "/v1/systems", "query": "", "status": 200, "key": None, "cause": None, "fault": None,
        "marks": [], "preferences": {"applied": [], "ignored": []},
    } | other  # fmt: skip


def event(number, **other):
    return f"id: {number}\nevent: request\ndata: {json.dumps(entry(number, **other))}\n\n"


def run(*arguments, key="ak_test_enterprise_stand_in"):
    return main([*arguments, *(["--key", key] if key else [])])


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (http("<html>hello</html>", "text/html"), "something else than a sandbox"),
        (http("[1, 2]"), "no JSON object"),
        (http("[" * 100_000), "no JSON object"),
        (http("not here", "text/plain", "404 Not Found"), "something else than a sandbox"),
        (http("", "text/html", "302 Found"), "something else than a sandbox"),
        (b"", "no whole answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no whole answer"),
        (http("{}")[:-1], "no whole answer"),
    ],
)
def test_what_is_no_sandbox_is_told_with_the_remedy(reply, words, capsys):
    with standing_in(reply) as (url, _):
        assert run("clock", "--url", url) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "--url" in said.err
    assert said.out == ""


def test_an_answer_without_its_list_is_told_too(capsys):
    with standing_in(http("{}")) as (url, _):
        assert run("requests", "--url", url) == 2
    assert "without a list of requests" in capsys.readouterr().err


def test_where_nothing_answers_the_command_that_starts_it_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for verb in (["status"], ["requests", "--follow"]):
        assert run(*verb, "--url", f"http://127.0.0.1:{port}") == 2
        assert f"nothing answers at http://127.0.0.1:{port}: start it with `sandbox serve`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8800", "ftp://x", "http://", "http://h:port", "http://me:secret@h", "http://h?x"]
)
def test_a_url_that_is_none_is_refused_and_not_repeated(url, capsys):
    assert run("clock", "--url", url) == 2
    said = capsys.readouterr().err
    assert "expected http://HOST:PORT" in said
    assert "secret" not in said


def test_a_host_that_is_not_there_is_told(capsys):
    assert run("clock", "--url", f"http://{'x' * 80}.invalid") == 2
    assert "there is no host" in capsys.readouterr().err


def test_without_a_key_the_flag_and_the_variable_are_named(capsys, monkeypatch):
    assert run("clock", key="") == 2
    assert "--key or set SANDBOX_KEY" in capsys.readouterr().err
    monkeypatch.setenv("SANDBOX_KEY", "two words\n")
    assert run("clock", key="") == 2
    assert "words" not in capsys.readouterr().err


def test_url_and_key_may_come_from_the_environment_and_no_proxy_is_asked(capsys, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("SANDBOX_KEY", "ak_test_enterprise_of_the_environment")
    with standing_in(http('{"now": "x", "mode": "real", "rate": 1}')) as (url, asked):
        monkeypatch.setenv("SANDBOX_URL", url)
        assert run("clock", key="") == 0
    assert "Authorization: Bearer ak_test_enterprise_of_the_environment\r\n" in asked[0]
    assert capsys.readouterr().out == "now\tx\nmode\treal\nrate\t1\n"


def test_the_world_of_an_admin_is_asked_for(capsys):
    with standing_in(http("{}")) as (url, asked):
        assert run("clock", "--url", url, "--world", "ws_pro/live", "--api", "aikraft") == 0
    assert asked[0].startswith("GET /__admin/clock?world=ws_pro%2Flive&api=aikraft HTTP/1.1\r\n")
    assert run("clock", "--url", url, "--api", "aikraft") == 2
    assert "give --world" in capsys.readouterr().err


def test_a_flag_may_stand_before_the_deed(capsys):
    with standing_in(http("{}")) as (url, asked):
        assert main(["clock", "--url", url, "--key", "ak_test_enterprise_x", "show"]) == 0
    assert asked
    assert capsys.readouterr().err == ""


def test_control_characters_and_the_key_do_not_reach_the_terminal(capsys):
    sly = entry(1, path="/v1/\x1b[2J\u202e\x9b\t", query="key=ak_test_enterprise_stand_in", cause="x\r\ny")
    answer = http(json.dumps({"requests": [sly], "meta": {}}))
    for flags in ([], ["--json"]):
        with standing_in(answer) as (url, _):
            assert run("requests", "--url", url, *flags) == 0
        said = capsys.readouterr().out
        assert said.count("\n") == 1
        assert said.rstrip("\n").replace("\t", "").isprintable()
        assert "ak_test" not in said
        if flags:
            assert json.loads(said)["requests"][0]["path"] == sly["path"]
        else:
            assert rows(said)[0][3] == "/v1/\\x1b[2J\\u202e\\x9b\\t?key=(redacted)"


def test_an_argument_of_bytes_that_are_no_text_is_sent_all_the_same(capsys):
    with standing_in(http("{}"), http("{}")) as (url, asked):
        assert run("explain", "\udcff/..", "--url", url) == 0
        assert run("clock", "--world", "\udcff", "--url", url) == 0
    assert asked[0].startswith("GET /__admin/requests/%ED%B3%BF%2F../explain HTTP/1.1")
    assert capsys.readouterr().err == ""


def test_a_refusal_goes_to_standard_error_without_control_characters(capsys):
    problem = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "no \x1b[31mway",
        "cause": "world-moved",
    }
    with standing_in(http(json.dumps(problem), "application/problem+json", "409 Conflict")) as (url, _):
        assert run("reset", "--url", url) == 1
    said = capsys.readouterr()
    assert said.err == "sandbox: no \\x1b[31mway\n"
    assert said.out == ""


def test_a_stream_that_breaks_off_goes_on_behind_the_last_event(capsys):
    change = 'id: 1\nevent: change\ndata: {"kind": "reset", "at": "2026-04-13T14:30:00Z"}\n\n'
    broken = streamed(": hello\n\n", event(1), change, event(2)[:40])
    with standing_in(broken, b"", streamed(event(2), event(3))) as (url, asked):
        assert run("requests", "--follow", "--limit", "3", "--url", url) == 0
    assert [each[0] for each in rows(capsys.readouterr().out)] == ["req_00000001", "req_00000002", "req_00000003"]
    assert "Last-Event-ID" not in asked[0]
    assert all("Last-Event-ID: 1\r\n" in each for each in asked[1:])


def test_followed_requests_are_sorted_out_here(capsys):
    events = [
        event(1, path="/v1/systems/a/b", status=404), event(2, path="/v1/systems/a", status=422),
        event(3, status=404, operation=None, path="/x"), event(4, path="/v1/systems/a", status=404),
    ]  # fmt: skip
    for flags, wanted in (
        (["--status", "404"], 1), (["--status", "4xx", "--path", "/v1/systems/*"], 2), (["--unmatched"], 3),
        (["--path", "/v1/**"], 1), (["--operation", "listSystems", "--path", "/*/*/?"], 0),
    ):  # fmt: skip
        # Where nothing fits, the stream after this one has to end the verb.
        ending = [] if wanted else [http("{}", "text/plain", "500 Oh")]
        with standing_in(streamed(*events), *ending) as (url, _):
            code = run("requests", "--follow", "--json", "--limit", "1", "--url", url, *flags)
        found = [json.loads(line)["ordinal"] for line in capsys.readouterr().out.splitlines()]
        assert (code, found) == ((0, [wanted]) if wanted else (2, []))


def test_a_stream_that_is_no_json_is_told(capsys):
    with standing_in(streamed("event: request\ndata: hello\n\n")) as (url, _):
        assert run("requests", "--follow", "--url", url) == 2
    assert "something else than a sandbox" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["requests", "--status", "abc"],
        ["requests", "--limit", "0"],
        ["requests", "--follow", "--har"],
        ["rewind"],
        ["rewind", "1", "--to", "req_1"],
        ["snapshot"],
        ["clock", "advance"],
        ["verify", "--exactly", "1", "--at-most", "2"],
    ],
)
def test_a_call_that_argparse_cannot_read_exits_with_2(arguments):
    with pytest.raises(SystemExit) as left:
        run(*arguments)
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["requests", "--limit", "5000"], "at most 1000"),
        (["requests", "--har", "--limit", "5"], "--limit does not go with --har"),
        (["requests", "--ndjson", "--unmatched"], "--unmatched does not go with --ndjson"),
        (["requests", "--unmatched", "--status", "404"], "--status does not go with --unmatched"),
        (["verify"], "expected --operation or another condition"),
        (["verify", "--body", "{"], "--body: expected JSON"),
        (["verify", "/nowhere.json"], "cannot be read"),
        (["verify", "/nowhere.json", "--exactly", "1"], "got both"),
    ],
)
def test_flags_that_contradict_each_other_are_told(arguments, words, capsys):
    assert run(*arguments) == 2
    assert words in capsys.readouterr().err


def test_what_runs_the_verbs_is_imported_when_one_runs():
    code = "import sys, sandbox.cli; print([each for each in sys.modules if each.startswith(('http', 'sandbox.terminal'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['sandbox.terminal', 'sandbox.terminal.verbs']"


def test_a_reader_that_has_enough_is_no_error():
    answer = http(json.dumps({"requests": [entry(1)] * 5_000, "meta": {}}))
    with standing_in(answer) as (url, _):
        command = f"{sys.executable} -m sandbox requests --url {url} --key ak_test_enterprise_x"
        done = subprocess.run(
            ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines()[1] == "0"
    assert done.stderr == ""


# A pseudo-terminal.


def on_a_terminal(*arguments, columns=100, **environment):
    """Return what the command writes to a terminal of this width."""
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    sober = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        env=sober | {"TERM": "xterm", "SANDBOX_KEY": "ak_test_enterprise_pty"} | environment,
    )  # fmt: skip
    os.close(theirs)
    text = _drained(mine)
    assert process.wait(30) == 0, text
    return text.replace("\r\n", "\n")


def _drained(mine):
    text = b""
    while select.select([mine], [], [], 30)[0]:
        try:
            more = os.read(mine, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not more:
            break
        text += more
    os.close(mine)
    return text.decode()


LONG = {"requests": [entry(1, path="/v1/systems/" + "x" * 100), entry(2, status=404), entry(3, status=500)], "meta": {}}


def test_a_terminal_gets_a_table_that_fits_in_colour():
    with standing_in(http(json.dumps(LONG))) as (url, _):
        lines = on_a_terminal("requests", "--url", url, columns=120).splitlines()
    assert lines[0].startswith("\x1b[1mid ")
    assert "…" in lines[1]
    assert lines[2].startswith("\x1b[33mreq_00000002")
    assert lines[3].startswith("\x1b[31mreq_00000003")
    bare = [re.sub(r"\x1b\[[0-9]*m", "", each) for each in lines]
    assert max(map(len, bare)) <= 120
    assert len({each.find("listSystems") for each in bare[1:]}) == 1


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colour_gets_the_table_alone(environment):
    with standing_in(http(json.dumps(LONG))) as (url, _):
        text = on_a_terminal("requests", "--url", url, **environment)
    assert text.startswith("id ")
    assert "\x1b" not in text


def test_json_on_a_terminal_is_indented_and_harmless():
    with standing_in(http(json.dumps({"now": "\x1b[2J\x7f\x9b\u00e9"}))) as (url, _):
        text = on_a_terminal("clock", "--json", "--url", url)
    assert text == '{\n  "now": "\\u001b[2J\\u007f\\u009bé"\n}\n'


def test_a_capsule_on_a_terminal_is_harmless_and_elsewhere_as_it_came(capfdbinary):
    content = '{"capsule":1,"x":"\x7f\u009b"}\n'
    with standing_in(http(content), http(content)) as (url, _):
        assert on_a_terminal("capsule", "--url", url) == '{"capsule":1,"x":"\\u007f\\u009b"}\n'
        assert run("capsule", "--url", url) == 0
    assert capfdbinary.readouterr().out == content.encode()


# A real sandbox.


def test_status_tells_how_the_world_stands(world):
    world.get("/v1/systems")
    world.get("/v1/nowhere")
    world.says("snapshot", "save", "before")
    shown = pairs(world.says("status"))
    assert list(shown) == [
        "url",
        "version",
        "world",
        "api",
        "clock",
        "requests",
        "snapshots",
        "keys",
        "quota",
        "evicted",
    ]
    assert shown["url"] == world.origin
    assert shown["api"] == "aikraft"
    assert shown["world"].startswith("own/")
    assert shown["requests"] == "2, 1 refused, 1 unmatched"
    assert shown["snapshots"] == "1: before"
    assert (shown["quota"], shown["evicted"]) == ("enforce", "no")
    told = world.json("status")
    assert told["requests"] == {"total": 2, "refused": 1, "unmatched": 1}
    assert told["clock"]["mode"] in shown["clock"]


def test_the_clock_is_shown_frozen_set_advanced_scaled_and_real(world):
    start = pairs(world.says("clock"))
    assert list(start) == ["now", "mode", "rate", "auto_advance"]
    assert pairs(world.says("clock", "freeze", "2030-01-01T00:00:00Z"))["now"] == "2030-01-01T00:00:00Z"
    assert pairs(world.says("clock", "advance", "3d")) == {
        "now": "2030-01-04T00:00:00Z", "mode": "frozen", "rate": "0", "auto_advance": "no",
    }  # fmt: skip
    assert world.json("clock", "show")["now"] == "2030-01-04T00:00:00Z"
    assert world.json("clock", "set", "2031-01-01T00:00:00Z")["mode"] == "offset"
    assert world.json("clock", "freeze")["now"].startswith("2031-01-01")
    assert pairs(world.says("clock", "scale", "60"))["rate"] == "60"
    problem = world.json("clock", "real", code=1)
    assert problem["cause"] == "clock-backwards"
    world.says("reset")
    assert world.json("clock")["mode"] == start["mode"]


def test_a_refusal_is_the_sandbox_s_own_words_on_standard_error(world):
    for arguments in (["clock", "advance", "soon"], ["snapshot", "restore", "never"], ["rewind", "9"]):
        out, err, code = world.run(*arguments)
        assert code == 1
        assert out == ""
        assert err.startswith("sandbox: ")
        assert world.json(*arguments, code=1)["detail"] in err


def test_a_wrong_credential_is_a_wrong_call_and_is_not_repeated(world):
    world.key = "ak_live_somebody_else"
    said = world.says("status", code=2)
    assert "give --key" in said
    assert "somebody_else" not in said


def test_snapshots_are_saved_listed_restored_and_deleted(world):
    assert pairs(world.says("snapshot", "save", "before"))["name"] == "before"
    world.get("/v1/systems")
    assert [each[0] for each in rows(world.says("snapshot", "list"))] == ["before"]
    assert pairs(world.says("snapshot", "restore", "before"))["ordinal"] == "0"
    assert world.says("requests") == ""
    assert world.says("snapshot", "delete", "before") == "status\tdeleted\n"
    assert world.says("snapshot", "list") == ""


def test_requests_are_undone_by_number_or_by_id(world):
    for _ in range(4):
        world.get("/v1/systems")
    idents = [each[0] for each in rows(world.says("requests"))]
    assert pairs(world.says("rewind", "1"))["ordinal"] == "3"
    assert world.json("rewind", "--to", idents[1])["ordinal"] == 1
    assert [each[0] for each in rows(world.says("requests"))] == idents[:1]


def test_reset_forgets_everything(world):
    world.get("/v1/systems")
    assert world.says("reset") == "status\treset\n"
    assert world.says("requests") == ""


def test_requests_are_listed_by_what_is_asked_for(world):
    world.get("/v1/systems?limit=2")
    world.get("/v1/systems", "POST", json={})
    world.get("/v1/nowhere")
    found = rows(world.says("requests"))
    assert [len(each) for each in found] == [8, 8, 8]
    assert [each[2:6] for each in found] == [
        ["GET", "/v1/systems?limit=2", "200", "listSystems"],
        ["POST", "/v1/systems", "422", "createSystem"],
        ["GET", "/v1/nowhere", "404", "-"],
    ]
    assert [each[0] for each in rows(world.says("requests", "--operation", "createSystem"))] == [found[1][0]]
    assert [each[0] for each in rows(world.says("requests", "--status", "4xx"))] == [found[1][0], found[2][0]]
    assert [each[0] for each in rows(world.says("requests", "--path", "/v1/s*"))] == [found[0][0], found[1][0]]
    assert [each[0] for each in rows(world.says("requests", "--limit", "1"))] == [found[2][0]]
    assert [each["id"] for each in world.json("requests")["requests"]] == [each[0] for each in found]
    unmatched = rows(world.says("requests", "--unmatched"))
    assert [each[0] for each in unmatched] == [found[2][0]]
    assert len(unmatched[0]) == 9


def test_the_journal_is_written_as_har_and_as_ndjson(world):
    world.get("/v1/systems")
    assert len(json.loads(world.says("requests", "--har"))["log"]["entries"]) == 1
    lines = world.says("requests", "--ndjson").splitlines()
    assert [json.loads(each)["path"] for each in lines] == ["/v1/systems"]


@contextmanager
def following(world, *flags):
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "requests", "--follow", "--url", world.origin, *flags],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"SANDBOX_KEY": world.key},
    )  # fmt: skip
    try:
        assert "following" in process.stderr.readline()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_requests_are_followed_until_ctrl_c(world):
    with following(world) as process:
        for path in ("/v1/systems", "/v1/nowhere"):
            world.get(path)
            assert rows(process.stdout.readline())[0][3] == path
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_a_limit_ends_following(world):
    with following(world, "--json", "--limit", "1", "--status", "4xx") as process:
        world.get("/v1/systems")
        world.get("/v1/nowhere")
        assert json.loads(process.stdout.readline())["status"] == 404
        assert process.wait(30) == 0


def test_a_request_is_explained_by_section(world):
    world.get("/v1/systems", "POST", json=SYSTEM)
    text = world.says("explain", "last")
    ident = rows(world.says("requests", "--limit", "1"))[0][0]
    assert world.says("explain", ident) == text
    names = list(dict.fromkeys(each[0] for each in rows(text)))
    for name in ("request", "operation", "world", "clock", "quota", "permission", "checks", "changes", "response"):
        assert name in names
    assert world.json("explain", "last")["response"]["status"] in (201, 422)
    assert f"request\t{ident}\n" in text
    assert "checks\tpermission passed: " in text
    assert world.key not in text


def test_without_a_request_there_is_nothing_to_explain(world):
    _, err, code = world.run("explain", "last")
    assert code == 1
    assert "no request yet" in err


def test_verify_passes_and_a_miss_tells_what_came_instead(world, tmp_path):
    world.get("/v1/systems")
    assert world.says("verify", "--operation", "listSystems", "--status", "2xx") == "verified\t1\n"
    assert world.json("verify", "--method", "get", "--path", "/v1/*", "--exactly", "1")["verified"] is True
    out, err, code = world.run("verify", "--operation", "listSystems", "--status", "404")
    assert code == 1
    assert err.startswith("sandbox: ")
    assert "/v1/systems" in out
    assert "status: expected 404, got 200" in out
    assert world.json("verify", "--operation", "createSystem", code=1)["verified"] is False
    file = tmp_path / "expected.json"
    file.write_text(json.dumps({"match": {"operation": "listSystems"}, "count": {"exactly": 1}}))
    assert world.says("verify", str(file)) == "verified\t1\n"
    file.write_text(json.dumps({"sequence": [{"operation": "listSystems"}, {"operation": "createSystem"}]}))
    world.says("verify", str(file), code=1)
    file.write_text("[]")
    assert "expected a file with" in world.says("verify", str(file), code=2)


def test_verify_looks_into_bodies(world):
    world.get("/v1/systems", "POST", json={"name": "Loan"})
    assert world.says("verify", "--body", '{"name": "Loan"}') == "verified\t1\n"
    assert world.says("verify", "--body", '{"$.name": {"contains": "oa"}}', "--at-least", "1") == "verified\t1\n"
    world.says("verify", "--body", '{"name": "Other"}', "--at-most", "0")


def test_verdicts_are_told_and_an_error_among_them_is_a_finding(world):
    assert world.says("verdicts") == ""
    for _ in range(2):
        world.get("/v1/systems?limit=none")
    line = world.says("verdicts", code=1)
    assert line.startswith("error\tretried-what-cannot-succeed\tlistSystems\treq_")
    (told,) = world.json("verdicts", "--severity", "error", code=1)["verdicts"]
    assert (told["name"], len(told["requests"])) == ("retried-what-cannot-succeed", 2)
    assert world.says("verdicts", "--off", "retried-what-cannot-succeed", "--off", "no-back-off") == ""
    assert "off: expected" in world.says("verdicts", "--off", "all", code=2)


def test_keys_are_minted_listed_and_revoked(world):
    key = world.says("keys", "mint", "--scope", "read", "--expires-in", "30d").strip()
    assert world.get("/v1/systems").status_code == 200
    listed = world.says("keys")
    assert listed == world.says("keys", "list")
    assert key not in listed
    found = next(each for each in rows(listed) if each[2] == "read")
    assert len(found) == 6
    minted = httpx.get(f"{world.origin}/v1/systems", headers={"Authorization": f"Bearer {key}"})
    assert minted.status_code == 200
    assert pairs(world.says("keys", "revoke", found[0]))["revoked"] == "yes"
    assert httpx.get(f"{world.origin}/v1/systems", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert "key" in world.json("keys", "mint")


def test_a_capsule_goes_to_a_file(world, tmp_path):
    world.get("/v1/systems")
    file = tmp_path / "run.json"
    assert world.says("capsule", "--out", str(file)) == ""
    assert len(json.loads(file.read_bytes())["records"]) == 1
    assert world.key not in file.read_text()
    assert "cannot be written" in world.says("capsule", "--out", str(tmp_path), code=2)


def test_the_admin_token_looks_into_a_world_by_its_name(world):
    world.get("/v1/nowhere")
    name = pairs(world.says("status"))["world"]
    ident = rows(world.says("requests"))[0][0]
    world.key = TOKEN
    assert rows(world.says("requests", "--world", name))[0][0] == ident
    assert pairs(world.says("status", "--world", name, "--api", "aikraft"))["world"] == name
    _, err, code = world.run("clock")
    assert code == 1
    assert "give --world NAME" in err
