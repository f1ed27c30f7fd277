"""Where a control request is worked on: the timeline, what was asked of it, and what comes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sandbox.core.message import Request
from sandbox.core.realm import Realm
from sandbox.core.timeline import Errand, Timeline
from sandbox.core.verdict import Judge, no_verdicts


class Desk(NamedTuple):
    """All that a control operation may know."""

    realm: Realm
    timeline: Timeline
    errand: Errand
    request: Request
    maker: str
    version: str
    read_errand: Callable[[Request, int], Errand]
    bounds: tuple[int, int]
    judge: Judge = no_verdicts

    @property
    def now(self) -> int:
        """Return the world's instant."""
        return self.timeline.present.now(self.errand.wall)


class Done(NamedTuple):
    """What comes of it: the answer's body, and the timeline after it (None: the same).

    `content` replaces the body where the answer is no JSON. `credential` is a key that this answer shows for once, and
    `key` its id.
    """

    body: Mapping[str, Any]
    timeline: Timeline | None = None
    status: int = 200
    content: bytes | None = None
    credential: str | None = None
    key: str = ""


Work = Callable[[Desk], Done]
