"""What a client is told to wait for is told in its own seconds, however fast the world's clock runs."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from sandbox.core import clock
from sandbox.core.clock import SECOND
from sandbox.core.quota import Bucket
from tests.support import ENTERPRISE, NOW, ask, said, world_of

BUSY = "ak_test_starter_waits"
DRAFT = "/v1/systems/sys_abc123/documents"
rates = st.integers(1, 5_000)


def scaled(key, rate):
    world = world_of(key)
    return world._replace(charter=replace(world.charter, clock=clock.scaled(NOW, NOW, Fraction(rate))))


def started(rate, sections):
    outcome = ask(scaled(ENTERPRISE, rate), "POST", DRAFT, {"sections": sections})
    return outcome.world, said(outcome)["data"]


@given(rates, st.integers(1, 8))
def test_an_estimate_shrinks_with_the_clock_and_is_never_under_a_second(rate, count):
    world, job = started(rate, list(range(1, count + 1)))
    assert job["estimated_seconds"] == max(1, ceil(ceil(60 * count / 8) / rate))
    looked = said(ask(world, "GET", f"/v1/jobs/{job['job_id']}"))["data"]
    assert looked["estimated_seconds"] == job["estimated_seconds"]


@given(rates)
def test_a_job_is_done_once_its_estimate_has_passed_outside(rate):
    world, job = started(rate, "all")
    later = NOW + job["estimated_seconds"] * SECOND
    assert said(ask(world, "GET", f"/v1/jobs/{job['job_id']}", at=later))["data"]["status"] == "completed"


@pytest.mark.parametrize("pace", ["real", "frozen@2026-04-13T14:30:00Z", "2026-04-13T14:30:00Z"])
def test_at_the_pace_of_the_wall_an_estimate_is_the_documented_one(pace):
    assert said(ask(world_of(clock=pace), "POST", DRAFT, {"sections": "all"}))["data"]["estimated_seconds"] == 60


def refused(world):
    """Return what a request gets that finds the quota just emptied."""
    outcome = ask(world._replace(buckets=Map({"": Bucket(0, NOW)})), "GET", "/v1/systems", key=BUSY)
    assert outcome.response.status == 429
    return outcome


@given(st.integers(1, 60))
def test_retry_after_is_told_in_seconds_outside_and_whoever_waits_so_long_is_answered(rate):
    outcome = refused(scaled(BUSY, rate))
    wait = int(outcome.response.header("retry-after"))
    assert wait >= 1
    later = ask(outcome.world, "GET", "/v1/systems", key=BUSY, at=NOW + wait * SECOND)
    assert (later.response.status, later.marks.early_retry) == (200, False)


@given(st.integers(2, 60))
def test_whoever_comes_back_before_that_is_early_by_the_worlds_own_clock(rate):
    outcome = refused(scaled(BUSY, rate))
    wait = int(outcome.response.header("retry-after"))
    soon = ask(outcome.world, "GET", "/v1/systems", key=BUSY, at=NOW + wait * SECOND - 1)
    assert soon.marks.early_retry


def test_a_slow_clock_asks_for_more_patience():
    # a token of the Starter plan takes 0.6 seconds here, which are told as 1, and that is 100 outside
    outcome = refused(scaled(BUSY, "1/100"))
    assert outcome.response.header("retry-after") == "100"
    draft = said(ask(scaled(ENTERPRISE, "1/100"), "POST", DRAFT, {"sections": "all"}))["data"]
    assert draft["estimated_seconds"] == 6_000


@given(rates)
def test_instants_stay_those_of_the_worlds_own_clock(rate):
    header = "x-ratelimit-reset"
    assert refused(scaled(BUSY, rate)).response.header(header) == refused(world_of(BUSY)).response.header(header)
