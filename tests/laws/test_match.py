import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_rfc9535 import find

from sandbox.core.clock import iso_exact
from sandbox.core.jsonpath import read_path, selected
from sandbox.core.match import closest, read_match
from sandbox.core.message import STRANGER, Caller, Request, Response
from sandbox.core.operators import read_test, text_expected, value_expected
from sandbox.core.problem import Problem
from sandbox.core.steps import STEPS, Steps
from sandbox.core.timeline import Entry, Marks
from tests.support import NOW, ask, request, world_of

CHARTER = world_of().charter
WORDS = st.sampled_from(["a", "b", "name", "systems", "é", "a*b", "(.+)", "\n", ""])
NUMBERS = st.integers(-2, 2) | st.sampled_from([1.0, 0.5, 1e300])
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
SEGMENTS = st.lists(WORDS.map(lambda word: word.replace("/", "")), max_size=3)
FIELDS = st.lists(st.tuples(st.sampled_from(["accept", "x-team", "content-type"]), WORDS), max_size=3).map(tuple)
QUERIES = st.sampled_from(["", "limit=5", "limit=5&limit=6", "a=%20b&c", "a=1&&b=%ff", "%zz=1"])
BODIES = JSON.map(orjson.dumps) | st.sampled_from([b"", b"{", b"\xff\xfe", b"[" * 600])
REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "get"]), SEGMENTS.map(lambda each: "/" + "/".join(each)), QUERIES, FIELDS, BODIES,
    st.just("local"), st.just("http"), st.sampled_from([STRANGER, Caller("key_1"), Caller("key_2")]),
).map(lambda each: Request(*each))  # fmt: skip
RESPONSES = st.sampled_from([200, 201, 404, 429, 503]).map(lambda status: Response(status, (), b"{}"))
MARKS = st.tuples(st.booleans(), st.booleans()).map(lambda each: Marks(*each))
ENTRIES = st.tuples(
    st.integers(1, 9), st.just(NOW), st.integers(NOW - 3, NOW + 3), st.sampled_from([None, "listSystems", "createSystem"]),
    REQUESTS, RESPONSES, st.sampled_from([None, "quota", "contract"]), MARKS, st.just(CHARTER),
).map(lambda each: Entry(*each))  # fmt: skip

INSTANTS = st.integers(NOW - 3, NOW + 3).map(iso_exact)
PATHS = st.sampled_from(["$", "$.a", "$.name", "$..a", "$[0]", "$[*].b", "$[-1]", "$[?@.a>0]", "$..*"])


def held_to(values):
    operators = st.fixed_dictionaries(
        {},
        optional={
            "equals": values,
            "contains": values,
            "matches": st.sampled_from(["a", "^$", "[a-z]+$"]),
            "exists": st.booleans(),
            "one_of": st.lists(values, min_size=1, max_size=3),
        },
    ).filter(len)
    return (
        operators | operators.map(lambda inner: {"not": inner}) | values.filter(lambda each: not isinstance(each, dict))
    )


SINGLE = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from([None, "listSystems"]),
        "method": st.sampled_from(["GET", "POST"]),
        "path": st.sampled_from(["/", "/a", "/*", "**", "/a/**", "/*/b"]),
        "status": st.sampled_from([200, 404, "4xx", "503"]),
        "key": st.sampled_from([None, "key_1"]),
        "cause": st.sampled_from([None, "quota"]),
        "fault": st.sampled_from([None, "slow"]),
        "mark": st.sampled_from(["early_retry", "would_refuse"]),
        "since": INSTANTS,
        "until": INSTANTS,
        "query": st.dictionaries(st.sampled_from(["limit", "a"]), held_to(WORDS), min_size=1, max_size=2),
        "header": st.dictionaries(st.sampled_from(["Accept", "x-team"]), held_to(WORDS), min_size=1, max_size=2),
        "body": JSON | st.dictionaries(PATHS, held_to(JSON), min_size=1, max_size=2),
    },
)
MATCHES = st.recursive(
    SINGLE,
    lambda inner: st.builds(
        lambda one, two, three: {"and": one, "or": two, "not": three},
        st.lists(inner, min_size=1, max_size=2), st.lists(inner, min_size=1, max_size=2), inner,
    ),
    max_leaves=6,
)  # fmt: skip


