"""The gate of the control plane: from where it may be reached, with what, and what it never lets out."""

from __future__ import annotations

import ast
import os
import re
import select
import signal
import subprocess
import sys
from asyncio import Runner
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_store
from sandbox.settings import Settings
from sandbox.testing.transport import SandboxTransport
from sandbox.web import gate
from sandbox.web.gate import Gate, holds_token
from sandbox.web.store import Store
from tests.rim.corpus import HOST, JSON, OPERATIONS, Blob, Case, Fields, bearer, good, head
from tests.rim.doors import Answer, AsgiDoor, Connection, Door, FlaskDoor, SocketDoor, environ_of, fresh_store, serving
from tests.support import request

SANDBOX = Path(gate.__file__).resolve().parents[1]
TOKEN = "s3cret-admin-token"
ALLOWED = Gate(TOKEN, frozenset({"proxy.test", "::1"}))
CLOCK = Case("clock", "getClock", "GET", b"/__admin/clock", (bearer("gate"),), b"", frozenset({200, 403}))
RESET = Case("reset", "reset", "POST", b"/__admin/reset", (bearer("gate"),), b"", frozenset({200, 403}))
HEALTH = Case("health", "getHealth", "GET", b"/__admin/health", (), b"", frozenset({200, 403}))
EVENTS = Case(
    "events", "streamEvents", "GET", b"/__admin/events?limit=0", (bearer("gate"),), b"", frozenset({400, 403})
)


@pytest.fixture(scope="module")
def doors() -> Iterator[tuple[Door, ...]]:
    """Yield the three doors behind one gate."""
    stores = [fresh_store() for _ in range(3)]
    for store in stores:
        store.gate = ALLOWED
    with Runner() as runner, serving(stores[2]) as port:
        yield FlaskDoor(stores[0]), AsgiDoor(stores[1], runner), SocketDoor(port)


def asked(doors: tuple[Door, ...], case: Case, *fields: tuple[bytes, bytes]) -> Answer:
    """Return the answer, which is the same at every door."""
    flask, asgi, wire = (door.ask(replace(case, fields=(*fields, *case.fields))) for door in doors)
    assert flask == asgi
    assert asgi == wire
    return flask


def cause(answer: Answer) -> Any:
    return httpx.Response(answer.status, content=answer.body).json().get("cause")


OURS = (
    b"localhost", b"localhost:8800", b"LOCALHOST:1", b"sub.localhost", b"a.b.localhost:80", b"127.0.0.1", b"127.0.0.1:8800", b"127.9.9.9",
    b"0.0.0.0:8800", b"192.168.1.7:8800", b"[::1]", b"[::1]:8800", b"[fe80::1]:1", b"[::ffff:127.0.0.1]:1", b"proxy.test", b"Proxy.Test:443",
)  # fmt: skip
FOREIGN = (
    b"evil.test", b"evil.test:8800", b"EVIL.TEST", b"localhost.evil.test", b"127.0.0.1.evil.test", b"127.0.0.1.evil.test:8800", b"evil-localhost",
    b"xlocalhost", b"localhost.", b"127.0.0.1.", b"127.0.0.1..", b".localhost", b"evil.test.", b"proxy.test.evil.test", b"a.proxy.test",
    b"evil.test,localhost", b"evil.test,a.localhost", b"localhost,evil.test", b"evil.test a.localhost", b"evil.test/a.localhost",
    b"evil.test?.localhost", b"evil.test#.localhost", b"user@a.localhost", b"evil.test:80:80", b"localhost:port", b"localhost:", b"localhost:-1",
    b"localhost:123456", b"localhost:\xb2", b"[::1", b"::1", b"[::1]x", b"[::1%25eth0]", b"[::1%evil.test]", b"[evil.test]", b"2130706433",
    b"0x7f000001", b"127.1", b"017700000001", b"127.0.0.1%00", b"\xe9vil.localhost", b"", b":8800", b"[]", b"*", b"null",
)  # fmt: skip


