"""How a client takes a refusal: whether it waits, slows down, and gives up what cannot succeed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sandbox.core.clock import SECOND
from sandbox.core.contract import Contract
from sandbox.verdicts.asks import Ask, Same, between, seconds, unseen
from sandbox.verdicts.kind import Found, VerdictKind, name_of

QUICK = SECOND // 10
"""A pause below this is none: it is what a call and a loop cost."""
GROWTH = 1.25
"""By how much a pause has to be longer than another to have grown: a clock is never exact."""
ALIKE, PAUSES = 3, 5
"""After how many pauses it is told that they are alike, and that none has grown: chance makes some of them shorter."""
HOPELESS = frozenset({400, 401, 403, 422})
OTHERS = 3
"""How many further requests have to be refused during one wait."""


def _pairs(asks: Sequence[Ask]) -> Iterator[tuple[Ask, Ask]]:
    """Yield each request of the client that it had made before, behind the last time that it did."""
    last: dict[Same, Ask] = {}
    for ask in asks:
        if ask.late:
            continue
        if ask.same in last:
            yield last[ask.same], ask
        last[ask.same] = ask


def _too_early(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    for first, again in _pairs(asks):
        told = first.told if first.status >= 400 else None
        if told is None:
            continue
        waited = between(first, again)
        if unseen(first, again):
            continue
        # A clock that advances for whoever comes too early hides by how much it was.
        moved = again.entry.marks.early_retry and first.entry.charter.clock.auto_advance
        if waited < told or (moved and first.entry.cause == "quota"):
            early = "before its time" if moved else f"after {seconds(waited)}" if waited >= QUICK else "at once"
            seen = f"{name_of(again)} was refused with Retry-After of {seconds(told)} and sent again {early}"
            yield Found((first, again), seen)


def _failed(ask: Ask) -> bool:
    return ask.lost or ((ask.status >= 500 or ask.status == 429) and ask.told is None)


def pauses_of(asks: Sequence[Ask]) -> list[int]:
    """Return the microseconds between each of these requests and the next."""
    return [between(one, other) for one, other in pairwise(asks)]


def grown(pauses: Sequence[int]) -> bool:
    """Tell whether a pause is longer than the first of them."""
    first, *rest = (each if each >= QUICK else 0 for each in pauses)
    return any(each > first * GROWTH for each in rest)


def _rests(asks: Sequence[Ask]) -> list[int]:
    """Return for how long at most the client rested between each of these and the next, once the answer had come."""
    spans = [(between(one, other), one.held) for one, other in pairwise(asks)]
    return [span - held if span >= held else span for span, held in spans]


def _alike(pauses: Sequence[int]) -> bool:
    """Tell whether none of the pauses is longer than another."""
    shortest, longest = min(pauses), max(pauses)
    return longest < QUICK or longest <= shortest * GROWTH


def _steady(asks: Sequence[Ask], rests: Sequence[int]) -> bool:
    """Tell whether the client did not slow down; for how long it waited for what it gave up, nobody knows."""
    steady = (len(rests) == ALIKE and _alike(rests)) or (len(rests) == PAUSES and not grown(rests))
    return steady and not unseen(*asks[:2])


def _no_back_off(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    runs: dict[Same, list[Ask]] = {}
    for ask in asks:
        if ask.late:
            continue
        run = runs.setdefault(ask.same, [])
        run.append(ask)
        pauses = _rests(run[-PAUSES - 1 :])
        hasty = len(pauses) >= 2 and max(pauses[-2:]) < QUICK
        if hasty or (len(run) <= PAUSES + 1 and _steady(run, pauses)):
            told = "without a pause" if hasty else f"with pauses of {', '.join(map(seconds, pauses))}"
            yield Found(run[-3:] if hasty else tuple(run), f"{name_of(ask)} failed and was sent again and again {told}")
        if not _failed(ask):
            del runs[ask.same]


def _hopeless(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    for first, again in _pairs(asks):
        refused = first.status in HOPELESS and not first.lost and again.status >= 400
        unchanged = first.epoch == again.epoch
        # Which credential a stranger sent is not kept, so it may have been another one.
        known = first.entry.request.caller.key is not None or first.entry.request.caller.reason == "missing"
        if refused and unchanged and known and not unseen(first, again):
            seen = f"{name_of(again)} was refused with {first.status}, and the same request was sent again"
            yield Found((first, again), seen)


def _ignored(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    waits: dict[str, list[Ask]] = {}
    for ask in asks:
        if ask.status != 429 or ask.late or ask.told is None:
            continue
        wait = waits.get(ask.who)
        if wait is None or between(wait[0], ask) >= (wait[0].told or 0):
            waits[ask.who] = [ask]
        elif all(each.same != ask.same for each in wait):
            wait.append(ask)
            if len(wait) == OTHERS + 1:
                seen = f"After a 429 with Retry-After of {seconds(wait[0].told or 0)} {OTHERS} other requests were sent"
                yield Found(tuple(wait), f"{seen} before that time was over, and each was refused as well")


TOO_EARLY = VerdictKind(
    "retried-too-early", "error", _too_early,
    "wait at least as long as Retry-After says, then send the request again.",
)  # fmt: skip
NO_BACK_OFF = VerdictKind(
    "no-back-off", "error", _no_back_off,
    "let each pause be longer than the one before, with some chance in it, and give up after a few tries.",
)  # fmt: skip
HOPELESS_RETRY = VerdictKind(
    "retried-what-cannot-succeed", "error", _hopeless,
    "change the request or the credential, or report the error: what was refused for itself is refused again.",
)  # fmt: skip
IGNORED = VerdictKind(
    "ignored-429s", "error", _ignored,
    "hold back every request that draws on the same quota until Retry-After is over, not only the refused one.",
)  # fmt: skip
