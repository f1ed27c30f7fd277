"""The rows that a fixture means: what it says, and what follows from that.

Everything that happened is in the audit log, as a request would have left it there; what the rows do not tell any more
(something was deleted, or renamed) a fixture adds itself. Reviews, audit entries and inferences have ids by the order
in which the fixture tells of them, so that an id does not depend on when the world is born.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, pairwise
from typing import Any, NamedTuple

from sandbox.apis.ctrlai import ulid, verification
from sandbox.apis.ctrlai.inference import logged
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.reasoning.engine import answer
from sandbox.apis.ctrlai.reasoning.library import ACTIVE, Library, library_of
from sandbox.apis.ctrlai.reasoning.reading import Ask
from sandbox.core.clock import SECOND
from sandbox.core.document import Moment
from sandbox.core.frozen import Frozen, freeze

Given = Mapping[str, Any]
Row = tuple[str, Frozen]
"""The table's name and the row."""

AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
"""With what everything was done that a fixture tells of: in the web interface."""
_UNIT_TEXTS = ("name", "unitType", "description", "given", "when", "then", "jurisdiction")
_UNIT_OBJECTS = ("inputSchema", "outputSchema", "definition")


class Person(NamedTuple):
    """A user's id, and where requests of the user come from."""

    id: str
    address: str


class Here(NamedTuple):
    """Where rows are made: the organization, who founded it, who there is, when the world is born, ids."""

    org: str
    founder: Person
    people: Mapping[str, Person]
    birth: int
    ordinals: Iterator[int]

    def at(self, moment: Moment) -> int:
        """Return the moment as an instant in whole seconds."""
        return moment.at(self.birth) // SECOND * SECOND

    def maybe(self, moment: Moment | None) -> int | None:
        """Return the moment as an instant, or None if there is none."""
        return None if moment is None else self.at(moment)


def told_id(kind: str, ordinal: int) -> str:
    """Return the id of the thing of this kind that the fixture tells of in this place, counted from 1."""
    return ulid.spelled(ulid.number(f"01HX{kind:0<22}") + ordinal)


def tables_of(fixture: Given, birth: int) -> dict[str, list[Frozen]]:
    """Return the rows of every table for worlds that are born then."""
    tables: dict[str, list[Frozen]] = {name: [] for name in LAYOUTS}
    tables["users"] = [Frozen(id=each["id"], email=each["email"], name=each["name"]) for each in fixture["users"]]
    people = {each["email"]: Person(each["id"], f"192.0.2.{1 + at % 254}") for at, each in enumerate(fixture["users"])}
    ordinals = count(1)
    for org in fixture["organizations"]:
        founder = next(each for each in org["members"] if each["role"] == "admin")
        here = Here(org["id"], people[founder["user"]], people, birth, ordinals)
        for table, row in _organization(org, here):
            if table != "audit" or fixture["history"]:
                tables[table].append(row)
    tables["audit"] = [each.having(id=told_id("AVD1T", at)) for at, each in enumerate(tables["audit"], 1)]
    return tables


def _organization(org: Given, here: Here) -> Iterator[Row]:
    created = here.at(org["created"])
    yield "orgs", Frozen(id=org["id"], slug=org["slug"], name=org["name"], createdAt=created, updatedAt=created)
    yield _noted(here, created, "org.created", here.founder, org["id"], name=org["name"])
    for each in org["members"]:
        yield from _member(each, here)
    for each in org["apiKeys"]:
        yield from _api_key(each, here)
    domains = {each["slug"]: each["id"] for each in org["domains"]}
    for each in org["domains"]:
        yield from _domain(each, here)
    units = [row for each in org["units"] for row in _unit(each, domains[each["domain"]], here)]
    workflows = [row for each in org["workflows"] for row in _workflow(each, domains[each["domain"]], here)]
    yield from (*units, *workflows)
    for each in org["audit"]:
        yield _told(each, here)
    if org["inferences"]:
        active = [row for table, row in workflows if table == "workflows" and row["status"] == ACTIVE]
        known = library_of((row for table, row in units if table == "units"), active)
        for each in org["inferences"]:
            yield "inferences", _inference(each, known, domains, here)


def _noted(here: Here, instant: int, action: str, person: Person, ident: str, **details: Any) -> Row:
    """Return an entry of the audit log, which has no id yet."""
    kind = action.partition(".")[0]
    return "audit", Frozen(
        orgId=here.org, action=action, userId=person.id, resourceType=kind, resourceId=ident,
        details=freeze(details), ipAddress=person.address, userAgent=AGENT, createdAt=instant,
    )  # fmt: skip


def _told(each: Given, here: Here) -> Row:
    table, row = _noted(here, here.at(each["at"]), each["action"], here.people[each["user"]], each["resourceId"])
    return table, row.having(resourceType=each["resourceType"], details=freeze(each["details"]))


def _member(each: Given, here: Here) -> Iterator[Row]:
    user, joined = here.people[each["user"]], here.at(each["joined"])
    yield "members", Frozen(id=each["id"], orgId=here.org, userId=user.id, role=each["role"], createdAt=joined)
    if user != here.founder:
        details = {"email": each["user"], "role": each["role"]}
        yield _noted(here, joined, "member.invited", here.founder, each["id"], **details)


