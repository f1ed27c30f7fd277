"""What is exported is read back as it was; what nobody could have exported is refused, or harmless.

The workspaces here are made by asking the API. The last laws spoil an export, by hand and at random.
"""

import copy
import json
from dataclasses import dataclass
from functools import cache

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.annex_iv import LANGUAGES
from sandbox.apis.aikraft.fixture import read_fixture, workspace_of
from sandbox.apis.aikraft.rows import COUNTS
from sandbox.apis.aikraft.state import STORAGE
from sandbox.core.clock import DAY, HOUR, LATEST, MINUTE, SECOND, iso_exact
from sandbox.core.document import DocumentError, written
from tests.support import NOW, ask, content, realm, said, world_of

HEAD = {
    "fixture": "exported", "api": "aikraft", "summary": "A world that was exported.", "now": iso_exact(NOW + 125),
    "workspaces": [{"id": "ws_enterprise", "plan": "enterprise"}], "keys": [],
}  # fmt: skip
GOOD = {
    **{**HEAD, "fixture": "good", "now": "2026-04-13T14:30:00Z"},
    "systems": [
        {
            "id": "sys_abc123", "name": " Candidate Screening ", "description": "Ranks and filters applicants from CVs.",
            "purpose": "Shortlist candidates for recruiters", "domain": "Human Resources / Employment",
            "created": "-40d", "classified": [{"at": "-39d"}, {"at": "-29d", "answers": {"human_override": "no"}}],
            "sections": [5, 1, 5], "reviewed": "-3d", "checked": "-1h", "incidents": ["-2d", "3d", "-2d"],
            "alerts": [
                {"type": "data_drift", "severity": "warning", "metric": "PSI", "value": 0.23, "threshold": 0.2,
                 "feature": "age", "triggered": "-5h", "resolved": "-4h"},
                {"type": "documentation_stale", "severity": "critical", "triggered": "-9h"},
            ],
            "jobs": [
                {"id": "job_aaaaaa", "created": "-9d", "sections": [3, 1], "language": "de"},
                {"id": "job_bbbbbb", "created": "-35d", "starts": "-8d", "ends": "400d", "error": "No."},
                {"id": "job_cccccc", "created": "-1m", "ends": "1d", "sections": [2]},
            ],
        },
        {
            "id": "sys_def456", "name": "Water Guard", "description": "Controls valves.", "domain": "Utilities / Water",
            "purpose": "Manage the safe operation of the water treatment plant", "created": "-2d",
            "classified": [{"at": "-1d"}],
        },
        {
            "id": "sys_ghi789", "name": "Café \U0001f600", "description": "New.", "purpose": "None yet", "domain": "Any",
            "created": "-2d",
        },
    ],
}  # fmt: skip
TIERS = ("", "&risk_tier=high", "&risk_tier=minimal", "&risk_tier=limited", "&risk_tier=unacceptable")
LATER = (0, 6 * SECOND, HOUR, 40 * DAY, 900 * DAY)


def window(minute, counts, metric="latency_ms", model="gpt-test", tag=None):
    """Return one window of telemetry: so many calls in each of the metric's first places."""
    row = [*counts, *[0] * COUNTS[metric]][: COUNTS[metric]]
    begin = NOW - 9 * DAY + minute * MINUTE + 125
    words = {"status": ("ok", "error"), "stop_reason": ("end_turn", "max_tokens")}.get(metric)
    return {
        "start": iso_exact(begin), "end": iso_exact(begin + MINUTE), "model": model, "tag": tag, "calls": sum(row),
        "histograms": {} if words else {metric: {"counts": row, "sum": 0}},
        "categories": {metric: dict(zip(words, row, strict=False))} if words else {},
    }  # fmt: skip


def batch(number, windows):
    return {
        "schema": "aikraft.llm.v1", "batch_id": f"ABCDEF00-0000-4000-8000-{number:012d}",
        "sdk": {"name": "aikraft-python", "version": "0.2.0"}, "windows": windows,
    }  # fmt: skip


BASELINE = [window(each, (60, 40)) for each in range(5)]
DRIFTED = [window(each, (30, 70)) for each in range(10, 12)]
CALM = [window(each, (6000, 4000)) for each in range(20, 25)]

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
purposes = st.sampled_from(
    ["Social scoring of citizens", "Credit scoring of loan applicants", "A chatbot that answers customers", "Any"]
)
windows = st.builds(
    window, st.integers(0, 9 * 24 * 60), st.tuples(st.integers(0, 400), st.integers(0, 400)),
    st.sampled_from(sorted(COUNTS)), st.sampled_from(["gpt-test", "a#b", " "]), st.sampled_from([None, "x.y"]),
)  # fmt: skip
batches = st.sampled_from([BASELINE, DRIFTED, CALM]) | st.lists(windows, min_size=1, max_size=6)
answers = st.dictionaries(
    st.sampled_from(["human_override", "profiling", "people_affected"]), st.sampled_from(["no", 3])
)
places = st.integers(0, 30)
actions = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 3 * DAY)),
    st.tuples(st.just("create"), texts, texts, purposes),
    st.tuples(st.just("classify"), places, answers),
    st.tuples(st.just("document"), places, st.lists(st.integers(1, 8), min_size=1), st.sampled_from(LANGUAGES)),
    st.tuples(st.just("ingest"), places, st.integers(0, 9), batches),
)


