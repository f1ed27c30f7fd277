"""How each table is kept: newest first, filed by organisation and by what lists filter on, and what is unique in it.

A facet is the organisation's id, or that with one field and its value behind it: see `facet`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.apis.ctrlai.ulid import number
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Key, Layout

UNITS_FILED = ("status", "domainId")
AUDIT_FILED = ("resourceId", "action")
"""What units and entries of the log are filed by. Every facet is paid for by each write; what is asked for less often
is looked for among the rest."""


def facet(org: str, field: str = "", value: str | None = None) -> str:
    """Return the name of the organisation's rows that have this value in this field; without one, of all its rows."""
    return org if value is None else f"{org}|{field}={value}"


def membership(org: str, user: str) -> str:
    """Return the unique value of a membership, and of a domain's if given the domain."""
    return f"{org}/{user}"


def slugged(org: str, slug: str) -> str:
    """Return the unique value of what an organisation has one of under this slug."""
    return f"{org}/{slug}"


def of_user(user: str) -> str:
    """Return the facet of all memberships of a user, in whichever organisation."""
    return f"user={user}"


def _newest(row: Frozen) -> Key:
    return (-row["createdAt"], -number(row["id"]), row["id"])


def _by_id(row: Frozen) -> Key:
    return (-number(row["id"]), row["id"])


def _added(row: Frozen) -> Key:
    return (-row["addedAt"], row["id"])


def _filed(row: Frozen, *fields: str) -> tuple[str, ...]:
    org: str = row["orgId"]
    return (org, *(facet(org, each, row[each]) for each in fields if row[each] is not None))


def _member_facets(row: Frozen) -> tuple[str, ...]:
    return (*_filed(row, "role"), of_user(row["userId"]))


def _workflow_facets(row: Frozen) -> tuple[str, ...]:
    org: str = row["orgId"]
    return (*_filed(row, "status", "domainId"), *(facet(org, "unit", each) for each in dict.fromkeys(row["units"])))


def _slug_in_org(row: Frozen) -> str:
    return slugged(row["orgId"], row["slug"])


LAYOUTS: Mapping[str, Layout] = {
    "orgs": Layout(_newest, unique=lambda row: str(row["slug"])),
    "users": Layout(_by_id, unique=lambda row: str(row["email"])),
    "members": Layout(
        _newest, facets=_member_facets, unique=lambda row: membership(row["orgId"], row["userId"])
    ),
    "apiKeys": Layout(_newest, facets=lambda row: _filed(row, "userId")),
    "sessions": Layout(_newest, facets=lambda row: _filed(row, "userId")),
    "domains": Layout(_newest, facets=_filed, unique=_slug_in_org),
    "domainMembers": Layout(_added, facets=lambda row: _filed(row, "domainId", "userId")),
    "units": Layout(_newest, facets=lambda row: _filed(row, *UNITS_FILED)),
    "workflows": Layout(_newest, facets=_workflow_facets, unique=_slug_in_org),
    "audit": Layout(_newest, facets=lambda row: _filed(row, *AUDIT_FILED)),
    "inferences": Layout(_newest, facets=lambda row: _filed(row, "userId", "mode")),
    "conversations": Layout(_newest, facets=lambda row: _filed(row, "userId")),
}  # fmt: skip
"""The tables of a world, in the order in which its state is written."""
