"""What one key may do in a world."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core.frozen import Frozen


@dataclass(frozen=True, slots=True)
class Grant:
    """What one key may do, and until when; `owner` is as whom it counts, if not as the world's own."""

    key: str
    terms: Frozen
    expires: int | None = None
    revoked: bool = False
    owner: Frozen | None = None
