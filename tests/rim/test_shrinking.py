"""The smallest scenario that breaks a client: planted bugs are each reduced to one fault, and good clients survive."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.document import DocumentError
from sandbox.testing import Breaks, Broken, Endless, Sandbox, smallest, survives
from sandbox.testing.strategies import Script, scenarios
from sandbox.web.files import parse
from tests.planted import (
    BeginsAgain,
    Client,
    CountsMilliseconds,
    GivesUp,
    GivesUpAtOnce,
    Hurries,
    PollsForEver,
    TrustsADate,
    SkipsAPage,
    StopsAtAnEmptyPage,
    TakesAcceptedForDone,
    WritesBlindly,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "shrinking.md").read_text()
SURVIVABLE = ("error", "rate_limit", "delay", "commit", "hangup", "outage", "variant", "key", "job", "degrade")
"""All kinds but `stale`: what a server keeps to itself no client can find."""
Task = Callable[[type[Client]], Callable[[Sandbox], Any]]


def reads(kind: type[Client]) -> Callable[[Sandbox], Any]:
    return lambda sandbox: kind(sandbox).rows()


def writes(kind: type[Client]) -> Callable[[Sandbox], Any]:
    return lambda sandbox: kind(sandbox).write("Loan Engine")


def documents(kind: type[Client]) -> Callable[[Sandbox], Any]:
    def run(sandbox: Sandbox) -> None:
        if kind(sandbox).document():
            sandbox.scenario(None)
            rows = sandbox.client.get("/v1/systems?limit=100").json()["data"]
            assert [row["documentation_score"] for row in rows if row["id"] == "sys_abc123"] == [100]

    return run


def rules_of(broken: Broken | None) -> list[Any]:
    """Return the rules of what was found, as YAML would read them."""
    assert broken is not None
    rules: list[Any] = parse(Path("found.yaml"), broken.text.encode())["rules"]
    return rules


def rule(operation: str, call: int | None, **then: Any) -> list[Any]:
    return [{"when": {"operation": operation, **({"nth": call} if call else {})}, "then": then}]


PLANTED: list[tuple[str, Task, type[Client], dict[str, Any], list[Any], str]] = [
    ("aikraft", reads, StopsAtAnEmptyPage, {"same": True, "kinds": ("error", "delay", "variant")},
     rule("listSystems", 1, variant="empty_page"), "expected what the client returns when nothing happens"),
    ("aikraft", reads, BeginsAgain, {"same": True}, rule("listSystems", 2, error=500), "AssertionError"),
    ("ctrlai", reads, SkipsAPage, {"same": True}, rule("listUnits", 2, error=500), "AssertionError"),
    ("aikraft", reads, Hurries, {}, rule("listSystems", 1, error=429), "retried-too-early"),
    ("ctrlai", reads, Hurries, {}, rule("listUnits", 1, error=429), "retried-too-early"),
    ("ctrlai", reads, CountsMilliseconds, {}, rule("listUnits", 1, rate_limit={"exhausted": True}), "retried-too-early"),
    ("aikraft", reads, GivesUpAtOnce, {}, rule("listSystems", 1, error=500), "HTTPStatusError"),
    ("ctrlai", reads, GivesUpAtOnce, {}, rule("listUnits", 1, error=500), "HTTPStatusError"),
    ("aikraft", writes, WritesBlindly, {"kinds": SURVIVABLE}, rule("createSystem", 1, commit="drop_after"), "duplicate-after-lost-answer"),
    ("ctrlai", writes, WritesBlindly, {"kinds": SURVIVABLE}, rule("createUnit", 1, commit="drop_after"), "duplicate-after-lost-answer"),
    ("aikraft", documents, PollsForEver, {"kinds": ("error", "job")}, rule("createDocuments", 1, job="stall"), "Endless"),
    ("aikraft", documents, TakesAcceptedForDone, {"kinds": ("error", "job")}, rule("createDocuments", 1, job="stall"), "AssertionError"),
    ("aikraft", reads, TrustsADate, {}, rule("getMonitoring", 1, variant={"kind": "nulls", "place": 0}), "TypeError"),
]  # fmt: skip


@pytest.mark.parametrize(("api", "task", "kind", "how", "rules", "why"), PLANTED)
def test_a_planted_bug_is_reduced_to_one_fault_at_the_earliest_call(
    api: str, task: Task, kind: type[Client], how: dict[str, Any], rules: list[Any], why: str, tmp_path: Path
) -> None:
    broken = smallest(task(kind), api, allowed=GivesUp, **how)
    assert rules_of(broken) == rules
    assert broken is not None
    assert why in broken.why
    assert broken.transcript.startswith("world ")
    assert broken.scenario.write(tmp_path / "found.yaml").read_text() == broken.text


GOOD = [
    ("aikraft", reads, {"same": True}), ("ctrlai", reads, {"same": True}), ("aikraft", writes, {}), ("ctrlai", writes, {}),
    ("aikraft", documents, {}),
]  # fmt: skip


@pytest.mark.parametrize(("api", "task", "how"), GOOD)
def test_a_good_client_survives(api: str, task: Task, how: dict[str, Any]) -> None:
    survives(task(Client), api, allowed=GivesUp, kinds=SURVIVABLE, max_examples=200, **how)
