"""Somebody who follows a world: what happened and was not read yet, up to a bound; who reads too slowly is let go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sandbox.core.event import Happening

PATIENCE = 1_000
"""How many events may wait for a reader."""


class Reader:
    """What waits to be read; `wake` is called, from any thread, whenever something does or the end has come."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: deque[Happening] = deque()
        self.ended = False

    def hear(self, happening: Happening) -> None:
        """Add what happened; a reader who is too far behind is let go and can come back for the rest."""
        if len(self._waiting) >= PATIENCE:
            self.ended = True
        if not self.ended:
            self._waiting.append(happening)
        self._wake()

    def end(self) -> None:
        """Let the reader go."""
        self.ended = True
        self._wake()

    def read(self) -> Happening | None:
        """Return the next thing that happened, or None."""
        return self._waiting.popleft() if self._waiting else None
