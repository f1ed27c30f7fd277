"""Scenarios as Hypothesis draws and shrinks them: the server's behaviour, down to the smallest that breaks a client.

Theory of operation. A drawn scenario has a few rules, each with one fault, which strikes an operation at a call of a
certain number and never by chance: so the same scenario does the same in every world. Hypothesis shrinks towards fewer
draws and earlier alternatives, and a rule is drawn in this order: its kind, its call, its operation, its figures. The
number of a kind means the same whatever is drawn after it, so that one draw can become smaller while the others stay;
where a kind has nothing to do to an operation, the next one that has stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sandbox.core.document import nearest
from sandbox.settings import APIS
from sandbox.testing.strategies.moves import BROKEN, ILLEGAL, KINDS, LEGAL, Move, api_of, moves_of, operations_of
from sandbox.testing.strategies.script import Script, script_of

Drawn = st.SearchStrategy[list[dict[str, Any]]]
Draw = Callable[[st.SearchStrategy[Any]], Any]
PLACES = 40
"""Up to which place in an answer a variant is tried."""
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
    check_words("api", [api], APIS)
    named = KINDS if kinds is None else tuple(kinds)
    check_words("kinds", named, KINDS)
    meant = operations_of(api) if operations is None else tuple(dict.fromkeys(operations))
    check_words("operations", meant, operations_of(api))
    for name, number in (("max_rules", max_rules), ("max_calls", max_calls)):
        if number < 1:
            raise ValueError(f"{name}: expected a number from 1, got {number}")
    chosen = tuple(each for each in KINDS if each in named)
    cast = _cast(api, meant, chosen, max_calls, illegal, broken=illegal or kinds is not None)
    happenings = _events() if events and api_of(api).stage.incident is not None else st.just([])
    return _scripts(api, st.lists(_rules(cast), max_size=max_rules), happenings)


def check_words(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError if one of the given words is not known."""
    for each in given:
        if each not in known:
            near = nearest(each, known)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {each!r}{hint}")


@dataclass(frozen=True, slots=True)
class Cast:
    """What rules are drawn from: kinds, calls, operations, and what each kind, or its stand-in, does to these."""

    kinds: st.SearchStrategy[int]
    calls: st.SearchStrategy[int]
    operations: st.SearchStrategy[str]
    moves: Mapping[tuple[int, str], st.SearchStrategy[Move]]
    last: int


def _cast(api: str, operations: Sequence[str], kinds: Sequence[str], last: int, illegal: bool, *, broken: bool) -> Cast:
    """Return the cast; ValueError if none of the kinds has anything to do to any of the operations."""
    laws = {LEGAL, *((BROKEN,) if broken else ()), *((ILLEGAL, BROKEN) if illegal else ())}
    free = {each: [_of_law(moves_of(api, each)[kind], laws) for kind in kinds] for each in operations}
    meant = [each for each in operations if any(free[each])]
    if not meant:
        raise ValueError(f"kinds: expected one that fits {', '.join(operations)}, got {', '.join(kinds)}")
    moves = {(at, each): st.sampled_from(_from(free[each], at)) for each in meant for at in range(len(kinds))}
    return Cast(st.integers(0, len(kinds) - 1), st.integers(1, last), st.sampled_from(meant), moves, last)


def _of_law(moves: Iterable[Move], laws: Set[str]) -> tuple[Move, ...]:
    return tuple(each for each in moves if each.law in laws)


def _from(several: Sequence[tuple[Move, ...]], at: int) -> tuple[Move, ...]:
    """Return what the kind of this number does, or the next one, around, that does anything."""
    return next(each for each in (*several[at:], *several[:at]) if each)


@st.composite
def _rules(draw: Draw, cast: Cast) -> dict[str, Any]:
    """Draw a rule: as many draws whatever it is, for the fewer there are the smaller Hypothesis takes it to be."""
    kind, call, operation = draw(cast.kinds), draw(cast.calls), draw(cast.operations)
    move: Move = draw(cast.moves[kind, operation])
    more, place = draw(_IN_A_ROW), draw(_PLACES)
    when = _onward(call) if move.onward else _in_a_row(call, min(cast.last, call + more))
    return {"when": {"operation": operation, **when}, "then": _placed(move.then, place) if move.placed else move.then}


def _onward(call: int) -> dict[str, Any]:
    return {"after": call - 1} if call > 1 else {}


def _in_a_row(first: int, last: int) -> dict[str, Any]:
    return {"nth": first if first == last else list(range(first, last + 1))}


_PLACES = st.integers(0, PLACES)
_IN_A_ROW = st.integers(0, IN_A_ROW - 1)


def _placed(then: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {name: {**each, "place": place} for name, each in then.items()}


@st.composite
def _events(draw: Draw) -> list[dict[str, Any]]:
    """Draw a timed event, or none."""
    return [{"at": draw(_MOMENTS), **what} for what in draw(_EVENTS)]


_EVENTS = st.lists(st.sampled_from(EVENTS), max_size=1)
_MOMENTS = st.sampled_from(MOMENTS)


@st.composite
def _scripts(draw: Draw, api: str, rules: Drawn, events: Drawn) -> Script:
    """Draw a scenario; built by a call, it would be printed as that call and not as its file."""
    return script_of(api, _counting_alike(draw(rules)), draw(events))


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
    kinds = [KINDS.index(name) for each in rules for name in each["then"] if name in KINDS]
    return len(rules) + len(events), kinds, [_first_call(each["when"]) for each in rules], len(script.text), script.text


def _first_call(when: Mapping[str, Any]) -> int:
    nth = when.get("nth", when.get("after", 0) + 1)
    return int(nth if isinstance(nth, int) else nth[0])
