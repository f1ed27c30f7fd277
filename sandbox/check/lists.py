"""What the contracts say of lists and quotas and no schema can: pure functions that return a flaw, or None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.core.frozen import to_json


class Page(NamedTuple):
    """One page: what names its rows, the total that it tells, and what fetches the page after it, None on the last."""

    rows: tuple[str, ...]
    total: int | None
    following: str | None


def page_of(body: Any, offset: int = 0) -> Page | None:
    """Return the page in an answer that began at this offset, or None if the answer is no list.

    A list that tells a cursor is continued by it; one that tells a limit and an offset, by the offset that comes next.
    """
    data, meta = (body.get(each) if isinstance(body, Mapping) else None for each in ("data", "meta"))
    if not isinstance(data, list) or not isinstance(meta, Mapping):
        return None
    rows, total = tuple(_name(each) for each in data), meta.get("total")
    total = total if isinstance(total, int) else None
    if "cursor" in meta:
        return Page(rows, total, meta["cursor"] if isinstance(meta["cursor"], str) else None)
    reached = offset + len(rows)
    return Page(rows, total, str(reached) if rows and total is not None and reached < total else None)


def _name(row: Any) -> str:
    ident = row.get("id") if isinstance(row, Mapping) else None
    return ident if isinstance(ident, str) else to_json(row).decode()


def over_limit(asked: int, rows: int) -> str | None:
    """Say whether a page has more rows than were asked for."""
    return f"limit={asked} was asked for, or is the default, and the page has {rows} rows" if rows > asked else None


def not_a_partition(pages: Sequence[Page], *, whole: bool) -> str | None:
    """Say why these pages, each named by the one before, are no partition; `whole` if the last was the end."""
    seen: dict[str, int] = {}
    for number, page in enumerate(pages, 1):
        for row in page.rows:
            if row in seen:
                return f"row {row} is on page {seen[row]} and on page {number}"
            seen[row] = number
    ways = [page.following for page in pages if page.following is not None]
    if len(set(ways)) < len(ways):
        return "a page names as its next one a page that was there before"
    totals = {page.total for page in pages if page.total is not None}
    if len(totals) > 1:
        return f"the pages of one list tell different totals: {', '.join(map(str, sorted(totals)))}"
    if whole and totals and totals != {len(seen)}:
        return f"meta.total says {totals.pop()}, and all pages together have {len(seen)} rows"
    if not whole and totals and len(seen) > max(totals):
        return f"meta.total says {totals.pop()}, and there are {len(seen)} rows and a further page"
    return None


def quota_flaw(status: int, headers: Mapping[str, str]) -> str | None:
    """Say where the quota headers of an answer contradict each other; their names are lower-case."""
    limit, left = (_whole(headers.get(f"x-ratelimit-{each}")) for each in ("limit", "remaining"))
    if limit is not None and left is not None and left > limit:
        return f"X-RateLimit-Remaining is {left} of an X-RateLimit-Limit of {limit}"
    if status == 429 and left:
        return f"429, and X-RateLimit-Remaining says that {left} requests are left"
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
