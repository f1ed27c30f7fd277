"""A world through time: the present, and a journal of what was asked, what was answered, and why.

The journal is bounded and a value like everything else: full pages of entries behind a page that is being written, so
that an append copies at most one page and an eviction drops a reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.core.message import Request, Response
from sandbox.core.world import World

PAGE = 32
ENTRY_LIMIT = 10_000
WEIGHT_LIMIT = 128 << 20
ENTRY_WEIGHT = 1_500
"""What an entry keeps alive besides its bodies: headers, and the part of the world before it that is gone since."""


class Entry(NamedTuple):
    """One request and its answer: the wall instant it came, the world before it, and the marks that the kernel left."""

    ordinal: int
    wall: int
    at: int
    operation: str | None
    request: Request
    response: Response
    before: World
    cause: str | None
    would_refuse: bool


class Page(NamedTuple):
    """A run of entries and roughly how many bytes they keep alive."""

    entries: tuple[Entry, ...] = ()
    weight: int = 0


BLANK_PAGE = Page()


@dataclass(frozen=True, slots=True)
class Journal:
    """The latest entries in order, bounded by their number and by their weight."""

    pages: tuple[Page, ...] = ()
    open: Page = BLANK_PAGE
    weight: int = 0
    limit: int = ENTRY_LIMIT
    weight_limit: int = WEIGHT_LIMIT

    def having(self, entry: Entry) -> Journal:
        """Return the journal with this entry at its end, and without the pages that then lie beyond a limit."""
        added = _weight(entry)
        page = self.open
        if len(page.entries) < PAGE:
            page = Page((*page.entries, entry), page.weight + added)
            return Journal(self.pages, page, self.weight + added, self.limit, self.weight_limit)
        pages, weight = (*self.pages, page), self.weight + added
        first = 0
        while first < len(pages) and (weight > self.weight_limit or (len(pages) - first - 1) * PAGE + 1 >= self.limit):
            weight -= pages[first].weight
            first += 1
        return Journal(pages[first:], Page((entry,), added), weight, self.limit, self.weight_limit)

    def __len__(self) -> int:
        return min(self.limit, len(self.pages) * PAGE + len(self.open.entries))

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries, oldest first."""
        spare = len(self.pages) * PAGE + len(self.open.entries) - len(self)
        for page in (*self.pages, self.open):
            yield from page.entries[spare:]
            spare = max(0, spare - len(page.entries))


def _weight(entry: Entry) -> int:
    return ENTRY_WEIGHT + len(entry.request.body) + len(entry.request.path) + len(entry.response.body)


BLANK_JOURNAL = Journal()


class Timeline(NamedTuple):
    """The present of a world and its journal."""

    present: World
    journal: Journal = BLANK_JOURNAL