def done(world, action, now):
    """Return the world and the instant after one action, which may be refused but never breaks."""
    kind, *given = action
    if kind == "wait":
        return world, min(LATEST, now + given[0])
    idents = [row["id"] for row in world.workspace.table("systems").all()] or ["sys_000000"]
    outcome = ask(world, "POST", *asked(kind, given, idents), at=now)
    assert outcome.response.status < 500, outcome.response.body
    return outcome.world, now


def asked(kind, given, idents):
    """Return target and body of the request that an action is."""
    if kind == "create":
        name, text, purpose = given
        return "/v1/systems", {"name": name, "description": text, "purpose": purpose, "domain": text}
    ident = idents[given[0] % len(idents)]
    if kind == "classify":
        return f"/v1/systems/{ident}/classification", {"answers": given[1]}
    if kind == "document":
        return f"/v1/systems/{ident}/documents", {"sections": given[1], "language": given[2]}
    return f"/v1/workspaces/ws_enterprise/systems/{ident}/monitoring/aggregates:ingest", batch(given[1], given[2])


def begun(workspace=None, fixture="empty"):
    world = world_of(fixture=fixture, clock="real", quota="off")
    return world if workspace is None else world._replace(workspace=workspace)


def played(world, story, now=NOW):
    for action in story:
        world, now = done(world, action, now)
    return world, now


def document(workspace):
    """Return the workspace as a document that went through a file."""
    return {**HEAD, **orjson.loads(orjson.dumps(STORAGE.dump(workspace)))}


def questions(workspace):
    """Return every GET that the workspace's rows can be asked for."""
    targets = [f"/v1/systems?limit={size}{tier}" for tier in TIERS for size in (2, 100)]
    for row in workspace.table("systems").all():
        targets += [f"/v1/systems/{row['id']}/monitoring", f"/v1/systems/{row['id']}/classification"]
    return targets + [f"/v1/jobs/{row['id']}" for row in workspace.table("jobs").all()]


def the_same(workspace):
    """Check that the workspace is read back as it was and written again as it had been; return what was read."""
    text = orjson.dumps(STORAGE.dump(workspace))
    loaded = STORAGE.load(document(workspace), 0)
    assert content(loaded.workspace) == content(workspace)
    assert orjson.dumps(STORAGE.dump(loaded.workspace)) == text
    assert (loaded.name, loaded.now, loaded.world) == ("exported", NOW + 125, None)
    return loaded.workspace


def answers_alike(one, other, now):
    for later in LATER:
        for target in questions(one.workspace):
            first, second = (ask(world, "GET", target, at=now + later).response for world in (one, other))
            assert (first.status, first.body) == (second.status, second.body)
            assert first.status in (200, 404)


# Identity.


@settings(deadline=None, max_examples=60)
@given(st.lists(actions, max_size=14), st.booleans())
def test_a_workspace_that_calls_have_made_is_read_back_as_it_was_and_answers_alike(story, good):
    start = workspace_of(read_fixture(GOOD), NOW) if good else None
    world, now = played(begun(start), story)
    loaded = world._replace(workspace=the_same(world.workspace))
    answers_alike(world, loaded, now)


@settings(deadline=None, max_examples=40)
@given(st.lists(actions, max_size=8), st.lists(actions, max_size=8))
def test_calls_after_the_reading_have_the_answers_that_they_would_have_had(before, after):
    world, now = played(begun(workspace_of(read_fixture(GOOD), NOW)), before)
    loaded = world._replace(workspace=the_same(world.workspace))
    first, _ = played(world, after, now)
    second, _ = played(loaded, after, now)
    assert STORAGE.dump(first.workspace) == STORAGE.dump(second.workspace)


@pytest.mark.parametrize("fixture", ["default", "demo", "docs", "empty", "large"])
def test_a_shipped_fixture_is_exported_and_read_back_as_it_was(fixture):
    workspace = next(iter(realm(fixture).live.values())).workspace
    assert the_same(workspace) == workspace


@settings(deadline=None, max_examples=30)
@given(st.integers(0, LATEST), st.sampled_from(["docs", "default", "demo"]))
def test_a_fixture_is_read_back_as_it_was_whenever_it_was_born(birth, fixture):
    the_same(workspace_of(shipped(fixture), birth))


