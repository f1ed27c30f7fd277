"""How a client waits for a job. A job is what answers with a `poll_url`, a `status` and `estimated_seconds`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sandbox.core.contract import Contract
from sandbox.verdicts.asks import Ask, between, inside, seconds
from sandbox.verdicts.kind import Found, VerdictKind, name_of
from sandbox.verdicts.retrying import grown, pauses_of

PART = 20
"""A poll is hasty if it comes within this part of the estimate; a job is given up after as many estimates."""
HASTY = 3
"""How many pauses in a row have to be hasty."""
MOST_POLLS = 100
UNDER_WAY = frozenset({"queued", "pending", "started", "in_progress", "processing", "running"})


class Poll(NamedTuple):
    """One look at a job that was still under way for all that the client knew, and those before it."""

    started: Ask
    estimate: int
    earlier: Sequence[Ask]
    ask: Ask


def _polls(asks: Sequence[Ask]) -> Iterator[Poll]:
    """Yield every look at a job between its start and the answer that says that it is over."""
    jobs: dict[tuple[str, str], tuple[Ask, int, list[Ask]]] = {}
    for ask in asks:
        if ask.late or ask.operation is None:
            continue
        place = ask.who, ask.entry.request.path.rpartition("/")[2]
        job = jobs.get(place) if not ask.writes else None
        if job is not None:
            yield Poll(job[0], job[1], tuple(job[2]), ask)
            job[2].append(ask)
        said = ask.said.get("data", ask.said) if ask.went_well and b'"poll_url"' in ask.entry.response.body else None
        if isinstance(said, dict):
            _noted(jobs, ask, said)


def _noted(jobs: dict[tuple[str, str], tuple[Ask, int, list[Ask]]], ask: Ask, said: Mapping[str, Any]) -> None:
    url, estimate = said.get("poll_url"), inside(ask, said.get("estimated_seconds"))
    if not isinstance(url, str) or estimate is None:
        return
    place = ask.who, urlsplit(url).path.rpartition("/")[2]
    if said.get("status") not in UNDER_WAY:
        jobs.pop(place, None)
    elif place not in jobs and ask.writes:
        jobs[place] = ask, estimate, []


def _too_fast(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    for poll in _polls(asks):
        last = poll.earlier[-1] if poll.earlier else poll.started
        told = last.told if last.status < 400 else None
        pause = between(last, poll.ask)
        if told is not None and pause < told:
            yield Found((last, poll.ask), f"{name_of(poll.ask)} was polled after {seconds(pause)} of {seconds(told)}")
            continue
        row = (*poll.earlier[-HASTY:], poll.ask)
        pauses = pauses_of(row)
        # Who is refused and asks again retries, as the refusal says, and does not poll.
        answered = all(each.went_well for each in row[:-1])
        hasty = len(pauses) == HASTY and max(pauses) < poll.estimate // PART and not grown(pauses)
        if answered and hasty:
            told_pauses = ", ".join(map(seconds, pauses))
            seen = f"{name_of(poll.ask)} was polled with pauses of {told_pauses} for a job of {seconds(poll.estimate)}"
            yield Found((poll.started, *row), seen)


def _span(poll: Poll) -> int:
    """Return for how many microseconds the job has been looked at, but for what refusals asked the client to wait."""
    row = (poll.started, *poll.earlier, poll.ask)
    asked = [min(one.told or 0, between(one, other)) for one, other in pairwise(row) if one.status >= 400]
    return between(poll.started, poll.ask) - sum(asked)


def _for_ever(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    for poll in _polls(asks):
        span = _span(poll)
        many = len(poll.earlier) + 1 > MOST_POLLS
        if many or (poll.earlier and span > PART * poll.estimate):
            looks = f"{len(poll.earlier) + 1} times" if many else f"for {seconds(span)}"
            seen = f"{name_of(poll.ask)} was polled {looks} for a job of {seconds(poll.estimate)} that does not end"
            yield Found((poll.started, poll.ask), seen)


TOO_FAST = VerdictKind(
    "polled-too-fast", "warning", _too_fast,
    "wait a good part of `estimated_seconds` before the first look, and longer before each further one.",
)  # fmt: skip
FOR_EVER = VerdictKind(
    "polled-for-ever", "error", _for_ever,
    f"give a job up after a few times `estimated_seconds` (here: {PART}) and say which one it was.",
)  # fmt: skip
