"""A zoo of bad clients, each of which trips its own verdict and no other, a good client that trips none, and the laws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.timeline import Entry
from sandbox.core.verdict import SEVERITIES, Verdict
from sandbox.core.wording import id_of
from sandbox.verdicts.catalogue import NAMES, VERDICTS, judged
from sandbox.web.files import shipped
from tests.guests import GivesUp, Guest
from tests.laws.test_views import ENTRIES
from tests.steering import acts, helm, went
from tests.stories.stage import CTRLAI, KEY, Stage, system, unit

NOTED = "leaned-on-undocumented"
JOBS = frozenset({NOTED})
"""Switched off for whoever polls: no document shows what a job answers, so that every poll leans on an invention."""


def journal_of(stage: Stage, lobby: bool = False) -> list[Entry]:
    """Return the journal of the stage's world, or of its API's lobby."""
    (shelf,) = stage.store.shelves
    slot = shelf.lobby if lobby else next(iter(shelf.slots.values()))
    return list(slot.timeline.journal)


def verdicts(entries: Iterable[Entry], off: frozenset[str] = frozenset()) -> tuple[Verdict, ...]:
    """Return the verdicts on a journal; one without entries has none."""
    entries = list(entries)
    return judged(entries, entries[0].charter.api.contract, off) if entries else ()


def down(api: str, **then: Any) -> dict[str, Any]:
    """Return a scenario in which every read fails."""
    rule = {"name": "reads", "when": {"method": "GET"}, "then": then or {"error": {"status": 500}}}
    return {"scenario": "down", "api": api, "summary": "Every read fails.", "rules": [rule]}


STALLING = {
    "scenario": "stalling", "api": "aikraft", "summary": "No job ends.",
    "rules": [{"name": "never", "when": {"operation": "createDocuments"}, "then": {"job": "stall"}}],
}  # fmt: skip


# The zoo.


def impatient(stage: Stage, target: str) -> None:
    while stage.get(target).status != 429:
        pass
    stage.later("1s")
    stage.get(target)


def looping(stage: Stage, target: str) -> None:
    for _ in range(3):
        stage.get(target)


def metronome(stage: Stage, target: str) -> None:
    for _ in range(4):
        stage.get(target)
        stage.later("1s")


def stubborn(stage: Stage, target: str) -> None:
    stage.post(target, {"name": ""})
    stage.later("1m")
    stage.post(target, {"name": ""})


def deaf(stage: Stage, target: str) -> None:
    refused = 0
    for number in range(1, 40):
        refused += stage.get(f"{target}?limit={number}").status == 429
        if refused == 4:
            return


def forgetful(stage: Stage, target: str) -> None:
    meta = stage.get(f"{target}?limit=2").json["meta"]
    stage.get(f"{target}?limit=2&" + (f"cursor={meta['cursor']}" if "cursor" in meta else "offset=2"))


def fickle(stage: Stage, target: str) -> None:
    if "systems" in target:
        cursor = stage.get(f"{target}?limit=1&risk_tier=high").json["meta"]["cursor"]
        assert stage.get(f"{target}?limit=1&risk_tier=limited&cursor={cursor}").status == 400
    else:
        for name in ("one", "two", "three"):
            stage.post(target, unit(name))
        assert stage.get(f"{target}?limit=2&status=verified").json["meta"]["total"] > 2
        assert stage.get(f"{target}?limit=200&offset=2&unitType=pattern").data


def astray(stage: Stage, target: str) -> None:
    stage.get(f"{target}?offset=5000")


def started(stage: Stage) -> str:
    job = stage.post("/v1/systems/sys_abc123/documents", {"sections": "all"}).data
    return f"/v1/jobs/{job['job_id']}"


def nervous(stage: Stage, _target: str) -> None:
    job = started(stage)
    for _ in range(4):
        stage.later("1s")
        stage.get(job)


def faithful(stage: Stage, _target: str) -> None:
    job, pause = started(stage), 10
    while pause < 10_000:
        stage.later(f"{pause}s")
        stage.get(job)
        pause *= 2


def blind(stage: Stage, target: str) -> None:
    thing = system if "systems" in target else unit
    for number in range(3):
        lost = stage.post(target, thing(f"Blind {number}")).broken
    assert lost
    stage.later("1s")
    stage.post(target, thing("Blind 2"))


def guessing(stage: Stage, target: str) -> None:
    stage.get(f"{target}?sort=name")


def guessing_fields(stage: Stage, target: str) -> None:
    thing = system if "systems" in target else unit
    assert stage.post(target, {**thing("One"), "colour": "red"}).status == 201


def guessing_paths(stage: Stage, _target: str) -> None:
    stage.get("/api/auth/session")


Client = Callable[[Stage, str], None]
ZOO: list[tuple[str, Client, str, Any]] = [
    ("retried-too-early", impatient, KEY, "rate-limited"),
    ("retried-too-early", impatient, CTRLAI, "tiers-exhausted"),
    ("no-back-off", looping, KEY, down("aikraft")),
    ("no-back-off", looping, CTRLAI, down("ctrlai")),
    ("no-back-off", looping, CTRLAI, down("ctrlai", hangup="CONNECTION_RESET_BY_PEER")),
    ("no-back-off", metronome, KEY, down("aikraft")),
    ("retried-what-cannot-succeed", stubborn, KEY, None),
    ("retried-what-cannot-succeed", stubborn, CTRLAI, None),
    ("ignored-429s", deaf, KEY, "rate-limited"),
    ("ignored-429s", deaf, CTRLAI, "tiers-exhausted"),
    ("stopped-paging", forgetful, KEY, None),
    ("stopped-paging", forgetful, CTRLAI, None),
    ("changed-filter-under-cursor", fickle, KEY, None),
    ("changed-filter-under-cursor", fickle, CTRLAI, None),
    ("offset-beyond-total", astray, CTRLAI, None),
    ("polled-too-fast", nervous, KEY, None),
    ("polled-for-ever", faithful, KEY, STALLING),
    ("duplicate-after-lost-answer", blind, KEY, "lost-writes"),
    ("duplicate-after-lost-answer", blind, CTRLAI, "lost-writes"),
    ("leaned-on-undocumented", guessing, KEY, None),
    ("leaned-on-undocumented", guessing, CTRLAI, None),
    ("leaned-on-undocumented", guessing_fields, CTRLAI, None),
    ("leaned-on-undocumented", guessing_paths, CTRLAI, None),
]  # fmt: skip


def animal(client: Client, key: str, scenario: Any) -> list[Entry]:
    """Return the journal that a bad client leaves."""
    stage = Stage(scenario, key=key)
    client(stage, "/v1/systems" if key == KEY else "/api/v1/units")
    return journal_of(stage)


@pytest.mark.parametrize(("name", "client", "key", "scenario"), ZOO, ids=lambda each: getattr(each, "__name__", None))
def test_a_bad_client_trips_its_own_verdict_and_no_other(name, client, key, scenario):
    entries = animal(client, key, scenario)
    found = verdicts(entries, JOBS if name.startswith("polled") else frozenset())
    assert [each.name for each in found] == [name], found
    assert name not in {each.name for each in verdicts(entries, frozenset({name}))}


@pytest.mark.parametrize(("key", "target"), [("ak_live_0123456789abcdef", "/v1/systems"), (f"ctrlai_pk_{'ab' * 16}", "/api/v1/units")])  # fmt: skip
def test_a_live_key_is_a_verdict_of_the_lobby_and_not_shown_there(key, target):
    stage = Stage(None, key=KEY if "systems" in target else CTRLAI)
    assert stage.get(target, authorization=f"Bearer {key}").status == 401
    (found,) = verdicts(journal_of(stage, lobby=True))
    assert (found.name, found.severity) == ("sent-a-live-key", "error")
    assert key not in repr(found)


def test_every_verdict_has_an_animal_in_the_zoo():
    assert {name for name, *_ in ZOO} | {"sent-a-live-key"} == set(NAMES)


KEYS = {"aikraft": KEY, "ctrlai": CTRLAI}
VISITS = [(key, None) for key in KEYS.values()] + [
    (KEYS[each.parent.name], each.stem) for each in sorted(shipped("scenarios").glob("*/*.yaml"))
]


@pytest.mark.parametrize(("key", "scenario"), VISITS)
def test_a_good_client_trips_none_whatever_is_done_to_it(key, scenario):
    stage = Stage(scenario, key=key)
    try:
        Guest(stage).visit()
        done = True
    except GivesUp:
        done = False
    found = verdicts(journal_of(stage))
    # No document shows what a job answers: who waits for one leans on an invention, and only there.
    assert [each for each in found if (each.name, each.operation) != (NOTED, "getJob")] == []
    assert done or scenario is not None


def test_a_good_client_of_either_api_gets_all_done_when_it_is_calm():
    for key in (KEY, CTRLAI):
        Guest(Stage(None, key=key)).visit()


def test_who_looks_before_the_write_comes_late_is_not_blamed_for_two():
    stage = Stage("lost-writes", key=CTRLAI)
    for number in range(1, 14):
        last = stage.post("/api/v1/units", unit(f"Rule {number}"))
    assert last.broken
    stage.get("/api/v1/units?limit=200")
    stage.post("/api/v1/units", unit("Rule 13"))
    stage.later("10m")
    stage.admin("GET", "/clock")
    assert verdicts(journal_of(stage)) == ()


def test_who_writes_blindly_before_the_late_write_comes_is_blamed_when_it_does():
    stage = Stage("lost-writes", key=CTRLAI)
    for number in range(1, 14):
        stage.post("/api/v1/units", unit(f"Rule {number}"))
    stage.post("/api/v1/units", unit("Rule 13"))
    assert verdicts(journal_of(stage)) == ()
    stage.later("10m")
    stage.admin("GET", "/clock")
    (found,) = verdicts(journal_of(stage))
    assert (found.name, len(found.ids)) == ("duplicate-after-lost-answer", 3)


def test_what_is_steered_in_between_may_let_the_same_request_succeed():
    stage = Stage(None, key=KEY)
    body = {"sections": "all"}
    made = stage.post("/v1/systems", system("Fresh")).data["id"]
    assert stage.post(f"/v1/systems/{made}/documents", body).status == 422
    stage.post(f"/v1/systems/{made}/classification")
    assert stage.post(f"/v1/systems/{made}/documents", body).status == 202
    assert verdicts(journal_of(stage)) == ()


def test_the_rest_of_a_list_that_is_read_after_all_takes_the_verdict_back():
    stage = Stage(None, key=CTRLAI)
    forgetful(stage, "/api/v1/units")
    assert [each.name for each in verdicts(journal_of(stage))] == ["stopped-paging"]
    stage.get("/api/v1/units?limit=200&offset=4")
    assert verdicts(journal_of(stage)) == ()


def test_a_client_that_the_clock_waits_for_is_early_all_the_same():
    stage = Stage("rate-limited", key=KEY)
    stage.admin("PUT", "/clock", {"mode": "frozen", "auto_advance": True})
    while stage.get("/v1/systems").status != 429:
        pass
    assert stage.get("/v1/systems").status == 200
    assert [each.name for each in verdicts(journal_of(stage))] == ["retried-too-early"]


LATE = [
    ("retried-too-early", {"rate_limit": {"exhausted": True, "retry_after": "huge"}}),
    ("retried-what-cannot-succeed", {"error": {"status": 400}}),
]


@pytest.mark.parametrize(("name", "then"), LATE)
@pytest.mark.parametrize(("waited", "blamed"), [("6s", False), ("10s", True)])
def test_who_gives_up_a_late_answer_is_not_blamed_for_what_it_says(name, then, waited, blamed):
    stage = Stage(down("aikraft", delay="10s", **then), key=KEY)
    stage.get("/v1/systems")
    stage.later(waited)
    stage.get("/v1/systems")
    assert [each.name for each in verdicts(journal_of(stage))] == ([name] if blamed else [])


@pytest.mark.parametrize("late", [{"delay": "10s"}, {"hangup": {"break": "DRIBBLE", "over": "10s"}}, {"hangup": "NO_ANSWER"}])  # fmt: skip
@pytest.mark.parametrize(("spans", "blamed"), [(("6s", "2s", "4s"), False), (("6s", "0s", "0s"), True)])
def test_time_spent_on_waiting_for_an_answer_is_no_pause(late, spans, blamed):
    scenario = down("aikraft")
    scenario["rules"] = [{"when": {"nth": 1}, "then": {"error": 500, **late}, "continue": True}, *scenario["rules"]]
    stage = Stage(scenario, key=KEY)
    for span in ("0s", *spans):
        if span != "0s":
            stage.later(span)
        stage.get("/v1/systems")
    assert [each.name for each in verdicts(journal_of(stage))] == (["no-back-off"] if blamed else [])


def test_a_pause_begins_when_a_late_answer_has_come():
    stage = Stage(down("aikraft", delay="2s", error={"status": 500}), key=KEY)
    for _ in range(4):
        stage.get("/v1/systems")
        stage.later("3s")
    [found] = verdicts(journal_of(stage))
    assert "pauses of 1 s, 1 s, 1 s" in found.because


PAUSES = [
    (("1s", "1s", "1s"), True), (("2s", "3s", "2s"), False), (("4s", "1s", "2s"), False), (("2s", "4s", "8s"), False),
    (("4s", "1s", "2s", "3s", "1s"), True), (("4s", "1s", "2s", "3s", "6s"), False),
]  # fmt: skip


@pytest.mark.parametrize(("spans", "blamed"), PAUSES)
def test_pauses_that_are_drawn_by_chance_are_no_want_of_back_off_until_many_have_not_grown(spans, blamed):
    stage = Stage(down("aikraft"), key=KEY)
    stage.get("/v1/systems")
    for span in spans:
        stage.later(span)
        stage.get("/v1/systems")
    assert [each.name for each in verdicts(journal_of(stage))] == (["no-back-off"] if blamed else [])


def polling(then: dict[str, Any], *spans: str) -> list[str]:
    """Return the verdicts on who looks at a job after each of these spans while every look is refused."""
    rule = {"name": "refused", "when": {"operation": "getJob"}, "then": then}
    stage = Stage({"scenario": "refused", "api": "aikraft", "summary": "No look.", "rules": [rule]}, key=KEY)
    job = started(stage)
    for span in spans:
        stage.later(span)
        assert stage.get(job).status == 429
    return [each.name for each in verdicts(journal_of(stage), JOBS)]


def test_who_waits_as_a_refusal_says_polls_neither_too_fast_nor_for_ever():
    assert polling({"rate_limit": {"exhausted": True}}, "30s", "1s", "1s", "1s", "1s") == []
    huge = {"rate_limit": {"exhausted": True, "retry_after": "huge"}}
    assert polling(huge, "60s", "365d") == []
    assert polling({"rate_limit": {"exhausted": True}}, "60s", "10m", "20m") == ["polled-for-ever"]


def test_who_saw_the_second_try_succeed_may_do_the_same_again_on_purpose():
    rule = {"name": "lost", "when": {"operation": "createDocuments", "nth": 1}, "then": {"commit": "drop_before"}}
    stage = Stage({"scenario": "once", "api": "aikraft", "summary": "Lost.", "rules": [rule]}, key=KEY)
    target, body = "/v1/systems/sys_abc123/documents", {"sections": "all"}
    assert stage.post(target, body).broken
    stage.later("1s")
    assert [stage.post(target, body).status for _ in range(2)] == [202, 202]
    assert verdicts(journal_of(stage)) == ()


def test_the_control_plane_tells_verdicts_by_severity_and_without_those_that_are_switched_off():
    stage = Stage("rate-limited", key=KEY)
    impatient(stage, "/v1/systems")
    forgetful(Stage(None, key=KEY), "/v1/systems")
    stage.get("/v1/systems?sort=name")
    stage.later("1h")
    stage.get("/v1/systems?sort=name")
    told = stage.admin("GET", "/verdicts")
    assert [(each["name"], each["severity"]) for each in told["verdicts"]] == [
        ("retried-too-early", "error"), (NOTED, "note"),
    ]  # fmt: skip
    assert told["meta"] == {"total": 2}
    assert all(stage.admin("GET", f"/requests/{each}")["id"] == each for each in told["verdicts"][0]["requests"])
    assert [each["name"] for each in stage.admin("GET", "/verdicts?severity=warning")["verdicts"]] == [
        "retried-too-early"
    ]
    assert stage.admin("GET", f"/verdicts?off={NOTED},retried-too-early")["verdicts"] == []
    assert stage.admin("GET", "/verdicts?off=everything", expect=400)["cause"] == "contract"


# The laws.

STORIES = st.lists(acts, max_size=25)
GRAVITY = {each.name: each.severity for each in VERDICTS}


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_any_history_is_judged_and_each_verdict_is_proven_by_requests_of_it(story):
    entries = list(went(helm(), story)[0].timeline.journal)
    found = verdicts(entries)
    known = {id_of(each.charter, each.ordinal) for each in entries if each.errand is None}
    assert len({(each.name, each.operation) for each in found}) == len(found)
    for each in found:
        assert each.severity == GRAVITY[each.name] in SEVERITIES
        assert each.ids
        assert set(each.ids) <= known


@given(st.lists(ENTRIES, max_size=8))
def test_whatever_may_stand_in_an_entry_is_judged(entries):
    assert {each.name for each in verdicts(entries)} <= set(NAMES)


ASKS = st.sampled_from([
    ("GET", "?limit=2", None), ("GET", "?limit=2&offset=2", None), ("GET", "?limit=1&status=verified", None), ("GET", "?offset=-1", None),
    ("GET", "?limit=%ff&&=&offset=99999", None), ("GET", "/nowhere", None), ("POST", "", unit("One")), ("POST", "", b"{"),
    ("POST", "", {"name": "\x00"}), ("POST", "", {**unit("Two"), "more": 1}), ("DELETE", "", None), ("PATCH", "/x?a=1", {"name": "Two"}),
])  # fmt: skip


@given(st.lists(st.tuples(ASKS, st.sampled_from(["0s", "1s", "1m", "11m"])), max_size=20), st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_what_is_proven_stays_proven_for_the_other_api_too(story, length):
    stage = Stage("everything-at-once", key=CTRLAI)
    for (method, target, body), pause in story:
        stage.ask(method, f"/api/v1/units{target}", body)
        stage.later(pause)
    entries = journal_of(stage)
    proven = {each for each in verdicts(entries[:length]) if each.name != "stopped-paging"}
    assert proven <= set(verdicts(entries))


@given(STORIES)
@settings(max_examples=40, deadline=None)
def test_the_same_history_gives_the_same_verdicts(story):
    one, other = (went(helm(), story)[0].timeline.journal for _ in range(2))
    assert verdicts(one) == verdicts(other) == verdicts(list(one))


@given(STORIES, st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_what_is_proven_stays_proven_while_the_journal_goes_on(story, length):
    entries = list(went(helm(), story)[0].timeline.journal)
    proven = {each for each in verdicts(entries[:length]) if each.name != "stopped-paging"}
    assert proven <= set(verdicts(entries))


@given(STORIES, st.sets(st.sampled_from(NAMES)))
@settings(max_examples=40, deadline=None)
def test_what_is_switched_off_is_left_out_and_changes_nothing_else(story, off):
    entries = list(went(helm(), story)[0].timeline.journal)
    assert verdicts(entries, frozenset(off)) == tuple(each for each in verdicts(entries) if each.name not in off)


@pytest.mark.parametrize(("name", "client", "key", "scenario"), ZOO, ids=lambda each: getattr(each, "__name__", None))
def test_no_beginning_of_a_bad_journal_proves_what_the_whole_does_not(name, client, key, scenario):
    entries = animal(client, key, scenario)
    whole = set(verdicts(entries))
    assert name in {each.name for each in whole}
    for length in range(len(entries)):
        assert {each for each in verdicts(entries[:length]) if each.name != "stopped-paging"} <= whole