def _api_key(each: Given, here: Here) -> Iterator[Row]:
    row = Frozen(
        id=each["id"], orgId=here.org, userId=here.people[each["user"]].id, name=each["name"], prefix=each["prefix"],
        role=each["role"], permissions=tuple(each["permissions"]), expiresAt=here.maybe(each["expires"]),
        revokedAt=here.maybe(each["revoked"]), createdAt=here.at(each["created"]),
    )  # fmt: skip
    yield "apiKeys", row
    yield _noted(here, row["createdAt"], "api_key.created", here.founder, row["id"], name=row["name"], role=row["role"])
    if row["revokedAt"] is not None:
        yield _noted(here, row["revokedAt"], "api_key.revoked", here.founder, row["id"], name=row["name"])


def _domain(each: Given, here: Here) -> Iterator[Row]:
    ident, created = each["id"], here.at(each["created"])
    told = {name: each[name] for name in ("id", "slug", "name", "description")}
    yield "domains", Frozen(**told, orgId=here.org, createdAt=created, updatedAt=created)
    yield _noted(here, created, "domain.created", here.founder, ident, name=each["name"])
    for member in each["members"]:
        user, added = here.people[member["user"]].id, here.at(member["added"])
        row = Frozen(id=f"{ident}/{user}", orgId=here.org, domainId=ident, userId=user, addedAt=added)
        yield "domainMembers", row
        yield _noted(here, added, "domain_member.added", here.founder, user, domainId=ident)


def _unit(each: Given, domain: str, here: Here) -> Iterator[Row]:
    author, created = here.people[each["author"]], here.at(each["created"])
    unit = Frozen(
        id=each["id"], orgId=here.org, domainId=domain, **{name: each[name] for name in _UNIT_TEXTS},
        **{name: freeze(each[name]) for name in _UNIT_OBJECTS}, status="candidate", verificationScore=None, version=1,
        createdBy=author.id, assignedReviewers=(), reviews=(), createdAt=created, updatedAt=created,
    )  # fmt: skip
    details: dict[str, Any] = {"name": unit["name"], "unitType": unit["unitType"]}
    yield _noted(here, created, "unit.created", author, unit["id"], **details)
    for moment in each["edited"]:
        unit = unit.having(version=unit["version"] + 1, updatedAt=here.at(moment))
        details = {"changes": ["definition"], "version": unit["version"], "status": unit["status"]}
        yield _noted(here, unit["updatedAt"], "unit.updated", author, unit["id"], **details)
    if each["assigned"]:
        reviewers = tuple(here.people[email].id for email in each["assigned"]["to"])
        unit = unit.having(assignedReviewers=reviewers, updatedAt=here.at(each["assigned"]["at"]))
        action = "unit.reviewers_assigned"
        yield _noted(here, unit["updatedAt"], action, here.founder, unit["id"], reviewerIds=reviewers)
    for review in each["reviews"]:
        unit = reviewed(unit, review, here)
        action, rate = review["action"], unit["verificationScore"]
        details = {"verificationAction": action, "approvalRate": rate, "status": unit["status"]}
        yield _noted(here, unit["updatedAt"], "unit.verified", here.people[review["by"]], unit["id"], **details)
    yield "units", unit


def reviewed(unit: Frozen, review: Given, here: Here) -> Frozen:
    """Return the unit after this review."""
    elements = [Frozen(elementId=ident, action=action) for ident, action in review["elements"].items()]
    row = Frozen(
        id=told_id("REV1EW", next(here.ordinals)), reviewerId=here.people[review["by"]].id, action=review["action"],
        elementReviews=tuple(elements), comment=review["comment"], createdAt=here.at(review["at"]),
    )  # fmt: skip
    return verification.reviewed(unit, row)


def _inference(each: Given, known: Library, domains: Mapping[str, str], here: Here) -> Frozen:
    """Return the log's row of a question, as the units that there are now answer it."""
    domain = None if each["domain"] is None else domains[each["domain"]]
    inputs = freeze(each["additionalInputs"])
    ask = Ask(each["query"], domain, each["jurisdiction"], inputs, each["includeUnverified"])
    user, ident = here.people[each["user"]].id, told_id("1NFERENCE", next(here.ordinals))
    return logged(ident, here.org, user, each["query"], answer(ask, known), here.at(each["at"]))


def _workflow(each: Given, domain: str, here: Here) -> Iterator[Row]:
    author, created = here.people[each["author"]], here.at(each["created"])
    names = ("name", "description", "units", "jurisdiction", "status")
    versions = [freeze({name: past.get(name, each[name]) for name in names}) for past in (*each["past"], each)]
    times = [created, *(here.at(past["until"]) for past in each["past"])]
    kept = [
        Frozen(version=at, **version, updatedAt=time)
        for at, (version, time) in enumerate(zip(versions, times, strict=True), 1)
    ]
    yield "workflows", Frozen(
        id=each["id"], orgId=here.org, slug=each["slug"], domainId=domain, **kept[-1], past=tuple(kept[:-1]),
        createdBy=author.id, createdAt=created,
    )  # fmt: skip
    details = {"slug": each["slug"], "status": kept[0]["status"]}
    yield _noted(here, created, "workflow.created", author, each["id"], **details)
    for before, after in pairwise(kept):
        changes = [name for name in names if before[name] != after[name]]
        details = {"changes": changes, "version": after["version"], "status": after["status"]}
        yield _noted(here, after["updatedAt"], "workflow.updated", author, each["id"], **details)
