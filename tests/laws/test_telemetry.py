"""Laws of the series that telemetry leaves: order of arrival, pruning, what a batch may say."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest
from aikraft._protocol import EDGES, STATUSES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft import telemetry
from sandbox.apis.aikraft.drift import Reading, psi
from sandbox.apis.aikraft.telemetry import (
    Key,
    Refusal,
    Series,
    Window,
    absorb,
    check_windows,
    feature,
    readings,
    record,
    verdict,
)
from sandbox.core.clock import DAY, HOUR, MINUTE

START = "2026-04-13T13:00:00+00:00"
BIRTH = 1_776_085_200_000_000


def spell(start: int, length: int, counts: tuple[int, int]) -> Window:
    return Window(start * HOUR, start * HOUR + length, counts)


# Half hours, so that a long window may end after a short one that starts later.
windows = st.builds(
    lambda halves, length, counts: Window(halves * HOUR // 2, halves * HOUR // 2 + length, counts),
    st.integers(0, 120),
    st.sampled_from([MINUTE, HOUR // 2, HOUR]),
    st.tuples(*[st.sampled_from([0, 1, 60, 120, 260, 500, 2**53 + 1])] * 2),
)
arrivals = st.lists(st.lists(windows, max_size=4), max_size=12)


def recorded(batches: Iterable[Iterable[Window]]) -> Series:
    series: Series = ()
    for batch in batches:
        series = record(series, batch)
    return series


def parts_of(everything: Iterable[Window]) -> tuple[list[Window], list[Window]]:
    """Return baseline and recent windows by the words of the rule, from all windows that ever arrived."""
    ordered = sorted(everything, key=lambda window: (window.start, window.end, window.counts))
    before = [sum(sum(w.counts) for w in ordered[:place]) for place in range(len(ordered))]
    newest = max((window.end for window in ordered), default=0)
    baseline = [window for window, seen in zip(ordered, before, strict=True) if seen < 500]
    later = [window for window, seen in zip(ordered, before, strict=True) if seen >= 500]
    return baseline, [window for window in later if newest - window.end < 24 * HOUR]


def verdict_of(everything: Iterable[Window]) -> float | None:
    """Return the verdict by the words of the rule; nothing is ever dropped."""
    expected, actual = ([sum(w.counts[i] for w in part) for i in (0, 1)] for part in parts_of(everything))
    return psi(expected, actual) if sum(actual) >= 100 else None


def body(**changes: Any) -> dict[str, Any]:
    window: dict[str, Any] = {
        "start": START,
        "end": "2026-04-13T13:01:00+00:00",
        "model": "m",
        "tag": None,
        "calls": 3,
        "histograms": {"latency_ms": {"counts": [0] * 15 + [3], "sum": 200000.0}},
        "categories": {"stop_reason": {"end_turn": 2, "other": 1}, "status": {"ok": 3}},
    }
    return {**window, **changes}


@given(arrivals)
@settings(max_examples=400)
def test_pruning_never_changes_a_verdict_after_any_arrival(batches: list[list[Window]]) -> None:
    series: Series = ()
    for place, batch in enumerate(batches):
        series = record(series, batch)
        assert verdict(series) == verdict_of(window for earlier in batches[: place + 1] for window in earlier)


@given(arrivals)
def test_a_series_keeps_the_baseline_and_the_last_day_and_nothing_else(batches: list[list[Window]]) -> None:
    baseline, recent = parts_of(window for batch in batches for window in batch)
    assert list(recorded(batches)) == [*baseline, *recent]


@given(arrivals, st.data())
def test_order_of_arrival_and_cut_into_batches_leave_the_same_series(
    batches: list[list[Window]], data: st.DataObject
) -> None:
    everything = [window for batch in batches for window in batch]
    shuffled = data.draw(st.permutations(everything))
    assert recorded([window] for window in shuffled) == recorded(batches) == record((), everything)


@given(arrivals)
def test_a_series_stands_by_start_then_end_then_counts(batches: list[list[Window]]) -> None:
    series = recorded(batches)
    assert list(series) == sorted(series, key=lambda window: (window.start, window.end, window.counts))


@given(arrivals, st.integers(-100, 100))
def test_only_the_distance_between_windows_decides_never_a_clock(batches: list[list[Window]], days: int) -> None:
    moved = [[Window(w.start + days * DAY, w.end + days * DAY, w.counts) for w in batch] for batch in batches]
    assert verdict(recorded(moved)) == verdict(recorded(batches))


def test_two_equal_windows_count_twice() -> None:
    base, twin = spell(0, HOUR, (250, 250)), spell(2, HOUR, (60, 0))
    assert verdict(record((), [base, twin])) is None
    assert verdict(record((), [base, twin, twin])) is not None


@pytest.mark.parametrize(("baseline", "recent", "told"), [(499, 100, False), (500, 99, False), (500, 100, True)])
def test_a_verdict_takes_500_observations_and_then_100(baseline: int, recent: int, told: bool) -> None:
    series = record((), [spell(0, HOUR, (baseline, 0)), spell(1, HOUR, (recent, 0))])
    assert (verdict(series) is not None) is told


def test_the_last_day_ends_where_the_series_ends_and_leaves_out_what_ended_a_day_before() -> None:
    base, edge, newest = spell(0, HOUR, (500, 0)), spell(3, HOUR, (0, 200)), spell(27, HOUR, (200, 0))
    inside = Window(edge.start, edge.end + 1, edge.counts)
    assert verdict(record((), [base, edge, newest])) == 0
    assert verdict(record((), [base, inside, newest])) == psi((500, 0), (200, 200))


def test_the_baseline_goes_by_start_before_end() -> None:
    first, second = Window(0, HOUR, (500, 0)), Window(1, MINUTE, (0, 500))
    assert verdict(record((), [second, first])) == psi((500, 0), (0, 500))
    assert record((), [second, first]) == (first, second)


def test_a_late_window_takes_its_place_in_the_baseline() -> None:
    base, recent = spell(5, HOUR, (500, 0)), spell(6, HOUR, (100, 0))
    late = spell(1, HOUR, (0, 500))
    assert verdict(record((), [base, recent])) == 0
    assert verdict(record(record((), [base, recent]), [late])) == psi((0, 500), (600, 0))


def test_sums_of_large_counts_are_exact() -> None:
    large = 2**53
    series = record((), [spell(0, HOUR, (1, large)), spell(1, HOUR, (1, large)), spell(2, HOUR, (1, large))])
    baseline, recent = telemetry.split(series)
    assert sum(baseline[0].counts) == large + 1
    assert verdict(series) == psi((1, large), (2, 2 * large)) == 0
    assert len(recent) == 2


whole = {"calls": 10, "histograms": {"latency_ms": {"counts": [1] * 16, "sum": 1}}, "categories": {}}
bare = {"calls": 2, "histograms": {}, "categories": {"status": {"ok": 3}}}


@pytest.mark.parametrize(
    ("changes", "cause", "field"),
    [
        ({"end": START}, "window-order", "end"),
        ({"end": "2026-04-13T12:59:00+00:00"}, "window-order", "end"),
        ({"end": "2026-04-13T14:00:00.000001+00:00"}, "window-too-long", "end"),
        ({"start": "2026-04-13T13:00:00"}, "window-time", "start"),
        ({"end": "2026-04-13"}, "window-time", "end"),
        ({"end": "soon"}, "window-time", "end"),
        ({"end": "2026-02-30T00:00:00Z"}, "window-time", "end"),
        (whole, "counts-exceed-calls", "histograms.latency_ms.counts"),
        ({"calls": 2, "histograms": {}}, "counts-exceed-calls", "categories.stop_reason"),
        (
            {"calls": 2, "histograms": {}, "categories": {"status": {"ok": 3}}},
            "counts-exceed-calls",
            "categories.status",
        ),
    ],
)
def test_what_json_schema_cannot_say_is_refused_with_its_cause_and_field(
    changes: dict[str, Any], cause: str, field: str
) -> None:
    refusal = check_windows([body(), body(), body(**changes), body(end="soon")])
    assert refusal is not None
    assert (refusal.cause, refusal.field) == (cause, f"windows[2].{field}")


def test_a_refusal_says_what_was_expected_and_what_came() -> None:
    assert check_windows([body(**whole)]) == Refusal(
        cause="counts-exceed-calls",
        field="windows[0].histograms.latency_ms.counts",
        expected="a total of at most 10, the calls of the window",
        got="16",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"end": "2026-04-13T14:00:00+00:00"},
        {"start": "2026-04-13T15:00:00+02:00", "end": "2026-04-13T13:00:01Z"},
        {"calls": 0, "histograms": {}, "categories": {}, "feedback": {"count": 1, "sum": 1.0}},
    ],
)
def test_a_window_within_the_rules_is_accepted(changes: dict[str, Any]) -> None:
    assert check_windows([body(**changes)]) is None


@given(st.text(max_size=40))
@example("\ud800")
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
def test_any_text_in_place_of_a_time_is_accepted_or_refused_and_never_breaks(text: str) -> None:
    refusal = check_windows([body(start=text)])
    assert refusal is None or refusal.cause in ("window-time", "window-order", "window-too-long")


def test_whole_numbers_written_with_a_point_are_summed_exactly() -> None:
    counts = [float(2**53), 1.0] + [0] * 14
    window = body(calls=2**53 + 1, histograms={"latency_ms": {"counts": counts, "sum": 1}})
    assert check_windows([window]) is None
    assert absorb({}, [window])[0]["m", None, "latency_ms"][0].counts == (2**53, 1, *[0] * 14)
    assert check_windows([{**window, "calls": 2**53}]) is not None


def test_a_window_contributes_each_metric_in_bucket_or_vocabulary_order() -> None:
    series_by_key, touched = absorb({}, [body(tag="t")])
    ends = (BIRTH, BIRTH + MINUTE)
    assert series_by_key == {
        ("m", "t", "latency_ms"): (Window(*ends, (*[0] * 15, 3)),),
        ("m", "t", "stop_reason"): (Window(*ends, (2, 0, 0, 0, 0, 0, 1)),),
        ("m", "t", "status"): (Window(*ends, (3, 0, 0, 0, 0, 0, 0, 0)),),
    }
    assert touched == series_by_key.keys()


def test_offsets_do_not_matter_only_instants() -> None:
    assert absorb({}, [body()]) == absorb({}, [body(start="2026-04-13T15:00:00+02:00", end="2026-04-13T13:01:00Z")])


def test_the_vocabularies_and_metrics_are_those_of_the_sdk() -> None:
    categories = {"status": dict.fromkeys(STATUSES, 1), "stop_reason": dict.fromkeys(telemetry.STOP_REASONS, 1)}
    histograms = {name: {"counts": [1] * (len(edges) + 1), "sum": 1} for name, edges in EDGES.items()}
    series_by_key, _ = absorb({}, [body(calls=99, histograms=histograms, categories=categories)])
    assert {key[2]: sum(series[0].counts) for key, series in series_by_key.items()} == {
        "latency_ms": 16,
        "input_tokens": 20,
        "output_tokens": 20,
        "output_chars": 22,
        "stop_reason": 7,
        "status": 8,
    }


METRICS = ("latency_ms", "stop_reason", "status")

models = st.sampled_from(["a", "b", "a#b", "a#", "#", "a:b", "a#b#c"])
tags = st.none() | st.sampled_from(["b", "c", "b.c"])
batches_of_bodies = st.lists(
    st.lists(st.builds(lambda model, tag: body(model=model, tag=tag), models, tags), max_size=4), max_size=5
)


@given(batches_of_bodies)
def test_absorb_changes_touched_series_only_and_none_of_its_arguments(batches: list[list[dict[str, Any]]]) -> None:
    before: dict[Key, Series] = {}
    for batch in batches:
        copy, bodies = dict(before), deepcopy(batch)
        after, touched = absorb(before, batch)
        assert (before, batch) == (copy, bodies)
        assert touched == {(one["model"], one["tag"], metric) for one in batch for metric in METRICS}
        assert all(after[key] is before[key] for key in before.keys() - touched)
        assert after.keys() == before.keys() | touched
        before = after


@given(batches_of_bodies)
def test_absorbing_in_batches_equals_absorbing_at_once(batches: list[list[dict[str, Any]]]) -> None:
    in_parts: dict[Key, Series] = {}
    for batch in batches:
        in_parts, _ = absorb(in_parts, batch)
    assert in_parts == absorb({}, [one for batch in batches for one in batch])[0]


def test_readings_stand_by_model_then_tag_then_metric_and_name_their_series() -> None:
    series_by_key, touched = absorb({}, [body(tag="z"), body(), body(model="a")])
    read = readings(series_by_key, touched)
    assert [one.feature for one in read] == [
        *("a:latency_ms", "a:status", "a:stop_reason"),
        *("m:latency_ms", "m:status", "m:stop_reason"),
        *("m#z:latency_ms", "m#z:status", "m#z:stop_reason"),
    ]
    assert read[0] == Reading("llm_drift", "a:latency_ms", "PSI", None)


def test_readings_tell_the_verdict_of_touched_series_only() -> None:
    calm: dict[str, Any] = {"calls": 500, "histograms": {}, "categories": {"status": {"ok": 500}}}
    upset: dict[str, Any] = {**calm, "categories": {"status": {"ok": 400, "error": 100}}}
    later = {"start": "2026-04-13T14:00:00Z", "end": "2026-04-13T14:01:00Z"}
    series_by_key, touched = absorb({}, [body(**calm), body(**upset, **later)])
    expected = psi((500, 0, 0, 0, 0, 0, 0, 0), (400, 0, 0, 0, 0, 0, 100, 0))
    assert readings(series_by_key, touched) == (Reading("llm_drift", "m:status", "PSI", expected),)
    assert readings(series_by_key, ()) == ()


names = st.text("ab#:", min_size=1, max_size=4)
marks = st.none() | st.text("ab.", min_size=1, max_size=3)


@given(names, marks, names, marks)
@example("a#b", None, "a", "b")
@example("a#", None, "a", None)
def test_two_series_never_share_a_feature_name(one: str, tag: str | None, other: str, mark: str | None) -> None:
    same = (one, tag) == (other, mark)
    assert (feature((one, tag, "status")) == feature((other, mark, "status"))) is same
