"""Scenarios as Hypothesis draws and shrinks them: the server's behaviour, down to the smallest that breaks a client.

Theory of operation. A drawn scenario has a few rules, each with one fault, which strikes an operation at a call of a
certain number and never by chance: so the same scenario does the same in every world. Hypothesis shrinks by making one
draw after the other smaller. So every scenario is the same number of draws, and each of them means the same whatever
the others are: for each rule whether there is one, its kind, its call, its operation, its figures, and so on, simplest
first. Where a kind has nothing to do to an operation, the next one that has stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sandbox.core.document import nearest
from sandbox.settings import APIS
from sandbox.testing.strategies.moves import BROKEN, ILLEGAL, KINDS, LEGAL, Move, api_of, moves_of, operations_of
from sandbox.testing.strategies.script import Script, script_of

Draw = Callable[[st.SearchStrategy[Any]], Any]
PLACES = 40
"""Up to which place in an answer a variant is tried."""
FIGURES = 24
"""From how many figures of a kind one is drawn, for every kind alike; where there are fewer they come again."""
_WIDTH = 7
"""How many draws a rule is."""
IN_A_ROW = 4
"""How many calls in a row a fault strikes at most, if it does not strike all that follow."""
MOMENTS = ("0s", "1m", "1h", "1d")
EVENTS: tuple[Mapping[str, Any], ...] = (
    {"incident": {"system": "all"}},
    {"drift": {"system": "all", "type": "prediction_drift", "from": 0.0, "to": 0.31, "over": "1m"}},
    {"resolve": {"system": "all"}},
)


def scenarios(
    api: str = "aikraft",
    *,
    operations: Iterable[str] | None = None,
    kinds: Iterable[str] | None = None,
    max_rules: int = 3,
    max_calls: int = 8,
    illegal: bool = False,
    events: bool = True,
) -> st.SearchStrategy[Script]:
    """Return a strategy of scenarios for an API: up to `max_rules` faults at calls 1 to `max_calls` of its operations.

    They are legal, unless `illegal` allows what breaks the contract or the connection; `hangup` and `commit` may break
    it too if `kinds` names them. `operations` come in the order in which they are preferred. `events` adds what happens
    by itself. ValueError names what is unknown.
    """
    if max_rules < 1:
        raise ValueError(f"max_rules: expected a number from 1, got {max_rules}")
    cast = cast_of(api, operations, kinds, max_calls, illegal=illegal)
    return scripts(cast, max_rules, events)


def cast_of(
    api: str, operations: Iterable[str] | None, kinds: Iterable[str] | None, max_calls: int, *, illegal: bool
) -> Cast:
    """Return what rules are drawn from; ValueError names what is unknown, or kinds that fit no operation."""
    check_words("api", [api], APIS)
    named = KINDS if kinds is None else tuple(kinds)
    check_words("kinds", named, KINDS)
    meant = operations_of(api) if operations is None else tuple(dict.fromkeys(operations))
    check_words("operations", meant, operations_of(api))
    if max_calls < 1:
        raise ValueError(f"max_calls: expected a number from 1, got {max_calls}")
    chosen = tuple(each for each in KINDS if each in named)
    laws = frozenset({LEGAL, *((ILLEGAL, BROKEN) if illegal else () if kinds is None else (BROKEN,))})
    fit = tuple(each for each in meant if any(moves_in(api, each, kind, laws) for kind in chosen))
    if not fit:
        raise ValueError(f"kinds: expected one that fits {', '.join(meant)}, got {', '.join(chosen)}")
    return Cast(api, chosen, laws, fit, max_calls)


def check_words(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError if one of the given words is not known."""
    for each in given:
        if each not in known:
            near = nearest(each, known)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {each!r}{hint}")


@dataclass(frozen=True, slots=True)
class Cast:
    """What rules are drawn from: kinds of faults that break only these laws, operations, and calls up to the last."""

    api: str
    kinds: tuple[str, ...]
    laws: frozenset[str]
    operations: tuple[str, ...]
    last: int