@pytest.mark.parametrize("host", OURS, ids=repr)
def test_a_host_that_is_ours_is_let_in(doors: tuple[Door, ...], host: bytes) -> None:
    assert asked(doors, CLOCK, (b"host", host)).status == 200
    assert asked(doors, HEALTH, (b"host", host)).status == 200
    assert asked(doors, EVENTS, (b"host", host)).status == 400


@pytest.mark.parametrize("host", FOREIGN, ids=repr)
def test_a_foreign_host_is_refused_with_the_remedy(doors: tuple[Door, ...], host: bytes) -> None:
    for case in (CLOCK, RESET, HEALTH, EVENTS):
        answer = asked(doors, case, (b"host", host))
        assert (answer.status, cause(answer)) == (403, "foreign-host")
        assert b"--allow-host" in answer.body


@pytest.mark.parametrize(
    "hosts", [(b"localhost", b"evil.test"), (b"evil.test", b"a.localhost"), (b"a.test", b"b.test")]
)
def test_two_hosts_are_no_host(doors: tuple[Door, ...], hosts: tuple[bytes, ...]) -> None:
    for door in doors:
        answer = door.ask(replace(CLOCK, fields=(*((b"host", each) for each in hosts), *CLOCK.fields)))
        assert answer.status in (400, 403)


def test_no_host_is_refused(doors: tuple[Door, ...]) -> None:
    answer = asked(doors, CLOCK)
    assert (answer.status, cause(answer)) == (403, "foreign-host")


def test_the_old_protocol_without_a_host_is_refused(port: int) -> None:
    blob = Blob("old", head(b"GET", b"/__admin/clock", (bearer("old"),), b"HTTP/1.0"), frozenset({403}))
    with Connection(port) as connection:
        connection.send(blob.wire)
        assert [each.status for each in connection.read_all()] == [403]


def test_another_host_in_a_proxys_field_opens_nothing(doors: tuple[Door, ...]) -> None:
    answer = asked(
        doors, CLOCK, (b"host", b"evil.test"), (b"x-forwarded-host", b"localhost"), (b"forwarded", b"host=localhost")
    )
    assert answer.status == 403


def test_an_absolute_target_does_not_stand_for_the_host(doors: tuple[Door, ...]) -> None:
    case = replace(CLOCK, target=b"http://localhost/__admin/clock")
    assert asked(doors, case, (b"host", b"evil.test")).status == 403


def test_a_server_on_a_unix_socket_checks_the_host_as_well() -> None:
    environ = environ_of(replace(CLOCK, fields=((b"host", b"evil.test"), *CLOCK.fields)))
    environ["REMOTE_ADDR"] = ""
    assert FlaskDoor(fresh_store()).call(environ).status == 403


def test_no_host_is_foreign_in_process() -> None:
    with httpx.Client(transport=SandboxTransport(), base_url="http://anything.test") as client:
        assert client.get("/__admin/health").json() == {"status": "ok"}


SAME: tuple[tuple[bytes, bytes], ...] = (
    (b"localhost:8800", b"http://localhost:8800"), (b"LOCALHOST:8800", b"http://localhost:8800"), (b"[::1]:1", b"http://[::1]:1"),
    (b"127.0.0.1", b"http://127.0.0.1"),
)  # fmt: skip
OTHERS = (
    b"http://evil.test", b"null", b"", b"http://localhost:8801", b"http://localhost", b"https://localhost:8800", b"ftp://localhost:8800",
    b"http://localhost:8800/", b"http://localhost:8800.evil.test", b"http://localhost:8800@evil.test", b"http://evil.test@localhost:8800",
    b"http://127.0.0.1:8800", b"//localhost:8800", b"localhost:8800", b"http://[", b"http://localhost:8800, http://evil.test", b"file://",
    b"chrome-extension://abcdef", b"http://\xe9vil.test", b"http://localhost:8800#", b"http:/localhost:8800", b"\xff",
)  # fmt: skip


@pytest.mark.parametrize(("host", "origin"), SAME)
def test_a_page_of_the_sandbox_itself_is_let_in(doors: tuple[Door, ...], host: bytes, origin: bytes) -> None:
    assert asked(doors, CLOCK, (b"host", host), (b"origin", origin)).status == 200


