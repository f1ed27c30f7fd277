"""What is a guess, and which guesses a journal shows that its client leaned on: the open points, the proofs, the laws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import contract_of
from sandbox.core.fidelity import PROOFS, guesses_of, leaned_on, shown_to
from sandbox.core.provenance import sights_of
from sandbox.core.timeline import Entry
from sandbox.core.wording import id_of
from sandbox.settings import APIS
from tests.laws.open_points import DECIDED, LARGE, MARKED, PROVOKED, Call
from tests.laws.test_views import ENTRIES
from tests.steering import acts, helm, went
from tests.stories.stage import CTRLAI, KEY, Stage, system, unit

KEYS = {"aikraft": KEY, "ctrlai": CTRLAI}
GUESSES = {api: {each.id: each for each in guesses_of(contract_of(api))} for api in APIS}


def entries_of(stage: Stage) -> list[Entry]:
    """Return the requests of every world of the stage, and of its lobby."""
    (shelf,) = stage.store.shelves
    timelines = [*(each.timeline for each in shelf.slots.values()), shelf.lobby.timeline]
    return [entry for timeline in timelines for entry in timeline.journal if entry.errand is None]


def leaned(entries: list[Entry], api: str) -> set[str]:
    return {each.guess.id for each in leaned_on(entries, contract_of(api))}


def shown(entries: list[Entry], api: str) -> set[str]:
    return {each.guess.id for each in shown_to(entries, contract_of(api))}


# What is a guess.


@pytest.mark.parametrize("api", APIS)
def test_every_guess_has_a_name_of_its_own_a_sentence_and_a_reason(api):
    guesses = guesses_of(contract_of(api))
    assert len(guesses) == len(GUESSES[api]) > 100
    for each in guesses:
        assert each.behaviour.strip() == each.behaviour
        assert each.behaviour[-1] in ".`", each
        assert each.because.strip()
        assert each.operation is None or each.operation in contract_of(api).operations


@pytest.mark.parametrize("api", APIS)
def test_only_a_decision_between_two_documents_may_be_documented(api):
    for each in guesses_of(contract_of(api)):
        assert each.provenance in (
            ("documented", "inferred", "invented") if "decision " in each.id else ("inferred", "invented")
        )


@pytest.mark.parametrize("api", APIS)
def test_two_places_that_are_called_alike_are_one_guess(api):
    for sight in sights_of(contract_of(api)):
        assert sight.guess == GUESSES[api][sight.guess.id]


@pytest.mark.parametrize("api", APIS)
def test_every_mark_has_its_source(api):
    def marked(node: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            if "x-provenance" in node:
                yield node
            for each in node.values():
                yield from marked(each)
        elif isinstance(node, tuple):
            for each in node:
                yield from marked(each)

    found = list(marked(contract_of(api).document))
    assert len(found) > 100
    assert all(
        each["x-provenance"] in ("documented", "inferred", "invented") and each["x-source"].strip() for each in found
    )


def test_a_guess_is_called_by_its_place_and_what_many_places_share_by_its_name():
    aikraft, ctrlai = GUESSES["aikraft"], GUESSES["ctrlai"]
    assert aikraft["createClassification"].operation == "createClassification"
    assert aikraft["getJob 200"].provenance == "invented"
    assert aikraft["getJob 200 data.job_id"].provenance == "inferred"
    assert aikraft["response MethodNotAllowed"].operation is None
    assert aikraft["decision cursor-form"].provenance == "invented"
    assert ctrlai["createApiKey body role"].behaviour == "Each may do all that the ones before it may."
    assert ctrlai["listInferences ?mode"].operation == "listInferences"
    assert ctrlai["removeDomainMember {userId}"].provenance == "invented"
    assert ctrlai["infer 200 data.segments[].tainted"].provenance == "invented"


def test_a_part_whose_mark_is_that_of_what_encloses_it_is_no_guess_of_its_own():
    ids = set(GUESSES["aikraft"])
    assert (
        not {"createClassification 201", "getJob 200 data", "getJob 200 data.progress", "getJob 200 data.document"}
        & ids
    )
    assert not {"listSystems", "createSystem", "createSystem body name", "listSystems ?cursor"} & ids


# The open points of the documents.


@pytest.mark.parametrize("api", APIS)
def test_every_open_point_of_the_documents_is_a_decision_or_a_marked_part(api):
    decided = [f"decision {slug}" for area in DECIDED[api].values() for slug in area.split()]
    assert len(set(decided)) == len(decided)
    assert {each for each in GUESSES[api] if each.startswith("decision ")} == set(decided)
    assert {ident: GUESSES[api][ident].provenance for ident in MARKED[api]} == MARKED[api]


# Each decision that a journal can show is shown by a request.


class Scene:
    """A stage of an API on which one request after the other is made, and those entries that are new."""

    def __init__(self, api: str) -> None:
        self.stage = Stage(None, key=KEYS[api], quota="off")
        self.seen: set[tuple[str, int]] = set()

    def after(self, calls: list[Call]) -> list[Entry]:
        made = ""
        for method, target, body, headers in calls:
            if target.startswith("/__admin"):
                self.stage.admin(method, target.removeprefix("/__admin"), body)
                continue
            named = {name: value.replace("<made>", made) for name, value in headers.items()}
            sent = json.loads(json.dumps(body).replace("<made>", made)) if isinstance(body, dict) else body
            reply = self.stage.ask(method, target, sent, **named)
            made = reply.data.get("key") or reply.data.get("id", "") if reply.status == 201 else ""
        fresh = [each for each in entries_of(self.stage) if (each.charter.name, each.ordinal) not in self.seen]
        self.seen |= {(each.charter.name, each.ordinal) for each in fresh}
        return fresh


@pytest.fixture(scope="module")
def scenes():
    return {api: Scene(api) for api in APIS}


ROWS = [(api, slug) for api in APIS for slug in PROVOKED[api]]


@pytest.mark.parametrize(("api", "slug"), ROWS, ids=lambda each: each)
def test_a_request_shows_that_a_client_met_the_decision(scenes, api, slug):
    last = max(scenes[api].after(PROVOKED[api][slug]), key=lambda each: (each.wall, each.at, each.ordinal))
    assert f"decision {slug}" in leaned([last], api)


@pytest.mark.parametrize("api", APIS)
def test_every_decision_that_a_journal_can_show_is_provoked(api):
    assert set(PROVOKED[api]) == {each.id for each in contract_of(api).decisions if each.when is not None}


# What documented behaviour leans on.


REFERENCE: list[tuple[str, str, Any]] = [
    ("GET", "/v1/systems", None),
    ("GET", "/v1/systems?risk_tier=high&limit=20", None),
    ("POST", "/v1/systems", {
        "name": "Loan Approval Engine",
        "description": "Scores personal loan applications using applicant financial history and behavioural data.",
        "purpose": "Automate initial credit decisions to reduce processing time",
        "domain": "Financial Services / Credit Assessment",
    }),
    ("GET", "/v1/systems/sys_abc123/classification", None),
    ("POST", "/v1/systems/sys_abc123/documents", {"sections": ["all"], "language": "en"}),
    ("POST", "/v1/systems/sys_abc123/documents", {"sections": [1, 2, 6]}),
    ("GET", "/v1/systems/sys_abc123/monitoring", None),
    ("GET", "/v1/systems/sys_000000/classification", None),
]  # fmt: skip
"""The calls of Aikraft's reference, with the key that it shows, and its example of an error."""

