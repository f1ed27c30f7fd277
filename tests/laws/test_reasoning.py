"""Laws of the answer to a query, over any units and any text, and hand-made examples with their exact numbers."""

import time
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.apis.ctrlai.reasoning import prose, schema, structures, trust
from sandbox.apis.ctrlai.reasoning.engine import Reasoned, reason
from sandbox.apis.ctrlai.reasoning.library import library
from sandbox.apis.ctrlai.reasoning.reading import Ask, Scope, read
from sandbox.apis.ctrlai.reasoning.words import tokens
from sandbox.core.frozen import Frozen, freeze, to_json
from tests.acme import ADMIN, AUTHOR, GLOBEX, Acme

BLANK = {
    "description": None, "given": None, "when": None, "then": None, "jurisdiction": None, "inputSchema": None,
    "outputSchema": None, "definition": None, "status": "verified", "verificationScore": 100, "domainId": "lending",
}  # fmt: skip
TIER = {"type": "string", "enum": ["low", "medium", "high"]}


def unit(ident, kind="program", **told) -> Frozen:
    return freeze({**BLANK, "id": ident, "name": ident.title(), "unitType": kind, **told})


def flow(name, *units, **told) -> Frozen:
    blank = {"slug": name.lower(), "domainId": "lending", "jurisdiction": None, "status": "active"}
    return freeze({**blank, "id": name, "name": name, "units": units, **told})


CREDIT_RISK = unit(
    "credit risk", when="credit risk, loan application",
    inputSchema={"monthlyDebt": "number", "monthlyIncome": "number", "creditScore": "integer"},
    outputSchema={"dti": "number", "riskTier": TIER},
    definition={"program": {
        "dti": {"round": [{"/": [{"var": "monthlyDebt"}, {"var": "monthlyIncome"}]}, 4]},
        "riskTier": {"if": [
            {"and": [{"<=": [{"var": "dti"}, 0.36]}, {">=": [{"var": "creditScore"}, 700]}]}, "low",
            {"and": [{"<=": [{"var": "dti"}, 0.43]}, {">=": [{"var": "creditScore"}, 620]}]}, "medium",
            "high",
        ]},
    }},
)  # fmt: skip
KYC = unit(
    "onboarding check", "protocol", when="onboarding, kyc",
    inputSchema={"isPep": "boolean", "country": {"type": "string", "enum": ["Germany", "France"]}},
    outputSchema={"cleared": "boolean"},
    definition={
        "gates": [{"input": "isPep", "question": "Is the customer a politically exposed person?"}],
        "steps": [{"text": "No exposure", "holds": {"!": {"var": "isPep"}}}],
    },
)  # fmt: skip
APPLICANT = "an applicant with monthly debt of $1,500, monthly income of $5,000 and a credit score of 700"


def ask(query, *units, flows=(), lacking=frozenset(), **told) -> Reasoned:
    return reason(Ask(query, **told), tuple(units), tuple(flows), frozenset(lacking))


def levels(made):
    return [each["trustLevel"] for each in made.segments]


def events(made):
    return [(each["event"], each["unitId"]) for each in made.trace if each["unitId"]]


# The examples.


def test_the_credit_risk_example_comes_out_with_its_numbers():
    made = ask(f"Assess the credit risk of {APPLICANT}.", CREDIT_RISK, KYC)
    assert made.inputs == {"monthlyDebt": 1500, "monthlyIncome": 5000, "creditScore": 700}
    assert made.outputs == {"dti": 0.3, "riskTier": "low"}
    assert (made.mode, made.coverage, made.trust["verified"]) == ("full_coverage", 100, 1)
    assert made.response == (
        "Credit Risk computes dti = 0.3 and riskTier = low from monthlyDebt = 1500, monthlyIncome = 5000 and "
        "creditScore = 700."
    )


def test_two_verified_three_reviewed_and_one_neural_segment_are_83_percent_and_full_coverage():
    computed = {"inputSchema": {"score": "number"}, "when": "credit"}
    units = [
        unit(
            "one", **computed, outputSchema={"a": "number"}, definition={"program": {"a": {"+": [{"var": "score"}, 1]}}}
        ),
        unit(
            "two", **computed, outputSchema={"b": "number"}, definition={"program": {"b": {"*": [{"var": "score"}, 2]}}}
        ),
        unit("three", "framework", when="credit", then="Stable employment speaks for approval."),
        unit("four", "pattern", when="credit", then="No round amounts."),
        unit("five", "argument", when="credit", then="The purpose is sound."),
    ]
    made = ask("Judge the credit with a score of 7. How will rates move in spring?", *units)
    assert sorted(levels(made)) == sorted(["verified"] * 2 + ["expert_reviewed"] * 3 + ["neural"])
    assert made.trust == {"verified": 2, "expertReviewed": 3, "synthesized": 0, "neural": 1}
    assert (made.coverage, made.mode) == (83, "full_coverage")
    assert made.segments[-1]["text"] == '"How will rates move in spring" stays open: no reasoning unit covers it.'