@pytest.mark.parametrize("origin", OTHERS, ids=repr)
def test_a_page_of_another_origin_is_refused(doors: tuple[Door, ...], origin: bytes) -> None:
    for case in (CLOCK, RESET, HEALTH, EVENTS):
        answer = asked(doors, case, (b"host", b"localhost:8800"), (b"origin", origin))
        assert (answer.status, cause(answer)) == (403, "foreign-origin")


def test_two_origins_are_refused(doors: tuple[Door, ...]) -> None:
    both = ((b"origin", b"http://localhost"), (b"origin", b"http://evil.test"))
    assert asked(doors, CLOCK, (b"host", b"localhost"), *both).status == 403


def test_a_page_behind_a_proxy_that_ends_tls_is_let_in(doors: tuple[Door, ...]) -> None:
    fields: Fields = ((b"host", b"proxy.test"), (b"origin", b"https://proxy.test"))
    assert asked(doors, CLOCK, *fields).status == 403
    assert asked(doors, CLOCK, *fields, (b"x-forwarded-proto", b"https")).status == 200


PREFLIGHT: Fields = (
    (b"host", b"localhost"), (b"access-control-request-method", b"POST"), (b"access-control-request-headers", b"authorization"),
    (b"access-control-request-private-network", b"true"),
)  # fmt: skip


@pytest.mark.parametrize("origin", [b"http://localhost", b"http://evil.test", b"null"])
@pytest.mark.parametrize(
    "target", [b"/__admin/reset", b"/__admin/health", b"/__admin/events", b"/__admin", b"/__admin/none"]
)
def test_a_preflight_is_refused(doors: tuple[Door, ...], origin: bytes, target: bytes) -> None:
    case = Case("preflight", "", "OPTIONS", target, (), b"", frozenset({403, 404, 405}))
    answer = asked(doors, case, *PREFLIGHT, (b"origin", origin))
    assert answer.status in case.allowed
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]


def test_no_answer_carries_a_cors_header(doors: tuple[Door, ...]) -> None:
    for case in (
        CLOCK,
        RESET,
        HEALTH,
        EVENTS,
        replace(CLOCK, target=b"/__admin/docs"),
        replace(CLOCK, target=b"/__admin/openapi.json"),
    ):
        answer = asked(doors, case, (b"host", b"localhost"), (b"origin", b"http://localhost"))
        assert not [name for name, _ in answer.headers if name.startswith("access-control")]


def test_cookies_mean_nothing(doors: tuple[Door, ...]) -> None:
    cookie = f"authorization=Bearer {TOKEN}; token={TOKEN}; session={TOKEN}".encode()
    bare = replace(CLOCK, fields=((b"host", b"localhost"), (b"cookie", cookie)))
    answer = asked(doors, bare)
    assert (answer.status, cause(answer)) == (401, "credential")
    assert not answer.header("set-cookie")


# The admin token


def worlds(door: Door, authorization: bytes) -> int:
    fields: Fields = (HOST, (b"authorization", authorization))
    return door.ask(Case("worlds", "listWorlds", "GET", b"/__admin/worlds", fields, b"", frozenset())).status


@pytest.mark.parametrize("given", ["Bearer ", "bearer ", "BEARER  ", " Bearer "])
def test_the_token_is_taken_as_a_bearer(doors: tuple[Door, ...], given: str) -> None:
    assert [worlds(door, f"{given}{TOKEN} ".strip().encode()) for door in doors] == [200] * 3


@pytest.mark.parametrize(
    "given",
    [
        TOKEN,
        f"Basic {TOKEN}",
        "Bearer",
        "Bearer x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN},{TOKEN}",
        f"Token {TOKEN}",
        f"Bearer{TOKEN}",
        f"Bearer {TOKEN.upper()}",
    ],
)
def test_anything_else_is_not_the_token(doors: tuple[Door, ...], given: str) -> None:
    assert [worlds(door, given.encode()) for door in doors] == [401] * 3


def test_without_a_token_nobody_is_the_admin() -> None:
    for given in ("", "Bearer ", "Bearer"):
        assert not holds_token(Gate(), request("GET", "/__admin/worlds", key=None, authorization=given))


