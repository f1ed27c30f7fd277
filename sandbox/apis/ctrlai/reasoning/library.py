"""All units of an organisation by what may make them of use to a query: the words that trigger them, what they make.

A `Library` follows from its rows alone and is remembered by the identity of their tuple, so that a request reads
nothing that an earlier one has read, and meets no unit that shares no word and no variable with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from sandbox.apis.ctrlai.reasoning.cards import Card, Same, card
from sandbox.apis.ctrlai.reasoning.schema import Variable
from sandbox.apis.ctrlai.reasoning.words import keys, topics
from sandbox.core.frozen import Frozen

ACTIVE = "active"
ENOUGH = 2
"""A phrase of two words or more triggers by two of them."""

K = TypeVar("K")
T = TypeVar("T")


class Told(NamedTuple):
    """A variable as units of one kind take it: what it may be, and who they are to be open to a query."""

    variable: Variable
    verified: bool
    jurisdiction: str | None


@dataclass(frozen=True, slots=True)
class Flow:
    """An active workflow: its units in its own order, whether all of them are there, and the words of its name."""

    row: Frozen
    cards: tuple[Card, ...]
    ids: frozenset[str]
    title: frozenset[str]
    whole: bool


@dataclass(frozen=True, slots=True)
class Library:
    """All units by what may make them of use to a query.

    `places` is the order of preference of the units, by id. `phrases`, in that order, are (card, words, how many of
    them have to be said), and `triggers` leads from a word to places in them. `makers` of a variable, and the `silent`
    units that take it and have no WHEN, are in that order, too. `spoken` are the variables that some words name,
    `endings` those that end in them, `longest` how many words can follow a first one.
    """

    places: Mapping[str, int]
    phrases: tuple[tuple[Card, frozenset[str], int], ...]
    triggers: Mapping[str, tuple[int, ...]]
    makers: Mapping[str, tuple[Card, ...]]
    silent: Mapping[str, tuple[Card, ...]]
    taken: Mapping[str, tuple[Told, ...]]
    made: Mapping[str, tuple[Told, ...]]
    spoken: Mapping[tuple[str, ...], tuple[str, ...]]
    endings: Mapping[tuple[str, ...], tuple[str, ...]]
    longest: Mapping[str, int]
    flows: tuple[Flow, ...]


def library(units: Sequence[Frozen], workflows: Sequence[Frozen] = ()) -> Library:
    """Return the library of these units and workflows, remembered by the identity of both sequences."""
    return _library(Same(units), Same(workflows))


@lru_cache(maxsize=8)
def _library(units: Same, workflows: Same) -> Library:
    return library_of(units.value, workflows.value)


def library_of(units: Iterable[Frozen], workflows: Iterable[Frozen]) -> Library:
    """Return the library of these units and workflows, made anew; the units themselves are read once."""
    cards = sorted((card(each) for each in units), key=lambda one: one.rank)
    phrases = tuple(each for one in cards for each in _phrases(one))
    spoken = _spoken(cards)
    return Library(
        places=MappingProxyType({one.id: at for at, one in enumerate(cards)}),
        phrases=phrases,
        triggers=_filed((word, at) for at, (_, words, _) in enumerate(phrases) for word in words),
        makers=_filed((name, one) for one in cards for name in one.offers),
        silent=_filed((each.name, one) for one in cards if not one.phrases for each in one.inputs),
        taken=_told((one, one.inputs) for one in cards),
        made=_told((one, one.outputs) for one in cards),
        spoken=_filed(spoken),
        endings=_filed((words[at:], name) for words, name in spoken for at in range(1, len(words))),
        longest=_longest(words for words, _ in spoken),
        flows=_flows({one.id: one for one in cards}, workflows),
    )


def _phrases(one: Card) -> Iterable[tuple[Card, frozenset[str], int]]:
    for words in one.phrases:
        yield one, words, min(len(words), ENOUGH)
    if one.title:
        yield one, one.title, len(one.title)


def _filed(pairs: Iterable[tuple[K, T]]) -> Mapping[K, tuple[T, ...]]:
    found: dict[K, list[T]] = {}
    for key, each in pairs:
        found.setdefault(key, []).append(each)
    return MappingProxyType({key: tuple(each) for key, each in found.items()})


def _told(pairs: Iterable[tuple[Card, Iterable[Variable]]]) -> Mapping[str, tuple[Told, ...]]:
    found: dict[str, dict[Told, None]] = {}
    for one, variables in pairs:
        for each in variables:
            told = Told(Variable(each.name, each.type, True, each.enum), one.verified, one.jurisdiction)
            found.setdefault(each.name, {})[told] = None
    return MappingProxyType(
        {name: tuple(sorted(each, key=repr) if len(each) > 1 else each) for name, each in found.items()}
    )


def _spoken(cards: Iterable[Card]) -> list[tuple[tuple[str, ...], str]]:
    names = {each.name for one in cards for each in (*one.inputs, *one.outputs)}
    return sorted((words, name) for name in names if (words := keys(name)))


def _longest(phrases: Iterable[tuple[str, ...]]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for words in phrases:
        for at in range(len(words)):
            found[words[at]] = max(found.get(words[at], 0), len(words) - at)
    return MappingProxyType(found)


def _flows(cards: Mapping[str, Card], workflows: Iterable[Frozen]) -> tuple[Flow, ...]:
    active = [_flow(cards, each) for each in workflows if each["status"] == ACTIVE and each["units"]]
    return tuple(sorted(active, key=lambda flow: (flow.row["name"], flow.row["id"])))


def _flow(cards: Mapping[str, Card], row: Frozen) -> Flow:
    found = tuple(cards[each] for each in row["units"] if each in cards)
    whole = len(found) == len(row["units"])
    return Flow(row, found, frozenset(each.id for each in found), topics(keys(row["name"])), whole)
