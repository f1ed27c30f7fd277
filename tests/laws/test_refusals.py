"""Each cause that the contract lists in `x-refusals`, provoked once."""

import pytest

from tests.laws.test_ingest import BASELINE, PATH, batch, window
from tests.support import ENTERPRISE, LOAN, ask, realm, said, world_of

DOCUMENTS = "/v1/systems/sys_abc123/documents"
CLASSIFY = "/v1/systems/sys_abc123/classification"
NOWHERE = "sys_zzzzzz"


def _named():
    return ask(world_of(), "POST", "/v1/systems", LOAN).world


def _second_page():
    world = ask(world_of(), "POST", "/v1/systems", LOAN).world
    return said(ask(world, "GET", "/v1/systems?limit=1"))["meta"]["cursor"]


def _unclassified():
    made = ask(world_of(), "POST", "/v1/systems", LOAN)
    return made.world, said(made)["data"]["id"]


def _bad(**changes):
    return batch(9, window(0, {5: 3}, **changes))


BODIES = {
    "createSystem": ("/v1/systems", ("body-missing", "body-unparsable", "body-not-json")),
    "createClassification": (CLASSIFY, ("body-unparsable", "body-not-json")),
    "createDocuments": (DOCUMENTS, ("body-missing", "body-unparsable", "body-not-json")),
    "ingestAggregates": (PATH, ("body-missing", "body-unparsable", "body-not-json")),
}
SENT = {
    "body-missing": (None, {}),
    "body-unparsable": (b"{", {}),
    "body-not-json": (b"{}", {"content_type": "text/plain"}),
}
CASES = {
    **{
        (operation, cause): lambda path=path, cause=cause: ask(
            world_of(), "POST", path, SENT[cause][0], **SENT[cause][1]
        )
        for operation, (path, causes) in BODIES.items()
        for cause in causes
    },
    ("listSystems", "cursor-malformed"): lambda: ask(world_of(), "GET", "/v1/systems?cursor=garbage"),
    ("listSystems", "cursor-of-another-filter"): lambda: ask(
        world_of(), "GET", f"/v1/systems?risk_tier=high&cursor={_second_page()}"
    ),
    ("createSystem", "name-taken"): lambda: ask(_named(), "POST", "/v1/systems", {**LOAN, "name": f" {LOAN['name']} "}),
    ("getClassification", "system-not-found"): lambda: ask(world_of(), "GET", f"/v1/systems/{NOWHERE}/classification"),
    ("getClassification", "classification-missing"): lambda: ask(
        _unclassified()[0], "GET", f"/v1/systems/{_unclassified()[1]}/classification"
    ),
    ("createClassification", "system-not-found"): lambda: ask(
        world_of(), "POST", f"/v1/systems/{NOWHERE}/classification"
    ),
    ("createDocuments", "system-not-found"): lambda: ask(
        world_of(), "POST", f"/v1/systems/{NOWHERE}/documents", {"sections": "all"}
    ),
    ("createDocuments", "system-unclassified"): lambda: ask(
        _unclassified()[0], "POST", f"/v1/systems/{_unclassified()[1]}/documents", {"sections": "all"}
    ),
    ("getJob", "job-not-found"): lambda: ask(world_of(), "GET", "/v1/jobs/job_zzzzzz"),
    ("getMonitoring", "system-not-found"): lambda: ask(world_of(), "GET", f"/v1/systems/{NOWHERE}/monitoring"),
    ("ingestAggregates", "workspace-not-found"): lambda: ask(
        world_of(), "POST", PATH.replace("ws_enterprise", "ws_x"), BASELINE
    ),
    ("ingestAggregates", "system-not-found"): lambda: ask(
        world_of(), "POST", PATH.replace("sys_abc123", NOWHERE), BASELINE
    ),
    ("ingestAggregates", "system-unclassified"): lambda: ask(
        _unclassified()[0], "POST", PATH.replace("sys_abc123", _unclassified()[1]), BASELINE
    ),
    ("ingestAggregates", "window-time"): lambda: ask(world_of(), "POST", PATH, _bad(start="1500-01-01T00:00:00Z")),
    ("ingestAggregates", "window-order"): lambda: ask(world_of(), "POST", PATH, _bad(end="2026-04-09T08:00:00Z")),
    ("ingestAggregates", "window-too-long"): lambda: ask(world_of(), "POST", PATH, _bad(end="2026-04-10T09:00:01Z")),
    ("ingestAggregates", "counts-exceed-calls"): lambda: ask(world_of(), "POST", PATH, _bad(calls=2)),
}


@pytest.mark.parametrize(("operation", "cause"), CASES)
def test_each_listed_refusal_occurs_as_listed(operation, cause):
    outcome = CASES[operation, cause]()
    refusal = realm().keyring.api.contract.operations[operation].refusals[cause]
    assert (outcome.operation, outcome.cause) == (operation, cause)
    assert outcome.response.status == refusal.status
    assert said(outcome)["error"]["code"] == refusal.code


def test_every_listed_refusal_is_provoked_above():
    operations = realm().keyring.api.contract.operations
    assert set(CASES) == {(operation.id, cause) for operation in operations.values() for cause in operation.refusals}


def test_the_key_of_these_tests_is_on_the_enterprise_plan():
    assert world_of(ENTERPRISE).charter.owner["plan"] == "enterprise"