OVERVIEW: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/inference", {"query": "What is the credit risk of a monthly debt of 1500?", "includeUnverified": False}),
    ("POST", "/api/v1/inference", {}),
    ("GET", "/api/v1/units?status=verified&unitType=program&limit=20&offset=0", None),
    ("GET", "/api/v1/workflows?limit=20", None),
    ("GET", "/api/v1/audit?startDate=2026-01-01&limit=50", None),
    ("GET", "/api/v1/audit/inference", None),
    ("POST", "/api/v1/units", {"name": "Ratio", "unitType": "pattern", "domainId": "01HXD0MA1N0000000000CRED1T", "given": "Debt"}),
    ("DELETE", "/api/v1/units/01HXVN1T0000000000TH1NF11E", None),
    ("GET", "/api/v1/orgs/acme/api-keys", None),
    ("POST", "/api/v1/orgs/acme/api-keys", {"name": "ci"}),
]  # fmt: skip
"""Calls that Ctrl AI's overview and pages show or name, and the overview's example of an error."""

DOCUMENTED = {
    "aikraft": (REFERENCE, "ak_live_your_api_key_here", "docs"),
    "ctrlai": (OVERVIEW, CTRLAI, "default"),
}


@pytest.mark.parametrize("api", APIS)
def test_who_does_what_the_documents_show_leans_on_nothing_invented(api):
    calls, key, fixture = DOCUMENTED[api]
    stage = Stage(None, key=key, fixture=fixture)
    for method, target, body in calls:
        assert stage.ask(method, target, body).status in (200, 201, 202, 400, 404)
    entries = entries_of(stage)
    assert len(entries) == len(calls)
    found = leaned_on(entries, contract_of(api))
    assert [each for each in found if each.guess.provenance == "invented"] == []


