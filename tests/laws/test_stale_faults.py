"""What a struck read misses, how pages overlap, which cursors are refused; and a past that goes through a file."""

from itertools import pairwise

import pytest
from hypothesis import example as for_example
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import SECOND
from sandbox.core.document import written
from sandbox.core.recall import pasts_written
from tests.steering import acts, exported, helm, through_file, went
from tests.struck import example, flaw_of, read, script, under
from tests.support import LOAN, NOW, ask, said, told, world_of

LIST = "/v1/systems"


def rule(figures, **when):
    return {"name": "stale", "when": when, "then": {"stale": figures}}


def created(world, name, at=NOW):
    outcome = ask(world, "POST", LIST, {**LOAN, "name": name}, at=at)
    assert outcome.response.status == 201
    return outcome.world


def names(world, at=NOW):
    outcome = ask(world, "GET", LIST + "?limit=100", at=at)
    return {each["name"] for each in said(outcome)["data"]}, outcome.world


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=12), st.integers(0, 4))
def test_a_read_sees_the_writes_that_are_as_old_as_the_lag_and_no_other(story, lag):
    world, at, writes = under(world_of(clock="real"), rule({"lag": f"{lag}s"})), NOW, {}
    known, _ = names(world_of())
    for write, wait in story:
        at += wait * SECOND
        if write:
            writes[f"system {len(writes)}"] = at
            world = created(world, f"system {len(writes) - 1}", at)
        seen, world = names(world, at)
        assert seen == known | {name for name, when in writes.items() if at - when >= lag * SECOND}


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=15), st.integers(1, 4))
def test_a_write_is_missed_by_so_many_struck_reads(story, reads):
    world, missed = under(world_of(), rule({"reads": reads}, operation="listSystems")), {}
    known, _ = names(world_of())
    for write in story:
        if write:
            name = f"system {len(missed)}"
            world, missed[name] = created(world, name), 0
            continue
        seen, world = names(world)
        assert seen == known | {name for name, count in missed.items() if count >= reads}
        missed = {name: count + 1 for name, count in missed.items()}


def test_a_job_that_is_not_seen_yet_is_not_found():
    world = under(world_of(clock="real"), rule({"lag": "2s"}))
    first = ask(world, "POST", "/v1/systems/sys_abc123/documents", {"sections": [1]})
    job = f"/v1/jobs/{said(first)['data']['job_id']}"
    assert [told(ask(first.world, "GET", job, at=NOW + at * SECOND)).status for at in (0, 1, 2)] == [404, 404, 200]


def test_a_write_sees_the_present():
    world = created(under(world_of(), rule({"lag": "1h"})), "twin")
    assert told(ask(world, "POST", LIST, {**LOAN, "name": "twin"})).status == 409


def walked(world, limit):
    """Return the names on each page of the whole list."""
    pages, cursor = [], None
    while True:
        outcome = ask(world, "GET", f"{LIST}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert outcome.response.status == 200, outcome.response.body
        world, body = outcome.world, said(outcome)
        pages.append([each["name"] for each in body["data"]])
        cursor = body["meta"]["cursor"]
        if cursor is None:
            return pages


def filled(count, *rules):
    world = world_of(clock="real")
    for number in range(count):
        world = created(world, f"system {number}", NOW + number // 2 * SECOND)
    return under(world, *rules)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(1, 5))
def test_an_item_stands_on_two_pages_wherever_a_page_of_several_goes_on(count, limit):
    plain, pages = walked(filled(count), limit), walked(filled(count, rule({"pages": "twice"})), limit)
    if limit == 1:
        assert pages == plain
        return
    flat = [name for page in pages for name in page]
    assert [name for at, name in enumerate(flat) if name not in flat[:at]] == [name for page in plain for name in page]
    assert all(page[-1] == after[0] for page, after in pairwise(pages))


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(1, 5))
def test_an_item_is_on_no_page_wherever_a_page_of_several_goes_on(count, limit):
    plain, pages = walked(filled(count), limit), walked(filled(count, rule({"pages": "missing"})), limit)
    assert pages == [page[:-1] if limit > 1 and page is not plain[-1] else page for page in plain]


@settings(deadline=None)
@given(st.integers(0, 6), st.booleans(), st.booleans())
def test_a_cursor_is_refused_once_something_was_written_and_only_then(before, write, elsewhere):
    world = filled(3, rule({"cursor": "invalidated"}, operation="listSystems"))
    for number in range(before):
        world = created(world, f"before {number}")
    first = ask(world, "GET", LIST + "?limit=2")
    world, cursor = first.world, said(first)["meta"]["cursor"]
    if write:
        path = "/v1/systems/sys_abc123/classification" if elsewhere else LIST
        world = ask(world, "POST", path, None if elsewhere else {**LOAN, "name": "new"}).world
    then = ask(world, "GET", f"{LIST}?limit=2&cursor={cursor}")
    assert (then.response.status, then.cause) == ((400, "cursor-malformed") if write else (200, None))


@settings(deadline=None)
@given(st.integers(0, 8), st.integers(1, 4))
def test_a_list_that_does_not_change_is_walked_through_with_cursors_that_could_be_refused(count, limit):
    assert walked(filled(count, rule({"cursor": "invalidated"})), limit) == walked(filled(count), limit)


