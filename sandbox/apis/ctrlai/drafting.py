"""The draft of a workflow that is found for a description: units that match it, and units that make what these lack.

Source: docs.ctrlai.com, api-reference/workflows: compose "finds matching units, chains them by typed I/O, returns a
draft". How it finds them is not told, so this is plain and always comes out the same: units match by the words that
they share with the description, those of the domain go before those of others, and the verified before the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sandbox.apis.ctrlai.composition import clash, typed
from sandbox.core.frozen import Frozen

MOST_UNITS = 12
"""A draft has no more units than this: a person has to read it."""

WORDS_SHARED = 2
"""A unit matches a description that it shares so many words with (or all, if it has fewer)."""

NAME_LENGTH = 60

_WORD = re.compile(r"[^\W_]+")
_IDLE = frozenset({
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has", "have",
    "how", "i", "if", "in", "into", "is", "it", "its", "may", "my", "of", "on", "or", "our", "should", "that", "the",
    "their", "then", "there", "they", "this", "to", "under", "unit", "use", "using", "want", "we", "what", "when",
    "whether", "which", "who", "why", "will", "with", "workflow", "would", "you", "your",
})  # fmt: skip


def words(text: str) -> frozenset[str]:
    """Return the telling words of a text, in lower case and without the plural's s."""
    found = (each for each in _WORD.findall(text.casefold()) if each not in _IDLE)
    return frozenset(each[:-1] if len(each) > 3 and each.endswith("s") and each[-2] != "s" else each for each in found)


def _words_of(unit: Frozen) -> frozenset[str]:
    texts = (unit[name] or "" for name in ("name", "description", "given", "when", "then"))
    takes, makes = typed(unit)
    return words(" ".join((*texts, *(each.name for each in (*takes, *makes)))))


def matching(description: str, domain: str, units: Sequence[Frozen]) -> list[Frozen]:
    """Return the units that match, best first: of the domain if it has some, else of any.

    The more words a unit shares with the description the better; among equals a verified one is, then an older one.
    """
    wanted = words(description)
    needed = max(1, min(WORDS_SHARED, len(wanted)))
    shared = {each["id"]: len(wanted & _words_of(each)) for each in units}
    fit = [each for each in units if shared[each["id"]] >= needed]
    ranked = sorted(fit, key=lambda each: (-shared[each["id"]], each["status"] != "verified", each["id"]))
    return [each for each in ranked if each["domainId"] == domain] or ranked


def _fitting(ranked: Iterable[Frozen]) -> list[Frozen]:
    """Return as many of the units, in order, as give no variable two types."""
    picked: list[Frozen] = []
    for unit in ranked:
        if len(picked) < MOST_UNITS and clash((*picked, unit)) is None:
            picked.append(unit)
    return picked


def _supplier(picked: Sequence[Frozen], ranked: Iterable[Frozen]) -> Frozen | None:
    """Return the first other unit that makes what one of these takes and none of these makes, or None."""
    lacking = {each for unit in picked for each in typed(unit).takes}
    lacking -= {each for unit in picked for each in typed(unit).makes}
    chosen = {each["id"] for each in picked}
    makers = (each for each in ranked if each["id"] not in chosen and lacking.intersection(typed(each).makes))
    return next((each for each in makers if clash((*picked, each)) is None), None)


def composed(description: str, domain: str, units: Sequence[Frozen]) -> list[Frozen]:
    """Return the units of a draft, in order: those that match, and those that make what these lack."""
    picked = _fitting(matching(description, domain, units))
    ranked = sorted(units, key=lambda each: (each["domainId"] != domain, each["status"] != "verified", each["id"]))
    while len(picked) < MOST_UNITS and (more := _supplier(picked, ranked)) is not None:
        picked.append(more)
    return chained(picked)


def chained(units: Sequence[Frozen]) -> list[Frozen]:
    """Return the units with makers before takers, and else as they stood; where makers take from takers, also so."""
    rest, placed = list(units), []
    while rest:
        ready = (at for at, each in enumerate(rest) if not any(_feeds(one, each) for one in rest if one is not each))
        placed.append(rest.pop(next(ready, 0)))
    return placed


def _feeds(maker: Frozen, taker: Frozen) -> bool:
    return not set(typed(maker).makes).isdisjoint(typed(taker).takes)


def named(description: str) -> str:
    """Return a name for the draft: the beginning of the description's first sentence, cut at a word."""
    first = re.split(r"[.!?;\n]", description.strip(), maxsplit=1)[0].strip()
    short = first if len(first) <= NAME_LENGTH else first[: NAME_LENGTH + 1].rpartition(" ")[0] or first[:NAME_LENGTH]
    return short[:1].upper() + short[1:] or "Workflow"
