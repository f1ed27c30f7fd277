"""Legal variants keep the whole schema of their answer, illegal ones break one keyword, and neither knows the API."""

from functools import cache

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.core.chance import drawn
from sandbox.core.compiling import compile_contract
from sandbox.core.ground import ground_of
from sandbox.core.variation import ILLEGAL, LEGAL, LONGEST, illegal, is_handle, legal
from tests.steering import api_acts, entries_of, helm, waits, went

seeds = st.integers(0, 1 << 32)
COMPLETE = [
    ("create", "a", "Credit scoring of loan applicants", 0), ("classify", 0), ("draft", 0, [1, 2]), ("job", 0), ("ingest", 0, 1), ("monitor", 0),
    ("monitor", 1), ("list", 3, 0), ("wait", 90_000_000), ("job", 0),
]  # fmt: skip


def chance_of(seed):
    return lambda purpose: drawn(seed, "law", purpose, 1)


@cache
def grounds():
    contract = load_api("aikraft").contract
    return {each.id: ground_of(contract, each) for each in contract.operations.values()}


def answers(story):
    """Return operation and JSON of every success that the story had, and of the current classification besides."""
    at, _ = went(helm(), story)
    at, _ = at.ask("GET", "/v1/systems/sys_abc123/classification")
    return [
        (each.operation, orjson.loads(each.response.body))
        for each in entries_of(at.timeline)
        if each.operation and each.response.status == grounds()[each.operation].shape.status
    ]


def errors(ground, value):
    return [each.kind.name for each in ground.shape.whole.validator.iter_errors(value)]


def test_the_story_has_an_answer_of_every_operation():
    assert {name for name, _ in answers(COMPLETE)} == set(grounds())


@settings(deadline=None, max_examples=60)
@given(st.lists(api_acts | waits, max_size=6), seeds)
def test_a_legal_variant_of_any_answer_keeps_the_contract(story, seed):
    for name, value in answers([*COMPLETE, *story]):
        for kind in LEGAL:
            other = legal(grounds()[name], kind, value, chance_of(seed))
            assert other is None or (errors(grounds()[name], other) == [] and other != value), (name, kind)


@settings(deadline=None, max_examples=60)
@given(st.lists(api_acts | waits, max_size=6), seeds)
def test_an_illegal_variant_of_any_answer_breaks_exactly_one_keyword(story, seed):
    for name, value in answers([*COMPLETE, *story]):
        for kind, (_, keywords) in ILLEGAL.items():
            other = illegal(grounds()[name], kind, value, chance_of(seed))
            assert other is None or (len(found := errors(grounds()[name], other)) == 1 and set(found) <= keywords)


@pytest.mark.parametrize("kind", ["wrong_type", "missing_required", "extra_field"])
def test_an_answer_of_every_operation_can_be_broken(kind):
    assert all(illegal(grounds()[name], kind, value, chance_of(1)) is not None for name, value in answers(COMPLETE))


def handles(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        if is_handle((*path, name)) or (*path, name)[:1] == ("meta",):
            yield (*path, name), each
        yield from handles(each, (*path, name))


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_a_legal_variant_rewrites_no_id_no_link_no_cursor_and_no_total(seed):
    for name, value in answers(COMPLETE):
        for kind in LEGAL:
            other = legal(grounds()[name], kind, value, chance_of(seed))
            assert other is None or dict(handles(other)).items() <= dict(handles(value)).items()


@settings(deadline=None)
@given(seeds)
def test_the_same_draws_give_the_same_variant(seed):
    for name, value in answers(COMPLETE)[:4]:
        assert legal(grounds()[name], "unicode", value, chance_of(seed)) == legal(
            grounds()[name], "unicode", value, chance_of(seed)
        )


TOY = {
    "type": "object",
    "required": ["id", "name", "size"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "minLength": 1, "maxLength": 12},
        "note": {"type": ["string", "null"]},
        "size": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
        "ratio": {"type": "number", "exclusiveMinimum": 0},
        "tier": {"enum": ["a", "b"]},
        "inner": {"$ref": "#/components/schemas/Inner"},
    },
    "if": {"required": ["note"], "properties": {"note": {"type": "null"}}},
    "then": {"properties": {"tier": {"const": "a"}}},
}
TOY_DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Toy", "version": "1"},
    "paths": {
        "/toy": {
            "get": {
                "operationId": "getToy", "x-provenance": "invented", "x-source": "a test",
                "responses": {"200": {"content": {"application/json": {"schema": TOY}}}},
            }
        }
    },
    "components": {
        "schemas": {"Inner": {"type": "object", "additionalProperties": False, "properties": {"depth": {"type": "boolean"}}}}
    },
}  # fmt: skip


@cache
def toy():
    contract = compile_contract(TOY_DOCUMENT, "toy", "/v0", "")
    return ground_of(contract, contract.operations["getToy"])


toys = st.fixed_dictionaries(
    {"id": st.text(max_size=5), "name": st.text(min_size=1, max_size=12), "size": st.integers(1, 9)},
    optional={
        "note": st.text(max_size=5), "ratio": st.floats(0.001, 1e9), "tier": st.sampled_from("ab"), "inner": st.just({"depth": True}),
    },
)  # fmt: skip


@settings(deadline=None)
@given(toys, seeds, st.sampled_from(sorted(LEGAL)))
def test_a_legal_variant_keeps_a_schema_with_optional_fields_and_conditions(value, seed, kind):
    other = legal(toy(), kind, value, chance_of(seed))
    assert other is None or (errors(toy(), other) == [] and other != value)


@settings(deadline=None)
@given(toys, seeds, st.sampled_from(sorted(ILLEGAL)))
def test_an_illegal_variant_breaks_one_keyword_of_a_schema_with_conditions(value, seed, kind):
    other = illegal(toy(), kind, value, chance_of(seed))
    assert other is None or len(errors(toy(), other)) == 1


WHOLE = {"id": "i", "name": "n", "note": "x", "size": 3, "ratio": 0.5, "tier": "b", "inner": {"depth": True}}


def reached(kind, value=WHOLE):
    """Return all that 200 draws make of the answer: each by what is other in it."""
    made = [legal(toy(), kind, value, chance_of(seed)) for seed in range(200)]
    names = value.keys() | {name for each in made for name in each or ()}
    return {(name, repr(each.get(name, "gone"))) for each in made if each for name in names if each.get(name, 0) != value.get(name, 0)}  # fmt: skip


def test_absent_leaves_out_each_optional_field_and_no_other():
    assert reached("absent") == {
        ("note", "'gone'"),
        ("ratio", "'gone'"),
        ("tier", "'gone'"),
        ("inner", "'gone'"),
        ("inner", "{}"),
    }


def test_nulls_gives_way_to_a_condition():
    assert reached("nulls") == set()
    assert reached("nulls", {**WHOLE, "tier": "a"}) == {("note", "None")}


def test_longest_goes_to_the_bound_of_the_schema_or_to_ours():
    assert {(name, len(each) - 2) for name, each in reached("longest")} == {("name", 12), ("note", LONGEST)}


def test_extremes_go_to_each_bound_of_the_schema():
    assert reached("extremes") == {
        ("size", "1"),
        ("size", "9"),
        ("ratio", "5e-324"),
        ("ratio", "1.7976931348623157e+308"),
    }


def test_an_extra_field_is_added_only_where_the_schema_has_room():
    assert {name for name, _ in reached("extra_field")} == {"unheard_of"}
