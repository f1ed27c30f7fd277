"""What a workspace was before the latest writes, as a document and back: each past by the rows in which it differs.

A past is written as the difference to what followed it, the last one as that to the present: the rows that were other
then or that there are no more, and the ids of those that were not there yet. It is read against the tables of the
present; the rows that differ are checked with all that they mention and that mentions them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
Kin = dict[str, set[tuple[str, str]]]
"""By each word that could be an id, the table and the id of the rows that have it in them."""


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
        other, new = _apart(table, after.table(name))
        tables[name] = table_of(table.layout, other)
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


def _apart(table: Table, later: Table) -> tuple[list[Frozen], list[str]]:
    """Return the rows that are others later or no more, and the ids of those that came."""
    if table.rows is later.rows:
        return [], []
    found = later.rows
    other = [row for ident, row in table.rows.items() if found.get(ident) is not row and found.get(ident) != row]
    return other, sorted(ident for ident in found if ident not in table.rows)


def read_pasts(api: Api, given: Sequence[Mapping[str, Any]], present: Workspace, owner: Frozen) -> tuple[Past, ...]:
    """Return the pasts that a document holds beside this workspace; DocumentError names what is wrong with them."""
    if not given:
        return ()
    tables = {name: {each["id"]: each for each in rows} for name, rows in api.storage.dump(present)["tables"].items()}
    frame = {"fixture": "past", "api": api.name, "summary": "The rows before a write.", **api.storage.holder(owner)}
    found, after, kin = list[Past](), present, _mentions(tables)
    for at, each in reversed(list(enumerate(given))):
        try:
            after = _before(api.storage, each, after, _Rows(tables, kin, frame))
            found.append(Past(each["at"], after, counts_of(each["fired"], "fired"), each["number"]))
        except DocumentError as error:
            raise DocumentError(tuple(flaw.below("pasts", at) for flaw in error.flaws)) from error
    return tuple(reversed(found))


class _Rows(NamedTuple):
    """The rows of a moment as a document writes them, by which rows an id is mentioned, and the document around them.

    Tables and mentions are brought back past by past; that a row was mentioned once is not forgotten.
    """

    tables: Tables
    kin: Kin
    frame: Mapping[str, Any]


def _mentions(tables: Tables) -> Kin:
    kin: Kin = {}
    for name, rows in tables.items():
        for row in rows.values():
            _mention(kin, name, row)
    return kin


def _mention(kin: Kin, name: str, row: Mapping[str, Any]) -> None:
    for word in _words(row):
        kin.setdefault(word, set()).add((name, row["id"]))


def _words(value: Any) -> Iterator[str]:
    """Yield what may be an id in a row: every text, and every step of one that is a path."""
    if isinstance(value, str):
        yield value
        yield from value.split("/") if "/" in value else ()
    elif isinstance(value, (Mapping, list)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _words(each)


def _before(storage: Storage, given: Mapping[str, Any], after: Workspace, rows: _Rows) -> Workspace:
    """Return the workspace that this past was before that one, and bring the rows back to it."""
    _check(given, after)
    changed, gone = given["rows"], given["gone"]
    for name, idents in gone.items():
        for ident in idents:
            rows.tables[name].pop(ident, None)
    for name, listed in changed.items():
        rows.tables[name].update({each["id"]: each for each in listed})
        for each in listed:
            _mention(rows.kin, name, each)
    document = {**rows.frame, "tables": _related(given, rows), "minted": given["minted"]}
    fresh = storage.load(document, 0).workspace
    made = dict(after.tables)
    for name in sorted({*changed, *gone}):
        idents = [each["id"] for each in changed.get(name, ())]
        made[name] = _remade(made[name], fresh.table(name), idents, gone.get(name, ()))
    return Workspace(Map(made), fresh.minted)


def _related(given: Mapping[str, Any], rows: _Rows) -> dict[str, list[Any]]:
    """Return the rows of a past that changed, with all that they could contradict: what mentions them or they mention.

    To check the whole for each past would take minutes where tables are large.
    """
    ahead = [each["id"] for listed in given["rows"].values() for each in listed]
    ahead += [ident for listed in given["gone"].values() for ident in listed]
    seen: set[str] = set()
    found: dict[tuple[str, str], Any] = {}
    while ahead:
        word = ahead.pop()
        if word in seen:
            continue
        seen.add(word)
        for name, ident in rows.kin.get(word, ()):
            row = rows.tables[name].get(ident)
            if row is not None and (name, ident) not in found:
                found[name, ident] = row
                ahead += [each for each in _words(row) if any(each in one for one in rows.tables.values())]
    return {name: [row for (place, _), row in sorted(found.items()) if place == name] for name in rows.tables}


def _remade(table: Table, fresh: Table, changed: Sequence[str], gone: Sequence[str]) -> Table:
    """Return the table with the fresh rows of these ids and without those others; what is left is shared."""
    for ident in sorted({*changed, *gone}):
        table = table.lacking(ident) if ident in table.rows else table
    for ident in changed:
        row = fresh.rows[ident]
        unique = table.layout.unique(row)
        if unique is not None and table.owner(unique) is not None:
            raise DocumentError((Flaw(("rows",), "rows that differ in what is unique", got(unique)),))
        table = table.having(row)
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
