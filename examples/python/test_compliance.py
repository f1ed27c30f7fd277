"""What a test can do with `aikraft_sandbox`, one idea a test; read from top to bottom."""

from datetime import timedelta

import pytest
from compliance import Compliance
from patience import GaveUp, Patient, Refused, Unclear

from sandbox.testing import Sandbox

LOAN = {
    "description": "Scores loan applications.",
    "purpose": "Automate credit decisions",
    "domain": "Financial Services / Credit Assessment",
}


def test_a_world_is_full_of_data_from_the_first_request_on(compliance):
    assert "sys_abc123" in [each["id"] for each in compliance.systems()]


def test_what_is_written_is_there(compliance):
    made = compliance.register("Loan Approval Engine", **LOAN)
    assert made["id"] in [each["id"] for each in compliance.systems()]


def test_no_other_test_sees_it(compliance):
    assert "Loan Approval Engine" not in [each["name"] for each in compliance.systems()]


@pytest.mark.sandbox(fixture="empty")
def test_a_world_can_begin_without_anything(compliance):
    assert compliance.systems() == []


@pytest.mark.sandbox(plan="starter", scope="read")
def test_a_key_may_do_what_its_plan_and_its_scope_allow(compliance):
    with pytest.raises(Refused) as refused:
        compliance.register("Loan Approval Engine", **LOAN)
    assert refused.value.status == 403


def test_short_pages_are_read_to_the_end(aikraft_sandbox):
    compliance = Compliance(Patient(aikraft_sandbox.client), page=5)
    assert len(compliance.systems()) == 24
    aikraft_sandbox.verify({"operation": "listSystems", "query": {"limit": "5"}}, exactly=5)


def test_an_empty_page_is_not_the_end_of_the_list(aikraft_sandbox, compliance):
    aikraft_sandbox.fault(when={"operation": "listSystems"}, then={"variant": "empty_page"}, times=1)
    assert len(compliance.systems()) == 24


def test_time_stands_still_until_it_is_moved(aikraft_sandbox):
    began = aikraft_sandbox.clock.now
    aikraft_sandbox.clock.advance("3d")
    assert aikraft_sandbox.clock.now == began + timedelta(days=3)


def test_waiting_costs_no_time_at_all(aikraft_sandbox, compliance):
    began = aikraft_sandbox.clock.now
    assert compliance.document("sys_abc123")["status"] == "completed"
    assert aikraft_sandbox.clock.now >= began + timedelta(seconds=60)


@pytest.mark.sandbox(scenario="rate-limited")
def test_a_client_waits_for_the_quota_as_long_as_it_is_told(aikraft_sandbox, compliance):
    for _ in range(15):
        compliance.systems()
    aikraft_sandbox.verify({"operation": "listSystems", "status": 429}, at_least=1)
    aikraft_sandbox.verify({"mark": "early_retry"}, exactly=0)


@pytest.mark.sandbox(plan="starter")
def test_the_quota_itself_is_the_plans_and_refills_with_the_clock(aikraft_sandbox):
    client = aikraft_sandbox.client
    while (answer := client.get("/v1/systems")).status_code == 200:
        continue
    aikraft_sandbox.verify({"status": 200}, exactly=150)
    aikraft_sandbox.clock.advance(int(answer.headers["Retry-After"]))
    assert client.get("/v1/systems").status_code == 200


def test_a_single_fault_strikes_once(aikraft_sandbox, compliance):
    aikraft_sandbox.fault(when={"operation": "getMonitoring"}, then={"error": {"status": 500}}, times=1)
    assert compliance.open_alerts("sys_abc123")
    assert [each.status for each in aikraft_sandbox.requests] == [500, 200]


def test_a_lost_answer_makes_no_duplicate(aikraft_sandbox, compliance):
    aikraft_sandbox.fault(
        when={"operation": "createSystem"}, then={"hangup": "CONNECTION_RESET_BY_PEER", "after": "commit"}, times=1
    )
    compliance.register("Loan Approval Engine", **LOAN)
    assert [each["name"] for each in compliance.systems()].count("Loan Approval Engine") == 1
    aikraft_sandbox.verify({"operation": "createSystem"}, exactly=1)