@pytest.mark.parametrize(
    ("figures", "when", "path"),
    [
        ({"lag": "2s"}, {"operation": "createSystem"}, ""),
        ({"reads": 3}, {"operation": ["listSystems", "createSystem"]}, ".reads"),
        ({"pages": "twice"}, {"operation": "getJob"}, ".pages"),
        ({"cursor": "invalidated"}, {"operation": "getJob"}, ".cursor"),
        ({}, {}, ""),
        ({"lag": "2s", "reads": 3}, {"operation": "getJob"}, ""),
        ({"pages": "thrice"}, {}, ".pages"),
        ({"reads": 0}, {}, ".reads"),
    ],
)
def test_what_can_never_strike_is_refused_with_its_place(figures, when, path):
    assert written(flaw_of({"stale": figures}, when).path) == "rules[0].then.stale" + path


def test_the_example_of_the_page_is_a_scenario():
    assert {each.faults[0].kind for each in read(*example("faults", "stale")).rules} == {"stale"}


RULES = (
    {"name": "lag", "when": {"operation": ["getJob", "getMonitoring"]}, "then": {"stale": {"lag": "5s"}}},
    {"name": "reads", "when": {"operation": "getClassification"}, "then": {"stale": {"reads": 2}}},
    {"name": "list", "when": {"operation": "listSystems"}, "then": {"stale": {"cursor": "invalidated"}}},
)
STORY = [("create", "a", "Any", 0), ("classify", 0), ("draft", 0, [1, 2]), ("ingest", 0, 1), ("list", 1, 0), ("wait", 2 * SECOND), ("classify", 1)]  # fmt: skip
AFTER = [("job", 0), ("monitor", 0), ("monitor", 1), ("list", 1, 0), ("create", "d", "Any", 0), ("list", 2, 0), ("wait", 4 * SECOND), ("job", 1), ("monitor", 0)]  # fmt: skip


def staged(**options):
    at = helm(clock="real", **options)
    return at.steered("PUT", "/scenarios/active", {"scenario": script(*RULES)})


@settings(deadline=None, max_examples=40)
@for_example(STORY)
@given(st.lists(acts, max_size=8))
def test_a_stale_world_that_goes_through_a_file_is_the_same_world(story):
    at, _ = went(staged(), [*STORY, *story])
    state = exported(at)
    again = staged()._replace(wall=at.wall, minted=at.minted).steered("PUT", "/state", through_file(at.read("/state")))
    assert exported(again) == state
    _, expected = went(at, AFTER)
    _, found = went(again, AFTER)
    assert [each and each.body for each in found] == [each and each.body for each in expected]


@settings(deadline=None, max_examples=40)
@for_example(STORY, 3)
@given(st.lists(acts, max_size=8), st.integers(1, 6))
def test_a_capsule_that_begins_in_a_stale_time_is_replayed_to_the_byte(story, entries):
    at, _ = went(staged(entries=entries), [*STORY, *story, *AFTER])
    there, response = staged()._replace(wall=at.wall).steer("POST", "/capsule", through_file(at.read("/capsule")))
    assert response.status == 200, response.body
    assert pasts(there) == pasts(at)


def pasts(at):
    world = at.world
    return pasts_written(world.charter.api.storage, world.play.pasts, world.workspace)


def test_a_past_holds_the_rows_that_differ_and_no_others():
    at, _ = went(staged(), STORY[:2])
    first, second = pasts(at)
    assert (first["rows"], first["gone"]) == ({}, {"systems": [second["rows"]["systems"][0]["id"]]})
    assert [len(each) for each in second["rows"].values()] == [1]


@pytest.mark.parametrize(
    ("part", "value", "path"),
    [
        ("at", -1, "at"), ("number", "x", "number"), ("fired", {"a": -1}, "fired.a"), ("rows", {"nothing": []}, "rows.nothing"),
        ("rows", {"systems": [1]}, "rows.systems"), ("gone", {"systems": "x"}, "gone.systems"), ("gone", {"systems": [[]]}, "gone.systems"),
        ("minted", {"sys_": -1}, "minted.sys_"), ("rows", {"systems": [{"id": "sys_a"}]}, "tables.systems"),
        ("rows", {"batches": [{"id": "sys_nobody/00000000-0000-4000-8000-000000000000"}]}, "tables.batches"), ("rows", {"batches": [{"id": "x/y"}]}, "tables.batches"),
    ],
)  # fmt: skip
def test_a_past_that_was_spoiled_is_refused_with_its_place(part, value, path):
    at, _ = went(staged(), STORY)
    state = through_file(at.read("/state"))
    state["world"]["pasts"][1][part] = value
    after, response = at.steer("PUT", "/state", state)
    assert response.status == 422
    assert f"world.pasts[1].{path}" in response.body.decode()
    assert after.timeline is at.timeline


def test_pasts_in_which_two_rows_have_one_name_are_refused():
    at, _ = went(staged(), [*STORY, ("create", "b", "Any", 0)])
    state = through_file(at.read("/state"))
    row = next(each for each in state["tables"]["systems"] if each["name"] == "b")
    state["world"]["pasts"][2]["rows"] = {"systems": [{**row, "id": "sys_twin00"}]}
    _after, response = at.steer("PUT", "/state", state)
    assert response.status == 422
    assert "world.pasts[2]" in response.body.decode()