@pytest.mark.parametrize(
    ("counts", "percent", "mode"),
    [
        ((2, 3, 0, 1), 83, "full_coverage"),
        ((4, 0, 0, 1), 80, "full_coverage"),
        ((15, 0, 0, 4), 79, "partial_coverage"),
        ((1, 0, 1, 0), 50, "partial_coverage"),
        ((0, 1, 199, 0), 1, "partial_coverage"),
        ((0, 1, 0, 200), 0, "neural_only"),
        ((0, 0, 3, 1), 0, "neural_only"),
        ((0, 0, 0, 0), 0, "neural_only"),
    ],
)
def test_coverage_is_rounded_half_up_and_says_the_mode(counts, percent, mode):
    found = [level for level, count in zip(trust.LEVELS, counts, strict=True) for _ in range(count)]
    assert (trust.coverage(found), trust.mode(trust.coverage(found))) == (percent, mode)


def test_without_a_unit_the_answer_begins_with_the_disclaimer():
    made = ask("What is the weather in Paris?", CREDIT_RISK)
    assert made.response.startswith("This response is not backed by verified reasoning units.")
    assert (made.mode, levels(made), made.units) == ("neural_only", ["neural"], ())


def test_what_a_unit_lacks_is_told_and_an_open_part_stays_neural():
    made = ask("What is the dti for a monthly debt of 1500?", CREDIT_RISK)
    assert made.segments[0]["text"].endswith("stays open: Credit Risk needs monthlyIncome, creditScore.")


def test_a_program_that_fails_is_told_and_never_verified():
    made = ask("Credit risk with debt 1500, income 0 and credit score 700", CREDIT_RISK)
    assert (levels(made), made.outputs) == (["neural"], {})
    assert "division by zero in dti" in made.response


def test_another_maker_steps_in_for_one_that_fails():
    spare = unit("spare", inputSchema={"creditScore": "integer"}, outputSchema={"riskTier": TIER}, verificationScore=90,
                 definition={"program": {"riskTier": "high"}})  # fmt: skip
    made = ask("What is the risk tier for debt 1500, income 0 and credit score 700?", CREDIT_RISK, spare)
    assert made.outputs == {"riskTier": "high"}


# Chaining.

DOUBLE = {"inputSchema": {"base": "number"}, "outputSchema": {"twice": "number"}}
MAKER = unit("maker", **DOUBLE, definition={"program": {"twice": {"*": [{"var": "base"}, 2]}}})
TAKER = unit("taker", when="verdict", inputSchema={"twice": "number"}, outputSchema={"verdict": "boolean"},
             definition={"program": {"verdict": {">": [{"var": "twice"}, 10]}}})  # fmt: skip


def test_a_unit_that_another_needs_fires_before_it():
    made = ask("Verdict for base 6", TAKER, MAKER)
    assert events(made) == [("fired", "maker"), ("fired", "taker")]
    assert made.outputs == {"twice": 12, "verdict": True}


def test_what_the_query_tells_is_not_computed_again():
    made = ask("Verdict for base 6 and twice: 3", TAKER, MAKER)
    assert events(made) == [("fired", "taker"), ("passed_over", "maker")]
    assert made.outputs == {"verdict": False}


@pytest.mark.parametrize(
    ("worse", "better", "told"),
    [
        ({"verificationScore": 90}, {}, {}),
        ({"domainId": "insurance"}, {"verificationScore": 90}, {"domain": "lending"}),
        ({"status": "candidate"}, {"verificationScore": 80}, {"unverified": True}),
        ({"name": "Zeta"}, {"name": "Alpha"}, {}),
    ],
)
def test_of_two_makers_of_a_variable_the_preferred_one_fires(worse, better, told):
    first = MAKER.having(id="worse", **worse)
    second = MAKER.having(id="better", **better)
    assert ("fired", "better") in events(ask("Verdict for base 6", TAKER, first, second, **told))
    assert ("fired", "worse") not in events(ask("Verdict for base 6", TAKER, first, second, **told))


@pytest.mark.parametrize(
    ("unit_has", "query_has", "fires"),
    [(None, None, True), (None, "US", True), ("US", "US", True), ("us", "US ", True), ("EU", "US", False), ("EU", None, False)],
)  # fmt: skip
def test_universal_units_and_those_of_the_jurisdiction_take_part(unit_has, query_has, fires):
    made = ask("Verdict for twice: 6", TAKER.having(jurisdiction=unit_has), jurisdiction=query_has)
    assert bool(made.fired) == fires


