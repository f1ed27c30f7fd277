"""Who asks, what of the organisation's is theirs to see, and the pages it is shown on.

What another organisation has is 404: nobody learns that it is there.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.core.api import Answer, Call, Shown
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem, shown

Render = Callable[[Frozen, int], Shown]

_NOUNS = {
    "unit-not-found": "Unit",
    "workflow-not-found": "Workflow",
    "domain-not-found": "Domain",
    "org-not-found": "Organization",
    "member-not-found": "Member",
    "key-not-found": "API key",
    "session-not-found": "Session",
}


def org_of(call: Call) -> str:
    """Return the id of the caller's organisation, or raise 401: a key that outlives its organisation is no use."""
    org: str = call.terms["org"]
    if call.workspace.table("orgs").get(org) is None:
        raise Problem(401, "credential", "The organization of this API key or session has been deleted.")
    return org


def user_of(call: Call) -> str:
    """Return the id of the user that the caller is, or that the caller's key counts as."""
    user: str = call.terms["user"]
    return user


def missing_of(cause: str, ident: str) -> Problem:
    """Return the 404 of this cause."""
    return Problem(404, cause, f"{_NOUNS[cause]} {shown(ident)} was not found.")


def in_org(call: Call, table: str, ident: str, missing: str) -> Frozen:
    """Return the row of this id if it is of the caller's organisation, else raise 404 with this cause."""
    row = call.workspace.table(table).get(ident)
    if row is None or row["orgId"] != org_of(call):
        raise missing_of(missing, ident)
    return row


def page_of(call: Call, table: str, facet: str, render: Render) -> Answer:
    """Return the page of a facet's rows that the query's `limit` and `offset` name."""
    rows = call.workspace.table(table)
    return _paged(call, rows.count(facet), rows.slice(facet, call.query["offset"], call.query["limit"]), render)


def filtered(call: Call, table: str, facet: str, keep: Callable[[Frozen], bool] | None, render: Render) -> Answer:
    """Return the page of those of a facet's rows that are to be kept; without `keep` that is all of them."""
    if keep is None:
        return page_of(call, table, facet, render)
    return page_of_rows(call, kept(call, table, facet, keep), render)


def kept(call: Call, table: str, facet: str, keep: Callable[[Frozen], bool]) -> list[Frozen]:
    """Return all of a facet's rows that are to be kept, in order."""
    return [each for each in call.workspace.table(table).all(facet) if keep(each)]


def page_of_rows(call: Call, rows: list[Frozen], render: Render) -> Answer:
    """Return the page of these rows that the query names."""
    limit, offset = call.query["limit"], call.query["offset"]
    return _paged(call, len(rows), rows[offset : offset + limit], render)


def _paged(call: Call, total: int, rows: list[Frozen], render: Render) -> Answer:
    """Return a page, which is remembered for the caller's like as long as every item of it looks as it does."""
    meta = {"total": total, "limit": call.query["limit"], "offset": call.query["offset"]}
    items = [call.item(each, render) for each in rows]
    since, until = max((each.since for each in items), default=0), min((each.until for each in items), default=ALWAYS)
    return Answer(items, meta, since=since, until=until)
