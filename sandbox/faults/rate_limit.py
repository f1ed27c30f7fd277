"""`rate_limit`: the quota is exhausted, or smaller than the plan says, or the 429 lies about how long to wait.

A request that is struck is held to the quota even where the world only watches it. `recover_after` ends the fault so
long after its rule first struck. The contract wants a whole number of seconds in Retry-After: whatever else it says
there (`missing`, `zero`, a `date`) needs `illegal: true`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.core.clock import SECOND, http_date
from sandbox.core.document import Document, duration, one_of, truth, whole
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.scenario import STRUCK_BY_NOTHING, Blow, Chance, Fault, Quota, Refused, Struck
from sandbox.core.synonym import Alias, Words

LIES = ("missing", "zero", "huge", "date")
LEGAL_LIES = ("huge",)
HUGE = 365 * 24 * 3600


class _RateLimit(Document):
    exhausted = truth(load_default=None, allow_none=True)
    limit = whole(1, 1_000_000, load_default=None, allow_none=True)
    burst = whole(1, 1_000_000, load_default=None, allow_none=True)
    retry_after = one_of(LIES, load_default=None, allow_none=True)
    recover_after = duration(load_default=None, allow_none=True)
    illegal = truth(load_default=False)


def _make(given: dict[str, Any], site: Site) -> Fault:
    if given["burst"] is not None and not site.api.stage.bursts:
        expected = f"limit alone, since a quota of {site.api.name} is a sliding window, without a burst"
        raise Unfit(("burst",), expected, str(given["burst"]))
    lie = given["retry_after"]
    illegal = lie is not None and lie not in LEGAL_LIES
    if illegal and not given["illegal"]:
        raise Unfit(("retry_after",), "a whole number of seconds (huge), or illegal: true", lie)
    plain = not (given["limit"] or given["burst"] or given["retry_after"])
    if plain and given["exhausted"] is False:
        raise Unfit(("exhausted",), "true, or a limit, a burst or a retry_after", "false")
    if given["recover_after"] == 0:
        raise Unfit(("recover_after",), "a duration above 0", "0")
    quota = Quota(given["limit"], given["burst"], bool(given["exhausted"]) or plain)

    def strike(struck: Struck, now: int, _chance: Chance) -> Blow:
        if given["recover_after"] is not None and now >= struck.since + given["recover_after"]:
            return STRUCK_BY_NOTHING
        return Blow(quota=_lying(replace(quota, bucket=struck.rule), given["retry_after"], now))

    return Fault("rate_limit", strike, illegal=illegal, refuses=lambda _operation, _owner: (Refused(429, "quota"),))


def _lying(quota: Quota, lie: str | None, now: int) -> Quota:
    if lie is None:
        return quota
    told = {"missing": None, "zero": "0", "huge": str(HUGE), "date": http_date(now + 60 * SECOND)}[lie]
    return replace(quota, retry_after=told, silent=lie == "missing")


WORDS = Words({"retryAfter": Alias("retry_after", "MockServer")})
RATE_LIMIT = FaultKind("rate_limit", _RateLimit, _make, words=WORDS)
