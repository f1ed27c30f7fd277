"""What a workspace was before the latest writes, as a document and back: each past by the rows in which it differs.

A past is written as the difference to what followed it, the last one as that to the present: the rows that were other
then or that there are no more, and the ids of those that were not there yet. It is read against the tables of the
present and checked as a whole, as if it had been exported by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from immutables import Map

from sandbox.core.api import Api, Storage
from sandbox.core.clock import LATEST
from sandbox.core.document import Document, DocumentError, Flaw, got, mapping, whole
from sandbox.core.frozen import Frozen
from sandbox.core.play import Past
from sandbox.core.playbill import counts_of
from sandbox.core.workspace import Table, Workspace, table_of

MOST = (1 << 53) - 1
Tables = dict[str, dict[str, Any]]
"""Rows as a document writes them, by table and id."""


class PastSchema(Document):
    """One past as a document holds it."""

    at = whole(0, LATEST, required=True)
    number = whole(1, MOST, required=True)
    fired = mapping(required=True)
    minted = mapping(required=True)
    rows = mapping(required=True)
    gone = mapping(required=True)


def pasts_written(storage: Storage, pasts: Sequence[Past], present: Workspace) -> list[dict[str, Any]]:
    """Return the pasts as a document holds them, oldest first."""
    followers = [*(each.workspace for each in pasts[1:]), present]
    return [_written(storage, each, after) for each, after in zip(pasts, followers, strict=False)]


def _written(storage: Storage, past: Past, after: Workspace) -> dict[str, Any]:
    tables, gone = {}, {}
    for name, table in past.workspace.tables.items():
        later = after.table(name)
        same = table.rows is later.rows
        rows = [] if same else [each for each in table.all() if later.rows.get(each["id"]) != each]
        new = [] if same else [each["id"] for each in later.all() if each["id"] not in table.rows]
        tables[name] = table_of(table.layout, rows)
        gone[name] = new
    dumped = storage.dump(Workspace(Map(tables), past.workspace.minted))
    return {
        "at": past.at,
        "number": past.number,
        "fired": dict(sorted(past.fired.items())),
        "minted": dumped["minted"],
        "rows": {name: rows for name, rows in dumped["tables"].items() if rows},
        "gone": {name: idents for name, idents in sorted(gone.items()) if idents},
    }


def read_pasts(
    api: Api, given: Sequence[Mapping[str, Any]], present: Workspace, owner: Frozen
) -> tuple[Past, ...]:  # fmt: skip
    """Return the pasts that a document holds beside this workspace; DocumentError names what is wrong with them."""
    found, after = list[Past](), present
    tables = {name: {each["id"]: each for each in rows} for name, rows in api.storage.dump(present)["tables"].items()}
    for at, each in reversed(list(enumerate(given))):
        try:
            after, tables = _before(api, each, after, tables, owner)
            found.append(Past(each["at"], after, counts_of(each["fired"], "fired"), each["number"]))
        except DocumentError as error:
            raise DocumentError(tuple(flaw.below("pasts", at) for flaw in error.flaws)) from error
    return tuple(reversed(found))


def _before(
    api: Api, given: Mapping[str, Any], after: Workspace, tables: Tables, owner: Frozen
) -> tuple[Workspace, Tables]:
    """Return the workspace that this past was before that one, and its rows as a document writes them."""
    _check(given, after)
    changed, gone = given["rows"], given["gone"]
    tables = {name: _earlier(rows, changed.get(name, ()), gone.get(name, ())) for name, rows in tables.items()}
    document = {
        "fixture": "past", "api": api.name, "summary": "What the workspace was before a write.",
        **api.storage.holder(owner), "tables": {name: list(rows.values()) for name, rows in tables.items()},
        "minted": given["minted"],
    }  # fmt: skip
    fresh = api.storage.load(document, 0).workspace
    made = dict(after.tables)
    for name in {*changed, *gone}:
        idents = [each["id"] for each in changed.get(name, ())]
        made[name] = _remade(made[name], fresh.table(name), idents, gone.get(name, ()))
    return Workspace(Map(made), fresh.minted), tables


def _earlier(rows: dict[str, Any], other: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> dict[str, Any]:
    left = {name: each for name, each in rows.items() if name not in gone}
    return {**left, **{each["id"]: each for each in other}}


def _remade(table: Table, fresh: Table, changed: Sequence[str], gone: Sequence[str]) -> Table:
    """Return the table with the fresh rows of these ids and without those others; what is left is shared."""
    for ident in {*changed, *gone}:
        table = table.lacking(ident) if ident in table.rows else table
    for ident in changed:
        table = table.having(fresh.rows[ident])
    return table


def _check(given: Mapping[str, Any], after: Workspace) -> None:
    """Refuse what names no table, and what is no list of rows or of ids."""
    for part in ("rows", "gone"):
        for name, listed in given[part].items():
            if name not in after.tables:
                raise DocumentError((Flaw((part, name), "one of the tables " + ", ".join(after.tables), got(name)),))
            idents = listed if isinstance(listed, list) else [None]
            if part == "rows":
                idents = [each.get("id") if isinstance(each, Mapping) else None for each in idents]
            if not all(isinstance(each, str) for each in idents):
                expected = "a list of rows" if part == "rows" else "a list of ids"
                raise DocumentError((Flaw((part, name), expected, got(listed)),))
