"""What no schema can say of a fixture: ids that stand twice, names of nothing, times out of order, false claims.

Facts that cannot be true together are refused, because an answer made of them would break the contract, or because no
request could have led to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from sandbox.apis.ctrlai import composition, verification
from sandbox.apis.ctrlai.fixture_times import untimely
from sandbox.apis.ctrlai.law import RANKS
from sandbox.apis.ctrlai.reasoning import schema, structures
from sandbox.apis.ctrlai.rows import UNIT_TYPES
from sandbox.apis.ctrlai.workflows import RESERVED
from sandbox.core.document import Flaw, Path, got, nearest, written
from sandbox.core.frozen import Frozen

Given = Mapping[str, Any]
_NEAR = 500
"""Among how many known words the nearest one is looked for."""
_REVIEWER = RANKS["reviewer"]
_ACTORS = {"apiKeys": "user", "units": "author", "workflows": "author", "inferences": "user", "audit": "user"}
"""Who did something to a table's rows, by the field that says so."""


def contradictions(fixture: Given) -> Iterator[Flaw]:
    """Yield everything in a fixture that has passed its schema and yet cannot be."""
    emails = dict.fromkeys(each["email"] for each in fixture["users"])
    yield from _clashes(fixture)
    for at, org in enumerate(fixture["organizations"]):
        flaws = chain(
            _of_people(org, emails), _of_members(org), _of_keys(org), _of_units(org), _of_workflows(org), _strays(org)
        )
        yield from below(("organizations", at), flaws)
    yield from untimely(fixture)


def key_flaws(document: Given) -> Iterator[Flaw]:
    """Yield what cannot be of the keys that a fixture or an exported state declares."""
    keys = document["keys"]
    for column in ("key", "id"):
        yield from repeated_in(keys, ("keys",), column)
    rows = chain.from_iterable(each["apiKeys"] for each in document.get("organizations", (document.get("tables"),)))
    prefixes = {each["id"]: each["prefix"] for each in rows}
    for at, each in enumerate(keys):
        if each["id"] not in prefixes:
            yield unknown(("keys", at, "id"), "the id of an API key", each["id"], prefixes)
        elif not each["key"].startswith(prefixes[each["id"]]):
            expected = f"a key that begins with {prefixes[each['id']]}, as its row says"
            yield Flaw(("keys", at, "key"), expected, "another beginning")


def below(path: Path, flaws: Iterable[Flaw]) -> Iterator[Flaw]:
    """Yield the flaws as the document around them tells them."""
    return (each.below(*path) for each in flaws)


def unknown(path: Path, expected: str, word: str, known: Collection[str]) -> Flaw:
    """Return the flaw of a word that names nothing, with the known word that is nearest."""
    return Flaw(path, expected, got(word), nearest(word, tuple(islice(known, _NEAR))))


def repeated_in(rows: Iterable[Given], path: Path, column: str) -> Iterator[Flaw]:
    """Yield the rows below this path whose column says what that of an earlier row says."""
    return repeated(((*path, at, column), row[column]) for at, row in enumerate(rows))


def repeated(places: Iterable[tuple[Path, str]]) -> Iterator[Flaw]:
    """Yield the places at which a value stands again."""
    seen: dict[str, Path] = {}
    for path, value in places:
        if value in seen:
            again = "the same again" if path[-1] == "key" else got(value)
            yield Flaw(path, f"another {path[-1]} than that of {written(seen[value][:-1])}", again)
        seen.setdefault(value, path)


def _clashes(fixture: Given) -> Iterator[Flaw]:
    """Find the ids, addresses and slugs that stand twice."""
    for column in ("id", "email"):
        yield from repeated_in(fixture["users"], ("users",), column)
    for column in ("id", "slug"):
        yield from repeated_in(fixture["organizations"], ("organizations",), column)
    for table in ("members", "apiKeys", "domains", "units", "workflows"):
        rows = ((at, n, row) for at, org in enumerate(fixture["organizations"]) for n, row in enumerate(org[table]))
        yield from repeated((("organizations", at, table, n, "id"), row["id"]) for at, n, row in rows)
    for at, org in enumerate(fixture["organizations"]):
        for table, column in (("members", "user"), ("domains", "slug"), ("workflows", "slug")):
            yield from repeated_in(org[table], ("organizations", at, table), column)
        for n, domain in enumerate(org["domains"]):
            yield from repeated_in(domain["members"], ("organizations", at, "domains", n, "members"), "user")


def _of_people(org: Given, emails: Collection[str]) -> Iterator[Flaw]:
    """Find those who are no users, and who do something here without being members."""
    for at, each in enumerate(org["members"]):
        if each["user"] not in emails:
            yield unknown(("members", at, "user"), "the e-mail address of a user", each["user"], emails)
    members = dict.fromkeys(each["user"] for each in org["members"])
    for path, email in _named(org):
        if email not in members:
            yield unknown(path, "the e-mail address of a member", email, members)


