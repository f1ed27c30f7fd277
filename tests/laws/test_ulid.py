"""Ids of Ctrl AI: they sort by creation, repeat for the same world alone, and look as if chance had made them."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.core.clock import LATEST
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Table, Workspace
from tests.support import NOW

INSTANTS = st.integers(0, LATEST)
ORDINALS = st.integers(0, ulid.ORDERED - 1)
LABELS = st.text(max_size=8)
SEEDS = st.integers(0, 1 << 64)
EMPTY = Workspace(Map({name: Table(layout) for name, layout in LAYOUTS.items()}))


def minting(workspace, count, *, now=NOW, table="sessions", seed=0, label="laws"):
    """Return so many ids and the workspace that has minted them."""
    call = SimpleNamespace(now=now, seed=seed, label=label)
    idents = []
    for _ in range(count):
        ident, workspace = ulid.mint(call, workspace, table)
        idents.append(ident)
    return idents, workspace


@given(INSTANTS, SEEDS, LABELS, st.integers(0, (1 << 53) - 1))
def test_every_id_is_a_ulid_of_its_instant(now, seed, label, ordinal):
    ident = ulid.written(now, seed, label, ordinal)
    assert ulid.PATTERN.fullmatch(ident)
    assert ulid.number(ident) >> 80 == now // 1000


@given(st.integers(0, (1 << 128) - 1))
def test_a_number_is_read_as_it_was_spelled(value):
    assert ulid.number(ulid.spelled(value)) == value


@pytest.mark.parametrize("text", ["", "01KP3KZMJ0CJ4373Y9NSCMS86", "81KP3KZMJ0CJ4373Y9NSCMS86W", "01KP3KZMJ0CJ4373Y9NSCMS86I",
                                  "01kp3kzmj0cj4373y9nscms86w", "01KP3KZMJ0CJ4373Y9NSCMS86W\n"])  # fmt: skip
def test_what_is_no_ulid_has_no_number(text):
    with pytest.raises(ValueError, match="expected a ULID"):
        ulid.number(text)


@given(st.lists(INSTANTS, min_size=2, max_size=2).map(sorted), ORDINALS, ORDINALS, SEEDS, LABELS)
def test_ids_sort_by_ordinal_even_within_a_millisecond(instants, first, second, seed, label):
    first, second = sorted((first, second))
    earlier, later = (ulid.written(now, seed, label, each) for now, each in zip(instants, (first, second), strict=True))
    assert first == second or (earlier < later and ulid.number(earlier) < ulid.number(later))


@given(ORDINALS, ORDINALS, SEEDS, LABELS)
def test_what_follows_the_order_looks_unlike_in_any_two_ids(first, second, seed, label):
    drawn = [ulid.written(NOW, seed, label, each)[-9:] for each in (first, second)]
    assert (drawn[0] == drawn[1]) == (first == second)


def test_the_last_digits_of_ids_are_spread_over_all_there_are():
    idents, _ = minting(EMPTY, 2000)
    for place in range(17, 26):
        counts = [sum(each[place] == letter for each in idents) for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"]
        assert min(counts) > 25


def test_the_same_world_mints_the_same_ids_and_another_others():
    again, other, labelled = minting(EMPTY, 50), minting(EMPTY, 50, seed=1), minting(EMPTY, 50, label="other")
    assert minting(EMPTY, 50)[0] == again[0]
    assert len({*again[0], *other[0], *labelled[0]}) == 150


@given(st.lists(st.sampled_from(sorted(LAYOUTS)), min_size=1, max_size=40))
def test_one_counter_serves_all_tables_and_no_id_comes_twice(tables):
    idents, workspace = [], EMPTY
    for table in tables:
        (ident,), workspace = minting(workspace, 1, table=table)
        idents.append(ident)
    assert idents == sorted(set(idents))
    assert workspace.minted[ulid.KIND] == len(tables)


def test_an_id_that_the_table_has_is_skipped():
    (taken, following), _ = minting(EMPTY, 2)
    row = Frozen(id=taken, orgId="o", userId="u", createdAt=NOW, expiresAt=NOW)
    (ident,), workspace = minting(EMPTY.having("sessions", row), 1)
    assert ident == following
    assert workspace.minted[ulid.KIND] == 2
    assert minting(EMPTY.having("sessions", row), 1, table="apiKeys")[0] == [taken]
