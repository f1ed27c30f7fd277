"""Whatever comes as a scenario is read or refused with reasons; what is read, the published schema takes too."""

import copy
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox import schema
from sandbox.app import load_api
from sandbox.core.document import DocumentError
from sandbox.core.form import RULE_WORDS, SCENARIO_WORDS
from sandbox.core.frozen import freeze
from sandbox.core.scenario import Scenario
from sandbox.core.staging import reader_of
from sandbox.core.then import WORDS as THEN_WORDS
from sandbox.core.when import WHEN
from sandbox.core.when import WORDS as WHEN_WORDS
from sandbox.faults.kinds import EVENTS, KINDS
from sandbox.settings import APIS
from tests.laws.test_bad_scenarios import GOOD, parsed
from tests.scripts import EXAMPLES
from tests.steering import helm

SHIPPED = {f"{api}/{name}": each for api in APIS for name, each in load_api(api).scenarios().items()}
DOCUMENTS = {**SHIPPED, **EXAMPLES, "good": parsed(GOOD)}


@cache
def reader(api="aikraft"):
    return reader_of(load_api(api))


@cache
def validator():
    return jsonschema_rs.validator_for(json.loads(schema.path().read_text()))


def flaws_of(document, api="aikraft"):
    """Return why the document is refused as a scenario of the API; nothing if it is read."""
    try:
        scenario = reader(api).scenario(document)
    except DocumentError as error:
        return error.flaws
    assert isinstance(scenario, Scenario)
    return ()


def place(document, path):
    """Return whether the document has this place, or lacks only its last step."""
    for at, step in enumerate(path):
        known = isinstance(document, dict) and step in document
        known = known or (isinstance(document, list) and isinstance(step, int) and step < len(document))
        if not known:
            return at == len(path) - 1 and isinstance(document, (dict, list))
        document = document[step]
    return True


def check(document, api="aikraft"):
    """Check that the document is read, and valid, or refused with reasons at places that it has."""
    before = copy.deepcopy(document)
    flaws = flaws_of(document, api)
    for flaw in flaws:
        assert flaw.expected
        assert flaw.got
        assert str(flaw).isprintable()
        assert place(document, flaw.path), flaw
    if not flaws:
        assert validator().is_valid(document), [each.message for each in validator().iter_errors(document)][:3]
    assert repr(before) == repr(document)
    return flaws


# The words of the format, ours and others', so that what is drawn comes near.
NAMES = sorted(
    {"scenario", "api", "summary", "seed", "states", "uses", "timeline", "rules", "name", "when", "then", "requires", "sets", "times", "ttl"}
    | {"continue", "at", "every", "state", "weight", "one_of", "sequence", "at_least", "systems", "units", "remainingTimes", "timeUnit", "type"}
    | {*WHEN, *SCENARIO_WORDS.aliases, *RULE_WORDS.aliases, *WHEN_WORDS.aliases, *THEN_WORDS.aliases}
    | {*SCENARIO_WORDS.remedies, *RULE_WORDS.remedies, *WHEN_WORDS.remedies, *THEN_WORDS.remedies}
    | {each.name for each in (*KINDS, *EVENTS)}
    | {name for kind in (*KINDS, *EVENTS) for name in kind.schema().fields}
)  # fmt: skip
WORDS = [
    "aikraft", "ctrlai", "infer", "models", "Started", "Degraded", "createSystem", "listSystems", "getJob", "GET", "POST", "/v1/systems", "/v1/**", "$.name", "5m", "2s",
    "0s", "-1d", "P3D", "2026-04-13T14:30:00Z", "EMPTY_RESPONSE", "DRIBBLE", "drop_after", "late", "twice", "sys_abc123", "slow", "flaky", "MINUTES",
    "uniform", "lognormal", "missing", "huge", "no", "\ud800", "", "  ", "\x00", "x" * 300,
]  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers(-2, 12) | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=6)
)  # fmt: skip
keys = st.sampled_from(NAMES) | st.text(max_size=4) | st.integers(0, 3) | st.booleans()
values = st.recursive(
    scalars, lambda each: st.lists(each, max_size=3) | st.dictionaries(keys, each, max_size=3), max_leaves=12
)  # fmt: skip


