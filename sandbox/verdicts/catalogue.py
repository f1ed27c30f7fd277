"""All kinds of verdicts, and the judge: a function of a journal and a contract."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.core.contract import Contract
from sandbox.core.timeline import Entry
from sandbox.core.verdict import Verdict
from sandbox.verdicts.asks import asks_of
from sandbox.verdicts.kind import Found, VerdictKind
from sandbox.verdicts.paging import BEYOND, CHANGED, STOPPED
from sandbox.verdicts.polling import FOR_EVER, TOO_FAST
from sandbox.verdicts.retrying import HOPELESS_RETRY, IGNORED, NO_BACK_OFF, TOO_EARLY
from sandbox.verdicts.trusting import LEANED, LIVE_KEY
from sandbox.verdicts.writing import DUPLICATE

VERDICTS: tuple[VerdictKind, ...] = (
    TOO_EARLY, NO_BACK_OFF, HOPELESS_RETRY, IGNORED, STOPPED, CHANGED, BEYOND, TOO_FAST, FOR_EVER, DUPLICATE, LIVE_KEY,
    LEANED,
)  # fmt: skip
NAMES = tuple(each.name for each in VERDICTS)
NONE_OFF: frozenset[str] = frozenset()


def judged(
    entries: Iterable[Entry], contract: Contract, switched_off: frozenset[str] = NONE_OFF
) -> tuple[Verdict, ...]:
    """Return what this journal proves about its client: each verdict once an operation, by its first proof.

    They come in the order of the catalogue, those of one name as they were proven. `switched_off` are names that are
    not looked for.
    """
    asks = asks_of(entries, contract)
    found: dict[tuple[str, str | None], Verdict] = {}
    for kind in VERDICTS:
        if kind.name in switched_off:
            continue
        for each in kind.find(asks, contract):
            verdict = _verdict(kind, each)
            found.setdefault((kind.name, verdict.operation), verdict)
    return tuple(found.values())


def _verdict(kind: VerdictKind, found: Found) -> Verdict:
    last = found.asks[-1]
    ids = tuple(each.id for each in found.asks)
    return Verdict(kind.name, kind.severity, last.entry.operation, ids, f"{found.seen}. Expected: {kind.remedy}")