def test_a_write_that_never_arrived_is_sent_again(aikraft_sandbox, compliance):
    aikraft_sandbox.fault(when={"operation": "createSystem"}, then={"commit": "drop_before"}, times=1)
    compliance.register("Loan Approval Engine", **LOAN)
    aikraft_sandbox.verify({"operation": "createSystem"}, exactly=2)


def test_a_job_whose_start_is_unclear_is_not_paid_twice(aikraft_sandbox, compliance):
    aikraft_sandbox.fault(when={"operation": "createDocuments"}, then={"hangup": "EMPTY_RESPONSE"})
    with pytest.raises(Unclear):
        compliance.document("sys_abc123")
    aikraft_sandbox.verify({"operation": "createDocuments"}, exactly=1)


def test_a_service_that_is_down_is_left_alone_after_a_while(aikraft_sandbox, compliance, blame):
    aikraft_sandbox.fault(then={"error": {"status": 500}})
    with pytest.raises(GaveUp):
        compliance.systems()
    assert blame(aikraft_sandbox) == []


@pytest.mark.sandbox(scenario="drift-alert")
def test_a_drift_warns_on_the_second_day_and_is_critical_on_the_third(aikraft_sandbox, compliance):
    def severities():
        return {each["severity"] for each in compliance.open_alerts("sys_abc123").values()}

    aikraft_sandbox.clock.advance("2d")
    assert severities() == {"warning"}
    aikraft_sandbox.clock.advance("1d")
    assert severities() == {"critical"}
    aikraft_sandbox.clock.advance("2d")
    assert severities() == set()


@pytest.mark.sandbox(scenario="stuck-jobs")
def test_a_job_that_never_ends_is_given_up(aikraft_sandbox, compliance, blame):
    compliance.document("sys_abc123")
    with pytest.raises(GaveUp, match="in_progress"):
        compliance.document("sys_abc123")
    assert blame(aikraft_sandbox) == []


MINE = {
    "scenario": "mine",
    "api": "aikraft",
    "summary": "The first job fails for want of a source.",
    "rules": [{"when": {"operation": "createDocuments", "nth": 1}, "then": {"job": {"fate": "fail", "after": "30s"}}}],
}


@pytest.mark.sandbox(scenario=MINE)
def test_a_scenario_of_ones_own_is_a_document(compliance):
    assert [compliance.document("sys_abc123")["status"] for _ in range(2)] == ["failed", "completed"]


def test_the_sandbox_judges_the_client(aikraft_sandbox, blame):
    aikraft_sandbox.fault(then={"rate_limit": {"exhausted": True}})
    for _ in range(2):
        aikraft_sandbox.client.get("/v1/systems")
    assert blame(aikraft_sandbox) == ["retried-too-early"]


def test_what_was_sent_can_be_verified(aikraft_sandbox, compliance):
    compliance.register("Loan Approval Engine", **LOAN)
    aikraft_sandbox.verify({"operation": "createSystem", "body": {"$.domain": {"contains": "Credit"}}}, exactly=1)
    with pytest.raises(AssertionError, match="got"):
        aikraft_sandbox.verify({"operation": "createSystem", "status": 422})


def test_a_world_goes_back_to_a_moment_that_has_a_name(aikraft_sandbox, compliance):
    aikraft_sandbox.snapshot("before")
    compliance.register("Loan Approval Engine", **LOAN)
    aikraft_sandbox.restore("before")
    assert len(compliance.systems()) == 24


def test_every_answer_can_be_explained(aikraft_sandbox, compliance):
    with pytest.raises(Refused):
        compliance.register("", **LOAN)
    (asked,) = aikraft_sandbox.requests
    failed = [each for each in aikraft_sandbox.explain(asked)["checks"] if each["result"] != "passed"]
    assert failed[0]["check"] == "request"


def test_a_run_is_a_file_that_replays_anywhere(aikraft_sandbox, compliance):
    compliance.register("Loan Approval Engine", **LOAN)
    capsule = aikraft_sandbox.capsule()
    with Sandbox(label="elsewhere") as elsewhere:
        assert elsewhere.client.post("/__admin/capsule", json=capsule).json()["replayed"] == len(capsule["records"])
        assert "Loan Approval Engine" in elsewhere.client.get("/v1/systems").text
