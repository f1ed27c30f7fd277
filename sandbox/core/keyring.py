"""Credential in, world and key id out.

A declared key belongs to the world that its fixture names. An undeclared key may open a world of its own, if the API's
law says so. Everything else belongs to the lobby, with the reason; an undeclared live key among it, and it is kept
nowhere. Worlds of undeclared keys are named by a hash, so that no name gives the key away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from sandbox.core.api import Api
from sandbox.core.document import nearest
from sandbox.core.frozen import Frozen
from sandbox.core.message import Caller, Request, admitted, without_secrets
from sandbox.core.problem import Problem, shown

LOBBY = "lobby"
RESERVED = "reserved"
"""The reason of a key that is spelled like a declared one and is not."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key leads: the world's name, the key's id, and, for an undeclared key, what it opens."""

    world: str
    key: str
    owner: Frozen | None = None
    terms: Frozen | None = None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The declared keys of one API, and the rules for all others.

    `introduced` leads from the names by which requests without a credential may say whose they are.
    """

    api: Api
    declared: Mapping[str, Place]
    rules: Frozen
    introduced: Mapping[str, Place] = Frozen()


NONE_MINTED: Mapping[str, Place] = {}


def identify(
    keyring: Keyring, request: Request, minted: Mapping[str, Place] = NONE_MINTED
) -> tuple[Place | None, Caller]:
    """Return the place that the request's credential leads to and its caller; no place means the lobby.

    A request that only says whose it is gets a place, and no key there. `minted` holds the places of the keys that were
    made while the sandbox ran, by their fingerprints.
    """
    credential, reason = keyring.api.law.credential(request)
    if credential is None:
        name = keyring.api.law.introduction(request)
        return None if name is None else keyring.introduced.get(name), Caller(None, reason)
    return led_by(keyring, credential, minted)


def led_by(keyring: Keyring, credential: str, minted: Mapping[str, Place] = NONE_MINTED) -> tuple[Place | None, Caller]:
    """Return the place that a credential leads to and the caller that it makes; no place means the lobby."""
    place = keyring.declared.get(credential) or (minted and minted.get(fingerprint(credential))) or None
    if place is not None:
        return place, Caller(place.key)
    opening = keyring.api.law.stranger(credential, keyring.rules)
    if isinstance(opening, str):
        return None, Caller(None, opening, _nearest(keyring, credential) if opening == RESERVED else None)
    ident = key_id(credential)
    return Place(f"own/{ident}", ident, opening.owner, opening.terms), Caller(ident)


def admit(keyring: Keyring, request: Request, caller: Caller) -> Request:
    """Return the request as it enters a world: its caller named, and no credential in any part of it."""
    law = keyring.api.law
    return without_secrets(admitted(request, caller), law.secret, law.marker)


def fingerprint(credential: str) -> str:
    """Return what stands for a credential where it must not stand itself."""
    return sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()


def key_id(credential: str) -> str:
    """Return the id of a key: it names the key in journals and worlds and gives nothing of it away."""
    return "key_" + fingerprint(credential)[:16]


def check_term(where: str, word: Any, known: tuple[str, ...], kind: str, found: str) -> None:
    """Raise 422 unless a new key can be asked for by this word: one of those that are known at this place."""
    if word in known:
        return
    near = nearest(word, known)
    hint = f"; did you mean {near!r}?" if near else ""
    message = f"{shown(where)}: expected {kind} {', '.join(known)}, got {found}{hint}"
    raise Problem(422, "key-unfit", message, field=where)


def _nearest(keyring: Keyring, credential: str) -> str | None:
    """Return the id of the declared key that is spelled most like this one, if any is near."""
    close = get_close_matches(credential, keyring.declared, n=1, cutoff=0.8)
    return keyring.declared[close[0]].key if close else None
