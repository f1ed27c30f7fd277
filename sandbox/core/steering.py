"""What an owner changes about a world: its clock, its settings, its keys.

Each of these is a pure function of the world and of what was asked, so that the journal can hold what was asked and get
the same world again. What goes back in time is not here: it cuts the journal (see `control`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple

from sandbox.core.chance import hexadecimal8
from sandbox.core.clock import LATEST, Clock, frozen, iso_exact, parse_duration, parse_instant, scaled, starting
from sandbox.core.frozen import to_json
from sandbox.core.grant import Grant
from sandbox.core.message import REDACTED, Response
from sandbox.core.problem import Problem
from sandbox.core.realm import LIVE
from sandbox.core.timeline import Errand
from sandbox.core.world import Charter, World

FARTHEST = parse_instant("9000-01-01T00:00:00Z")
"""How far a clock may be set; what is due later than that can still be written with four digits of year."""
MOST_KEYS = 1_000
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""The names of RFC 9110 where Python has older ones, depending on its version."""


class Steered(NamedTuple):
    """A world after an errand: the answer, the credential that it shows this once, and the id of that key."""

    world: World
    body: Mapping[str, Any]
    status: int = 200
    credential: str | None = None

    @property
    def recorded(self) -> Response:
        """Return the answer as a journal keeps it: without a credential."""
        body = self.body if self.credential is None else {**self.body, "key": REDACTED}
        return in_json(self.status, body)


def in_json(status: int, body: Mapping[str, Any], kind: str = "application/json") -> Response:
    """Return a control answer."""
    content = to_json(body)
    headers = (("Content-Type", kind), ("Content-Length", str(len(content))), ("Cache-Control", "no-store"))
    return Response(status, headers, content)


def in_problem(problem: Problem) -> Response:
    """Return a refusal of the control plane (RFC 9457)."""
    title = _TITLES.get(problem.status) or HTTPStatus(problem.status).phrase
    body = {
        "type": "about:blank", "title": title, "status": problem.status, "detail": problem.message,
        "cause": problem.cause, **problem.more,
    }  # fmt: skip
    response = in_json(problem.status, body, "application/problem+json")
    return response._replace(headers=(*response.headers, *problem.headers))


def clock_shown(world: World, wall: int) -> dict[str, Any]:
    """Return the clock as the control plane shows it."""
    clock = world.charter.clock
    rate = float(clock.rate)
    return {
        "now": iso_exact(world.now(wall)),
        "mode": clock.mode,
        "rate": int(rate) if rate.is_integer() else rate,
        "auto_advance": clock.auto_advance,
    }


def _put_clock(world: World, errand: Errand) -> Steered:
    asked, present = errand.body, world.now(errand.wall)
    mode = asked["mode"]
    start = _instant(asked["now"], 422) if "now" in asked else errand.wall if mode == "real" else present
    _check_clock(asked, mode, start, present)
    kept = asked.get("auto_advance", world.charter.clock.auto_advance)
    return _with_clock(world, replace(_clock(mode, start, errand.wall, asked), auto_advance=kept), errand)


def _check_clock(asked: Mapping[str, Any], mode: str, start: int, present: int) -> None:
    if mode == "real" and "now" in asked:
        message = "now: a real clock shows the time outside: leave `now` out, or take the mode offset."
        raise Problem(422, "clock-contradiction", message)
    if ("rate" in asked) != (mode == "scaled"):
        raise Problem(422, "clock-contradiction", "rate: expected with the mode scaled, and with no other.")
    if start < present:
        raise Problem(
            409, "clock-backwards",
            f"now: expected {iso_exact(present)} or later, got {iso_exact(start)}: "
            "a clock goes back by POST /__admin/rewind or by restoring a snapshot.",
        )  # fmt: skip
    _check_reach(start)


def _check_reach(instant: int) -> None:
    if instant > FARTHEST:
        raise Problem(422, "clock-too-far", f"The clock goes up to {iso_exact(FARTHEST)}.")


def _clock(mode: str, start: int, wall: int, asked: Mapping[str, Any]) -> Clock:
    if mode == "frozen":
        return frozen(start)
    if mode == "scaled":
        return scaled(start, wall, Fraction(str(asked["rate"])))
    return Clock() if mode == "real" else starting(start, wall)


def _with_clock(world: World, clock: Clock, errand: Errand) -> Steered:
    world = world._replace(charter=replace(world.charter, clock=clock))
    return Steered(world, clock_shown(world, errand.wall))


