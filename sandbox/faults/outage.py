"""`outage`: the service is down for a while, by count or by the clock, and comes back.

By count: `succeedFirst` meetings go well, then `failRequestCount` fail, then all go well again. By the clock, from the
moment the scenario began: down from `outageAfter` on for `outageDuration`; over `degradationRamp` before it, ever more
of the requests fail. Both are computed when a request comes; nothing runs in between.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.document import Document, duration, truth, whole
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import STRUCK_BY_NOTHING, Blow, Chance, Fault, Refused, Struck
from sandbox.core.synonym import MILLIS, Alias, Words, millis
from sandbox.faults.error import instead_of


class _Outage(Document):
    succeed_first = whole(0, 1_000_000, load_default=None, allow_none=True, data_key="succeedFirst")
    fail_count = whole(1, 1_000_000, load_default=None, allow_none=True, data_key="failRequestCount")
    after = duration(load_default=None, allow_none=True, data_key="outageAfter")
    lasts = duration(load_default=None, allow_none=True, data_key="outageDuration")
    ramp = duration(load_default=None, allow_none=True, data_key="degradationRamp")
    status = whole(500, 599, load_default=500)
    illegal = truth(load_default=False)


def _make(given: dict[str, Any], site: Site) -> Fault:
    _check(given)
    lacking = any(given["status"] not in each.shapes for each in site.operations)
    if lacking and not given["illegal"]:
        raise Unfit(("status",), "a status that the operations declare, or illegal: true", str(given["status"]))
    blow = Blow(instead=instead_of(given["status"], "The service is down for a while.", lacking=lacking))

    def strike(struck: Struck, now: int, chance: Chance) -> Blow:
        down = (
            _down_by_count(given, struck) if given["fail_count"] else _down_by_clock(given, now - struck.began, chance)
        )
        return blow if down else STRUCK_BY_NOTHING

    refused = (Refused(given["status"], "fault", later=bool(given["after"])),)
    return Fault("outage", strike, illegal=lacking, refuses=lambda _operation, _owner: refused)


def _check(given: dict[str, Any]) -> None:
    counted, timed = given["fail_count"] is not None, given["lasts"] is not None
    if counted == timed:
        raise Unfit((), "either failRequestCount or outageDuration", "both" if counted else "neither")
    beside = {"outageAfter": given["after"], "degradationRamp": given["ramp"]} if counted else {}
    for name, each in (beside or {"succeedFirst": given["succeed_first"]}).items():
        if each is not None:
            raise Unfit((name,), f"none beside {'failRequestCount' if counted else 'outageDuration'}", "one")
    if given["lasts"] == 0:
        raise Unfit(("outageDuration",), "a duration above 0", "0")
    if given["ramp"] and given["ramp"] > (given["after"] or 0):
        raise Unfit(("degradationRamp",), "a duration of at most outageAfter, since it leads up to it", "a longer one")


def _down_by_count(given: dict[str, Any], struck: Struck) -> bool:
    first = (given["succeed_first"] or 0) + 1
    last: int = first + given["fail_count"]
    return first <= struck.fired < last


def _down_by_clock(given: dict[str, Any], passed: int, chance: Chance) -> bool:
    start = given["after"] or 0
    if start <= passed < start + given["lasts"]:
        return True
    ramp = given["ramp"]
    return bool(ramp and start - ramp <= passed < start and chance("outage") * ramp < passed - (start - ramp))


WORDS = Words(
    {
        "outageAfterMillis": Alias("outageAfter", "MockServer", millis, MILLIS),
        "outageDurationMillis": Alias("outageDuration", "MockServer", millis, MILLIS),
        "degradationRampMillis": Alias("degradationRamp", "MockServer", millis, MILLIS),
        "errorStatus": Alias("status", "MockServer"),
    },
    {"errorProbability": "when: {probability: 0.3}"},
)
OUTAGE = FaultKind("outage", _Outage, _make, words=WORDS)
