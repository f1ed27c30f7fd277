"""`hangup`: the connection breaks: before the answer, in the middle of it, or in a way that is no HTTP any more.

`after: commit` (unless told) means that the request was worked on and its answer is lost; `after: nothing` that it
never was. In process the client's library raises what it raises on a socket.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.clock import MINUTE
from sandbox.core.document import Document, duration, one_of, whole
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.message import BREAKS, DRIBBLE, RANDOM, TRUNCATED, Hangup
from sandbox.core.scenario import Blow, Chance, Fault, Instead, Struck

_GARBAGE = 64
PIECES = 5
"""Into how many pieces a dribbled body is cut unless told."""


class _Hangup(Document):
    kind = one_of(BREAKS, required=True, data_key="break")
    after = one_of(("commit", "nothing"), load_default="commit")
    keep = whole(0, 1 << 20, load_default=None, allow_none=True)
    pieces = whole(1, 1_000, load_default=None, allow_none=True)
    over = duration(load_default=None, allow_none=True)


def _make(given: dict[str, Any], _site: Site) -> Fault:
    _check(given)
    pieces, over = given["pieces"] or PIECES, given["over"] or 0
    instead = (
        Instead(500, "The connection broke before the request was worked on.") if given["after"] == "nothing" else None
    )

    def strike(_struck: Struck, _now: int, chance: Chance) -> Blow:
        garbage = b""
        if given["kind"] == RANDOM:
            garbage = bytes(int(256 * chance(f"byte {at}")) for at in range(_GARBAGE))
        keep = -1 if given["keep"] is None else given["keep"]
        return Blow(instead=instead, effects=(Hangup(given["kind"], keep, pieces, over, garbage),))

    return Fault("hangup", strike, wire=True)


def _check(given: dict[str, Any]) -> None:
    for name, kind in (("keep", TRUNCATED), ("pieces", DRIBBLE), ("over", DRIBBLE)):
        if given[name] is not None and given["kind"] != kind:
            raise Unfit((name,), f"it with {kind} only", given["kind"])
    if (given["over"] or 0) > 10 * MINUTE:
        raise Unfit(("over",), "at most 10 minutes", "more")


HANGUP = FaultKind("hangup", _Hangup, _make, short="break")
