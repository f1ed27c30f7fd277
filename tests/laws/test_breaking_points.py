"""What a hostile script may ask for: it is answered in the API's words, and it costs no more than it may."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.when import TOGETHER, Steps
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
    rules = [{"name": f"r{at}", "when": {"body": tests, "nth": at + 1}, "then": {"error": 500}} for at in range(200)]
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
