"""A world of its own for a test, without pytest: what `with Sandbox() as s` gives, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sandbox.testing
from sandbox.settings import Settings
from sandbox.testing import ControlError, Endless, Sandbox, SandboxServer
from sandbox.testing.home import home_of
from sandbox.testing.sleep import _lanes
from sandbox.testing.story import story
from tests.rim.corpus import LOAN

BIRTH = datetime(2026, 4, 13, 14, 30, tzinfo=UTC)
REAL_SLEEP, REAL_ASYNC_SLEEP = time.sleep, asyncio.sleep
LISTS = {"aikraft": "/v1/systems", "ctrlai": "/api/v1/units"}
apis = pytest.mark.parametrize("api", LISTS)


def test_everything_that_is_offered_can_be_imported() -> None:
    assert all(getattr(sandbox.testing, name) is not None for name in sandbox.testing.__all__)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = sandbox.testing.nothing_of_the_kind


# The world


@apis
def test_every_way_to_ask_leads_to_the_same_world_and_into_its_journal(api: str) -> None:
    async def asked(one: Sandbox) -> int:
        return (await one.aclient.get(LISTS[api])).status_code

    with Sandbox(api) as one:
        statuses = [
            one.client.get(LISTS[api]).status_code,
            one.session.get(one.base_url + LISTS[api]).status_code,
            asyncio.run(asked(one)),
            httpx.get(one.url + LISTS[api], headers=one.headers).status_code,
        ]
        assert (statuses, [each.path for each in one.requests]) == ([200] * 4, [LISTS[api]] * 4)


def test_keys_are_spelled_as_their_api_spells_them() -> None:
    with Sandbox(plan="free", label="a") as one, Sandbox("ctrlai", label="a") as other:
        assert one.key.startswith("ak_test_free_")
        assert other.key.startswith("ctrlai_pk_7e57")
        assert len(other.key) == len("ctrlai_pk_") + 32


def test_two_worlds_of_one_label_never_meet_and_are_alike() -> None:
    with Sandbox(label="same") as one, Sandbox(label="same") as other:
        made = one.client.post("/v1/systems", json=LOAN)
        assert [len(each.requests) for each in (one, other)] == [1, 0]
        assert other.client.post("/v1/systems", json=LOAN).content == made.content


def test_a_world_is_gone_when_its_block_ends_and_the_next_of_its_label_is_new() -> None:
    home = home_of("aikraft", "default", "")
    before = len(home.shelf.slots)
    for _ in range(3):
        with Sandbox(label="again", scope="write") as one:
            assert one.requests == []
            first = one.client.post("/v1/systems", json=LOAN).json()["data"]["id"]
            assert one.client.get(f"/v1/systems/{first}/monitoring").status_code == 200
            assert len(home.shelf.slots) == before + 1
    assert (len(home.shelf.slots), len(home.shelf.dropped)) == (before, 0)
    assert not [each for each in home.shelf.minted.values() if each.world not in home.shelf.slots]


def test_a_world_that_is_forgotten_weighs_nothing_and_counts_as_none_that_was_dropped() -> None:
    home = home_of("aikraft", "empty", "")
    with Sandbox(fixture="empty") as one:
        one.client.get("/v1/systems")
        [world] = home.shelf.slots
        home.store.forget(home.shelf, world)
        home.store.forget(home.shelf, world)
        assert one.client.get("/v1/systems").status_code == 200
        assert [each.operation for each in one.requests] == ["listSystems"]
    assert home.store._weight == 0


def test_a_failing_block_says_in_the_error_what_happened() -> None:
    def failing() -> None:
        with Sandbox(scenario="outage-and-recovery", label="outage") as one:
            for _ in range(6):
                one.client.get("/v1/systems")
            raise ValueError("seen")

    with pytest.raises(ValueError, match="seen") as raised:
        failing()
    [note] = raised.value.__notes__
    assert "world outage, 6 requests" in note
    assert "GET /v1/systems 500 (fault, outage-and-recovery#down)" in note


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"api": "none"}, "api: expected one of aikraft, ctrlai, got 'none'"),
        ({"plan": "gold"}, "plan: expected one of free, starter, pro, enterprise, got 'gold'"),
        ({"role": "viewer"}, "role: keys of aikraft have none"),
        ({"api": "ctrlai", "scope": "read"}, "scope: keys of ctrlai have none"),
        ({"sleep": "deep"}, "sleep: expected one of world, real, got 'deep'"),
        ({"server": "http://localhost:1", "fixture": "empty"}, "fixture: a running server has its own"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_expected(terms: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox(**terms)


def test_a_world_that_cannot_begin_leaves_nothing_behind() -> None:
    home = home_of("aikraft", "default", "")
    before = len(home.shelf.slots)
    with pytest.raises(ControlError, match="no scenario of this name"), Sandbox(scenario="none"):
        pass
    assert (len(home.shelf.slots), time.sleep) == (before, REAL_SLEEP)


# Steering


def test_terms_shape_the_key_and_outlive_a_reset() -> None:
    with Sandbox("ctrlai", role="viewer") as one, Sandbox(plan="enterprise", scope="read") as other:
        for _ in range(2):
            refused = [
                one.client.post("/api/v1/domains", json={}).status_code,
                other.client.post("/v1/systems", json=LOAN).status_code,
            ]
            assert refused == [403, 403]
            one.reset()
            other.reset()
            assert (one.requests, other.requests) == ([], [])


def test_scenarios_faults_snapshots_and_explanations() -> None:
    with Sandbox() as one:
        one.snapshot("before")
        assert one.scenario("rate-limited")["active"] == "rate-limited"
        one.fault(when={"operation": "createSystem"}, then={"error": {"status": 500}}, times=1)
        assert [one.client.post("/v1/systems", json=LOAN).status_code for _ in range(2)] == [500, 201]
        [lost, _] = one.requests
        assert (lost.fault, lost.status, lost.cause) == ("fault#fault-1", 500, "fault")
        assert one.explain(lost)["rules"][0]["fired"] is True
        assert one.explain(lost.id)["response"]["status"] == 500
        one.restore("before")
        assert one.requests == []
        assert (
            one.scenario(
                {
                    "scenario": "mine",
                    "api": "aikraft",
                    "summary": "Mine.",
                    "rules": [{"name": "all", "then": {"error": {"status": 500}}}],
                }
            )["active"]
            == "mine"
        )
        assert one.client.get("/v1/systems").status_code == 500
        one.scenario(None)
        assert one.client.get("/v1/systems").status_code == 200
        assert [each["kind"] for each in one.capsule()["records"]].count("api") == 2


def test_verify_counts_and_says_what_came_instead() -> None:
    with Sandbox() as one:
        one.client.get("/v1/systems?limit=2")
        assert one.verify({"operation": "listSystems"}) == 1
        assert one.verify({"operation": "createSystem"}, exactly=0) == 0
        assert one.verify(at_most=1) == 1
        with pytest.raises(AssertionError) as raised:
            one.verify({"operation": "createSystem"}, at_least=1)
        near = '  GET /v1/systems?limit=2 200\n    operation: expected "createSystem", got "listSystems"'
        assert near in str(raised.value)
        with pytest.raises(ControlError, match="operaton"):
            one.verify({"operaton": "createSystem"})


def test_a_long_journal_is_read_whole() -> None:
    with Sandbox() as one:
        for _ in range(1001):
            one.client.get("/v1/nothing")
        assert [each.ordinal for each in one.requests] == list(range(1, 1002))


# The clock


def test_a_world_is_frozen_at_an_instant_that_no_run_changes() -> None:
    with Sandbox() as one:
        assert (one.clock.now, one.clock.mode, one.clock.drives_sleep) == (BIRTH, "frozen", True)
        assert one.clock.advance("3d") == BIRTH + timedelta(days=3)
        assert one.clock.advance(0.25) == BIRTH + timedelta(days=3, milliseconds=250)
        assert one.clock.advance(timedelta(seconds=1)) == BIRTH + timedelta(days=3, milliseconds=1250)
        assert one.clock.freeze(datetime(2026, 5, 1, tzinfo=UTC)) == datetime(2026, 5, 1, tzinfo=UTC)
        one.clock.set(mode="scaled", rate=60)
        assert one.clock.mode == "scaled"
        with pytest.raises(ControlError, match="expected 2026-05-01"):
            one.clock.set("2026-04-30T00:00:00Z")


@pytest.mark.parametrize(
    ("clock", "mode"), [("2026-05-01T00:00:00Z", "frozen"), ("real", "real"), ("x60", "scaled"), ("frozen", "frozen")]
)
def test_a_clock_may_be_asked_for(clock: str, mode: str) -> None:
    with Sandbox(clock=clock) as one:
        assert one.clock.mode == mode
    with (
        SandboxServer(Settings(apis=("aikraft",), clock="2026-04-01T00:00:00Z")) as server,
        Sandbox(server=server.url, clock=clock) as other,
    ):
        assert other.clock.mode == mode


def test_a_fixture_of_ones_own_keeps_its_own_instant(tmp_path: Any) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        'fixture: own\napi: aikraft\nsummary: "Mine."\nnow: 2027-01-02T00:00:00Z\nworkspaces: [{id: ws_pro, plan: pro}]\nkeys: []\n'
    )
    with Sandbox(fixture=str(own)) as one:
        assert one.clock.now == datetime(2027, 1, 2, tzinfo=UTC)


def test_a_client_that_honours_retry_after_need_not_wait() -> None:
    with Sandbox(scenario="rate-limited") as one:
        waits = []
        while len(one.requests) < 40:
            answer = one.client.get("/v1/systems")
            if answer.status_code == 429:
                waits.append(int(answer.headers["Retry-After"]))
                time.sleep(waits[-1])
        assert waits
        assert one.clock.now == BIRTH + timedelta(seconds=sum(waits))
        assert not [each for each in one.requests if "early_retry" in each.marks]
    assert time.sleep is REAL_SLEEP


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_tasks_sleep_side_by_side_and_wake_in_order(spans: list[int]) -> None:
    woken: list[int] = []

    async def task(span: int) -> None:
        assert await asyncio.sleep(span, "slept") == "slept"
        woken.append(span)

    async def all_of_them() -> None:
        await asyncio.gather(*map(task, spans))

    with Sandbox() as one:
        asyncio.run(all_of_them())
        assert (woken, one.clock.now) == (sorted(spans), BIRTH + timedelta(seconds=max(spans)))
    assert asyncio.sleep is REAL_ASYNC_SLEEP


def test_a_sleeper_that_is_cancelled_holds_nobody_up() -> None:
    async def tasks(one: Sandbox) -> None:
        first = asyncio.create_task(asyncio.sleep(1))
        second = asyncio.create_task(asyncio.sleep(5))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert one.clock.now == BIRTH + timedelta(seconds=5)

    with Sandbox() as one:
        asyncio.run(tasks(one))


def test_a_sleep_that_no_clock_can_take_is_refused_and_leaves_time_as_it_was() -> None:
    with Sandbox() as sandbox:
        began = sandbox.clock.now
        for span in (float("inf"), 4.0**18):
            with pytest.raises(OverflowError):
                time.sleep(span)
        asyncio.run(asyncio.sleep(3))
        assert sandbox.clock.now - began == timedelta(seconds=3)


@pytest.mark.parametrize("error", [Endless, pytest.fail.Exception])
def test_what_is_no_exception_and_fails_a_test_tells_what_happened_too(error: type[BaseException]) -> None:
    def fails() -> None:
        with Sandbox() as sandbox:
            sandbox.client.get("/v1/systems")
            raise error("over")

    with pytest.raises(error) as raised:
        fails()
    assert "1 GET /v1/systems 200" in raised.value.__notes__[0]


def test_another_threads_sleep_moves_no_clock() -> None:
    with Sandbox() as one:
        thread = Thread(target=lambda: time.sleep(0.001))
        thread.start()
        thread.join()
        assert one.clock.now == BIRTH


def test_sleep_moves_every_world_of_its_thread_that_stands_still() -> None:
    with (
        Sandbox() as one,
        Sandbox("ctrlai") as other,
        Sandbox(clock="x60@2026-04-13T14:30:00Z", label="runs") as running,
    ):
        time.sleep(1.5)
        assert [one.clock.now, other.clock.now] == [BIRTH + timedelta(seconds=1.5)] * 2
        assert running.clock.mode == "scaled"
    assert _lanes == {}


def test_sleep_waits_where_it_is_asked_to_be_real() -> None:
    with Sandbox(sleep="real") as one:
        assert (time.sleep, asyncio.sleep, one.clock.drives_sleep) == (REAL_SLEEP, REAL_ASYNC_SLEEP, False)


def test_what_a_test_puts_in_the_place_of_sleep_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    with Sandbox():
        monkeypatch.setattr(time, "sleep", slept.append)
        time.sleep(5)
    assert slept == [5]
    monkeypatch.undo()
    time.sleep(0)
    with Sandbox() as one:
        time.sleep(5)
        assert one.clock.now == BIRTH + timedelta(seconds=5)
    assert time.sleep is REAL_SLEEP


def test_an_answer_that_is_held_back_in_process_moves_the_clock_and_takes_no_time() -> None:
    with Sandbox() as one:
        one.fault(then={"delay": {"fixed": "10m"}}, times=1)
        assert one.client.get("/v1/systems", timeout=None).status_code == 200
        assert one.clock.now == BIRTH + timedelta(minutes=10)
        one.fault(then={"hangup": "NO_ANSWER"})
        with pytest.raises(httpx.ReadTimeout):
            one.client.get("/v1/systems", timeout=30)
        assert one.clock.now == BIRTH + timedelta(minutes=10, seconds=30)


# A running server


def test_a_running_server_can_be_used_instead() -> None:
    with (
        SandboxServer(Settings(clock="2026-04-01T00:00:00Z")) as server,
        Sandbox(server=server.url, label="there", scope="read") as one,
        Sandbox(server=server.url, label="there") as other,
    ):
        assert (one.url, one.base_url, one.clock.mode) == (server.url, server.url, "frozen")
        assert [one.client.post("/v1/systems", json=LOAN).status_code for _ in range(2)] == [403, 403]
        assert other.session.post(other.url + "/v1/systems", json=LOAN).status_code == 201
        before = one.clock.now
        time.sleep(60)
        assert one.clock.now == before + timedelta(minutes=1)
        assert [len(one.requests), len(other.requests)] == [2, 1]
        one.reset()
        assert (one.requests, one.clock.mode) == ([], "frozen")


def test_a_client_that_does_not_wait_is_judged_and_one_that_does_is_not() -> None:
    def refused_and_back(one: Sandbox, pause: str) -> list[str]:
        one.fault(when={"operation": "listSystems", "nth": 1}, then={"rate_limit": {"exhausted": True}})
        assert one.client.get("/v1/systems").status_code == 429
        one.clock.advance(pause)
        one.client.get("/v1/systems")
        return [each["name"] for each in one.verdicts if each["severity"] == "error"]

    with Sandbox() as hasty, Sandbox() as patient:
        assert refused_and_back(hasty, "10ms") == ["retried-too-early"]
        assert refused_and_back(patient, "60s") == []


LIVE_KEYS = [
    ("aikraft", "/v1/systems", "ak_live_a_key_of_production", "live"),
    ("ctrlai", "/api/v1/units", "ctrlai_pk_" + "ab" * 16, "production"),
]


@pytest.mark.parametrize(("api", "target", "key", "why"), LIVE_KEYS, ids=lambda each: str(each)[:7])
def test_what_led_to_no_world_is_told_beside_the_world(api: str, target: str, key: str, why: str) -> None:
    with Sandbox(api) as earlier:
        earlier.client.get(target, headers={"Authorization": f"Bearer {key}"})
    with Sandbox(api) as sandbox:
        assert sandbox.strays == []
        assert sandbox.client.get(target, headers={"Authorization": f"Bearer {key}"}).status_code == 401
        assert sandbox.requests == []
        assert [(each.path, each.status, each.cause) for each in sandbox.strays] == [(target, 401, why)]
        assert [each["name"] for each in sandbox.verdicts] == ["sent-a-live-key"]
        told = story(sandbox.journal)
    assert "1 requests led to no world" in told
    assert f"GET {target} 401 ({why})" in told
    assert key not in told
