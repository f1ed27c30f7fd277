"""Whether a request is let in: its key's grant, the quota that it draws on, what a fault makes of that quota."""

from __future__ import annotations

from typing import Any

from sandbox.core.contract import Route
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.message import Request
from sandbox.core.problem import Problem
from sandbox.core.quota import ENFORCE, OFF, Held, Limit, Reading, Window, is_full, latest, spent, take, untouched
from sandbox.core.scenario import Quota
from sandbox.core.world import Charter, World

ADDRESS_LIMIT = 1024


NO_TERMS = Frozen()
"""What a caller without a usable credential may do: what is open to everybody."""


def grant_of(world: World, key: str | None) -> Grant | None:
    """Return what the key of this id may do: as the world's charter says, else as its data says."""
    if key is None:
        return None
    charter = world.charter
    return charter.grants.get(key) or charter.api.law.grant(world.workspace, key)


def limit_of(charter: Charter, route: Route, grant: Grant | None) -> Held:
    """Return the limit that a request with this key on this route is held to."""
    return charter.api.law.limit(owner_of(charter, grant), _class_of(route))


def _class_of(route: Route) -> str:
    return route.operation.rate_class if route.operation else ""


def bucket_of(charter: Charter, route: Route, request: Request, grant: Grant | None) -> str:
    """Return the name of the bucket that a request draws on: the law's, beginning with its address if it has no key."""
    name = charter.api.law.bucket(grant, _class_of(route))
    return request.peer + name if charter.lobby or request.caller.key is None else name


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
    name = bucket_of(charter, route, request, grant)
    buckets = world.buckets
    held = buckets.get(name)
    if struck is not None:
        limit, name = shrunk(limit, struck), struck.bucket or name
        held = spent(limit, now) if struck.exhausted else buckets.get(name)
    bucket, reading = take(held, limit, now)
    if charter.lobby and len(buckets) >= ADDRESS_LIMIT:
        buckets = _room(buckets, limit, now)
    return buckets.set(name, bucket), reading


def shrunk(limit: Held, struck: Quota) -> Held:
    """Return the limit that a fault leaves: a smaller rate takes the burst with it, unless that is given too."""
    if isinstance(limit, Window):
        return Window(struck.rate or limit.rate, limit.span)
    burst = struck.burst or (limit.burst if struck.rate is None else struck.rate)
    return Limit(struck.rate or limit.rate, burst)


def _room(buckets: Any, limit: Any, now: int) -> Any:
    """Forget the addresses whose bucket is full again; if none is, the one that was quiet for longest."""
    kept = {name: each for name, each in buckets.items() if not is_full(each, limit, now)}
    if len(kept) >= ADDRESS_LIMIT:
        del kept[min(kept, key=lambda name: latest(kept[name]))]
    return type(buckets)(kept)


def terms_of(world: World, route: Route, request: Request, grant: Grant | None) -> Frozen:
    """Return what the caller's key may do, or refuse the credential where one is needed."""
    if route.operation is not None and route.operation.open:
        return grant.terms if grant is not None and _is_usable(grant, world.latest) else NO_TERMS
    law = world.charter.api.law
    if request.caller.key is None:
        raise law.refusal(request.caller.reason)
    if grant is None:
        raise law.refusal("unknown")
    if grant.revoked:
        raise law.refusal("revoked")
    if not _is_usable(grant, world.latest):
        raise law.refusal("expired")
    return grant.terms


def _is_usable(grant: Grant, now: int) -> bool:
    return not grant.revoked and (grant.expires is None or grant.expires > now)


def check_quota(charter: Charter, reading: Reading, struck: Quota | None) -> None:
    """Raise 429 if there was no token, and that is enforced or a fault makes it so."""
    if reading.refused and (charter.quota == ENFORCE or struck is not None):
        wait = charter.clock.outside(reading.retry_after)
        raise Problem(429, "quota", f"Too many requests: wait {wait} second{'s'[: wait > 1]} before the next one.")
