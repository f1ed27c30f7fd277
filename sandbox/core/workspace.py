"""Tables of frozen rows, with an order, facets and unique values that cost the same at any size.

A table is a value. Rows live in a persistent map; each facet (a filter value, and None for all rows) keeps its own
sorted keys, so a page is a search and a slice, and a count is a length. A write copies one path of the map and one
chunk of each order it touches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from immutables import Map

from sandbox.core.frozen import Frozen

Key = tuple[Any, ...]
_CHUNK = 128
_MEMO_SIZE = 4096
_MEMO_KEY = 256


@dataclass(frozen=True, slots=True)
class Order:
    """Sorted keys as a tuple of sorted chunks; every change shares the chunks that it did not touch."""

    chunks: tuple[tuple[Key, ...], ...] = ()
    size: int = 0

    def having(self, key: Key) -> Order:
        """Return the order with the key in its place."""
        if not self.chunks:
            return Order(((key,),), 1)
        # What is newest comes first, and most of what is written is new.
        at = 0 if key <= self.chunks[0][-1] else min(_chunk_of(self.chunks, key), len(self.chunks) - 1)
        keys = self.chunks[at]
        place = bisect_left(keys, key)
        grown = (*keys[:place], key, *keys[place:])
        fresh = (grown,) if len(grown) <= _CHUNK else (grown[: _CHUNK // 2], grown[_CHUNK // 2 :])
        return Order((*self.chunks[:at], *fresh, *self.chunks[at + 1 :]), self.size + 1)

    def lacking(self, key: Key) -> Order:
        """Return the order without the key, which must be in it."""
        at = _chunk_of(self.chunks, key)
        keys = self.chunks[at]
        place = bisect_left(keys, key)
        rest = (*keys[:place], *keys[place + 1 :])
        kept = (rest,) if rest else ()
        return Order((*self.chunks[:at], *kept, *self.chunks[at + 1 :]), self.size - 1)

    def after(self, key: Key | None, count: int) -> list[Key]:
        """Return up to so many keys that follow the key, which need not be present; None means from the start."""
        at, place = 0, 0
        if key is not None:
            at = _chunk_of(self.chunks, key)
            place = bisect_right(self.chunks[at], key) if at < len(self.chunks) else 0
        found: list[Key] = []
        while at < len(self.chunks) and len(found) < count:
            found.extend(self.chunks[at][place : place + count - len(found)])
            at, place = at + 1, 0
        return found

    def slice(self, offset: int, count: int) -> list[Key]:
        """Return up to so many keys after the first `offset` ones."""
        found: list[Key] = []
        for chunk in self.chunks:
            if offset >= len(chunk):
                offset -= len(chunk)
                continue
            found.extend(chunk[offset : offset + count - len(found)])
            offset = 0
            if len(found) >= count:
                break
        return found

    def __iter__(self) -> Iterator[Key]:
        for chunk in self.chunks:
            yield from chunk


def _chunk_of(chunks: tuple[tuple[Key, ...], ...], key: Key) -> int:
    return bisect_left(chunks, key, key=_last)


def _last(chunk: tuple[Key, ...]) -> Key:
    return chunk[-1]


def sorted_order(keys: Iterable[Key]) -> Order:
    """Return the order of all these keys, built at once."""
    ranked = sorted(keys)
    size = _CHUNK * 3 // 4
    return Order(tuple(tuple(ranked[at : at + size]) for at in range(0, len(ranked), size)), len(ranked))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is kept: the sort key of a row (its last part is the id), its facets, and its unique value."""

    sort: Callable[[Frozen], Key]
    facets: Callable[[Frozen], tuple[str, ...]] = lambda _row: ()
    unique: Callable[[Frozen], str | None] = lambda _row: None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by id, with their orders. The row's own `id` field is its key."""

    layout: Layout
    rows: Map[str, Frozen] = field(default_factory=Map)
    orders: Map[str | None, Order] = field(default_factory=Map)
    taken: Map[str, str] = field(default_factory=Map)

    def get(self, ident: str) -> Frozen | None:
        """Return the row of this id, or None."""
        return self.rows.get(ident)

    def owner(self, unique: str) -> str | None:
        """Return the id of the row that holds this unique value, or None."""
        return self.taken.get(unique)

    def count(self, facet: str | None = None) -> int:
        """Return how many rows have this facet; None means all rows."""
        return self.orders.get(facet, Order()).size

    def page(self, facet: str | None, after: Key | None, size: int) -> list[Frozen]:
        """Return up to so many rows of the facet that follow this sort key."""
        keys = self.orders.get(facet, Order()).after(after, size)
        rows = self.rows
        return [rows[key[-1]] for key in keys]

    def slice(self, facet: str | None, offset: int, size: int) -> list[Frozen]:
        """Return up to so many rows of the facet after its first `offset` ones."""
        rows = self.rows
        return [rows[key[-1]] for key in self.orders.get(facet, Order()).slice(offset, size)]

    def all(self, facet: str | None = None) -> Iterator[Frozen]:
        """Yield every row of the facet in order; None means all rows."""
        for key in self.orders.get(facet, Order()):
            yield self.rows[key[-1]]

    def having(self, row: Frozen) -> Table:
        """Return the table with this row, which replaces the row of the same id.

        A replaced row keeps its sort key; the facets and the unique value may change.
        """
        ident = row["id"]
        old = self.rows.get(ident)
        layout = self.layout
        orders, taken = self.orders, self.taken
        key = layout.sort(row)
        if old is None:
            orders = _filed(orders, None, key)
        elif layout.sort(old) != key:
            raise ValueError(f"row {ident} may not move: {layout.sort(old)} became {key}")
        before = layout.facets(old) if old is not None else ()
        facets = layout.facets(row)
        if before != facets:
            orders = _unfiled(orders, (each for each in before if each not in facets), key)
            for facet in facets:
                orders = orders if facet in before else _filed(orders, facet, key)
        held = layout.unique(old) if old is not None else None
        unique = layout.unique(row)
        if held != unique:
            taken = taken if held is None else taken.delete(held)
            taken = taken if unique is None else taken.set(unique, ident)
        return Table(layout, self.rows.set(ident, row), orders, taken)

    def lacking(self, ident: str) -> Table:
        """Return the table without the row of this id, which must be in it."""
        row, layout = self.rows[ident], self.layout
        key, taken = layout.sort(row), self.taken
        orders = _unfiled(self.orders, (None, *layout.facets(row)), key)
        unique = layout.unique(row)
        if unique is not None:
            taken = taken.delete(unique)
        return Table(layout, self.rows.delete(ident), orders, taken)


