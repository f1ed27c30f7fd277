"""A world as a document, and back: exactly.

The document is a fixture that holds the rows of the tables as they are, and beside them, under `world`, everything that
is not data: clock, quota, keys by their ids, counts. No credential is in it, since none is in a world.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from immutables import Map
from marshmallow import ValidationError, fields

from sandbox.core.api import Api, Loaded
from sandbox.core.clock import LATEST, Clock, frozen, iso_exact, scaled, starting
from sandbox.core.document import Document, DocumentError, Flaw, load, many, mapping, nested, one_of, text, truth, whole
from sandbox.core.frozen import Frozen, freeze
from sandbox.core.grant import Grant
from sandbox.core.play import PASTS
from sandbox.core.playbill import play_written, read_play
from sandbox.core.problem import Problem
from sandbox.core.quota import MODES, Bucket, Drawn, Hits
from sandbox.core.recall import PastSchema, pasts_written, read_pasts
from sandbox.core.staging import begun
from sandbox.core.world import Charter, World

MOST = (1 << 53) - 1
MOST_HITS = 1_000_000
SLOWEST, FASTEST = Fraction(1, 1000), Fraction(1_000_000)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_CLOCKS = ("real", "offset", "frozen", "scaled")


def written(world: World, wall: int) -> dict[str, Any]:
    """Return the world as a document at this wall instant."""
    api, label = world.charter.api, world.charter.label
    return {
        "fixture": label if _NAME.fullmatch(label) else "export",
        "api": api.name,
        "summary": "A world as it was when it was exported.",
        "now": iso_exact(world.now(wall)),
        **api.storage.holder(world.charter.owner),
        **api.storage.dump(world.workspace),
        "world": around(world),
    }


def around(world: World) -> dict[str, Any]:
    """Return everything of a world but its data."""
    charter = world.charter
    clock = charter.clock
    play = play_written(world.play)
    return {
        "name": charter.name,
        "owner": charter.owner,
        "lobby": charter.lobby,
        "seed": charter.seed,
        "label": charter.label,
        "quota": charter.quota,
        "clock": {
            "mode": clock.mode,
            "wall": clock.wall,
            "time": clock.time,
            "rate": str(clock.rate),
            "auto_advance": clock.auto_advance,
        },
        "grants": [_grant_written(charter.grants[key]) for key in sorted(charter.grants)],
        # A count that was read at the very end of what a document can say goes no further there.
        "minted": min(charter.minted, MOST),
        "ordinal": min(world.ordinal, MOST),
        "latest": world.latest,
        "due": world.due,
        **({} if play is None else {"play": play}),
        **({"pasts": _pasts_written(world)} if world.play.pasts else {}),
        "buckets": {name: _drawn_written(each) for name, each in sorted(world.buckets.items())},
    }


def _pasts_written(world: World) -> list[dict[str, Any]]:
    return pasts_written(world.charter.api.storage, world.play.pasts, world.workspace)


def _drawn_written(drawn: Drawn) -> dict[str, Any]:
    return {"times": list(drawn.times)} if isinstance(drawn, Hits) else {"units": drawn.units, "at": drawn.at}


def _grant_written(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.key, "terms": grant.terms, "owner": grant.owner, "expires": grant.expires, "revoked": grant.revoked,
    }  # fmt: skip


class _Rate(fields.Field[Fraction]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Fraction:  # noqa: ARG002
        try:
            rate = Fraction(value) if isinstance(value, str) and len(value) < 40 else Fraction(-1)
        except (ValueError, ZeroDivisionError):
            rate = Fraction(-1)
        if rate == 0 or SLOWEST <= rate <= FASTEST:
            return rate
        raise ValidationError("a rate such as 1, 60 or 1/2 as a text")


class _Clock(Document):
    mode = one_of(_CLOCKS, required=True)
    wall = whole(0, LATEST, required=True)
    time = whole(-LATEST, LATEST, required=True)
    rate = _Rate(required=True)
    auto_advance = truth(required=True)


class _Grant(Document):
    id = text(longest=100, required=True)
    terms = mapping(required=True)
    owner = mapping(required=True, allow_none=True)
    expires = whole(0, LATEST, required=True, allow_none=True)
    revoked = truth(required=True)


class _Bucket(Document):
    units = whole(0, MOST, required=True)
    at = whole(0, LATEST, required=True)


class _Hits(Document):
    times = many(whole(0, LATEST), required=True, most=MOST_HITS)


class _World(Document):
    name = text(longest=200, required=True)
    owner = mapping(required=True)
    lobby = truth(required=True)
    seed = whole(-MOST, MOST, required=True)
    label = text(longest=200, required=True)
    quota = one_of(MODES, required=True)
    clock = nested(_Clock, required=True)
    grants = many(nested(_Grant), required=True)
    minted = whole(0, MOST, required=True)
    ordinal = whole(0, MOST, required=True)
    latest = whole(0, LATEST, required=True)
    due = whole(0, LATEST, required=True)
    play = mapping(load_default=None, allow_none=True)
    pasts = many(nested(PastSchema), most=PASTS, load_default=list)
    buckets = mapping(required=True)


def rebuilt(api: Api, around: Mapping[str, Any], loaded: Loaded, present: World) -> World:
    """Return the world that the document describes; DocumentError names what is wrong with its `world`.

    `present` says what a document may not: which owners and terms there can be.
    """
    try:
        given = load(_World, around)
        buckets = {name: _drawn(each) for name, each in given["buckets"].items()}
        grants = [_grant(api, each, present) for each in given["grants"]]
        owner = _owner(api, given["owner"], present)
        pasts = read_pasts(api, given["pasts"], loaded.workspace, owner)
        play = read_play(api, given["play"])
        play = play._replace(pasts=pasts) if pasts else play
        _check_clock(given["clock"])
    except DocumentError as error:
        raise DocumentError(tuple(flaw.below("world") for flaw in error.flaws)) from error
    charter = Charter(
        api, given["name"], owner, Map({each.key: each for each in grants}), Clock(**given["clock"]), given["quota"],
        given["seed"], given["label"], given["lobby"], given["minted"],
    )  # fmt: skip
    return World(charter, loaded.workspace, Map(buckets), given["ordinal"], given["latest"], given["due"], play)


def _drawn(given: Any) -> Drawn:
    if isinstance(given, Mapping) and "times" in given:
        return Hits(tuple(sorted(load(_Hits, given)["times"])))
    return Bucket(**load(_Bucket, given))


def _check_clock(given: dict[str, Any]) -> None:
    wanted = {"real": Fraction(1), "offset": Fraction(1), "frozen": Fraction(0)}.get(given["mode"])
    if (wanted is None and given["rate"] == 0) or (wanted is not None and given["rate"] != wanted):
        raise DocumentError((Flaw(("clock", "rate"), f"the rate of a {given['mode']} clock", str(given["rate"])),))


def _owner(api: Api, given: Mapping[str, Any], present: World) -> Frozen:
    owner: Frozen = freeze(given)
    if set(owner) - {"limit"} != set(present.charter.owner) - {"limit"}:
        expected = "the fields " + ", ".join(sorted(present.charter.owner))
        raise DocumentError((Flaw(("owner",), expected, ", ".join(sorted(map(str, owner))) or "nothing"),))
    _limited(api, owner, ("owner",))
    return owner


def _limited(api: Api, owner: Frozen, path: tuple[str, ...]) -> None:
    """Refuse an owner for whom the API's law has no limit, not even without one by contract."""
    if not all(isinstance(each, str) for name, each in owner.items() if name != "limit"):
        raise DocumentError((Flaw(path, f"an owner as {api.name} knows them", "what is no text"),))
    try:
        api.law.limit(Frozen((name, each) for name, each in owner.items() if name != "limit"), "")
        limit = api.law.limit(owner, "")
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentError((Flaw(path, f"an owner as {api.name} knows them", "another"),)) from error
    if not all(isinstance(each, int) and 1 <= each <= 1_000_000 for each in (limit.rate, limit.burst)):
        raise DocumentError((Flaw((*path, "limit"), "two integers from 1 to 1000000", "something else"),))


