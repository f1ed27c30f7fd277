"""`commit`: the client cannot know whether its write happened.

`drop_after`: it happened, and the answer is lost. `drop_before`: it did not, and the client sees the same. `twice`: the
request is worked on twice, as by a proxy that retries, and the client gets the second answer: a 409 for its own
success, or a second job. `late`: the answer is lost, and the write happens `after` a while, as a request of its own
that may then be refused.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.document import Document, duration, one_of
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.message import EMPTY, Hangup
from sandbox.core.scenario import Blow, Chance, Fault, Instead, Struck

OUTCOMES = ("drop_after", "drop_before", "twice", "late")
LOST = Instead(500, "The request was lost before it was worked on.")


class _Commit(Document):
    outcome = one_of(OUTCOMES, required=True)
    after = duration(load_default=None, allow_none=True)


def _make(given: dict[str, Any], site: Site) -> Fault:
    if all(each.method == "GET" for each in site.operations):
        raise Unfit((), "a rule on an operation that writes (a lost read is a hangup)", site.operations[0].id)
    outcome, after = given["outcome"], given["after"]
    if (after is not None) != (outcome == "late"):
        raise Unfit(("after",), "a duration with late, and with nothing else", "none" if after is None else outcome)
    blow = _blow(outcome, after)

    def strike(_struck: Struck, _now: int, _chance: Chance) -> Blow:
        return blow

    return Fault("commit", strike, wire=outcome != "twice")


def _blow(outcome: str, after: int | None) -> Blow:
    if outcome == "twice":
        return Blow(commit="twice")
    if outcome == "drop_after":
        return Blow(effects=(Hangup(EMPTY),))
    return Blow(instead=LOST, effects=(Hangup(EMPTY),), late=after)


COMMIT = FaultKind("commit", _Commit, _make, short="outcome")