@settings(deadline=None, max_examples=30)
@given(st.lists(actions, max_size=8), st.sampled_from([0, LATEST - 3 * DAY, LATEST]))
def test_the_first_and_the_last_instant_of_a_clock_are_no_exception(story, start):
    workspace = workspace_of(read_fixture({**GOOD, "now": None}), start)
    documented = [("document", each, [1, 2], "en") for each in range(3)]
    world, _ = played(begun(workspace), [*story, *documented], start)
    the_same(world.workspace)


def test_a_clock_that_stands_before_its_fixture_is_no_exception():
    story = [("classify", 0, {}), ("document", 0, [1], "en"), ("ingest", 0, 1, BASELINE), ("create", "a", "b", "c")]
    world, _ = played(begun(workspace_of(shipped("docs"), NOW)), story, NOW - 5000 * DAY)
    the_same(world.workspace)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, LATEST))
def test_offsets_beside_absolute_times_are_no_exception_whenever_the_world_is_born(birth):
    jobs = [
        {"id": "job_aaaaaa", "created": "2026-04-01T00:00:00Z", "starts": "-1h", "ends": "3h"},
        {"id": "job_bbbbbb", "created": "-9d", "ends": "2026-04-01T00:00:00Z", "error": "No."},
    ]
    mixed = changed({**GOOD, "now": None}, ("systems", 0, "jobs"), jobs)
    harmless(the_same(workspace_of(read_fixture(mixed), birth)))


@cache
def shipped(fixture):
    """Return a shipped fixture as its schema reads it."""
    from sandbox.web import files

    return files.checked(files.find("fixtures", "aikraft", fixture), read_fixture)[0]


def test_instants_and_figures_are_exact():
    created = NOW + 125
    story = [("document", 2, [1], "en"), ("ingest", 2, 1, BASELINE), ("ingest", 2, 2, DRIFTED)]
    world, _ = played(begun(workspace_of(read_fixture(GOOD), NOW)), story, created)
    tables = document(world.workspace)["tables"]
    assert tables["jobs"][-1]["created_at"] == "2026-04-13T14:30:00.000125Z"
    system = next(each for each in tables["systems"] if each["id"] == "sys_ghi789")
    assert system["created_at"] == "2026-04-11T14:30:00Z"
    alerts = [alert for each in tables["systems"] for alert in each["alerts"] if alert["type"] == "llm_drift"]
    assert [each["value"] for each in alerts] == [pytest.approx(0.3758, abs=1e-4)]
    assert len(repr(alerts[0]["value"])) > 10


def test_a_job_of_the_last_minute_ends_in_the_year_10000():
    world, _ = played(begun(workspace_of(shipped("docs"), NOW)), [("document", 0, [1], "en")], LATEST)
    job = next(each for each in document(world.workspace)["tables"]["jobs"] if each["id"] != "job_xyz789")
    assert (job["starts_at"], job["ends_at"]) == ("+10000-01-01T00:00:04Z", "+10000-01-01T00:00:07Z")


# What stands around the tables.


def test_a_fixture_is_loaded_as_it_always_was():
    loaded = STORAGE.load(GOOD, NOW + 7)
    assert content(loaded.workspace) == content(workspace_of(read_fixture(GOOD), NOW))
    assert (loaded.name, loaded.now, loaded.world) == ("good", NOW, None)


@pytest.mark.parametrize("now", [{}, {"now": None}])
def test_a_document_without_a_time_declares_none(now):
    rest = {name: each for name, each in GOOD.items() if name != "now"}
    assert STORAGE.load({**rest, **now}, NOW).now is None


@pytest.mark.parametrize("base", [GOOD, "state"])
def test_the_world_around_the_data_is_handed_back_raw_and_the_rest_is_passed_over(base):
    world = {"clock": {"mode": "frozen"}, "anything": [1, None]}
    given = {**(good() if base == "state" else base), "world": world, "evicted": True}
    assert STORAGE.load(given, NOW).world == world


def test_an_exported_state_serves_as_a_fixture_file(tmp_path):
    path = tmp_path / "export.json"
    path.write_bytes(orjson.dumps({**good(), "world": {"a": 1}}))
    home = realm(str(path))
    (live,) = home.live.values()
    assert orjson.dumps(STORAGE.dump(live.workspace)) == orjson.dumps(
        {each: good()[each] for each in ("tables", "minted")}
    )
    told = said(ask(world_of(fixture=str(path)), "GET", "/v1/systems/sys_abc123/monitoring", fixture=str(path)))
    assert told["data"]["system_id"] == "sys_abc123"


# A state to spoil.


