"""`sandbox check`: a judge is found a service, works through its phases, and what came of it is told and written."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis.errors import HypothesisWarning
from schemathesis.core.errors import NoLinksFound

from sandbox.app import wall_clock
from sandbox.check.alone import examine
from sandbox.check.doors import over_wsgi, without_socket_options
from sandbox.check.elsewhere import Clock, is_sandbox, of_sandbox, of_service
from sandbox.check.hollow import links_of
from sandbox.check.judge import Judge
from sandbox.check.manners import Guest
from sandbox.check.outcome import FINDINGS, FINE, INTERRUPTED, USAGE, Outcome
from sandbox.check.papers import Tape, junit
from sandbox.check.progress import Progress
from sandbox.check.redaction import Redaction, cleaned, redaction_of
from sandbox.check.relay import Relay, Wsgi
from sandbox.check.report import document_of, lines_of
from sandbox.check.scripted import under
from sandbox.check.walking import walk
from sandbox.check.wanted import Wanted, WrongCall, wanted_of
from sandbox.terminal.screen import Screen, complain, print_json, screen_of
from sandbox.web.files import FileError

STEPS, ROUNDS = 12, 24
OUTSIDE = Clock(time.monotonic, wall_clock, time.sleep)


class Bench(NamedTuple):
    """A judge at work: what it judges, who waits for it, and why links may stay uncovered."""

    judge: Judge
    target: str
    guest: Guest | None = None
    excuse: str = ""


def check(given: Namespace, clock: Clock = OUTSIDE) -> int:
    """Run the suite and return the exit code: 0 fine, 1 findings or a hollow green, 2 a wrong call, 130 for Ctrl-C."""
    screen = screen_of(given, given.key or "")
    try:
        wanted = wanted_of(given)
        bench = bench_of(wanted, clock)
    except (WrongCall, FileError, ValueError) as error:
        for line in str(error).splitlines():
            complain(screen, line)
        return USAGE
    try:
        return _checked(given, screen, wanted, bench)
    except BrokenPipeError:
        # Whoever read, such as `head`, has enough; the interpreter's last flush must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS if bench.judge.ledger.findings else FINE


def _checked(given: Namespace, screen: Screen, wanted: Wanted, bench: Bench) -> int:
    _announce(wanted, bench)
    progress = Progress(sys.stderr, bench.judge.ledger, sys.stderr.isatty())
    tape = Tape(bench.judge.schema.config.output) if given.har else None
    try:
        outcome = judged(wanted, bench, progress, tape)
    except KeyboardInterrupt:
        progress.end()
        ledger = bench.judge.ledger
        complain(screen, f"interrupted after {ledger.cases.total()} cases, with {len(ledger.findings)} findings so far")
        return INTERRUPTED
    progress.end()
    return _tell(given, screen, outcome, tape, bench)


def bench_of(wanted: Wanted, clock: Clock) -> Bench:
    """Return the judge whom the call wants; WrongCall if nothing answers there, or no key is known for it."""
    if wanted.origin is None:
        return _inside(wanted)
    ours = is_sandbox(wanted.origin, wanted.subject.api)
    if not wanted.key and not ours:
        where = wanted.origin.geturl()
        raise WrongCall(f"{where} is no sandbox with this API, so no key can be made up for it: give --key")
    return bench_at(wanted, clock, Relay(wanted.origin, wanted.may_write))


def bench_at(wanted: Wanted, clock: Clock, app: Wsgi) -> Bench:
    """Return the judge of the service behind an app: with manners and the one key, if there is one."""
    target = "" if wanted.origin is None else wanted.origin.geturl()
    if not wanted.key:
        return _limited(wanted, Bench(of_sandbox(wanted, app, clock), target))
    judge, guest = of_service(wanted, app, clock)
    return _limited(wanted, Bench(judge, target, guest))


def _inside(wanted: Wanted) -> Bench:
    subject = wanted.subject if wanted.wish is None else under(wanted.subject, wanted.wish)
    judge = over_wsgi(subject, wanted.fixture, wanted.examples, seed=wanted.seed)
    excuse = "" if wanted.wish is None else "a scenario plays"
    return _limited(wanted, Bench(judge, "http://127.0.0.1:8800", excuse=excuse))


def _limited(wanted: Wanted, bench: Bench) -> Bench:
    """Let the judge look at the operations that are wanted and allowed."""
    which: dict[str, list[str]] = {}
    if wanted.operations:
        which["operation_id"] = list(wanted.operations)
    if not wanted.may_write:
        which["method"] = ["GET"]
    if which:
        bench.judge.only(**which)
    bench.judge.target = bench.target
    return bench


def judged(wanted: Wanted, bench: Bench, progress: Progress, tape: Tape | None = None) -> Outcome:
    """Let the judge work, and return what came of it."""
    judge = bench.judge
    judge.heard = partial(_heard, progress, tape)
    if bench.guest is not None:
        bench.guest.wait = partial(_waits, progress, bench.guest.wait)
    with warnings.catch_warnings(), without_socket_options():
        warnings.simplefilter("ignore", HypothesisWarning)
        examine(judge)
        try:
            walk(judge, wanted.examples, STEPS, ROUNDS)
        except NoLinksFound:
            judge.ledger.links.clear()
    guest = bench.guest
    return Outcome(
        wanted.subject.api, bench.target, wanted.seed, judge.ledger, links_of(wanted.contract, judge.ledger),
        guest.waited if guest else 0.0, guest.refused if guest else 0, bench.excuse, wanted.least,
    )  # fmt: skip


def _heard(progress: Progress, tape: Tape | None, phase: str, recorder: Any, seconds: float) -> None:
    progress.heard(phase, recorder, seconds)
    if tape is not None:
        tape.heard(phase, recorder, seconds)


def _waits(progress: Progress, wait: Callable[[float], None], seconds: float) -> None:
    progress.waits(seconds)
    wait(seconds)


def _announce(wanted: Wanted, bench: Bench) -> None:
    """Say what will be done to a service before anything is."""
    if wanted.origin is None:
        return
    what = "every operation, with right and wrong data" if wanted.may_write else "GET alone (more with --allow-writes)"
    whose = "your key, no faster than its quota" if wanted.key else "keys made up here, a world for each case"
    told = f"openapi/{wanted.subject.api}.yaml of {wanted.contract.version}"
    print(f"sandbox: asking {bench.target}: {what}, with {whose}, held against {told}", file=sys.stderr, flush=True)


def _tell(given: Namespace, screen: Screen, outcome: Outcome, tape: Tape | None, bench: Bench) -> int:
    """Write the papers, print the report, and return the exit code; it is 2 if a paper could not be written."""
    hidden, code = redaction_of([given.key] if given.key else []), outcome.code
    text = "".join(f"{_written_out(each)}\n" for line in lines_of(outcome) for each in line.splitlines() or [""])
    for name, content in (
        (given.report, text),
        (given.junit, junit(outcome, bench.judge.schema.config.output) if given.junit else ""),
        (given.har, tape.text() if tape else ""),
    ):
        if name and (why := _written(name, cleaned(hidden, content))):
            complain(screen, why)
            code = USAGE
    _print(screen, outcome, text, hidden)
    return code


def _written(name: str, text: str) -> str:
    """Write a file; return why it could not be, or nothing."""
    try:
        Path(name).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        return f"{name} cannot be written: {error.strerror}"
    return ""


def _print(screen: Screen, outcome: Outcome, text: str, hidden: Redaction) -> None:
    if screen.json:
        print_json(screen, json.loads(cleaned(hidden, json.dumps(document_of(outcome)))))
        return
    print(cleaned(hidden, text), end="")


def _written_out(line: str) -> str:
    """Return the line with what could steer a terminal written out: a report is read on one, too."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
