from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.chance import alphanumeric6, hexadecimal8, permuted


def test_two_hundred_thousand_ids_of_a_kind_are_all_different():
    assert len({alphanumeric6(7, "suite", "sys_", each) for each in range(200_000)}) == 200_000


@given(st.integers(0, 40), st.text(max_size=20), st.text(max_size=5), st.integers(2, 40))
def test_the_ids_of_a_kind_are_a_bijection_of_their_ordinals(seed, label, kind, half):
    images = [permuted(seed, label, kind, each, half) for each in range(half * half)]
    assert sorted(images) == list(range(half * half))


@given(st.integers(), st.text(), st.integers(0, 1 << 40))
def test_an_id_is_a_function_of_seed_label_kind_and_ordinal(seed, label, ordinal):
    assert hexadecimal8(seed, label, "req", ordinal) == hexadecimal8(seed, label, "req", ordinal)


def test_another_seed_or_label_gives_other_ids():
    ids = {alphanumeric6(seed, label, "sys_", 0) for seed in range(20) for label in "abcde"}
    assert len(ids) == 100


@given(st.integers(0, 1 << 50))
def test_ids_have_the_documented_shapes(ordinal):
    assert len(alphanumeric6(0, "", "sys_", ordinal)) == 6
    assert len(hexadecimal8(0, "", "req", ordinal)) == 8
    int(hexadecimal8(0, "", "req", ordinal), 16)