def test_a_domain_is_answered_by_its_own_units_which_others_may_feed():
    other = MAKER.having(domainId="insurance")
    assert len(ask("Verdict for base 6", TAKER, other, domain="lending").fired) == 2
    assert [each["id"] for each in ask("Verdict for base 6", TAKER, other, domain="insurance").fired] == ["maker"]


def test_units_that_are_not_verified_take_part_only_when_asked_for():
    candidate = TAKER.having(status="in_review")
    assert ask("Verdict for twice: 6", candidate).fired == ()
    assert levels(ask("Verdict for twice: 6", candidate, unverified=True)) == ["synthesized"]
    assert levels(ask("Verdict for twice: 6", candidate, lacking=["trust"])) == ["synthesized"]


def test_without_models_nothing_is_read_and_nothing_fires():
    made = ask("Verdict for twice: 6", TAKER, lacking=["models"])
    assert (made.mode, made.inputs, made.units, levels(made)) == ("neural_only", {}, (), ["neural"])
    assert made.response.startswith(prose.DISCLAIMER)


def test_units_that_need_each_other_do_not_fire_and_do_not_hang():
    back = unit("back", when="verdict", inputSchema={"verdict": "boolean"}, outputSchema={"twice": "number"},
                definition={"program": {"twice": 1}})  # fmt: skip
    assert ask("What verdict?", TAKER, back).fired == ()


# Workflows.


def test_an_active_workflow_that_covers_the_query_is_used_in_its_own_order():
    made = ask("Verdict for base 6", TAKER, MAKER, flows=[flow("Decision", "maker", "taker")])
    assert [each["event"] for each in made.trace] == ["read", "workflow", "fired", "fired"]


@pytest.mark.parametrize(
    "told",
    [{"status": "draft"}, {"status": "archived"}, {"jurisdiction": "EU"}, {"units": ("maker",)}, {"units": ("taker", "gone")}],
)  # fmt: skip
def test_a_workflow_that_may_not_or_does_not_cover_the_query_is_not_used(told):
    made = ask("Verdict for base 6", TAKER, MAKER, flows=[flow("Decision", "maker", "taker").having(**told)])
    assert "workflow" not in [each["event"] for each in made.trace]
    assert len(made.fired) == 2


def test_a_workflow_that_covers_less_than_80_percent_is_not_used():
    query = "Verdict for base 6? What is the dti? What is the risk tier?"
    made = ask(query, TAKER, MAKER, CREDIT_RISK, flows=[flow("Decision", "maker", "taker")])
    assert "workflow" not in [each["event"] for each in made.trace]


# Gates.


def test_a_protocol_asks_for_what_it_lacks_and_goes_on_when_it_is_answered():
    made = ask("Onboarding of a customer from Germany, country: Germany", KYC)
    [question] = made.questions
    assert question == {
        "id": "isPep", "question": "Is the customer a politically exposed person?", "type": "boolean", "unitId": KYC["id"],
    }  # fmt: skip
    answered = ask("Onboarding of a customer, country: Germany", KYC, inputs={"isPep": False})
    assert (answered.questions, answered.outputs, levels(answered)) == ((), {"cleared": True}, ["expert_reviewed"])


def test_of_two_protocols_that_make_the_same_the_preferred_one_asks():
    made = ask("Onboarding of a customer", KYC, KYC.having(id="second", verificationScore=90))
    assert [each["id"] for each in made.units] == [KYC["id"]]


def test_a_gate_without_words_of_its_own_asks_by_the_name_of_its_input():
    made = ask("kyc", KYC.having(definition=None))
    assert [each["question"] for each in made.questions] == ["What is the is pep?", "What is the country?"]


# Reading.

