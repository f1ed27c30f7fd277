"""Assembly: the one module that knows everybody.

Contracts, fixtures and settings become realms; realms become a store; the store gets its doors.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from immutables import Map

from sandbox.core.api import Api
from sandbox.core.clock import Clock
from sandbox.core.compiling import compile_contract
from sandbox.core.contract import Contract
from sandbox.core.document import DocumentError, Flaw, got, nearest
from sandbox.core.frozen import Frozen
from sandbox.core.keyring import LOBBY, Keyring
from sandbox.core.play import IDLE
from sandbox.core.realm import LIVE, TEST, Declared, Realm, Source
from sandbox.core.scenario import Scenario
from sandbox.core.staging import begun, reader_of
from sandbox.core.workspace import Workspace
from sandbox.core.world import Charter, World
from sandbox.faults.kinds import EVENTS, KINDS
from sandbox.settings import Settings, parse_clock
from sandbox.version import NAME, VERSION
from sandbox.web import files
from sandbox.web.gate import Gate
from sandbox.web.store import Store

if TYPE_CHECKING:
    from flask import Flask

    from sandbox.core.control import Plane


def wall_clock() -> int:
    """Return the wall clock's instant in microseconds."""
    return time.time_ns() // 1000


def create_store(settings: Settings, wall: Callable[[], int] = wall_clock) -> Store:
    """Return the store of the APIs that the settings name; FileError or ContractError says what hinders it."""
    now = wall()
    realms = tuple(create_realm(each, settings, now) for each in settings.apis)
    bounds = settings.journal_entries, settings.journal_bytes
    gate = Gate(settings.admin_token, frozenset(each.lower() for each in settings.hosts), shut=not settings.admin)

    return Store(realms, wall, settings.memory, cache(lambda: _plane(bounds)), gate, bounds)


def _plane(bounds: tuple[int, int]) -> Plane:
    """Return the control plane; it is loaded here, since many who have a store never steer."""
    from sandbox.core.control import Plane
    from sandbox.verdicts.catalogue import judged

    return Plane(control_contract(), NAME, VERSION, bounds, judged)


@cache
def control_contract() -> Contract:
    """Return the contract of the control plane, compiled; it is the same for every sandbox of a process."""
    from sandbox.core.control import check_handled
    from sandbox.web.plane import PREFIX, RIM

    document, digest = files.own(files.shipped("openapi") / "admin.yaml")
    contract = compile_contract(document, "admin", PREFIX, digest)
    check_handled(contract, RIM)
    return contract


def create_app(settings: Settings | None = None, wall: Callable[[], int] = wall_clock) -> Flask:
    """Return a Flask app with a sandbox of its own: any number of them may live in one process."""
    from sandbox.web.app import flask_app

    return flask_app(create_store(settings or Settings(), wall))


DEFAULT = "default"


@cache
def product_of(name: str) -> ModuleType:
    """Return the module that makes the API of this name; one that is not served is never loaded."""
    return import_module(f"sandbox.apis.{name}.product")


@cache
def fixtures_of(name: str) -> ModuleType:
    """Return the module that reads the fixtures of the API of this name."""
    return import_module(f"sandbox.apis.{name}.fixture")


def create_realm(name: str, settings: Settings, wall: int) -> Realm:
    """Return the API of this name with the worlds of its fixture, born at this wall instant."""
    api = load_api(name, settings.secret)
    path = files.find("fixtures", name, _meant("fixtures", settings.fixture, settings, name) or DEFAULT)
    fixture, digest = files.checked(path, fixtures_of(name).read_fixture)
    clock = parse_clock(settings.clock, wall, fixture["now"].at(wall) if fixture["now"] else None)

    def make(birth: int) -> Workspace:
        workspace: Workspace = fixtures_of(name).workspace_of(fixture, birth)
        return workspace

    birth = clock.now(wall)
    source = Source(
        fixture["fixture"], digest, birth, make(birth), make, path.parent == files.shipped("fixtures") / name
    )
    declared = fixtures_of(name).declared(fixture, source.workspace, Frozen(rules_of(settings)))
    realm = _furnished(api, declared, source, settings, clock)
    scenario = _meant("scenarios", settings.scenario, settings, name)
    return _playing(realm, read_scenario(api, files.find("scenarios", name, scenario))) if scenario else realm


def _meant(folder: str, given: str, settings: Settings, name: str) -> str:
    """Return what is given if it concerns this API: a file says itself which one it is for, a name whoever has it."""
    if not given or len(settings.apis) == 1:
        return given
    if files.is_path(given):
        home = _home_of(files.find(folder, name, given), settings)
        return given if home in (None, name) else ""
    homes = [each for each in settings.apis if given in files.names(folder, each)]
    return given if name in homes or not homes else ""


def _home_of(path: Path, settings: Settings) -> str | None:
    """Return the API that the file says it is for, or None; FileError if that is another one than are served."""
    home, _digest = files.checked(path, lambda document: _home_in(document, settings.apis))
    return home


def _home_in(document: Any, served: tuple[str, ...]) -> str | None:
    home = document.get("api") if isinstance(document, dict) else None
    if isinstance(home, str) and home not in served:
        raise DocumentError((Flaw(("api",), "one of " + ", ".join(served), got(home), nearest(home, served)),))
    return home if isinstance(home, str) else None


def rules_of(settings: Settings) -> dict[str, Any]:
    """Return what the settings say of undeclared keys."""
    return {"strict": settings.strict_keys, "plan": settings.plan, "scope": settings.scope, "role": settings.role}


def read_scenario(api: Api, path: Path) -> Scenario:
    """Return the scenario in this file; FileError names every flaw with its line."""
    scenario, _digest = files.checked(path, reader_of(api).scenario)
    return scenario


def _playing(realm: Realm, scenario: Scenario) -> Realm:
    """Return the realm whose worlds are born with this scenario, which begins with them."""
    play = begun(scenario, IDLE, realm.source.birth)
    live = {name: world._replace(play=play) for name, world in realm.live.items()}
    return replace(realm, live=live, lobby=realm.lobby._replace(play=play))


@cache
def contract_of(name: str) -> Contract:
    """Return the contract of the API of this name, compiled; it is the same for every sandbox of a process."""
    document, digest = files.own(files.shipped("openapi") / f"{name}.yaml")
    return compile_contract(document, name, product_of(name).PREFIX, digest)


def load_api(name: str, secret: str = "") -> Api:
    """Return the API of this name with its contract compiled, and what its unguessable texts are made with."""
    api: Api = product_of(name).product(contract_of(name))
    scenarios = cache(lambda: files.documents("scenarios", name))
    return replace(api, faults=KINDS, events=EVENTS, scenarios=scenarios, secret=secret)


def _furnished(api: Api, declared: Declared, source: Source, settings: Settings, clock: Clock) -> Realm:
    owner, lobby = declared.lobby
    charter = Charter(api, LOBBY, owner, Map(), clock, settings.quota, settings.seed, source.name, lobby=True)

    def live(name: str, owner: Frozen) -> World:
        world = name + LIVE
        grants = Map(declared.grants.get(world, {}))
        return World(replace(charter, name=world, owner=owner, grants=grants, lobby=False), source.workspace)

    worlds = {name: live(name, owner) for name, owner in declared.owners.items()}
    tests = {name: Map(declared.grants.get(name + TEST, {})) for name in declared.tests}
    keyring = Keyring(api, declared.places, declared.rules, declared.introduced)
    return Realm(keyring, worlds, tests, World(charter, lobby), source)