@cache
def good_text():
    story = [
        ("create", "Fourth", "x", "Any"), ("classify", 1, {}), ("document", 3, [4, 2], "fr"), ("document", 1, [1], "en"),
        ("ingest", 3, 1, BASELINE), ("ingest", 3, 2, DRIFTED), ("ingest", 3, 3, [window(9, (1,), "status", tag="x")]),
        *[("ingest", each, 4, [window(3, (2, 1), "output_chars")]) for each in range(4)],
    ]  # fmt: skip
    world, _ = played(begun(workspace_of(read_fixture(GOOD), NOW)), story)
    return json.dumps(document(world.workspace))


def good():
    return json.loads(good_text())


S = ("tables", "systems")
J = ("tables", "jobs")
T = ("tables", "telemetry")
B = ("tables", "batches")
NEW, WATER, CAFE, HIRING = ((*S, each) for each in range(4))
FINDING = (*HIRING, "classifications", 1)
ALERT = (*HIRING, "alerts", 0)
SERIES = (*T, 0, "series")
WINDOW = (*SERIES, 0, "windows", 0)
GONE, TWICE = object(), object()
TIME = "a time in UTC such as 2026-04-13T14:30:00Z"
SECONDS = "a time in UTC and in whole seconds"
ABSENT = "a value, since the field is required"


@dataclass(frozen=True)
class Spoiled:
    """One change to the good state, and what its refusal says: where, what was expected, what came."""

    place: tuple
    value: object
    expected: str
    got: str
    nearest: str | None = None
    path: tuple = ()