def facts(entry):
    """Return the match that asks for all that the entry is."""
    asked = {
        "operation": entry.operation,
        "method": entry.request.method,
        "path": entry.request.path,
        "status": entry.response.status,
        "key": entry.request.caller.key,
        "cause": entry.cause,
        "since": iso_exact(entry.at),
        "until": iso_exact(entry.at + 1),
    }
    if entry.request.headers:
        asked["header"] = {name.upper(): value for name, value in entry.request.headers}
    if entry.request.body.startswith(b'{"') and not entry.request.body.startswith(b'{"$'):
        asked["body"] = orjson.loads(entry.request.body)
    marks = [{"mark": each} for each in ("would_refuse", "early_retry") if getattr(entry.marks, each)]
    return {**asked, "and": marks} if marks else asked


@given(ENTRIES)
def test_a_match_made_of_what_an_entry_is_fits_it(entry):
    match = read_match(facts(entry))
    assert match.differences(entry) == ()
    assert match.fits(entry)


@given(ENTRIES)
def test_an_entry_fits_no_match_that_differs_in_one_fact(entry):
    asked = facts(entry)
    other = {**asked, "status": 299, "cause": "another", "operation": "another", "key": "another", "method": "another"}
    for name in ("status", "cause", "operation", "key", "method"):
        found = read_match({**asked, name: other[name]}).differences(entry)
        assert [each.field for each in found] == [name]


@given(MATCHES, ENTRIES)
def test_an_entry_fits_if_and_only_if_nothing_differs(data, entry):
    match = read_match(data)
    differences = match.differences(entry)
    assert match.fits(entry) == (not differences)
    assert all(each.field and len(each.expected) <= 61 and len(each.got) <= 61 for each in differences)


@given(SINGLE, SINGLE, ENTRIES)
def test_and_or_and_not_obey_the_algebra_of_boole(one, two, entry):
    def fits(data):
        return read_match(data).fits(entry)

    assert fits({"not": one}) is not fits(one)
    assert fits({"and": [one, two]}) == (fits(one) and fits(two)) == fits({"and": [two, one]})
    assert fits({"or": [one, two]}) == (fits(one) or fits(two)) == fits({"or": [two, one]})
    assert fits({"not": {"and": [one, two]}}) == fits({"or": [{"not": one}, {"not": two}]})
    assert fits({**one, "and": [two]}) == (fits(one) and fits(two))
    assert fits({})


@given(st.sampled_from([text_expected, value_expected]), st.data())
def test_not_is_the_opposite_for_every_value_and_for_none(check, data):
    values = WORDS if check is text_expected else JSON
    written = data.draw(held_to(values).filter(lambda each: isinstance(each, dict)))
    for value in ([], [data.draw(values)]):
        plain = read_test(written, (), check).holds(value, Steps())
        assert read_test({"not": written}, (), check).holds(value, Steps()) is not plain


@given(SINGLE, st.lists(ENTRIES, max_size=6), st.integers(1, 4))
def test_the_closest_are_those_with_the_fewest_differences_the_latest_first(data, entries, count):
    match = read_match(data)
    near = closest(match, entries, count)
    order = sorted(range(len(entries)), key=lambda at: (len(match.differences(entries[at])), -at))
    assert [each.entry for each in near] == [entries[at] for at in order[:count]]
    assert all(each.differences == match.differences(each.entry) for each in near)


