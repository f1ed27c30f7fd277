"""How a client writes when it cannot know whether it has written already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.core.contract import Contract
from sandbox.verdicts.asks import Ask, Same
from sandbox.verdicts.kind import Found, VerdictKind, name_of

MADE = frozenset({201, 202})
"""What an operation answers that makes something new each time."""


def _duplicate(asks: Sequence[Ask], _contract: Contract) -> Iterator[Found]:
    """Follow each write whose answer was lost: what was sent again unseen, and what the sandbox worked on late."""
    trails: dict[Same, list[Ask]] = {}
    for ask in asks:
        if ask.operation is None or ask.entry.request.method != "POST" or ask.operation.success.status not in MADE:
            continue
        trail = trails.get(ask.same)
        if trail is not None and (ask.late or _goes_on(trail, ask)):
            trail.append(ask)
            found = _proof(trail)
            if found is not None:
                yield found
                del trails[ask.same]
        elif ask.lost and not ask.late:
            trails[ask.same] = [ask]
        elif trail is not None and ask.reads != trail[-1].reads:
            del trails[ask.same]


def _goes_on(trail: Sequence[Ask], ask: Ask) -> bool:
    """Tell whether the client knows as little as when it lost the first answer: it has not looked nor seen it done."""
    return ask.reads == trail[-1].reads and not any(each.went_well for each in trail if not each.late)


def _proof(trail: Sequence[Ask]) -> Found | None:
    blind = any(not each.late for each in trail[1:])
    done = [each for each in trail if each.status < 300]
    clash = [each for each in trail if each.status == 409]
    if not blind or not done or (len(done) < 2 and not clash):
        return None
    outcome = "there are two now" if len(done) > 1 else "it met its own success as a 409"
    seen = f"The answer to {name_of(trail[0])} was lost, the same was sent again without a look, and {outcome}"
    return Found(tuple(trail), seen)


DUPLICATE = VerdictKind(
    "duplicate-after-lost-answer", "error", _duplicate,
    "look whether the first one was done before sending it again.",
)  # fmt: skip
