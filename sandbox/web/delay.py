"""What a door owes before an answer goes out."""

from __future__ import annotations

from sandbox.core.message import Response, Wait


def owed(answer: Response) -> float:
    """Return the seconds for which the answer has to be held back."""
    return sum(each.span for each in answer.effects if isinstance(each, Wait)) / 1_000_000
