"""A run of `sandbox diff`: what may be asked, the hunt, and what is told of it."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from sandbox.app import contract_of
from sandbox.core.contract import Contract
from sandbox.diff.hunting import MOST, Found, Hunt, Plan
from sandbox.diff.pace import Pace
from sandbox.diff.permission import check, named
from sandbox.diff.sides import base_of, plan_of, sides
from sandbox.diff.telling import clean, lines, reported
from sandbox.terminal.client import FINDINGS, FINE, USAGE, Trouble
from sandbox.terminal.screen import Screen, complain, plain, print_json, screen_of
from sandbox.testing.strategies.drawing import Wishes
from sandbox.testing.strategies.playing import path_of
from sandbox.web.files import FileError

TIMEOUT = 15.0
"""Seconds that an answer may take."""
_FIRST = {"aikraft": "listSystems", "ctrlai": "listUnits"}


def diff(
    given: Namespace, *, transport: httpx.BaseTransport | None = None, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Run `sandbox diff` and return its exit code: 0 no divergence, 1 some, 2 a wrong call or no answer.

    `transport` carries the requests to the upstream in place of a network, `sleep` lets seconds pass.
    """
    key = given.upstream_key or os.environ.get("SANDBOX_UPSTREAM_KEY", "")
    screen = screen_of(given, key)
    try:
        base = base_of(given.api, given.upstream)
        check(given, key, base)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=base, headers=headers, timeout=TIMEOUT, transport=transport) as client:
            pace = Pace(client, writes=given.allow_writes, sleep=sleep)
            return _coded(_Run(given, screen, base, key, client, pace))
    except (Trouble, FileError) as error:
        complain(screen, str(error))
        return USAGE


def _coded(run: _Run) -> int:
    try:
        return run.code()
    except BrokenPipeError:
        # Whoever read, such as `head`, has enough; the interpreter's last flush must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS if run.told else FINE


class _Run:
    """One run: its hunt, and what it tells."""

    def __init__(self, given: Namespace, screen: Screen, base: str, key: str, client: httpx.Client, pace: Pace) -> None:
        self.given, self.screen, self.base, self.key, self.pace = given, screen, base, key, pace
        self.contract: Contract = contract_of(given.api)
        self.told: list[dict[str, Any]] = []
        self.hunt = Hunt(sides(given.api, given.fixture, client, pace, self._plan(client)))

    def _plan(self, client: httpx.Client) -> str:
        """Return the plan that the upstream's first answer tells; Trouble if it gives none, or refuses the key."""
        request = client.build_request("GET", path_of(self.given.api, _FIRST[self.given.api]))
        try:
            answer = self.pace.send(request)
        except httpx.RequestError as error:
            raise Trouble(f"--upstream: nothing answers at {self.base}: {type(error).__name__}") from None
        if answer.status_code == 401:
            raise Trouble(
                "the upstream answers 401: give --upstream-key, or set SANDBOX_UPSTREAM_KEY, to a key that it knows"
            )
        return plan_of(self.given.api, answer.headers.get("x-ratelimit-limit"))

    def code(self) -> int:
        """Hunt, tell, and return the exit code."""
        told = self.told
        for found in self._found():
            told.append(self._told(found))
            if not self.screen.json:
                self._print(lines(len(told), told[-1]))
        self._check_heard()
        summary = self._summary(told)
        if self.given.report:
            self._write(json.dumps(summary, ensure_ascii=False, indent=2))
        if self.screen.json:
            print_json(self.screen, summary)
        else:
            self._print(_ending(summary))
        return FINDINGS if told else FINE

    def _check_heard(self) -> None:
        """Raise Trouble if nothing was compared, which would look like two that are the same."""
        if not self.hunt.calls:
            raise Trouble(
                "nothing could be asked: the operations of --operations are writes, which need --allow-writes, or need "
                "others that lead to them; name those as well"
            )
        if self.pace.refused == self.pace.heard:
            raise Trouble(
                "the upstream answers 429 to everything, so nothing was compared: come back when it has quota"
            )

    def _found(self) -> Iterator[Found]:
        told: set[tuple[str, str, str]] = set()
        for plan in self._plans():
            yield from self.hunt.found(plan, told)

    def _plans(self) -> Iterator[Plan]:
        """Yield what is drawn: values are compared before anything is written."""
        known = [self.contract.operations[each] for each in named(self.given) or self.contract.operations]
        reads = tuple(each.id for each in known if each.method == "GET")
        both = tuple(each.id for each in known if each.method == "GET" or not each.open)
        writes = self.given.allow_writes and both != reads
        groups = [(reads, self.given.same_data)] if reads and (self.given.same_data or not writes) else []
        groups += [(both, False)] if writes else []
        for names, same in groups:
            wishes = Wishes(names, examples=False, own=True)
            yield Plan(wishes, self.given.max_examples, self.given.seed, same_data=same)

    def _told(self, found: Found) -> dict[str, Any]:
        told: dict[str, Any] = clean(reported(self.contract, found, self.base), (self.key,))
        return told

    def _print(self, text: list[str]) -> None:
        for each in text:
            print(plain(self.screen, each) if each else "", flush=True)

    def _summary(self, told: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "api": self.given.api,
            "upstream": self.base,
            "writes": self.given.allow_writes,
            "same_data": self.given.same_data,
            "sequences": self.hunt.sequences,
            "calls": self.hunt.calls,
            "sent": dict(self.pace.sent),
            "waited": round(self.pace.waited, 3),
            "refused": self.pace.refused,
            "complete": len(told) < MOST,
            "divergences": told,
        }

    def _write(self, text: str) -> None:
        try:
            Path(self.given.report).write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise Trouble(f"--report: cannot write {self.given.report}: {error.strerror}") from None


def _ending(summary: dict[str, Any]) -> list[str]:
    count = len(summary["divergences"])
    how = "reads and writes" if summary["writes"] else "reads alone"
    refused = f", {summary['refused']} answered 429 and not compared" if summary["refused"] else ""
    ending = [
        f"{count or 'no'} divergence{'' if count == 1 else 's'} in {summary['sequences']} sequences ({how}), "
        f"{summary['calls']} calls to {summary['upstream']}, {summary['waited']:g} s waited for its quota{refused}"
    ]
    return ending if summary["complete"] else [*ending, f"after {MOST} divergences no further ones are looked for"]
