"""What no schema can say of an exported state: rows that stand twice, that lean on nothing, that contradict each other.

Whatever passes is what handlers could have made, as far as an answer can show it; so no answer made of it breaks the
contract. What handlers may leave behind is not asked for: the log of an organization that is gone, rows made by a key
that still counts as a person of such an organization, times that lie before others because a clock was set back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from sandbox.apis.ctrlai import verification
from sandbox.apis.ctrlai.fixture_checks import below, formal_flaws, repeated, repeated_in, unknown
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.reasoning import trust
from sandbox.core.document import Flaw, got
from sandbox.core.frozen import Frozen, freeze

Row = Mapping[str, Any]
_UNIQUE = {
    "orgs": ("slug",), "users": ("email",), "members": ("orgId", "userId"), "domains": ("orgId", "slug"),
    "workflows": ("orgId", "slug"),
}  # fmt: skip
"""In which columns together no two rows of a table say the same."""

_JUDGED = ("program",)
"""The types of units whose definition a handler refuses if it cannot be read."""


def disagreements(tables: Mapping[str, list[Row]]) -> Iterator[Flaw]:
    """Yield what tables that have passed their schema cannot say together."""
    yield from _clashes(tables)
    yield from below(("tables",), chain(_outsiders(tables), _strays(tables)))
    for at, unit in enumerate(tables["units"]):
        yield from below(("tables", "units", at), [*formal_flaws(unit, _JUDGED)] or _of_trust(unit))
    for at, workflow in enumerate(tables["workflows"]):
        yield from below(("tables", "workflows", at), _of_versions(workflow))
    for at, entry in enumerate(tables["inferences"]):
        yield from below(("tables", "inferences", at), _of_coverage(entry))


def _clashes(tables: Mapping[str, list[Row]]) -> Iterator[Flaw]:
    """Find the ids and the names that stand twice."""
    for table in LAYOUTS:
        yield from repeated_in(tables[table], ("tables", table), "id")
    for table, columns in _UNIQUE.items():
        values = ("/".join(row[each] for each in columns) for row in tables[table])
        yield from repeated((("tables", table, at, columns[-1]), value) for at, value in enumerate(values))


def _outsiders(tables: Mapping[str, list[Row]]) -> Iterator[Flaw]:
    """Find members of no organization, or who are nobody, and members of a domain who are not the organization's."""
    for column, table in (("orgId", "orgs"), ("userId", "users")):
        known = dict.fromkeys(each["id"] for each in tables[table])
        for at, row in enumerate(tables["members"]):
            if row[column] not in known:
                yield unknown(("members", at, column), f"the id of a row of {table}", row[column], known)
    members = {(each["orgId"], each["userId"]) for each in tables["members"]}
    for at, row in enumerate(tables["domainMembers"]):
        if row["id"] != f"{row['domainId']}/{row['userId']}":
            yield Flaw(("domainMembers", at, "id"), "domainId, a slash and userId", got(row["id"]))
        if (row["orgId"], row["userId"]) not in members:
            yield Flaw(("domainMembers", at, "userId"), "a member of this organization", got(row["userId"]))


def _strays(tables: Mapping[str, list[Row]]) -> Iterator[Flaw]:
    """Find what is of no domain, and workflows of units that are not the organization's."""
    domains = {each["id"]: each["orgId"] for each in tables["domains"]}
    units = {each["id"]: each["orgId"] for each in tables["units"]}
    for table in ("units", "workflows", "domainMembers"):
        for at, row in enumerate(tables[table]):
            if domains.get(row["domainId"]) != row["orgId"]:
                yield unknown((table, at, "domainId"), "a domain of this organization", row["domainId"], domains)
    for at, row in enumerate(tables["workflows"]):
        for n, ident in enumerate(row["units"]):
            if units.get(ident) != row["orgId"]:
                yield unknown(("workflows", at, "units", n), "a unit of this organization", ident, units)


def _of_trust(unit: Row) -> Iterator[Flaw]:
    """Find a status and a score that the reviews do not give."""
    row: Frozen = freeze(unit)
    status, score = verification.status_of(row), verification.approval_rate(row)
    if unit["status"] != status:
        yield Flaw(("status",), f"{status}, as the reviews say", got(unit["status"]))
    if unit["verificationScore"] != score:
        expected = "null, since there is no review" if score is None else f"{score}, as the reviews say"
        yield Flaw(("verificationScore",), expected, got(unit["verificationScore"]))


def _of_versions(workflow: Row) -> Iterator[Flaw]:
    for at, past in enumerate(workflow["past"], 1):
        if past["version"] != at:
            yield Flaw(("past", at - 1, "version"), f"{at}, since versions are counted", got(past["version"]))
    count = len(workflow["past"]) + 1
    if workflow["version"] != count:
        yield Flaw(("version",), f"{count}, since versions are counted", got(workflow["version"]))


def _of_coverage(entry: Row) -> Iterator[Flaw]:
    """Find a mode that the coverage does not make."""
    covered = entry["coveragePercent"]
    mode = trust.mode(covered)
    if entry["mode"] != mode:
        yield Flaw(("mode",), f"{mode}, as {covered} % are covered", got(entry["mode"]))
