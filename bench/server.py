"""A server as a child process: start it, wait for its first answer, weigh it, stop it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import wire

ROOT = Path(__file__).resolve().parent.parent
_POLL = 0.002
_PATIENCE = 60.0


class Unavailable(Exception):
    """A column cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started: `{port}` in the command stands for its port, `ready` is a path that answers 2xx.

    A DELETE of `journal` empties a journal that has no bound, as a suite does between its tests.
    """

    command: tuple[str, ...]
    ready: str
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    journal: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `seconds` is the time from its start to its first 2xx answer."""

    launch: Launch
    port: int
    process: subprocess.Popen[bytes]
    seconds: float


def start(launch: Launch, log: Path) -> Server:
    """Starts a server on a free port and returns it once it has answered; its standard error goes to `log`."""
    port = _free_port()
    began = time.perf_counter()
    process = _spawn(launch, port, log)
    try:
        _await_answer(launch, port, process, log)
    except BaseException:
        _kill(process)
        raise
    return Server(launch, port, process, time.perf_counter() - began)


def stop(server: Server) -> None:
    """Ends a server and the processes it started."""
    _kill(server.process)


def empty_journal(server: Server) -> None:
    """Empties a journal that would grow without bound."""
    if server.launch.journal:
        with wire.connect(server.port) as connection:
            connection.delete(server.launch.journal)


def resident_kib(server: Server) -> int:
    """Resident memory of a server and the processes it started, in KiB."""
    return sum(_vm_rss(pid) for pid in _group(server.process.pid))


def _spawn(launch: Launch, port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [part.replace("{port}", str(port)) for part in launch.command]
    with log.open("wb") as errors:
        try:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **launch.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be run: {error.strerror}") from error


def _await_answer(launch: Launch, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.perf_counter() + _PATIENCE
    last = "nobody listens"
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"it stopped with status {process.returncode}: {_tail(log)}")
        try:
            with wire.connect(port) as connection:
                reply = connection.get(launch.ready, launch.headers)
        except (OSError, http.client.HTTPException):
            time.sleep(_POLL)
            continue
        if reply.ok:
            return
        last = f"GET {launch.ready} answers {reply.status}"
        time.sleep(_POLL)
    raise Unavailable(f"no 2xx within {_PATIENCE:.0f} s: {last}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((wire.HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _kill(process: subprocess.Popen[bytes]) -> None:
    for blow in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, blow)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _group(leader: int) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _process_group(pid) == leader]


def _process_group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _vm_rss(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-2:])[:300] or "it said nothing"
