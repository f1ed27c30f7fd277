from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.clock import MINUTE, SECOND
from sandbox.core.quota import TOKEN, Bucket, Hits, Limit, Window, full, is_full, left, spent, take, untouched

limits = st.builds(lambda rate, more: Limit(rate, rate + more), st.integers(1, 2000), st.integers(0, 2000))
gaps = st.lists(st.integers(0, 3 * MINUTE), max_size=80)


def played(limit, waits):
    """Yield each reading and its instant of requests that come after these waits."""
    bucket, now = None, 1_000 * SECOND
    for wait in waits:
        now += wait
        bucket, reading = take(bucket, limit, now)
        yield now, reading


@given(limits, gaps)
def test_in_no_window_are_more_granted_than_the_burst_and_what_the_window_refills(limit, waits):
    granted = [now for now, reading in played(limit, waits) if not reading.refused]
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            refill = limit.rate * (granted[last] - granted[first]) / MINUTE
            assert last - first + 1 <= limit.burst + refill


@given(limits, gaps)
def test_remaining_never_exceeds_the_limit_and_never_falls_below_zero(limit, waits):
    assert all(0 <= reading.remaining <= reading.limit == limit.rate for _, reading in played(limit, waits))


@given(limits, gaps)
def test_a_client_that_waits_until_reset_at_zero_remaining_is_never_refused(limit, waits):
    bucket, now = None, 0
    for wait in waits:
        now += wait
        bucket, reading = take(bucket, limit, now)
        assert not reading.refused
        if reading.remaining == 0:
            now = max(now, reading.reset * SECOND)


@given(limits, gaps)
def test_a_refused_client_that_waits_for_retry_after_is_served_and_not_earlier_than_needed(limit, waits):
    bucket, now = None, 0
    for wait in waits:
        now += wait
        bucket, reading = take(bucket, limit, now)
        if reading.refused:
            assert take(bucket, limit, now + reading.retry_after * SECOND)[1].refused is False
            if reading.retry_after > 1:
                assert take(bucket, limit, now + (reading.retry_after - 1) * SECOND)[1].refused is True


@given(limits, gaps)
def test_at_the_reset_instant_the_whole_limit_remains(limit, waits):
    bucket, now = None, 0
    for wait in waits:
        now += wait
        bucket, reading = take(bucket, limit, now)
        later = max(now, reading.reset * SECOND)
        assert is_full(bucket, limit, later)


@given(limits)
def test_a_refused_request_takes_nothing(limit):
    empty = Bucket(TOKEN - 1, 0)
    assert take(empty, limit, 0)[0].units == TOKEN - 1


@given(limits, st.integers(0, MINUTE))
def test_a_forgotten_full_bucket_changes_nothing(limit, now):
    assert take(full(limit, 0), limit, now) == take(None, limit, now)


def test_the_documented_plan_counts_down_from_ninety_nine():
    readings = [reading for _, reading in played(Limit(100, 150), [0] * 152)]
    assert [each.remaining for each in readings[:3]] == [99, 98, 97]
    assert [each.refused for each in readings[149:]] == [False, True, True]
    assert readings[150].retry_after == 1


def test_a_quota_that_is_off_shows_the_whole_limit():
    assert untouched(Limit(100, 150), 0).remaining == 100


windows = st.builds(Window, st.integers(1, 60), st.integers(1, 2 * MINUTE))


@given(windows, gaps)
def test_no_span_of_a_window_lets_more_through_than_its_rate(window, waits):
    granted = [now for now, reading in played(window, waits) if not reading.refused]
    for first, later in zip(granted, granted[window.rate :], strict=False):
        assert later - first >= window.span


@given(windows, gaps)
def test_a_window_refuses_only_what_would_be_one_too_many(window, waits):
    granted = []
    for now, reading in played(window, waits):
        before = [each for each in granted if each > now - window.span]
        assert reading.refused == (len(before) >= window.rate)
        granted += [] if reading.refused else [now]
        assert reading.remaining == window.rate - len(before) - (not reading.refused)


@given(windows, gaps)
def test_a_window_tells_the_whole_seconds_until_the_next_request_is_let_through(window, waits):
    drawn, now = None, 0
    for wait in waits:
        now += wait
        drawn, reading = take(drawn, window, now)
        if reading.refused:
            assert not take(drawn, window, now + reading.retry_after * SECOND)[1].refused
            assert reading.retry_after == 1 or take(drawn, window, now + (reading.retry_after - 1) * SECOND)[1].refused


@given(windows, st.integers(0, 1000 * MINUTE))
def test_a_spent_window_lets_nothing_through_until_its_span_is_over(window, now):
    drawn = spent(window, now)
    assert take(drawn, window, now)[1].refused
    assert take(drawn, window, now + window.span - 1)[1].refused
    assert left(drawn, window, now) == 0
    assert is_full(drawn, window, now + window.span)
    assert take(drawn, window, now + window.span)[1].remaining == window.rate - 1


def test_what_was_drawn_on_another_kind_of_limit_counts_for_nothing():
    assert take(Hits((0, 0)), Limit(10, 10), 0)[1].remaining == 9
    assert take(Bucket(0, 0), Window(10), 0)[1].remaining == 9
