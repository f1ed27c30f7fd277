"""What an owner puts on: a scenario, its state, single faults; and who else meets them."""

import pytest

from sandbox.app import create_store
from sandbox.core.clock import HOUR, MINUTE, SECOND
from sandbox.core.keyring import identify
from sandbox.core.realm import born
from sandbox.core.timeline import began
from sandbox.settings import Settings
from sandbox.web.files import FileError
from tests.steering import FAULTS, FIXTURE, SCENARIOS, STAGED, Helm, as_value, helm
from tests.support import NOW, request

ERROR = {"then": {"error": {"status": 500}}}
TIGHT = {
    "scenario": "tight", "api": "aikraft", "summary": "Two lists a minute.",
    "rules": [{"name": "lists", "when": {"operation": "listSystems"}, "then": {"rate_limit": {"limit": 2, "burst": 2}}}],
}  # fmt: skip


def statuses(at, number, target="/v1/systems"):
    found = []
    for _ in range(number):
        at, response = at.ask("GET", target)
        found.append(response.status)
    return at, found


def playing(document, **given):
    return helm(**given).steered("PUT", "/scenarios/active", {"scenario": document})


def marks(at):
    return [each["fault"] for each in at.read("/requests")["requests"]]


def test_the_latest_fault_is_asked_first_and_all_of_them_before_the_scenario():
    at = playing(TIGHT)
    for _ in range(2):
        at = at.steered("POST", "/faults", {**ERROR, "times": 1})
    at, found = statuses(at, 5)
    assert found == [500, 500, 200, 200, 429]
    assert marks(at) == ["fault#fault-2", "fault#fault-1", *["tight#lists"] * 3]


def test_a_rule_that_goes_on_lets_another_strike_the_same_request_and_the_journal_finds_it_by_both():
    at = helm().steered("POST", "/faults", ERROR)
    at = at.steered("POST", "/faults", {"then": {"delay": {"fixed": "1s", "clock": "world"}}, "continue": True})
    at, _ = statuses(at, 1)
    assert marks(at) == ["fault#fault-2, fault#fault-1"]
    for mark in ("fault%23fault-1", "fault%23fault-2", "fault%23fault-2,%20fault%23fault-1"):
        assert at.read(f"/requests?fault={mark}")["meta"]["total"] == 1
    for mark in ("fault#fault-1", "fault#fault-2"):
        answer = at.steer("POST", "/requests/count", {"match": {"fault": mark}})[1]
        assert answer.body == b'{"count":1}'
    assert at.read("/requests?fault=fault%23fault")["meta"]["total"] == 0


def test_an_explanation_tells_what_each_rule_did_and_why():
    at = playing(STAGED).steered("POST", "/faults", {"when": {"nth": 2}, **ERROR})
    at, _ = statuses(at, 1)
    why = at.read("/requests")["requests"][0]["id"]
    told = {each["rule"]: (each["fired"], each["because"]) for each in at.read(f"/requests/{why}/explain")["rules"]}
    assert told["fault#fault-1"] == (False, "meeting 1 is not its turn")
    assert told["staged#tight"] == (True, "meeting 1")
    assert "staged#some" not in told


def test_a_scenario_that_begins_again_has_nothing_counted_and_its_quota_full():
    at, found = statuses(playing(TIGHT), 3)
    assert found == [200, 200, 429]
    at = at.steered("POST", "/scenarios/reset")
    assert at.read("/scenarios")["rules"] == [{"name": "tight#lists", "met": 0, "fired": 0}]
    assert statuses(at, 3)[1] == [200, 200, 429]


TIMED = {
    "scenario": "timed", "api": "aikraft", "summary": "Worse after five minutes.", "states": ["Started", "Worse"],
    "timeline": [{"at": "5m", "state": "Worse"}],
    "rules": [{"name": "fails", "when": {"operation": "listSystems"}, "then": {"error": {}}, "requires": "Worse"}],
}  # fmt: skip


def test_a_state_that_is_shown_or_set_is_that_of_now_even_if_nobody_asked_in_between():
    at = playing(TIMED).steered("POST", "/clock/advance", {"by": "6m"})
    assert at.read("/scenarios")["state"] == "Worse"
    at = at.steered("PUT", "/scenarios/timed/state", {"state": "Started"})
    assert statuses(at, 1)[1] == [200]


def test_a_scenario_that_ended_leaves_nothing_behind():
    before = helm()
    at, _ = statuses(before.steered("PUT", "/scenarios/active", {"scenario": TIGHT}), 1)
    at = at.steered("PUT", "/scenarios/active", {"name": None})
    assert at.world.play == before.world.play
    assert set(at.world.buckets) == set()
    assert "play" not in at.read("/state")["world"]


def test_a_fault_that_is_deleted_is_forgotten_and_its_id_is_not_given_out_again():
    at = helm().steered("POST", "/faults", {"then": {"rate_limit": {"limit": 1, "burst": 1}}})
    at, _ = statuses(at, 2)
    for target in ("/faults/fault-1", "/faults"):
        gone = at.steered("DELETE", target)
        assert not any((gone.world.play.met, gone.world.play.fired, gone.world.play.memory, gone.world.buckets))
        assert gone.read("/faults") == {"faults": [], "meta": {"total": 0}}
        again = gone.steered("POST", "/faults", ERROR).read("/faults")["faults"]
        assert [each["id"] for each in again] == ["fault-2"]


