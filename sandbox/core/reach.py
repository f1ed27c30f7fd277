"""What can never happen in a scenario: a rule that no request gets to, a state that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from sandbox.core.document import Flaw, Path, got, nearest
from sandbox.core.happening import Happening
from sandbox.core.scenario import ALWAYS, Rule
from sandbox.core.when import When

ANY = "any request"
_Key = tuple[str | None, bytes]


@dataclass(frozen=True, slots=True)
class Read:
    """A rule as it was read, with when it strikes and where it stands."""

    rule: Rule
    when: When
    path: Path


def repeated(rules: Iterable[Read]) -> list[Flaw]:
    """Return a flaw for each rule that is called as one before it."""
    seen: dict[str, Read] = {}
    flaws = []
    for each in rules:
        first = seen.setdefault(each.rule.name, each)
        if first is not each:
            expected = f"another name than that of rules[{first.path[-1]}]"
            flaws.append(Flaw((*each.path, "name"), expected, got(each.rule.name.partition("#")[2])))
    return flaws


def undeclared(rules: Iterable[Read], events: Sequence[tuple[Happening, Path]], states: Sequence[str]) -> list[Flaw]:
    """Return a flaw for each state that is named and not declared."""
    named = [((*each.path, "requires"), each.rule.requires) for each in rules]
    named += [((*each.path, "sets"), each.rule.sets) for each in rules]
    named += [((*path, "state"), each.state) for each, path in events]
    expected = "one of the states " + ", ".join(states)
    return [
        Flaw(path, expected, got(state), nearest(state, states))
        for path, state in named
        if state is not None and state not in states
    ]


def unreached(rules: Sequence[Read], given: Set[str], states: Sequence[str]) -> list[Flaw]:
    """Return a flaw for each rule that requires one of the states, to which nothing leads from those that are given."""
    reached = set(given)
    waiting = list(rules)
    while True:
        now = [each for each in waiting if each.rule.requires is None or each.rule.requires in reached]
        if not now:
            break
        reached |= {each.rule.sets for each in now if each.rule.sets is not None}
        waiting = [each for each in waiting if each.rule.requires is not None and each.rule.requires not in reached]
    expected = "a state that the scenario begins in, or that a rule or an event sets: " + ", ".join(sorted(reached))
    return [
        Flaw((*each.path, "requires"), expected, got(each.rule.requires))
        for each in rules
        if each.rule.requires in states and each.rule.requires not in reached
    ]


@dataclass(slots=True)
class _Taken:
    """The operations that earlier rules strike whenever they are asked, and the first of these rules."""

    operations: set[str] = field(default_factory=set)
    by: dict[str, int | str] = field(default_factory=dict)


def shadowed(rules: Iterable[Read]) -> list[Flaw]:
    """Return a flaw for each rule that no request gets to, since those before it strike every request that fits it."""
    taken: dict[_Key, _Taken] = {}
    flaws = []
    for each in rules:
        requires, asked = each.rule.requires, each.when.asked
        keys = [(state, fits) for state in {None, requires} for fits in {b"", asked}]
        by = _by([taken[key] for key in keys if key in taken], each.rule.operations)
        if by is not None:
            expected = f"a rule above rules[{by}], which strikes every such request and has no continue: true"
            flaws.append(Flaw(each.path, expected, "one that is never asked"))
        elif _always(each):
            mine = taken.setdefault((requires, asked), _Taken())
            for name in each.rule.operations or (ANY,):
                mine.operations.add(name)
                mine.by.setdefault(name, each.path[-1])
    return flaws


def _by(several: Sequence[_Taken], operations: Set[str] | None) -> int | str | None:
    """Return the place of a rule that leaves none of the operations, or None."""
    for each in several:
        if ANY in each.operations:
            return each.by[ANY]
    union = set().union(*(each.operations for each in several))
    if operations is None or not operations <= union:
        return None
    name = min(operations)
    return next(each.by[name] for each in several if name in each.by)


def _always(read: Read) -> bool:
    """Tell whether the rule strikes every request that fits it, and lets no other rule have it."""
    rule = read.rule
    bounded = rule.times is not None or rule.ttl is not None or rule.goes_on
    return rule.turn == ALWAYS and rule.probability == 1.0 and not bounded
