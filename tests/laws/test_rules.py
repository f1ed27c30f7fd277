"""Which rule strikes which call: the engine beside a naive model, on drawn rules and drawn sequences of calls."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.app import load_api
from sandbox.core.clock import MINUTE, SECOND
from sandbox.core.document import DocumentError
from sandbox.core.play import strikes
from sandbox.core.scenario import Meeting, Scenario
from sandbox.core.staging import begun, reader_of
from tests.steering import helm
from tests.support import NOW, request, world_of

OPERATIONS = {
    "listSystems": ("GET", "/v1/systems"),
    "createSystem": ("POST", "/v1/systems"),
    "getJob": ("GET", "/v1/jobs/job_xyz789"),
}
STATES = ["Started", "Degraded", "Recovered"]
numbers = st.integers(1, 6)


@cache
def reader():
    return reader_of(load_api("aikraft"))


def optional(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


turns = st.one_of(
    st.just({}), st.fixed_dictionaries({"nth": numbers}), st.fixed_dictionaries({"nth": st.lists(numbers, min_size=1, max_size=3)}),
    optional(every=st.integers(1, 4), after=st.integers(0, 4), until=st.integers(1, 9)),
    st.tuples(numbers, st.integers(0, 4)).map(lambda each: {"between": [each[0], each[0] + each[1]]}),
)  # fmt: skip
asked = optional(
    operation=st.sampled_from([*OPERATIONS, ["listSystems", "getJob"]]), method=st.sampled_from(["GET", "POST", ["POST", "PATCH"], ["GET", "POST"]]),
    path=st.sampled_from(["/v1/systems", "/v1/*/job_xyz789", "/v1/**"]), rows=st.sampled_from([{"systems": {"at_least": 1}}, {"systems": {"at_least": 2}}]),
)  # fmt: skip
rules = st.builds(
    lambda asked, turn, more: {"when": {**asked, **turn}, "then": {"delay": "1s"}, **more}, asked, turns,
    optional(
        requires=st.sampled_from(STATES), sets=st.sampled_from(STATES), times=st.integers(1, 3),
        ttl=st.sampled_from(["10s", "1m"]), **{"continue": st.booleans()},
    ),
)  # fmt: skip
calls = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.sampled_from([0, 0, SECOND, 30 * SECOND])), max_size=25
)


def scripted(listed: list[dict[str, Any]]) -> Scenario | None:
    """Return the scenario of these rules, or None if it could not work."""
    document = {"scenario": "drawn", "api": "aikraft", "summary": "Drawn.", "states": STATES, "rules": listed}
    try:
        return reader().scenario(document)
    except DocumentError:
        return None


def model(listed: list[dict[str, Any]], story: list[tuple[str, int]], rows: int) -> list[list[int]]:
    """Return which rules strike each call, by the plainest reading of the format."""
    state, now = "Started", 0
    met, fired = [0] * len(listed), [0] * len(listed)
    told = []
    for operation, wait in story:
        now += wait
        struck = []
        for at, rule in enumerate(listed):
            when = rule["when"]
            method, path = OPERATIONS[operation]
            named = when.get("operation", operation)
            methods = when.get("method", method)
            ttl = {"10s": 10 * SECOND, "1m": MINUTE, None: None}[rule.get("ttl")]
            fits = (
                operation in (named if isinstance(named, list) else [named])
                and method in (methods if isinstance(methods, list) else [methods])
                and when.get("path", path) in (path, "/v1/**", "/v1/*/job_xyz789" if operation == "getJob" else path)
                and rows >= when.get("rows", {"systems": {"at_least": 0}})["systems"]["at_least"]
                and rule.get("requires", state) == state
                and (ttl is None or now < ttl)
                and fired[at] < rule.get("times", 1000)
            )
            if not fits:
                continue
            met[at] += 1
            nth, (low, high) = when.get("nth"), when.get("between", [1, 1000])
            turn = (
                (nth is None or met[at] in (nth if isinstance(nth, list) else [nth]))
                and met[at] % when.get("every", 1) == 0
                and when.get("after", 0) < met[at] <= when.get("until", 1000)
                and low <= met[at] <= high
            )
            if not turn:
                continue
            fired[at] += 1
            struck.append(at)
            state = rule.get("sets", state)
            if not rule.get("continue", False):
                break
        told.append(struck)
    return told


def played(scenario: Scenario, story: list[tuple[str, int]]) -> list[list[int]]:
    """Return which rules strike each call, as the engine has it."""
    world = world_of()
    play, now = begun(scenario, world.play, NOW), NOW
    places = {each.name: at for at, each in enumerate(scenario.rules)}
    told = []
    for operation, wait in story:
        now += wait
        asked = request(*OPERATIONS[operation])
        play, struck = strikes(play, 0, "label", Meeting(asked, operation, now, world.charter, world.workspace, {}))
        told.append([places[each.rule] for each in struck])
    return told


@settings(deadline=None, max_examples=400)
@given(st.lists(rules, min_size=1, max_size=4), calls)
@example([{"when": {"every": 3}, "then": {"delay": "1s"}, "times": 2}], [("getJob", 0)] * 12)
@example(
    [
        {"when": {"after": 2, "until": 4}, "then": {"delay": "1s"}, "continue": True},
        {"when": {"nth": [1, 3]}, "then": {"delay": "1s"}, "sets": "Degraded"},
        {"when": {}, "then": {"delay": "1s"}, "requires": "Degraded", "ttl": "1m"},
    ],
    [("getJob", 0), ("listSystems", 0), ("createSystem", 30 * SECOND), ("getJob", SECOND), ("getJob", 30 * SECOND)],
)
def test_the_engine_strikes_as_the_plainest_reading_says(listed, story):
    scenario = scripted(listed)
    if scenario is None:
        return
    rows = world_of().workspace.table("systems").count()
    assert played(scenario, story) == model(listed, story, rows)


@settings(deadline=None, max_examples=200)
@given(st.lists(rules, min_size=1, max_size=3), st.booleans())
def test_a_rule_that_is_refused_as_never_asked_would_never_have_been(listed, last):
    """What the reader says can never strike does not strike: the same rules without that refusal show it."""
    document = {"scenario": "drawn", "api": "aikraft", "summary": "Drawn.", "states": STATES}
    try:
        reader().scenario({**document, "rules": listed})
    except DocumentError as error:
        shadowed = [each.path[1] for each in error.flaws if each.got == "one that is never asked"]
    else:
        shadowed = []
    stories = [
        [(name, 0) for name in names for _ in range(8)]
        for names in (sorted(OPERATIONS), sorted(OPERATIONS, reverse=last))
    ]
    for story in stories:
        for rows in (0, 1, 9):
            assert not {at for struck in model(listed, story, rows) for at in struck} & set(shadowed)


@settings(deadline=None, max_examples=200)
@given(st.lists(rules, min_size=1, max_size=3), calls)
def test_more_rules_below_change_nothing_of_what_the_first_ones_do(listed, story):
    several = [{key: each for key, each in rule.items() if key not in ("requires", "sets")} for rule in listed]
    below = {"when": {"every": 2}, "then": {"delay": "1s"}}
    few, more = scripted(several), scripted([*several, below])
    if few is None or more is None:
        return
    assert [[at for at in struck if at < len(several)] for struck in played(more, story)] == played(few, story)


def test_used_scenarios_strike_as_if_each_were_alone():
    document = {"scenario": "both", "api": "aikraft", "summary": "Both.", "uses": ["rate-limited", "slow"]}
    own = {"when": {"operation": "listSystems"}, "then": {"error": {"status": 500}}}
    both = reader().scenario({**document, "rules": [own]})
    world = world_of()
    asked = Meeting(request("GET", "/v1/systems"), "listSystems", NOW, world.charter, world.workspace, {})
    _, struck = strikes(begun(both, world.play, NOW), 0, "label", asked)
    assert [each.rule for each in struck] == ["both#rule-1", "rate-limited#few-lists", "slow#reads"]
    alone = reader().scenario(load_api("aikraft").scenarios()["slow"])
    for ordinal in range(20):
        _, one = strikes(begun(alone, world.play, NOW), ordinal, "label", asked)
        _, several = strikes(begun(both, world.play, NOW), ordinal, "label", asked)
        assert one[0]._replace(fault=None) == several[-1]._replace(fault=None)


def test_a_sequence_goes_step_by_step_and_stays_at_its_last():
    steps = [{"delay": "1s"}, {}, {"error": {"status": 500}}]
    scenario = scripted([{"then": {"sequence": steps}}])
    world = world_of()
    play, told = begun(scenario, world.play, NOW), []
    for _ in range(5):
        asked = Meeting(request("GET", "/v1/systems"), "listSystems", NOW, world.charter, world.workspace, {})
        play, struck = strikes(play, 0, "label", asked)
        told.append([each.fault.kind for each in struck])
    assert told == [["delay"], [], ["error"], ["error"], ["error"]]


def test_a_request_that_concerned_no_rule_is_remembered_and_no_other_is_taken_for_it():
    rules = [
        {"name": "header", "when": {"header": {"x-trouble": "yes"}}, "then": {"error": {"status": 500}}},
        {"name": "query", "when": {"query": {"limit": "7"}}, "then": {"error": {"status": 500}}},
    ]
    document = {"scenario": "picky", "api": "aikraft", "summary": "Picky.", "rules": rules}
    at = helm().steered("PUT", "/scenarios/active", {"scenario": document})
    calls = [
        ("/v1/systems", {}),
        ("/v1/systems", {"x_trouble": "yes"}),
        ("/v1/systems?limit=7", {}),
        ("/v1/systems", {}),
    ]
    seen = []
    for target, headers in calls * 2:
        at, response = at.ask("GET", target, **headers)
        seen.append(response.status)
    assert seen == [200, 500, 500, 200] * 2
    assert len(at.world.play.scenario.strangers) == 1
