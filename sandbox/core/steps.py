"""How much work a look at a document may cost, counted: the same document always ends at the same place."""

from __future__ import annotations

STEPS = 50_000


class Steps:
    """How many steps a walk may still take; a step looks at one node, or does as much work as that."""

    __slots__ = ("left",)

    def __init__(self, left: int = STEPS) -> None:
        self.left = left

    def paid(self, count: int = 1) -> bool:
        """Take so many steps, or return False and take none ever again."""
        self.left = self.left - count if count <= self.left else 0
        return self.left > 0
