"""`delay`: an answer that comes late, by a fixed time or one that is drawn, outside or on the world's own clock.

`clock: wall` makes the client wait: with `when: after` (unless told) everything is done at once and the answer held
back, with `when: before` nothing is done until the time is over. `clock: world` lets the time pass in the world
instead, before the request is worked on (unless told) or after it, and nobody waits.
"""

from __future__ import annotations

from math import cos, exp, log, pi, sqrt
from typing import Any

from sandbox.core.clock import MINUTE
from sandbox.core.document import Document, duration, nested, number, one_of
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.message import Wait
from sandbox.core.scenario import Blow, Chance, Fault, Struck

LONGEST = 10 * MINUTE


class _Uniform(Document):
    lower = duration(required=True)
    upper = duration(required=True)


class _Lognormal(Document):
    median = duration(required=True)
    sigma = number(required=True)


class _Delay(Document):
    fixed = duration(load_default=None, allow_none=True)
    uniform = nested(_Uniform, load_default=None, allow_none=True)
    lognormal = nested(_Lognormal, load_default=None, allow_none=True)
    clock = one_of(("wall", "world"), load_default="wall")
    when = one_of(("before", "after"), load_default=None, allow_none=True)


def _make(given: dict[str, Any], _site: Site) -> Fault:
    named = [name for name in ("fixed", "uniform", "lognormal") if given[name] is not None]
    if len(named) != 1:
        raise Unfit((), "one of fixed, uniform, lognormal", ", ".join(named) or "none of them")
    _check(given)
    holds = given["clock"] == "wall" and given["when"] == "before"

    def strike(_struck: Struck, _now: int, chance: Chance) -> Blow:
        span = _span(given, chance)
        if given["clock"] == "world":
            return Blow(after=span) if given["when"] == "after" else Blow(before=span)
        return Blow(hold=span) if holds else Blow(effects=(Wait(span),))

    return Fault("delay", strike, holds=holds)


def _check(given: dict[str, Any]) -> None:
    uniform, lognormal = given["uniform"], given["lognormal"]
    bounds = ((("fixed",), given["fixed"]), (("uniform", "upper"), uniform and uniform["upper"]))
    for path, longest in (*bounds, (("lognormal", "median"), lognormal and lognormal["median"])):
        if longest and longest > LONGEST:
            raise Unfit(path, "a delay of at most 10 minutes", "a longer one")
    if uniform and uniform["lower"] > uniform["upper"]:
        raise Unfit(("uniform", "upper"), "the lower bound or more", "less")
    if lognormal and not 0 <= lognormal["sigma"] <= 5:
        raise Unfit(("lognormal", "sigma"), "a number from 0 to 5", str(lognormal["sigma"]))


def _span(given: dict[str, Any], chance: Chance) -> int:
    if given["fixed"] is not None:
        fixed: int = given["fixed"]
        return fixed
    if given["uniform"] is not None:
        lower, upper = given["uniform"]["lower"], given["uniform"]["upper"]
        return int(lower + (upper - lower) * chance("delay"))
    # Box and Muller's transform of two draws into a normal one.
    normal = sqrt(-2 * log(1 - chance("delay"))) * cos(2 * pi * chance("delay, second draw"))
    return min(LONGEST, int(given["lognormal"]["median"] * exp(given["lognormal"]["sigma"] * normal)))


DELAY = FaultKind("delay", _Delay, _make, short="fixed")
