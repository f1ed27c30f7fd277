"""What an Aikraft fixture may say, and the workspace that it makes.

Times are offsets from the birth of the world (`-29d`) or absolute, in whole seconds. A system's classification is
computed by the classifier from its texts and the answers given, so that a fixture cannot contradict the engine; its
jobs, alerts and incidents are facts that the fixture states. Facts that cannot be true together are refused here,
because an answer made of them would break the contract.

A document with `tables` is an exported state: it says the rows themselves, and its instants are all absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import Any

from immutables import Map

from sandbox.apis.aikraft import documents, ingest, systems
from sandbox.apis.aikraft.annex_iv import LANGUAGES, SECTIONS
from sandbox.apis.aikraft.classifications import classification_of
from sandbox.apis.aikraft.drift import Alert
from sandbox.apis.aikraft.fixture_checks import access_flaws, contradictions
from sandbox.apis.aikraft.law import PLANS, SCOPES, declared_id
from sandbox.apis.aikraft.rows import ALERT_TYPES, Counters, Tables, workspace_from
from sandbox.apis.aikraft.state_checks import disagreements
from sandbox.core.clock import SECOND
from sandbox.core.document import (
    Document,
    DocumentError,
    Moment,
    load,
    many,
    mapping,
    moment,
    nested,
    number,
    one_of,
    text,
    truth,
    whole,
)  # fmt: skip
from sandbox.core.frozen import Frozen
from sandbox.core.grant import Grant
from sandbox.core.keyring import Place
from sandbox.core.realm import LIVE, TEST, Declared
from sandbox.core.workspace import Table, Workspace, table_of

__all__ = ["ALERT_TYPES", "declared", "declared_id", "read_fixture", "workspace_of"]

_ALL = tuple(SECTIONS)
_MOST_FLAWS = 100
"""After so many that no schema sees, nobody reads on."""


class _Workspace(Document):
    id = text(r"ws_[a-z0-9_]{1,40}", expected="an id such as ws_starter", required=True)
    plan = one_of(PLANS, required=True)
    requests_per_minute = whole(1, 1_000_000)
    burst = whole(1, 1_000_000)


class _Key(Document):
    key = text(
        r"ak_(live|test)_[A-Za-z0-9_]{8,200}", secret=True, required=True,
        expected="ak_live_ or ak_test_ and 8 to 200 letters, digits or underscores",
    )  # fmt: skip
    workspace = text(required=True)
    scope = one_of(tuple(SCOPES), required=True)


class _Classification(Document):
    at = moment(required=True)
    answers = mapping(load_default=dict)


class _Job(Document):
    id = text(r"job_[a-z0-9]{6}", expected="an id such as job_xyz789", required=True)
    created = moment(required=True)
    starts = moment()
    ends = moment()
    sections = many(whole(1, 8), least=1, load_default=lambda: list(_ALL))
    language = one_of(LANGUAGES, load_default="en")
    error = text()


class _Alert(Document):
    type = one_of(ALERT_TYPES, required=True)
    severity = one_of(("warning", "critical"), required=True)
    metric = text(load_default=None, allow_none=True)
    value = number(load_default=None, allow_none=True)
    threshold = number(load_default=None, allow_none=True)
    feature = text(load_default=None, allow_none=True)
    triggered = moment(required=True)
    resolved = moment(load_default=None)


class _System(Document):
    id = text(r"sys_[a-z0-9]{6}", expected="an id such as sys_abc123", required=True)
    name = text(longest=200, required=True)
    description = text(required=True)
    purpose = text(required=True)
    domain = text(required=True)
    created = moment(required=True)
    classified = many(nested(_Classification), load_default=list)
    sections = many(whole(1, 8), load_default=list)
    reviewed = moment(load_default=None)
    checked = moment(load_default=None)
    alerts = many(nested(_Alert), load_default=list)
    incidents = many(moment(), load_default=list)
    jobs = many(nested(_Job), load_default=list)


class _Head(Document):
    fixture = text(r"[a-z0-9][a-z0-9-]{0,60}", expected="a name in lower case", required=True)
    api = one_of(("aikraft",), required=True)
    summary = text(required=True)
    now = moment(load_default=None)
    workspaces = many(nested(_Workspace), least=1, most=1000, required=True)
    keys = many(nested(_Key), most=100_000, required=True)
    world = mapping(load_default=None)
    evicted = truth()


class _Fixture(_Head):
    systems = many(nested(_System), load_default=list)


class _State(_Head):
    tables = nested(Tables, required=True)
    minted = nested(Counters, required=True)


def read_fixture(data: Any) -> dict[str, Any]:
    """Return the fixture, or the exported state, as its schema reads it; DocumentError names what is wrong."""
    exported = isinstance(data, Mapping) and "tables" in data
    document = load(_State if exported else _Fixture, data)
    rest = disagreements(document["tables"]) if exported else contradictions(document)
    flaws = tuple(islice(chain(access_flaws(document), rest), _MOST_FLAWS))
    if flaws:
        raise DocumentError(flaws)
    return document


def workspace_of(fixture: dict[str, Any], birth: int) -> Workspace:
    """Return the workspace that the fixture describes for worlds that are born then; an exported one has no birth."""
    if "tables" in fixture:
        return workspace_from(fixture["tables"], fixture["minted"])
    birth = birth // SECOND * SECOND
    rows, jobs = [], []
    for each in fixture["systems"]:
        row, own = _system(each, birth)
        rows.append(row)
        jobs.extend(own)
    tables = {
        "systems": table_of(systems.LAYOUT, rows),
        "jobs": table_of(documents.LAYOUT, jobs),
        "telemetry": table_of(ingest.LAYOUT, ()),
        "batches": table_of(ingest.LAYOUT, ()),
    }
    return Workspace(Map(tables))


def declared(fixture: dict[str, Any], workspace: Workspace, rules: Frozen) -> Declared:
    """Return whose the fixture's worlds are and where its keys lead; each workspace has a test copy."""
    places: dict[str, Place] = {}
    grants: dict[str, dict[str, Grant]] = {}
    for each in fixture["keys"]:
        world = each["workspace"] + (TEST if each["key"].startswith("ak_test_") else LIVE)
        ident = declared_id(each["key"])
        places[each["key"]] = Place(world, ident)
        grants.setdefault(world, {})[ident] = Grant(ident, Frozen(scope=each["scope"]))
    owners = {each["id"]: _owner(each) for each in fixture["workspaces"]}
    empty = Workspace(Map({name: Table(each.layout) for name, each in workspace.tables.items()}))
    return Declared(owners, places, grants, (Frozen(workspace="", plan="starter"), empty), rules, tuple(owners))