def test_what_was_leaned_on_is_told_with_the_first_requests_that_did():
    stage = Stage(None, key=KEY)
    for _ in range(PROOFS + 2):
        stage.post("/v1/systems/sys_abc123/classification", {"answers": {"profiling": True}})
    entries = entries_of(stage)
    found = {each.guess.id: each.ids for each in leaned_on(entries, contract_of("aikraft"))}
    first = tuple(id_of(each.charter, each.ordinal) for each in entries[:PROOFS])
    assert found["createClassification"] == found["createClassification body"] == first
    assert found["decision classification-at-once"] == first


def test_a_body_that_was_not_sent_and_a_parameter_that_was_not_are_not_leaned_on():
    stage = Stage(None, key=KEY)
    stage.post("/v1/systems/sys_abc123/classification")
    assert "createClassification body" not in leaned(entries_of(stage), "aikraft")
    stage = Stage(None, key=CTRLAI)
    stage.get("/api/v1/audit/inference")
    assert "listInferences ?mode" not in leaned(entries_of(stage), "ctrlai")
    stage.get("/api/v1/audit/inference?mode=neural_only")
    assert "listInferences ?mode" in leaned(entries_of(stage), "ctrlai")


@pytest.mark.parametrize(("api", "method", "target", "ident"), [
    ("aikraft", "POST", "/v1/systems", "response PayloadTooLarge"),
    ("ctrlai", "POST", "/api/v1/units", "response PayloadTooLarge"),
    ("ctrlai", "DELETE", "/api/v1/units/01HXVN1T000000000000000DT1", "deleteUnit 409"),
    ("ctrlai", "DELETE", "/api/v1/domains/credit-risk", "deleteDomain 409"),
    ("ctrlai", "DELETE", "/api/v1/orgs/acme/members/01HXMEMBER000000000000ADAM", "response LastAdmin"),
])  # fmt: skip
def test_an_answer_is_leaned_on_by_its_status(api, method, target, ident):
    stage = Stage(None, key=KEYS[api])
    stage.ask(method, target, LARGE if method == "POST" else None)
    assert ident in leaned(entries_of(stage), api)


