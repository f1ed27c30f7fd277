"""The shipped fixtures say what they are meant to, and a seeded one is a function of its size and seed.

`large` is what `sandbox seed --systems 10000 --seed 1` writes, with a name and a summary of its own.
"""

import json
from functools import cache

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.apis.aikraft.documents import status_of
from sandbox.apis.aikraft.fixture import ALERT_TYPES, read_fixture, workspace_of
from sandbox.apis.aikraft.law import PLANS, SCOPES
from sandbox.apis.aikraft.systems import tier_of
from sandbox.cli import USAGE, main
from sandbox.core.clock import DAY, HOUR
from sandbox.core.keyring import identify
from sandbox.core.workspace import Workspace
from sandbox.seed import KINDS, MOST, fixture_text
from sandbox.web import files
from tests.support import NOW, ask, realm, request, said, world_of

SHIPPED = ("default", "demo", "docs", "empty")
TIERS = {"unacceptable", "high", "limited", "minimal"}
DOCUMENTED = [
    "/v1/systems/sys_abc123/monitoring",
    "/v1/systems/sys_abc123/classification",
    "/v1/jobs/job_xyz789",
]
MONTHS = 100 * DAY
REFERENCE_KEY = "ak_live_your_api_key_here"

sizes = st.integers(0, 12)
seeds = st.integers(-(10**12), 10**12)


def answered(fixture, target, at=NOW):
    outcome = ask(world_of(fixture=fixture), "GET", target, fixture=fixture, at=at)
    assert outcome.response.status == 200, outcome.response.body
    return said(outcome)


def listed(fixture, tier=""):
    return answered(fixture, f"/v1/systems?limit=100{tier and '&risk_tier=' + tier}")["data"]


def workspace(fixture) -> Workspace:
    return next(iter(realm(fixture).live.values())).workspace


def rows(fixture):
    return list(workspace(fixture).table("systems").all())


def jobs(fixture):
    return list(workspace(fixture).table("jobs").all())


@cache
def written(fixture):
    """Return what the file says, as the schema reads it."""
    return files.checked(files.find("fixtures", "aikraft", fixture), read_fixture)[0]


def seeded(systems, seed):
    return json.loads(fixture_text(systems, seed))


# Every shipped fixture.


@pytest.mark.parametrize("fixture", SHIPPED)
def test_every_system_and_job_of_a_fixture_answers_as_the_contract_says(fixture):
    for row in rows(fixture):
        answered(fixture, f"/v1/systems/{row['id']}/monitoring")
        if row["classifications"]:
            answered(fixture, f"/v1/systems/{row['id']}/classification")
    for job in jobs(fixture):
        answered(fixture, f"/v1/jobs/{job['id']}")
    assert len(listed(fixture)) == len(rows(fixture))


@pytest.mark.parametrize("fixture", SHIPPED)
@pytest.mark.parametrize("later", [HOUR, 40 * DAY, 3 * 365 * DAY])
def test_a_fixture_still_answers_as_the_contract_says_when_time_has_passed(fixture, later):
    for row in rows(fixture):
        answered(fixture, f"/v1/systems/{row['id']}/monitoring", NOW + later)
    for job in jobs(fixture):
        answered(fixture, f"/v1/jobs/{job['id']}", NOW + later)


@pytest.mark.parametrize("fixture", [*SHIPPED, "large"])
def test_a_fixture_declares_a_key_for_each_mode_plan_and_scope_spelled_as_they_are(fixture):
    expected = {
        (f"ak_{mode}_{plan}_{scope}_key", f"ws_{plan}", scope)
        for mode in ("live", "test")
        for plan in PLANS
        for scope in SCOPES
    }
    declared = {(each["key"], each["workspace"], each["scope"]) for each in written(fixture)["keys"]}
    assert declared - expected == ({(REFERENCE_KEY, "ws_starter", "write")} if fixture == "docs" else set())
    assert expected <= declared
    assert [(each["id"], each["plan"]) for each in written(fixture)["workspaces"]] == [
        (f"ws_{plan}", plan) for plan in PLANS
    ]


@pytest.mark.parametrize("fixture", SHIPPED)
def test_every_declared_key_opens_its_workspace(fixture):
    keyring = realm(fixture).keyring
    for each in written(fixture)["keys"]:
        place, _ = identify(keyring, request("GET", "/v1/systems", key=each["key"]))
        assert place is not None
        assert place.world.startswith(each["workspace"] + "/")


