"""`commit`: the client cannot know whether its write happened.

`drop_after`: it happened, and the answer is lost. `drop_before`: it did not, and the client sees the same. `twice`: the
request is worked on twice, as by a proxy that retries, and the client gets the second answer: a 409 for its own
success, or a second job.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.document import Document, one_of
from sandbox.core.message import Hangup
from sandbox.core.scenario import Blow, Chance, Fault, Instead, Struck
from sandbox.core.script import FaultKind, Site
from sandbox.faults.hangup import EMPTY

OUTCOMES = ("drop_after", "drop_before", "twice")


class _Commit(Document):
    outcome = one_of(OUTCOMES, required=True)


def _make(given: dict[str, Any], _site: Site) -> Fault:
    outcome = given["outcome"]
    if outcome == "twice":
        blow = Blow(commit="twice")
    elif outcome == "drop_after":
        blow = Blow(effects=(Hangup(EMPTY),))
    else:
        lost = Instead(500, "The request was lost before it was worked on.")
        blow = Blow(instead=lost, effects=(Hangup(EMPTY),))

    def strike(_struck: Struck, _now: int, _chance: Chance) -> Blow:
        return blow

    return Fault("commit", strike, wire=outcome != "twice")


COMMIT = FaultKind("commit", _Commit, _make, short="outcome")
