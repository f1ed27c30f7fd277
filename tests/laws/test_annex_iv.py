"""Laws of the Annex IV document's text."""

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.aikraft.annex_iv import LANGUAGES, SECTIONS, Subject, write_sections
from sandbox.apis.aikraft.classifier import GRAVITY, OBLIGATIONS

SCREENING = Subject(
    name="Candidate Screening Model v2",
    description="Ranks and filters applicants for open positions from their CVs and assessment results.",
    purpose="Shortlist candidates for recruiters",
    domain="Human Resources / Employment",
    risk_tier="high",
    annex_iii_category=4,
    annex_iii_sub_point="4(a)",
    key_factors=("Output is used to rank and filter applicants from a pool",),
    obligations=OBLIGATIONS["high"],
    classified_at="2026-03-15T10:42:00Z",
    created_at="2026-03-14T09:00:00Z",
)
TITLES = {
    "en": [
        "General description",
        "Design and development",
        "System information",
        "Training and validation data",
        "Performance metrics",
        "Risk management",
        "Oversight and control measures",
        "Post-market monitoring plan",
    ],
    "de": [
        "Allgemeine Beschreibung",
        "Konzeption und Entwicklung",
        "Systeminformationen",
        "Trainings- und Validierungsdaten",
        "Leistungskennzahlen",
        "Risikomanagement",
        "Aufsichts- und Kontrollmaßnahmen",
        "Plan zur Beobachtung nach dem Inverkehrbringen",
    ],
    "fr": [
        "Description générale",
        "Conception et développement",
        "Informations sur le système",
        "Données d’entraînement et de validation",
        "Indicateurs de performance",
        "Gestion des risques",
        "Mesures de surveillance et de contrôle",
        "Plan de surveillance après commercialisation",
    ],
    "nl": [
        "Algemene beschrijving",
        "Ontwerp en ontwikkeling",
        "Systeeminformatie",
        "Trainings- en validatiegegevens",
        "Prestatie-indicatoren",
        "Risicobeheer",
        "Toezichts- en beheersmaatregelen",
        "Plan voor monitoring na het in de handel brengen",
    ],
}

spoken = st.text(min_size=1) | st.text("{}%$ !:name0\\", min_size=1)
instants = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat(timespec="seconds").replace("+00:00", "Z"))
places = st.sampled_from([(None, None), (2, None), (1, "1(a)"), (4, "4(a)"), (8, "8(b)")])
numbers = st.lists(st.sampled_from(SECTIONS))
languages = st.sampled_from(LANGUAGES)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    tier, (category, sub_point) = draw(st.sampled_from(GRAVITY)), draw(places)
    return Subject(
        name=draw(spoken),
        description=draw(spoken),
        purpose=draw(spoken),
        domain=draw(spoken),
        risk_tier=tier,
        annex_iii_category=category,
        annex_iii_sub_point=sub_point,
        key_factors=tuple(draw(st.lists(spoken, min_size=1, max_size=3))),
        obligations=OBLIGATIONS[tier],
        classified_at=draw(instants),
        created_at=draw(instants),
    )


@given(subjects(), numbers, languages)
def test_sections_come_once_each_and_in_order(subject: Subject, wanted: list[int], language: str) -> None:
    written = [section.number for section in write_sections(subject, wanted, language)]
    assert written == sorted(set(wanted))


@given(subjects(), languages)
def test_titles_depend_on_the_language_alone(subject: Subject, language: str) -> None:
    assert [section.title for section in write_sections(subject, SECTIONS, language)] == TITLES[language]


@given(subjects(), languages)
def test_every_section_mentions_the_system(subject: Subject, language: str) -> None:
    assert all(subject.name in section.content for section in write_sections(subject, SECTIONS, language))


@given(subjects(), numbers, languages)
def test_the_same_subject_gets_the_same_text(subject: Subject, wanted: list[int], language: str) -> None:
    assert write_sections(subject, wanted, language) == write_sections(replace(subject), wanted[::-1], language)


