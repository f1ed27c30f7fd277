"""Assembly: the one module that knows everybody.

Contracts, fixtures and settings become realms; realms become a store; the store gets its doors.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from immutables import Map

from sandbox.apis.aikraft import fixture as aikraft_fixture
from sandbox.apis.aikraft import product as aikraft_product
from sandbox.core.api import Api
from sandbox.core.clock import Clock
from sandbox.core.compiling import compile_contract
from sandbox.core.contract import Contract
from sandbox.core.control import Plane, check_handled
from sandbox.core.frozen import Frozen
from sandbox.core.keyring import LOBBY, Keyring, Place
from sandbox.core.play import IDLE
from sandbox.core.realm import LIVE, TEST, Realm, Source
from sandbox.core.scenario import Scenario
from sandbox.core.staging import begun, reader_of
from sandbox.core.workspace import Table, Workspace
from sandbox.core.world import Charter, Grant, World
from sandbox.faults.kinds import EVENTS, KINDS
from sandbox.settings import Settings, parse_clock
from sandbox.version import NAME, VERSION
from sandbox.web import files
from sandbox.web.gate import Gate
from sandbox.web.plane import PREFIX, RIM
from sandbox.web.store import Store

if TYPE_CHECKING:
    from flask import Flask


def wall_clock() -> int:
    """Return the wall clock's instant in microseconds."""
    return time.time_ns() // 1000


def create_store(settings: Settings, wall: Callable[[], int] = wall_clock) -> Store:
    """Return the store of the APIs that the settings name; FileError or ContractError says what hinders it."""
    now = wall()
    realms = tuple(create_realm(each, settings, now) for each in settings.apis)
    bounds = settings.journal_entries, settings.journal_bytes
    gate = Gate(settings.admin_token, frozenset(each.lower() for each in settings.hosts), shut=not settings.admin)
    return Store(realms, wall, settings.memory, lambda: Plane(control_contract(), NAME, VERSION, bounds), gate, bounds)


@cache
def control_contract() -> Contract:
    """Return the contract of the control plane, compiled; it is the same for every sandbox of a process."""
    document, digest, _raw = files.read(files.shipped("openapi") / "admin.yaml")
    contract = compile_contract(document, "admin", PREFIX, digest)
    check_handled(contract, RIM)
    return contract


def create_app(settings: Settings | None = None, wall: Callable[[], int] = wall_clock) -> Flask:
    """Return a Flask app with a sandbox of its own: any number of them may live in one process."""
    from sandbox.web.app import flask_app

    return flask_app(create_store(settings or Settings(), wall))


PRODUCTS: dict[str, ModuleType] = {"aikraft": aikraft_product}
FIXTURES: dict[str, ModuleType] = {"aikraft": aikraft_fixture}


def create_realm(name: str, settings: Settings, wall: int) -> Realm:
    """Return the API of this name with the worlds of its fixture, born at this wall instant."""
    api = load_api(name)
    path = files.find("fixtures", name, settings.fixture)
    fixture, digest = files.checked(path, FIXTURES[name].read_fixture)
    declared = fixture["now"].at(wall) if fixture["now"] else None
    clock = parse_clock(settings.clock, wall, declared)

    def make(birth: int) -> Workspace:
        workspace: Workspace = FIXTURES[name].workspace_of(fixture, birth)
        return workspace

    birth = clock.now(wall)
    source = Source(
        fixture["fixture"], digest, birth, make(birth), make, path.parent == files.shipped("fixtures") / name
    )
    realm = _furnished(api, fixture, source, settings, clock)
    return (
        _playing(realm, read_scenario(api, files.find("scenarios", name, settings.scenario)))
        if settings.scenario
        else realm
    )


def read_scenario(api: Api, path: Path) -> Scenario:
    """Return the scenario in this file; FileError names every flaw with its line."""
    scenario, _digest = files.checked(path, reader_of(api).scenario)
    return scenario


def _playing(realm: Realm, scenario: Scenario) -> Realm:
    """Return the realm whose worlds are born with this scenario, which begins with them."""
    play = begun(scenario, IDLE, realm.source.birth)
    live = {name: world._replace(play=play) for name, world in realm.live.items()}
    return replace(realm, live=live, lobby=realm.lobby._replace(play=play))


def load_api(name: str) -> Api:
    """Return the API of this name with its contract compiled."""
    path = files.shipped("openapi") / f"{name}.yaml"
    document, digest, _raw = files.read(path)
    module = PRODUCTS[name]
    api: Api = module.product(compile_contract(document, name, module.PREFIX, digest))
    return replace(api, faults=KINDS, events=EVENTS, scenarios=cache(lambda: files.documents("scenarios", name)))


def _furnished(api: Api, fixture: dict[str, Any], source: Source, settings: Settings, clock: Clock) -> Realm:
    places: dict[str, Place] = {}
    grants: dict[str, dict[str, Grant]] = {}
    for each in fixture["keys"]:
        mode = TEST if each["key"].startswith("ak_test_") else LIVE
        world, ident = each["workspace"] + mode, FIXTURES[api.name].declared_id(each["key"])
        places[each["key"]] = Place(world, ident)
        grants.setdefault(world, {})[ident] = Grant(ident, Frozen(scope=each["scope"]))
    charter = Charter(
        api, LOBBY, Frozen(workspace="", plan="starter"), Map(), clock, settings.quota, settings.seed,
        fixture["fixture"], lobby=True,
    )  # fmt: skip
    live = {}
    for each in fixture["workspaces"]:
        name = each["id"] + LIVE
        own = replace(charter, name=name, owner=_owner(each), grants=Map(grants.get(name, {})), lobby=False)
        live[each["id"]] = World(own, source.workspace)
    tests = {each["id"]: Map(grants.get(each["id"] + TEST, {})) for each in fixture["workspaces"]}
    empty = Workspace(Map({name: Table(each.layout) for name, each in source.workspace.tables.items()}))
    rules = Frozen(strict=settings.strict_keys, plan=settings.plan, scope=settings.scope)
    return Realm(Keyring(api, places, rules), live, tests, World(charter, empty), source)


def _owner(workspace: dict[str, Any]) -> Frozen:
    owner = Frozen(workspace=workspace["id"], plan=workspace["plan"])
    if "requests_per_minute" not in workspace:
        return owner
    rate = workspace["requests_per_minute"]
    return owner.having(limit=(rate, workspace.get("burst", rate * 3 // 2)))