def test_a_field_of_a_body_is_leaned_on_where_it_was_sent_however_deep():
    stage = Stage(None, key=CTRLAI)
    stage.post("/api/v1/units", unit("Plain"))
    assert not {"schema Definition", "schema Signature"} & leaned(entries_of(stage), "ctrlai")
    stage.post("/api/v1/units", unit("Typed", inputSchema={"dti": "number"}, definition={"elements": []}))
    assert {"schema Definition", "schema Signature"} <= leaned(entries_of(stage), "ctrlai")
    stage.post("/api/v1/units/01HXVN1T0000000000000001TV/verify", {"action": "approve", "elementReviews": []})
    assert "verifyUnit body elementReviews[]" not in leaned(entries_of(stage), "ctrlai")
    reviews = [{"elementId": "given", "action": "approve"}]
    stage.post("/api/v1/units/01HXVN1T0000000000000001TV/verify", {"action": "approve", "elementReviews": reviews})
    assert "verifyUnit body elementReviews[]" in leaned(entries_of(stage), "ctrlai")


def test_the_fields_of_an_answer_are_shown_and_never_leaned_on():
    stage = Stage(None, key=KEY)
    job = stage.post("/v1/systems/sys_abc123/documents", {"sections": "all"}).data["job_id"]
    stage.get(f"/v1/jobs/{job}")
    entries = entries_of(stage)
    fields = {each for each in GUESSES["aikraft"] if each.startswith("getJob 200 ")}
    assert fields
    assert "getJob 200" in leaned(entries, "aikraft")
    assert fields <= shown(entries, "aikraft")
    assert not shown(entries, "aikraft") & leaned(entries, "aikraft")


def test_a_field_that_an_answer_does_not_have_was_not_shown():
    stage = Stage(None, key=CTRLAI)
    stage.post("/api/v1/inference", {"query": "What is the credit risk of a monthly debt of 1500?"})
    assert not {"infer 200 data.segments[].tainted", "infer 200 data.pendingQuestions[]"} & shown(
        entries_of(stage), "ctrlai"
    )
    asked = "What is the mortgage tier for a loanAmount of 180000 and a propertyValue of 240000?"
    stage.post("/api/v1/inference", {"query": asked, "includeUnverified": True})
    assert "infer 200 data.segments[].tainted" in shown(entries_of(stage), "ctrlai")


BROKEN = {
    "scenario": "broken", "api": "aikraft", "summary": "Every connection breaks.",
    "rules": [{"name": "all", "when": {"path": "**"}, "then": {"hangup": "CONNECTION_RESET_BY_PEER", "after": "commit"}}],
}  # fmt: skip
PUT_OFF = {
    "scenario": "put-off", "api": "aikraft", "summary": "Writes come late.",
    "rules": [{"name": "all", "when": {"method": "POST"}, "then": {"commit": {"outcome": "late", "after": "1m"}}}],
}  # fmt: skip


def test_a_broken_connection_proves_nothing_and_shows_nothing():
    stage = Stage(BROKEN, key=KEY)
    assert stage.post("/v1/systems/sys_abc123/classification", {"answers": {}}).broken
    assert not leaned(entries_of(stage), "aikraft")
    assert not shown(entries_of(stage), "aikraft")


def test_what_a_fault_had_put_off_was_not_asked_by_the_client():
    stage = Stage(PUT_OFF, key=KEY)
    stage.post("/v1/systems/sys_abc123/classification", {"answers": {}})
    stage.later("2m")
    stage.admin("GET", "/clock")
    entries = entries_of(stage)
    assert [each.response.status for each in entries][1:] == [201]
    assert not {"createClassification", "decision classification-at-once"} & leaned(entries[1:], "aikraft")


def test_what_was_sent_and_is_declared_nowhere_is_a_decision_only_if_it_was_accepted():
    stage = Stage(None, key=KEY)
    stage.post("/v1/systems?sort=name", {**system("One"), "colour": "red", "name": ""})
    both = {"decision unknown-fields", "decision unknown-parameters"}
    assert not both & leaned(entries_of(stage), "aikraft")
    stage.post("/v1/systems?sort=name", {**system("One"), "colour": "red"})
    assert both <= leaned(entries_of(stage), "aikraft")