def _filed(orders: Map[str | None, Order], facet: str | None, key: Key) -> Map[str | None, Order]:
    return orders.set(facet, orders.get(facet, Order()).having(key))


def _unfiled(orders: Map[str | None, Order], facets: Iterable[str | None], key: Key) -> Map[str | None, Order]:
    for facet in facets:
        order = orders[facet].lacking(key)
        # A facet of all that ever was would grow for ever.
        orders = orders.set(facet, order) if order.size or facet is None else orders.delete(facet)
    return orders


def table_of(layout: Layout, rows: Iterable[Frozen]) -> Table:
    """Return a table of all these rows, built at once; ids have to differ."""
    listed = list(rows)
    facets: dict[str | None, list[Key]] = {None: []}
    for row in listed:
        key = layout.sort(row)
        facets[None].append(key)
        for facet in layout.facets(row):
            facets.setdefault(facet, []).append(key)
    taken = {unique: row["id"] for row in listed if (unique := layout.unique(row)) is not None}
    return Table(
        layout,
        Map({row["id"]: row for row in listed}),
        Map({facet: sorted_order(keys) for facet, keys in facets.items()}),
        Map(taken),
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """The body of an answer that was given before, and the span of time in which it holds."""

    body: bytes
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tables of a world by name, and how many ids of each kind it has minted.

    A workspace never changes, so what was read from it once can be remembered beside it; `answers` is that memo. It is
    shared by every world that was forked from the same fixture and ends with the value.
    """

    tables: Map[str, Table]
    minted: Map[str, int] = field(default_factory=Map)
    answers: dict[tuple[str, str, str], Remembered] = field(default_factory=dict, compare=False, repr=False)

    def remember(self, path: str, query: str, circle: str, answer: Remembered) -> None:
        """Remember what a GET of this path and query is answered from `since` until `until` in this circle."""
        if len(path) + len(query) <= _MEMO_KEY:
            if len(self.answers) >= _MEMO_SIZE:
                self.answers.clear()
            self.answers[path, query, circle] = answer

    def table(self, name: str) -> Table:
        """Return the table of this name."""
        return self.tables[name]

    def having(self, name: str, row: Frozen) -> Workspace:
        """Return the workspace with this row in the table of this name."""
        return Workspace(self.tables.set(name, self.tables[name].having(row)), self.minted)

    def lacking(self, name: str, ident: str) -> Workspace:
        """Return the workspace without the row of this id, which must be in the table of this name."""
        return Workspace(self.tables.set(name, self.tables[name].lacking(ident)), self.minted)

    def counting(self, kind: str, minted: int) -> Workspace:
        """Return the workspace that has minted so many ids of this kind."""
        return Workspace(self.tables, self.minted.set(kind, minted))
