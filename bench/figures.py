"""The figures of a run: rows, cells, and how one column compares with another."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.workload import Kind

Unit = Literal["req/s", "µs", "ms"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `kind` and `connections` are set where the load generator fills it."""

    name: str
    title: str
    unit: Unit
    kind: Kind | None = None
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column scored in one row: a figure a round, or why they are void."""

    figures: tuple[float, ...]
    void: str = ""

    @property
    def value(self) -> float | None:
        """The median of the rounds; nothing if they are void."""
        return statistics.median(self.figures) if self.figures and not self.void else None


Scores = Mapping[str, Mapping[str, Cell]]

# Reads come before creates, so that every server still holds 1,000 systems when they are read.
LOAD_ROWS = (
    Row("get", "GET one of 1,000, 16 connections", "req/s", "one", 16),
    Row("list", "list of 20, 16 connections", "req/s", "page", 16),
    Row("get-p50", "GET one, 1 connection, p50", "µs", "one", 1),
    Row("list-p50", "list of 20, 1 connection, p50", "µs", "page", 1),
    Row("create-p50", "create, 1 connection, p50", "µs", "create", 1),
    Row("create", "create, 16 connections", "req/s", "create", 16),
)
IN_PROCESS = Row("in-process", "GET one in process (Flask: its test client)", "µs")
START = Row("start", "start to first answer", "ms")
ROWS = (*LOAD_ROWS, IN_PROCESS, START)


def lead(scores: Scores, row: Row, over: str, of: str = "ours") -> float | None:
    """How many times as fast column `of` is as column `over`; nothing if either was not measured."""
    mine, theirs = value(scores, row, of), value(scores, row, over)
    if not mine or not theirs:
        return None
    return mine / theirs if row.unit == "req/s" else theirs / mine


def value(scores: Scores, row: Row, column: str) -> float | None:
    """The figure of a column in a row, if there is one."""
    cell = scores.get(row.name, {}).get(column)
    return cell.value if cell else None


def measured(rows: Sequence[Row], scores: Scores) -> list[Row]:
    """The rows that somebody scored in."""
    return [row for row in rows if scores.get(row.name)]