def moves_in(api: str, operation: str, kind: str, laws: frozenset[str]) -> tuple[Move, ...]:
    """Return what a kind of fault may do to an operation and break no other than these laws."""
    return tuple(each for each in moves_of(api, operation, kind) if each.law in laws)


@cache
def _moves(cast: Cast, at: int, operation: str) -> tuple[Move, ...]:
    """Return what the kind of this number does to the operation, or the next one, around, that does anything."""
    kinds = (*cast.kinds[at:], *cast.kinds[:at])
    several = (moves_in(cast.api, operation, each, cast.laws) for each in kinds)
    return next(each for each in several if each)


def _draws(cast: Cast, max_rules: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Return what a scenario is drawn as: for each rule whether it is there and the arguments of `_rule`; an event."""
    rule = (2, len(cast.kinds), cast.last, len(cast.operations), FIGURES, IN_A_ROW, PLACES)
    event = (2, len(EVENTS), len(MOMENTS))
    return st.tuples(*(st.integers(0, number - 1) for number in rule * max_rules + event))


@st.composite
def scripts(draw: Draw, cast: Cast, max_rules: int, events: bool) -> Script:
    """Draw a scenario; built by a call, it would be printed as that call and not as its file."""
    *rules, there, what, when = draw(_draws(cast, max_rules))
    drawn = [rules[at : at + _WIDTH] for at in range(0, len(rules), _WIDTH)]
    made = [_rule(cast, *rest) for present, *rest in drawn if present]
    happens = there and events and api_of(cast.api).stage.incident is not None
    event = [{"at": MOMENTS[when], **EVENTS[what]}] if happens else []
    return script_of(cast.api, _counting_alike(sorted(made, key=_order)), event)


def _rule(cast: Cast, kind: int, call: int, operation: int, figures: int, more: int, place: int) -> dict[str, Any]:
    name = cast.operations[operation]
    moves = _moves(cast, kind, name)
    move = moves[figures % len(moves)]
    return rule_of(name, move, call + 1, min(cast.last, call + 1 + more), place)


def rule_of(operation: str, move: Move, first: int, last: int, place: int) -> dict[str, Any]:
    """Return the rule by which a fault strikes these calls of the operation, or all from the first on."""
    when = _onward(first) if move.onward else _in_a_row(first, last)
    then = {each: {**value, "place": place} for each, value in move.then.items()} if move.placed else move.then
    return {"when": {"operation": operation, **when}, "then": then}


def _onward(call: int) -> dict[str, Any]:
    return {"after": call - 1} if call > 1 else {}


def _in_a_row(first: int, last: int) -> dict[str, Any]:
    return {"nth": first if first == last else list(range(first, last + 1))}


def _counting_alike(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rules, of which each lets those below it see the calls that it strikes: a call has one number."""
    later = [{each["when"]["operation"] for each in rules[at + 1 :]} for at in range(len(rules))]
    return [
        {**each, "continue": True} if each["when"]["operation"] in after else each
        for each, after in zip(rules, later, strict=True)
    ]


def size(script: Script) -> tuple[Any, ...]:
    """Return what scenarios are ordered by: how much happens, of which kinds, at which calls, in how many words."""
    rules, events = script.document.get("rules", ()), script.document.get("timeline", ())
    kinds, calls = [_kind(each) for each in rules], [_call(each) for each in rules]
    return len(rules) + len(events), kinds, calls, len(script.text), script.text


def _order(rule: Mapping[str, Any]) -> tuple[int, int]:
    return _call(rule), _kind(rule)


def _kind(rule: Mapping[str, Any]) -> int:
    return min((KINDS.index(each) for each in rule["then"] if each in KINDS), default=len(KINDS))


def _call(rule: Mapping[str, Any]) -> int:
    """Return the number of the first call that the rule strikes."""
    when = rule.get("when", {})
    nth = when.get("nth", when.get("after", 0) + 1)
    return int(nth if isinstance(nth, int) else nth[0])