WANTS = unit(
    "wants", when="anything",
    inputSchema={
        "monthlyIncome": "number", "credit_score": "integer", "ltv": "number", "ratePercent": "number", "insured": "boolean",
        "employment": {"type": "string", "enum": ["salaried", "self employed"]}, "country": "string",
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monthly income of $1,500", {"monthlyIncome": 1500}),
        ("monthlyIncome: 1500.50", {"monthlyIncome": 1500.5}),
        ("income is 5,000", {"monthlyIncome": 5000}),
        ("annual income is 60,000", {}),
        ("monthly incomes were 2.5k", {"monthlyIncome": 2500}),
        ("an income of 1.2 million", {"monthlyIncome": 1_200_000}),
        ("$5,000 of monthly income", {"monthlyIncome": 5000}),
        ("credit score 700", {"credit_score": 700}),
        ("CREDIT_SCORE=700", {"credit_score": 700}),
        ("creditScore: 700", {"credit_score": 700}),
        ("a 700 credit score", {"credit_score": 700}),
        ("credit score 700.5", {}),
        ("credit score of -3", {"credit_score": -3}),
        ("ltv is 35%", {"ltv": 0.35}),
        ("ltv of 7 percent", {"ltv": 0.07}),
        ("rate percent: 35%", {"ratePercent": 35}),
        ("insured: yes", {"insured": True}),
        ("is not insured", {"insured": False}),
        ("insured is false", {"insured": False}),
        ("employment is self-employed", {"employment": "self employed"}),
        ("employment: retired", {}),
        ('country "New Zealand"', {"country": "New Zealand"}),
        ("country: Peru", {"country": "Peru"}),
        ("the country is large", {}),
        ("credit score 700, monthly income 5000", {"credit_score": 700, "monthlyIncome": 5000}),
        ("monthly income", {}),
    ],
)
def test_a_variable_is_read_beside_its_words(text, expected):
    assert ask(text, WANTS).inputs == expected


def test_given_values_come_before_those_that_are_read():
    assert ask("credit score 700", WANTS, inputs={"credit_score": 650}).inputs == {"credit_score": 650}


@pytest.mark.parametrize(
    ("given_", "issue"),
    [
        ({"credit_score": "700"}, "Expected number, received string"),
        ({"credit_score": 7.5}, "Expected integer, received float"),
        ({"insured": 1}, "Expected boolean, received number"),
        ({"country": None}, "Expected string, received null"),
        ({"ltv": [1]}, "Expected number, received array"),
        ({"employment": "retired"}, "Invalid enum value. Expected 'salaried' | 'self employed', received 'retired'"),
    ],
)
def test_a_given_value_of_another_type_is_told(given_, issue):
    assert ask("anything", WANTS, inputs=given_).unfit == (next(iter(given_)), issue)


# The laws.

NAMES = ["alphaCost", "beta_rate", "gamma", "deltaFlag", "epsilonTier", "zetaSum"]
TOPICS = ["audit", "loan", "claim", "fraud", "alpha", "tier"]
TYPES = {"alphaCost": "number", "beta_rate": "number", "gamma": "integer", "deltaFlag": "boolean", "epsilonTier": TIER, "zetaSum": "number"}  # fmt: skip
MAKES = {
    "number": st.sampled_from([1, 0.1, {"+": [{"var": ["alphaCost", 1]}, {"var": ["beta_rate", 2]}]}, {"/": [1, {"var": "gamma"}]}]),
    "integer": st.integers(-2, 2),
    "boolean": st.sampled_from([True, {"<": [{"var": ["zetaSum", 3]}, 2]}]),
}  # fmt: skip


def schemas(names):
    return {name: TYPES[name] for name in names}


@st.composite
def units(draw, ident):
    kind = draw(st.sampled_from(["program", "program", "framework", "pattern", "argument", "protocol"]))
    takes = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    makes = draw(st.lists(st.sampled_from([each for each in NAMES if each not in takes]), max_size=2, unique=True))
    steps = {each: draw(MAKES.get(str(TYPES[each]), st.sampled_from(["low", "high", "other"]))) for each in makes}
    items = draw(
        st.sampled_from([[], ["plain"], [{"text": "x", "name": "x", "holds": {"var": "deltaFlag"}, "score": 0.7}]])
    )
    told = {"program": steps} if kind == "program" else {structures.ITEMS[kind][0]: items}
    if kind == "protocol" and takes:
        told["gates"] = [{"input": takes[0], "question": "Well?"}]
    return unit(
        ident, kind, name=draw(st.sampled_from(["Alpha Audit", "Loan", "Kappa", "Tier Claim"])),
        when=draw(st.none() | st.lists(st.sampled_from(TOPICS), max_size=3).map(", ".join)),
        then=draw(st.none() | st.just("All is well.")), jurisdiction=draw(st.sampled_from([None, None, "US", "EU"])),
        status=draw(st.sampled_from(["verified", "verified", "verified", "candidate", "needs_review"])),
        verificationScore=draw(st.none() | st.integers(0, 100)), domainId=draw(st.sampled_from(["lending", "insurance"])),
        inputSchema=draw(st.just(schemas(takes)) | st.just({"type": "object", "properties": schemas(takes), "required": []})),
        outputSchema=schemas(makes), definition=draw(st.just(told) | st.none()),
    )  # fmt: skip


