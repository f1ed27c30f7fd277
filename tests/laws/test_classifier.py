"""Laws of the risk classification, and one natural system for every place of the Act that it can reach."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.aikraft.annex_iii import ANNEX_III, ANSWERS, Answer, Area
from sandbox.apis.aikraft.classifier import GRAVITY, OBLIGATIONS, Finding, classify

Told = tuple[str, str, str, str]

SCREENING: Told = (
    "Candidate Screening Model v2",
    "Ranks and filters applicants for open positions from their CVs and assessment results.",
    "Shortlist candidates for recruiters",
    "Human Resources / Employment",
)
SCREENING_ANSWERS = {"human_override": "uncommon"}
LOAN: Told = (
    "Loan Approval Engine",
    "Scores personal loan applications using applicant financial history and behavioural data.",
    "Automate initial credit decisions to reduce processing time",
    "Financial Services / Credit Assessment",
)

# fmt: off
ANNEX_III_SYSTEMS: dict[str, Told] = {
    "1(a)": ("Stadium Watch", "Compares CCTV footage with a watchlist after an incident.", "Identify persons of interest by facial recognition in recorded video", "Security"),
    "1(b)": ("Audience Lens", "Estimates the age and gender of visitors from their faces.", "Count visitors by age group with facial analysis", "Retail analytics"),
    "1(c)": ("Mood Mirror", "Detects emotions of shoppers from their facial expressions.", "Measure reactions to shop windows", "Market research"),
    "2": ("Grid Guardian", "Controls switches of the electricity grid and prevents overload.", "Safety component of the regional power supply", "Energy"),
    "3(a)": ("Campus Gate", "Scores applicants for university courses.", "Decide on the admission of students", "Education"),
    "3(b)": ("Essay Grader", "Marks exams and gives feedback.", "Grade essays of pupils", "Education"),
    "3(c)": ("Path Finder", "Recommends the level of education that suits a pupil.", "Judge which track of schooling a child can reach", "Schools"),
    "3(d)": ("Exam Eye", "Watches webcams for signs of cheating.", "Remote proctoring of university exams", "Education"),
    "4(a)": SCREENING,
    "4(b)": ("Shift Planner", "Monitors the performance of workers and assigns shifts to drivers.", "Allocate tasks to couriers by their past behaviour", "Workforce management"),
    "5(a)": ("Benefit Check", "Reviews applications for social assistance.", "Decide on eligibility for housing benefits", "Public services"),
    "5(b)": LOAN,
    "5(c)": ("Premium Pilot", "Predicts claims from lifestyle data.", "Set premiums in health insurance", "Insurance"),
    "5(d)": ("Call First", "Ranks incoming calls by urgency.", "Prioritise emergency calls and dispatch ambulances", "Emergency services"),
    "6(a)": ("Safe Haven", "Combines police reports about households.", "Predict the risk of a person becoming a victim of domestic violence", "Law enforcement"),
    "6(b)": ("Truth Meter", "Polygraph software used by detectives.", "Assess whether suspects are lying when the police question them", "Law enforcement"),
    "6(c)": ("Proof Check", "Scores how reliable evidence is in criminal investigations.", "Evaluate the reliability of evidence for prosecutors", "Law enforcement"),
    "6(d)": ("Second Chance", "Combines case files, interviews and past convictions.", "Estimate the likelihood of re-offending before parole", "Probation service"),
    "6(e)": ("Case Linker", "Builds profiles of suspects from seized phones.", "Profile suspects to investigate organised crime", "Police"),
    "7(a)": ("Border Talk", "Lie detector for first interviews.", "Detect deception by asylum seekers", "Migration"),
    "7(b)": ("Entry Risk", "Scores travellers before arrival.", "Assess the risk of irregular migration posed by travellers", "Border control"),
    "7(c)": ("Visa Desk", "Summarises files and proposes an outcome.", "Examine visa applications", "Immigration office"),
    "7(d)": ("Coast View", "Finds boats and people in drone images.", "Detect and identify people crossing the border", "Border control"),
    "8(a)": ("Clerk", "Finds precedents and drafts rulings.", "Assist judges in interpreting the law", "Courts"),
    "8(b)": ("Swing", "Sends messages tailored to each voter.", "Influence voting in the referendum", "Political campaigns"),
}
PROHIBITED_SYSTEMS: dict[str, Told] = {
    "manipulation": ("Whisper", "Hides subliminal cues in audio adverts.", "Steer purchases with subliminal techniques", "Advertising"),
    "vulnerability": ("Jackpot", "Times offers to moments of weakness.", "Exploit the addiction of players to sell more spins", "Gambling"),
    "social scoring": ("Good Citizen", "Rates residents by conduct and online activity.", "Social scoring of citizens by the city", "Public administration"),
    "predictive policing": ("Precog", "Uses traits of character and address.", "Predict crimes solely from personality profiles", "Police"),
    "face scraping": ("Face Harvest", "Downloads photographs from social media.", "Untargeted scraping of facial images from the internet", "Security"),
    "emotion at work": ("Smile Check", "Detects the mood of employees through cameras.", "Recognise emotions of staff in meetings", "Office"),
    "sensitive traits": ("Belief Lens", "Infers religion and political views from faces.", "Categorise visitors by facial features into religious groups", "Events"),
    "live identification": ("City Eye", "Recognises faces of passers-by in streets and squares.", "Real-time biometric identification of people in public space", "Public safety"),
}
LIMITED_SYSTEMS: dict[str, Told] = {
    "chatbot": ("Help Desk Bot", "Chatbot that answers questions about orders and returns.", "Customer support around the clock", "Retail"),
    "deepfake": ("Face Swap Studio", "Makes deepfakes for film trailers.", "Generate synthetic video of actors", "Entertainment"),
    "images": ("Poster Maker", "Creates pictures from prompts.", "Generate images for posters", "Design"),
    "emotion": ("Review Mood", "Detects sentiment in written product reviews.", "Summarise moods for the product team", "Retail"),
}
MINIMAL_SYSTEMS: dict[str, Told] = {
    "spam": ("Spam Filter", "Sorts unwanted e-mail into a folder.", "Detect spam messages", "IT / E-mail"),
    "forecast": ("Warehouse Demand Forecast", "Predicts how many parcels arrive each day.", "Plan stock levels", "Logistics"),
    "game": ("Arcade Foe", "Moves the opponent in a racing game.", "Make the game fun", "Entertainment"),
    "fraud": ("Card Shield", "Flags suspicious card payments.", "Detect fraud in loan applications", "Financial Services / Fraud Detection"),
    "unlock": ("Phone Lock", "Face identification on the camera to unlock the phone.", "One-to-one verification of the owner", "Consumer electronics"),
    "nothing": ("", "", "", ""),
}
# fmt: on
SYSTEMS = [*ANNEX_III_SYSTEMS.values(), *PROHIBITED_SYSTEMS.values(), *LIMITED_SYSTEMS.values()]
SYSTEMS += MINIMAL_SYSTEMS.values()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(10**4000),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def each(told: Told, change: Callable[[str], str]) -> Told:
    name, description, purpose, domain = map(change, told)
    return name, description, purpose, domain


keys = st.sampled_from(sorted({row.key for row in ANSWERS}))
sensible = st.booleans() | st.integers(0, 9) | st.sampled_from(sorted({v for row in ANSWERS for v in row.values}))
answers = st.dictionaries(keys | st.text(), sensible | anything)
words = st.sampled_from([field for told in SYSTEMS for field in told]) | st.text()
texts = st.lists(words, max_size=3).map(" ".join)
tellings = st.tuples(texts, texts, texts, texts)
idle = st.lists(st.text("abcxyzäß", min_size=1).map(lambda word: "zz" + word), min_size=1).map(" ".join)


def test_the_documents_screening_model_gets_the_documents_answer() -> None:
    assert classify(*SCREENING, SCREENING_ANSWERS) == Finding(
        risk_tier="high",
        annex_iii_category=4,
        annex_iii_sub_point="4(a)",
        confidence="high",
        key_factors=(
            "System output influences employment decisions affecting individuals",
            "Output is used to rank and filter applicants from a pool",
            "Human override is possible but uncommon in practice",
        ),
        obligations=(
            "Annex IV technical documentation required",
            "Conformity assessment required before deployment",
            "Registration in EU AI Act database required",
            "Human oversight measures must be implemented",
        ),
    )


def test_the_sample_systems_cover_every_point_of_annex_iii() -> None:
    points = {f"{area.number}({use.letter})" if use.letter else "2" for area in ANNEX_III for use in area.uses}
    assert set(ANNEX_III_SYSTEMS) == points


@pytest.mark.parametrize("point", ANNEX_III_SYSTEMS)
def test_a_natural_system_reaches_its_point_of_annex_iii(point: str) -> None:
    found = classify(*ANNEX_III_SYSTEMS[point], {})
    expected = ("high", int(point[0]), point if "(" in point else None)
    assert (found.risk_tier, found.annex_iii_category, found.annex_iii_sub_point) == expected


@pytest.mark.parametrize("practice", PROHIBITED_SYSTEMS)
def test_a_prohibited_practice_is_unacceptable(practice: str) -> None:
    found = classify(*PROHIBITED_SYSTEMS[practice], {})
    assert (found.risk_tier, found.annex_iii_category) == ("unacceptable", None)


@pytest.mark.parametrize("kind", LIMITED_SYSTEMS)
def test_a_transparency_system_is_limited(kind: str) -> None:
    found = classify(*LIMITED_SYSTEMS[kind], {})
    assert (found.risk_tier, found.annex_iii_category) == ("limited", None)


@pytest.mark.parametrize("kind", MINIMAL_SYSTEMS)
def test_everything_else_is_minimal(kind: str) -> None:
    found = classify(*MINIMAL_SYSTEMS[kind], {})
    assert (found.risk_tier, found.annex_iii_category) == ("minimal", None)


@pytest.mark.parametrize("area", ANNEX_III, ids=lambda area: area.title)
def test_a_category_named_by_the_answers_is_taken_at_its_word(area: Area) -> None:
    found = classify("Atlas", "A tool.", "Help", "General", {"annex_iii_category": area.number})
    assert (found.risk_tier, found.annex_iii_category) == ("high", area.number)


def test_a_sub_point_named_by_the_answers_is_taken_at_its_word() -> None:
    found = classify("Atlas", "A tool.", "Help", "General", {"annex_iii_sub_point": "7(c)"})
    assert (found.annex_iii_category, found.annex_iii_sub_point) == (7, "7(c)")


@pytest.mark.parametrize(
    "said",
    [
        ["social_scoring"],
        ["untargeted_scraping"],
        ["manipulates_behaviour"],
        ["exploits_vulnerability"],
        ["emotion_recognition", "workplace_or_school"],
        ["real_time", "biometric_data", "public_space"],
    ],
)
def test_answers_alone_can_tell_a_prohibited_practice(said: list[str]) -> None:
    assert classify("Atlas", "A tool.", "Help", "General", dict.fromkeys(said, True)).risk_tier == "unacceptable"


@pytest.mark.parametrize("said", ["interacts_with_people", "generates_synthetic_content", "emotion_recognition"])
def test_answers_alone_can_tell_a_transparency_duty(said: str) -> None:
    assert classify("Atlas", "A tool.", "Help", "General", {said: "yes"}).risk_tier == "limited"


def test_a_safety_component_of_a_product_is_high_outside_annex_iii() -> None:
    found = classify("Press Stop", "Stops a press.", "Machine safety", "Industry", {"safety_component": True})
    assert (found.risk_tier, found.annex_iii_category) == ("high", None)


@pytest.mark.parametrize(
    "claim", ["narrow_procedural_task", "improves_human_work", "detects_patterns_only", "preparatory_task"]
)
def test_an_exception_of_article_6_3_lowers_the_tier_unless_people_are_profiled(claim: str) -> None:
    excused = classify(*SCREENING, {claim: True})
    assert (excused.risk_tier, excused.annex_iii_sub_point) == ("minimal", "4(a)")
    assert classify(*SCREENING, {claim: True, "profiling": True}).risk_tier == "high"
    assert classify(*SCREENING, {claim: True, "interacts_with_people": True}).risk_tier == "limited"


def test_an_exception_of_article_6_3_does_not_excuse_a_prohibited_practice() -> None:
    told = PROHIBITED_SYSTEMS["social scoring"]
    assert classify(*told, {"narrow_procedural_task": True}).risk_tier == "unacceptable"


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: f"{row.key}={row.values[0]}")
def test_every_answer_that_counts_is_explained(row: Answer) -> None:
    value: object = 3 if row.values == ("positive",) else row.values[0]
    assert row.sentence in classify(*MINIMAL_SYSTEMS["nothing"], {row.key: value}).key_factors


def test_words_match_whole_words_only() -> None:
    assert classify("Crank", "Cranks unfiltered precandidates.", "Crankshaft", "Motors", {}).risk_tier == "minimal"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**4000, [[{}]], {"a": [1]}, b"yes", None])
def test_strange_answers_count_for_nothing_but_being_positive(value: object) -> None:
    plain, strange = classify(*LOAN, {}), classify(*LOAN, dict.fromkeys((r.key for r in ANSWERS), value))
    assert (plain.risk_tier, plain.annex_iii_sub_point) == (strange.risk_tier, strange.annex_iii_sub_point)


@given(tellings, answers)
def test_any_text_with_any_answers_gets_a_finding_that_agrees_with_itself(
    told: Told, given_: dict[str, object]
) -> None:
    found = classify(*told, given_)
    lettered = found.annex_iii_category not in (None, 2)
    assert found.risk_tier in GRAVITY
    assert found.confidence in ("high", "medium", "low")
    assert found.key_factors
    assert all(found.key_factors)
    assert len(set(found.key_factors)) == len(found.key_factors)
    assert found.obligations == OBLIGATIONS[found.risk_tier]
    assert (found.annex_iii_sub_point is not None) == lettered
    assert not lettered or str(found.annex_iii_sub_point).startswith(f"{found.annex_iii_category}(")


@given(tellings, answers)
def test_the_same_words_get_the_same_finding(told: Told, given_: dict[str, object]) -> None:
    assert classify(*told, given_) == classify(*told, dict(reversed(given_.items())))


@given(tellings, answers)
def test_case_does_not_matter(told: Told, given_: dict[str, object]) -> None:
    assert classify(*told, given_) == classify(*each(told, str.casefold), given_)


@given(st.sampled_from(SYSTEMS), answers)
def test_shouting_does_not_matter(told: Told, given_: dict[str, object]) -> None:
    assert classify(*told, given_) == classify(*each(told, str.upper), given_)


@given(tellings, answers, idle)
def test_words_that_no_rule_knows_change_nothing_at_the_end_of_a_field(
    told: Told, given_: dict[str, object], more: str
) -> None:
    assert classify(*told, given_) == classify(*each(told, lambda field: f"{field} {more}"), given_)


@given(tellings, answers)
def test_saying_a_thing_twice_never_lowers_the_tier_nor_raises_it(told: Told, given_: dict[str, object]) -> None:
    gap = " zz" * 5
    twice = each(told, lambda field: f"{field}{gap} {field}")
    assert classify(*told, given_).risk_tier == classify(*twice, given_).risk_tier


@given(st.sampled_from([*PROHIBITED_SYSTEMS.values()]), st.sampled_from(SYSTEMS), answers)
def test_a_prohibited_practice_stays_unacceptable_whatever_else_is_said(
    banned: Told, other: Told, given_: dict[str, object]
) -> None:
    name, description, purpose, domain = (f"{a}. {b}" for a, b in zip(banned, other, strict=True))
    assert classify(name, description, purpose, domain, given_).risk_tier == "unacceptable"