# The control plane.


def test_the_control_plane_tells_every_guess_and_what_leaned_on_it_and_what_showed_it():
    stage = Stage(None, key=KEY)
    job = stage.post("/v1/systems/sys_abc123/documents", {"sections": "all"}).data["job_id"]
    stage.get(f"/v1/jobs/{job}")
    told = stage.admin("GET", "/fidelity")
    assert [each["id"] for each in told["guesses"]] == list(GUESSES["aikraft"])
    assert told["meta"] == {"total": len(GUESSES["aikraft"])}
    by_id = {each["id"]: each for each in told["guesses"]}
    asked = entries_of(stage)[-1]
    request = id_of(asked.charter, asked.ordinal)
    assert (by_id["getJob 200"]["leaned"], by_id["getJob 200"]["shown"]) == ([request], [])
    assert (by_id["getJob 200 data.status"]["leaned"], by_id["getJob 200 data.status"]["shown"]) == ([], [request])
    assert by_id["getJob 200"]["because"] == GUESSES["aikraft"]["getJob 200"].because


def test_the_control_plane_tells_those_of_one_provenance_or_those_that_were_leaned_on():
    stage = Stage(None, key=CTRLAI)
    stage.get("/api/auth/session", authorization=f"Bearer {CTRLAI}")
    told = {each["id"]: each for each in stage.admin("GET", "/fidelity?provenance=invented&leaned=true")["guesses"]}
    assert set(told) == {"getSession"}
    rest = stage.admin("GET", "/fidelity?leaned=false")
    assert rest["meta"]["total"] == len(GUESSES["ctrlai"]) - 1
    assert {each["provenance"] for each in stage.admin("GET", "/fidelity?provenance=documented")["guesses"]} == {
        "documented"
    }
    assert stage.admin("GET", "/fidelity?provenance=rumoured", expect=400)["cause"] == "contract"
    assert stage.admin("GET", "/fidelity?leaned=maybe", expect=400)["cause"] == "contract"


# The laws.

STORIES = st.lists(acts, max_size=20)


@given(STORIES, st.integers(0, 20))
@settings(max_examples=20, deadline=None)
def test_what_was_leaned_on_or_shown_stays_so_while_the_journal_goes_on(story, length):
    contract = contract_of("aikraft")
    entries = list(went(helm(), story)[0].timeline.journal)
    for tell in (leaned_on, shown_to):
        whole = {each.guess: each.ids for each in tell(entries, contract)}
        for each in tell(entries[:length], contract):
            assert whole[each.guess][: len(each.ids)] == each.ids


@given(STORIES)
@settings(max_examples=20, deadline=None)
def test_whatever_happens_only_guesses_are_leaned_on_in_their_order_and_proven_by_requests(story):
    contract = contract_of("aikraft")
    entries = list(went(helm(), story)[0].timeline.journal)
    requests = {id_of(each.charter, each.ordinal) for each in entries if each.errand is None}
    for tell in (leaned_on, shown_to):
        found = tell(entries, contract)
        assert [each.guess for each in found] == [
            each for each in guesses_of(contract) if each in {one.guess for one in found}
        ]
        for each in found:
            assert 0 < len(each.ids) <= PROOFS
            assert set(each.ids) <= requests
    assert {each.guess for each in leaned_on(entries, contract)}.isdisjoint(
        each.guess for each in shown_to(entries, contract)
    )


@given(st.lists(ENTRIES, max_size=8))
@settings(max_examples=15, deadline=None)
def test_whatever_may_stand_in_an_entry_is_read(entries):
    contract = contract_of("aikraft")
    assert {each.guess.id for each in leaned_on(entries, contract)} <= set(GUESSES["aikraft"])
    assert {each.guess.id for each in shown_to(entries, contract)} <= set(GUESSES["aikraft"])
