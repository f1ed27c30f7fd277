"""From a scenario's document to its rules; whatever could not work is refused when it is read.

The words are the field's: where WireMock, MockServer or moto have a name for the same thing, that name is taken too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.api import Api
from sandbox.core.clock import parse_duration, parse_instant
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
from sandbox.core.happening import Deed, Happening
from sandbox.core.kind import EventKind, FaultKind, Site, Unfit
from sandbox.core.scenario import STARTED, Rule, Scenario
from sandbox.core.then import then_of
from sandbox.core.when import fits_of, probability_of, turn_of

MOST_RULES = 200
MOST_EVENTS = 200
_ALIASES = {
    "requiredScenarioState": "requires", "newScenarioState": "sets", "timeToLive": "ttl", "priority": "",
    "remainingTimes": "times", "headers": "header", "queryParameters": "query", "urlPath": "path",
    "operationId": "operation",
}  # fmt: skip
"""Other tools' names for ours."""


class _Scenario(Document):
    scenario = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", required=True)
    api = text(required=True)
    summary = text(longest=500, required=True)
    seed = whole(-(1 << 53) + 1, (1 << 53) - 1, load_default=None, allow_none=True)
    states = many(text(longest=60), most=50, load_default=lambda: [STARTED])
    uses = many(text(longest=60), most=20, load_default=list)
    timeline = many(mapping(), most=MOST_EVENTS, load_default=list)
    rules = many(mapping(), most=MOST_RULES, load_default=list)


class _Event(Document):
    at = text(longest=60, required=True)
    every = duration(load_default=None, allow_none=True)
    times = whole(1, 1_000, load_default=1)
    state = text(longest=60, load_default=None, allow_none=True)


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
    events: tuple[EventKind, ...]
    used: Callable[[str], Any]

    def scenario(self, document: Any) -> Scenario:
        """Return the scenario that the document writes; DocumentError names what is wrong with it."""
        read = load(_Scenario, _renamed(document))
        if read["api"] != self.api.name:
            raise DocumentError(
                (Flaw(("api",), self.api.name, got(read["api"]), nearest(read["api"], [self.api.name])),)
            )
        rules = [self.rule(each, read["scenario"], at, ("rules", at)) for at, each in enumerate(read["rules"])]
        events = [self._event(each, at, ("timeline", at)) for at, each in enumerate(read["timeline"])]
        _check_names(rules)
        _check_states(rules, events, read["states"])
        for at, name in enumerate(read["uses"]):
            used = self._used(name, ("uses", at))
            rules.extend(used.rules)
            events.extend(used.timeline)
        return Scenario(
            read["scenario"], freeze(document), tuple(rules), tuple(read["states"]), read["seed"], tuple(events)
        )  # fmt: skip

    def _used(self, name: str, path: Path) -> Scenario:
        document = self.used(name)
        if document is None:
            raise DocumentError((Flaw(path, "the name of a scenario", got(name)),))
        if isinstance(document, Mapping) and document.get("uses"):
            raise DocumentError((Flaw(path, "a scenario that uses no other", got(name)),))
        return self.scenario(document)

    def _event(self, document: Any, at: int, path: Path) -> Happening:
        """Return the timed event that the document writes, as the `at`-th of its scenario."""
        kinds = {each.name: each for each in self.events}
        own = ("at", "every", "times", "state")
        named = [name for name in document if name not in own]
        try:
            if len(named) > 1 or (named and named[0] not in kinds) or not (named or "state" in document):
                expected = "one of " + ", ".join((*kinds, "state"))
                near = nearest(str(named[-1]), kinds) if named else None
                raise DocumentError((Flaw((), expected, ", ".join(map(str, named)) or "none of them", near),))
            read = load(_Event, {name: each for name, each in document.items() if name in own})
            instant, absolute = _moment(read["at"])
            deed = self._deed(kinds[named[0]], document[named[0]]) if named else None
            if (read["every"] is None) != (read["times"] == 1):
                raise DocumentError((Flaw(("times",), "every and times together, or neither", "one of them"),))
        except DocumentError as error:
            raise DocumentError(tuple(each.below(*path) for each in error.flaws)) from error
        return Happening(f"event-{at + 1}", instant, deed, read["state"], absolute, read["every"] or 0, read["times"])

    def _deed(self, kind: EventKind, figures: Any) -> Deed:
        try:
            return kind.make(load(kind.schema, figures), self.api)
        except DocumentError as error:
            raise DocumentError(tuple(each.below(kind.name) for each in error.flaws)) from error
        except Unfit as unfit:
            raise DocumentError((unfit.flaw.below(kind.name),)) from unfit

    def rule(self, document: Any, scenario: str, at: int, path: Path) -> Rule:
        """Return the rule that the document writes, as the `at`-th of its scenario."""
        try:
            read = load(_Rule, _renamed(document))
            when = _renamed(read["when"])
            name = read["name"] or f"rule-{at + 1}"
            operations = self._operations(when.get("operation"))
            site = self._site(operations)
            then, faults = then_of({each.name: each for each in self.kinds}, read["then"], site)
            fits, turn = fits_of(when), turn_of(when)
        except DocumentError as error:
            raise DocumentError(tuple(each.below(*path) for each in error.flaws)) from error
        return Rule(
            f"{scenario}#{name}", f"{scenario}#{name}", then, operations, fits, turn, probability_of(when, path),
            read["requires"], read["sets"], read["times"], read["ttl"], read["goes_on"], faults,
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
        return Site(tuple(each for each in every if operations is None or each.id in operations), self.api)


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


def _moment(text: str) -> tuple[int, bool]:
    """Return a span after the scenario began, or an instant, and whether it is one."""
    try:
        return parse_duration(text), False
    except ValueError:
        pass
    try:
        return parse_instant(text), True
    except ValueError as error:
        expected = "a duration such as 2d, or a time such as 2026-04-13T14:30:00Z"
        raise DocumentError((Flaw(("at",), expected, got(text)),)) from error


def _check_states(rules: Sequence[Rule], events: Sequence[Happening], states: Sequence[str]) -> None:
    """Refuse a state that nobody declares, and one that is required and never reached."""
    for at, each in enumerate(events):
        if each.state is not None and each.state not in states:
            expected = "one of the states " + ", ".join(states)
            raise DocumentError(
                (Flaw(("timeline", at, "state"), expected, got(each.state), nearest(each.state, states)),)
            )
    set_by_events = {each.state for each in events if each.state is not None}
    reached = {states[0], *set_by_events, *(each.sets for each in rules if each.sets)} if states else set()
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
