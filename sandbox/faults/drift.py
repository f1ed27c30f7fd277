"""`drift` and `resolve`: a metric that moves on the world's clock, and the end of it.

The metric goes in a straight line `from` one value `to` another, `over` a while, and stays there. An alert opens at the
microsecond at which the value reaches a threshold, its value follows while it is open, and it resolves when the value
falls below the first threshold again. `resolve` brings the metrics of a system to zero at once. Of events that move the
same metric the one that began last decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from sandbox.core.api import Api, Drift
from sandbox.core.document import Document, duration, got, many, number, one_of, text
from sandbox.core.happening import Deed, Scene
from sandbox.core.kind import EventKind, Unfit
from sandbox.core.workspace import Workspace

ALL = "all"
TYPES = ("data_drift", "concept_drift", "prediction_drift")
HIGHEST = 10
_EXACT = 1_000_000
"""A value has six decimals, cut and never rounded: so it reaches a threshold when the exact one does."""
_FEATURE = r"[A-Za-z0-9_][A-Za-z0-9_.:#-]{0,99}"


def system_field(**options: Any) -> Any:
    """Return a field for the system, or all systems, that an event concerns."""
    return text(r"all|sys_[a-z0-9]{6}", expected="the id of a system such as sys_abc123, or all", **options)


def _feature(**options: Any) -> Any:
    return text(_FEATURE, expected="the name of a feature such as years_of_experience", **options)


class _Drift(Document):
    system = system_field(required=True)
    type = one_of(TYPES, load_default="data_drift")
    feature = _feature(load_default=None, allow_none=True)
    features = many(_feature(), least=1, most=20, load_default=None, allow_none=True)
    metric = text(r"[A-Za-z][A-Za-z0-9_]{0,39}", expected="the name of a metric such as PSI", load_default="PSI")
    low = number(required=True, data_key="from")
    high = number(required=True, data_key="to")
    over = duration(required=True)


class _Resolve(Document):
    system = system_field(required=True)
    type = one_of(TYPES, load_default=None, allow_none=True)
    feature = _feature(load_default=None, allow_none=True)


class Claim(NamedTuple):
    """Which metrics an event moves; None stands for every one."""

    system: str
    type: str | None
    features: tuple[str | None, ...] | None
    metric: str | None

    def covers(self, system: str, kind: str, feature: str | None, metric: str) -> bool:
        """Tell whether this metric of this system is among them."""
        return (
            self.system in (ALL, system)
            and self.type in (None, kind)
            and (self.features is None or feature in self.features)
            and self.metric in (None, metric)
        )


class Line(NamedTuple):
    """A metric's way in a straight line; exact, since a float would cross a threshold a little too soon or too late."""

    start: Fraction
    end: Fraction
    over: int

    def value(self, passed: int) -> float:
        """Return the value when so many microseconds have passed, cut to six decimals."""
        share = Fraction(min(passed, self.over), self.over)
        return floor((self.start + (self.end - self.start) * share) * _EXACT) / _EXACT

    def crossings(self, thresholds: Iterable[float]) -> Iterator[int]:
        """Yield the first microsecond at which the value has reached each threshold, or lies below it again."""
        for each in thresholds:
            line, rise = Fraction(repr(each)), self.end - self.start
            if self.start < line <= self.end:
                yield ceil((line - self.start) * self.over / rise)
            elif self.end < line <= self.start:
                yield floor((line - self.start) * self.over / rise) + 1

    def moments(self, thresholds: Iterable[float]) -> tuple[int, ...]:
        """Return the beginning, every crossing and the end, in order."""
        return tuple(sorted({0, self.over, *self.crossings(thresholds)}))


def systems_of(api: Api, system: str, workspace: Workspace) -> Iterable[str]:
    """Return the ids of the systems that an event concerns."""
    watched = api.stage.watched
    return watched(workspace) if system == ALL and watched is not None else (system,)


def _make(given: dict[str, Any], api: Api) -> Deed:
    follow = api.stage.drift
    if follow is None:
        raise Unfit((), "an API whose metrics drift", api.name)
    line, features = _line(given), _features(given)
    claim = Claim(given["system"], given["type"], features, given["metric"])

    def act(workspace: Workspace, scene: Scene) -> Workspace:
        value = line.value(scene.now - scene.began)
        for system in systems_of(api, claim.system, workspace):
            for feature in features:
                if not _taken(scene, system, given["type"], feature, given["metric"]):
                    drift = Drift(given["type"], feature, given["metric"], value, not scene.moment)
                    workspace = follow(workspace, system, drift, scene.now)
        return workspace

    return Deed("drift", act, line.moments(api.stage.thresholds), line.over, claim, len(features))


def _taken(scene: Scene, system: str, kind: str, feature: str | None, metric: str) -> bool:
    """Tell whether an event that began later decides about this metric."""
    return any(each.covers(system, kind, feature, metric) for each in scene.claimed if isinstance(each, Claim))


def _line(given: dict[str, Any]) -> Line:
    for name, value in (("from", given["low"]), ("to", given["high"])):
        if not 0 <= value <= HIGHEST:
            raise Unfit((name,), f"a number from 0 to {HIGHEST}", got(value))
    if not given["over"]:
        raise Unfit(("over",), "a duration above 0 such as 3d", "0")
    return Line(Fraction(repr(given["low"])), Fraction(repr(given["high"])), given["over"])


def _features(given: dict[str, Any]) -> tuple[str | None, ...]:
    one, several = given["feature"], given["features"]
    if one is not None and several is not None:
        raise Unfit(("features",), "feature or features", "both")
    if one is None and several is None:
        if given["type"] == "data_drift":
            raise Unfit(("feature",), "the name of a feature, since data drift is that of an input", "nothing")
        return (None,)
    return tuple(dict.fromkeys(several or (one,)))


def _resolve(given: dict[str, Any], api: Api) -> Deed:
    settle: Callable[..., Workspace] | None = api.stage.settle
    if settle is None:
        raise Unfit((), "an API whose metrics drift", api.name)
    kind, feature = given["type"], given["feature"]
    claim = Claim(given["system"], kind, None if feature is None else (feature,), None)

    def act(workspace: Workspace, scene: Scene) -> Workspace:
        for system in systems_of(api, claim.system, workspace):
            workspace = settle(workspace, system, kind, feature, scene.now)
        return workspace

    return Deed("resolve", act, claim=claim)


DRIFT = EventKind("drift", _Drift, _make)
RESOLVE = EventKind("resolve", _Resolve, _resolve)