def places(data, path=()):
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def changed(data, path, change):
    """Return the data with what is at this place changed."""
    if not path:
        return change(data)
    inner = changed(data[path[0]], path[1:], change)
    if isinstance(data, dict):
        return {**data, path[0]: inner}
    return [*data[: path[0]], inner, *data[path[0] + 1 :]]


@settings(deadline=None, max_examples=300)
@given(values)
@example({"scenario": float("nan")})
@example({1: 2})
@example([])
@example(b"bytes")
@example({"a": {1, 2}})
@example(10**400)
@example({"scenario": 10**400, "rules": [10**400]})
def test_whatever_value_comes_is_refused_with_reasons(document):
    check(document)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_scenario_with_anything_anywhere_is_read_or_refused_with_reasons(data):
    document = DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]
    api = document["api"]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(document))))
        other = data.draw(st.sampled_from(["value", "key", "gone"]))
        if other == "value":
            document = changed(document, path, lambda _: data.draw(values))
        elif other == "key":
            name, value = data.draw(keys), data.draw(values)
            document = changed(
                document, path, lambda old, n=name, v=value: {**old, n: v} if isinstance(old, dict) else old
            )
        elif path and isinstance(path[-1], str):
            document = changed(document, path[:-1], lambda old, n=path[-1]: {k: v for k, v in old.items() if k != n})
        if not isinstance(document, dict):
            break
    check(document, api)


def written_out(definition, draw, depth=0):
    """Return a value that a part of the schema takes, more or less: enough to come past the first checks."""
    root = json.loads(schema.path().read_text())
    if "$ref" in definition:
        return written_out(root["$defs"][definition["$ref"].rpartition("/")[2]], draw, depth)
    if "anyOf" in definition and definition.get("type") != "object":
        return written_out(draw(st.sampled_from(definition["anyOf"])), draw, depth)
    if "enum" in definition:
        return draw(st.sampled_from(definition["enum"]))
    kind = definition.get("type")
    if kind == "object":
        known = definition.get("properties", {})
        some = draw(st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True)) if known and depth < 6 else []
        return {name: written_out(known[name], draw, depth + 1) for name in {*definition.get("required", ()), *some}}
    if kind == "array":
        size = draw(st.integers(definition.get("minItems", 0), max(definition.get("minItems", 0), 3)))
        return [written_out(definition["items"], draw, depth + 1) for _ in range(size)]
    if kind == "integer":
        low = definition.get("minimum", 0)
        return draw(st.integers(low, min(low + 9, definition.get("maximum", low + 9))))
    if kind == "number":
        return draw(st.sampled_from([0, 0.5, 1, 2.5]))
    if kind == "boolean":
        return draw(st.booleans())
    if "pattern" in definition or "examples" in definition:
        return draw(st.sampled_from(["2s", "5m", "3d", "a", "PSI", "2026-04-13T14:30:00Z"]))
    return draw(st.sampled_from(["Started", "createSystem", "/v1/systems", "sys_abc123", "years_of_experience"]))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_what_the_schema_suggests_is_read_or_refused_with_reasons(data):
    root = json.loads(schema.path().read_text())
    rules = [written_out(root["$defs"]["rule"], data.draw) for _ in range(data.draw(st.integers(0, 2)))]
    events = [written_out(root["$defs"]["event"], data.draw) for _ in range(data.draw(st.integers(0, 2)))]
    api = data.draw(st.sampled_from(APIS))
    check({"scenario": "drawn", "api": api, "summary": "Drawn.", "rules": rules, "timeline": events}, api)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_begins_with_what_a_good_client_does_and_ends_within_reach(name):
    text = (schema.path().parent / f"{name}.yaml").read_text()
    assert text.startswith("# A good client ")
    rules = reader(SHIPPED[name]["api"]).scenario(SHIPPED[name]).rules
    assert all(each.faults and (each.operations is None or each.operations) for each in rules)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_we_ship_or_show_is_read_and_valid_by_the_schema(name):
    assert check(DOCUMENTS[name], DOCUMENTS[name]["api"]) == ()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reading_is_a_function_of_what_is_read(name):
    document = DOCUMENTS[name]
    read = reader(document["api"]).scenario
    first, again, frozen = (read(each) for each in (document, copy.deepcopy(document), freeze(document)))
    for one in (again, frozen):
        assert one.document == first.document
        assert [each.name for each in one.rules] == [each.name for each in first.rules]
        assert one.states == first.states
        assert [(each.name, each.at, each.every, each.times) for each in one.timeline] == [
            (each.name, each.at, each.every, each.times) for each in first.timeline
        ]


