"""Ctrl AI's data as a document, and back: every row exactly as it stands, in the order of its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from sandbox.apis.ctrlai.fixture import read_fixture, workspace_of
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.rows import Tables
from sandbox.core.api import Loaded, Storage
from sandbox.core.document import written_fields
from sandbox.core.frozen import Frozen
from sandbox.core.instants import write_moment
from sandbox.core.workspace import Workspace

Write = Callable[[Any], Any]


def dump(workspace: Workspace) -> dict[str, Any]:
    """Return the tables and the counts of minted ids as plain JSON values; equal workspaces give equal ones."""
    tables = {name: [write(row) for row in workspace.table(name).all()] for name, write in _WRITERS.items()}
    return {"tables": tables, "minted": dict(sorted(workspace.minted.items()))}


def holder(_owner: Frozen) -> dict[str, Any]:
    """Return what stands in a fixture around the data: no keys. Whose the data is, the organisations in it say."""
    return {"keys": []}


def load(document: Any, birth: int) -> Loaded:
    """Return what a fixture or an exported state says; DocumentError names every flaw."""
    read = read_fixture(document)
    now = None if read["now"] is None else read["now"].at(birth)
    return Loaded(workspace_of(read, birth), read["fixture"], now, read["world"])


def _plain(value: Any) -> Any:
    """Return a frozen value as JSON's readers would make it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _writer(field: Any) -> Write:
    """Return how a value is written that this field reads."""
    if isinstance(field, fields.Nested):
        return _row_writer(field.schema)
    if isinstance(field, fields.List):
        write = _writer(field.inner)
        return lambda values: [write(each) for each in values]
    return write_moment if field.metadata.get("form") == "instant" else _plain


def _row_writer(schema: Any) -> Write:
    columns = [(name, _writer(field)) for name, field in written_fields(schema).items()]
    return lambda row: {name: write(row[name]) for name, write in columns}


_FIELDS: Mapping[str, Any] = Tables().fields
_WRITERS: Mapping[str, Write] = {name: _writer(_FIELDS[name].inner) for name in LAYOUTS}
STORAGE = Storage(dump, holder, load, tuple(_WRITERS))
