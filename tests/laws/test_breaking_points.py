"""What a hostile script may ask for: it is answered in the API's words, and it costs no more than it may."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from sandbox.core.happening import Deed, Scene
from sandbox.core.steps import Steps
from sandbox.core.when import TOGETHER
from sandbox.core.workspace import Workspace
from tests.steering import helm
from tests.stories.stage import Stage, system


@pytest.mark.parametrize("status", range(400, 600))
def test_an_error_of_any_status_is_answered_in_the_apis_words_or_as_a_proxys_page(status: int) -> None:
    stage = Stage(None)
    stage.admin("POST", "/faults", {"then": {"error": {"status": status, "illegal": True}}})
    for reply in (stage.get("/v1/systems"), stage.post("/v1/systems", system("any"))):
        assert (reply.status, reply.fault) == (status, "fault#fault-1")
        assert reply.code is not None or reply.headers["content-type"] == "text/html"


def test_all_rules_together_look_at_a_request_within_bounded_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    class Counted(Steps):
        def paid(self, count: int = 1) -> bool:
            nonlocal taken
            taken += count
            return super().paid(count)

    monkeypatch.setattr("sandbox.core.when.Steps", Counted)
    tests: dict[str, Any] = {f"$..x{at}": {"equals": 1} for at in range(20)}
    rules = [{"name": f"r{at}", "when": {"body": tests, "nth": at + 1}, "then": {"error": 500}} for at in range(50)]
    stage = Stage({"scenario": "law", "api": "aikraft", "summary": "Much to look at.", "rules": rules})
    stage.post("/v1/systems", {"list": [[1] * 10] * 2_000})
    assert taken < 1.1 * TOGETHER


def test_a_rule_below_many_is_looked_at_all_the_same() -> None:
    rules: list[dict[str, Any]] = [
        {"name": f"r{at}", "when": {"body": {"$.name": f"other-{at}"}}, "then": {"error": 500}} for at in range(199)
    ]
    rules.append({"name": "last", "when": {"body": {"$.name": "mine"}}, "then": {"error": 500}})
    stage = Stage({"scenario": "law", "api": "aikraft", "summary": "Much to look at.", "rules": rules})
    assert stage.post("/v1/systems", system("mine")).fault == "law#last"


def drifts(events: int, times: int, features: int) -> dict[str, Any]:
    """Return a scenario in which so many drifts of all systems come so often, of so many features each."""
    timeline = [
        {
            "at": f"{1 + at}ms", "every": "1s", "times": times,
            "drift": {
                "system": "all", "features": [f"f{at}_{one}" for one in range(features)],
                "from": 0, "to": 10, "over": "500ms",
            },
        }
        for at in range(events)
    ]  # fmt: skip
    return {"scenario": "law", "api": "aikraft", "summary": "Much drifts.", "timeline": timeline}


@pytest.mark.parametrize(("events", "times", "features"), [(1, 501, 1), (1, 26, 20), (71, 1, 1), (200, 10, 20)])
def test_a_timeline_that_would_take_seconds_to_catch_up_with_is_refused(events: int, times: int, features: int) -> None:
    with pytest.raises(AssertionError, match="timeline: expected drifts that"):
        Stage(drifts(events, times, features))


@pytest.mark.parametrize(("events", "times", "features"), [(1, 500, 1), (1, 25, 20), (70, 1, 1), (10, 50, 1)])
def test_the_heaviest_timelines_that_are_taken_happen_within_bounded_work(
    events: int, times: int, features: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = 0

    def counted(workspace: Workspace, _scene: Scene) -> Workspace:
        nonlocal acts
        acts += 1
        return workspace

    monkeypatch.setattr("sandbox.faults.drift.Deed", lambda kind, _act, *rest: Deed(kind, counted, *rest))
    stage = Stage(drifts(events, times, features))
    stage.later("1h")
    assert stage.get("/v1/systems").status == 200
    assert 0 < acts <= 25_000


def test_a_late_request_that_two_hundred_rules_struck_is_exported_and_read_back() -> None:
    then = [{"name": f"r{at}-{'x' * 55}", "then": {"delay": "1s"}, "continue": True} for at in range(199)]
    late = {"name": "late", "when": {"method": "POST"}, "then": {"commit": {"outcome": "late", "after": "10m"}}}
    summary = "Much strikes one request."
    first = Stage({"scenario": "s" * 60, "api": "aikraft", "summary": summary, "rules": [*then, late]})
    first.post("/v1/systems", system("late"))
    state, second = first.admin("GET", "/state"), Stage(None)
    second.admin("PUT", "/state", state)
    assert second.admin("GET", "/state") == state


def test_a_client_that_sends_the_field_of_a_late_request_moves_no_clock() -> None:
    stage = Stage(None)
    then = {"commit": {"outcome": "late", "after": "5000d"}}
    stage.admin("POST", "/faults", {"when": {"method": "POST"}, "then": then, "times": 1})
    stage.post("/v1/systems", system("late"))
    before = stage.admin("GET", "/clock")
    assert stage.post("/v1/systems", system("late"), sandbox_late="1").fault is None
    assert stage.admin("GET", "/clock") == before


def test_a_scenario_that_asks_bodies_too_much_is_refused_before_anything_is_compiled():
    asked = {f"$.{'a' * 99}[{at}]": {"equals": 1} for at in range(45)}
    rules = [{"when": {"body": asked}, "then": {"error": {}}, "continue": True} for _ in range(23)]
    document = {"scenario": "asking", "api": "aikraft", "summary": "Asks.", "rules": rules}
    _, response = helm().steer("PUT", "/scenarios/active", {"scenario": document})
    assert response.status == 422
    assert "at most 1,000 JSONPaths in all conditions together, got 1,035" in orjson.loads(response.body)["detail"]


def test_the_mark_of_very_many_rules_is_cut_between_two_of_them():
    rules = [
        {"name": f"rule-{'x' * 50}-{at}", "then": {"delay": {"fixed": "1ms", "clock": "world"}}, "continue": True}
        for at in range(60)
    ]
    document = {"scenario": "many", "api": "aikraft", "summary": "Many.", "rules": rules}
    at, response = helm().steered("PUT", "/scenarios/active", {"scenario": document}).ask("GET", "/v1/systems")
    told = response.header("sandbox-fault")
    assert 1_900 < len(told) <= 2_000
    assert told.split(", ")[-1] == f"many#rule-{'x' * 50}-{len(told.split(', ')) - 1}"
    assert len(at.timeline.journal.at(1).marks.fault.split(", ")) == 60