def test_a_changed_fault_keeps_what_was_counted_and_null_takes_a_bound_away():
    at = helm().steered("POST", "/faults", {**ERROR, "times": 1, "ttl": "5m"})
    at, found = statuses(at, 2)
    assert found == [500, 200]
    at = at.steered("PATCH", "/faults/fault-1", {"times": 2})
    at, found = statuses(at, 2)
    assert found == [500, 200]
    at = at.steered("PATCH", "/faults/fault-1", {"times": None})
    assert statuses(at, 3)[1] == [500] * 3
    at = at.steered("POST", "/clock/advance", {"by": "5m"})
    assert statuses(at, 1)[1] == [200]
    assert statuses(at.steered("PATCH", "/faults/fault-1", {"ttl": None}), 1)[1] == [500]


def test_a_refused_change_of_a_fault_changes_nothing():
    at = helm().steered("POST", "/faults", ERROR)
    after, response = at.steer("PATCH", "/faults/fault-1", {"then": {"error": {"status": 299}}})
    assert response.status == 422
    assert after.timeline is at.timeline


def test_the_active_scenario_can_be_got_and_put_again():
    at = playing(TIGHT)
    assert at.read("/scenarios/tight") == TIGHT
    assert {each["name"]: each["active"] for each in at.read("/scenarios")["scenarios"]}.get("tight") is None
    at = at.steered("PUT", "/scenarios/active", {"name": "flaky"})
    assert at.steer("GET", "/scenarios/tight")[1].status == 404
    assert [each["name"] for each in at.read("/scenarios")["scenarios"] if each["active"]] == ["flaky"]


def test_every_shipped_scenario_goes_through_the_state_and_begins_again():
    for each in helm().read("/scenarios")["scenarios"]:
        at, _ = statuses(helm().steered("PUT", "/scenarios/active", {"name": each["name"]}), 3)
        loaded = at.steered("PUT", "/state", at.read("/state"))
        assert as_value(loaded.world) == as_value(at.world)
        assert loaded.read("/scenarios") == at.read("/scenarios")


def test_what_the_laws_draw_is_accepted_but_for_what_is_meant_to_be_refused():
    wishes = [{"scenario": STAGED}, *({"name": each} for each in SCENARIOS)]
    refused = [each for each in wishes if helm().steer("PUT", "/scenarios/active", each)[1].status != 200]
    assert refused == [{"name": "none"}]
    assert [helm().steer("POST", "/faults", each)[1].status for each in FAULTS] == [201] * 5 + [422] * 2


def test_data_that_are_loaded_leave_the_scenario_on_and_let_it_begin_again():
    at, found = statuses(playing(TIGHT).steered("POST", "/faults", {**ERROR, "times": 2}), 4)
    assert found == [500, 500, 200, 200]
    at = at.steered("PUT", "/state", FIXTURE)
    assert statuses(at, 3)[1] == [200, 200, 429]


def test_a_test_copy_does_not_inherit_what_was_put_on_the_live_world():
    live = playing(TIGHT, key="ak_live_pro_admin_key", fixture="default")
    place, _ = identify(live.home.keyring, request("GET", "/", key="ak_test_pro_admin_key"))
    copy = Helm(live.home, began(born(live.home, place, live.world)), live.wall, "ak_test_pro_admin_key")
    assert copy.read("/scenarios")["active"] is None
    assert statuses(copy, 3)[1] == [200] * 3


@pytest.mark.parametrize("key", ["ak_live_pro_admin_key", "ak_test_pro_admin_key", "ak_test_enterprise_laws", None])
def test_every_world_of_a_sandbox_with_a_scenario_is_born_with_it(key):
    at = helm(key, "default", scenario="outage-and-recovery")
    assert (at.world.play.scenario.name, at.world.play.began) == ("outage-and-recovery", NOW)
    assert statuses(at, 6)[1] == ([401] * 6 if key is None else [200] * 5 + [500])


def test_reset_takes_the_scenario_of_the_birth_back_to_its_beginning():
    at = helm(scenario="outage-and-recovery")
    moved, _ = statuses(at, 7)
    moved = moved.steered("POST", "/faults", ERROR).steered("PUT", "/scenarios/active", {"name": None})
    back = moved.steered("POST", "/reset")
    assert back.world == at.world
    assert statuses(back, 6)[1] == [200] * 5 + [500]


def test_on_a_clock_that_runs_a_reset_lets_the_scenario_begin_now():
    at = helm(scenario="brown-out", clock="real").later(10 * MINUTE + SECOND)
    assert statuses(at, 1)[1] == [500]
    assert statuses(at.steered("POST", "/reset"), 1)[1] == [200]


def test_a_scenario_that_cannot_be_used_hinders_the_start():
    for name in ("flakey", "./none.yaml"):
        with pytest.raises(FileError, match="expected"):
            create_store(Settings(scenario=name), lambda: NOW)


def test_a_credential_in_a_scenario_or_a_fault_is_kept_nowhere():
    secret = "ak_live_somebody_elses_production_key"
    at = playing({**TIGHT, "summary": f"As {secret} would have it."})
    at = at.steered("POST", "/faults", {"when": {"header": {"x-note": secret}}, **ERROR})
    for target in ("/scenarios", "/scenarios/tight", "/faults", "/state", "/capsule"):
        assert secret.encode() not in at.steer("GET", target)[1].body


def test_a_scenario_of_the_birth_begins_with_the_first_use_of_a_world():
    instants = iter((NOW, *[NOW + HOUR] * 9))
    store = create_store(Settings(fixture="docs", scenario="brown-out"), lambda: next(instants))
    store.answer(store.shelves[0], request("GET", "/v1/systems"))
    (world,) = (each for name, each in store.presents().items() if name.startswith("own/"))
    assert world.play.began == NOW + HOUR
