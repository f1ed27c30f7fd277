"""A day of the client under every scenario that a service could legally play: done or given up, and no bad guest."""

import pytest
from patience import GaveUp, Unclear

CALM = ["drift-alert", "drift-storm", "critical-incident", "slow", "rate-limited"]
ROUGH = ["flaky", "brown-out", "outage-and-recovery", "lost-writes", "stale-reads", "stuck-jobs", "failing-jobs"]
HOSTILE = ["hung", "quota-lies", "hostile-but-legal", "everything-at-once"]


@pytest.mark.parametrize("name", CALM)
def test_whatever_only_takes_time_gets_done(aikraft_sandbox, compliance, name, blame):
    aikraft_sandbox.scenario(name)
    assert len(a_day(compliance)) == 27
    assert blame(aikraft_sandbox) == []


@pytest.mark.parametrize("name", ROUGH + HOSTILE)
def test_whatever_fails_ends_in_an_error_of_ours_and_no_verdict(aikraft_sandbox, compliance, name, blame):
    aikraft_sandbox.scenario(name)
    try:
        a_day(compliance)
    except (GaveUp, Unclear) as reason:
        print(name, reason)
    assert blame(aikraft_sandbox) == []


def a_day(compliance):
    for number in range(3):
        compliance.register(f"Engine {number}", description="Scores.", purpose="Credit", domain="Finance / Credit")
    compliance.document("sys_abc123", [1, 2])
    compliance.open_alerts("sys_abc123")
    return compliance.systems()
