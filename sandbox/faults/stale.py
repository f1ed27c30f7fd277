"""`stale`: a read does not see what was just written, or pages and cursors do not fit what has become of the list.

By time (`lag`) or by struck reads (`reads`), a write is not seen at first: a struck read looks at the workspace as it
was before the first write that it may not see yet. `pages` lets two pages overlap or leave a gap; `cursor` makes a
cursor worthless once something was written. A cursor that may become so says at its end how many writes there had been.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orjson import loads

from sandbox.core.api import Call
from sandbox.core.contract import Operation
from sandbox.core.document import Document, duration, one_of, whole
from sandbox.core.frozen import to_json
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.play import Past
from sandbox.core.problem import Problem
from sandbox.core.scenario import Blow, Chance, Fault, Rewritten, Struck
from sandbox.core.workspace import Workspace
from sandbox.core.world import World
from sandbox.faults.variant import CursorAt, cursor_of, is_cursor, page

FIGURES = ("lag", "reads", "pages", "cursor")
PAGES = ("twice", "missing")
_NUMBERED = re.compile(r"(.+)--([0-9a-f]{1,14})")


class _Stale(Document):
    lag = duration(load_default=None, allow_none=True)
    reads = whole(1, 1_000, load_default=None, allow_none=True)
    pages = one_of(PAGES, load_default=None, allow_none=True)
    cursor = one_of(("invalidated",), load_default=None, allow_none=True)


def _make(given: dict[str, Any], site: Site) -> Fault:
    named = [name for name in FIGURES if given[name] is not None]
    if len(named) != 1:
        raise Unfit((), "one of " + ", ".join(FIGURES), ", ".join(named) or "none of them")
    _check(named[0], site)
    if given["lag"] is not None:
        lag: int = given["lag"]
        return _lagging(lambda past, _struck, now: past.at > now - lag)
    if given["reads"] is not None:
        reads: int = given["reads"]
        return _lagging(lambda past, struck, _now: struck.fired - past.fired.get(struck.rule, 0) <= reads)
    cursor_at = site.api.stage.cursor_at
    if given["pages"] is not None and cursor_at is not None:
        return _overlapping(given["pages"], cursor_at)
    return _invalidating({each.id: paged for each in site.operations if (paged := _paged(each, site)) is not None})


def _check(name: str, site: Site) -> None:
    """Refuse a rule that can never do what the figure says."""
    writes = [each.id for each in site.operations if each.method != "GET"]
    if len(writes) == len(site.operations):
        raise Unfit((), "a rule that can strike a read", "one for " + ", ".join(writes))
    if name == "reads" and writes:
        raise Unfit(("reads",), "a rule whose operations are all reads, since they are counted", f"also {writes[0]}")
    if name in ("pages", "cursor") and not any(_paged(each, site) for each in site.operations):
        raise Unfit((name,), "a rule that can strike a list with a cursor", "none")
    if name == "pages" and site.api.stage.cursor_at is None:
        raise Unfit((name,), f"an API whose cursors can begin anywhere, unlike {site.api.name}'s", "this one")


@dataclass(frozen=True, slots=True)
class _Paged:
    """A list with pages: the query parameter that takes a cursor, and why and how a bad one is refused."""

    parameter: str
    cause: str
    status: int


def _paged(operation: Operation, site: Site) -> _Paged | None:
    parameter = next((each.name for each in operation.query if is_cursor(each.name)), None)
    status = site.api.dialect.query_status
    causes = [each.cause for each in operation.refusals.values() if "cursor" in each.cause and each.status == status]
    return None if parameter is None or not causes else _Paged(parameter, causes[0], status)


def _lagging(misses: Callable[[Past, Struck, int], bool]) -> Fault:
    """Return the fault by which a read sees what stood before the first write that it misses."""

    def strike(struck: Struck, _now: int, _chance: Chance) -> Blow:
        def lens(world: World) -> Workspace:
            missed = (each.workspace for each in world.play.pasts if misses(each, struck, world.latest))
            return next(missed, world.workspace)

        return Blow(lens=lens)

    return Fault("stale", strike, recalls=True)


def _overlapping(pages: str, cursor_at: CursorAt) -> Fault:
    """Return the fault by which an item stands on two pages or on none."""

    def reshape(call: Call, body: bytes) -> Rewritten:
        value = loads(body)
        found = cursor_of(value)
        # A page of one item that came again would come for ever.
        if found is None or len(found[0]) < 2 or value["meta"][found[1]] is None:
            return Rewritten(body)
        items, name = found
        if pages == "missing":
            return Rewritten(to_json(page(value, items[:-1], name, value["meta"][name])))
        return Rewritten(to_json(page(value, items, name, cursor_at(call, items[-1]))))

    blow = Blow(reshape=reshape)
    return Fault("stale", lambda _struck, _now, _chance: blow)


def _invalidating(lists: dict[str, _Paged]) -> Fault:
    """Return the fault by which a cursor is refused once something was written since its page was given out."""

    def strike(struck: Struck, _now: int, _chance: Chance) -> Blow:
        def turn(call: Call) -> Call:
            paged = lists.get(call.operation.id)
            return call if paged is None else _read(call, paged, struck.written)

        def reshape(call: Call, body: bytes) -> Rewritten:
            found = cursor_of(value := loads(body)) if call.operation.id in lists else None
            if found is None or value["meta"][found[1]] is None:
                return Rewritten(body)
            numbered = f"{value['meta'][found[1]]}--{struck.written:x}"
            return Rewritten(to_json(page(value, found[0], found[1], numbered)))

        return Blow(turn=turn, reshape=reshape)

    return Fault("stale", strike, recalls=True)


def _read(call: Call, paged: _Paged, written: int) -> Call:
    """Return the call with the API's own cursor, or refuse one that is older than the latest write."""
    numbered = _NUMBERED.fullmatch(call.query[paged.parameter] or "")
    if numbered is None:
        return call
    if int(numbered[2], 16) != written:
        message = (
            f"query parameter {paged.parameter}: expected a cursor that was given out since the latest write, "
            "got an older one: begin again with the first page"
        )
        raise Problem(paged.status, paged.cause, message, field=paged.parameter)
    return call._replace(query={**call.query, paged.parameter: numbered[1]})


STALE = FaultKind("stale", _Stale, _make)
