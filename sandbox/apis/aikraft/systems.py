"""GET and POST /systems: the register of AI systems.

A system is one row. What ripens is computed when it is looked at: `documentation_score` counts the sections that are
complete by now, those of drafts that have finished in the meantime among them.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from sandbox.core.api import Answer, Call, Handler, Shown, mint
from sandbox.core.clock import SECOND, iso, parse_instant
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Key, Layout

SECTION_COUNT = 8

BLANK = Frozen(
    classifications=(), sections=(), drafts=(), reviewed_at=None, active=False, checked_at=None,
    alerts=(), alerts_minted=0, incidents=(),
)  # fmt: skip
"""What a system has before anything has happened to it."""


def tier_of(row: Frozen) -> str | None:
    """Return the tier of the system's current classification, or None."""
    return row["classifications"][-1]["risk_tier"] if row["classifications"] else None


def _sort(row: Frozen) -> Key:
    return (-row["created_at"], row["id"])


def _unique(row: Frozen) -> str:
    name: str = row["name"]
    return name.strip()


def _facets(row: Frozen) -> tuple[str, ...]:
    tier = tier_of(row)
    return () if tier is None else (tier,)


LAYOUT = Layout(_sort, _facets, _unique)
"""Newest first, then by id; names are unique once trimmed, in the case they were written."""


def complete_sections(row: Frozen, now: int) -> tuple[frozenset[int], int, int]:
    """Return the Annex IV sections that are complete now, and from when until when that is so."""
    complete, since, until = set(row["sections"]), 0, ALWAYS
    for draft in row["drafts"]:
        if draft["at"] <= now:
            complete.update(draft["sections"])
            since = max(since, draft["at"])
        else:
            until = min(until, draft["at"])
    return frozenset(complete), since, until


def score(complete: frozenset[int]) -> int:
    """Return the documentation score: whole percent of the eight sections, rounded down (seven give 87)."""
    return 100 * len(complete) // SECTION_COUNT


def find_system(call: Call, name: str = "id") -> Frozen:
    """Return the system that the path names, or raise 404."""
    ident = call.path[name]
    row = call.workspace.table("systems").get(ident)
    if row is None:
        message = f"AI system with ID {shown(ident)} was not found in this workspace."
        raise Problem(404, "system-not-found", message)
    return row


def _summary(row: Frozen, now: int) -> Shown:
    complete, since, until = complete_sections(row, now)
    current = row["classifications"][-1] if row["classifications"] else None
    value = {
        "id": row["id"],
        "name": row["name"],
        "domain": row["domain"],
        "risk_tier": current["risk_tier"] if current else None,
        "annex_iii_category": current["annex_iii_category"] if current else None,
        "classification_date": iso(current["classified_at"]) if current else None,
        "documentation_score": score(complete),
        "created_at": iso(row["created_at"]),
    }
    return Shown(value, since, until)


def _created(row: Frozen) -> dict[str, object]:
    return {
        "id": row["id"],
        "name": row["name"],
        "domain": row["domain"],
        "risk_tier": None,
        "classification_date": None,
        "created_at": iso(row["created_at"]),
    }


def write_cursor(row: Frozen, tier: str | None) -> str:
    """Return the opaque cursor of the page that follows this row under this filter."""
    text = f"{row['created_at'] // SECOND}.{row['id']}.{tier or ''}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_at(call: Call, item: Mapping[str, Any]) -> str:
    """Return the cursor of the page of this call that begins with this item: it stands right before the item's row."""
    ident = item["id"]
    # No id of the same second lies between: `~` comes after every letter that an id may have.
    before = f"{ident[:-1]}{chr(ord(ident[-1]) - 1)}~"
    row = Frozen(created_at=parse_instant(item["created_at"]), id=before)
    return write_cursor(row, call.query["risk_tier"])


def read_cursor(cursor: str, tier: str | None) -> Key:
    """Return the sort key that the cursor stands for, or raise 400."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        second, ident, filtered = text.split(".")
        key = (-int(second) * SECOND, ident)
    except (Base64Error, ValueError):
        key, ident, filtered = (0, ""), "", ""
    if not ident or write_cursor(Frozen(created_at=-key[0], id=ident), filtered or None) != cursor:
        message = "query parameter cursor: expected the cursor of a previous page, as it came, got something else"
        raise Problem(400, "cursor-malformed", message, field="cursor")
    if filtered != (tier or ""):
        expected = f"risk_tier={filtered}" if filtered else "no risk_tier"
        message = f"query parameter cursor: expected the filter that it was made with ({expected}), got another"
        raise Problem(400, "cursor-of-another-filter", message, field="cursor")
    return key


def _list(call: Call, _resource: None) -> Answer:
    tier, limit, cursor = call.query["risk_tier"], call.query["limit"], call.query["cursor"]
    table = call.workspace.table("systems")
    rows = table.page(tier, read_cursor(cursor, tier) if cursor else None, limit + 1)
    more = len(rows) > limit
    page = rows[:limit]
    meta = {"total": table.count(tier), "cursor": write_cursor(page[-1], tier) if more else None}
    items = [call.item(row, _summary) for row in page]
    since, until = max((each.since for each in items), default=0), min((each.until for each in items), default=ALWAYS)
    return Answer(items, meta, since=since, until=until)


def _create(call: Call, _resource: None) -> Answer:
    body, workspace = call.body, call.workspace
    name = body["name"].strip()
    owner = workspace.table("systems").owner(name)
    if owner is not None:
        message = f'A system with the name "{shown(name)}" already exists in this workspace ({owner}).'
        raise Problem(409, "name-taken", message, field="name")
    ident, workspace = mint(call, workspace, "sys_", "systems")
    row = BLANK.having(
        id=ident, name=body["name"], description=body["description"], purpose=body["purpose"], domain=body["domain"],
        created_at=call.now // SECOND * SECOND,
    )  # fmt: skip
    return Answer(_created(row), workspace=workspace.having("systems", row))


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
CREATE = Handler(_nothing, _create)