def _owner(workspace: dict[str, Any]) -> Frozen:
    owner = Frozen(workspace=workspace["id"], plan=workspace["plan"])
    if "requests_per_minute" not in workspace:
        return owner
    rate = workspace["requests_per_minute"]
    return owner.having(limit=(rate, workspace.get("burst", rate * 3 // 2)))


def _system(each: dict[str, Any], birth: int) -> tuple[Frozen, list[Frozen]]:
    row = systems.BLANK.having(
        id=each["id"], name=each["name"], description=each["description"], purpose=each["purpose"],
        domain=each["domain"], created_at=_second(each["created"], birth),
        sections=tuple(sorted(set(each["sections"]))),
        reviewed_at=_second(each["reviewed"], birth) if each["reviewed"] else None,
        checked_at=_second(each["checked"], birth) if each["checked"] else None,
        active=each["checked"] is not None,
        alerts=tuple(_alert(at, alert, birth) for at, alert in enumerate(each["alerts"], 1)),
        alerts_minted=len(each["alerts"]),
        incidents=tuple(_second(incident, birth) for incident in each["incidents"]),
    )  # fmt: skip
    for given in each["classified"]:
        fresh = classification_of(row, _second(given["at"], birth), given["answers"])
        row = row.having(classifications=(*row["classifications"], fresh))
    jobs = [_job(row, given, birth) for given in each["jobs"]]
    for job in jobs:
        row = documents.with_draft(row, job)
    return row, jobs


def _second(moment: Moment, birth: int) -> int:
    """Return the moment as answers and cursors write it, which is in whole seconds."""
    return moment.at(birth) // SECOND * SECOND


def _alert(ordinal: int, given: dict[str, Any], birth: int) -> Alert:
    return Alert(
        f"alert_{ordinal:03d}", given["type"], given["severity"], given["metric"], given["value"], given["threshold"],
        given["feature"], _second(given["triggered"], birth), given["resolved"] is not None,
        _second(given["resolved"], birth) if given["resolved"] else None,
    )  # fmt: skip


def _job(system: Frozen, given: dict[str, Any], birth: int) -> Frozen:
    created = _second(given["created"], birth)
    job = documents.job_row(given["id"], system, tuple(sorted(set(given["sections"]))), given["language"], created)
    earlier = sum(each["classified_at"] <= created for each in system["classifications"])
    starts = _second(given["starts"], birth) if "starts" in given else job["starts_at"]
    ends = _second(given["ends"], birth) if "ends" in given else job["ends_at"] + starts - job["starts_at"]
    # Where offsets and absolute times are mixed, or meet at the first instant of all, a job still takes its time.
    ends = max(ends, created + SECOND)
    error = Frozen(code="generation_failed", message=given["error"]) if "error" in given else None
    # A job that ends sooner than it would have been begun was begun sooner.
    starts = max(created, min(starts, ends - SECOND))
    return job.having(classification=max(0, earlier - 1), starts_at=starts, ends_at=ends, error=error)
