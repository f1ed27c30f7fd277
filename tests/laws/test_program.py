"""Laws of the language of program units: it takes any JSON, ends within bounds, never raises, and counts exactly."""

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.apis.ctrlai.reasoning import operations, program
from sandbox.apis.ctrlai.reasoning.program import Failure, flaw, read, run
from sandbox.core.frozen import freeze

DTI = {"round": [{"/": [{"var": "monthlyDebt"}, {"var": "monthlyIncome"}]}, 4]}
TIER = {
    "if": [
        {"and": [{"<=": [{"var": "dti"}, 0.36]}, {">=": [{"var": "creditScore"}, 700]}]}, "low",
        {"and": [{"<=": [{"var": "dti"}, 0.43]}, {">=": [{"var": "creditScore"}, 620]}]}, "medium",
        "high",
    ]
}  # fmt: skip
CREDIT_RISK = {"dti": DTI, "riskTier": TIER}
NAMES = ["a", "b", "c"]

plain = st.booleans() | st.integers() | st.floats() | st.text() | st.none()
anything = st.recursive(
    plain | st.just(10**4000) | st.just(math.nan) | st.just("x" * 5000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
operators = st.sampled_from([*operations.OPERATORS, *operations.CHOOSERS, "in", "var"])
leaves = st.sampled_from([{"var": each} for each in NAMES]) | plain | st.integers(-3, 9)
expressions = st.recursive(
    leaves,
    lambda inner: st.builds(lambda name, parts: {name: parts}, operators, st.lists(inner, max_size=4) | inner),
    max_leaves=20,
)
programs = (
    st.dictionaries(st.sampled_from(NAMES), expressions, min_size=1)
    | st.lists(st.fixed_dictionaries({"set": st.sampled_from(NAMES), "to": expressions}), max_size=3)
    | anything
)
scopes = st.dictionaries(st.sampled_from(NAMES), plain | anything)
decimals = st.integers(-(10**6), 10**6).map(lambda number: number / 100)


def worth(expression, **scope):
    """Return what an expression is worth, or the cause of its failure."""
    ran = run({"x": expression}, scope)
    return ran.failure.cause if ran.failure else ran.values["x"]


@pytest.mark.parametrize(
    ("debt", "income", "score", "dti", "tier"),
    [
        (1500, 5000, 700, 0.3, "low"),
        (1800, 5000, 700, 0.36, "low"),
        (1800.5, 5000, 700, 0.3601, "medium"),
        (1500, 5000, 699, 0.3, "medium"),
        (2150, 5000, 620, 0.43, "medium"),
        (2150, 5000, 619, 0.43, "high"),
        (1, 3, 800, 0.3333, "low"),
        (2, 3, 800, 0.6667, "high"),
        (0, 5000, 700, 0, "low"),
    ],
)
def test_the_credit_risk_program_computes_its_own_numbers(debt, income, score, dti, tier):
    ran = run(CREDIT_RISK, {"monthlyDebt": debt, "monthlyIncome": income, "creditScore": score})
    assert ran == ({"dti": dti, "riskTier": tier}, None)


def test_the_docstring_of_the_language_holds_that_very_program():
    text = program.__doc__ or ""
    example = text[text.index('{"name": "Credit Risk"') :].partition("\n\nA monthly debt")[0]
    assert json.loads(example)["definition"]["program"] == CREDIT_RISK


def test_no_income_is_a_failure_that_says_where():
    ran = run(CREDIT_RISK, {"monthlyDebt": 1, "monthlyIncome": 0, "creditScore": 700})
    assert ran == ({}, Failure("division-by-zero", "dti", "division by zero"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"+": [0.1, 0.2]}, 0.3),
        ({"*": [{"/": [1, 3]}, 3]}, 1),
        ({"==": [{"+": [0.1, 0.2]}, 0.3]}, True),
        ({"-": [3]}, -3),
        ({"-": 3}, -3),
        ({"%": [-7, 3]}, -1),
        ({"%": [7, -3]}, 1),
        ({"min": [3, 1, 2]}, 1),
        ({"max": [3, 1, 2]}, 3),
        ({"abs": -2.5}, 2.5),
        ({"floor": -2.5}, -3),
        ({"ceil": -2.5}, -2),
        ({"round": 2.5}, 3),
        ({"round": -2.5}, -3),
        ({"round": [2.345, 2]}, 2.35),
        ({"round": [1.005, 2]}, 1.01),
        ({"<": [1, 2, 3]}, True),
        ({"<=": [300, 300, 850]}, True),
        ({">": [3, 2, 2]}, False),
        ({">=": [3, 3, 3]}, True),
        ({"===": ["a", "a"]}, True),
        ({"!=": ["a", "b"]}, True),
        ({"!==": [True, True]}, False),
        ({"!": False}, True),
        ({"and": [False, {"/": [1, 0]}]}, False),
        ({"or": [True, {"/": [1, 0]}]}, True),
        ({"if": [False, {"/": [1, 0]}, "else"]}, "else"),
        ({"in": ["b", ["a", "b"]]}, True),
        ({"in": [1, ["1", True]]}, False),
        ({"in": ["el", "hello"]}, True),
        ({"cat": ["a", 1.5, True]}, "a1.5true"),
        ({"var": ["missing", 7]}, 7),
    ],
)
def test_an_operator_gives_what_the_page_says(expression, expected):
    assert (worth(expression), type(worth(expression))) == (expected, type(expected))


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ({"var": "missing"}, "missing-variable"),
        ({"/": [1, 0]}, "division-by-zero"),
        ({"%": [1, 0]}, "division-by-zero"),
        ({"+": [1, "1"]}, "wrong-type"),
        ({"+": [1, True]}, "wrong-type"),
        ({"==": [1, "1"]}, "wrong-type"),
        ({"if": [1, 2, 3]}, "wrong-type"),
        ({"and": [1, True]}, "wrong-type"),
        ({"in": [1, "1"]}, "wrong-type"),
        ({"round": [1, 13]}, "wrong-type"),
        ({"*": [10**15, 10]}, "too-large"),
        ({"cat": ["x" * 999, "yy"]}, "too-large"),
        ({"sqrt": 4}, "program-unfit"),
        ({"+": []}, "program-unfit"),
        ({"if": [True, 1]}, "program-unfit"),
        ({"if": [True, 1, False, 2]}, "program-unfit"),
        (None, "program-unfit"),
        ([1], "program-unfit"),
        ({"+": [1], "-": [1]}, "program-unfit"),
        (10**16, "program-unfit"),
        ("x" * 1001, "program-unfit"),
    ],
)
def test_what_goes_wrong_has_a_cause(expression, cause):
    assert worth(expression) == cause