def test_the_published_schema_is_what_the_readers_own_schemas_make():
    assert schema.path().read_text() == schema.written(), "renew it: python -m sandbox.schema"


def test_the_published_schema_is_a_schema():
    jsonschema_rs.meta.validate(json.loads(schema.path().read_text()))


def test_every_kind_of_fault_and_of_event_is_in_the_schema():
    definitions = json.loads(schema.path().read_text())["$defs"]
    assert {f"fault-{each.name}" for each in KINDS} | {f"event-{each.name}" for each in EVENTS} <= set(definitions)


@pytest.mark.parametrize(
    "document",
    [
        {"scenario": "a", "api": "aikraft"},
        {"scenario": "a", "api": "aikraft", "summary": "a", "sumary": "b"},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"when": {"operation": "listSystms"}, "then": {"error": {}}}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"when": {"evry": 3}, "then": {"error": {}}}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"then": {"error": {"satus": 3}}}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"then": {"hangup": "RESET"}}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"then": {"delay": "soon"}}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "timeline": [{"at": "soon", "state": "Started"}]},
        {"scenario": "a", "api": "aikraft", "summary": "a", "rules": [{"then": {"one_of": [{"weight": 0, "delay": "2s"}]}}]},
    ],
)  # fmt: skip
def test_an_editor_sees_what_the_reader_refuses(document):
    assert not validator().is_valid(document)
    assert flaws_of(document)


def test_flaws_are_told_in_the_same_order_by_every_process():
    document = {
        "scenario": "a",
        "api": "b",
        **{f"k{n}": n for n in range(30)},
        "rules": [{f"k{n}": n for n in range(30)}],
    }
    code = (
        "import sys, json; from sandbox.app import load_api; from sandbox.core.staging import reader_of\n"
        "from sandbox.core.document import DocumentError\n"
        "try: reader_of(load_api('aikraft')).scenario(json.loads(sys.argv[1]))\n"
        "except DocumentError as error: print(error)"
    )
    root = Path(__file__).resolve().parents[2]
    told = {
        subprocess.run(
            [sys.executable, "-c", code, json.dumps(document)], cwd=root, check=True, capture_output=True, text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1
    assert told.pop()


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_single_fault_with_anything_anywhere_is_added_or_refused_with_reasons(data):
    rules = [(rule, each["api"]) for each in DOCUMENTS.values() for rule in each.get("rules", ())]
    whole, api = data.draw(st.sampled_from(rules))
    fault = {name: each for name, each in whole.items() if name in ("when", "then", "times", "ttl", "continue")}
    path = data.draw(st.sampled_from(list(places(fault))[1:]))
    fault = changed(fault, path, lambda _: data.draw(values))
    try:
        reader(api).rule({**fault, "name": "fault-1"}, "fault", 0, ())
    except DocumentError as error:
        for flaw in error.flaws:
            assert place({**fault, "name": "fault-1"}, flaw.path)


@pytest.mark.parametrize(
    "then",
    [{"sequence": [{"error": {"status": 500}}, {}]}, {"one_of": [{"delay": "1s"}, {"weight": 2}]}, {"delay": "1s"}],
)
def test_a_fault_is_changed_in_one_field_and_keeps_its_others(then):
    """The lists of a document that is kept are tuples, which the reader has to take for lists again."""
    given = {"when": {"nth": [1, 3], "operation": ["listSystems"]}, "then": then}
    at = helm().steered("POST", "/faults", given).steered("PATCH", "/faults/fault-1", {"times": 1})
    shown = at.read("/faults")["faults"][0]
    assert {name: shown[name] for name in ("when", "then", "times")} == {**given, "times": 1}