def _advance_clock(world: World, errand: Errand) -> Steered:
    span = _span(errand.body["by"])
    clock, present = world.charter.clock, world.now(errand.wall)
    _check_reach(present + span)
    shift = present - clock.now(errand.wall) + span
    # A clock that was read from a document may be a line through a time that no document can name.
    ahead = clock.advanced(shift) if clock.time + shift <= LATEST else clock.showing(present + span, errand.wall)
    return _with_clock(world, ahead, errand)


def _span(text: str) -> int:
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise Problem(422, "duration-unreadable", f"{error}.") from error
    if span < 0:
        message = "expected a duration that goes forward: a clock goes back by POST /__admin/rewind."
        raise Problem(422, "duration-unreadable", message)
    return span


def _instant(text: str, status: int) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Problem(status, "time-unreadable", f"{error}.") from error


WORLD_SETTINGS = ("quota", "seed", "label")


def settings_of(charter: Charter) -> dict[str, Any]:
    """Return the settings that belong to the world itself."""
    return {"quota": charter.quota, "seed": charter.seed, "label": charter.label}


def _put_settings(world: World, errand: Errand) -> Steered:
    changes = {name: errand.body[name] for name in WORLD_SETTINGS if name in errand.body}
    charter = replace(world.charter, **changes)
    return Steered(world._replace(charter=charter), settings_of(charter))


def key_shown(charter: Charter, grant: Grant) -> dict[str, Any]:
    """Return a key as the control plane shows it."""
    owner = grant.owner or charter.owner
    return {
        "id": grant.key,
        **{name: value for name, value in owner.items() if isinstance(value, (str, int))},
        **grant.terms,
        "expires": None if grant.expires is None else iso_exact(grant.expires),
        "revoked": grant.revoked,
    }


def _mint_key(world: World, errand: Errand) -> Steered:
    charter = world.charter
    if len(charter.grants) >= MOST_KEYS:
        raise Problem(409, "too-many-keys", f"A world has at most {MOST_KEYS} keys: reset it, or take another world.")
    asked = {name: value for name, value in errand.body.items() if not name.startswith("expires")}
    expires = _expiry(world, errand) if "expires" in errand.body or "expires_in" in errand.body else None
    source = f"{charter.name}\x00{charter.seed}\x00{charter.label}\x00{charter.minted}".encode("utf-8", "surrogatepass")
    live = charter.name.endswith(LIVE)
    credential, terms, owner = charter.api.law.mint(charter.owner, asked, live, sha256(source).hexdigest()[:24])
    ident = "key_" + hexadecimal8(charter.seed, charter.label, "key", charter.minted)
    grant = Grant(ident, terms, expires, owner=owner)
    after = _granting(world, grant, minted=charter.minted + 1)
    return Steered(after, {**key_shown(charter, grant), "key": credential}, 201, credential)


def _expiry(world: World, errand: Errand) -> int | None:
    if errand.body.get("expires_in") is not None:
        instant = world.now(errand.wall) + _span(errand.body["expires_in"])
    elif errand.body.get("expires") is not None:
        instant = _instant(errand.body["expires"], 422)
    else:
        return None
    _check_reach(instant)
    return instant


def _granting(world: World, grant: Grant, minted: int | None = None) -> World:
    charter = world.charter
    count = charter.minted if minted is None else minted
    return world._replace(charter=replace(charter, grants=charter.grants.set(grant.key, grant), minted=count))


def _change_key(world: World, errand: Errand) -> Steered:
    return _with_key(world, replace(_key(world, errand), expires=_expiry(world, errand)))


def _revoke_key(world: World, errand: Errand) -> Steered:
    return _with_key(world, replace(_key(world, errand), revoked=True))


def _with_key(world: World, grant: Grant) -> Steered:
    return Steered(_granting(world, grant), key_shown(world.charter, grant))


def _key(world: World, errand: Errand) -> Grant:
    grant = world.charter.grants.get(errand.path["id"])
    if grant is None:
        raise Problem(404, "key-not-found", "This world has no key of this id: GET /__admin/keys lists them.")
    return grant


STEERING: Mapping[str, Callable[[World, Errand], Steered]] = {
    "putClock": _put_clock,
    "advanceClock": _advance_clock,
    "putSettings": _put_settings,
    "mintKey": _mint_key,
    "changeKey": _change_key,
    "revokeKey": _revoke_key,
}
"""The control operations that the journal records."""