libraries = st.integers(0, 7).flatmap(lambda size: st.tuples(*(units(f"u{at}") for at in range(size))))
phrases = st.sampled_from(
    ["alpha cost of $3", "beta rate 7%", "gamma: 2", "gamma 0", "delta flag yes", "epsilonTier = low", "zeta sum 12", "loan", "audit the claim",
     "What is the zeta sum?", "What is the epsilon tier?", "And the alpha cost?", "fraud.", "weather in Paris?", "and why is it so", "\n"]
)  # fmt: skip
queries = st.lists(phrases | st.text(max_size=5), min_size=1, max_size=6).map(" ".join)
values = (
    st.integers(-3, 3)
    | st.booleans()
    | st.sampled_from(["low", "odd"])
    | st.floats(allow_nan=False, allow_infinity=False)
)
asks = st.builds(
    Ask, query=queries, domain=st.sampled_from([None, "lending"]), jurisdiction=st.sampled_from([None, "US"]),
    inputs=st.dictionaries(st.sampled_from([*NAMES, "unknown"]), values, max_size=2).map(freeze), unverified=st.booleans(), kept=st.just(Frozen()),
)  # fmt: skip
flows = st.lists(
    st.lists(st.sampled_from([f"u{at}" for at in range(7)]), min_size=1, max_size=3, unique=True), max_size=1
)
flows = flows.map(lambda listed: tuple(flow("Alpha Audit", *each) for each in listed))


def of(made, rows):
    return {each["id"]: each for each in rows}, [each for each in made.segments if each["unitId"] is not None]


@given(asks, libraries, flows)
def test_coverage_summary_mode_and_response_always_agree_with_the_segments(asked, rows, kept):
    made = reason(asked, rows, kept)
    found = levels(made)
    counts = [found.count(each) for each in trust.LEVELS]
    assert list(made.trust.values()) == counts
    assert made.segments
    assert made.coverage == int(Fraction(100 * (counts[0] + counts[1]), len(found)) + Fraction(1, 2))
    assert made.mode == trust.mode(made.coverage)
    assert (made.mode == "neural_only") == made.response.startswith(prose.DISCLAIMER)
    assert made.response.endswith(" ".join(each["text"] for each in made.segments))
    assert all(each["text"] for each in made.segments)


@given(asks, libraries, flows)
def test_a_level_is_never_higher_than_the_unit_that_it_comes_from(asked, rows, kept):
    made = reason(asked, rows, kept)
    by_id, backed = of(made, rows)
    for each in made.segments:
        assert (each["unitId"] is None) == (each["unitName"] is None) == (each["trustLevel"] == "neural")
    for each in backed:
        row = by_id[each["unitId"]]
        assert row["status"] == "verified" or (each["trustLevel"] == "synthesized" and asked.unverified)
        assert each["trustLevel"] != "verified" or (row["unitType"] == "program" and row["definition"]["program"])
        assert not each.get("tainted") or each["trustLevel"] == "synthesized"
        assert row["jurisdiction"] in (None, asked.jurisdiction)
    assert [each["id"] for each in made.units] == [each["unitId"] for each in backed]
    assert len(made.warnings) == sum(bool(each.get("tainted")) for each in made.segments)


@given(asks, libraries, flows)
def test_outputs_are_those_of_the_units_that_fired_and_of_their_declared_types(asked, rows, kept):
    made = reason(asked, rows, kept)
    by_id, _ = of(made, rows)
    assert made.outputs == {name: each for one in made.fired for name, each in one["outputs"].items()}
    assert made.outputs.keys().isdisjoint(made.inputs)
    for one in made.fired:
        declared = {each.name: each for each in schema.signature(by_id[one["id"]]["outputSchema"])}
        assert all(structures.suits(each, declared[name]) for name, each in one["outputs"].items() if declared)


@given(asks, libraries, flows)
def test_an_unrelated_unit_changes_nothing(asked, rows, kept):
    other = unit("other", when="qqx", inputSchema={"qqvWidth": "number"}, outputSchema={"qqvHeight": "number"},
                 definition={"program": {"qqvHeight": {"var": "qqvWidth"}}})  # fmt: skip
    assume("qq" not in asked.query.casefold())
    assert reason(asked, (*rows, other), kept) == reason(asked, rows, kept)


def without_ids(made):
    blank = {"unitId": None, "id": None}
    listed = (made.segments, made.units, made.fired, made.trace)
    shown = tuple(
        tuple(each.having(**{k: v for k, v in blank.items() if k in each}) for each in part) for part in listed
    )
    asked = sorted((each["id"], each["question"], each["type"]) for each in made.questions)
    return shown, asked, made.coverage, made.mode, made.inputs, made.outputs, made.response, made.duration


