"""What the judge judges: the contract of an API, who asks, and what a caller of that API would know.

The judge knows no API. Whatever differs between two of them stands in a record here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.clock import SECOND
from sandbox.core.contract import Contract
from sandbox.core.keyring import LOBBY, identify
from sandbox.core.message import Request
from sandbox.web.shelf import Shelf
from sandbox.web.store import Store

TOKEN = "the-judge-has-the-admin-token"


def shelf_of(store: Store) -> Shelf:
    """Return the only shelf of the judge's store."""
    (shelf,) = store.shelves
    return shelf


def contract_served(store: Store) -> Contract:
    """Return the contract of the only API that the store serves."""
    return shelf_of(store).realm.keyring.api.contract


class Told(NamedTuple):
    """What a refusal gives away: the operation that was asked for, and the cause."""

    operation: str
    cause: str


Asked = tuple[str, str, Any]
"""Method, path and body of a request."""
Known = Mapping[str, Mapping[str, list[Any]]]
"""By operation and parameter, what a caller would know."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One contract to judge.

    `path` is where it is served, `prefix` what its paths begin with. `api` is the API that is served meanwhile, `key`
    the test key of a number, `tick` how far the wall clock moves at each look; `write` and `calls` are requests that
    worlds under a scenario have seen before. `known` is what a caller would know at an instant and no answer tells,
    `likelihood` how often it is used. `history` is what a world is asked before it is judged, `live` tells a key that
    may belong to production; `furnish` gives a key's world its history, `told` reads a refusal, `credential` chooses
    what is sent for a key, `bound` changes a case that would never end. `in_session` are the operations that a
    sequence asks for with the cookie it has, if it has one, and not with its key. `lasting` are the operations on what
    a DELETE leaves in place, as their contract says, `unexampled` those whose examples name what they refuse in a fresh
    world, `revisions` what a world may be at after one request. `guessed` says whether links that the judge infers have
    to be covered as those of the contract have to be, `lists` whether the house's own checks of lists and quotas apply,
    `scripted` whether a scenario plays.
    """

    name: str
    path: str
    prefix: str
    known: Callable[[int], Known]
    told: Callable[[Store, Any, Any], Told | None]
    revisions: frozenset[int]
    likelihood: float = 0.5
    lasting: frozenset[str] = frozenset()
    api: str = "aikraft"
    key: Callable[[int], str] = "ak_test_enterprise_case{}".format
    tick: int = SECOND
    write: Asked = ("POST", "/", None)
    calls: tuple[Asked, ...] = ()
    history: tuple[Asked, ...] = ()
    live: Callable[[str], bool] = lambda key: key.startswith("ak_live_")
    furnish: Callable[[Store, str, int], None] = lambda _store, _key, _number: None
    credential: Callable[[Any, str], str] = lambda _case, key: key
    bound: Callable[[Any], None] = lambda _case: None
    in_session: frozenset[str] = frozenset()
    unexampled: frozenset[str] = frozenset()
    guessed: bool = True
    lists: bool = True
    scripted: bool = False
    contract: Callable[[Store], Contract] = contract_served


def world_of(store: Store, case: Any) -> str:
    """Return the name of the world that a case's key leads to, or without a key its cookie."""
    key = case.headers.get("Authorization")
    cookies = "; ".join(f"{name}={value}" for name, value in case.cookies.items())
    field = ("cookie", cookies) if key is None else ("authorization", str(key))
    shelf = shelf_of(store)
    place, _ = identify(shelf.realm.keyring, Request("GET", "/", "", (field,), b""), shelf.minted)
    return LOBBY if place is None else place.world


def told_by_journal(store: Store, case: Any, response: Any) -> Told | None:
    """Find the journal's latest entry of an answer by its status and bytes, which may hold the id of its request."""
    said = response.status_code, response.content
    journal = tuple(store.journal(shelf_of(store), world_of(store, case)) or ())
    entry = next((each for each in reversed(journal) if (each.response.status, each.response.body) == said), None)
    if entry is None or entry.operation is None or entry.cause is None:
        return None
    return Told(entry.operation, entry.cause)


def asked(key: str, method: str, path: str, body: Any = None, **headers: str) -> Request:
    """Return a request with this key, and this body as JSON."""
    fields = (("authorization", f"Bearer {key}"), ("content-type", "application/json"), *headers.items())
    return Request(method, path, "", fields, b"" if body is None else json.dumps(body).encode())
