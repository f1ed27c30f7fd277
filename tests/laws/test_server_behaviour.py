"""Laws of the drawn server behaviour: what is drawn can be played, keeps the contract, has no chance in it, and shrinks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.core.api import Api
from sandbox.core.scenario import Scenario
from sandbox.core.staging import reader_of
from sandbox.faults.kinds import KINDS as FAULTS
from sandbox.settings import APIS
from sandbox.testing import Sandbox
from sandbox.testing.strategies import Script, scenarios
from sandbox.testing.strategies.moves import BROKEN, ILLEGAL, KINDS, LEGAL, api_of, moves_of, operations_of
from sandbox.testing.strategies.script import calm
from sandbox.testing.strategies.scripting import size
from sandbox.web.files import parse

CALLS = {
    "aikraft": [
        ("listSystems", "GET", "/v1/systems?limit=5", None), ("getMonitoring", "GET", "/v1/systems/sys_abc123/monitoring", None),
        ("createSystem", "POST", "/v1/systems", {"name": "Loan", "description": "Scores.", "purpose": "Credit", "domain": "Finance"}),
        ("createDocuments", "POST", "/v1/systems/sys_abc123/documents", {"sections": "all"}),
    ],
    "ctrlai": [
        ("listUnits", "GET", "/api/v1/units?limit=5", None), ("listDomains", "GET", "/api/v1/domains", None),
        ("infer", "POST", "/api/v1/inference", {"query": "What is the credit risk?"}),
    ],
}  # fmt: skip
apis = st.sampled_from(APIS)
quick = settings(max_examples=30, deadline=None)


@cache
def every(api: str, illegal: bool) -> st.SearchStrategy[Script]:
    return scenarios(api, illegal=illegal)


@cache
def struck(api: str) -> st.SearchStrategy[Script]:
    """Return a strategy of legal scenarios that strike the calls above."""
    return scenarios(api, operations=[name for name, *_ in CALLS[api]], max_calls=3)


def read(script: Script) -> Scenario:
    """Return the scenario as the reader of files takes it."""
    return reader_of(api_of(script["api"])).scenario(parse(Path("drawn.yaml"), script.text.encode()))


def drawn(api: str, **how: Any) -> list[Script]:
    """Return some scenarios that are drawn, the same in every run."""
    found: list[Script] = []

    @settings(max_examples=60, database=None, deadline=None, derandomize=True, phases=[Phase.generate])
    @given(scenarios(api, **how))
    def draw(script: Script) -> None:
        found.append(script)

    draw()
    return found


@quick
@given(st.data(), apis, st.booleans())
def test_every_file_is_read_and_is_legal_unless_it_need_not_be(data: st.DataObject, api: str, illegal: bool) -> None:
    script = data.draw(every(api, illegal))
    scenario = read(script)
    assert (scenario.name, len(scenario.rules)) == ("generated", len(script.rules))
    assert illegal or not (scenario.any_fault("illegal") or scenario.any_fault("wire"))


@quick
@given(st.data(), apis)
def test_nothing_is_left_to_chance(data: st.DataObject, api: str) -> None:
    scenario = read(data.draw(every(api, True)))
    assert scenario.seed is None
    assert all(each.probability == 1 for each in scenario.rules)


@settings(max_examples=25, deadline=None)
@given(st.data(), apis)
def test_under_a_legal_scenario_every_answer_keeps_the_contract(data: st.DataObject, api: str) -> None:
    calls = CALLS[api]
    script = data.draw(struck(api))
    with Sandbox(api, scenario=script) as sandbox:
        for name, method, target, body in [*calls, *calls]:
            answer = sandbox.client.request(method, target, json=body, timeout=None)
            shape = api_of(api).contract.operations[name].shapes[answer.status_code]
            assert shape.whole is not None
            assert shape.whole.validator.is_valid(answer.json())


@quick
@given(st.data(), apis)
def test_a_scenario_is_a_mapping_that_cannot_change_and_equals_its_file(data: st.DataObject, api: str) -> None:
    script = data.draw(every(api, True))
    assert repr(script) == script.text
    assert parse(Path("drawn.yaml"), script.text.encode()) == {name: _listed(script[name]) for name in script}
    assert hash(script) == hash(Script(script.document))
    with pytest.raises(TypeError):
        script.document["scenario"] = "another"


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _listed(each) for name, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("api", APIS)
def test_equal_seeds_draw_equal_files(api: str) -> None:
    assert drawn(api) == drawn(api)
    assert len(set(drawn(api))) > 30


@pytest.mark.parametrize("illegal", [False, True])
def test_every_kind_of_fault_and_of_law_is_drawn(illegal: bool) -> None:
    scripts = [each for api in APIS for each in drawn(api, illegal=illegal, max_rules=20, operations=[name for name, *_ in CALLS[api]])]  # fmt: skip
    kinds = {name for each in scripts for rule in each.rules for name in rule["then"]}
    assert kinds == set(KINDS) - (set() if illegal else {"hangup"})
    assert any("timeline" in each for each in scripts)


def test_no_kind_of_fault_is_forgotten() -> None:
    assert set(KINDS) == {each.name for each in FAULTS}
    laws = {each.law for kind in KINDS for each in moves_of("aikraft", "createSystem", kind)}
    assert laws == {LEGAL, BROKEN, ILLEGAL}


def test_what_breaks_the_connection_is_drawn_where_its_kind_is_named() -> None:
    [commits] = {
        frozenset(str(dict(rule["then"])) for each in drawn("aikraft", kinds=["commit"]) for rule in each.rules)
    }
    assert len(commits) == 4
    many = drawn("aikraft", operations=["createSystem"], max_rules=20)
    legal = {str(dict(rule["then"])) for each in many for rule in each.rules if "commit" in rule["then"]}
    assert legal == {"{'commit': 'twice'}"}


# How it shrinks.


def least(condition: Any, api: str = "aikraft", **how: Any) -> Script:
    """Return what Hypothesis shrinks to."""
    limits = settings(max_examples=2000, database=None, deadline=None, phases=(Phase.generate, Phase.shrink))
    return find(scenarios(api, **how), condition, settings=limits, random=Random(1))


def ruled(script: Script) -> list[tuple[Any, ...]]:
    return [(each["when"]["operation"], each["when"].get("nth"), dict(each["then"])) for each in script.rules]


@pytest.mark.parametrize("api", APIS)
def test_the_smallest_is_no_rule_at_all(api: str) -> None:
    assert least(lambda _: True, api) == calm(api)


@pytest.mark.parametrize(
    ("condition", "rules"),
    [
        (lambda script: script.rules, [("listSystems", 1, {"error": 500})]),
        (lambda script: len(script.rules) > 1, [("listSystems", 1, {"error": 500})] * 2),
        (lambda script: any(each[1] == 3 for each in ruled(script)), [("listSystems", 3, {"error": 500})]),
        (lambda script: any(each[0] == "getJob" for each in ruled(script)), [("getJob", 1, {"error": 500})]),
        (lambda script: any(each["then"].get("error") == 429 for each in script.rules), [("listSystems", 1, {"error": 429})]),
        (lambda script: any("error" not in each["then"] for each in script.rules), [("listSystems", 1, {"rate_limit": {"exhausted": True}})]),
        (lambda script: any("stale" in each["then"] for each in script.rules), [("listSystems", 1, {"stale": {"reads": 1}})]),
        (lambda script: any("job" in each["then"] for each in script.rules), [("createDocuments", 1, {"job": "stall"})]),
        (lambda script: any(each[0] == "getJob" and "error" not in each[2] for each in ruled(script)), [("getJob", 1, {"rate_limit": {"exhausted": True}})]),
    ],
)  # fmt: skip
def test_it_shrinks_to_fewer_rules_simpler_kinds_earlier_calls_and_first_operations(condition: Any, rules: Any) -> None:
    assert ruled(least(condition)) == rules


def test_operations_are_preferred_in_the_order_in_which_they_are_named() -> None:
    found = least(lambda script: script.rules, operations=["getMonitoring", "listSystems"])
    assert ruled(found) == [("getMonitoring", 1, {"error": 500})]


def test_events_shrink_away_and_towards_the_beginning() -> None:
    assert least(lambda script: "timeline" in script)["timeline"] == ({"at": "0s", "incident": {"system": "all"}},)


@quick
@given(st.data(), apis)
def test_nothing_is_smaller_than_a_calm_server(data: st.DataObject, api: str) -> None:
    script = data.draw(every(api, False))
    assert script == calm(api) or size(calm(api)) < size(script)


def test_a_call_has_one_number_for_all_rules_of_its_operation() -> None:
    script = least(lambda script: [each[1] for each in ruled(script)] == [1, 2], max_calls=2)
    with Sandbox(scenario=script) as sandbox:
        assert [sandbox.client.get("/v1/systems").status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"api": "none"}, "api: expected one of aikraft, ctrlai, got 'none'"),
        ({"kinds": ["eror"]}, "did you mean 'error'?"),
        ({"operations": ["listSystem"]}, "did you mean 'listSystems'?"),
        ({"max_rules": 0}, "max_rules: expected a number from 1, got 0"),
        ({"operations": ["getJob"], "kinds": ["job"]}, "kinds: expected one that fits getJob, got job"),
    ],
)
def test_what_is_unknown_is_refused(how: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        scenarios(**how)


def test_the_moves_are_those_of_the_contract() -> None:
    api: Api = load_api("aikraft")
    for name in operations_of("aikraft"):
        legal = [each.then["error"] for each in moves_of("aikraft", name, "error") if each.law == LEGAL]
        assert set(legal) == {each for each in api.contract.operations[name].shapes if each >= 400}