def test_a_list_of_steps_runs_in_its_order_and_sets_nothing_twice():
    steps = [{"set": "x", "to": 2}, {"set": "y", "to": {"*": [{"var": "x"}, 3]}}]
    assert run(steps, {}).values == {"x": 2, "y": 6}
    assert flaw([*steps, {"set": "x", "to": 1}]) == "x: expected a variable that no earlier step sets"


def test_a_flaw_says_where_and_what_is_near():
    assert flaw({"a": {"mix": [1, 2]}}) == "a: expected a known operator, got mix (did you mean min?)"
    assert flaw({}) == "expected 1 to 200 steps, got 0"
    assert flaw({"1a": 1}) == "expected a variable to set, got 1a"
    assert flaw(7) == "expected an object or a list of steps, got number"


def nested(levels):
    data = 1
    for _ in range(levels):
        data = {"+": [data]}
    return {"x": data}


def test_limits_of_depth_size_and_steps_are_held():
    assert flaw(nested(program.DEEPEST - 1)) is None
    assert "levels" in (flaw(nested(program.DEEPEST)) or "")
    assert "levels" in (flaw(nested(900)) or "")
    assert flaw({"x": {"+": [1] * (program.MOST_NODES - 1)}}) is None
    assert "values and operators" in (flaw({"x": {"+": [1] * program.MOST_NODES}}) or "")
    assert "steps" in (flaw({f"x{at}": 1 for at in range(program.MOST_STEPS + 1)}) or "")


def test_fractions_cannot_grow_without_end():
    steps = [{"set": "x0", "to": {"/": [1, 999_999_999_999]}}]
    steps += [{"set": f"x{at + 1}", "to": {"*": [{"var": f"x{at}"}, {"var": f"x{at}"}]}} for at in range(20)]
    assert run(steps, {}).failure == Failure("too-large", "x5", "a fraction needs more than 1024 bits")


def test_a_program_knows_what_it_needs_from_outside():
    found = read(CREDIT_RISK)
    assert not isinstance(found, str)
    assert found.needs == ("monthlyDebt", "monthlyIncome", "creditScore")


@given(programs, scopes)
def test_any_json_is_a_program_or_has_a_flaw_and_running_it_never_raises(data, scope):
    ran = run(data, scope)
    assert (flaw(data) is not None) == (ran.failure is not None and ran.failure.cause == "program-unfit")
    assert ran.failure is None or (not ran.values and ran.failure.message)
    json.dumps(ran.values, allow_nan=False)


@given(anything, anything)
def test_any_json_may_stand_where_an_expression_should(one, other):
    assert isinstance(run({"a": one, "b": {"+": [other, one]}}, {"a": one}), program.Ran)


@given(programs, scopes)
def test_a_program_gives_the_same_in_every_form_of_the_same_json(data, scope):
    first = run(data, scope)
    assert run(freeze(data), freeze(scope)) == first
    assert repr(run(data, scope)) == repr(first)


@given(programs, scopes, st.integers())
def test_variables_that_a_program_does_not_name_change_nothing(data, scope, more):
    assert run(data, {**scope, "zz": more}) == run(data, scope)


@given(st.lists(decimals, min_size=1, max_size=20))
def test_sums_and_means_are_those_of_exact_arithmetic(numbers):
    exact = [Fraction(repr(each)) for each in numbers]
    scope = {f"v{at}": each for at, each in enumerate(numbers)}
    named = [{"var": name} for name in scope]
    ran = run({"sum": {"+": named}, "mean": {"/": [{"+": named}, len(numbers)]}, "top": {"max": named}}, scope)
    assert ran.values == {"sum": float(sum(exact)), "mean": float(sum(exact) / len(exact)), "top": max(numbers)}


@given(decimals, st.integers(0, 4))
def test_rounding_is_half_away_from_zero_and_symmetric(number, digits):
    there, back = worth({"round": [number, digits]}), worth({"round": [{"-": number}, digits]})
    assert there == -back
    assert abs(Fraction(repr(there)) - Fraction(repr(number))) <= Fraction(1, 2 * 10**digits)


@given(expressions, scopes)
def test_a_step_that_nothing_reads_changes_no_other(expression, scope):
    if flaw({"x": expression}) is None and not run({"x": expression}, scope).failure:
        assert run({"extra": 1, "x": expression}, scope).values == {"extra": 1, **run({"x": expression}, scope).values}
