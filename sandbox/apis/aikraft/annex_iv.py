"""The Annex IV document: eight sections of first-draft text from what is known about one system.

What users wrote goes in as a value of `str.format`, never as a template, so braces and percent signs come out as they
went in. Key factors are quoted in the English of the classification; everything else is in the language asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sandbox.apis.aikraft import annex_iv_texts_de, annex_iv_texts_en, annex_iv_texts_fr, annex_iv_texts_nl
from sandbox.apis.aikraft.annex_iv_texts import Wording

SECTIONS = range(1, 9)
LANGUAGES = ("en", "de", "fr", "nl")

_WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "en": annex_iv_texts_en.WORDING,
        "de": annex_iv_texts_de.WORDING,
        "fr": annex_iv_texts_fr.WORDING,
        "nl": annex_iv_texts_nl.WORDING,
    }
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A classified system as the document sees it; both instants are ISO 8601."""

    name: str
    description: str
    purpose: str
    domain: str
    risk_tier: str
    annex_iii_category: int | None
    annex_iii_sub_point: str | None
    key_factors: tuple[str, ...]
    obligations: tuple[str, ...]
    classified_at: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the document, as plain text."""

    number: int
    title: str
    content: str


def write_sections(subject: Subject, numbers: Sequence[int], language: str) -> tuple[Section, ...]:
    """Writes the sections asked for, once each and in order; ValueError for a wrong number, KeyError for a language."""
    wording = _WORDINGS[language]
    fields = _fields(subject, wording)
    return tuple(_section(number, subject.risk_tier, wording, fields) for number in sorted(set(numbers)))


def _section(number: int, tier: str, wording: Wording, fields: Mapping[str, str]) -> Section:
    place = SECTIONS.index(number)
    passages = (passage for passage in wording.passages[place] if not passage.tiers or tier in passage.tiers)
    return Section(number, wording.titles[place], " ".join(passage.text.format(**fields) for passage in passages))


def _fields(subject: Subject, wording: Wording) -> Mapping[str, str]:
    return {
        "name": subject.name,
        "description": _sentence(subject.description),
        "purpose": _sentence(subject.purpose),
        "domain": subject.domain,
        "tier": wording.tiers[subject.risk_tier],
        "annex": _annex(subject, wording),
        "factors": wording.separator.join(subject.key_factors) or wording.none,
        "obligations": wording.separator.join(wording.obligations.get(o, o) for o in subject.obligations)
        or wording.none,
        "classified": _day(subject.classified_at, wording),
        "created": _day(subject.created_at, wording),
    }


def _sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?", "…")) else f"{text}."


def _annex(subject: Subject, wording: Wording) -> str:
    if subject.annex_iii_category is None:
        return wording.outside
    where = subject.annex_iii_sub_point or f"{subject.annex_iii_category}"
    annex = wording.point.format(where=where, area=wording.areas[subject.annex_iii_category - 1])
    # An Annex III use below the high tier owes that to Art. 6(3).
    return annex if subject.risk_tier == "high" else wording.excepted.format(annex=annex)


def _day(instant: str, wording: Wording) -> str:
    day = date.fromisoformat(instant[:10])
    # The first of a month is an ordinal in French, and only there.
    number = wording.first if day.day == 1 else f"{day.day}"
    return wording.day.format(day=number, month=wording.months[day.month - 1], year=day.year)
