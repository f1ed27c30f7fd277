"""Laws of the typed graph that an ordered list of units makes, and of the draft that is found for a description."""

from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.apis.ctrlai.composition import Clash, clash, graph, shown, typed, verification_status
from sandbox.apis.ctrlai.drafting import MOST_UNITS, NAME_LENGTH, chained, composed, matching, named, words
from sandbox.core.frozen import Frozen, freeze

NAMES = ("a", "b", "c", "d", "e")
TYPES = ("number", "integer", "string", "boolean")
ONE_TYPE = dict(zip(NAMES, ("number", "string", "boolean", "integer", "number"), strict=True))


def unit(ident, takes, makes, **more):
    texts = dict.fromkeys(("description", "given", "when", "then"))
    row = {"id": ident, "name": ident, "unitType": "program", "status": "candidate", "domainId": "home", **texts}
    return freeze({**row, "inputSchema": takes, "outputSchema": makes, **more})


def numbered(parts):
    return [unit(f"u{at}", takes, makes) for at, (takes, makes) in enumerate(parts)]


clashing = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TYPES), max_size=3)
fitting = st.sets(st.sampled_from(NAMES), max_size=3).map(
    lambda names: {each: ONE_TYPE[each] for each in sorted(names)}
)
untyped = st.none() | fitting
lists = st.lists(st.tuples(untyped, untyped), max_size=6).map(numbered)
wild = st.lists(st.tuples(clashing, clashing), max_size=5).map(numbered)


def takes(each):
    return dict(each["inputSchema"] or {})


def makes(each):
    return dict(each["outputSchema"] or {})


@given(lists | wild)
def test_edges_run_forward_and_from_a_maker_to_a_taker(units):
    for source, target, variable in graph(units).edges:
        assert source < target
        assert makes(units[source])[variable] == takes(units[target])[variable]


@given(lists)
def test_an_edge_comes_from_the_last_maker_before_its_taker(units):
    for source, target, variable in graph(units).edges:
        assert not any(variable in makes(each) for each in units[source + 1 : target])


@given(lists)
def test_the_inputs_are_exactly_what_no_earlier_unit_makes(units):
    expected = {
        variable: kind
        for at, each in enumerate(units)
        for variable, kind in takes(each).items()
        if all(variable not in makes(earlier) for earlier in units[:at])
    }
    assert {each.name: each.type for each in graph(units).inputs} == expected
    assert len(graph(units).inputs) == len(expected)


@given(lists)
def test_every_need_of_a_unit_is_met_by_one_edge_or_by_an_input(units):
    edges, inputs, _ = graph(units)
    for at, each in enumerate(units):
        for variable in takes(each):
            feeding = [edge for edge in edges if edge.target == at and edge.variable == variable]
            made = any(variable in makes(earlier) for earlier in units[:at])
            assert len(feeding) == made
            assert made or variable in [each.name for each in inputs]


@given(lists)
def test_the_outputs_are_what_no_later_unit_takes(units):
    expected = {}
    for at, each in enumerate(units):
        for variable, kind in makes(each).items():
            remade = [at + 1 + n for n, later in enumerate(units[at + 1 :]) if variable in makes(later)]
            taken = [at + 1 + n for n, later in enumerate(units[at + 1 :]) if variable in takes(later)]
            if not remade and not taken:
                expected[variable] = kind
    assert {each.name: each.type for each in graph(units).outputs} == expected


@given(wild)
def test_a_clash_of_types_is_told_exactly_when_a_variable_has_two(units):
    kinds = {}
    for each in units:
        for variable, kind in (*takes(each).items(), *makes(each).items()):
            kinds.setdefault(variable, set()).add(kind)
    found = clash(units)
    assert (found is not None) == any(len(each) > 1 for each in kinds.values())
    if found is not None:
        assert found.first != found.other
        assert {found.first, found.other} <= kinds[found.variable]
        at_fault = units[found.place]
        assert found.other in (takes(at_fault).get(found.variable), makes(at_fault).get(found.variable))


@given(wild)
def test_the_first_unit_that_clashes_is_named(units):
    found = clash(units)
    assume(found is not None)
    assert clash(units[: found.place]) is None
    assert clash(units[: found.place + 1]) == found


@given(wild, st.randoms())
def test_whether_types_clash_does_not_depend_on_the_order(units, chance):
    other = list(units)
    chance.shuffle(other)
    assert (clash(units) is None) == (clash(other) is None)


def test_the_order_of_the_listed_units_decides():
    maker, taker = unit("maker", {"income": "number"}, {"ratio": "number"}), unit("taker", {"ratio": "number"}, None)
    forward, backward = graph([maker, taker]), graph([taker, maker])
    assert [tuple(each) for each in forward.edges] == [(0, 1, "ratio")]
    assert [each.name for each in forward.inputs] == ["income"]
    assert forward.outputs == ()
    assert backward.edges == ()
    assert [each.name for each in backward.inputs] == ["ratio", "income"]
    assert [each.name for each in backward.outputs] == ["ratio"]


def test_an_integer_is_no_number():
    units = [unit("one", None, {"score": "integer"}), unit("two", {"score": "number"}, None)]
    assert clash(units) == Clash("score", "integer", "number", 1)
    assert graph(units).edges == ()


def test_a_unit_may_clash_with_itself():
    assert clash([unit("one", {"x": "number"}, {"x": "string"})]) == Clash("x", "number", "string", 0)


