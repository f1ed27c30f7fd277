"""The calls of which the cost must not grow with the world: made ready at 1,000 and at 100,000 rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from immutables import Map

from bench.worlds import Cost
from sandbox.apis.aikraft import systems
from sandbox.app import create_realm
from sandbox.core.frozen import Frozen
from sandbox.core.kernel import step
from sandbox.core.keyring import Place, identify
from sandbox.core.message import Request, admitted
from sandbox.core.realm import Realm, born
from sandbox.core.workspace import table_of
from sandbox.core.world import World, forked
from sandbox.settings import Settings

_KEY = "ak_test_enterprise_costs"
_TIERS = (None, "minimal", "limited", "high", "unacceptable")
_NOW = 1_776_090_600_000_000


@dataclass(frozen=True, slots=True)
class Sized:
    """A realm whose worlds are born with so many rows, a world of it, and the place that leads there."""

    realm: Realm
    world: World
    place: Place


def costs() -> tuple[Cost, ...]:
    """Return every cost, ready to be timed."""
    small, large = dict(_calls(_sized(1_000))), dict(_calls(_sized(100_000)))
    return tuple(Cost(name, small[name], large[name]) for name in small)


def _sized(rows: int) -> Sized:
    realm = create_realm("aikraft", Settings(fixture="empty", quota="observe", clock="frozen"), _NOW)
    filled = table_of(systems.LAYOUT, (_row(each) for each in range(rows)))
    live = {name: _with(world, filled) for name, world in realm.live.items()}
    realm = Realm(realm.keyring, live, realm.tests, realm.lobby, realm.source)
    place, _ = identify(realm.keyring, _request("GET", "/v1/systems"))
    if place is None:
        raise ValueError("the key of the bench opens no world")
    return Sized(realm, born(realm, place, None), place)


def _row(number: int) -> Frozen:
    tier = _TIERS[number % len(_TIERS)]
    row = systems.BLANK.having(
        id=f"sys_{number:06d}", name=f"System {number}", description="-", purpose="-", domain="-",
        created_at=_NOW - number // 7 * 1_000_000,
    )  # fmt: skip
    if tier is None:
        return row
    classification = Frozen(
        system_id=row["id"], risk_tier=tier, annex_iii_category=None, annex_iii_sub_point=None, confidence="high",
        key_factors=("-",), obligations=("-",) * (tier != "minimal"), classified_at=row["created_at"], version=1,
    )  # fmt: skip
    return row.having(classifications=(classification,))


def _with(world: World, filled: object) -> World:
    workspace = world.workspace
    return world._replace(workspace=type(workspace)(workspace.tables.set("systems", filled), workspace.minted))


def _request(method: str, path: str, query: str = "", body: bytes = b"") -> Request:
    headers = (("authorization", f"Bearer {_KEY}"), ("content-type", "application/json"))
    return Request(method, path, query, headers, body)


def _calls(sized: Sized) -> Iterator[tuple[str, Callable[[], object]]]:
    world, table = sized.world, sized.world.workspace.table("systems")
    size = table.count()
    deep = systems.LAYOUT.sort(_row(size // 2))
    numbers = count()
    yield "a fresh world", lambda: born(sized.realm, sized.place, None)
    yield "a fork", lambda: forked(world, "fork", Map())
    yield "get a row, 1,000 ids in turn", lambda: table.get(f"sys_{next(numbers) % 1000 * (size // 1000):06d}")
    yield "page of 20, from the middle", lambda: table.page(None, deep, 20)
    yield "filtered page of 20, from the middle", lambda: table.page("high", deep, 20)
    yield "count", lambda: table.count("high")
    yield "a write (a new row)", lambda: table.having(_row(size + next(numbers)))
    yield from _steps(sized)


def _steps(sized: Sized) -> Iterator[tuple[str, Callable[[], object]]]:
    _, caller = identify(sized.realm.keyring, _request("GET", "/v1/systems"))
    size = sized.world.workspace.table("systems").count()
    one = admitted(_request("GET", f"/v1/systems/sys_{size // 2 + 1:06d}/monitoring"), caller)
    page = admitted(_request("GET", "/v1/systems", "limit=20"), caller)
    tier = admitted(_request("GET", "/v1/systems", "limit=20&risk_tier=high"), caller)
    body = b'{"name":"New","description":"-","purpose":"-","domain":"-"}'
    new = admitted(_request("POST", "/v1/systems", body=body), caller)
    for name, asked in (("monitoring", one), ("list of 20", page), ("filtered list of 20", tier), ("create", new)):
        yield f"step: {name}", lambda asked=asked: step(sized.world, asked, _NOW)  # type: ignore[misc]
