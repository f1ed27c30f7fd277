"""Whose key a case is sent with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True)
class Keys:
    """Test keys that may do everything: a new one at each call, or the same one while it is held."""

    made: Callable[[int], str]
    furnish: Callable[[str, int], None]
    numbers: Iterator[int] = field(default_factory=count)
    held: str | None = None
    cookie: str | None = None
    """The cookie that the sequence has got last, as it is sent."""

    def next(self) -> str:
        """Return the key of the next case."""
        return self.held or self.fresh()

    def fresh(self) -> str:
        """Return a key that nobody has had."""
        number = next(self.numbers)
        key = self.made(number)
        self.furnish(key, number)
        return key

    def hold(self) -> None:
        """Begin a sequence, which has one key, and no cookie yet."""
        self.held, self.cookie = self.fresh(), None

    def release(self) -> None:
        """End a sequence."""
        self.held = self.cookie = None
