from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.clock import (
    DAY,
    HOUR,
    LATEST,
    MINUTE,
    REAL,
    SECOND,
    frozen,
    http_date,
    iso,
    parse_duration,
    parse_instant,
    scaled,
    starting,
)  # fmt: skip
from sandbox.settings import parse_clock

instants = st.integers(0, LATEST)
seconds = st.integers(0, LATEST // SECOND)


@given(seconds)
def test_an_instant_that_is_written_reads_back(second):
    assert parse_instant(iso(second * SECOND)) == second * SECOND


@given(instants)
def test_writing_drops_the_part_of_a_second(instant):
    assert parse_instant(iso(instant)) == instant // SECOND * SECOND


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("250ms", 250_000), ("2s", 2 * SECOND), ("1h30m", HOUR + 30 * MINUTE), ("3d", 3 * DAY), ("-29d", -29 * DAY),
        ("P3D", 3 * DAY), ("PT1H30M", HOUR + 30 * MINUTE), ("P1W", 7 * DAY), ("-PT5S", -5 * SECOND), ("0s", 0),
    ],
)  # fmt: skip
def test_a_duration_is_written_short_or_in_iso_8601(text, microseconds):
    assert parse_duration(text) == microseconds


@pytest.mark.parametrize("text", ["", "5", "d", "P", "PT", "P1H", "1 d", "1y", "٣d", "1d\n", "--1d"])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="expected a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-04-13T14:30:00", "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z"]
)
def test_what_is_no_instant_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="expected"):
        parse_instant(text)


@given(instants)
def test_the_real_clock_shows_the_wall(wall):
    assert REAL.now(wall) == wall


@given(instants, instants)
def test_a_frozen_clock_stands_still(time, wall):
    assert frozen(time).now(wall) == time


@given(st.integers(0, LATEST // 4), st.integers(0, LATEST // 4), st.integers(0, LATEST // 4))
def test_a_clock_that_starts_elsewhere_keeps_the_pace_of_the_wall(time, wall, passed):
    assert starting(time, wall).now(wall + passed) == time + passed


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 50), st.integers(0, 1 << 40), st.integers(1, 1000))
def test_a_scaled_clock_runs_at_its_rate(time, wall, passed, rate):
    assert scaled(time, wall, Fraction(rate)).now(wall + passed) == time + rate * passed


def test_a_scaled_clock_never_leaves_the_years_that_can_be_written():
    assert scaled(LATEST - 1, 0, Fraction(1_000_000)).now(DAY) == LATEST


def test_http_dates_are_those_of_rfc_9110():
    assert http_date(parse_instant("2026-04-13T14:30:00Z")) == "Mon, 13 Apr 2026 14:30:00 GMT"


@pytest.mark.parametrize(
    ("text", "mode", "start"),
    [
        ("", "real", None), ("real", "real", None), ("frozen", "frozen", 100), ("x60", "scaled", 100),
        ("2026-04-13T14:30:00Z", "offset", "2026-04-13T14:30:00Z"),
        ("frozen@2026-04-13T14:30:00Z", "frozen", "2026-04-13T14:30:00Z"),
        ("x0.5@2026-04-13T14:30:00Z", "scaled", "2026-04-13T14:30:00Z"),
    ],
)  # fmt: skip
def test_the_clock_setting_says_mode_and_start(text, mode, start):
    clock = parse_clock(text, 100, None)
    assert clock.mode == mode
    assert clock.now(100) == (100 if start in (None, 100) else parse_instant(start))


def test_a_fixture_with_a_time_of_its_own_starts_there():
    assert parse_clock("", 100, 5_000_000).now(101) == 5_000_001


@pytest.mark.parametrize(
    "text", ["later", "x0", "x-1", "xfast", "x1/0", "real@2026-04-13T14:30:00Z", "frozen@noon", "x2000000"]
)
def test_a_clock_setting_that_means_nothing_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        parse_clock(text, 0, None)