@pytest.mark.parametrize("token", ["tökèn", "\udcff\udcfe" * 10, "パスワード" * 5])
def test_a_token_of_any_bytes_can_be_sent(token: str) -> None:
    store = fresh_store()
    store.gate = Gate(token)
    raw = token.encode("utf-8", "surrogateescape")
    assert worlds(FlaskDoor(store), b"Bearer " + raw) == 200
    assert worlds(FlaskDoor(store), b"Bearer " + raw[:-1] + b"x") == 401


def test_the_token_is_compared_in_constant_time() -> None:
    (function,) = (
        node
        for path in sorted(SANDBOX.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "holds_token"
    )
    assert ast.unparse(function.body[-1]).startswith("return hmac.compare_digest(")
    compared = [ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Compare)]
    assert not [each for each in compared if "token" in each or "given" in each or "sent" in each]


def test_the_token_is_read_nowhere_but_at_the_gate() -> None:
    readers = {
        path.name
        for path in SANDBOX.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "token" and ast.unparse(node.value).endswith("gate")
    }
    assert readers == {"gate.py"}


# What opens a path


OPENERS = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "joinpath", "iterdir", "glob", "rglob", "unlink", "mkdir", "send_file", "send_from_directory", "exec", "eval", "__import__", "import_module", "system", "popen", "Popen", "urlopen", "create_connection", "compile_command"}  # fmt: skip
MAY_OPEN = {"cli.py", "files.py", "app.py", "docs.py"}
"""`sandbox/app.py` reads what the settings name, `web/docs.py` three files of a package, by names of its own."""


def opened_in(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = [each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "") for each in calls]
    return [each for each in names if each in OPENERS]


def serving_parts() -> list[Path]:
    parts = [*(SANDBOX / "core").rglob("*.py"), *(SANDBOX / "apis").rglob("*.py"), *(SANDBOX / "web").rglob("*.py")]
    return sorted(each for each in parts if each.name not in MAY_OPEN)


