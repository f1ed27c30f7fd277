"""What a rule's `then` means: faults that strike together, a choice by weight, or one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.document import DocumentError, Flaw, got, load, nearest
from sandbox.core.gathering import Flaws, flawed
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.problem import shown
from sandbox.core.scenario import Fault, Then
from sandbox.core.synonym import MILLIS, Alias, Words, millis, renamed

Kinds = Mapping[str, FaultKind]
MOST_STEPS = 100
HEAVIEST = 1_000_000


def _distribution(value: Any) -> Any:
    """Return WireMock's distribution of a delay as figures of ours."""
    figures = {"lognormal": ("median", "sigma"), "uniform": ("lower", "upper")}
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in figures or set(value) != {"type", *figures[kind]}:
        raise ValueError("{type: uniform, lower: 20, upper: 50} or {type: lognormal, median: 90, sigma: 0.1}")
    if kind == "uniform":
        return {"uniform": {name: millis(value[name]) for name in figures[kind]}}
    return {"lognormal": {"median": millis(value["median"]), "sigma": value["sigma"]}}


_DISTRIBUTION = {"type": "object", "required": ["type"], "properties": {"type": {"enum": ["uniform", "lognormal"]}}}
WORDS = Words(
    {
        "fault": Alias("hangup", "WireMock"),
        "fixedDelayMilliseconds": Alias("delay", "WireMock", lambda value: {"fixed": millis(value)}, MILLIS),
        "delayDistribution": Alias("delay", "WireMock", _distribution, _DISTRIBUTION),
    },
    {
        **dict.fromkeys(("status", "statusCode"), "an error with a status, such as error: {status: 500}"),
        **dict.fromkeys(("body", "jsonBody"), "a fault: the sandbox makes the bodies, as the contract says"),
        **dict.fromkeys(
            ("bandwidth", "slicer", "chunkedDribbleDelay"), "hangup: {break: DRIBBLE, pieces: 5, over: 2s}"
        ),
        **dict.fromkeys(("probability", "nth", "every"), "it within when"),
        **dict.fromkeys(("times", "ttl", "sets", "requires", "continue"), "it beside then"),
        "latency": "delay: {fixed: 500ms}",
        "timeout": "hangup: NO_ANSWER",
        "reset_peer": "hangup: CONNECTION_RESET_BY_PEER",
        "limit_data": "hangup: {break: TRUNCATED_BODY, keep: 100}",
        "down": "outage: {outageDuration: 5m}",
        "responseMode": "sequence for one after the other, or one_of for a choice by weight",
        "responses": "sequence, whose last step goes on",
        "weight": "it within a choice of one_of",
    },
)
"""What other tools call the faults."""


def then_of(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    """Return what strikes when, and every fault that may; DocumentError tells what is wrong, by its place in `then`."""
    if "one_of" in given:
        return _choice(kinds, given, site)
    if "sequence" in given:
        return _sequence(kinds, given, site)
    faults = _faults(kinds, given, site)
    if not faults:
        raise flawed((), "one of the faults " + ", ".join(kinds), "none")
    return (lambda _count, _draw: faults), faults


def _choice(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    choices = _listed(given, "one_of")
    flaws = Flaws()
    weights = [flaws.of(lambda one=one: _weight(one), "one_of", at) for at, one in enumerate(choices)]  # type: ignore[misc]
    bare = [{name: one for name, one in each.items() if name != "weight"} for each in choices]
    faults = [flaws.of(lambda one=one: _faults(kinds, one, site), "one_of", at) or () for at, one in enumerate(bare)]  # type: ignore[misc]
    flaws.tell()
    total = sum(each or 0 for each in weights)

    def chosen(_count: int, draw: float) -> tuple[Fault, ...]:
        left = draw * total
        for weight, each in zip(weights, faults, strict=True):
            left -= weight or 0
            if left < 0:
                return each
        return faults[-1]

    return chosen, _some(faults, "one_of")


def _weight(choice: Mapping[str, Any]) -> float:
    weight = choice.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= HEAVIEST:
        raise flawed(("weight",), f"a number above 0, of at most {HEAVIEST:,}", got(weight))
    return float(weight)


def _sequence(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    listed = _listed(given, "sequence")
    flaws = Flaws()
    steps = [flaws.of(lambda one=one: _faults(kinds, one, site), "sequence", at) or () for at, one in enumerate(listed)]  # type: ignore[misc]
    flaws.tell()
    return (lambda count, _draw: steps[min(count, len(steps)) - 1]), _some(steps, "sequence")


def _some(several: list[tuple[Fault, ...]], name: str) -> tuple[Fault, ...]:
    """Return all that may strike, which has to be something; a single empty mapping lets the request go."""
    faults = tuple(one for each in several for one in each)
    if not faults:
        raise flawed((name,), "a fault in one of them", "none")
    return faults


def _faults(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Fault, ...]:
    read = renamed(given, WORDS)
    flaws = Flaws()
    faults = []
    for name, figures in _beside(read.fields).items():
        if name not in kinds:
            expected = "one of the faults " + ", ".join(kinds)
            flaws.add(Flaw((read.names.get(name, name),), expected, "an unknown one", nearest(name, kinds)))
            continue
        made = flaws.of(lambda n=name, f=figures: _made(kinds[n], f, site), read.names.get(name, name))  # type: ignore[misc]
        faults.append(made)
    flaws.tell()
    return tuple(each for each in faults if each is not None)


def _beside(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the faults with `after: commit`, where it stands beside a hangup, within it."""
    if "after" not in given or "hangup" not in given:
        return dict(given)
    hangup = given["hangup"]
    figures = {**hangup} if isinstance(hangup, Mapping) else {"break": hangup}
    if "after" in figures:
        raise flawed(("after",), "one after, beside the hangup or within it", "both")
    rest = {name: each for name, each in given.items() if name not in ("after", "hangup")}
    return {**rest, "hangup": {**figures, "after": given["after"]}}


def _made(kind: FaultKind, figures: Any, site: Site) -> Fault:
    if kind.short and not isinstance(figures, Mapping):
        figures = {kind.short: figures}
    if figures is None or figures is True:
        figures = {}
    if not isinstance(figures, Mapping):
        raise flawed((), f"the figures of {kind.name}, a mapping", got(figures))
    read = renamed(figures, kind.words)
    try:
        return kind.make(load(kind.schema, read.fields), site)
    except DocumentError as error:
        raise DocumentError(tuple(read.told(each) for each in error.flaws)) from error
    except Unfit as unfit:
        raise DocumentError((read.told(unfit.flaw),)) from unfit


def _listed(given: Mapping[str, Any], name: str) -> list[Any]:
    found = given[name]
    if len(given) > 1:
        raise flawed((), f"{name} alone", shown(", ".join(given), 200))
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= MOST_STEPS
        or not all(isinstance(each, Mapping) for each in found)
    ):
        raise flawed((name,), f"a list of 1 to {MOST_STEPS} mappings of faults", got(found))
    return found
