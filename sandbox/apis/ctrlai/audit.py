"""The audit log: one entry for every change, to be read as JSON or as CSV, and no way to change or delete one.

Sources: API reference, Audit (filters, fields); Enterprise, Audit Logging (`userAgent`, append-only). Newest first, and
both dates included (inferred). A cell of the CSV holds the bytes that the JSON holds: nothing keeps a spreadsheet from
taking one that begins with `=` for a formula, as nothing in the documents says that the service does.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.identity import filtered, org_of, user_of
from sandbox.apis.ctrlai.law import demand
from sandbox.apis.ctrlai.layouts import AUDIT_FILED, facet
from sandbox.apis.ctrlai.times import iso_millis, read_date
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen, freeze, to_json
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Workspace

LONGEST_AGENT = 512
FIELDS = (
    "id", "action", "userId", "resourceType", "resourceId", "details", "ipAddress", "userAgent", "createdAt",
)  # fmt: skip
"""The fields of an entry, and the columns of the CSV, in order."""
CSV = "text/csv; charset=utf-8"

_FILTERS = (*AUDIT_FILED, "userId", "resourceType")
"""The filters by how few entries they leave: the first one given is looked up if it is filed, the others are held
against what it leaves."""
_ATTACHMENT = (("Content-Disposition", 'attachment; filename="audit.csv"'),)


def noted(
    call: Call, workspace: Workspace, action: str, resource_type: str, resource_id: str,
    *, org: str | None = None, **details: Any,
) -> Workspace:  # fmt: skip
    """Return the workspace with one more entry in the log of the caller's organisation, or of another."""
    ident, workspace = ulid.mint(call, workspace, "audit")
    agent = call.request.header("user-agent")
    entry = Frozen(
        id=ident, orgId=org or org_of(call), action=action, userId=user_of(call), resourceType=resource_type,
        resourceId=resource_id, details=freeze(details), ipAddress=call.request.peer,
        userAgent=None if agent is None else agent[:LONGEST_AGENT], createdAt=call.now,
    )  # fmt: skip
    return workspace.having("audit", entry)


def _value(row: Frozen) -> dict[str, Any]:
    return {**{name: row[name] for name in FIELDS}, "createdAt": iso_millis(row["createdAt"])}


def _shown(row: Frozen, _now: int) -> Shown:
    return Shown(_value(row), 0, ALWAYS)


def between(call: Call) -> Callable[[Frozen], bool] | None:
    """Return whether a row was made between the query's dates, both included; None if it has none.

    400 is raised for what is no date, and for a start after the end.
    """
    given = {name: call.query[name] for name in ("startDate", "endDate") if call.query[name] is not None}
    if not given:
        return None
    bounds = {name: _date(name, text) for name, text in given.items()}
    first, last = bounds.get("startDate", 0), bounds.get("endDate", ALWAYS)
    if first > last:
        message = f"startDate {shown(given['startDate'])} lies after endDate {shown(given['endDate'])}."
        raise Problem(400, "dates-crossed", message, field="startDate", issue="Must not be after endDate")
    return lambda row: bool(first <= row["createdAt"] <= last)


def _date(name: str, text: str) -> int:
    try:
        return read_date(text, end=name == "endDate")
    except ValueError as error:
        message = f"{name}: {error}, got {shown(text)}"
        raise Problem(400, "date-unfit", message, field=name, issue="Invalid date") from error


def _list(call: Call, _resource: None) -> Answer:
    org, query = org_of(call), call.query
    if query["format"] == "csv":
        demand(call.terms["role"], "admin")
    given = [name for name in _FILTERS if query[name] is not None]
    filed = given[:1] if given and given[0] in AUDIT_FILED else []
    place = facet(org, filed[0], query[filed[0]]) if filed else org
    keep = _keep(between(call), {name: query[name] for name in given if name not in filed})
    if query["format"] != "csv":
        return filtered(call, "audit", place, keep, _shown)
    rows = [each for each in call.workspace.table("audit").all(place) if keep is None or keep(each)]
    return Answer(content=(CSV, as_csv(_asked_for(call, rows))), headers=_ATTACHMENT)


def _keep(dated: Callable[[Frozen], bool] | None, wanted: dict[str, str]) -> Callable[[Frozen], bool] | None:
    if dated is None and not wanted:
        return None
    return lambda row: (dated is None or dated(row)) and all(row[name] == value for name, value in wanted.items())


def _asked_for(call: Call, rows: list[Frozen]) -> list[Frozen]:
    """Return the rows from the offset on and up to the limit, where the query itself names one."""
    named = {name for name, _ in parse_qsl(call.request.query, keep_blank_values=True)}
    rows = rows[call.query["offset"] :] if "offset" in named else rows
    return rows[: call.query["limit"]] if "limit" in named else rows


def as_csv(rows: Iterable[Frozen]) -> bytes:
    """Return the entries as CSV (RFC 4180) in UTF-8: a header row, and `details` as JSON text."""
    parts: list[str] = []
    writer = csv.writer(SimpleNamespace(write=parts.append))
    writer.writerow(FIELDS)
    for row in rows:
        writer.writerow({**_value(row), "details": to_json(row["details"]).decode()}.values())
    return "".join(parts).encode()


def _nothing(_call: Call) -> None:
    return None


LIST = Handler(_nothing, _list)