@given(asks, libraries, st.randoms(use_true_random=False))
def test_the_order_of_creation_does_not_matter(asked, rows, chance):
    moved, idents = list(rows), [each["id"] for each in rows]
    chance.shuffle(moved)
    assert reason(asked, tuple(moved)) == reason(asked, rows)
    chance.shuffle(idents)
    renamed = tuple(each.having(id=ident) for each, ident in zip(rows, idents, strict=True))
    assert without_ids(reason(asked, renamed)) == without_ids(reason(asked, rows))


@given(asks, libraries, flows)
def test_the_same_ask_gives_equal_bytes(asked, rows, kept):
    once, again = reason(asked, rows, kept), reason(asked, freeze(list(map(dict, rows))), kept)
    assert to_json([once.segments, once.trace, once.response]) == to_json([again.segments, again.trace, again.response])
    assert once == again


ASKS = unit(
    "asks", "protocol", when="loan", inputSchema=schemas(["deltaFlag", "gamma"]), outputSchema={"done": "boolean"}
)


@given(asks, libraries, flows, st.data())
def test_answered_questions_go_away(asked, rows, kept, data):
    rows, asked = (*rows, ASKS), asked._replace(query=f"{asked.query} loan?")
    made = reason(asked, rows, kept)
    assume(made.questions)
    fitting = {"number": 1, "integer": 1, "boolean": True, "string": "low"}
    answers = {each["id"]: fitting[each["type"]] for each in made.questions}
    some = data.draw(st.lists(st.sampled_from(sorted(answers)), unique=True))
    partly = reason(
        asked._replace(inputs=freeze({**asked.inputs, **{each: answers[each] for each in some}})), rows, kept
    )
    assert not {each["id"] for each in partly.questions} & set(some)
    told = {**asked.inputs, **answers}
    again = reason(asked._replace(inputs=freeze(told)), rows, kept)
    assert not {each["id"] for each in again.questions} & set(answers)


@given(asks, libraries, flows)
def test_questions_are_about_distinct_inputs_that_are_not_known_and_typed(asked, rows, kept):
    made = reason(asked, rows, kept)
    names = [each["id"] for each in made.questions]
    assert len(set(names)) == len(names)
    assert not set(names) & set(made.inputs)
    assert all(each["type"] in schema.TYPES and each["question"] for each in made.questions)


names_ = st.lists(st.sampled_from("abcd"), max_size=2).map(tuple)
acts = st.lists(st.builds(trust.Act, st.booleans(), st.booleans(), names_, names_), max_size=8)


@given(acts, st.data())
def test_taint_is_monotone(done, data):
    before = trust.judged(done)
    assume(done)
    at = data.draw(st.integers(0, len(done) - 1))
    worse = [each._replace(verified=False) if place == at else each for place, each in enumerate(done)]
    after = trust.judged(worse)
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        assert trust.LEVELS.index(other.level) >= trust.LEVELS.index(one.level)
        assert place == at or set(one.tainted) <= set(other.tainted)
        assert place >= at or one == other


def test_taint_travels_on():
    late = unit("late", when="verdict", inputSchema={"verdict": "boolean"}, outputSchema={"final": "boolean"},
                definition={"program": {"final": {"!": {"var": "verdict"}}}})  # fmt: skip
    made = ask("Verdict for base 6", MAKER.having(status="candidate"), TAKER, late, unverified=True)
    assert [(each["unitId"], each["trustLevel"], each.get("tainted")) for each in made.segments] == [
        ("maker", "synthesized", None), ("taker", "synthesized", True), ("late", "synthesized", True),
    ]  # fmt: skip
    assert made.warnings == (
        "Taker (taker) is tainted by unverified input: twice", "Late (late) is tainted by unverified input: verdict",
    )  # fmt: skip


@given(st.text(), asks, libraries)
def test_any_text_is_read_and_what_is_read_fits(text, asked, rows):
    made = reason(asked._replace(query=text, inputs=Frozen()), rows)
    declared = {each.name: each for row in rows for each in schema.signature(row["inputSchema"])}
    assert all(schema.fits(each, declared[name]) for name, each in made.inputs.items())


NASTY = ["monthly ", "monthly income ", "1,", "1,000,", '"', "is is ", "credit_", "aB", "9", "$", "- ", "\n", "ß", "income of ", "employment self "]  # fmt: skip


