"""From a scenario's document to its rules; whatever could not work is refused when it is read.

The words are the field's: where WireMock, MockServer or moto have a name for the same thing, that name is taken too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from sandbox.core.api import Api
from sandbox.core.contract import Operation
from sandbox.core.document import (
    Document,
    DocumentError,
    Flaw,
    Path,
    duration,
    got,
    load,
    many,
    mapping,
    nearest,
    text,
    truth,
    whole,
)  # fmt: skip
from sandbox.core.frozen import freeze
from sandbox.core.scenario import STARTED, Fault, Rule, Scenario, Then
from sandbox.core.when import fits_of, probability_of, turn_of

MOST_RULES = 200
_ALIASES = {
    "requiredScenarioState": "requires", "newScenarioState": "sets", "timeToLive": "ttl", "priority": "",
    "remainingTimes": "times", "headers": "header", "queryParameters": "query", "urlPath": "path",
    "operationId": "operation",
}  # fmt: skip
"""Other tools' names for ours."""


class Unfit(Exception):
    """Figures of a fault that cannot work: where, what was expected, what came."""

    def __init__(self, path: Path, expected: str, got: str) -> None:
        super().__init__(expected)
        self.flaw = Flaw(path, expected, got)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a fault may strike: the operations of its rule."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: its name, how its figures are written, and what is made of them.

    `short` is the figure that a plain value in their place means.
    """

    name: str
    schema: type[Schema]
    make: Callable[[dict[str, Any], Site], Fault]
    short: str = ""


class _Scenario(Document):
    scenario = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", required=True)
    api = text(required=True)
    summary = text(longest=500, required=True)
    seed = whole(-(1 << 53) + 1, (1 << 53) - 1, load_default=None, allow_none=True)
    states = many(text(longest=60), most=50, load_default=lambda: [STARTED])
    uses = many(text(longest=60), most=20, load_default=list)
    rules = many(mapping(), most=MOST_RULES, load_default=list)


class _Rule(Document):
    name = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", load_default=None, allow_none=True)
    when = mapping(load_default=dict)
    then = mapping(required=True)
    requires = text(longest=60, load_default=None, allow_none=True)
    sets = text(longest=60, load_default=None, allow_none=True)
    times = whole(1, 1_000_000, load_default=None, allow_none=True)
    ttl = duration(load_default=None, allow_none=True)
    goes_on = truth(load_default=False, data_key="continue")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads scenarios of one API: with these kinds of faults, and the documents that `uses` may name."""

    api: Api
    kinds: tuple[FaultKind, ...]
    used: Callable[[str], Any]

    def scenario(self, document: Any) -> Scenario:
        """Return the scenario that the document writes; DocumentError names what is wrong with it."""
        read = load(_Scenario, _renamed(document))
        if read["api"] != self.api.name:
            raise DocumentError(
                (Flaw(("api",), self.api.name, got(read["api"]), nearest(read["api"], [self.api.name])),)
            )
        rules = [self.rule(each, read["scenario"], at, ("rules", at)) for at, each in enumerate(read["rules"])]
        _check_names(rules)
        _check_states(rules, read["states"])
        for at, name in enumerate(read["uses"]):
            rules.extend(self._rules_of(name, ("uses", at)))
        return Scenario(read["scenario"], freeze(document), tuple(rules), tuple(read["states"]), read["seed"])

    def _rules_of(self, name: str, path: Path) -> tuple[Rule, ...]:
        document = self.used(name)
        if document is None:
            raise DocumentError((Flaw(path, "the name of a scenario", got(name)),))
        if isinstance(document, Mapping) and document.get("uses"):
            raise DocumentError((Flaw(path, "a scenario that uses no other", got(name)),))
        return self.scenario(document).rules

    def rule(self, document: Any, scenario: str, at: int, path: Path) -> Rule:
        """Return the rule that the document writes, as the `at`-th of its scenario."""
        try:
            read = load(_Rule, _renamed(document))
            when = _renamed(read["when"])
            name = read["name"] or f"rule-{at + 1}"
            operations = self._operations(when.get("operation"))
            site = self._site(operations)
            then = self._then(read["then"], site)
            fits, turn = fits_of(when), turn_of(when)
        except DocumentError as error:
            raise DocumentError(tuple(each.below(*path) for each in error.flaws)) from error
        return Rule(
            f"{scenario}#{name}", f"{scenario}#{name}", then, operations, fits, turn, probability_of(when, path),
            read["requires"], read["sets"], read["times"], read["ttl"], read["goes_on"],
        )  # fmt: skip

    def _operations(self, named: Any) -> frozenset[str] | None:
        if named is None:
            return None
        known = tuple(self.api.contract.operations)
        for each in named if isinstance(named, list) and named else [named]:
            if each not in known:
                expected = "one of " + ", ".join(known)
                raise DocumentError((Flaw(("when", "operation"), expected, got(each), nearest(each, known)),))
        return frozenset(named if isinstance(named, list) else [named])

    def _site(self, operations: frozenset[str] | None) -> Site:
        every = self.api.contract.operations.values()
        return Site(tuple(each for each in every if operations is None or each.id in operations))

    def _then(self, given: Mapping[str, Any], site: Site) -> Then:
        if "one_of" in given:
            return self._choice(given, site)
        if "sequence" in given:
            return self._sequence(given, site)
        faults = self._faults(given, site, ("then",))
        return lambda _count, _draw: faults

    def _choice(self, given: Mapping[str, Any], site: Site) -> Then:
        choices = _listed(given, "one_of")
        weights, faults = [], []
        for at, each in enumerate(choices):
            weight = each.get("weight", 1)
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= 1_000_000:
                raise DocumentError((Flaw(("then", "one_of", at, "weight"), "a number above 0", got(weight)),))
            weights.append(weight)
            rest = {name: one for name, one in each.items() if name != "weight"}
            faults.append(self._faults(rest, site, ("then", "one_of", at)))
        total = sum(weights)

        def chosen(_count: int, draw: float) -> tuple[Fault, ...]:
            left = draw * total
            for weight, each in zip(weights, faults, strict=True):
                left -= weight
                if left < 0:
                    return each
            return faults[-1]

        return chosen

    def _sequence(self, given: Mapping[str, Any], site: Site) -> Then:
        steps = [
            self._faults(each, site, ("then", "sequence", at)) for at, each in enumerate(_listed(given, "sequence"))
        ]
        return lambda count, _draw: steps[min(count, len(steps)) - 1]

    def _faults(self, given: Any, site: Site, path: Path) -> tuple[Fault, ...]:
        if not isinstance(given, Mapping):
            raise DocumentError((Flaw(path, "a mapping of faults", got(given)),))
        given = _beside(given)
        kinds = {each.name: each for each in self.kinds}
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