def asked(**changes):
    """Return an entry of a POST with a query, a header of two values and a JSON body."""
    body = {"name": "Loan", "n": 1, "on": True, "tags": ["a", "b"], "deep": {"rows": [{"id": 1}, {"id": 2}]}}
    made = request("POST", "/v1/systems?limit=5&limit=6", body, x_team="red")
    made = made._replace(headers=(*made.headers, ("x-team", "blue")))
    outcome = ask(world_of(), "GET", "/v1/systems")
    world, response, operation, cause, marks, _ = outcome
    entry = Entry(world.ordinal, NOW, NOW, operation, made, response, cause, marks, world.charter)
    return entry._replace(**changes)


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({}, True),
        ({"fault": None}, True),
        ({"fault": "slow"}, False),
        ({"path": "/v1/systems"}, True),
        ({"path": "/v1/*"}, True),
        ({"path": "/*"}, False),
        ({"path": "/**"}, True),
        ({"path": "/v1/sys*ms"}, True),
        ({"path": "/v1/systems/**"}, False),
        ({"path": "/v1/s.stems"}, False),
        ({"path": "/v1/s.ste*"}, False),
        ({"status": "2xx"}, True),
        ({"status": "200"}, True),
        ({"status": "4xx"}, False),
        ({"since": "2026-04-13T14:30:00Z"}, True),
        ({"until": "2026-04-13T14:30:00Z"}, False),
        ({"until": "2026-04-13T16:30:00.000001+02:00"}, True),
        ({"query": {"limit": "6"}}, True),
        ({"query": {"limit": "7"}}, False),
        ({"query": {"limit": {"exists": False}}}, False),
        ({"query": {"page": {"exists": False}}}, True),
        ({"query": {"page": {"not": "2"}}}, True),
        ({"query": {"page": {"exists": True, "not": "2"}}}, False),
        ({"header": {"X-Team": "blue"}}, True),
        ({"header": {"x-team": {"matches": "^r", "contains": "ed"}}}, True),
        ({"header": {"x-team": {"matches": "^r", "contains": "bl"}}}, False),
        ({"header": {"authorization": "(redacted)"}}, False),
        ({"body": {"$.name": "Loan"}}, True),
        ({"body": {"$.n": 1.0}}, True),
        ({"body": {"$.n": True}}, False),
        ({"body": {"$.on": 1}}, False),
        ({"body": {"$.on": True}}, True),
        ({"body": {"$.tags": ["a", "b"]}}, True),
        ({"body": {"$.tags": {"contains": "b"}}}, True),
        ({"body": {"$.tags": {"contains": "c"}}}, False),
        ({"body": {"$.tags[*]": "b"}}, True),
        ({"body": {"$..id": {"one_of": [2, 3]}}}, True),
        ({"body": {"$.deep": {"equals": {"rows": [{"id": 1}, {"id": 2}]}}}}, True),
        ({"body": {"$.deep.rows[?@.id > 1].id": 2}}, True),
        ({"body": {"$[?length(@) == 2]": {"exists": True}}}, True),
        ({"body": {"$.none": {"exists": False}}}, True),
        ({"body": {"$.none": None}}, False),
        ({"body": {}}, False),
        ({"body": {"name": "Loan"}}, False),
    ],
    ids=repr,
)
def test_each_condition_means_what_the_docs_say(data, fits):
    entry = asked()
    assert read_match(data).fits(entry) is fits
    assert bool(read_match(data).differences(entry)) is not fits


def test_a_body_that_is_no_json_has_nothing_in_it():
    entry = asked(request=request("POST", "/v1/systems", b"\xff{"))
    assert read_match({"body": {"$": {"exists": False}}}).fits(entry)
    assert not read_match({"body": None}).fits(entry)
    assert read_match({"body": None}).fits(asked(request=request("POST", "/v1/systems", b"null")))


def test_differences_quote_what_was_expected_and_what_came():
    data = {
        "status": 404,
        "header": {"X-Team": "green"},
        "body": {"$.name": {"not": "Loan"}},
        "or": [{"key": "k", "mark": "early_retry"}, {"cause": "quota"}],
    }
    assert [tuple(each) for each in read_match(data).differences(asked())] == [
        ("status", "404", "200"),
        ("header.X-Team", '"green"', '"red", "blue"'),
        ("body.$.name", '{"not":"Loan"}', '"Loan"'),
        ("or[1].cause", '"quota"', "null"),
    ]


