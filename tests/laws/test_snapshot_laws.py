"""What goes back goes back exactly: restore, reset and rewind, whatever happened in between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.wording import id_of
from tests.steering import acts, as_value, calls_and_steering, did, entries_of, helm, remembered, seen, went

stories = st.lists(acts, max_size=10)
calls = st.lists(calls_and_steering, max_size=8)


def begun(**given):
    """Return a world whose quota is soon empty, on a clock that runs."""
    return helm(limit=(6, 8), clock="real", **given)


def without_bounds(at):
    return {name: each for name, each in at.read("/settings").items() if not name.startswith("journal_")}


def alike(one, other, story):
    """Check that two helms show the same world and answer alike from one wall instant on."""
    wall = max(one.wall, other.wall)
    one, other = one._replace(wall=wall), other._replace(wall=wall, minted=one.minted)
    assert as_value(one.world) == as_value(other.world)
    assert seen(one) == seen(other)
    assert without_bounds(one) == without_bounds(other)
    first, answers = went(one, story)
    second, others = went(other, story)
    assert answers == others
    assert as_value(first.world) == as_value(second.world)


@settings(deadline=None, max_examples=60)
@given(stories, stories, calls)
def test_a_restored_snapshot_is_the_world_as_it_was_in_every_later_answer(before, between, after):
    at, _ = went(begun(), before)
    at = at.steered("POST", "/snapshots", {"name": "here"})
    moved, _ = went(at, between)
    back = moved.steered("POST", "/snapshots/here/restore")
    assert back.world is at.world
    assert remembered(back.timeline) == remembered(at.timeline)
    assert back.timeline.journal.weight == at.timeline.journal.weight
    alike(at, back, after)


@settings(deadline=None, max_examples=60)
@given(stories, stories)
def test_a_snapshot_is_a_value_that_nothing_which_follows_changes(before, between):
    at, _ = went(begun(), before)
    at = at.steered("POST", "/snapshots", {"name": "here"})
    world, told = at.world, remembered(at.timeline)
    once = at.steered("POST", "/snapshots/here/restore")
    moved, _ = went(once, between)
    twice = moved.steered("POST", "/snapshots/here/restore")
    assert twice.world is world
    assert remembered(twice.timeline) == told
    shown = next(each for each in moved.read("/snapshots")["snapshots"] if each["name"] == "here")
    assert shown == next(each for each in at.read("/snapshots")["snapshots"] if each["name"] == "here")


@settings(deadline=None, max_examples=60)
@given(stories, calls)
def test_reset_is_the_birth_in_state_answers_ids_and_headers_and_keeps_the_snapshots(between, after):
    born = begun()
    moved, _ = went(born, between)
    back = moved.steered("POST", "/reset")
    assert back.world is born.world
    assert len(back.timeline.journal) == 0
    assert back.timeline.snapshots == moved.timeline.snapshots
    alike(born, back, after)


@settings(deadline=None, max_examples=60)
@given(stories, calls)
def test_any_snapshot_can_be_restored_after_a_reset(before, after):
    at, _ = went(begun(), before)
    at = at.steered("POST", "/snapshots", {"name": "here"})
    alike(at, at.steered("POST", "/reset").steered("POST", "/snapshots/here/restore"), after)


@st.composite
def pasts(draw):
    """Return a helm after a story, and the helm before each request to the API that its journal remembers."""
    at = begun(entries=draw(st.sampled_from([3, 40, 10_000])))
    before = {}
    for act in draw(st.lists(acts.filter(lambda each: each[0] != "capsule"), min_size=1, max_size=12)):
        earlier, (at, _) = at, did(at, act)
        before.setdefault(at.timeline.revision, earlier)
    return at, [before[each.revision] for each in entries_of(at.timeline)], draw(st.integers(1, 12))


@settings(deadline=None, max_examples=80)
@given(pasts(), calls)
def test_rewind_by_a_number_is_the_world_before_that_many_requests(past, after):
    at, earlier, count = past
    back, response = at.steer("POST", "/rewind", {"by": count})
    if count > len(earlier):
        assert response.status == 409
        assert back.timeline is at.timeline
        return
    assert response.status == 200
    expected = earlier[-count]
    assert not entries_of(back.timeline) or entries_of(back.timeline)[-1] == entries_of(expected.timeline)[-1]
    alike(expected._replace(minted=at.minted), back, after)


@settings(deadline=None, max_examples=80)
@given(pasts(), calls)
def test_rewind_to_an_id_is_the_world_before_that_request(past, after):
    at, earlier, count = past
    entries = entries_of(at.timeline)
    if not entries:
        return
    chosen = count % len(entries)
    ident = id_of(entries[chosen].charter, entries[chosen].ordinal)
    first = next(
        place for place, each in enumerate(entries) if id_of(each.charter, each.ordinal) == ident
    )  # a seed or a label that is set again may give an id once more
    back = at.steered("POST", "/rewind", {"to": ident})
    alike(earlier[first]._replace(minted=at.minted), back, after)


@settings(deadline=None, max_examples=60)
@given(stories, calls)
def test_clearing_the_journal_keeps_the_world(before, after):
    at, _ = went(begun(), before)
    cleared = at.steered("DELETE", "/requests")
    assert len(cleared.timeline.journal) == 0
    assert cleared.world is at.world
    alike(at, cleared, after)


@settings(deadline=None, max_examples=60)
@given(stories)
def test_a_revision_never_goes_back_and_happens_once(story):
    at = begun()
    seen_before = at.timeline.revision
    for act in story:
        at, _ = did(at, act)
        assert at.timeline.revision >= seen_before
        seen_before = at.timeline.revision
        told = [each.revision for each in (*at.timeline.journal, *at.timeline.changes)]
        assert len(set(told)) == len(told)
        assert all(each <= at.timeline.revision for each in told)


@pytest.mark.parametrize("name", ["one", "two"])
def test_the_snapshot_of_an_equal_name_moves(name):
    at = begun().steered("POST", "/snapshots", {"name": name})
    moved, _ = at.ask("GET", "/v1/systems")
    moved = moved.steered("POST", "/snapshots", {"name": name})
    assert [(each["name"], each["ordinal"]) for each in moved.read("/snapshots")["snapshots"]] == [(name, 1)]
