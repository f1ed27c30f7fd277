"""Whether a request is let in: its key's grant, the quota that it draws on, what a fault makes of that quota."""

from __future__ import annotations

from typing import Any

from sandbox.core.contract import Route
from sandbox.core.frozen import Frozen
from sandbox.core.message import Request
from sandbox.core.problem import Problem
from sandbox.core.quota import ENFORCE, OFF, Bucket, Limit, Reading, is_full, take, untouched
from sandbox.core.scenario import Quota
from sandbox.core.world import Charter, Grant, World

ADDRESS_LIMIT = 1024


def limit_of(charter: Charter, route: Route, grant: Grant | None) -> Limit:
    """Return the limit that a request with this key on this route is held to."""
    return charter.api.law.limit(owner_of(charter, grant), route.operation.rate_class if route.operation else "")


def bucket_of(charter: Charter, request: Request, grant: Grant | None) -> str:
    """Return the name of the bucket that a request draws on: the world's own, its address's, or its key's."""
    if charter.lobby:
        return request.peer
    return "" if grant is None or grant.owner is None else grant.key


def owner_of(charter: Charter, grant: Grant | None) -> Frozen:
    """Return as whom this key counts."""
    return charter.owner if grant is None or grant.owner is None else grant.owner


def charged(
    world: World, charter: Charter, route: Route, request: Request, grant: Grant | None, now: int, struck: Quota | None
) -> tuple[Any, Reading]:
    """Return the buckets after one token was taken of this request's, and what the client is told."""
    limit = limit_of(charter, route, grant)
    if charter.quota == OFF and struck is None:
        return world.buckets, untouched(limit, now)
    name = bucket_of(charter, request, grant)
    buckets = world.buckets
    held = buckets.get(name)
    if struck is not None:
        limit, name = shrunk(limit, struck), struck.bucket or name
        held = buckets.get(name)
        held = Bucket(0, now) if struck.exhausted else held
    bucket, reading = take(held, limit, now)
    if charter.lobby and len(buckets) >= ADDRESS_LIMIT:
        buckets = _room(buckets, limit, now)
    return buckets.set(name, bucket), reading


def shrunk(limit: Limit, struck: Quota) -> Limit:
    """Return the limit that a fault leaves: a smaller rate takes the burst with it, unless that is given too."""
    burst = struck.burst or (limit.burst if struck.rate is None else struck.rate)
    return Limit(struck.rate or limit.rate, burst)


def _room(buckets: Any, limit: Any, now: int) -> Any:
    """Forget the addresses whose bucket is full again; if none is, the one that was quiet for longest."""
    kept = {name: each for name, each in buckets.items() if not is_full(each, limit, now)}
    if len(kept) >= ADDRESS_LIMIT:
        del kept[min(kept, key=lambda name: kept[name].at)]
    return type(buckets)(kept)


def terms_of(world: World, request: Request, grant: Grant | None) -> Frozen:
    """Return what the caller's key may do, or refuse the credential."""
    law = world.charter.api.law
    if request.caller.key is None:
        raise law.refusal(request.caller.reason)
    if grant is None:
        raise law.refusal("unknown")
    if grant.revoked:
        raise law.refusal("revoked")
    if grant.expires is not None and grant.expires <= world.latest:
        raise law.refusal("expired")
    return grant.terms


def check_quota(charter: Charter, reading: Reading, struck: Quota | None) -> None:
    """Raise 429 if there was no token, and that is enforced or a fault makes it so."""
    if reading.refused and (charter.quota == ENFORCE or struck is not None):
        wait = charter.clock.outside(reading.retry_after)
        raise Problem(429, "quota", f"Too many requests: wait {wait} second{'s'[: wait > 1]} before the next one.")
