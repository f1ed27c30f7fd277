"""What a Ctrl AI fixture may say, the workspace that it makes, and who may use it.

Times are offsets from the birth of the world (`-29d`) or absolute, in whole seconds. What follows from something else
is not stated but computed: a unit's status and score from its reviews, versions from edits, the inference log from the
questions that were asked, the audit log from all of it (see `fixture_rows`). A status may be stated all the same, and
is refused if the reviews say another, so that a reader need not count them. Facts that cannot be true together are
refused here, because an answer made of them would break the contract.

A document with `tables` is an exported state: it says the rows themselves, and its instants are all absolute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from immutables import Map

from sandbox.apis.ctrlai.fixture_checks import contradictions, key_flaws
from sandbox.apis.ctrlai.fixture_rows import tables_of
from sandbox.apis.ctrlai.fixture_schema import Fixture, State
from sandbox.apis.ctrlai.law import ROLES
from sandbox.apis.ctrlai.layouts import LAYOUTS
from sandbox.apis.ctrlai.rows import workspace_from
from sandbox.apis.ctrlai.state_checks import disagreements
from sandbox.core.clock import SECOND
from sandbox.core.document import DocumentError, load
from sandbox.core.frozen import Frozen
from sandbox.core.keyring import Place
from sandbox.core.realm import LIVE, Declared
from sandbox.core.workspace import Table, Workspace

_MOST_FLAWS = 100
"""After so many that no schema sees, nobody reads on."""
_NOBODY = Frozen(workspace="", org="", **dict.fromkeys(ROLES, ""))
"""Whose the lobby is."""
_IN_THE_LOBBY = ("users", "orgs", "members")
"""What the sign-in page may know: who there is, and nothing that they have."""


def read_fixture(data: Any) -> dict[str, Any]:
    """Return the fixture, or the exported state, as its schema reads it; DocumentError names what is wrong."""
    exported = isinstance(data, Mapping) and "tables" in data
    document = load(State if exported else Fixture, data)
    rest = disagreements(document["tables"]) if exported else contradictions(document)
    flaws = tuple(islice(chain(key_flaws(document), rest), _MOST_FLAWS))
    if flaws:
        raise DocumentError(flaws)
    return document


def workspace_of(fixture: Mapping[str, Any], birth: int) -> Workspace:
    """Return the workspace that the fixture describes for worlds that are born then; an exported one has no birth."""
    if "tables" in fixture:
        return workspace_from(fixture["tables"], fixture["minted"])
    return workspace_from(tables_of(fixture, birth // SECOND * SECOND), {})


def declared(fixture: Mapping[str, Any], workspace: Workspace, rules: Frozen) -> Declared:
    """Return one world for each organization, the keys that lead there, and whose worlds e-mail addresses are.

    Every world holds all organizations, and nobody sees another's: who asks says which one it is. What a key may do its
    row says, so no grants are declared. An undeclared key opens a copy that is the first organization's; `rules` say in
    which role.
    """
    orgs = [*workspace.table("orgs").all()][::-1]
    slugs = {each["id"]: each["slug"] for each in orgs}
    owners = {each["slug"]: _owner(each, workspace) for each in orgs} or {"nobody": _NOBODY.having(workspace="nobody")}
    rows = workspace.table("apiKeys").rows
    places = {each["key"]: Place(slugs[rows[each["id"]]["orgId"]] + LIVE, each["id"]) for each in fixture["keys"]}
    rules = rules.having(home=next(iter(owners.values())))
    return Declared(
        owners, places, {}, (_NOBODY, _lobby(workspace)), rules, introduced=dict(_introductions(workspace, slugs))
    )


def _owner(org: Frozen, workspace: Workspace) -> Frozen:
    """Return an organization and as whom somebody of each role counts: as its first member of that role."""
    members = [*workspace.table("members").all(org["id"])][::-1]
    return Frozen(workspace=org["slug"], org=org["id"], **{role: _first(members, role) for role in ROLES})


def _first(members: list[Frozen], role: str) -> str:
    """Return the user who is the first member of the role, else of the next higher, else of the next lower one."""
    at = ROLES.index(role)
    order = (*ROLES[at:], *reversed(ROLES[:at]))
    found = min(members, key=lambda each: order.index(each["role"]), default=Frozen(userId=""))
    return str(found["userId"])


def _introductions(workspace: Workspace, slugs: Mapping[str, str]) -> Iterator[tuple[str, Place]]:
    """Yield each member's e-mail address and the world of an organization, the one that was joined first at last."""
    users = workspace.table("users").rows
    for each in workspace.table("members").all():
        yield users[each["userId"]]["email"], Place(slugs[each["orgId"]] + LIVE, "")


def _lobby(workspace: Workspace) -> Workspace:
    kept = {name: workspace.table(name) for name in _IN_THE_LOBBY}
    return Workspace(Map({name: kept.get(name, Table(layout)) for name, layout in LAYOUTS.items()}))