def _renamed(given: Any) -> Any:
    """Return the mapping under our own names."""
    if not isinstance(given, Mapping):
        return given
    return {_ALIASES.get(name, name) if isinstance(name, str) else name: each for name, each in given.items()}


def _check_names(rules: Sequence[Rule]) -> None:
    seen: dict[str, int] = {}
    for at, rule in enumerate(rules):
        if rule.name in seen:
            expected = f"another name than that of rules[{seen[rule.name]}]"
            raise DocumentError((Flaw(("rules", at, "name"), expected, got(rule.name)),))
        seen[rule.name] = at


def _check_states(rules: Sequence[Rule], states: Sequence[str]) -> None:
    """Refuse a state that nobody declares, and one that is required and never reached."""
    reached = {states[0], *(each.sets for each in rules if each.sets)} if states else set()
    for at, rule in enumerate(rules):
        for field, state in (("requires", rule.requires), ("sets", rule.sets)):
            if state is not None and state not in states:
                raise DocumentError(
                    (
                        Flaw(
                            ("rules", at, field),
                            "one of the states " + ", ".join(states),
                            got(state),
                            nearest(state, states),
                        ),
                    )
                )
        if rule.requires is not None and rule.requires not in reached:
            raise DocumentError((Flaw(("rules", at, "requires"), "a state that some rule sets", got(rule.requires)),))
