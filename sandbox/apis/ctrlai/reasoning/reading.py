"""What a query says: the typed variables in its text, what it wants, and the clauses that it is made of.

A variable is read where its words stand in the text with a value behind them ("monthly debt of $1,500", "credit score:
700") or, where none is behind, right before them ("$1,500 of monthly debt"). The last words of a variable are enough
where no other variable ends in them and no other word stands before them ("income is 5,000", not "annual income ...").
A percentage is a hundredth, unless the variable itself is in percent. Booleans are yes, no, true, false, "without",
"with"; choices are read as they are written; any other text only in quotation marks, or behind a colon or equals sign.
What is named and has no value is wanted, if a unit makes it. `additionalInputs` come before all that is read.

Reading looks a bounded number of tokens to each side of a mention, so that it is linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.library import Library, Told
from sandbox.apis.ctrlai.reasoning.schema import Variable, fits, is_name, is_of, kind_of
from sandbox.apis.ctrlai.reasoning.structures import ANY
from sandbox.apis.ctrlai.reasoning.values import before, behind
from sandbox.apis.ctrlai.reasoning.words import IDLE, Token, stems, tokens, topics
from sandbox.core.frozen import Frozen

MOST_GIVEN = 200

_ENDS = frozenset(".?!;\n")
_JOINS = stems("and also then plus but")
_ASKING = """
    what how why who when where which is are can should does do will explain tell assess compute calculate determine
    give describe recommend evaluate check decide find write list compare suggest predict estimate summarize summarise
    show
    """
_ASKS = stems(_ASKING)


class Ask(NamedTuple):
    """One query: its text, the caller's own values, and whom it may be answered by.

    `kept` are values from earlier turns of a conversation; what is said now comes before them.
    """

    query: str
    domain: str | None = None
    jurisdiction: str | None = None
    inputs: Mapping[str, Any] = Frozen()
    unverified: bool = False
    kept: Mapping[str, Any] = Frozen()


class Misfit(NamedTuple):
    """A given value of another type than the units say: the variable, and what is wrong, in zod's words."""

    name: str
    issue: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the query: its words, the variables that it wants, whether it tells a value, and its text."""

    text: str
    words: frozenset[str]
    wanted: tuple[str, ...]
    tells: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query says; `read` are the variables that its text tells, `given` those and the caller's own."""

    given: Frozen
    read: tuple[str, ...]
    wanted: tuple[str, ...]
    clauses: tuple[Clause, ...]
    words: frozenset[str]
    unfit: Misfit | None = None


class _Mention(NamedTuple):
    start: int
    end: int
    names: tuple[str, ...]
    whole: bool


class Scope(NamedTuple):
    """Who may take part in an answer."""

    jurisdiction: str | None
    unverified: bool

    def admits(self, verified: bool, jurisdiction: str | None) -> bool:
        """Tell whether a unit of this standing may: a universal one or one of the query's own jurisdiction."""
        return (verified or self.unverified) and jurisdiction in (None, self.jurisdiction)


def read(ask: Ask, library: Library, scope: Scope) -> Reading:
    """Return what the query says to these units; it takes any text, and a misfit among the caller's values is told."""
    found = tokens(ask.query)
    mentions = _mentions(found, library, scope)
    told = _values(ask.query, found, mentions, library, scope)
    given, unfit = _given(ask.inputs, library, scope)
    merged = Frozen({**ask.kept, **{name: each for name, (each, _) in told.items()}, **given})
    clauses = _clauses(ask.query, found, mentions, {at for _, at in told.values()}, merged, library, scope)
    wanted = tuple(dict.fromkeys(name for each in clauses for name in each.wanted))
    return Reading(merged, tuple(told), wanted, clauses, topics(each.key for each in found), unfit)


# Where variables stand.


def _mentions(found: Sequence[Token], library: Library, scope: Scope) -> list[_Mention]:
    mentions: list[_Mention] = []
    at = 0
    while at < len(found):
        mention = _mention(found, at, library, scope)
        if mention is not None:
            mentions.append(mention)
        at = mention.end if mention is not None else at + 1
    return mentions


