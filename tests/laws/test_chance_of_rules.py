"""Chance: the same decisions every time, at the rate that was asked for, whatever other worlds and threads do."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import sqrt
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.core.kernel import step
from sandbox.core.keyring import identify
from sandbox.core.message import admitted
from sandbox.core.play import strikes
from sandbox.core.scenario import Meeting
from sandbox.core.staging import begun, reader_of
from tests.rim.doors import fresh_store
from tests.support import NOW, realm, request, world_of

DRAWS = 10_000
SIGMAS = 4.5
"""How far a rate may be off: past this a fair draw is one time in 150,000."""


def script(*rules, **more):
    return {"scenario": "drawn", "api": "aikraft", "summary": "Drawn.", "rules": list(rules), **more}


@cache
def reader():
    return reader_of(load_api("aikraft"))


def told(document, seed=0, label="label", count=DRAWS):
    """Return the kinds of faults that strike each of so many calls."""
    world = world_of()
    play = begun(reader().scenario(document), world.play, NOW)
    meeting = Meeting(request("GET", "/v1/systems"), "listSystems", NOW, world.charter, world.workspace, {})
    found = []
    for _ in range(count):
        play, struck = strikes(play, seed, label, meeting)
        found.append(tuple(each.fault.kind for each in struck))
    return found


def within(count, probability, draws=DRAWS):
    """Tell whether so many of the draws are what this probability may give."""
    return abs(count - draws * probability) <= SIGMAS * sqrt(draws * probability * (1 - probability)) + 1


@pytest.mark.parametrize("probability", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize(("seed", "label"), [(0, "docs"), (7, "tests/test_a.py::test_b"), (-3, "")])
def test_a_probability_is_the_rate_at_which_a_rule_strikes(probability, seed, label):
    found = told(script({"when": {"probability": probability}, "then": {"error": {"status": 500}}}), seed, label)
    struck = sum(map(bool, found))
    assert within(struck, probability)
    assert struck == probability * DRAWS if probability in (0.0, 1.0) else 0 < struck < DRAWS


@pytest.mark.parametrize("weights", [[1, 1], [3, 1], [1, 2, 3, 4], [0.001, 0.009, 0.99], [1_000_000, 1]])
def test_weights_are_the_rates_at_which_the_choices_come(weights):
    kinds = [{"error": {"status": 500}}, {"delay": "1s"}, {"hangup": "NO_ANSWER"}, {"rate_limit": True}]
    choices = [{**kind, "weight": weight} for kind, weight in zip(kinds, weights, strict=False)]
    counts = Counter(told(script({"then": {"one_of": choices}})))
    assert sum(counts.values()) == DRAWS
    for kind, weight in zip(kinds, weights, strict=False):
        assert within(counts[tuple(kind)], weight / sum(weights)), counts


def test_a_choice_of_nothing_lets_the_request_go():
    counts = Counter(told(script({"then": {"one_of": [{"delay": "1s"}, {"weight": 3}]}})))
    assert within(counts[("delay",)], 0.25)
    assert set(counts) == {("delay",), ()}


def test_draws_are_not_the_same_for_rules_seeds_or_labels():
    def of(name="a", **where):
        rule = {"name": name, "when": {"probability": 0.5}, "then": {"delay": "1s"}}
        return told(script(rule), count=200, **where)

    runs = [of(), of("b"), of(seed=1), of(label="other")]
    assert len({tuple(each) for each in runs}) == 4
    for one in runs[1:]:
        assert within(sum(map(bool.__eq__, map(bool, runs[0]), map(bool, one))), 0.5, 200)


def test_a_scenarios_seed_stands_in_the_worlds_place():
    rule = {"when": {"probability": 0.5}, "then": {"delay": "1s"}}
    assert told(script(rule, seed=5), seed=1, count=200) == told(script(rule, seed=5), seed=2, count=200)
    assert told(script(rule, seed=5), count=200) == told(script(rule), seed=5, count=200)
    assert told(script(rule, seed=0), seed=9, count=200) == told(script(rule), seed=0, count=200)


CHANCES = script(
    {"when": {"operation": "listSystems", "probability": 0.4}, "then": {"error": {"status": 500}}},
    {"when": {"method": "GET"}, "then": {"one_of": [{"hangup": "NO_ANSWER"}, {"rate_limit": True}, {}]}},
)
KEYS = ("ak_test_enterprise_one", "ak_test_enterprise_two", "ak_test_starter_three")


def began(key):
    world = world_of(key)
    return world._replace(play=begun(reader().scenario(CHANCES), world.play, NOW))


def asked(world, key):
    wanted = request("GET", "/v1/systems", key=key)
    _, caller = identify(realm("docs").keyring, wanted)
    return step(world, admitted(wanted, caller), NOW)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, len(KEYS) - 1), max_size=60))
def test_a_world_decides_the_same_whatever_happens_in_others_in_between(order):
    worlds = {key: began(key) for key in KEYS}
    mixed: dict[str, list] = {key: [] for key in KEYS}
    for place in order:
        key = KEYS[place]
        outcome = asked(worlds[key], key)
        worlds[key] = outcome.world
        mixed[key].append(outcome.response)
    for key in KEYS:
        world, alone = began(key), []
        for _ in mixed[key]:
            outcome = asked(world, key)
            world = outcome.world
            alone.append(outcome.response)
        assert alone == mixed[key]
        assert (world.play.met, world.play.fired) == (worlds[key].play.met, worlds[key].play.fired)


THREADS = 64


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({"times": 1}, 1),
        ({"when": {"nth": 40}}, 1),
        ({"when": {"every": 4}}, THREADS // 4),
        ({"when": {"between": [11, 20]}}, 10),
        ({"times": 5, "when": {"every": 2}}, 5),
    ],
)
def test_what_may_happen_so_often_happens_so_often_under_64_threads(rule, struck):
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        store = fresh_store()
        shelf = store.shelf_for("/v1/systems")
        document = script({"then": {"error": {"status": 500}}, **rule})
        put_on(store, shelf, document)
        barrier = Barrier(THREADS)

        def ask(_):
            barrier.wait()
            return store.answer(shelf, request("GET", "/v1/systems"))

        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(ask, range(THREADS)))
    finally:
        sys.setswitchinterval(usual)
    assert Counter(each.status for each in answers) == {500: struck, 200: THREADS - struck}
    marks = [dict(each.headers).get("Sandbox-Fault") for each in answers]
    assert Counter(marks) == {"drawn#rule-1": struck, None: THREADS - struck}


def put_on(store, shelf, document):
    """Let the scenario begin in the world of the laws' key."""
    wanted = request("PUT", "/__admin/scenarios/active", {"scenario": document})
    shelf, slot, _caller = store.owned(wanted)
    answer = store.steer(shelf, slot, wanted, "putActiveScenario")
    assert answer.status == 200, answer.body
