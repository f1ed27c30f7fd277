import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from immutables import Map

from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Layout, Order, Table, Workspace, sorted_order, table_of

LAYOUT = Layout(
    lambda row: (-row["at"], row["id"]), lambda row: (row["tier"],) if row["tier"] else (), lambda row: row["name"]
)
keys = st.tuples(st.integers(-50, 50), st.text("abc", max_size=2))


def row(number, at, tier):
    return Frozen(id=f"r{number:04d}", at=at, tier=tier, name=f"name {number}")


@given(st.sets(keys, max_size=80), st.none() | keys, st.integers(0, 90))
def test_what_follows_a_key_is_what_sorting_says(present, after, count):
    expected = [each for each in sorted(present) if after is None or each > after][:count]
    grown = Order()
    for key in present:
        grown = grown.having(key)
    assert grown.after(after, count) == expected
    assert sorted_order(present).after(after, count) == expected


@given(st.sets(keys, min_size=1, max_size=60), st.data())
def test_a_key_that_is_taken_out_is_gone_and_nothing_else(present, data):
    gone = data.draw(st.sampled_from(sorted(present)))
    order = sorted_order(present).lacking(gone)
    assert list(order) == sorted(present - {gone})
    assert order.size == len(present) - 1


def test_an_order_of_many_chunks_stays_sorted_wherever_keys_arrive():
    order = Order()
    for number in range(5000):
        order = order.having((number * 7919 % 5003, ""))
    assert list(order) == sorted(order)
    assert order.size == 5000 == len(list(order))
    assert max(len(chunk) for chunk in order.chunks) <= 512


class TableAgainstModel(RuleBasedStateMachine):
    """A table agrees with a plain dict that is sorted and filtered anew at each look."""

    def __init__(self):
        super().__init__()
        self.table = Table(LAYOUT)
        self.model = {}

    @rule(number=st.integers(0, 40), at=st.integers(0, 5), tier=st.sampled_from([None, "high", "low"]))
    def put(self, number, at, tier):
        """Insert a row, or change the facet of the one that is there."""
        fresh = row(number, at, tier)
        if fresh["id"] in self.model:
            fresh = row(number, self.model[fresh["id"]]["at"], tier)
        before = self.table
        self.table = self.table.having(fresh)
        assert before.get(fresh["id"]) == self.model.get(fresh["id"])
        self.model[fresh["id"]] = fresh

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data):
        """Take a row out that is there."""
        gone = data.draw(st.sampled_from(sorted(self.model)))
        before = self.table
        self.table = self.table.lacking(gone)
        assert (self.table.get(gone), before.get(gone)) == (None, self.model[gone])
        assert self.table.owner(self.model.pop(gone)["name"]) is None

    @invariant()
    def pages_partition_the_list(self):
        """Pages of three, joined, are the whole filtered list in order."""
        for facet in (None, "high", "low"):
            rows = [each for each in self.model.values() if facet in (None, each["tier"])]
            expected = sorted(rows, key=LAYOUT.sort)
            seen, after = [], None
            while page := self.table.page(facet, after, 3):
                seen += page
                after = LAYOUT.sort(page[-1])
            assert seen == expected
            assert self.table.count(facet) == len(expected)

    @invariant()
    def building_at_once_gives_the_same_table(self):
        """A table that grew equals one that was made of the same rows."""
        made = table_of(LAYOUT, self.model.values())
        assert list(made.all()) == list(self.table.all())
        assert dict(made.taken) == dict(self.table.taken)


TestTableAgainstModel = TableAgainstModel.TestCase
TestTableAgainstModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_row_that_is_not_there_cannot_be_taken_out():
    with pytest.raises(KeyError):
        Table(LAYOUT).having(row(1, 5, None)).lacking("r0002")


def test_a_workspace_lacks_a_row_of_one_table_and_forgets_no_count():
    tables = Map({name: Table(LAYOUT).having(row(1, 5, "high")) for name in ("here", "there")})
    workspace = Workspace(tables, Map({"r": 7})).lacking("here", "r0001")
    assert [workspace.table(name).count() for name in ("here", "there")] == [0, 1]
    assert workspace.minted["r"] == 7


def test_a_row_may_not_move():
    table = Table(LAYOUT).having(row(1, 5, None))
    with pytest.raises(ValueError, match="may not move"):
        table.having(row(1, 6, None))