SPOILED = {
    # The frame.
    "tables that are none": Spoiled(("tables",), None, "a mapping", "null"),
    "tables as a list": Spoiled(("tables",), [], "a mapping", "a list of 0"),
    "missing table": Spoiled(B, GONE, ABSENT, "nothing"),
    "unknown table": Spoiled(("tables", "sytems"), [], "one of the keys systems, jobs", "an unknown key", "systems"),
    "systems beside tables": Spoiled(("systems",), [], "one of the keys fixture, api", "an unknown key"),
    "missing counts": Spoiled(("minted",), GONE, ABSENT, "nothing"),
    "unknown count": Spoiled(("minted", "jb_"), 1, "one of the keys sys_, job_", "an unknown key", "job_"),
    "negative count": Spoiled(("minted", "sys_"), -1, "an integer from 0 to 9007199254740991", "-1"),
    "count that is true": Spoiled(("minted", "sys_"), True, "an integer from 0", "true"),
    "world that is no mapping": Spoiled(("world",), [], "a mapping", "a list of 0"),
    "evicted that is a word": Spoiled(("evicted",), "yes", "true or false", "'yes'"),
    "other API": Spoiled(("api",), "aikraf", "one of aikraft", "'aikraf'", "aikraft"),
    "time that is none": Spoiled(("now",), "today", "a time such as", "'today'"),
    "no workspace": Spoiled(("workspaces",), [], "a list of 1 or more", "a list of 0"),
    "workspace twice": Spoiled(("workspaces", 0), TWICE, "another id than that of workspaces[0]", "'ws_enterprise'", path=("workspaces", 1, "id")),
    "burst without a rate": Spoiled(("workspaces", 0, "burst"), 9, "a rate, since there is a burst", "nothing", path=("workspaces", 0, "requests_per_minute")),
    # Systems.
    "row that is no mapping": Spoiled(NEW, "sys_abc123", "a mapping", "'sys_abc123'"),
    "missing field": Spoiled((*NEW, "purpose"), GONE, ABSENT, "nothing"),
    "missing field that may be null": Spoiled((*NEW, "checked_at"), GONE, ABSENT, "nothing"),
    "unknown field": Spoiled((*NEW, "risk_teir"), "high", "one of the keys id, name", "an unknown key"),
    "system twice": Spoiled(NEW, TWICE, "another id than that of tables.systems[0]", "'sys_zjwl5x'", path=(*S, 1, "id")),
    "name twice once trimmed": Spoiled((*CAFE, "name"), "\tWater Guard ", "another name than that of tables.systems[1]", "'Water Guard'"),
    "system id of another form": Spoiled((*NEW, "id"), "sys_ABC123", "an id such as sys_abc123", "'sys_ABC123'"),
    "blank name": Spoiled((*NEW, "name"), " \u3000", "a text that is not blank", "' \ufffd'"),
    "long name": Spoiled((*NEW, "name"), "x" * 201, "a text of at most 200 characters", "(201 characters)"),
    "long description": Spoiled((*NEW, "description"), "x" * 5001, "a text of at most 5000 characters", "(5001 characters)"),
    "half a surrogate pair": Spoiled((*NEW, "domain"), "a\ud83d", "a text without half of a surrogate pair", "'a\ufffd'"),
    "created within a second": Spoiled((*NEW, "created_at"), "2026-04-13T14:30:00.5Z", SECONDS, "'2026-04-13T14:30:00.5Z'"),
    "offset for an instant": Spoiled((*NEW, "created_at"), "-2d", SECONDS, "'-2d'"),
    "instant elsewhere": Spoiled((*NEW, "created_at"), "2026-04-13T14:30:00+00:00", SECONDS, "'2026-04-13T14:30:00+00:00'"),
    "instant before 1970": Spoiled((*NEW, "created_at"), "1969-12-31T23:59:59Z", SECONDS, "'1969-12-31T23:59:59Z'"),
    "day that is none": Spoiled((*NEW, "created_at"), "2026-02-30T00:00:00Z", SECONDS, "'2026-02-30T00:00:00Z'"),
    "instant as a number": Spoiled((*NEW, "created_at"), 1776090600, SECONDS, "1776090600"),
    "created in the year 10000": Spoiled((*NEW, "created_at"), "+10000-01-01T00:00:00Z", SECONDS, "'+10000-01-01T00:00:00Z'"),
    "section that is none": Spoiled((*HIRING, "sections", 0), 9, "an integer from 1 to 8", "9"),
    "sections out of order": Spoiled((*HIRING, "sections"), [5, 1], "section numbers in rising order, each once", "5, 1"),
    "section twice": Spoiled((*HIRING, "sections"), [1, 1], "section numbers in rising order, each once", "1, 1"),
    "sections of the unclassified": Spoiled((*CAFE, "sections"), [1], "none for this system, since it is not classified", "some"),
    "review of the unclassified": Spoiled((*CAFE, "reviewed_at"), "2026-04-13T14:30:00Z", "none for this system, since it is not classified", "some"),
    "active and never checked": Spoiled((*HIRING, "checked_at"), None, "a time, since the system is active", "null"),
    "checked and not active": Spoiled((*NEW, "checked_at"), "2026-04-13T14:30:00Z", "null, since the system is not active", "'2026-04-13T14:30:00Z'"),
    "active as a number": Spoiled((*HIRING, "active"), 1, "true or false", "1"),
    "incidents of what is not watched": Spoiled((*NEW, "incidents"), ["2026-04-13T14:30:00Z"], "none for this system, since it is not active", "some"),
    "incident that is null": Spoiled((*HIRING, "incidents", 0), None, SECONDS, "null"),
    # Classifications.
    "unknown tier": Spoiled((*FINDING, "risk_tier"), "hihg", "one of unacceptable, high", "'hihg'", "high"),
    "category that is none": Spoiled((*FINDING, "annex_iii_category"), 9, "an integer from 1 to 8", "9"),
    "point of another category": Spoiled((*FINDING, "annex_iii_sub_point"), "5(a)", "a point of category 4", "'5(a)'"),
    "point that the Act has not": Spoiled((*FINDING, "annex_iii_sub_point"), "4(e)", "one of 1(a), 1(b)", "'4(e)'"),
    "category without a point": Spoiled((*FINDING, "annex_iii_sub_point"), None, "a point of category 4", "null"),
    "point without a category": Spoiled((*FINDING, "annex_iii_category"), None, "null, as category null has no points", "'4(a)'", path=(*FINDING, "annex_iii_sub_point")),
    "point of category 2": Spoiled((*WATER, "classifications", 0, "annex_iii_sub_point"), "1(a)", "null, as category 2 has no points", "'1(a)'"),
    "prohibited in Annex III": Spoiled((*FINDING, "risk_tier"), "unacceptable", "null, since a prohibited practice is outside", "4", path=(*FINDING, "annex_iii_category")),
    "unknown confidence": Spoiled((*FINDING, "confidence"), "hi", "one of high, medium, low", "'hi'"),
    "no key factors": Spoiled((*FINDING, "key_factors"), [], "a list of 1 or more", "a list of 0"),
    "blank key factor": Spoiled((*FINDING, "key_factors", 0), "", "a text that is not blank", "''"),
    "no obligations of a high tier": Spoiled((*FINDING, "obligations"), [], "one or more, as the tier is high", "a list of 0"),
    "obligations of a minimal tier": Spoiled((*FINDING, "risk_tier"), "minimal", "none, as the tier is minimal", "a list of 4", path=(*FINDING, "obligations")),
    "version left out": Spoiled((*FINDING, "version"), 3, "2, since versions are counted", "3"),
    "classification of another system": Spoiled((*FINDING, "system_id"), "sys_def456", "'sys_abc123', the system's own id", "'sys_def456'"),
    "classified within a second": Spoiled((*FINDING, "classified_at"), "2026-04-13T14:30:00.5Z", SECONDS, "'2026-04-13T14:30:00.5Z'"),
    # Alerts.
    "unknown alert type": Spoiled((*ALERT, "type"), "date_drift", "one of data_drift, concept_drift", "'date_drift'", "data_drift"),
    "unknown severity": Spoiled((*ALERT, "severity"), "warn", "one of warning, critical", "'warn'", "warning"),
    "alert out of count": Spoiled((*ALERT, "id"), "alert_002", "'alert_001', since alerts are counted", "'alert_002'"),
    "alert id of another form": Spoiled((*ALERT, "id"), "alert_1", "an id such as alert_001", "'alert_1'"),
    "alert twice": Spoiled((*HIRING, "alerts", 2), TWICE, "'alert_004', since alerts are counted", "'alert_003'", path=(*HIRING, "alerts", 3, "id")),
    "alerts miscounted": Spoiled((*HIRING, "alerts_minted"), 4, "3, as many as there are alerts", "4"),
    "infinite value": Spoiled((*ALERT, "value"), float("inf"), "a number", "inf"),
    "value that is no number": Spoiled((*ALERT, "value"), float("nan"), "a number", "nan"),
    "metric without a value": Spoiled((*ALERT, "value"), None, "a number, since there is a metric", "null"),
    "threshold without a metric": Spoiled((*HIRING, "alerts", 1, "threshold"), 0.2, "null, since there is no metric", "0.2"),
    "empty feature": Spoiled((*ALERT, "feature"), "", "a text that is not blank", "''"),
    "resolved and never": Spoiled((*ALERT, "resolved_at"), None, "a time, since it is resolved", "null"),
    "resolved and open": Spoiled((*ALERT, "resolved"), False, "null, since it is not resolved", "'2026-04-13T10:30:00Z'", path=(*ALERT, "resolved_at")),
    # Drafts and jobs.
    "draft of no job": Spoiled((*HIRING, "drafts", 0, "job"), "job_aaaaab", "a job of this system", "'job_aaaaab'", "job_aaaaaa"),
    "draft of another's job": Spoiled((*HIRING, "drafts", 0, "job"), "job_578tzs", "a job of this system", "'job_578tzs'", "job_578tzs"),
    "draft of a failed job": Spoiled((*HIRING, "drafts", 0, "job"), "job_bbbbbb", "a job without an error", "'job_bbbbbb'"),
    "draft twice": Spoiled((*HIRING, "drafts", 1), TWICE, "another job than that of drafts[1]", "'job_cccccc'", path=(*HIRING, "drafts", 2, "job")),
    "draft at another time": Spoiled((*HIRING, "drafts", 0, "at"), "2026-04-04T14:30:16Z", "'2026-04-04T14:30:15Z', when its job ends", "'2026-04-04T14:30:16Z'"),
    "draft of other sections": Spoiled((*HIRING, "drafts", 0, "sections"), [1, 2], "those of its job, 1, 3", "1, 2"),
    "job without its draft": Spoiled((*HIRING, "drafts", 0), GONE, "a job that has a draft in its system", "'job_aaaaaa'", path=(*J, 1, "id")),
    "job twice": Spoiled((*J, 0), TWICE, "another id than that of tables.jobs[0]", "'job_bbbbbb'", path=(*J, 1, "id")),
    "job id of another form": Spoiled((*J, 0, "id"), "job_bbbbb", "an id such as job_xyz789", "'job_bbbbb'"),
    "job of no system": Spoiled((*J, 0, "system_id"), "sys_abc124", "the id of a system", "'sys_abc124'", "sys_abc123"),
    "job of a classification to come": Spoiled((*J, 0, "classification"), 2, "a place in the system's list of 2 classifications", "2"),
    "job of the unclassified": Spoiled((*J, 0, "system_id"), "sys_ghi789", "a place in the system's list of 0 classifications", "0", path=(*J, 0, "classification")),
    "job of a classification before the first": Spoiled((*J, 0, "classification"), -1, "an integer from 0", "-1"),
    "job without sections": Spoiled((*J, 0, "sections"), [], "a list of 1 or more", "a list of 0"),
    "job with sections out of order": Spoiled((*J, 0, "sections"), [2, 1], "section numbers in rising order, each once", "2, 1"),
    "unknown language": Spoiled((*J, 0, "language"), "es", "one of en, de, fr, nl", "'es'"),
    "job that starts before it is made": Spoiled((*J, 0, "starts_at"), "2026-03-09T14:29:59Z", "no time before created_at, 2026-03-09T14:30:00Z", "'2026-03-09T14:29:59Z'"),
    "job that ends as it starts": Spoiled((*J, 0, "ends_at"), "2026-04-05T14:30:00Z", "a time after starts_at, 2026-04-05T14:30:00Z", "'2026-04-05T14:30:00Z'"),
    "job that ends past all time": Spoiled((*J, 0, "ends_at"), "+10000-01-01T00:01:00Z", TIME, "'+10000-01-01T00:01:00Z'"),
    "error of another form": Spoiled((*J, 0, "error", "code"), "Failed", "a code such as generation_failed", "'Failed'"),
    "error without words": Spoiled((*J, 0, "error", "message"), " ", "a text that is not blank", "' '"),
    "error that is a text": Spoiled((*J, 0, "error"), "failed", "a mapping", "'failed'"),
    # Telemetry.
    "telemetry twice": Spoiled((*T, 0), TWICE, "another id than that of tables.telemetry[0]", "'sys_abc123'", path=(*T, 1, "id")),
    "telemetry of no system": Spoiled((*T, 0, "id"), "sys_abc124", "the id of an active system", "'sys_abc124'"),
    "telemetry of what is not watched": Spoiled((*T, 0, "id"), "sys_ghi789", "the id of an active system", "'sys_ghi789'"),
    "telemetry that nobody sent": Spoiled((*B, 4), GONE, "the id of a system that has sent a batch", "'sys_def456'", path=(*T, 1, "id")),
    "series twice": Spoiled((*SERIES, 0), TWICE, "another model, tag or metric than those of series[0]", "'gpt-test'", path=(*SERIES, 1)),
    "model without a name": Spoiled((*SERIES, 0, "model"), "", "a text that is not empty", "''"),
    "tag of another form": Spoiled((*SERIES, 2, "tag"), "x y", "1 to 64 of A-Z a-z 0-9 _ . -", "'x y'"),
    "unknown metric": Spoiled((*SERIES, 0, "metric"), "latency", "one of latency_ms, input_tokens", "'latency'", "latency_ms"),
    "series without windows": Spoiled((*SERIES, 0, "windows"), [], "a list of 1 or more", "a list of 0"),
    "windows out of order": Spoiled((*SERIES, 0, "windows", 1, "start"), "2026-04-04T14:29:59Z", "windows by start, and none that can no longer matter", "'2026-04-04T14:30:00.000125Z'", path=(*WINDOW, "start")),
    "window that can no longer matter": Spoiled((*SERIES, 0, "windows", 6), {"start": "2026-04-08T00:00:00Z", "end": "2026-04-08T00:01:00Z", "counts": [1] * 16}, "windows by start, and none that can no longer matter", "'2026-04-04T14:40:00.000125Z'", path=(*SERIES, 0, "windows", 5, "start")),
    "window that ends as it starts": Spoiled((*WINDOW, "end"), "2026-04-04T14:30:00.000125Z", "a time after start, 2026-04-04T14:30:00.000125Z, and within an hour", "'2026-04-04T14:30:00.000125Z'"),
    "window of more than an hour": Spoiled((*WINDOW, "end"), "2026-04-04T15:30:00.000126Z", "a time after start, 2026-04-04T14:30:00.000125Z, and within an hour", "'2026-04-04T15:30:00.000126Z'"),
    "negative calls": Spoiled((*WINDOW, "counts", 0), -1, "an integer from 0 to 9007199254740991", "-1"),
    "calls in halves": Spoiled((*WINDOW, "counts", 0), 0.5, "an integer from 0", "0.5"),
    "calls beyond measure": Spoiled((*WINDOW, "counts", 0), 2**53, "an integer from 0", "9007199254740992"),
    "calls that sum up beyond measure": Spoiled((*WINDOW, "counts", 0), 2**53 - 1, "a total of at most 9007199254740991", "9007199254741031", path=(*WINDOW, "counts")),
    "count too many": Spoiled((*WINDOW, "counts", 0), TWICE, "a list of 16, as latency_ms has", "a list of 17", path=(*WINDOW, "counts")),
    "counts of another metric": Spoiled((*SERIES, 0, "metric"), "input_tokens", "a list of 20, as input_tokens has", "a list of 16", path=(*WINDOW, "counts")),
    "batch twice": Spoiled((*B, 0), TWICE, "another id than that of tables.batches[0]", "'sys_abc123/abcdef00", path=(*B, 1, "id")),
    "batch of no system": Spoiled((*B, 0, "id"), "sys_abc124/abcdef00-0000-4000-8000-000000000001", "a batch of a system that has telemetry", "'sys_abc124/"),
    "batch in upper case": Spoiled((*B, 0, "id"), "sys_abc123/ABCDEF00-0000-4000-8000-000000000001", "a system's id, a slash and a UUID in lower case", "'sys_abc123/ABC"),
}  # fmt: skip


