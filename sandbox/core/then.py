"""What a rule's `then` means: faults that strike together, a choice by weight, or one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.document import DocumentError, Flaw, Path, got, load, nearest
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import Fault, Then

Kinds = Mapping[str, FaultKind]


def then_of(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    """Return what strikes when, and every fault that may; DocumentError names what is wrong below `then`."""
    if "one_of" in given:
        return _choice(kinds, given, site)
    if "sequence" in given:
        return _sequence(kinds, given, site)
    faults = _faults(kinds, given, site, ("then",))
    return (lambda _count, _draw: faults), faults


def _choice(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    choices = _listed(given, "one_of")
    weights, faults = [], []
    for at, each in enumerate(choices):
        weight = each.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= 1_000_000:
            raise DocumentError((Flaw(("then", "one_of", at, "weight"), "a number above 0", got(weight)),))
        weights.append(weight)
        rest = {name: one for name, one in each.items() if name != "weight"}
        faults.append(_faults(kinds, rest, site, ("then", "one_of", at)))
    total = sum(weights)

    def chosen(_count: int, draw: float) -> tuple[Fault, ...]:
        left = draw * total
        for weight, each in zip(weights, faults, strict=True):
            left -= weight
            if left < 0:
                return each
        return faults[-1]

    return chosen, tuple(one for each in faults for one in each)


def _sequence(kinds: Kinds, given: Mapping[str, Any], site: Site) -> tuple[Then, tuple[Fault, ...]]:
    steps = [_faults(kinds, each, site, ("then", "sequence", at)) for at, each in enumerate(_listed(given, "sequence"))]
    faults = tuple(one for each in steps for one in each)
    return (lambda count, _draw: steps[min(count, len(steps)) - 1]), faults


def _faults(kinds: Kinds, given: Any, site: Site, path: Path) -> tuple[Fault, ...]:
    if not isinstance(given, Mapping):
        raise DocumentError((Flaw(path, "a mapping of faults", got(given)),))
    given = _beside(given)
    faults = []
    for name, figures in given.items():
        if name not in kinds:
            raise DocumentError(
                (
                    Flaw(
                        (*path, name),
                        "one of the faults " + ", ".join(kinds),
                        "an unknown one",
                        nearest(name, kinds),
                    ),
                )
            )
        faults.append(_made(kinds[name], figures, site, (*path, name)))
    return tuple(faults)


def _beside(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the faults with `after: commit`, where it stands beside a hangup, within it."""
    if "after" not in given or "hangup" not in given:
        return dict(given)
    hangup = given["hangup"]
    figures = {**hangup} if isinstance(hangup, Mapping) else {"break": hangup}
    rest = {name: each for name, each in given.items() if name not in ("after", "hangup")}
    return {**rest, "hangup": {**figures, "after": given["after"]}}


def _made(kind: FaultKind, figures: Any, site: Site, path: Path) -> Fault:
    if kind.short and not isinstance(figures, Mapping):
        figures = {kind.short: figures}
    try:
        return kind.make(load(kind.schema, {} if figures is None or figures is True else figures), site)
    except DocumentError as error:
        raise DocumentError(tuple(each.below(*path) for each in error.flaws)) from error
    except Unfit as unfit:
        raise DocumentError((unfit.flaw.below(*path),)) from unfit


def _listed(given: Mapping[str, Any], name: str) -> list[Any]:
    found = given[name]
    if len(given) > 1:
        raise DocumentError((Flaw(("then",), f"{name} alone", ", ".join(map(str, given))),))
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= 100
        or not all(isinstance(each, Mapping) for each in found)
    ):
        raise DocumentError((Flaw(("then", name), "a list of 1 to 100 mappings of faults", got(found)),))
    return found