@pytest.mark.parametrize("fixture", ["default", "demo"])
def test_the_last_check_is_not_older_than_what_it_found(fixture):
    for row in rows(fixture):
        found = [alert.resolved_at or alert.triggered_at for alert in row["alerts"]]
        assert max([*found, *row["incidents"]], default=0) <= (row["checked_at"] or 0)


@pytest.mark.parametrize("fixture", ["default", "demo", "large"])
def test_alerts_are_numbered_in_the_order_in_which_they_opened(fixture):
    for row in rows(fixture):
        times = [alert.triggered_at for alert in row["alerts"]]
        assert times == sorted(times)


@pytest.mark.parametrize("fixture", ["default", "demo", "large"])
def test_what_drifts_has_one_open_alert(fixture):
    for row in rows(fixture):
        names = [(each.type, each.metric, each.feature) for each in row["alerts"] if not each.resolved]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("fixture", ["default", "demo"])
def test_texts_differ_from_system_to_system(fixture):
    for field in ("name", "description", "purpose"):
        texts = [row[field] for row in rows(fixture)]
        assert len(set(texts)) == len(texts)
    assert all(" / " in row["domain"] for row in rows(fixture))


# The fixture `docs` is the documents' example.


# That `docs` answers as the documents do is told by `tests/stories/test_documents_calls.py`.


def test_the_key_of_the_documents_opens_docs_and_no_other_fixture():
    asked = request("GET", "/v1/systems", key=REFERENCE_KEY)
    opened = [fixture for fixture in SHIPPED if identify(realm(fixture).keyring, asked)[0] is not None]
    assert opened == ["docs"]


# The fixture `default` shows everything.


def test_default_shows_every_tier_and_systems_without_one():
    assert {row["risk_tier"] for row in listed("default")} == TIERS | {None}
    assert all(listed("default", tier) for tier in TIERS)
    assert sum(row["risk_tier"] is None for row in listed("default")) >= 3
    assert len(listed("default")) == 24


def test_default_shows_every_annex_iii_category():
    assert {row["annex_iii_category"] for row in listed("default", "high")} == {None, *range(1, 9)}


def test_default_shows_further_versions_of_a_classification():
    assert {len(row["classifications"]) for row in rows("default")} == {0, 1, 2, 3}
    turned = [{each["risk_tier"] for each in row["classifications"]} for row in rows("default")]
    assert {"high", "minimal"} in turned


@pytest.mark.parametrize("later", [0, HOUR, MONTHS, 9 * 365 * DAY])
def test_default_shows_jobs_in_every_state_at_any_time(later):
    states = {status_of(job, NOW + later) for job in jobs("default")}
    assert states == {"queued", "in_progress", "completed", "failed"}
    assert {job["language"] for job in jobs("default")} == {"en", "de", "fr", "nl"}


def test_default_shows_every_type_and_severity_of_an_alert():
    shown = [
        alert
        for row in rows("default")
        for alert in answered("default", f"/v1/systems/{row['id']}/monitoring")["data"]["alerts"]
    ]
    assert {alert["type"] for alert in shown} == set(ALERT_TYPES)
    assert {(alert["severity"], alert["resolved"]) for alert in shown} == {
        (severity, resolved) for severity in ("warning", "critical") for resolved in (True, False)
    }
    stale = [alert for alert in shown if alert["type"] == "documentation_stale"]
    assert all(alert[name] is None for alert in stale for name in ("metric", "value", "threshold", "feature"))


def test_default_has_alerts_and_incidents_on_both_sides_of_thirty_days():
    resolved = [alert.resolved_at for row in rows("default") for alert in row["alerts"] if alert.resolved_at]
    incidents = [each for row in rows("default") for each in row["incidents"]]
    for times in (resolved, incidents):
        assert min(times) < NOW - 30 * DAY < max(times)


def test_default_shows_every_health_and_monitoring_on_and_off():
    told = [answered("default", f"/v1/systems/{row['id']}/monitoring")["data"] for row in rows("default")]
    assert {each["overall_health"] for each in told} == {"healthy", "warning", "critical"}
    of_classified = [each for each in told if each["days_since_last_review"] is not None]
    assert {each["monitoring_active"] for each in of_classified} == {True, False}
    assert any(row["reviewed_at"] for row in rows("default"))


@pytest.mark.parametrize("target", DOCUMENTED)
def test_the_documented_system_is_the_same_in_default_as_in_docs(target):
    # Both worlds are born at the moment that `docs` declares, so that even the offsets come out as printed there.
    assert answered("default", target) == answered("docs", target)


def test_the_documented_system_is_listed_in_default_as_in_docs():
    assert listed("docs")[0] in listed("default")


