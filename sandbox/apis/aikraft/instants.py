"""Instants of an exported state: a job that is made in the last minute of the year 9999 ends in the year 10000."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from sandbox.core.clock import LATEST, MINUTE
from sandbox.core.instants import exact, read_instant, second, write_instant, write_moment

__all__ = ["LAST", "due", "exact", "read_instant", "second", "write_instant", "write_moment"]

LAST = LATEST + MINUTE
"""The latest instant at which a job can end."""


def due(**options: Any) -> fields.Field[Any]:
    """Return a field for an instant that may lie a little after the last that a clock can show."""
    return exact(LAST, **options)
