"""Windows of telemetry, kept as one series for each model, tag and metric, and the drift between its two ends.

Theory of operation. A window is of the baseline while fewer than 500 observations stand before it. New windows can
only add to what stands before it, so a window leaves the baseline at most once and never comes back; and the newest
end only grows, so a window that is a day older than it stays so. What is neither can therefore be dropped for good:
recording in parts, in any order, leaves the same series as recording all at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.apis.aikraft.drift import Reading, psi
from sandbox.core.clock import DAY, HOUR, parse_instant

BASELINE_OBSERVATIONS = 500
RECENT_OBSERVATIONS = 100
RECENT = DAY

STOP_REASONS = ("end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "content_filter", "other")
STATUSES = (
    "ok",
    "rate_limited",
    "timeout",
    "auth_error",
    "bad_request",
    "server_error",
    "error",
    "connection_error",  # from SDK 0.2.0 on
)

Key = tuple[str, str | None, str]
"""Model, tag and metric: a histogram's or a category's name."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one window says of one metric: its instants in microseconds, its counts in bucket or vocabulary order."""

    start: int
    end: int
    counts: tuple[int, ...]


Series = tuple[Window, ...]
"""Windows by start, then end, then counts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What JSON Schema cannot say of a batch: the cause, the field at fault, what it should be and what it is."""

    cause: str
    field: str
    expected: str
    got: str


def check_windows(windows: Sequence[Mapping[str, Any]]) -> Refusal | None:
    """Return the first fault of a batch that has passed its schema, or None."""
    checks = (_check_window(window, f"windows[{index}]") for index, window in enumerate(windows))
    return next((refusal for refusal in checks if refusal is not None), None)


def _check_window(window: Mapping[str, Any], where: str) -> Refusal | None:
    return _check_times(window, where) or _check_order(window, where) or _check_counts(window, where)


def _check_times(window: Mapping[str, Any], where: str) -> Refusal | None:
    for name in ("start", "end"):
        try:
            parse_instant(window[name])
        except ValueError:
            expected = "an ISO 8601 time with an offset, from 1970 to 9999"
            return Refusal("window-time", f"{where}.{name}", expected, window[name][:40])
    return None


def _check_order(window: Mapping[str, Any], where: str) -> Refusal | None:
    start, end = parse_instant(window["start"]), parse_instant(window["end"])
    since, got = window["start"][:40], window["end"][:40]
    if end <= start:
        return Refusal("window-order", f"{where}.end", f"a time after start, {since}", got)
    if end > start + HOUR:
        return Refusal("window-too-long", f"{where}.end", f"at most one hour after start, {since}", got)
    return None


def _check_counts(window: Mapping[str, Any], where: str) -> Refusal | None:
    calls = int(window["calls"])
    for metric, counts in _metrics(window):
        if sum(counts) > calls:
            field = f"categories.{metric}" if metric in ("stop_reason", "status") else f"histograms.{metric}.counts"
            expected = f"a total of at most {calls}, the calls of the window"
            return Refusal("counts-exceed-calls", f"{where}.{field}", expected, str(sum(counts)))
    return None


def _metrics(window: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    # int(), because JSON Schema takes 3.0 for an integer and a float would make large sums inexact.
    for name, histogram in window.get("histograms", {}).items():
        yield name, tuple(map(int, histogram["counts"]))
    categories = window.get("categories", {})
    for name, words in (("stop_reason", STOP_REASONS), ("status", STATUSES)):
        if name in categories:
            yield name, tuple(int(categories[name].get(word, 0)) for word in words)


def record(series: Series, new: Iterable[Window]) -> Series:
    """Return the series with new windows in their places, without those that can never matter again."""
    baseline, recent = split(sorted((*series, *new), key=_order))
    return (*baseline, *recent)


def _order(window: Window) -> tuple[int, int, tuple[int, ...]]:
    return window.start, window.end, window.counts


def split(series: Sequence[Window]) -> tuple[Sequence[Window], Sequence[Window]]:
    """Return the baseline, and of the later windows those that ended within a day of the newest end."""
    size = _baseline_size(series)
    # A window that ended exactly a day before the newest end lies wholly outside that day.
    horizon = max((window.end for window in series), default=0) - RECENT
    return series[:size], [window for window in series[size:] if window.end > horizon]


def _baseline_size(series: Sequence[Window]) -> int:
    seen = 0
    for size, window in enumerate(series):
        if seen >= BASELINE_OBSERVATIONS:
            return size
        seen += sum(window.counts)
    return len(series)


def verdict(series: Series) -> float | None:
    """Return the PSI between the baseline and the last day of a series, or None while there is too little to tell."""
    baseline, recent = map(_total, split(series))
    return psi(baseline, recent) if sum(recent) >= RECENT_OBSERVATIONS else None


def _total(windows: Sequence[Window]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(window.counts for window in windows), strict=True)))


def absorb(
    series_by_key: Mapping[Key, Series], windows: Iterable[Mapping[str, Any]]
) -> tuple[dict[Key, Series], frozenset[Key]]:
    """Return all series after a batch that has passed its checks, and the keys of those that it touched."""
    fresh: dict[Key, list[Window]] = {}
    for key, window in (pair for one in windows for pair in _contributions(one)):
        fresh.setdefault(key, []).append(window)
    touched = {key: record(series_by_key.get(key, ()), new) for key, new in fresh.items()}
    return {**series_by_key, **touched}, frozenset(touched)


def _contributions(window: Mapping[str, Any]) -> Iterator[tuple[Key, Window]]:
    start, end = parse_instant(window["start"]), parse_instant(window["end"])
    for metric, counts in _metrics(window):
        yield (window["model"], window.get("tag"), metric), Window(start, end, counts)


def readings(series_by_key: Mapping[Key, Series], touched: Collection[Key]) -> tuple[Reading, ...]:
    """Return what each touched series reads now, by model, then tag (none first), then metric."""
    keys = sorted(touched, key=lambda key: (key[0], key[1] or "", key[2]))
    return tuple(Reading("llm_drift", feature(key), "PSI", verdict(series_by_key[key])) for key in keys)


def feature(key: Key) -> str:
    """Return the name of a series in alerts: `model:metric` or `model#tag:metric`, never the same for two series."""
    model, tag, metric = key
    # A model may be called `a#b`; without a tag it is written `a#b#`, lest it pass for model `a` with tag `b`.
    marked = tag is not None or "#" in model
    return f"{model}#{tag or ''}:{metric}" if marked else f"{model}:{metric}"
