"""The fast path: an active workflow that covers most of what a query needs is used as it stands.

A workflow may be used if it is active, of the query's domain if that names one, if all its units may take part, and if
those that can fire with what the query tells (or would, once a protocol's questions are answered) cover `COVERED`
percent of the query's needs. Of several it is the one that covers most, then by name.

Source: docs.ctrlai.com, guides/composing-workflows (80 %).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.apis.ctrlai.reasoning.cards import Card, place
from sandbox.apis.ctrlai.reasoning.firing import Chain, Step, fire, held_up, is_of_use, is_ready, lacking, passed
from sandbox.apis.ctrlai.reasoning.library import ENOUGH, Flow, Library
from sandbox.apis.ctrlai.reasoning.reading import Clause, Reading, Scope

COVERED = 80
MOST_UNITS = 64


def touches(card: Card, words: frozenset[str], clause: Clause) -> bool:
    """Tell whether this part of the query is one of those that trigger the unit."""
    for phrase in card.phrases:
        said = phrase & words
        if len(said) >= min(len(phrase), ENOUGH) and said & clause.words:
            return True
    return bool(card.title) and card.title <= words and bool(card.title & clause.words)


def needs(reading: Reading, cards: Iterable[Card]) -> list[tuple[Clause, str | None]]:
    """Return what the query needs: each variable that a clause wants, or, where it wants none, what it is about.

    A clause that only tells a value is a need if it triggers one of the units.
    """
    listed = tuple(cards)
    found: list[tuple[Clause, str | None]] = []
    for each in reading.clauses:
        found += [(each, name) for name in each.wanted]
        told = each.tells and not any(touches(one, reading.words, each) for one in listed)
        if not each.wanted and each.words and not told:
            found.append((each, None))
    return found


def fitting(
    reading: Reading, library: Library, scope: Scope, domain: str | None, called: frozenset[str]
) -> Flow | None:
    """Return the workflow that is used as it stands, given the units that the query calls for, or None."""
    """Return the workflow that is used as it stands, given the units that the query calls for, or None."""
    found: list[tuple[int, Flow]] = []
    for flow in library.flows:
        titled = bool(flow.title) and flow.title <= reading.words
        if (titled or not flow.ids.isdisjoint(called)) and _is_usable(flow, scope, domain):
            share = _share(flow, reading, titled=titled)
            if share >= COVERED:
                found.append((-share, flow))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _is_usable(flow: Flow, scope: Scope, domain: str | None) -> bool:
    jurisdiction = place(flow.row["jurisdiction"])
    cards = flow.cards
    open_ = jurisdiction in (None, scope.jurisdiction) and flow.whole and domain in (None, flow.row["domainId"])
    return open_ and all(scope.admits(one.verified, one.jurisdiction) for one in cards)


def _share(flow: Flow, reading: Reading, *, titled: bool) -> int:
    able = _able(flow, reading)
    wanted = needs(reading, flow.cards)
    covered = [
        each for each, name in wanted
        if (name is not None and any(name in one.offers for one in able))
        or (name is None and any(touches(one, reading.words, each) for one in able))
        or (name is None and titled and able and flow.title & each.words)
    ]  # fmt: skip
    return 100 * len(covered) // len(wanted) if wanted else 0


def _able(flow: Flow, reading: Reading) -> list[Card]:
    """Return the units of a workflow that can fire in its order, or would if a protocol's questions were answered."""
    there, able = set(reading.given), []
    for one in flow.cards:
        if one.type == "protocol" or all(name in there for name in one.required):
            able.append(one)
            there.update(one.makes)
    return able


def in_own_order(flow: Flow, reading: Reading) -> Chain:
    """Return what comes of a workflow, each of its units in its turn."""
    known: dict[str, Any] = dict(reading.given)
    steps: list[Step] = []
    for one in flow.cards[:MOST_UNITS]:
        if not is_of_use(one, known):
            steps.append(passed(one))
        elif is_ready(one, known):
            steps.append(fire(one, known))
        else:
            steps.append(held_up(one, lacking(one, known)))
    return Chain(tuple(steps), known, flow)