@pytest.mark.parametrize("part", NASTY)
def test_reading_takes_time_in_proportion_to_the_text(part):
    text = part * (200_000 // len(part))
    known, scope = library((WANTS, CREDIT_RISK)), Scope(None, False)
    began = time.perf_counter()
    read(Ask(text), known, scope)
    assert time.perf_counter() - began < 10


@given(st.text())
def test_tokens_stand_in_the_text_in_order(text):
    found = tokens(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(text[each.start : each.end] for each in found)


any_schema = st.recursive(
    st.none() | st.integers(-(2**63), 2**63) | st.text() | st.sampled_from(schema.TYPES),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["type", "properties", "required", "enum", "a"]), inner),
)  # fmt: skip


@given(any_schema)
def test_any_json_is_a_schema_or_has_a_flaw(data):
    found = schema.signature(data)
    assert len({each.name for each in found}) == len(found)
    if schema.flaw(data) is None and data is not None:
        declared = data.get("properties") or {} if data.get("type") == "object" else data
        assert [each.name for each in found] == list(declared)


@given(st.sampled_from(["program", *structures.ITEMS]), any_schema, asks)
def test_any_json_is_a_definition_or_has_a_flaw_and_the_unit_still_answers(kind, definition, asked):
    told = (
        definition
        if isinstance(definition, dict)
        else {"factors": definition, "program": definition, "gates": definition}
    )
    row = unit("odd", kind, when="loan, audit, alpha", definition=told, outputSchema={"gamma": "integer"})
    assert reason(asked, (row,)).segments
    assert structures.flaw(kind, told) is None or not reason(asked, (row,)).outputs


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10)), min_size=1, max_size=5))
def test_a_framework_weighs_its_factors_exactly(pairs):
    assume(any(weight for weight, _ in pairs))
    factors = [
        {"name": f"f{at}", "weight": weight, "score": {"/": [score, 10]}} for at, (weight, score) in enumerate(pairs)
    ]
    row = unit(
        "judge",
        "framework",
        when="loan",
        definition={"factors": factors},
        outputSchema={"mean": "number", "tier": TIER, "good": "boolean"},
    )
    mean = Fraction(sum(weight * score for weight, score in pairs), 10 * sum(weight for weight, _ in pairs))
    tier = TIER["enum"][min(int(mean * 3), 2)]
    expected = int(mean) if mean.denominator == 1 else float(mean)
    assert ask("loan", row).outputs == {"mean": expected, "tier": tier, "good": mean * 2 >= 1}


# The handlers, in the world of the default fixture.

INFER, LOG = "/inference", "/audit/inference"
LOAN = "Credit risk with a monthly debt of 1500, a monthly income of 5000 and a credit score of 700?"
UNDERWRITING = f"{LOAN} Start manual underwriting."
NOBODY = "01HX0000000000000000000000"


def acme(key=ADMIN, **settings):
    return Acme(key, quota="off", clock="real", **settings)


def test_a_query_is_answered_and_logged_and_not_audited():
    world = acme()
    before = world.call("GET", LOG)[1]["meta"]["total"], world.call("GET", "/audit")[1]["meta"]["total"]
    made = world.made("POST", INFER, {"query": LOAN})
    assert (made["mode"], made["sessionId"], made["pendingQuestions"]) == ("full_coverage", None, [])
    assert made["modelsUsed"]["prose"] == {"provider": "gemini", "model": "gemini-2.5-flash"}
    status, log = world.call("GET", LOG)
    assert (status, log["meta"]["total"]) == (200, before[0] + 1)
    entry = log["data"][0]
    assert (entry["query"], entry["outputVariables"]["dti"], entry["coveragePercent"]) == (
        LOAN,
        0.3,
        made["coveragePercent"],
    )
    assert entry["trustSummary"] == made["trustSummary"]
    assert [each["id"] for each in entry["unitsFired"]] == [each["id"] for each in made["unitsUsed"]]
    assert entry["executionTrace"][0]["event"] == "read"
    assert world.call("GET", "/audit")[1]["meta"]["total"] == before[1]


def test_a_gate_opens_a_conversation_that_ends_when_it_is_answered():
    world = acme()
    first = world.made("POST", INFER, {"query": UNDERWRITING})
    [question] = first["pendingQuestions"]
    assert (question["id"], question["type"]) == ("employmentVerified", "boolean")
    again = world.made("POST", INFER, {"query": "And now?", "sessionId": first["sessionId"]})
    assert (again["sessionId"], again["pendingQuestions"]) == (first["sessionId"], [question])
    told = {"query": UNDERWRITING, "sessionId": first["sessionId"], "additionalInputs": {"employmentVerified": True}}
    done = world.made("POST", INFER, told)
    assert (done["sessionId"], done["pendingQuestions"]) == (None, [])
    assert world.call("GET", LOG)[1]["data"][0]["inputVariables"]["monthlyDebt"] == 1500
    assert world.call("POST", INFER, told)[0] == 404


