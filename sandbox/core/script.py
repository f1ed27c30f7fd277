"""From a scenario's document to its rules; whatever could not work is refused when it is read, all of it at once.

The words are the field's: where WireMock, MockServer or moto have a name for the same thing, that name is taken too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.core.api import Api
from sandbox.core.contract import Operation
from sandbox.core.document import DocumentError, Flaw, Path, got, load, nearest
from sandbox.core.form import (
    MOST_COMINGS,
    MOST_LOOKS,
    MOST_MOVES,
    MOST_PATHS,
    MOST_RULES,
    SCENARIO_WORDS,
    EventSchema,
    ScenarioSchema,
    read_own,
    read_time,
    rule_words,
)
from sandbox.core.frozen import freeze
from sandbox.core.gathering import Flaws, flawed, placed, plain
from sandbox.core.happening import Deed, Happening
from sandbox.core.kind import EventKind, FaultKind, Site, Unfit
from sandbox.core.reach import Read, repeated, shadowed, undeclared, unreached
from sandbox.core.scenario import BY_HAND, Fault, Rule, Scenario
from sandbox.core.synonym import renamed
from sandbox.core.then import then_of
from sandbox.core.when import read_when

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads scenarios of one API: with these kinds of faults, and the documents that `uses` may name."""

    api: Api
    kinds: tuple[FaultKind, ...]
    events: tuple[EventKind, ...]
    used: Callable[[str], Any]

    def scenario(self, document: Any) -> Scenario:
        """Return the scenario that the document writes; DocumentError names all that is wrong with it."""
        given = plain(document)
        try:
            _check_paths(given)
            return self._scenario(given, "")
        except DocumentError as error:
            raise DocumentError(placed(error.flaws, given)) from error

    def rule(self, document: Any, scenario: str, at: int, path: Path) -> Rule:
        """Return the rule that the document writes, as the `at`-th of its scenario."""
        given = plain(document)
        try:
            return self._rule(given, scenario, at).rule
        except DocumentError as error:
            flaws = placed(error.flaws, given)
            raise DocumentError(tuple(each.below(*path) for each in flaws)) from error

    def _scenario(self, document: Any, user: str) -> Scenario:
        """Return the scenario; `user` is the name of the one that uses it, if one does."""
        if not isinstance(document, Mapping):
            raise flawed((), "a mapping", "nothing" if document is None else got(document))
        head = renamed(document, SCENARIO_WORDS)
        flaws = Flaws()
        read = flaws.of(lambda: self._head(head.fields)) or {}
        name = str(head.fields.get("scenario"))
        rules = _each(flaws, head.fields, "rules", lambda one, at: self._rule(one, name, at))
        events = _each(flaws, head.fields, "timeline", self._event)
        used = _each(flaws, read, "uses", lambda one, _at: self._used(one, name, user))
        if read:
            flaws.add(*_whole(read, rules, events, used))
        try:
            flaws.tell()
        except DocumentError as error:
            raise DocumentError(tuple(head.told(each) for each in error.flaws)) from error
        scripts = [each for _, each in used]
        return Scenario(
            name,
            freeze(document),
            (*(each.rule for _, each in rules), *(one for each in scripts for one in each.rules)),
            tuple(_states(read, used)),
            read["seed"],
            (*(each for _, each in events), *(one for each in scripts for one in each.timeline)),
        )

    def _head(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the scenario's own fields; nothing else of a document for another API is worth a word."""
        api = fields.get("api", self.api.name)
        if api != self.api.name:
            raise flawed(("api",), self.api.name, got(api), nearest(api, [self.api.name]))
        read = load(ScenarioSchema, fields)
        if read["scenario"] == BY_HAND:
            raise flawed(("scenario",), f"another name than {BY_HAND}, which stands for single faults", BY_HAND)
        twice = [at for at, each in enumerate(read["states"]) if each in read["states"][:at]]
        if twice:
            raise flawed(("states", twice[0]), "each state once", got(read["states"][twice[0]]))
        return read

    def _used(self, name: str, own: str, user: str) -> Scenario:
        document = None if user else self.used(name)
        if user or (isinstance(document, Mapping) and document.get("uses")):
            raise flawed((), "a scenario that uses no other", got(name))
        if document is None or name == own:
            known = [each for each in self.api.scenarios() if each != own]
            expected = "the name of another scenario that the sandbox comes with"
            raise flawed((), expected, got(name), nearest(name, known))
        return self._scenario(plain(document), own)

    def _event(self, document: Any, at: int) -> Happening:
        """Return the timed event that the document writes, as the `at`-th of its scenario."""
        kinds = {each.name: each for each in self.events}
        own = tuple(EventSchema().fields)
        named = [name for name in _mapping(document) if name not in own]
        flaws = Flaws()
        if not named and document.get("state") is None:
            flaws.add(Flaw((), "one of " + ", ".join((*kinds, "state")), "none of them"))
        for each in named[1:] if named and named[0] in kinds else named:
            expected = "one of the keys " + ", ".join((*own, *kinds))
            told = "a second event" if each in kinds else "an unknown key"
            flaws.add(Flaw((each,), expected, told, None if each in kinds else nearest(each, (*own, *kinds))))
        read = flaws.of(lambda: read_time({name: each for name, each in document.items() if name in own}))
        deed = None
        if named and named[0] in kinds:
            deed = flaws.of(lambda: self._deed(kinds[named[0]], document[named[0]]), named[0])
        flaws.tell()
        return _happening(f"event-{at + 1}", read or {}, deed)

    def _deed(self, kind: EventKind, figures: Any) -> Deed:
        try:
            return kind.make(load(kind.schema, figures), self.api)
        except Unfit as unfit:
            raise DocumentError((unfit.flaw,)) from unfit

    def _rule(self, document: Any, scenario: str, at: int) -> Read:
        """Return the rule that the document writes, as the `at`-th of its scenario."""
        given = renamed(_mapping(document), rule_words(self.kinds))
        flaws = Flaws()
        read = flaws.of(lambda: read_own(given.fields)) or {}
        asked = given.fields.get("when", {})
        when = flaws.of(lambda: read_when(_mapping(asked), self.api), "when")
        site = Site(self._every() if when is None else when.site, self.api)
        what = given.fields.get("then")
        if isinstance(what, Mapping):
            kinds = {each.name: each for each in self.kinds}
            then, faults = flaws.of(lambda: then_of(kinds, what, site), "then") or (_nothing, ())
        try:
            flaws.tell()
        except DocumentError as error:
            raise DocumentError(tuple(given.told(each) for each in error.flaws)) from error
        name = f"{scenario}#{read['name'] or f'rule-{at + 1}'}"
        when = when or read_when({}, self.api)
        rule = Rule(
            name, name, then, when.operations, when.fits, when.turn, when.probability,
            read["requires"], read["sets"], read["times"], read["ttl"], read["goes_on"], faults, scenario,
            when.lasting,
        )  # fmt: skip
        return Read(rule, when, ("rules", at))

    def _every(self) -> tuple[Operation, ...]:
        return tuple(self.api.contract.operations.values())


def _happening(name: str, read: Mapping[str, Any], deed: Deed | None) -> Happening:
    instant, absolute = read["at"]
    return Happening(name, instant, deed, read["state"], absolute, read["every"] or 0, read["times"] or 1)


def _nothing(_count: int, _draw: float) -> tuple[Fault, ...]:
    return ()


def _mapping(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise flawed((), "a mapping", "null" if document is None else got(document))
    return document


def _each(flaws: Flaws, fields: Mapping[str, Any], name: str, read: Callable[[Any, int], T]) -> list[tuple[int, T]]:
    """Return what is read of each thing in a list of the document, with its place; what is flawed is left out."""
    found = []
    listed = fields.get(name)
    for at, one in enumerate(listed[:MOST_RULES] if isinstance(listed, list) else ()):
        made = flaws.of(lambda one=one, at=at: read(one, at), name, at)  # type: ignore[misc]
        if made is not None:
            found.append((at, made))
    return found


def _check_paths(document: Any) -> None:
    """Refuse a scenario that asks so many bodies so much that reading it alone would take seconds."""
    rules = document.get("rules") if isinstance(document, Mapping) else None
    count = sum(_paths_in(each) for each in rules) if isinstance(rules, list) else 0
    if count > MOST_PATHS:
        raise flawed(("rules",), f"at most {MOST_PATHS:,} JSONPaths in all conditions together", f"{count:,}")


def _paths_in(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum((isinstance(key, str) and key.startswith("$")) + _paths_in(each) for key, each in value.items())
    return sum(map(_paths_in, value)) if isinstance(value, list) else 0


Placed = Sequence[tuple[int, T]]


def _whole(
    read: Mapping[str, Any], rules: Placed[Read], events: Placed[Happening], used: Placed[Scenario]
) -> Iterator[Flaw]:
    """Yield what is wrong with the scenario as a whole, given that its parts are right."""
    mine = [each for _, each in rules]
    yield from repeated(mine)
    yield from shadowed(mine)
    yield from _together(read, used)
    states = _states(read, used)
    yield from undeclared(mine, [(each, ("timeline", at)) for at, each in events], states)
    set_elsewhere = {each.state for _, each in events} | {one.sets for _, each in used for one in each.rules}
    set_elsewhere |= {one.state for _, each in used for one in each.timeline}
    if len(mine) == len(read["rules"]):
        yield from unreached(mine, {read["states"][0], *(each for each in set_elsewhere if each is not None)}, states)
    if len(mine) + sum(len(each.rules) for _, each in used) > MOST_RULES:
        yield Flaw(("uses",), f"at most {MOST_RULES} rules with those of the scenarios that it uses", "more")
    yield from _heavy([*(each for _, each in events), *(one for _, each in used for one in each.timeline)])


def _heavy(timeline: Sequence[Happening]) -> Iterator[Flaw]:
    """Yield why there is too much in this timeline to have happened between two looks."""
    comings = sum(each.times for each in timeline)
    if comings > MOST_COMINGS:
        yield Flaw(("timeline",), f"events that come at most {MOST_COMINGS:,} times in all", f"{comings}")
    moving = [(each.times, each.deed.metrics) for each in timeline if each.deed is not None and each.deed.metrics]
    moves = sum(times * count for times, count in moving)
    if moves > MOST_MOVES:
        yield Flaw(("timeline",), f"drifts that begin at most {MOST_MOVES} times, each feature counted", f"{moves}")
    often, metrics = sum(times for times, _ in moving), sum(count for _, count in moving)
    if often * metrics > MOST_LOOKS:
        expected = f"drifts that come, times all their features, at most {MOST_LOOKS:,} times"
        yield Flaw(("timeline",), expected, f"{often} times {metrics} features")


def _states(read: Mapping[str, Any], used: Placed[Scenario]) -> list[str]:
    """Return the states, those of the scenarios that it uses among them."""
    return list(dict.fromkeys([*read["states"], *(state for _, each in used for state in each.states)]))


def _together(read: Mapping[str, Any], used: Placed[Scenario]) -> Iterator[Flaw]:
    """Yield why these scenarios cannot be used together: each may be used once, and they begin in one state."""
    seen: set[str] = set()
    for at, each in used:
        if each.name in seen:
            yield Flaw(("uses", at), "each scenario once", got(each.name))
        seen.add(each.name)
        if each.states[0] != read["states"][0]:
            expected = f"a scenario that begins in {read['states'][0]}, as this one does"
            yield Flaw(("uses", at), expected, f"one that begins in {each.states[0]}")
