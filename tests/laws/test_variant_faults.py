"""What a variant does to answers on their way out: legal ones fit the contract, pages stay whole, the wire is told of."""

from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.systems import cursor_at, read_cursor
from sandbox.app import load_api
from sandbox.core.document import written
from sandbox.core.message import TRUNCATED, Hangup
from sandbox.faults.variant import KINDS, PAGES, WIRE
from tests.steering import api_acts, entries_of, helm, waits, went
from tests.struck import example, flaw_of, read, script, under
from tests.support import LOAN, ask, said, world_of

OPERATIONS = load_api("aikraft").contract.operations
LEGAL = ("nulls", "absent", "longest", "extremes", "extra_field", "unicode", *PAGES)
ILLEGAL = ("wrong_type", "missing_required", "unknown_enum", "extra_field")
LIST = "/v1/systems"


def rule(figures, **when):
    return {"name": "other", "when": when, "then": {"variant": figures}}


def one_of(kinds, **more):
    return {"name": "other", "then": {"one_of": [{"variant": {"kind": each, **more}} for each in kinds]}}


def told(story, each):
    """Return the successes of a story that is struck at every request: operation, shape, JSON."""
    at = helm().steered("PUT", "/scenarios/active", {"scenario": script(each)})
    at, _ = went(at, [("create", "a", "Credit scoring", 0), ("classify", 0), ("draft", 0, [1]), ("list", 1, 0), *story])
    for entry in entries_of(at.timeline):
        operation = OPERATIONS.get(entry.operation)
        if operation is not None and entry.response.status == operation.success.status:
            yield operation.success, orjson.loads(entry.response.body)


stories = st.lists(api_acts | waits, max_size=8)


@settings(deadline=None, max_examples=80)
@given(stories, st.sampled_from(LEGAL))
def test_every_answer_under_a_legal_variant_fits_the_contract(story, kind):
    assert all(shape.whole.validator.is_valid(value) for shape, value in told(story, rule(kind)))


@settings(deadline=None, max_examples=80)
@given(stories)
def test_every_answer_under_illegal_variants_breaks_at_most_one_keyword(story):
    for shape, value in told(story, one_of(ILLEGAL, illegal=True)):
        assert len(list(shape.whole.validator.iter_errors(value))) <= 1


def filled(count):
    world = world_of()
    for number in range(count):
        world = ask(world, "POST", LIST, {**LOAN, "name": f"system {number}"}).world
    return world


def walked(world, limit, tier=""):
    """Return the pages of the whole list as a client that follows the cursors sees them."""
    pages, cursor = [], None
    while len(pages) < 100:
        outcome = ask(world, "GET", f"{LIST}?limit={limit}{tier}" + (f"&cursor={cursor}" if cursor else ""))
        world, body = outcome.world, said(outcome)
        pages.append([each["id"] for each in body["data"]])
        cursor = body["meta"]["cursor"]
        if cursor is None:
            return pages
    raise AssertionError("the pages do not end")


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 9), st.integers(1, 4), st.sampled_from([*PAGES, "both"]), st.sampled_from(["", "&risk_tier=high"])
)
def test_whoever_follows_the_cursors_sees_every_item_once_and_comes_to_the_end(count, limit, kind, tier):
    world = filled(count)
    rules = one_of(PAGES) if kind == "both" else rule(kind)
    plain, struck = walked(world, limit, tier), walked(under(world, rules), limit, tier)
    assert [ident for page in struck for ident in page] == [ident for page in plain for ident in page]
    if kind == "one_item_page" and plain != [[]]:
        assert all(len(page) <= limit and page for page in struck)


@settings(deadline=None)
@given(st.integers(1, 9))
def test_an_empty_page_goes_before_each_page(count):
    struck = walked(under(filled(count), rule("empty_page")), 2)
    assert [bool(page) for page in struck] == [False, True] * (len(struck) // 2)


@settings(deadline=None)
@given(st.integers(0, 9), st.data())
def test_the_page_of_a_cursor_at_an_item_begins_with_it(count, data):
    world = filled(count)
    items = said(ask(world, "GET", LIST + "?limit=100"))["data"]
    at = data.draw(st.integers(0, len(items) - 1))
    cursor = cursor_at(SimpleNamespace(query={"risk_tier": None}), items[at])
    assert read_cursor(cursor, None)
    page = said(ask(world, "GET", f"{LIST}?limit=100&cursor={cursor}"))["data"]
    assert page == items[at:]


@pytest.mark.parametrize("kind", LEGAL)
def test_a_refusal_is_never_varied(kind):
    plain, struck = (ask(each, "GET", "/v1/jobs/job_nothin") for each in (world_of(), under(world_of(), rule(kind))))
    assert (struck.response.status, struck.response.body) == (404, plain.response.body)


@pytest.mark.parametrize("kind", ["absent", "extra_field"])
def test_an_answer_in_which_a_variant_has_no_place_stays_as_it_is(kind):
    plain, struck = (ask(each, "GET", LIST) for each in (world_of(), under(world_of(), rule(kind))))
    assert struck.response.body == plain.response.body
    assert struck.response.header("Sandbox-Fault") == "law#other"


@settings(deadline=None)
@given(st.integers(0, 20))
def test_a_truncated_body_is_no_json_and_has_its_own_length(seed):
    struck = under(world_of(seed=seed), rule({"wire": "truncated_json", "illegal": True}))
    answer = ask(struck, "GET", LIST).response
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.body)
    assert answer.header("Content-Length") == str(len(answer.body))
    assert ask(world_of(), "GET", LIST).response.body.startswith(answer.body)