@pytest.mark.parametrize("hours", range(0, 20, 4))
def test_the_documented_system_keeps_its_figures_for_hours(hours):
    told = answered("default", "/v1/systems/sys_abc123/monitoring", NOW + hours * HOUR)["data"]
    assert (told["days_since_last_review"], told["documentation_score"]) == (29, 87)
    assert told["overall_health"] == "warning"


def test_the_name_of_the_documents_other_system_is_free_in_every_fixture():
    assert all(row["name"] != "Loan Approval Engine" for fixture in SHIPPED for row in rows(fixture))


# Seeded fixtures.


@settings(deadline=None)
@given(sizes, seeds)
def test_a_seeded_fixture_is_a_function_of_its_size_and_seed(systems, seed):
    text = fixture_text(systems, seed)
    assert text == fixture_text(systems, seed)
    assert text.startswith("{")


@settings(deadline=None)
@given(st.integers(1, 12), seeds, seeds)
def test_two_seeds_give_two_fixtures(systems, one, other):
    assert (seeded(systems, one)["systems"] == seeded(systems, other)["systems"]) == (one == other)


@settings(deadline=None)
@given(sizes, sizes, seeds)
def test_a_smaller_fixture_holds_the_first_systems_of_a_larger_one(few, more, seed):
    few, more = sorted((few, more))
    assert seeded(few, seed)["systems"] == seeded(more, seed)["systems"][:few]


@settings(deadline=None)
@given(sizes, seeds, st.integers(40 * 365 * DAY, 80 * 365 * DAY))
def test_a_seeded_fixture_is_read_back_whole(systems, seed, birth):
    fixture = read_fixture(seeded(systems, seed))
    table = workspace_of(fixture, birth).table("systems")
    assert table.count() == len(fixture["systems"]) == systems


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 200), seeds)
def test_ids_names_and_jobs_of_a_seeded_fixture_differ(systems, seed):
    rows = seeded(systems, seed)["systems"]
    idents = [row["id"] for row in rows]
    names = [row["name"] for row in rows]
    numbers = [job["id"] for row in rows for job in row.get("jobs", ())]
    for values in (idents, names, numbers):
        assert len(set(values)) == len(values)


@settings(deadline=None)
@given(sizes, seeds)
def test_a_seeded_fixture_has_one_system_a_line_and_is_yaml_too(systems, seed):
    text = fixture_text(systems, seed)
    assert yaml.safe_load(text) == json.loads(text)
    lines = [line for line in text.splitlines() if line.startswith('{"id":"sys_')]
    assert [json.loads(line.rstrip(",")) for line in lines] == seeded(systems, seed)["systems"]


def test_about_five_of_six_seeded_systems_are_classified_and_all_tiers_come_up():
    rows = list(workspace_of(read_fixture(seeded(600, 7)), NOW).table("systems").all())
    tiers = [tier_of(row) for row in rows]
    assert set(tiers) == TIERS | {None}
    assert 0.1 < tiers.count(None) / len(tiers) < 0.25
    assert all(tiers.count(tier) > 10 for tier in TIERS)


def test_kinds_of_seeded_systems_differ():
    assert len({kind[0] for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("systems", [-1, MOST + 1, 10**9])
def test_a_size_out_of_bounds_is_refused_with_exit_2(systems, capsys):
    with pytest.raises(ValueError, match=f"expected an integer from 0 to {MOST}, got {systems}"):
        fixture_text(systems, 0)
    assert main(["seed", "--systems", str(systems)]) == USAGE
    out, err = capsys.readouterr()
    assert not out
    assert "expected an integer from 0" in err


def test_the_command_writes_the_fixture_to_standard_output(capsys):
    assert main(["seed", "--systems", "3", "--seed", "4"]) == 0
    assert capsys.readouterr().out == fixture_text(3, 4)


def test_the_large_fixture_is_what_the_generator_writes():
    path = files.find("fixtures", "aikraft", "large")
    committed, fresh = path.read_text().splitlines(), fixture_text(10_000, 1).splitlines()
    assert len(committed) == len(fresh)
    changed = [line for line, other in zip(committed, fresh, strict=True) if line != other]
    assert [line.split(":")[0].strip(' {"') for line in changed] == ["fixture", "summary"]
    assert path.stat().st_size < 4 << 20


def test_the_large_fixture_answers():
    assert answered("large", "/v1/systems")["meta"]["total"] == 10_000
    for row in rows("large")[::500]:
        answered("large", f"/v1/systems/{row['id']}/monitoring")
    for job in jobs("large")[::200]:
        answered("large", f"/v1/jobs/{job['id']}")