@given(subjects(), languages)
def test_what_users_wrote_comes_through_unharmed(subject: Subject, language: str) -> None:
    first, *_, sixth = write_sections(subject, [1, 6], language)
    assert all(text in first.content for text in (subject.description, subject.purpose, subject.domain))
    assert all(factor in sixth.content for factor in subject.key_factors)


@pytest.mark.parametrize("tier", GRAVITY)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_section_has_two_to_five_sentences(language: str, tier: str) -> None:
    subject = replace(SCREENING, risk_tier=tier, obligations=OBLIGATIONS[tier], domain="Work", name="Atlas")
    for section in write_sections(subject, SECTIONS, language):
        ends = section.content.replace("14. März", "").replace("15. März", "").count(". ") + 1
        assert 2 <= ends <= 5, section
        assert section.content.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", SECTIONS)
def test_a_section_differs_between_the_high_and_the_minimal_tier_beyond_the_tiers_name(
    number: int, language: str
) -> None:
    minimal = replace(SCREENING, risk_tier="minimal", annex_iii_category=None, annex_iii_sub_point=None, obligations=())
    (high,), (low,) = (write_sections(subject, [number], language) for subject in (SCREENING, minimal))
    assert high.content != low.content


@pytest.mark.parametrize(("language", "article"), [("en", "Article"), ("de", "Artikel"), ("fr", "article")])
def test_section_7_cites_human_oversight_for_high_risk_only(language: str, article: str) -> None:
    cited = {
        tier: f"{article} 14" in write_sections(replace(SCREENING, risk_tier=tier), [7], language)[0].content
        for tier in GRAVITY
    }
    assert cited == {"high": True, "unacceptable": False, "limited": False, "minimal": False}


@pytest.mark.parametrize(
    ("language", "mapping"),
    [
        ("en", "Annex III, point 4(a) (employment and workers' management)"),
        ("de", "Anhang III Nummer 4(a) (Beschäftigung und Personalmanagement)"),
        ("fr", "annexe III, point 4(a) (emploi et gestion de la main-d’œuvre)"),
        ("nl", "bijlage III, punt 4(a) (werkgelegenheid en personeelsbeheer)"),
    ],
)
def test_section_1_names_the_annex_iii_mapping(language: str, mapping: str) -> None:
    assert mapping in write_sections(SCREENING, [1], language)[0].content


def test_an_annex_iii_use_below_the_high_tier_is_said_to_be_excepted() -> None:
    content = write_sections(replace(SCREENING, risk_tier="minimal"), [1], "en")[0].content
    assert "4(a) (employment and workers' management), excepted under Article 6(3)" in content


@pytest.mark.parametrize(
    ("language", "days"),
    [
        ("en", ("1 March 2026", "15 August 2026")),
        ("de", ("1. März 2026", "15. August 2026")),
        ("fr", ("1er mars 2026", "15 août 2026")),
        ("nl", ("1 maart 2026", "15 augustus 2026")),
    ],
)
def test_dates_are_written_as_the_language_writes_them(language: str, days: tuple[str, str]) -> None:
    subject = replace(SCREENING, created_at="2026-03-01T09:00:00Z", classified_at="2026-08-15T10:42:00Z")
    content = write_sections(subject, [1], language)[0].content
    assert all(day in content for day in days)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("tier", ["unacceptable", "high", "limited"])
def test_obligations_are_translated(tier: str, language: str) -> None:
    subject = replace(SCREENING, risk_tier=tier, obligations=OBLIGATIONS[tier])
    content = write_sections(subject, [6], language)[0].content
    assert not any(obligation in content for obligation in OBLIGATIONS[tier])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_field_is_left_unfilled(language: str) -> None:
    for tier in GRAVITY:
        written = write_sections(replace(SCREENING, risk_tier=tier), SECTIONS, language)
        assert not any(set("{}") & set(section.content) for section in written)


def test_an_unknown_section_or_language_is_an_error() -> None:
    with pytest.raises(ValueError, match="9"):
        write_sections(SCREENING, [9], "en")
    with pytest.raises(KeyError):
        write_sections(SCREENING, [1], "it")