def test_no_difference_shows_a_credential_that_stands_in_a_header():
    made = request("GET", "/v1/systems", x_other="say ak_live_0123456789")
    assert read_match({"header": {"x-other": "a"}}).differences(asked(request=made))[0].got == '"say redacted-key"'


CONDITION_NAMES = (
    "operation, method, path, status, key, cause, fault, mark, since, until, query, header, body, and, or, not"
)
OPERATOR_NAMES = "equals, contains, matches, exists, one_of, not"
UNREADABLE = [
    ([], "match: expected a mapping of conditions, got a list of 0"),
    ({"stauts": 404}, f"match.stauts: expected one of the conditions {CONDITION_NAMES}, got an unknown one; did you mean 'status'?"),
    ({"status": 99}, "match.status: expected a status such as 404 or 4xx, got 99"),
    ({"status": True}, "match.status: expected a status such as 404 or 4xx, got true"),
    ({"status": "4xy"}, "match.status: expected a status such as 404 or 4xx, got '4xy'"),
    ({"status": "٤٠٤"}, "match.status: expected a status such as 404 or 4xx, got '٤٠٤'"),
    ({"method": 5}, "match.method: expected a text, got 5"),
    ({"path": None}, "match.path: expected a text, got null"),
    ({"path": "*" * 501}, "match.path: expected a path with `*` of at most 500 characters, got '" + "*" * 60 + "…' (501 characters)"),
    ({"path": "/" + "*/" * 249}, "match.path: expected a pattern with fewer repetitions, got '/" + "*/" * 29 + "*…' (499 characters)"),
    ({"mark": "early-retry"}, "match.mark: expected one of early_retry, would_refuse, got 'early-retry'; did you mean 'early_retry'?"),
    ({"mark": ["early_retry"]}, "match.mark: expected one of early_retry, would_refuse, got a list of 1"),
    ({"since": "yesterday"}, "match.since: expected an ISO 8601 time such as 2026-04-13T14:30:00Z, got 'yesterday'"),
    ({"until": "2026-04-13T14:30:00"}, "match.until: expected a time with an offset such as 2026-04-13T14:30:00Z, got '2026-04-13T14:30:00'"),
    ({"since": 0}, "match.since: expected a text, got 0"),
    ({"query": "limit=5"}, "match.query: expected a mapping of 1 to 50 tests by name, got 'limit=5'"),
    ({"query": {"limit": 5}}, "match.query.limit: expected a text, got 5"),
    ({"query": {"limit": {}}}, f"match.query.limit: expected at least one of the operators {OPERATOR_NAMES}, got a mapping of 0"),
    ({"header": {"x": {"equal": "a"}}}, f"match.header.x.equal: expected one of the operators {OPERATOR_NAMES}, got an unknown operator; did you mean 'equals'?"),
    ({"header": {"x": {"not": {"one_of": ["a", 1]}}}}, "match.header.x.not.one_of[1]: expected a text, got 1"),
    ({"header": {"x": {"one_of": []}}}, "match.header.x.one_of: expected a list of 1 to 100 values, got a list of 0"),
    ({"header": {"x": {"exists": 1}}}, "match.header.x.exists: expected true or false, got 1"),
    ({"header": {"x": {"matches": "(a"}}}, "match.header.x.matches: expected a pattern in RE2's syntax, got '(a' (missing ): (a)"),
    ({"header": {"x": {"matches": "(?=a)"}}}, "match.header.x.matches: expected a pattern in RE2's syntax, got '(?=a)' (invalid perl operator: (?=)"),
    ({"header": {"x": {"matches": r"(a)\1"}}}, "match.header.x.matches: expected a pattern in RE2's syntax, got '(a)\\\\1' (invalid escape sequence: \\1)"),
    ({"header": {"x": {"matches": "(?:a{99}){99}"}}}, "match.header.x.matches: expected a pattern in RE2's syntax, got '(?:a{99}){99}' (invalid repetition size: {99})"),
    ({"header": {"x": {"matches": "(?:ab){700}"}}}, "match.header.x.matches: expected a pattern with fewer repetitions, got '(?:ab){700}'"),
    ({"header": {"x": {"matches": "\ud800"}}}, "match.header.x.matches: expected a text without half of a surrogate pair, got '�'"),
    ({"header": {"x": {"matches": "a" * 1001}}}, "match.header.x.matches: expected a pattern of at most 1000 characters, got '" + "a" * 60 + "…' (1001 characters)"),
    ({"body": {"$.a[": 1}}, "match.body.$.a[: expected a JSONPath (RFC 9535), got '$.a[': unbalanced brackets, line 1, column 4"),
    ({"body": {"$" + "." + "a" * 499: 1}}, "match.body.$." + "a" * 58 + "…: expected a JSONPath of at most 500 characters, got 501"),
    ({"body": {"$..a..b..c": 1}}, "match.body.$..a..b..c: expected a JSONPath of at most 40 segments, 2 of them `..`, got 3 and 3"),
    ({"body": {"$" + ".a" * 41: 1}}, "match.body.$" + ".a" * 29 + ".…: expected a JSONPath of at most 40 segments, 2 of them `..`, got 41 and 0"),
    ({"body": {"$[?" + "!" * 41 + "@.a]": 1}}, "match.body.$[?" + "!" * 41 + "@.a]: expected a JSONPath with at most 40 of ( and !, got '$[?" + "!" * 41 + "@.a]'"),
    ({"body": {"$[?match(@, '(a+)+$')]": 1}}, "match.body.$[?match(@, '(a+)+$')]: expected a JSONPath (RFC 9535), got \"$[?match(@, '(a+)+$')]\": function 'match' is not defined, line 1, column 3"),
    ({"body": {"$[?@..a]": 1}}, "match.body.$[?@..a]: expected a filter that looks at one place, got \"@..['a']\""),
    ({"body": {"$[?@[?@.a]]": 1}}, None),
    ({"body": {"$[?@.a == @.b]": 1}}, None),
    ({"body": {"$[?count($..*) > 1]": 1}}, None),
    ({"body": {"$[?@ == 1e999]": 1}}, None),
    ({"body": {"$.a": {"size": 1}}}, f"match.body.$.a.size: expected one of the operators {OPERATOR_NAMES}, got an unknown operator"),
    ({"and": {}}, "match.and: expected a list of 1 to 20 matches, got a mapping of 0"),
    ({"or": []}, "match.or: expected a list of 1 to 20 matches, got a list of 0"),
    ({"or": [{}, {"not": {"kye": "a"}}]}, f"match.or[1].not.kye: expected one of the conditions {CONDITION_NAMES}, got an unknown one; did you mean 'key'?"),
    ({"not": None}, "match.not: expected a mapping of conditions, got null"),
    ({"and": [{"key": "a"}] * 20, "or": [{"and": [{"key": "a"}] * 20}] * 5}, "match: expected at most 100 conditions in all, got more"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), UNREADABLE, ids=[str(at) for at in range(len(UNREADABLE))])
