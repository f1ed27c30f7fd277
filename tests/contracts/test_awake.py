"""The judge is awake: whatever is broken on purpose, the same suite finds it. `test_apps.py` has more of it."""

from __future__ import annotations

import pytest

from sandbox.check.aikraft import AIKRAFT
from sandbox.check.alone import examine
from sandbox.check.ctrlai import CTRLAI
from sandbox.check.scripted import under
from sandbox.check.walking import walk
from tests.contracts import ctrlai_defects, defects, plane_defects
from tests.contracts.doors import over_wsgi
from tests.contracts.plane import PLANE

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")


@pytest.mark.parametrize("change", [defects.leaks_a_field, defects.hides_what_is_left])
def test_what_a_scenario_has_not_injected_is_found_while_it_plays(change: defects.Outward, fixture_name: str) -> None:
    judge = over_wsgi(under(AIKRAFT, {"name": "flaky"}), fixture_name, 5, defects.outward(change))
    judge.only(path="/systems")
    ledger = examine(judge)
    struck = {each for each in ledger.answers if each[2] == 500}
    assert struck
    assert {each.check for each in ledger.findings} & {"response_schema_conformance", "response_headers_conformance"}


@pytest.mark.parametrize("name", ctrlai_defects.BROKEN)
def test_a_broken_copy_of_ctrl_ai_is_found(name: str, fixture_name: str) -> None:
    broken = ctrlai_defects.BROKEN[name]
    judge = over_wsgi(CTRLAI, fixture_name, 5, broken.wrapped)
    judge.only(operation_id=broken.operation)
    assert broken.check in {each.check for each in examine(judge).findings}


def test_a_copy_of_ctrl_ai_that_forgets_its_new_units_has_uncovered_links(fixture_name: str) -> None:
    # No check objects: to Schemathesis a 404 may come of the session's cookie, which no link sets.
    broken = defects.outward(ctrlai_defects.forgets_new_units, CTRLAI.prefix)
    judge = over_wsgi(CTRLAI, fixture_name, 5, broken)
    judge.only(operation_id=["listDomains", "createUnit", "getUnit", "updateUnit", "deleteUnit"])
    ledger = walk(judge, sequences=30, steps=10)
    made = {name for name in ledger.links if name.startswith("POST /v1/units -> [201] ")}
    assert made
    assert made <= set(ledger.uncovered())


def test_a_copy_of_ctrl_ai_that_has_every_workflow_already_has_uncovered_links(fixture_name: str) -> None:
    broken = defects.outward(ctrlai_defects.is_always_taken, CTRLAI.prefix)
    judge = over_wsgi(CTRLAI, fixture_name, 5, broken)
    judge.only(operation_id=["listUnits", "createUnit", "createWorkflow", "getWorkflow", "deleteWorkflow"])
    ledger = walk(judge, sequences=30, steps=10)
    assert not ledger.findings
    made = {name for name in ledger.links if "POST /v1/workflows" in name}
    assert made
    assert made <= set(ledger.uncovered())


@pytest.mark.parametrize("name", plane_defects.BROKEN)
def test_a_broken_control_plane_is_found(name: str, fixture_name: str) -> None:
    broken = plane_defects.BROKEN[name]
    judge = over_wsgi(PLANE, fixture_name, 5, broken.wrapped)
    judge.only(operation_id=broken.operation)
    assert broken.check in {each.check for each in examine(judge).findings}


def test_a_control_plane_that_forgets_its_keys_has_uncovered_links(fixture_name: str) -> None:
    # No check objects: to Schemathesis a 404 may come of `world` or `api`, which no link sets.
    broken = defects.outward(plane_defects.forgets_keys, PLANE.prefix)
    judge = over_wsgi(PLANE, fixture_name, 5, broken)
    judge.only(operation_id=["mintKey", "changeKey", "revokeKey"])
    ledger = walk(judge, sequences=30, steps=6)
    assert ledger.links
    assert set(ledger.links) == set(ledger.uncovered())


def test_a_control_plane_that_is_always_overtaken_has_no_finding_and_uncovered_links(fixture_name: str) -> None:
    broken = defects.outward(plane_defects.is_always_overtaken, PLANE.prefix)
    judge = over_wsgi(PLANE, fixture_name, 5, broken)
    judge.only(operation_id=["getState", "putState", "getCapsule", "loadCapsule"])
    ledger = walk(judge, sequences=30, steps=6)
    assert not ledger.findings
    assert ledger.links
    assert set(ledger.links) == set(ledger.uncovered())
