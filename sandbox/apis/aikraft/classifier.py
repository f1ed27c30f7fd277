"""Risk classification: what is said about a system in, a tier with its reasons out.

Theory of operation. Three stages, as the documentation tells them:

1. Screen. Name, description, purpose and domain become one row of words, each as heavy as its field; the words are
   held against the tables of `annex_iii`. A use with at least one signal of its own becomes a case.
2. Weigh. A signal counts its weight times that of the heaviest field that holds all of it, once, so that
   repetition gains nothing. Words of the area and general answers can strengthen a case, never make one.
3. Resolve. Of the cases at or above `THRESHOLD` the gravest tier wins, then the heaviest case. An Annex III case may be
   excused by Art. 6(3), unless people are profiled.

There is no understanding of language here: "does not rank applicants" ranks applicants. All loops are linear in
the text, because a pattern looks a fixed number of words to each side.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.apis.aikraft.annex_iii import (
    ANSWERS,
    AREAS,
    EXEMPTIONS,
    PROFILING,
    Answer,
    Area,
    Signal,
    Use,
)

OBLIGATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "unacceptable": ("System is prohibited and must not be placed on the EU market, put into service or used",),
        "high": (
            "Annex IV technical documentation required",
            "Conformity assessment required before deployment",
            "Registration in EU AI Act database required",
            "Human oversight measures must be implemented",
        ),
        "limited": ("Users must be informed that they are interacting with AI or with AI-generated content",),
        "minimal": (),
    }
)

THRESHOLD = 6
DECLARED = 12  # a category that the answers name outweighs any guess from words
REACH = 4
NEARBY = tuple(d for d in range(-REACH, REACH + 1) if d)
WEIGHTS = MappingProxyType({"name": 3, "description": 2, "purpose": 3, "domain": 4, "answers": 3})
GRAVITY = ("unacceptable", "high", "limited", "minimal")

Element = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Parts that must all be met, each by one of its phrases; without any of `heads` the first part cannot be."""

    parts: tuple[tuple[tuple[Element, ...], ...], ...]
    heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One classification; `key_factors` is never empty, the sub-point is None where the Act has no letter."""

    risk_tier: str
    annex_iii_category: int | None
    annex_iii_sub_point: str | None
    confidence: str
    key_factors: tuple[str, ...]
    obligations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """The words that some pattern knows, by place, and the weight of every place."""

    places: Mapping[str, frozenset[int]]
    weights: Sequence[int]


@dataclass(frozen=True, slots=True)
class Case:
    """What speaks for one use."""

    area: Area
    use: Use
    score: int
    sentences: tuple[str, ...]
    count: int


def classify(name: str, description: str, purpose: str, domain: str, answers: Mapping[str, object]) -> Finding:
    """Classifies a system from four free texts and the answers of the questionnaire; never raises."""
    asked = (row for row in ANSWERS if row.key in answers)
    given = tuple(row for row in asked if not _reading(answers[row.key]).isdisjoint(row.values))
    fields = {"name": name, "description": description, "purpose": purpose, "domain": domain}
    text = _text(fields, [row.mark for row in given if row.mark])
    cases = sorted(_cases(text, sum(row.weight for row in given)), key=_rank)
    if not cases or cases[0].score < THRESHOLD:
        return _nothing_found(cases, given)
    excuses = _excuses(text, cases[0])
    return _excused(cases, given, excuses) if excuses else _found(text, cases, given)


def point(area: Area, use: Use) -> str | None:
    """The Annex III sub-point as the API writes it, such as "4(a)"."""
    return f"{area.number}({use.letter})" if area.number and use.letter else None


def _reading(answer: object) -> frozenset[str]:
    """The words that an answer may be known by; none for what the questionnaire does not ask."""
    if isinstance(answer, bool):
        return frozenset({"yes" if answer else "no"})
    if isinstance(answer, str):
        said = answer[:32].strip().casefold()
        return frozenset({_SPOKEN.get(said, said)})
    if isinstance(answer, int | float):
        # NaN is neither positive nor whole; the bound keeps str() away from numbers of a thousand digits.
        small = {str(int(answer))} if abs(answer) < 100 and answer == int(answer) else set()
        return frozenset(small | ({"positive"} if answer > 0 else set()))
    return frozenset()


# Stage 1: screen.


def _text(fields: Mapping[str, str], marks: Iterable[str]) -> Text:
    places: dict[str, set[int]] = {}
    weights: list[int] = []
    for field, value in fields.items():
        words = re.findall(r"[^\W_]+", value.casefold())
        for place, (word, following) in enumerate(zip(words, [*words, ""][1:], strict=True), len(weights)):
            for known in _known(word, following):
                places.setdefault(known, set()).add(place)
        # The blank places keep the end of one field out of reach of the next.
        weights += [WEIGHTS[field]] * len(words) + [0] * REACH
    for mark in marks:
        places[mark] = {len(weights)}
        weights += [WEIGHTS["answers"]] + [0] * REACH
    return Text({word: frozenset(found) for word, found in places.items()}, weights)


def _known(word: str, following: str) -> Iterable[str]:
    """The words of the tables that a word stands for, alone or with the one behind it."""
    yield from _stems(word)
    if word in _HEADS:
        yield from _stems(f"{word}_{following[:_LONGEST]}")


def _stems(word: str) -> Iterable[str]:
    if word in _WORDS:
        yield word
    for end in range(2, min(len(word), _LONGEST) + 1):
        if (stem := word[:end] + "*") in _WORDS:
            yield stem


# Stage 2: weigh.


def _cases(text: Text, general: int) -> Iterable[Case]:
    for area, words, uses in _RULES:
        nearness = _weight(words, text)
        for use, patterns in uses:
            hits = [(signal, w) for signal, pattern in patterns if (w := _weight(pattern, text))]
            declared = _declared(area, use, text)
            if declared or any(signal.weight > 0 for signal, _ in hits):
                own = declared + sum(signal.weight * w for signal, w in hits)
                # An excepted use stays so, however grave its surroundings are.
                support = nearness + (general if area.tier == "high" else 0) if own > 0 else 0
                sentences = tuple(signal.sentence for signal, _ in hits)
                yield Case(area, use, own + support, sentences, len(hits) + bool(nearness) + bool(declared))


def _declared(area: Area, use: Use, text: Text) -> int:
    marks = (f"+category_{area.number}", f"+point_{point(area, use)}")
    return DECLARED * sum(mark in text.places for mark in marks)


def _weight(pattern: Pattern, text: Text) -> int:
    """How heavy the lightest necessary part of a pattern is, each part at its heaviest; 0 where one is missing."""
    if pattern.heads.isdisjoint(text.places):
        return 0
    lightest = 0
    for phrases in pattern.parts:
        heaviest = max((_phrase(phrase, text) for phrase in phrases), default=0)
        if not heaviest:
            return 0
        lightest = min(lightest or heaviest, heaviest)
    return lightest


def _phrase(phrase: tuple[Element, ...], text: Text) -> int:
    reached: set[int] | frozenset[int] = _places(phrase[0], text)
    for element in phrase[1:]:
        if not reached:
            return 0
        reached = {place for place in _places(element, text) if any(place + d in reached for d in NEARBY)}
    return max((text.weights[place] for place in reached), default=0)


def _places(element: Element, text: Text) -> frozenset[int]:
    found = [text.places[word] for word in element if word in text.places]
    return found[0] if len(found) == 1 else frozenset().union(*found)


# Stage 3: resolve.


def _rank(case: Case) -> tuple[bool, int, int]:
    return case.score < THRESHOLD, GRAVITY.index(case.area.tier), -case.score


def _excuses(text: Text, case: Case) -> tuple[str, ...]:
    if case.area.number is None or _weight(_PROFILING, text):
        return ()
    return tuple(signal.sentence for signal, pattern in _EXEMPTIONS if _weight(pattern, text))


def _found(text: Text, cases: Sequence[Case], given: Sequence[Answer]) -> Finding:
    best = cases[0]
    ruled_out = (PROFILING.sentence,) if _claims_in_vain(text, best) else ()
    factors = _factors(best, given, (*ruled_out, *_also(cases)))
    return _finding(best.area.tier, best, _confidence(cases, len(given)), factors)


def _claims_in_vain(text: Text, case: Case) -> bool:
    claimed = any(_weight(pattern, text) for _, pattern in _EXEMPTIONS)
    return claimed and case.area.number is not None and _weight(_PROFILING, text) > 0


def _also(cases: Sequence[Case]) -> tuple[str, ...]:
    best, *others = cases
    strong = (case for case in others if case.score >= THRESHOLD and case.area.tier != "minimal")
    return tuple(f"Signals also point to {_label(case)}" for case in strong if _label(case) != _label(best))


def _label(case: Case) -> str:
    where = f"{case.area.article}({case.use.letter})" if case.use.letter else case.area.article
    return f"{where}, {case.use.title.lower()}"


def _excused(cases: Sequence[Case], given: Sequence[Answer], excuses: tuple[str, ...]) -> Finding:
    """An Annex III use that Art. 6(3) takes out of the high tier; it keeps its point, since it stays such a use."""
    duties = any(case.area.tier == "limited" and case.score >= THRESHOLD for case in cases)
    factors = _factors(cases[0], given, (*excuses, *_also(cases)))
    # The provider assesses the exception alone (Art. 6(4)), so it is never certain.
    return _finding("limited" if duties else "minimal", cases[0], "medium", factors)


def _nothing_found(cases: Sequence[Case], given: Sequence[Answer]) -> Finding:
    none = "No prohibited practice, Annex III use or transparency duty was found"
    weak = [f"Considered: {sentence}" for case in cases for sentence in case.sentences]
    factors = tuple(dict.fromkeys((none, *weak, *(row.sentence for row in given))))
    nearest = max((case.score for case in cases), default=0)
    return _finding("minimal", None, "medium" if nearest <= 0 and given else "low", factors)


def _factors(case: Case, given: Sequence[Answer], last: tuple[str, ...]) -> tuple[str, ...]:
    said = tuple(row.sentence for row in given)
    return tuple(dict.fromkeys((case.area.opening, *case.sentences, *said, *last)))


def _confidence(cases: Sequence[Case], answered: int) -> str:
    best, *others = cases
    # What is graver or as grave may be the truth; what is lighter is only covered by it.
    rivals = (case.score for case in others if GRAVITY.index(case.area.tier) <= GRAVITY.index(best.area.tier))
    margin = best.score - max((0, *rivals))
    signals = best.count + answered
    if margin < 3:
        return "low"
    return "high" if margin >= 6 and signals >= 2 else "medium"


def _finding(tier: str, case: Case | None, confidence: str, factors: tuple[str, ...]) -> Finding:
    category = case.area.number if case else None
    sub_point = point(case.area, case.use) if case else None
    return Finding(tier, category, sub_point, confidence, factors, OBLIGATIONS[tier])


# The tables, read once.


def _pattern(line: str) -> Pattern:
    parts = [part.split(",") for part in line.split("&")] if line else []
    read = tuple(tuple(tuple(tuple(e.split("|")) for e in p.split()) for p in part) for part in parts)
    return Pattern(read, frozenset(word for phrase in next(iter(read), ()) for word in phrase[0]))


def _read(signals: Iterable[Signal]) -> tuple[tuple[Signal, Pattern], ...]:
    return tuple((signal, _pattern(signal.pattern)) for signal in signals)


def _vocabulary(patterns: Iterable[Pattern]) -> Iterable[str]:
    for pattern in patterns:
        for part in pattern.parts:
            for phrase in part:
                for element in phrase:
                    yield from element


_SPOKEN = MappingProxyType({"true": "yes", "y": "yes", "false": "no", "n": "no"})
_RULES = tuple((area, _pattern(area.words), tuple((use, _read(use.signals)) for use in area.uses)) for area in AREAS)
_EXEMPTIONS = _read(EXEMPTIONS)
_PROFILING = _pattern(PROFILING.pattern)
_READ = (*(signals for _, _, uses in _RULES for _, signals in uses), _EXEMPTIONS)
_PATTERNS = (_PROFILING, *(words for _, words, _ in _RULES), *(pattern for read in _READ for _, pattern in read))
_WORDS = frozenset(_vocabulary(_PATTERNS))
_HEADS = frozenset(word.split("_")[0] for word in _WORDS if "_" in word)
_LONGEST = max(map(len, _WORDS))
