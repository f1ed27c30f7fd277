"""What a page promises, and what comes back of what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.contract import Contract
from sandbox.testing.strategies.playing import ABSENT, Step
from sandbox.testing.strategies.sequence import Ref

_WHOLE, _FEWER, _MORE = "as many rows as there are, up to the limit", "fewer rows than there are", "more rows than that"
_PAGING = frozenset({"limit", "offset", "cursor", "format"})


def rows_of(step: Step) -> list[Mapping[str, Any]] | None:
    """Return the rows of a page, or None if the answer is none."""
    data = step.json.get("data") if isinstance(step.json, Mapping) else None
    meta = step.json.get("meta") if isinstance(step.json, Mapping) else None
    if not isinstance(data, list) or not isinstance(meta, Mapping) or step.status != 200:
        return None
    return [each for each in data if isinstance(each, Mapping)]


def page_marks(contract: Contract, steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Yield the marks of the last step's page: its size, its cursor, its filters, what it repeats and what it lacks."""
    step = steps[-1]
    rows = rows_of(step)
    if rows is None:
        return
    total, asked = step.json["meta"].get("total"), _asked(step)
    if isinstance(total, int):
        yield "page size", _size(contract, step, len(rows), total)
        if "cursor" in step.json["meta"] and "cursor" not in asked:
            yield "cursor", _cursor(step.json["meta"]["cursor"], len(rows), total)
    for name, value in asked.items():
        if name not in _PAGING and any(name in row for row in rows):
            fits = all(row.get(name) == value for row in rows if name in row)
            yield f"filter {name}", "only rows that fit it" if fits else "rows that do not fit it"
    yield "next page", _repeats(steps, rows)
    if isinstance(total, int) and total <= len(rows) and not set(asked) - {"limit"}:
        lacking = _made(steps) - {str(row.get("id")) for row in rows}
        yield "created rows", "without one that was created" if lacking else "every one that was created"


def _asked(step: Step) -> Mapping[str, Any]:
    """Return the query as it was sent."""
    return dict(parse_qsl(step.path.partition("?")[2]))


def _size(contract: Contract, step: Step, count: int, total: int) -> str:
    known = {each.name: each.default for each in contract.operations[step.call.operation].query}
    asked = {**known, **step.call.query}
    limit = asked.get("limit") or 0
    if "cursor" in step.call.query:
        return _MORE if count > limit or count > total else _WHOLE
    due = max(0, min(limit, total - (asked.get("offset") or 0)))
    return _WHOLE if count == due else _MORE if count > due else _FEWER


def _cursor(cursor: Any, count: int, total: int) -> str:
    if (cursor is None) == (total <= count):
        return "one exactly if there is more"
    return "none though there is more" if cursor is None else "one though there is no more"


def _repeats(steps: Sequence[Step], rows: list[Mapping[str, Any]]) -> str:
    """Tell whether a row of this page stood on a page before it of the same list, if nothing was written since."""
    before = _earlier(steps)
    seen = {row.get("id") for each in before for row in rows_of(each) or ()} - {None}
    return "a row of a page before" if any(row.get("id") in seen for row in rows) else "no row of a page before"


def _earlier(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the pages that lie before the last step's one."""
    step, at = steps[-1], len(steps) - 1
    cursor = step.call.query.get("cursor")
    while isinstance(cursor, Ref):
        if any(each.method != "GET" for each in steps[cursor.step - 1 : at]):
            return
        yield steps[cursor.step - 1]
        cursor = steps[cursor.step - 1].call.query.get("cursor")
    for each in reversed(steps[:-1]):
        if each.method != "GET":
            return
        if _precedes(each, step):
            yield each


def _precedes(one: Step, other: Step) -> bool:
    first, second = dict(one.call.query), dict(other.call.query)
    begin, start = first.pop("offset", 0), second.pop("offset", 0)
    same = one.call.operation == other.call.operation and one.path.partition("?")[0] == other.path.partition("?")[0]
    size = first.get("limit")
    return same and first == second and "cursor" not in first and isinstance(size, int) and 0 <= begin + size <= start


def _made(steps: Sequence[Step]) -> set[str]:
    """Return the ids of what the sequence has created in this list and not deleted."""
    place = steps[-1].path.partition("?")[0]
    made: set[str] = set()
    for each in steps[:-1]:
        if each.status == 201 and each.path == place:
            made |= {str(_data(each).get("id"))} - {"None"}
        if each.method == "DELETE" and each.status is not None and each.status < 300:
            gone = each.path.rsplit("/", 1)[-1]
            made -= {one for one in made if one == gone or gone not in made}
    return made


def written_marks(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Yield for each field that was written whether the last step's answer has it as it was written."""
    written = _written(steps)
    step = steps[-1]
    data = step.json.get("data") if isinstance(step.json, Mapping) else None
    objects = [("/data", data)] if isinstance(data, Mapping) else [("/data/*", each) for each in rows_of(step) or ()]
    for at, found in objects:
        for name, value in written.get(str(found.get("id")), {}).items():
            if name in found:
                same = found[name] == value or (isinstance(value, str) and found[name] == value.strip())
                yield f"{at}/{name} as written", "as it was written" if same else "not as it was written"


def _written(steps: Sequence[Step]) -> Mapping[str, Mapping[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for each in steps:
        if isinstance(each.sent, Mapping) and each.status is not None and each.status < 300:
            known.setdefault(str(_data(each).get("id")), {}).update(each.sent)
    return known


def _data(step: Step) -> Mapping[str, Any]:
    data = step.json.get("data") if isinstance(step.json, Mapping) and step.json is not ABSENT else None
    return data if isinstance(data, Mapping) else {}
