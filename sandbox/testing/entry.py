"""A request of a world's journal as a test reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to the API: what was asked, the status of the answer, and what made it so."""

    id: str
    ordinal: int
    at: str
    operation: str | None
    method: str
    path: str
    query: str
    status: int
    cause: str | None
    fault: str | None
    marks: tuple[str, ...]

    def __str__(self) -> str:
        """Return the entry on one line."""
        query = f"?{self.query}" if self.query else ""
        reasons = [each for each in (self.cause, self.fault, *self.marks) if each]
        why = f" ({', '.join(reasons)})" if reasons else ""
        return f"{self.method} {self.path}{query} {self.status}{why}"


def entry_of(shown: Mapping[str, Any]) -> Entry:
    """Return the entry that the control plane shows."""
    names = ("id", "ordinal", "at", "operation", "method", "path", "query", "status", "cause", "fault")
    return Entry(**{name: shown[name] for name in names}, marks=tuple(shown["marks"]))
