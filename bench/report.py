"""The run as Markdown for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import memory, worlds
from bench.columns import Column
from bench.contest import Pace
from bench.figures import ROWS, Row, Scores, lead, measured
from bench.memory import Weight
from bench.targets import Judgement, judge
from bench.workload import KINDS, Kind
from bench.worlds import Growth

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run found out."""

    machine: Mapping[str, str]
    pace: Pace
    columns: Sequence[Column]
    scores: Scores
    absent: Mapping[str, str]
    sizes: Mapping[str, Mapping[Kind, int]]
    resident_kib: Mapping[str, int]
    growths: Sequence[Growth]
    weight: Weight | None


def markdown(run: Run) -> str:
    """The whole report; the targets are its last lines."""
    parts = [_machine(run), _scores(run), *_remarks(run), _setups(run)]
    parts += [worlds.table(run.growths)] * bool(run.growths)
    parts += [memory.table(run.weight)] if run.weight else []
    return "\n\n".join([*parts, _targets(judge(run.scores))])


def document(run: Run) -> dict[str, Any]:
    """The same as one JSON object, with the figure of every round."""
    return {
        "machine": dict(run.machine),
        "pace": asdict(run.pace),
        "columns": {column.name: {"title": column.title, "setup": column.setup} for column in run.columns},
        "rows": [_row(row, run.scores) for row in measured(ROWS, run.scores)],
        "absent": dict(run.absent),
        "body_bytes": {name: dict(sizes) for name, sizes in run.sizes.items()},
        "resident_kib_after_load": dict(run.resident_kib),
        "worlds": [asdict(growth) | {"ratio": growth.ratio} for growth in run.growths],
        "memory_kib": asdict(run.weight) if run.weight else None,
        "targets": [_judgement(judgement) for judgement in judge(run.scores)],
    }


def _machine(run: Run) -> str:
    facts = ", ".join(f"{name} {fact}" for name, fact in run.machine.items())
    pace = run.pace
    return (
        f"Measured on: {facts}. Each server was heated up for {pace.heat} s, then warmed up for {pace.warm_up} s "
        f"a row. Median of {pace.rounds} rounds of {pace.seconds} s, the servers taking turns in every round. "
        "`(n ×)`: ours is n times as fast."
    )


def _scores(run: Run) -> str:
    names = [column.name for column in run.columns]
    head = ["row", "unit", *(column.title for column in run.columns)]
    lines = [head, ["---", "---", *["---:"] * len(names)]]
    lines += [_line(run.scores, row, names) for row in measured(ROWS, run.scores)]
    lines += _totals(run, names)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(scores: Scores, row: Row, names: Sequence[str]) -> list[str]:
    return [row.title, row.unit, *(_cell(scores, row, name) for name in names)]


def _totals(run: Run, names: Sequence[str]) -> list[list[str]]:
    if not run.sizes:
        return []
    kib = [f"{run.resident_kib[name] / 1024:,.0f}" if name in run.resident_kib else _NONE for name in names]
    sizes = [
        " / ".join(f"{run.sizes[name][kind]:,}" for kind in KINDS) if name in run.sizes else _NONE for name in names
    ]
    return [["resident memory after these rows", "MiB", *kib], ["body of GET one / list / create", "bytes", *sizes]]


def _cell(scores: Scores, row: Row, column: str) -> str:
    cell = scores[row.name].get(column)
    if cell is None:
        return _NONE
    if cell.value is None:
        return "void"
    ratio = None if column == "ours" else lead(scores, row, column)
    return f"{cell.value:,.{_digits(cell.value)}f}" + (f" ({ratio:.2f} ×)" if ratio else "")


def _digits(figure: float) -> int:
    return 0 if figure >= 100 else 1


def _remarks(run: Run) -> list[str]:
    titles = {column.name: column.title for column in run.columns}
    lines = [f"* not available: {titles[name]}: {why}" for name, why in run.absent.items() if name in titles]
    for row in measured(ROWS, run.scores):
        voids = {name: cell.void for name, cell in run.scores[row.name].items() if cell.void}
        lines += [f"* void: {titles[name]}, {row.title}: {why}" for name, why in voids.items()]
    return ["\n".join(lines)] if lines else []


def _setups(run: Run) -> str:
    return "\n".join(["How each is set up:", "", *(f"* **{column.title}**: {column.setup}" for column in run.columns)])


def _targets(judgements: Sequence[Judgement]) -> str:
    head = "| target: ours as fast as | row | at least | found | verdict |\n|---|---|---:|---:|---|"
    return "\n".join([head, *(_target(judgement) for judgement in judgements)])


def _target(judgement: Judgement) -> str:
    target, ratio = judgement.target, judgement.ratio
    found = _NONE if ratio is None else f"{ratio:.2f} ×"
    return f"| {target.over} | {target.row.title} | {target.factor:g} × | {found} | {judgement.verdict} |"


def _row(row: Row, scores: Scores) -> dict[str, Any]:
    cells = {
        name: {"value": cell.value, "rounds": list(cell.figures), "void": cell.void, "lead": lead(scores, row, name)}
        for name, cell in scores[row.name].items()
    }
    return {"name": row.name, "title": row.title, "unit": row.unit, "columns": cells}


def _judgement(judgement: Judgement) -> dict[str, Any]:
    target = judgement.target
    return {
        "row": target.row.name,
        "over": target.over,
        "at_least": target.factor,
        "found": judgement.ratio,
        "verdict": judgement.verdict,
    }
