import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.frozen import Encoded, Frozen, freeze, remembered, to_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_freezing_changes_no_byte(value):
    assert to_json(freeze(value)) == to_json(value)


@given(json_values)
def test_freezing_twice_is_freezing_once(value):
    assert freeze(freeze(value)) == freeze(value)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.update(a=1), lambda row: row.pop("a"), lambda row: row.clear(), lambda row: row.setdefault("b", 1),
        lambda row: row.popitem(), lambda row: row.__setitem__("a", 2), lambda row: row.__delitem__("a"),
        lambda row: row.__ior__({"a": 2}),
    ],
)  # fmt: skip
def test_a_row_refuses_every_change(change):
    row = Frozen(a=1)
    with pytest.raises(TypeError, match="immutable"):
        change(row)
    assert row == {"a": 1}


def test_a_row_survives_copying_pickling_and_hashing():
    row = freeze({"a": [1, {"b": 2}]})
    assert copy.deepcopy(row) is row
    assert pickle.loads(pickle.dumps(row)) == row
    assert hash(row) == hash(freeze({"a": [1, {"b": 2}]}))


def test_remembered_bytes_hold_only_for_their_span_and_their_checker():
    row, calls = Frozen(a=1), []

    def encode():
        calls.append(1)
        return Encoded(None, "checker", 10, 20)

    for now in (10, 19, 20, 9):
        remembered(row, "checker", now, encode)
    remembered(row, "other", 15, encode)
    assert len(calls) == 4