def _grant(api: Api, given: dict[str, Any], present: World) -> Grant:
    owner = None if given["owner"] is None else _owner(api, given["owner"], present)
    terms: Frozen = freeze(given["terms"])
    try:
        known = api.law.mint(present.charter.owner, terms, False, "check").terms
    except (Problem, KeyError) as error:
        raise DocumentError((Flaw(("grants",), f"the terms of a key of {api.name}", str(error)),)) from error
    if known != terms:
        raise DocumentError((Flaw(("grants",), f"the terms of a key of {api.name}", "too few or too many"),))
    return Grant(given["id"], terms, given["expires"], given["revoked"], owner)


def settled(loaded: Loaded, present: World, wall: int) -> World:
    """Return the world that a plain fixture makes of this one: its data and label, the same owner, keys and settings.

    If the fixture declares a time, the clock is set to it and goes on at its pace. The scenario begins again.
    """
    charter = replace(present.charter, label=loaded.name)
    if loaded.now is not None:
        charter = replace(charter, clock=_at(charter.clock, loaded.now, wall))
    play = present.play._replace(pending=())
    return World(charter, loaded.workspace, play=begun(play.scenario, play, charter.clock.now(wall)))


def _at(clock: Clock, now: int, wall: int) -> Clock:
    if clock.mode == "frozen":
        moved = frozen(now)
    elif clock.mode == "scaled":
        moved = scaled(now, wall, clock.rate)
    else:
        moved = starting(now, wall)
    return replace(moved, auto_advance=clock.auto_advance)
