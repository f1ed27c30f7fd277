"""Coverage as a fact of a suite: which points its worlds have seen together, by their places in the contract."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sandbox.app import contract_of
from sandbox.core.contract import Contract
from sandbox.core.coverage import Sought, seen_of, sought
from sandbox.core.coverage_report import Coverage, coverage_shown, read_coverage
from sandbox.core.timeline import Entry
from sandbox.coverage.page import page
from sandbox.coverage.telling import shortfalls, summary
from sandbox.testing.fact import Fact, Report
from sandbox.testing.world import Sandbox

Value = Mapping[str, Any]


def _wanted(options: Namespace) -> bool:
    asked = (options.sandbox_min_coverage, options.sandbox_min_error_coverage)
    return bool(options.sandbox_report) or any(each is not None for each in asked)


def _inside(_sandbox: Sandbox, entries: Sequence[Entry], contract: Contract) -> Value:
    looked_for = _sought(contract.name)
    met = seen_of(entries, looked_for)
    return {"seen": [at for at, each in enumerate(looked_for.points) if each in met]}


@cache
def _sought(api: str) -> Sought:
    return sought(contract_of(api))


def _outside(sandbox: Sandbox) -> Value:
    document = dict(sandbox.coverage)
    return {"seen": [at for at, each in enumerate(document["points"]) if each["seen"]], "document": document}


def _joined(one: Value, other: Value) -> Value:
    document = one.get("document") or other.get("document")
    return {"seen": sorted({*one["seen"], *other["seen"]}), **({"document": document} if document else {})}


def _report(api: str, value: Value, options: Namespace) -> Report:
    coverage = _whole(api, value)
    short = shortfalls(coverage, options.sandbox_min_coverage, options.sandbox_min_error_coverage)
    document = json.dumps(coverage_shown(coverage), ensure_ascii=False, indent=2) + "\n"
    files = {f"coverage-{api}.json": document, f"coverage-{api}.html": page(coverage)}
    return Report(tuple(summary(coverage)), files, tuple(short))


def _whole(api: str, value: Value) -> Coverage:
    """Return the coverage of the suite; the ways to what is missing are those of an ordinary world."""
    document = value.get("document")
    if document is None:
        with Sandbox(api, label="coverage") as sandbox:
            document = sandbox.coverage
    coverage = read_coverage(document)
    points = tuple(coverage.ways)
    return replace(coverage, seen=frozenset(points[at] for at in value["seen"]))


def _nothing(options: Namespace) -> Report:
    wanted = {"coverage": options.sandbox_min_coverage, "error coverage": options.sandbox_min_error_coverage}
    short = (
        f"{name}: expected at least {each:g} %, got none: no test had a world" for name, each in wanted.items() if each
    )
    return Report(short=tuple(short))


COVERAGE = Fact("coverage", _wanted, _inside, _outside, _joined, _report, _nothing)