def test_what_cannot_be_meant_is_refused_with_place_expectation_and_finding(data, message):
    with pytest.raises(Problem) as raised:
        read_match(data)
    assert (raised.value.status, raised.value.cause) == (422, "match-unreadable")
    assert message is None or raised.value.message == message
    assert ": expected " in raised.value.message
    assert ", got " in raised.value.message


def nested(levels, leaf, around):
    for _ in range(levels):
        leaf = around(leaf)
    return leaf


def test_matches_nest_eight_levels_deep_and_no_deeper():
    read_match(nested(8, {}, lambda inner: {"not": inner}))
    with pytest.raises(Problem, match="expected at most 8 levels of and, or and not"):
        read_match(nested(9, {}, lambda inner: {"not": inner}))
    with pytest.raises(Problem, match="expected at most 8 levels of and, or and not"):
        read_match(nested(100_000, {}, lambda inner: {"or": [inner]}))
    with pytest.raises(Problem, match="expected at most 8 levels of not"):
        read_match({"body": {"$": nested(9, {"equals": 1}, lambda inner: {"not": inner})}})
    with pytest.raises(Problem, match="expected a value of at most 64 levels"):
        read_match({"body": nested(100_000, 1, lambda inner: [inner])})


def test_the_place_of_a_step_of_a_sequence_stands_in_the_message():
    with pytest.raises(Problem, match=r"^sequence\[3\]\.status: expected"):
        read_match({"status": 1}, ("sequence", 3))