def _named(org: Given) -> Iterator[tuple[Path, str]]:
    """Yield everybody whom the organization names besides its members."""
    for table, field in (
        ("apiKeys", "user"),
        ("units", "author"),
        ("workflows", "author"),
        ("inferences", "user"),
        ("audit", "user"),
    ):
        for at, each in enumerate(org[table]):
            yield (table, at, field), each[field]
    for at, domain in enumerate(org["domains"]):
        for n, each in enumerate(domain["members"]):
            yield ("domains", at, "members", n, "user"), each["user"]
    yield from _reviewing(org)


def _reviewing(org: Given) -> Iterator[tuple[Path, str]]:
    for at, unit in enumerate(org["units"]):
        for n, each in enumerate(unit["reviews"]):
            yield ("units", at, "reviews", n, "by"), each["by"]
        for n, email in enumerate(unit["assigned"]["to"] if unit["assigned"] else ()):
            yield ("units", at, "assigned", "to", n), email


def _of_members(org: Given) -> Iterator[Flaw]:
    """Find an organization that nobody rules, and reviewers who may not review."""
    roles = {each["user"]: each["role"] for each in org["members"]}
    if "admin" not in roles.values():
        yield Flaw(("members",), "an admin among them", "none")
    for path, email in _reviewing(org):
        if RANKS[roles.get(email, "admin")] < _REVIEWER:
            yield Flaw(path, "a member with the role reviewer or a higher one", got(roles[email]))


def _of_keys(org: Given) -> Iterator[Flaw]:
    """Find keys that may do more than whom they count as."""
    roles = {each["user"]: each["role"] for each in org["members"]}
    for at, each in enumerate(org["apiKeys"]):
        role = roles.get(each["user"], "admin")
        if RANKS[each["role"]] > RANKS[role]:
            yield Flaw(("apiKeys", at, "role"), f"{role} or a lower role, as its user has", got(each["role"]))


def _strays(org: Given) -> Iterator[Flaw]:
    """Find domains that are not the organization's."""
    slugs = dict.fromkeys(each["slug"] for each in org["domains"])
    for table in ("units", "workflows", "inferences"):
        for at, each in enumerate(org[table]):
            if each["domain"] is not None and each["domain"] not in slugs:
                yield unknown((table, at, "domain"), "the slug of a domain", each["domain"], slugs)


def _of_units(org: Given) -> Iterator[Flaw]:
    for at, unit in enumerate(org["units"]):
        yield from below(("units", at), [*formal_flaws(unit, UNIT_TYPES)] or _of_reviews(unit))


def formal_flaws(unit: Given, judged: Collection[str]) -> Iterator[Flaw]:
    """Yield what is wrong with a unit's schemas, and with its definition if units of its type are judged by that."""
    for field in ("inputSchema", "outputSchema"):
        issue = schema.flaw(unit[field])
        if issue is not None:
            yield Flaw((field,), "typed variables", issue)
    definition = unit["definition"]
    issue = structures.flaw(unit["unitType"], definition) if unit["unitType"] in judged else None
    if issue is not None:
        yield Flaw(("definition",), "a definition that can be read", issue)
    yield from below(("definition",), _of_elements((definition or {}).get("elements", [])))


def _of_elements(elements: Any) -> Iterator[Flaw]:
    """Find elements that no review could name."""
    if not isinstance(elements, (list, tuple)):
        yield Flaw(("elements",), "a list", got(elements))
        return
    for at, each in enumerate(elements):
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), str):
            yield Flaw(("elements", at), "a mapping with an id", got(each))


def _of_reviews(unit: Given) -> Iterator[Flaw]:
    """Find reviews of what the unit does not have, and a status that its reviews do not give it."""
    row = Frozen(unit, createdBy=unit["author"], reviews=tuple(map(_review, unit["reviews"])))
    for at, review in enumerate(row["reviews"]):
        stray = verification.unknown_element(row, review["elementReviews"])
        if stray is not None:
            known = verification.elements(row)
            yield unknown(("reviews", at, "elements", stray), "one of the unit's elements", stray, known)
    status = verification.status_of(row)
    if unit.get("status", status) != status:
        yield Flaw(("status",), f"{status}, as the reviews say", got(unit["status"]))


def _review(each: Given) -> Frozen:
    elements = [Frozen(elementId=ident, action=action) for ident, action in each["elements"].items()]
    return Frozen(reviewerId=each["by"], action=each["action"], elementReviews=tuple(elements))


def _of_workflows(org: Given) -> Iterator[Flaw]:
    """Find workflows of unknown units, of units that do not fit, and at an address that means something else."""
    units = {each["id"]: each for each in org["units"]}
    for at, each in enumerate(org["workflows"]):
        path: Path = ("workflows", at)
        if each["slug"] in RESERVED:
            yield Flaw((*path, "slug"), "a slug that is not reserved", got(each["slug"]))
        strays = [(n, ident) for n, ident in enumerate(each["units"]) if ident not in units]
        for n, ident in strays:
            yield unknown((*path, "units", n), "the id of a unit of this organization", ident, units)
        clash = None if strays else composition.clash([units[ident] for ident in each["units"]])
        if clash is not None:
            expected = f"units in which {clash.variable} is a {clash.first} throughout"
            yield Flaw((*path, "units", clash.place), expected, f"a {clash.other}")


_FINDERS = (_of_members, _of_keys, _strays, _of_units, _of_workflows)
