"""Recipes for CI, taken apart: their jobs as shell scripts, their commands as words."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.examples.strangers import EXAMPLES, strangers

CI = EXAMPLES / "ci"
NETWORK = ("pip install", "apt-get")
"""What a step says that needs the network."""
PORT = "8800"
_BEFORE = frozenset({"if", "while", "until", "then", "do", "else", "!", "time", "exec"})
_OFFLINE = """
import sys

def deny(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise SystemExit(f"the network was asked: {event} {args}")

sys.addaudithook(deny)
from check_jsonschema import main
main()
"""


class Job(NamedTuple):
    """A job of a recipe: its scripts, each run by a shell of its own after those before, and its environment."""

    name: str
    scripts: tuple[str, ...]
    env: Mapping[str, str]

    @property
    def offline(self) -> tuple[str, ...]:
        """Return the scripts without the lines that need the network."""
        return tuple(each for each in map(_without_network, self.scripts) if each.strip())


def github_jobs() -> list[Job]:
    """Return the jobs for GitHub, where a step is a shell and its background stays."""
    jobs = read("github-actions.yml")["jobs"]
    return [
        Job(name, tuple(step["run"] for step in job["steps"] if "run" in step), job.get("env", {}))
        for name, job in jobs.items()
    ]


def gitlab_jobs() -> list[Job]:
    """Return the jobs for GitLab, where all lines are one shell."""
    jobs = {name: job for name, job in read("gitlab-ci.yml").items() if "script" in job}
    return [
        Job(name, ("\n".join([*job.get("before_script", ()), *job["script"]]),), job.get("variables", {}))
        for name, job in jobs.items()
    ]


def read(name: str) -> Any:
    """Return a recipe as YAML has it."""
    return yaml.safe_load((CI / name).read_text())


def judged(schema: str, file: Path) -> tuple[int, str]:
    """Return whether a file keeps a schema that check-jsonschema brings along, and what it says; it asks no network."""
    command = [sys.executable, "-c", _OFFLINE, "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def commands(script: str, *names: str) -> list[list[str]]:
    """Return the commands of these names in a script, as words, wherever they stand."""
    found: list[list[str]] = []
    for line in script.replace("\\\n", " ").splitlines():
        words: list[str] = []
        tokens = shlex.shlex(line, posix=True, punctuation_chars=True)
        tokens.whitespace_split = True
        for token in [*tokens, ";"]:
            if not re.fullmatch(r"[;&|()]+", token):
                words.append(token)
                continue
            found.append(_plain(words))
            words = []
    return [each for each in found if each and Path(each[0]).name in names]


def _plain(words: list[str]) -> list[str]:
    """Return a command without what stands before its name, and without what is redirected."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if re.fullmatch(r"[<>]+&?", word):
            next(rest, None)
        elif re.fullmatch(r"[<>]+&?.*", word):
            continue
        elif kept or not (word in _BEFORE or re.match(r"\w+=", word)):
            kept.append(word)
    return kept[:-1] if kept[-1:] == ["2"] else kept


def _without_network(script: str) -> str:
    return "\n".join(line for line in script.splitlines() if not any(each in line for each in NETWORK))


def free_port() -> str:
    """Return a port that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def shell(script: str, cwd: Path, env: Mapping[str, str], *flags: str) -> Iterator[subprocess.CompletedProcess[str]]:
    """Run a script and yield what came of it; what it left in the background ends with the block, as a runner ends it."""
    command = ["bash", *flags, "-c", script]
    with (cwd / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            command, cwd=cwd, env=strangers(**env), stdout=said, stderr=said, text=True, start_new_session=True
        )
        try:
            code = process.wait(120)
            said.seek(0)
            yield subprocess.CompletedProcess(command, code, said.read())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