def changed(data, place, value):
    """Return the data with a value put, left out or told twice at this place."""
    if not place:
        return value
    first, *rest = place
    if rest:
        new = copy.copy(data)
        new[first] = changed(data[first], rest, value)
        return new
    if isinstance(data, list):
        kept = [] if value is GONE else [data[first], data[first]] if value is TWICE else [value]
        return [*data[:first], *kept, *data[first + 1 :]]
    kept = {} if value is GONE else {first: value}
    return {**{key: each for key, each in data.items() if key != first or value is not GONE}, **kept}


def test_the_good_state_is_good_and_holds_some_of_everything():
    loaded = STORAGE.load(good(), 0)
    assert {name: table.count() for name, table in loaded.workspace.tables.items()} == {
        "systems": 4, "jobs": 5, "telemetry": 2, "batches": 5,
    }  # fmt: skip
    assert {each["error"] is None for each in good()["tables"]["jobs"]} == {True, False}


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_a_flaw_is_told_with_place_expectation_and_finding(spoiled):
    with pytest.raises(DocumentError) as caught:
        STORAGE.load(changed(good(), spoiled.place, spoiled.value), 0)
    place = spoiled.path or spoiled.place
    told = [each for each in caught.value.flaws if each.path == place]
    assert told, str(caught.value)
    assert any(
        spoiled.expected in each.expected and spoiled.got in each.got and spoiled.nearest in (each.nearest, None)
        for each in told
    ), str(caught.value)
    assert f"{written(place)}: expected " in str(caught.value)
    assert str(caught.value).replace("\n", "").isprintable()


