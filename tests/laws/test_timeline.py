from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.message import Request, Response
from sandbox.core.timeline import UNMARKED, Entry, Journal


def entry(number, size=0):
    request = Request("GET", "/v1/systems", "", (), b"")
    return Entry(number, 0, 0, None, request, Response(200, (), b"x" * size), None, UNMARKED, None)


@given(st.integers(1, 200), st.integers(0, 400))
def test_a_journal_keeps_the_latest_entries_in_order(limit, count):
    journal = Journal(limit=limit)
    for number in range(count):
        journal = journal.having(entry(number), None)
    assert [each.ordinal for each in journal] == list(range(max(0, count - limit), count))
    assert len(journal) == min(limit, count)


@given(st.lists(st.integers(0, 5_000), max_size=120))
def test_a_journal_never_weighs_more_than_it_may_but_for_one_page(sizes):
    journal = Journal(weight_limit=50_000)
    for number, size in enumerate(sizes):
        journal = journal.having(entry(number, size), None)
    assert journal.weight == sum(page.weight for page in (*journal.pages, journal.open))
    assert journal.weight <= 50_000 + journal.open.weight


def test_an_older_journal_is_not_changed_by_what_came_after_it():
    early = Journal().having(entry(0), None)
    late = early.having(entry(1), None)
    assert [each.ordinal for each in early] == [0]
    assert [each.ordinal for each in late] == [0, 1]
