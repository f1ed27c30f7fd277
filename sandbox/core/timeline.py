"""A world through time: the present, the birth, named snapshots, and a journal of what led to the present.

The journal is bounded and a value like everything else: full pages of entries behind a page that is being written, so
that an append copies at most one page and an eviction drops a reference. A page keeps the world before its first entry;
the world before any other follows from it by asking again, which `step` makes exact. So ten thousand entries keep
three hundred worlds alive and not ten thousand.

What goes back (restore, rewind, reset) cuts the journal: it always tells what led to the present, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from immutables import Map

from sandbox.core.chance import ordinal_of
from sandbox.core.frozen import Frozen
from sandbox.core.message import Request, Response
from sandbox.core.world import Charter, World

PAGE = 32
ENTRY_LIMIT = 10_000
WEIGHT_LIMIT = 128 << 20
ENTRY_WEIGHT = 1_200
"""What an entry keeps alive besides its bodies: headers, and its share of the page's world."""
CHANGES = 64


class Marks(NamedTuple):
    """What the kernel noticed beside the answer.

    `would_refuse`: the quota was empty, and only watched. `early_retry`: the client had been told to wait longer.
    `applied` and `ignored` are the preferences that were honoured, and those that were not, with the reason. `fault`
    names the rules that struck the request.
    """

    would_refuse: bool = False
    early_retry: bool = False
    applied: tuple[str, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()
    fault: str | None = None


UNMARKED = Marks()


class Errand(NamedTuple):
    """A control request as its contract reads it."""

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    wall: int


class Entry(NamedTuple):
    """One request and its answer: the wall instant it came, the world's charter then, and the marks of the kernel.

    `errand` is None for a request to the API; for a control request that changed the world it is what was asked.
    """

    ordinal: int
    wall: int
    at: int
    operation: str | None
    request: Request
    response: Response
    cause: str | None
    marks: Marks
    charter: Charter
    revision: int = 0
    errand: Errand | None = None


class Page(NamedTuple):
    """A run of entries, the world before the first of them, and roughly how many bytes they keep alive."""

    base: World | None = None
    entries: tuple[Entry, ...] = ()
    weight: int = 0


BLANK_PAGE = Page()


@dataclass(frozen=True, slots=True)
class Journal:
    """The latest entries in order, bounded by their number and by their weight; every page but the open one is full."""

    pages: tuple[Page, ...] = ()
    open: Page = BLANK_PAGE
    weight: int = 0
    limit: int = ENTRY_LIMIT
    weight_limit: int = WEIGHT_LIMIT

    def having(self, entry: Entry, before: World) -> Journal:
        """Return the journal with this entry at its end, and without the pages that then lie beyond a limit."""
        added = _weight(entry)
        page = self.open
        if 0 < len(page.entries) < PAGE:
            page = Page(page.base, (*page.entries, entry), page.weight + added)
            return Journal(self.pages, page, self.weight + added, self.limit, self.weight_limit)
        full = (*self.pages, page) if page.entries else self.pages
        return _bounded(full, Page(before, (entry,), added), self.weight + added, self.limit, self.weight_limit)

    def bounded(self, limit: int, weight_limit: int) -> Journal:
        """Return the journal under these limits."""
        return _bounded(self.pages, self.open, self.weight, limit, weight_limit)

    def cut(self, position: int) -> Journal:
        """Return the journal with so many of its entries, the oldest ones."""
        at, rest = divmod(self._spare + position, PAGE)
        page = self._page(at)
        kept = page.entries[:rest]
        opened = Page(page.base, kept, sum(map(_weight, kept))) if kept else BLANK_PAGE
        pages = self.pages[:at]
        weight = sum(each.weight for each in pages) + opened.weight
        return Journal(pages, opened, weight, self.limit, self.weight_limit)

    def lead(self, position: int) -> tuple[World | None, tuple[Entry, ...]]:
        """Return a world that was kept at or before this entry, and the entries that lead from it to this one."""
        at, rest = divmod(self._spare + position, PAGE)
        page = self._page(at)
        return page.base, page.entries[:rest]

    def at(self, position: int) -> Entry:
        """Return the entry at this position."""
        at, rest = divmod(self._spare + position, PAGE)
        return self._page(at).entries[rest]

    def place(self, ident: str) -> int | None:
        """Return the position of the request of this id, or None."""
        digits = ident.removeprefix("req_")
        if len(ident) != 12 or len(digits) != 8 or not set(digits) <= set("0123456789abcdef"):
            return None
        seen: dict[tuple[int, str], int] = {}
        for position, entry in enumerate(self):
            charter = entry.charter
            named = charter.seed, charter.label
            if named not in seen:
                seen[named] = ordinal_of(*named, "req", int(digits, 16), 16**4)
            if entry.ordinal == seen[named] and entry.errand is None:
                return position
        return None

    def since(self, revision: int) -> list[Entry]:
        """Return the entries after this revision, newest first; costs what it returns."""
        found: list[Entry] = []
        for page in (self.open, *reversed(self.pages)):
            for entry in reversed(page.entries):
                if entry.revision <= revision or len(found) >= len(self):
                    return found
                found.append(entry)
        return found

    @property
    def _spare(self) -> int:
        return len(self.pages) * PAGE + len(self.open.entries) - len(self)

    def _page(self, at: int) -> Page:
        return self.pages[at] if at < len(self.pages) else self.open

    def __len__(self) -> int:
        return min(self.limit, len(self.pages) * PAGE + len(self.open.entries))

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries, oldest first."""
        spare = self._spare
        for page in (*self.pages, self.open):
            yield from page.entries[spare:]
            spare = max(0, spare - len(page.entries))


def _bounded(pages: tuple[Page, ...], opened: Page, weight: int, limit: int, weight_limit: int) -> Journal:
    first, held = 0, len(opened.entries)
    while first < len(pages) and (weight > weight_limit or (len(pages) - first - 1) * PAGE + held >= limit):
        weight -= pages[first].weight
        first += 1
    return Journal(pages[first:] if first else pages, opened, weight, limit, weight_limit)


def _weight(entry: Entry) -> int:
    return ENTRY_WEIGHT + len(entry.request.body) + len(entry.request.path) + len(entry.response.body)


BLANK_JOURNAL = Journal()


class Snapshot(NamedTuple):
    """A named moment: the world and the journal as they were."""

    name: str
    at: int
    world: World
    journal: Journal


class Change(NamedTuple):
    """Something that happened to a timeline and is no entry of its journal: it went back, or was named or loaded."""

    revision: int
    kind: str
    at: int
    detail: Frozen


NO_SNAPSHOTS: Map[str, Snapshot] = Map()


class Timeline(NamedTuple):
    """The present of a world, what led to it, and where it can go back to.

    `birth` is where a reset leads. `revision` counts everything that ever happened to the timeline and never goes back;
    `changes` are the latest things that the journal does not tell. `evicted` says that an earlier timeline of this
    world was dropped for want of room.
    """

    present: World
    journal: Journal = BLANK_JOURNAL
    birth: World | None = None
    snapshots: Map[str, Snapshot] = NO_SNAPSHOTS
    changes: tuple[Change, ...] = ()
    revision: int = 0
    evicted: bool = False

    def went(self, present: World, journal: Journal, kind: str, at: int, **detail: Any) -> Timeline:
        """Return the timeline at another moment, with a change that says how it came there."""
        revision = self.revision + 1
        change = Change(revision, kind, at, Frozen(detail))
        return self._replace(
            present=present, journal=journal, changes=(*self.changes[1 - CHANGES :], change), revision=revision
        )

    def weight(self) -> int:
        """Return roughly how many bytes the journal and the snapshots keep alive; a shared page counts once."""
        journals = [self.journal, *(each.journal for each in self.snapshots.values())]
        pages = {id(page): page.weight for journal in journals for page in journal.pages}
        return sum(pages.values()) + sum(journal.open.weight for journal in journals)


def began(world: World, journal: Journal = BLANK_JOURNAL, *, evicted: bool = False) -> Timeline:
    """Return the timeline of a world that was born just now."""
    return Timeline(world, journal, world, evicted=evicted)