SAFE_PATHS = [
    "$", "$.a", "$['a','b']", "$[0]", "$[-1]", "$[1:]", "$[::-1]", "$[::2, 0]", "$[5:0:-2]", "$.*", "$..*", "$..a", "$..[0]",
    "$..[*]..a", "$.*.*", "$[?@.a]", "$[?!@.a]", "$[?@.a == 1]", "$[?@ > 0 && @ < 2]", "$[?@.a == 'a' || @[0] == null]",
    "$[?length(@) > 1]", "$..[?@.a != true]", "$[?$.a]", "$.a.b", "$[0:0]", "$[:2:0]",
]  # fmt: skip


@given(JSON)
def test_a_path_selects_what_the_library_selects(document):
    for text in SAFE_PATHS:
        assert list(selected(read_path(text), document, Steps())) == [each.value for each in find(text, document)]


class Counted(list):
    """A list that counts how often one of its members is given away."""

    given = 0

    def __iter__(self):
        for each in super().__iter__():
            Counted.given += 1
            yield each

    def __getitem__(self, at):
        Counted.given += 1
        return super().__getitem__(at)


HOSTILE = ["$..*", "$..*..*", "$.*.*.*", "$[" + ",".join("*" * 200) + "]", "$" + "[0,0,0,0]" * 39, "$[::-1]", "$[?@.a]",
           "$..[?@.a==1||@.b==2||@.c==3||!@.d]", "$[0,*]..[*]..*"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("levels", [0, 128])
def test_no_path_looks_at_more_nodes_than_it_has_steps(text, levels):
    document = nested(levels, Counted([Counted([1, 2])] * 200_000), lambda inner: Counted([inner, 1]))
    Counted.given = 0
    steps = Steps()
    found = sum(1 for _ in selected(read_path(text), document, steps))
    assert found <= STEPS
    assert Counted.given <= 2 * STEPS


def test_what_lies_beyond_the_steps_is_not_selected():
    document = [0] * STEPS + [1]
    assert list(selected(read_path("$[-1]"), document, Steps())) == [1]
    assert 1 not in list(selected(read_path("$[*]"), document, Steps()))
    entry = asked(request=request("POST", "/v1/systems", document))
    assert not read_match({"body": {"$[*]": 1}}).fits(entry)
    assert read_match({"body": {"$[-1]": 1}}).fits(entry)


@pytest.mark.parametrize(
    "operators",
    [
        {"matches": "(?:[01]*1[01]{100}){4}x"},
        {"contains": "0" * 500 + "x"},
        {"equals": ["01" * 5_000] * 99 + ["x"]},
        {"one_of": list(range(100))},
        {"contains": 7},
    ],
    ids=lambda each: next(iter(each)),
)
def test_no_test_does_more_work_than_it_has_steps(operators):
    steps = Steps()
    test = read_test(operators, (), value_expected)
    text = "01" * 500_000
    assert not test.holds(iter([text, [1] * 200_000, *["01" * 5_000] * 200, ["01" * 5_000] * 100] * 50), steps)
    assert steps.left >= 0


def test_a_text_that_no_steps_are_left_for_fits_no_pattern():
    test = read_test({"matches": "x"}, (), value_expected)
    assert test.holds(["x"], Steps(5))
    assert not test.holds(["0" * 10_000 + "x"], Steps(5))
