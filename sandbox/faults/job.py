"""`job`: what becomes of a job that a request has started; the answer that names it stays as documented.

`stall`: it never ends. `fail`: it ends with an error, `after` a while or when it was expected to be done. `slow`: it
takes `factor` times as long. `vanish`: nobody knows it any more. `overtaken`: every first one takes three times as long
and every second one half as long, so that of two that are asked for together the later is done sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.api import Call
from sandbox.core.document import Document, duration, got, number, one_of, text
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import Blow, Chance, Fault, Struck
from sandbox.core.workspace import Workspace

FATES = ("stall", "fail", "slow", "vanish", "overtaken")
CODE = "generation_failed"
MESSAGE = "The sandbox was told to let this job fail."
FACTOR = 5.0
OVERTAKEN, OVERTAKING = 3.0, 0.5
_OWN = {"code": "fail", "message": "fail", "after": "fail", "factor": "slow"}
"""Which fate each further figure belongs to."""


class _Job(Document):
    fate = one_of(FATES, required=True)
    code = text(r"[a-z]+(_[a-z]+)*", expected=f"a code such as {CODE}", longest=100, load_default=None, allow_none=True)
    message = text(longest=500, load_default=None, allow_none=True)
    after = duration(load_default=None, allow_none=True)
    factor = number(load_default=None, allow_none=True)


def _make(given: dict[str, Any], site: Site) -> Fault:
    change = site.api.stage.jobs
    if change is None:
        raise Unfit((), "an API that works in jobs", site.api.name)
    _check(given, site)
    fates = _fates(given)

    def strike(struck: Struck, _now: int, _chance: Chance) -> Blow:
        return Blow(amend=_amending(change, fates[(struck.fired - 1) % len(fates)]))

    return Fault("job", strike)


def _amending(
    change: Callable[[Call, Workspace, Mapping[str, Any]], Workspace], fate: Mapping[str, Any]
) -> Callable[[Call, Workspace], Workspace]:
    return lambda call, workspace: change(call, workspace, fate)


def _check(given: dict[str, Any], site: Site) -> None:
    makers = site.api.stage.job_makers
    idle = [each.id for each in site.operations if each.id not in makers]
    if idle:
        expected = f"a rule for what starts jobs alone: when: {{operation: {' or '.join(makers)}}}"
        raise Unfit((), expected, f"one that strikes {idle[0]}")
    for name, fate in _OWN.items():
        if given[name] is not None and given["fate"] != fate:
            raise Unfit((name,), f"{name} with fate: {fate} alone", f"fate: {given['fate']}")
    if given["after"] == 0:
        raise Unfit(("after",), "a duration above 0 such as 30s", "0")
    if given["factor"] is not None and not 1 <= given["factor"] <= 1_000_000:
        raise Unfit(("factor",), "a number from 1 to 1000000", got(given["factor"]))


def _fates(given: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return what becomes of one job after the other, in turn."""
    fate = given["fate"]
    if fate == "overtaken":
        return ({"fate": "slow", "factor": OVERTAKEN}, {"fate": "slow", "factor": OVERTAKING})
    if fate == "fail":
        told = {"code": given["code"] or CODE, "message": given["message"] or MESSAGE}
        return ({"fate": fate, "after": given["after"], **told},)
    return ({"fate": fate, "factor": given["factor"] or FACTOR},)


JOB = FaultKind("job", _Job, _make, short="fate")
