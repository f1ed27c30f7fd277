"""`variant`: a legal answer that a client may not expect; or, marked as illegal, one that breaks the contract.

It is made from the answer that the sandbox would give and from the contract's own schema of it, and only of a success.
Where a variant has no place in an answer (no field that may be null, nothing that is optional) the answer stays as it
is; of several places one is drawn, unless `place` names it by its number. What breaks the contract breaks exactly one
keyword of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orjson import loads

from sandbox.core.api import Call
from sandbox.core.document import Document, one_of, truth, whole
from sandbox.core.frozen import to_json
from sandbox.core.ground import Ground, ground_of
from sandbox.core.kind import FaultKind, Site, Unfit
from sandbox.core.message import TRUNCATED, Hangup
from sandbox.core.scenario import Blow, Chance, Fault, Rewritten, Struck
from sandbox.core.variation import ILLEGAL, LEGAL, illegal, legal

CursorAt = Callable[[Call, Mapping[str, Any]], str]
PAGES = ("empty_page", "one_item_page")
KINDS = tuple(dict.fromkeys((*LEGAL, *PAGES, *ILLEGAL)))
WIRE = ("truncated_json", "wrong_content_type", "wrong_length")
LAST_PLACE = 1_000_000
ELSE = "text/html"
"""What a body of JSON says of itself, as behind a proxy that knows better."""


class _Variant(Document):
    kind = one_of(KINDS, load_default=None, allow_none=True)
    wire = one_of(WIRE, load_default=None, allow_none=True)
    place = whole(0, LAST_PLACE, load_default=None, allow_none=True)
    illegal = truth(load_default=False)


def _make(given: dict[str, Any], site: Site) -> Fault:
    kind, wire = given["kind"], given["wire"]
    _check(given, site)
    grounds = {each.id: ground_of(site.api.contract, each) for each in site.operations}
    cursor_at = site.api.stage.cursor_at

    def strike(_struck: Struck, _now: int, chance: Chance) -> Blow:
        def reshape(call: Call, body: bytes) -> Rewritten:
            if wire is not None:
                return _on_the_wire(wire, body, chance)
            ground, value = grounds[call.operation.id], loads(body)
            if kind in PAGES and cursor_at is not None:
                other = _paged(kind, call, value, cursor_at)
            else:
                other = None if ground is None else _varied(given, ground, value, chance)
            return Rewritten(body if other is None else to_json(other))

        return Blow(reshape=reshape)

    return Fault("variant", strike, illegal=given["illegal"], wire=wire == "wrong_length")


def _check(given: dict[str, Any], site: Site) -> None:
    kind, wire = given["kind"], given["wire"]
    if (kind is None) == (wire is None):
        raise Unfit((), "either kind or wire", "neither" if kind is None else "both")
    if not given["illegal"] and (wire is not None or kind not in (*LEGAL, *PAGES)):
        raise Unfit(("illegal",), f"illegal: true, since {wire or kind} breaks the contract", "no such mark")
    if given["illegal"] and wire is None and kind not in ILLEGAL:
        raise Unfit(("illegal",), f"no such mark, since {kind} keeps the contract", "true")
    if given["place"] is not None and (wire is not None or kind in PAGES):
        raise Unfit(("place",), "it with a kind that changes a field", str(wire or kind))
    if kind in PAGES and site.api.stage.cursor_at is None:
        raise Unfit(("kind",), f"another one, since {site.api.name} has no pages with a cursor", kind)


def _varied(given: dict[str, Any], ground: Ground, value: Any, chance: Chance) -> Any | None:
    vary = illegal if given["illegal"] else legal
    return vary(ground, given["kind"], value, chance, given["place"])


def is_cursor(name: str) -> bool:
    """Tell whether a field or a parameter of this name holds a cursor."""
    return name.rpartition("_")[2] == "cursor"


def cursor_of(value: Any) -> tuple[list[Any], str] | None:
    """Return the items of a page and the name of its cursor in `meta`, or None if the answer is no such page."""
    meta = value.get("meta") if isinstance(value, dict) else None
    if not isinstance(meta, dict) or not isinstance(value.get("data"), list):
        return None
    name = next((each for each in meta if is_cursor(each)), None)
    return None if name is None else (value["data"], name)


def page(value: Any, items: list[Any], name: str, cursor: str) -> dict[str, Any]:
    """Return the page with these items, which goes on with this cursor."""
    return {**value, "data": items, "meta": {**value["meta"], name: cursor}}


def _paged(kind: str, call: Call, value: Any, cursor_at: CursorAt) -> Any | None:
    """Return a page of none or one of the items, whose cursor leads to the others, or None.

    A request that already came with that cursor gets the page as it is: who follows the cursors comes to the end.
    """
    found = cursor_of(value)
    kept = 0 if kind == "empty_page" else 1
    if found is None or len(found[0]) <= kept:
        return None
    items, name = found
    cursor = cursor_at(call, items[kept])
    return None if cursor in call.query.values() else page(value, items[:kept], name, cursor)


def _on_the_wire(kind: str, body: bytes, chance: Chance) -> Rewritten:
    kept = 1 + int(chance("variant, length") * (len(body) - 1))
    if kind == "truncated_json":
        return Rewritten(body[:kept])
    if kind == "wrong_content_type":
        return Rewritten(body, ELSE)
    return Rewritten(body, effects=(Hangup(TRUNCATED, kept),))


VARIANT = FaultKind("variant", _Variant, _make, short="kind")