def _mention(found: Sequence[Token], at: int, library: Library, scope: Scope) -> _Mention | None:
    longest = library.longest.get(found[at].key, 0) if found[at].kind == "word" else 0
    words = tuple(each.key for each in found[at : at + longest])
    for end in range(len(words), 0, -1):
        names = tuple(each for each in library.spoken.get(words[:end], ()) if _is_open(each, library, scope))
        if names:
            return _Mention(at, at + end, names, whole=True)
        if words[:end] in library.endings and not (at and _is_topic(found[at - 1])):
            ending = _only(library.endings[words[:end]], library, scope)
            if ending is not None:
                return _Mention(at, at + end, (ending,), whole=False)
    return None


def _is_topic(token: Token) -> bool:
    return token.kind == "word" and token.key not in IDLE


def _is_open(name: str, library: Library, scope: Scope) -> bool:
    return bool(_open(library.taken.get(name, ()), scope) or _open(library.made.get(name, ()), scope))


def _open(told: Iterable[Told], scope: Scope) -> list[Variable]:
    return [each.variable for each in told if scope.admits(each.verified, each.jurisdiction)]


def _only(names: Iterable[str], library: Library, scope: Scope) -> str | None:
    chosen: str | None = None
    for name in names:
        if _open(library.taken.get(name, ()), scope):
            if chosen is not None:
                return None
            chosen = name
    return chosen


# What values they have.


def _values(
    text: str, found: Sequence[Token], mentions: Sequence[_Mention], library: Library, scope: Scope
) -> dict[str, tuple[Any, int]]:
    told: dict[str, tuple[Any, int]] = {}
    taken: set[int] = set()
    for seek in (behind, before):
        for at, mention in enumerate(mentions):
            for name in mention.names:
                if name in told:
                    continue
                for variable in _open(library.taken.get(name, ()), scope):
                    hit = seek(text, found, mention.start, mention.end, variable)
                    if hit is not None and hit[1] not in taken:
                        told[name] = (hit[0], at)
                        taken.add(hit[1])
                        break
    return told


# What the caller gave.


def _given(inputs: Mapping[str, Any], library: Library, scope: Scope) -> tuple[dict[str, Any], Misfit | None]:
    given: dict[str, Any] = {}
    for name, value in list(inputs.items())[:MOST_GIVEN]:
        variables = _open(library.taken.get(name, ()), scope)
        if any(each.type == ANY or fits(value, each) for each in variables):
            given[name] = value
        elif variables:
            return given, Misfit(name, _issue(value, variables[0]))
        elif is_name(name) and any(is_of(value, each) for each in ("number", "string", "boolean")):
            given[name] = value
    return given, None


def _issue(value: object, variable: Variable) -> str:
    if variable.enum and is_of(value, variable.type):
        choices = " | ".join(f"'{each}'" for each in variable.enum)
        return f"Invalid enum value. Expected {choices}, received '{value}'"
    if variable.type == "integer" and kind_of(value) == "number":
        return "Expected integer, received float"
    return f"Expected {'number' if variable.type == 'integer' else variable.type}, received {kind_of(value)}"


# What the query consists of.


def _clauses(
    text: str, found: Sequence[Token], mentions: Sequence[_Mention], telling: set[int], given: Mapping[str, Any],
    library: Library, scope: Scope,
) -> tuple[Clause, ...]:  # fmt: skip
    clauses: list[Clause] = []
    remaining = list(enumerate(mentions))[::-1]
    for start, end in _spans(found):
        within = []
        while remaining and remaining[-1][1].start < end:
            within.append(remaining.pop())
        wanted = [
            name for _, each in within if each.whole for name in each.names
            if name not in given and _open(library.made.get(name, ()), scope)
        ]  # fmt: skip
        words = topics(each.key for each in found[start:end])
        tells = any(at in telling for at, _ in within)
        if words or tells:
            said = text[found[start].start : found[end - 1].end]
            clauses.append(Clause(said, words, tuple(dict.fromkeys(wanted)), tells))
    return tuple(clauses)


def _spans(found: Sequence[Token]) -> Iterable[tuple[int, int]]:
    start = 0
    for at, token in enumerate(found):
        joined = token.key in _JOINS and at + 1 < len(found) and found[at + 1].key in _ASKS
        if token.key in _ENDS or joined:
            if at > start:
                yield start, at
            start = at + 1
    if start < len(found):
        yield start, len(found)
