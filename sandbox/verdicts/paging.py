"""How a client reads a list: to its end, under one filter, and not beyond.

A list pages by what its contract says: by a query parameter `cursor`, whose next value stands in `meta`, or by `offset`
beside a `meta.total`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.core.contract import Contract
from sandbox.verdicts.asks import Ask
from sandbox.verdicts.kind import Found, VerdictKind, name_of

_PLACE = frozenset({"cursor", "offset", "limit"})
"""The parameters that say which page; all others say which list."""

List = tuple[str, str, frozenset[tuple[str, str]]]


class Leaf(NamedTuple):
    """A request for a page: which list, where in it, and what the answer says of it if it went well.

    `next` is what the page after this one begins with: a cursor, or an offset; None if there is none.
    """

    ask: Ask
    list: List
    cursor: str | None
    offset: int
    next: str | int | None
    total: int | None

    @property
    def op(self) -> tuple[str, str]:
        """Return who read, and which operation."""
        return self.list[:2]


def _leaves(asks: Sequence[Ask]) -> list[Leaf]:
    return [leaf for ask in asks if not ask.late for leaf in _leaf(ask)]


def _leaf(ask: Ask) -> Iterator[Leaf]:
    operation = ask.operation
    names = {each.name for each in operation.query} if operation is not None else set()
    if operation is None or operation.method != "GET" or not names & {"cursor", "offset"}:
        return
    query = ask.query
    filters = frozenset((name, value) for name, value in query.items() if name in names - _PLACE)
    of = ask.who, operation.id, filters
    offset = _number(query.get("offset", ""))
    said = ask.said if ask.went_well else {}
    meta, data = said.get("meta"), said.get("data")
    told: Mapping[str, Any] = meta if isinstance(meta, dict) else {}
    count = len(data) if isinstance(data, list) else 0
    total = told.get("total") if isinstance(told.get("total"), int) else None
    if "cursor" in names:
        following = told.get("cursor")
        yield Leaf(ask, of, query.get("cursor"), 0, following if isinstance(following, str) else None, total)
    else:
        more = total is not None and count > 0 and offset + count < total
        yield Leaf(ask, of, None, offset, offset + count if more else None, total)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _stopped(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    """Look from the end: what was asked for later is known when a page is met."""
    leaves = _leaves(asks)
    begun = _beginnings(leaves)
    cursors: set[tuple[str, str, str]] = set()
    farthest: dict[List, int] = {}
    found = []
    for at in range(len(leaves) - 1, -1, -1):
        leaf = leaves[at]
        if isinstance(leaf.next, str):
            left = leaf.cursor is not None and (*leaf.op, leaf.next) not in cursors
        else:
            read_on = farthest.get(leaf.list, 0) > leaf.offset
            left = leaf.next is not None and begun.get(leaf.list, leaf.offset) < leaf.offset and not read_on
        if left:
            found.append(Found((leaf.ask,), f"{name_of(leaf.ask)} was read for some pages, and the rest was left"))
        if leaf.cursor is not None:
            cursors.add((*leaf.op, leaf.cursor))
        farthest[leaf.list] = max(farthest.get(leaf.list, 0), leaf.offset)
    yield from reversed(found)


def _beginnings(leaves: Sequence[Leaf]) -> dict[List, int]:
    """Return the first offset from which each list was read."""
    begun: dict[List, int] = {}
    for leaf in leaves:
        if leaf.next is not None:
            begun.setdefault(leaf.list, leaf.offset)
    return begun


def _changed(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    """Find a cursor that was given for another filter, and an offset that goes on where another filter's page ended."""
    given: dict[tuple[str, str, str], Leaf] = {}
    known: set[List] = set()
    latest: dict[tuple[str, str], Leaf] = {}
    for leaf in _leaves(asks):
        before = latest.get(leaf.op) if leaf.cursor is None else given.get((*leaf.op, leaf.cursor))
        goes_on = leaf.cursor is not None or (
            leaf.offset > 0 and leaf.list not in known and before is not None and before.next == leaf.offset
        )
        if before is not None and before.list != leaf.list and goes_on:
            way = "cursor" if leaf.cursor is not None else "offset"
            yield Found((before.ask, leaf.ask), f"{name_of(leaf.ask)} went on by {way} under another filter")
        known.add(leaf.list)
        latest[leaf.op] = leaf
        if isinstance(leaf.next, str):
            given[(*leaf.op, leaf.next)] = leaf


def _beyond(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    highest: dict[List, int] = {}
    for leaf in _leaves(asks):
        if leaf.total is None or leaf.cursor is not None:
            continue
        if leaf.offset > 0 and max(leaf.total, highest.get(leaf.list, 0)) <= leaf.offset:
            yield Found(
                (leaf.ask,), f"{name_of(leaf.ask)} was asked from offset {leaf.offset} on, and there are {leaf.total}"
            )
        highest[leaf.list] = max(highest.get(leaf.list, 0), leaf.total)


STOPPED = VerdictKind(
    "stopped-paging", "warning", _stopped,
    "read on until the answer has no next cursor, or until as many rows came as `total` says.",
)  # fmt: skip
CHANGED = VerdictKind(
    "changed-filter-under-cursor", "error", _changed,
    "begin at the first page whenever a filter changes: a place in one list means nothing in another.",
)  # fmt: skip
BEYOND = VerdictKind(
    "offset-beyond-total", "warning", _beyond,
    "stop when offset and limit reach `total`: the empty page costs a request and tells nothing.",
)  # fmt: skip