@pytest.mark.parametrize("path", serving_parts(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_that_serves_opens_a_path_or_runs_anything(path: Path) -> None:
    assert opened_in(path) == []
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert not imported & {"subprocess", "shutil", "pickle", "marshal", "tempfile", "requests", "httpx", "http.client"}


def test_the_page_opens_only_the_names_it_lists() -> None:
    tree = ast.parse((SANDBOX / "web" / "docs.py").read_text())
    (reader,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and opened_in_node(each))
    (caller,) = (
        each
        for each in tree.body
        if isinstance(each, ast.FunctionDef) and f"{reader.name}(name)" in ast.unparse(each) and each is not reader
    )
    assert ast.unparse(caller.body[1]).startswith("if name not in _FILES:\n    raise Problem(404")


def opened_in_node(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr in OPENERS for each in ast.walk(node))


def test_files_are_read_by_the_assembly_alone() -> None:
    users = {
        path.relative_to(SANDBOX).as_posix()
        for path in SANDBOX.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and ("files" in [each.name for each in node.names] or node.module == "sandbox.web.files")
    }  # fmt: skip
    assert not [each for each in users if each.startswith(("core/", "apis/", "web/"))] or users <= {
        "app.py",
        "check/run.py",
        "check/wanted.py",
        "cli.py",
        "diff/running.py",
        "replay.py",
        "repertoire.py",
        "schema.py",
        "testing/home.py",
        "testing/plugin.py",
        "web/docs.py",
    }


# The command


@contextmanager
def command(*flags: str, **environment: str) -> Iterator[tuple[str, list[str], subprocess.Popen[str]]]:
    """Yield the origin of a server as a user starts it, the lines it has printed, and the process."""
    line = [sys.executable, "-W", "error", "-m", "sandbox", "serve", "--port", "0", "--fixture", "docs", *flags]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, **pipes, env={**os.environ, **environment}) as process:
        try:
            assert select.select([process.stdout], [], [], 60)[0]
            lines = [process.stdout.readline(), process.stdout.readline()]
            yield re.search(r"http://[^ ]+(?=/v1)", lines[0])[0], lines, process  # type: ignore[index]
        finally:
            process.kill()


def stopped(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what the server says until it has ended."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)


def as_admin(origin: str, token: str) -> httpx.Response:
    return httpx.get(f"{origin}/__admin/worlds", headers={"Authorization": f"Bearer {token}"})


def test_the_made_up_token_is_printed_once_and_appears_nowhere_else() -> None:
    with command() as (origin, lines, process):
        said = iter(process.stdout.readline, "")  # type: ignore[union-attr]
        token = next(each for each in said if each.startswith("admin token: ")).removeprefix("admin token: ").strip()
        assert len(token) >= 24
        answers = [
            as_admin(origin, token),
            as_admin(origin, token[:-1]),
            httpx.get(f"{origin}/__admin/health?token={token}"),
        ]
        lobby = {"world": "lobby", "api": "aikraft"}
        httpx.get(f"{origin}/v1/systems", headers={"Authorization": f"Bearer {token}"})
        kept = httpx.get(
            f"{origin}/__admin/requests.ndjson", params=lobby, headers={"Authorization": f"Bearer {token}"}
        )
        rest, errors = stopped(process)
    assert [each.status_code for each in answers] == [200, 401, 200]
    assert kept.status_code == 200
    assert not [each for each in (*(one.text for one in answers), kept.text, rest, errors, *lines) if token in each]


@pytest.mark.parametrize(
    ("flags", "environment"), [(("--admin-token", TOKEN), {}), ((), {"SANDBOX_ADMIN_TOKEN": TOKEN})]
)
def test_a_given_token_is_taken_and_never_printed(flags: tuple[str, ...], environment: dict[str, str]) -> None:
    with command(*flags, **environment) as (origin, lines, process):
        assert as_admin(origin, TOKEN).status_code == 200
        out, errors = stopped(process)
    assert not [each for each in (out, errors, *lines) if TOKEN in each or "admin token" in each]


def test_no_admin_turns_all_off_but_health_and_version() -> None:
    with command("--no-admin", "--admin-token", TOKEN) as (origin, _, process):
        key = {"Authorization": "Bearer ak_test_enterprise_no_admin"}
        assert httpx.get(f"{origin}/v1/systems", headers=key).status_code == 200
        assert [httpx.get(f"{origin}/__admin/{each}").status_code for each in ("health", "version")] == [200, 200]
        paths = ("clock", "state", "events", "docs", "openapi.json", "worlds", "%65vents", "requests/req_00000000")
        answers = [httpx.get(f"{origin}/__admin/{each}", headers=key) for each in paths]
        assert [(each.status_code, each.json()["cause"]) for each in answers] == [(404, "unknown-path")] * len(paths)
        assert as_admin(origin, TOKEN).status_code == 404
        out, errors = stopped(process)
    assert "token" not in out + errors


def test_a_host_beyond_loopback_needs_a_token_or_no_plane() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "", "example.test"):
        line = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--host", host]
        environment = {name: each for name, each in os.environ.items() if name != "SANDBOX_ADMIN_TOKEN"}
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment)
        assert done.returncode == 2
        assert "--admin-token" in done.stderr
        assert "--no-admin" in done.stderr
        assert not done.stdout


def test_a_name_that_is_allowed_is_let_in_and_no_other() -> None:
    with command("--allow-host", "Twin.Test", "--allow-host", "other.test") as (origin, _, _process):
        hosts = {"twin.test": 200, "other.test:9": 200, "a.twin.test": 403, "evil.test": 403, "localhost": 200}
        for host, status in hosts.items():
            assert httpx.get(f"{origin}/__admin/health", headers={"Host": host}).status_code == status


def test_the_apis_are_reached_under_any_host_and_from_any_page() -> None:
    store: Store = create_store(Settings(fixture="docs"))
    case = good(OPERATIONS[0], "any")
    fields: Fields = ((b"host", b"evil.test"), (b"origin", b"http://evil.test"), bearer("any"), JSON)
    assert FlaskDoor(store).ask(replace(case, fields=fields)).status == 200