def test_the_three_ways_to_write_a_schema_make_the_same_graph():
    ways = (
        {"ratio": "number"},
        {"ratio": {"type": "number", "description": "Debt by income"}},
        {"type": "object", "properties": {"ratio": {"type": "number"}}, "required": ["ratio"]},
    )
    for one in ways:
        for other in ways:
            units = [unit("maker", None, one), unit("taker", other, None)]
            assert (clash(units), [tuple(each) for each in graph(units).edges]) == (None, [(0, 1, "ratio")])


@given(lists)
def test_what_is_shown_names_every_unit_in_order_and_every_edge_by_unit(units):
    told = shown(units)
    assert told["units"] == [each["unitId"] for each in told["dag"]["nodes"]] == [each["id"] for each in units]
    assert [(each["from"], each["to"]) for each in told["dag"]["edges"]] == [
        (units[one]["id"], units[other]["id"]) for one, other, _ in graph(units).edges
    ]


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("verified", "verified"), "verified"),
        (("verified", "candidate"), "partially_verified"),
        (("partial_verified", "in_review"), "unverified"),
        ((), "unverified"),
    ],
)
def test_a_workflow_is_as_verified_as_its_units(statuses, told):
    assert verification_status([Frozen(status=each) for each in statuses]) == told


@given(lists)
def test_chaining_keeps_the_units_and_puts_makers_first_where_that_can_be(units):
    found = chained(units)
    assert sorted(each["id"] for each in found) == sorted(each["id"] for each in units)

    def late(order):
        return any(
            set(makes(order[b])) & set(takes(order[a])) for a in range(len(order)) for b in range(a + 1, len(order))
        )

    if len(units) <= 4 and any(not late(order) for order in permutations(units)):
        assert not late(found)


LOANS = [
    unit("01", {"debt": "number", "income": "number"}, {"ratio": "number"}, name="Debt ratio", when="A loan is weighed"),
    unit("02", {"ratio": "number", "score": "integer"}, {"risk": "string"}, name="Loan risk", status="verified"),
    unit("03", {"file": "string"}, {"score": "integer"}, name="Bureau file", domainId="away"),
    unit("04", {"file": "string"}, {"score": "integer"}, name="Bureau file at home"),
    unit("05", {"risk": "number"}, {"price": "number"}, name="Loan risk pricing"),
    unit("06", {"dose": "number"}, {"safe": "boolean"}, name="Dose check", domainId="away"),
]  # fmt: skip


def ids(units):
    return [each["id"] for each in units]


def test_a_draft_holds_what_matches_and_what_that_lacks_makers_first():
    assert ids(composed("Weigh the risk of a loan", "home", LOANS)) == ["01", "04", "02"]


def test_a_unit_whose_types_clash_with_a_better_match_is_left_out():
    assert "05" in ids(matching("Weigh the risk of a loan", "home", LOANS))
    assert "05" not in ids(composed("Weigh the risk of a loan", "home", LOANS))


def test_units_of_other_domains_are_found_where_the_domain_has_none():
    assert ids(composed("Check a dose", "home", LOANS)) == ["06"]
    assert ids(matching("Check the bureau file", "home", LOANS)) == ["04"]


@pytest.mark.parametrize("description", ["Bake bread", "???", "the of and", "Weigh"])
def test_a_description_that_nothing_matches_finds_nothing(description):
    assert composed(description, "home", LOANS) == []


texts = st.lists(st.sampled_from(("debt", "loan", "risk", "score", "file")), max_size=4).map(" ".join)
worded = st.lists(
    st.tuples(untyped, untyped, texts, st.sampled_from(("home", "away")), st.sampled_from(("verified", "candidate"))),
    max_size=16,
).map(
    lambda rows: [
        unit(f"{at:02}", taken, made, name=name, domainId=domain, status=status)
        for at, (taken, made, name, domain, status) in enumerate(rows)
    ]
)


@given(worded, texts, st.randoms())
def test_a_draft_is_the_same_however_the_units_are_stored(units, description, chance):
    other = list(units)
    chance.shuffle(other)
    assert composed(description, "home", units) == composed(description, "home", other)


@given(worded, texts)
def test_a_draft_has_each_unit_once_no_clash_and_a_size_that_can_be_read(units, description):
    found = composed(description, "home", units)
    assert len(set(ids(found))) == len(found) <= MOST_UNITS
    assert clash(found) is None
    assert bool(found) == bool(matching(description, "home", units))


@given(worded, texts)
def test_a_draft_lacks_nothing_that_a_unit_could_still_make(units, description):
    found = composed(description, "home", units)
    assume(0 < len(found) < MOST_UNITS)
    made = {each for one in found for each in typed(one).makes}
    lacking = {each for one in found for each in typed(one).takes} - made
    assert not [each for each in units if each not in found and lacking & set(typed(each).makes)]


@given(st.text())
def test_a_draft_has_a_name_that_fits(description):
    name = named(description)
    assert name.strip()
    assert len(name) <= NAME_LENGTH + 5
    assert words(name) <= words(description) | {"workflow"} or len(description) > NAME_LENGTH


def test_a_long_description_is_cut_at_a_word():
    assert named("assess a loan. Then price it") == "Assess a loan"
    assert named("weigh " * 20) == " ".join(["Weigh", *["weigh"] * 9])