def test_a_wrong_content_type_speaks_of_html():
    answer = ask(under(world_of(), rule({"wire": "wrong_content_type", "illegal": True})), "GET", LIST).response
    assert answer.header("Content-Type") == "text/html"
    assert answer.body == ask(world_of(), "GET", LIST).response.body


def test_a_wrong_length_promises_more_than_is_sent():
    answer = ask(under(world_of(), rule({"wire": "wrong_length", "illegal": True})), "GET", LIST).response
    [broken] = answer.effects
    assert isinstance(broken, Hangup)
    assert broken.kind == TRUNCATED
    assert 0 < broken.keep < len(answer.body) == int(answer.header("Content-Length"))


@pytest.mark.parametrize("figures", [*({"kind": each} for each in ILLEGAL[:3]), *({"wire": each} for each in WIRE)])
def test_what_breaks_the_contract_needs_its_mark(figures):
    assert written(flaw_of({"variant": figures}).path) == "rules[0].then.variant.illegal"
    assert flaw_of({"variant": {**figures, "illegal": True}}) is None


@pytest.mark.parametrize(
    ("figures", "path"),
    [
        ({"kind": "nulls", "illegal": True}, ".illegal"),
        ({"kind": "empty_page", "illegal": True}, ".illegal"),
        ({}, ""),
        ({"kind": "nulls", "wire": "wrong_length", "illegal": True}, ""),
        ({"kind": "null"}, ".kind"),
        ({"kind": "empty_page", "place": 0}, ".place"),
        ({"wire": "truncated_json", "place": 0, "illegal": True}, ".place"),
        ({"kind": "nulls", "place": -1}, ".place"),
    ],
)
def test_figures_that_cannot_work_are_refused_with_their_place(figures, path):
    assert written(flaw_of({"variant": figures}).path) == "rules[0].then.variant" + path


def varied(figures, name):
    """Return the list's answer under this variant, by a rule of this name: chance is the name's."""
    return ask(under(world_of(), {**rule(figures), "name": name}), "GET", LIST).response.body


@pytest.mark.parametrize("figures", [{"kind": "nulls"}, {"kind": "wrong_type", "illegal": True}])
def test_a_place_is_changed_by_its_number_and_by_no_chance(figures):
    names = [f"rule-{number}" for number in range(12)]
    assert len({varied(figures, name) for name in names}) > 1
    placed = [{varied({**figures, "place": place}, name) for name in names} for place in range(4)]
    assert [len(each) for each in placed] == [1, 1, 1, 1]
    assert len(set.union(*placed)) > 1


def test_the_places_of_an_answer_go_around():
    answers = [varied({"kind": "nulls", "place": place}, "one") for place in range(200)]
    assert len(set(answers)) < 200
    assert answers[0] in answers[1:]


def test_the_flags_say_what_a_variant_breaks():
    flags = {each: (made.illegal, made.wire) for each in (*LEGAL, *ILLEGAL[:3]) for made in read(rule({"kind": each, "illegal": each in ILLEGAL[:3]})).rules[0].faults}  # fmt: skip
    assert flags == {**dict.fromkeys(LEGAL, (False, False)), **dict.fromkeys(ILLEGAL[:3], (True, False))}
    [wire] = read(rule({"wire": "wrong_length", "illegal": True})).rules[0].faults
    assert (wire.illegal, wire.wire) == (True, True)


def test_every_kind_of_variant_is_tried():
    assert {*LEGAL, *ILLEGAL} == set(KINDS)


def test_the_example_of_the_page_is_a_scenario():
    assert [each.faults[0].illegal for each in read(*example("faults", "variant")).rules] == [False, True, True]