def test_a_conversation_remembers_what_was_told_and_takes_what_is_said_later():
    world = acme()
    first = world.made("POST", INFER, {"query": UNDERWRITING})
    world.made(
        "POST", INFER, {"query": "The credit score is 650; employmentVerified: yes", "sessionId": first["sessionId"]}
    )
    entry = world.call("GET", LOG)[1]["data"][0]
    assert entry["inputVariables"] == {
        "monthlyDebt": 1500,
        "monthlyIncome": 5000,
        "creditScore": 650,
        "employmentVerified": True,
    }
    assert entry["outputVariables"]["riskTier"] == "medium"


@pytest.mark.parametrize("key", [AUTHOR, GLOBEX])
def test_a_conversation_of_another_user_or_organization_is_not_seen(key):
    world = acme()
    first = world.made("POST", INFER, {"query": UNDERWRITING})
    body = {"query": "Go on", "sessionId": first["sessionId"]}
    assert world.call("POST", INFER, body, key=key)[0] == 404


REFUSED = {
    ("infer", "body-missing"): ("POST", INFER, None, 400, "body"),
    ("infer", "body-unparsable"): ("POST", INFER, b"{", 400, "body"),
    ("infer", "body-not-json"): ("POST", INFER, b"{}", 400, "body"),
    ("infer", "session-not-found"): ("POST", INFER, {"query": "x", "sessionId": NOBODY}, 404, None),
    ("infer", "domain-unknown"): ("POST", INFER, {"query": "x", "domainId": NOBODY}, 400, "domainId"),
    ("infer", "inputs-unfit"): (
        "POST", INFER, {"query": "x", "additionalInputs": {"monthlyDebt": "much"}}, 400, "additionalInputs.monthlyDebt",
    ),
    ("listInferences", "date-unfit"): ("GET", f"{LOG}?endDate=soon", None, 400, "endDate"),
    ("listInferences", "dates-crossed"): ("GET", f"{LOG}?startDate=2026-02-02&endDate=2026-01-01", None, 400, "startDate"),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "cause"), REFUSED)
def test_a_query_that_cannot_be_taken_is_refused_and_leaves_no_entry(operation, cause):
    world = acme()
    before = world.call("GET", LOG)[1]
    method, target, body, status, field = REFUSED[operation, cause]
    headers = {"content_type": "text/plain"} if cause == "body-not-json" else {}
    found, content = world.call(method, target, body, **headers)
    assert (found, content["error"].get("details", {}).get("field")) == (status, field)
    assert world.last is not None
    assert (world.last.operation, world.last.cause) == (operation, cause)
    assert world.call("GET", LOG)[1] == before


def test_every_listed_refusal_of_inference_occurs():
    operations = acme().home.keyring.api.contract.operations
    assert {(each, cause) for each in ("infer", "listInferences") for cause in operations[each].refusals} == set(
        REFUSED
    )


def test_another_organization_sees_neither_units_nor_log():
    world = acme()
    world.made("POST", INFER, {"query": LOAN})
    other = world.made("POST", INFER, {"query": LOAN}, key=GLOBEX)
    assert other["unitsUsed"] == []
    assert all(
        each["userId"] not in str(world.call("GET", LOG)[1]) for each in world.call("GET", LOG, key=GLOBEX)[1]["data"]
    )


def test_the_log_is_newest_first_and_its_filters_hold():
    world = acme()
    everything = world.call("GET", f"{LOG}?limit=200")[1]["data"]
    times = [each["createdAt"] for each in everything]
    assert times == sorted(times, reverse=True)
    for name in ("userId", "mode"):
        for value in {each[name] for each in everything}:
            kept = world.call("GET", f"{LOG}?limit=200&{name}={value}")[1]["data"]
            assert kept == [each for each in everything if each[name] == value]
    middle = times[len(times) // 2]
    assert world.call("GET", f"{LOG}?limit=200&startDate={middle}")[1]["data"] == [
        e for e in everything if e["createdAt"] >= middle
    ]
    assert world.call("GET", f"{LOG}?limit=2&offset=1")[1]["data"] == everything[1:3]
    both = everything[0]
    kept = world.call("GET", f"{LOG}?limit=200&userId={both['userId']}&mode={both['mode']}")[1]["data"]
    assert kept == [each for each in everything if (each["userId"], each["mode"]) == (both["userId"], both["mode"])]


def test_a_world_gives_the_same_answer_twice():
    first, second = acme(), acme()
    one, other = (each.ask("POST", "/api/v1/inference", {"query": LOAN}).response.body for each in (first, second))
    assert one == other
