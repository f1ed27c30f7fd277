"""What the laws share: worlds at a fixed instant, and a way to ask them something without any door."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.app import create_realm
from sandbox.core.clock import parse_instant
from sandbox.core.kernel import Outcome, step
from sandbox.core.keyring import identify
from sandbox.core.message import Request, admitted
from sandbox.core.realm import Realm, born, copies
from sandbox.core.workspace import Workspace
from sandbox.core.world import World
from sandbox.settings import Settings

NOW = parse_instant("2026-04-13T14:30:00Z")
ENTERPRISE = "ak_test_enterprise_laws"
JSON = (("content-type", "application/json"),)


@cache
def realm(fixture: str = "docs", *, api: str = "aikraft", **settings: Any) -> Realm:
    """Return the realm of a fixture, born at NOW and standing still."""
    given = Settings(apis=(api,), fixture=fixture, **{"clock": "frozen@2026-04-13T14:30:00Z", **settings})
    return create_realm(api, given, NOW)


def request(method: str, target: str, body: Any = None, key: str | None = ENTERPRISE, **headers: str) -> Request:
    """Return a request as a door would build it; a body that is not bytes is sent as JSON."""
    path, _, query = target.partition("?")
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    if key is not None:
        fields = (("authorization", f"Bearer {key}"), *fields)
    if body is not None and "content_type" not in headers:
        fields = (*fields, *JSON)
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method, path, query, (("host", "sandbox.test"), *fields), raw)


def world_of(key: str = ENTERPRISE, fixture: str = "docs", **settings: Any) -> World:
    """Return the world that a key opens, as it was born; a key that opens none leads to the lobby."""
    home = realm(fixture, **settings)
    place, _ = identify(home.keyring, request("GET", "/v1/systems", key=key))
    if place is None:
        return home.lobby
    origin = copies(place)
    return born(home, place, home.live[origin.rpartition("/")[0]] if origin else None)


def ask(
    world: World, method: str, target: str, body: Any = None, *, key: str | None = ENTERPRISE, at: int = NOW,
    fixture: str = "docs", **headers: str,
) -> Outcome:  # fmt: skip
    """Return what one request does to the world."""
    asked = request(method, target, body, key, **headers)
    _, caller = identify(realm(fixture).keyring, asked)
    return step(world, admitted(asked, caller), at)


def said(outcome: Outcome) -> Any:
    """Return the answer's JSON."""
    return json.loads(outcome.response.body)


@dataclass(frozen=True, slots=True)
class Told:
    """Status and error code of an answer: what most laws compare."""

    status: int
    code: str | None


def told(outcome: Outcome) -> Told:
    """Return status and error code."""
    body = said(outcome) if outcome.response.body else {}
    return Told(outcome.response.status, body.get("error", {}).get("code"))


LOAN = {
    "name": "Loan Approval Engine",
    "description": "Scores personal loan applications using applicant financial history and behavioural data.",
    "purpose": "Automate initial credit decisions to reduce processing time",
    "domain": "Financial Services / Credit Assessment",
}
"""The documents' own POST /systems."""


def content(workspace: Workspace) -> Any:
    """Return all that a workspace says: rows by id, each order key by key, the names that are taken, the counts."""
    tables = {}
    for name, table in workspace.tables.items():
        orders = {facet: list(order) for facet, order in table.orders.items() if order.size}
        tables[name] = (table.layout, dict(table.rows), orders, dict(table.taken))
    return tables, dict(workspace.minted)