def test_a_document_that_is_no_mapping_is_told_so():
    for junk in (None, [], "state", 7):
        with pytest.raises(DocumentError, match="expected a mapping"):
            STORAGE.load(junk, 0)


def test_of_very_many_flaws_the_first_hundred_are_told():
    rows = [{"id": f"sys_{each:06d}/abcdef00-0000-4000-8000-000000000001"} for each in range(5000)]
    with pytest.raises(DocumentError) as caught:
        STORAGE.load(changed(good(), B, rows), 0)
    assert len(caught.value.flaws) == 100


@pytest.mark.parametrize(("field", "value"), [("value", None), ("threshold", None), ("metric", None)])
def test_a_fixture_too_tells_the_figures_of_an_alert_whole_or_not_at_all(field, value):
    with pytest.raises(DocumentError, match=r"systems\[0\]\.alerts\[0\]\.(value|threshold): expected"):
        STORAGE.load(changed(GOOD, ("systems", 0, "alerts", 0, field), value), NOW)


# What is not refused does no harm.


def leaves(data, path=()):
    """Yield the path of everything in the data, the data itself left out."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from leaves(value, (*path, key))


@cache
def good_paths():
    inner = [path for path in leaves(good()) if path[0] in ("tables", "minted") and len(path) > 1]
    by_name = {}
    for path in inner:
        by_name.setdefault(next(step for step in reversed(path) if isinstance(step, str)), []).append(path)
    return inner, by_name


def found(data, path):
    for step in path:
        data = data[step]
    return data


edges = st.sampled_from(
    [None, True, False, 0, -1, 1, 8, 9, 2**53, 2**53 - 1, 1e308, -0.0, 5e-324, "", " ", "\x1c", "\ufeff", "x" * 5000, [], {},
     "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "+10000-01-01T00:00:59Z", "minimal", "sys_def456", "job_cccccc"]
)  # fmt: skip


@st.composite
def mutations(draw):
    """Return the place of a change and what comes there: an edge, what stands in a like place, nothing, the same twice."""
    inner, by_name = good_paths()
    path = draw(st.sampled_from(inner))
    name = next(step for step in reversed(path) if isinstance(step, str))
    like = st.sampled_from(by_name[name]).map(lambda other: found(good(), other))
    return path, draw(edges | like | st.just(GONE) | st.just(TWICE))


def harmless(workspace):
    """Check that no call breaks on the workspace, now or later."""
    world = begun(workspace)
    for later in (0, 365 * DAY, LATEST - NOW):
        for target in questions(workspace):
            outcome = ask(world, "GET", target, at=NOW + later)
            assert outcome.response.status < 500, (target, outcome.response.body)
    story = [("create", "Fifth", "x", "Any")]
    for each in range(5):
        story += [
            ("classify", each, {}),
            ("document", each, [1], "nl"),
            ("ingest", each, 7, BASELINE),
            ("ingest", each, 8, DRIFTED),
        ]
    world, now = played(world, story)
    for target in questions(world.workspace):
        assert ask(world, "GET", target, at=now + DAY).response.status < 500
    the_same(world.workspace)


def read(data):
    """Return what the data says, or None and what is wrong with it."""
    try:
        return STORAGE.load(data, 0), ()
    except DocumentError as error:
        return None, error.flaws


@settings(deadline=None, max_examples=300)
@given(st.lists(mutations(), min_size=1, max_size=3))
def test_a_state_that_was_changed_at_random_is_refused_or_harmless(changes):
    data = good()
    for place, value in changes:
        try:
            data = changed(data, place, value)
        except (KeyError, IndexError, TypeError, AttributeError):
            assume(False)
    loaded, flaws = read(data)
    assert (loaded is None) == bool(flaws)
    assert all(flaw.expected and flaw.got and str(flaw).isprintable() for flaw in flaws)
    if loaded is not None:
        the_same(loaded.workspace)
        harmless(loaded.workspace)
