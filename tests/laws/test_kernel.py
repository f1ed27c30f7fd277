"""Laws of `step`: what holds for every request on every world, without any door."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import SECOND
from sandbox.core.intake import BODY_LIMIT
from tests.support import ENTERPRISE, LOAN, NOW, Told, ask, realm, request, said, told, world_of

GETS = [
    "/v1/systems",
    "/v1/systems/sys_abc123/classification",
    "/v1/systems/sys_abc123/monitoring",
    "/v1/jobs/job_xyz789",
]
POSTS = [
    ("/v1/systems", LOAN),
    ("/v1/systems/sys_abc123/classification", {}),
    ("/v1/systems/sys_abc123/documents", {"sections": "all"}),
]
targets = st.sampled_from(
    [*GETS, "/v1/systems?limit=1", "/v1/systems?risk_tier=high", "/v1/nope", "/v1/systems/sys_zzzzzz/monitoring"]
)
bodies = st.sampled_from([None, {}, LOAN, {"sections": ["all"]}, {"sections": [9]}, b"{", [1], {**LOAN, "name": " "}])
requests = st.builds(
    lambda method, target, body: (method, target, body),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]), targets, bodies,
)  # fmt: skip


@given(requests, st.integers(0, 10**9))
def test_step_is_a_function_of_its_arguments(asked, later):
    world = world_of()
    first, second = (ask(world, *asked, at=NOW + later) for _ in range(2))
    assert first.response == second.response
    assert first.world == second.world


@given(st.lists(requests, max_size=6))
def test_every_answer_is_declared_and_carries_the_quota(asked):
    world = world_of()
    contract = realm().keyring.api.contract
    for method, target, body in asked:
        outcome = ask(world, method, target, body)
        world = outcome.world
        names = {name.lower() for name, _ in outcome.response.headers}
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"} <= names
        if outcome.operation is not None:
            shape = contract.operations[outcome.operation].shapes[outcome.response.status]
            assert shape.headers <= names
            assert shape.whole.finding(said(outcome)) is None
        else:
            assert outcome.response.status in (404, 405)


@given(st.sampled_from(GETS), st.integers(0, 10**9))
def test_a_get_changes_nothing_in_the_workspace(target, later):
    world = world_of()
    assert ask(world, "GET", target, at=NOW + later).world.workspace is world.workspace


@given(requests)
def test_a_refused_request_changes_nothing_in_the_workspace(asked):
    world = world_of()
    outcome = ask(world, *asked)
    if outcome.response.status >= 400:
        assert outcome.world.workspace is world.workspace


@pytest.mark.parametrize("target", GETS)
def test_head_is_not_documented_and_is_answered_without_a_body(target):
    outcome = ask(world_of(), "HEAD", target)
    assert outcome.response.status == 405
    assert outcome.response.body == b""


def test_a_known_path_with_another_method_tells_which_ones_it_has():
    outcome = ask(world_of(), "DELETE", "/v1/systems")
    assert told(outcome) == Told(405, "method_not_allowed")
    assert outcome.response.header("allow") == "GET, POST"


@pytest.mark.parametrize(
    "path", ["/v1/nope", "/v1/systems/", "/v1//systems", "/v1", "/v1/systems/sys_abc123", "/v1/systems/%ff/monitoring"]
)
def test_an_unknown_path_is_not_found_in_the_envelope(path):
    assert told(ask(world_of(), "GET", path)) == Told(404, "not_found")


def test_a_system_that_is_not_there_is_named_in_the_documents_words():
    outcome = ask(world_of(fixture="empty"), "GET", "/v1/systems/sys_abc123/classification", fixture="empty")
    assert said(outcome)["error"]["message"] == "AI system with ID sys_abc123 was not found in this workspace."


# The order of checks: each request is wrong in two ways, and is told the earlier one.
def test_the_credential_is_checked_before_the_path():
    assert told(ask(world_of(key="nonsense"), "GET", "/v1/nope", key="nonsense")) == Told(401, "unauthorized")


def test_the_quota_is_checked_before_the_permission():
    world, outcome = world_of("ak_test_starter_read_key"), None
    for _ in range(151):
        outcome = ask(world, "POST", "/v1/systems", LOAN, key="ak_test_starter_read_key")
        world = outcome.world
    assert told(outcome) == Told(429, "rate_limit_exceeded")
    assert outcome.response.header("retry-after") == "1"


def test_the_permission_is_checked_before_the_body():
    key = "ak_test_starter_read_key"
    assert told(ask(world_of(key), "POST", "/v1/systems", b"{", key=key)) == Told(403, "forbidden")


def test_an_unparsable_body_is_told_before_an_unknown_system():
    assert told(ask(world_of(), "POST", "/v1/systems/sys_zzzzzz/documents", b"{")) == Told(400, "invalid_request")


def test_an_unknown_system_is_told_before_a_body_that_breaks_the_contract():
    assert told(ask(world_of(), "POST", "/v1/systems/sys_zzzzzz/documents", {})) == Told(404, "not_found")


def test_a_body_that_breaks_the_contract_is_told_before_the_state():
    world = ask(world_of(), "POST", "/v1/systems", LOAN).world
    assert told(ask(world, "POST", "/v1/systems", {**LOAN, "purpose": 1})) == Told(422, "unprocessable")
    assert told(ask(world, "POST", "/v1/systems", LOAN)) == Told(409, "conflict")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**LOAN, "name": 5}, "name: expected a string, got 5"),
        ({**LOAN, "name": "  "}, 'name: expected at least one visible character, got "  "'),
        ({**LOAN, "name": "x" * 201}, "name: expected at most 200 characters, got"),
        (
            {k: v for k, v in LOAN.items() if k != "domain"},
            "domain: expected a value, since the field is required, got nothing",
        ),
        ([], "the body: expected an object, got an array of 0 items"),
    ],
)
def test_a_refusal_names_the_field_what_was_expected_and_what_came(body, words):
    assert words in said(ask(world_of(), "POST", "/v1/systems", body))["error"]["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "limit: expected at least 1, got 0"),
        ("limit=101", "limit: expected at most 100, got 101"),
        ("limit=x", 'limit: expected an integer, got "x"'),
        ("limit=1&limit=2", "limit: expected once"),
        ("risk_tier=tall", "risk_tier: expected one of"),
        ("cursor=%20", "cursor: expected a match of"),
        ("cursor=abcd", "cursor: expected the cursor of a previous page"),
        ("limit=%ff", "expected at most 100 parameters in percent-encoded UTF-8"),
    ],
)
def test_a_bad_query_is_an_invalid_request(query, words):
    outcome = ask(world_of(), "GET", f"/v1/systems?{query}")
    assert told(outcome) == Told(400, "invalid_request")
    assert words in said(outcome)["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/jsonx"])
def test_a_body_that_is_not_declared_as_json_is_an_invalid_request(kind):
    outcome = ask(world_of(), "POST", "/v1/systems", LOAN, content_type=kind)
    assert told(outcome) == Told(400, "invalid_request")


def test_json_may_be_declared_with_a_charset_and_in_any_case():
    outcome = ask(world_of(), "POST", "/v1/systems", LOAN, content_type="Application/JSON; charset=utf-8")
    assert outcome.response.status == 201


def test_a_body_over_the_limit_is_too_large():
    raw = b'{"name":"' + b"x" * BODY_LIMIT + b'"}'
    assert told(ask(world_of(), "POST", "/v1/systems", raw)) == Told(413, "payload_too_large")


@given(st.lists(requests, max_size=8))
def test_request_ids_are_unique_and_the_same_in_every_replay(asked):
    def ids():
        world = world_of()
        for each in asked:
            outcome = ask(world, *each)
            world = outcome.world
            if outcome.response.status >= 400 and outcome.response.body:
                yield said(outcome)["error"]["request_id"]

    first = list(ids())
    assert len(set(first)) == len(first)
    assert first == list(ids())


@given(st.lists(st.tuples(requests, st.integers(0, 3 * 86400)), max_size=10))
@settings(max_examples=40)
def test_a_history_replayed_gives_the_same_bytes(history):
    def play():
        world, now, answers = world_of(), NOW, []
        for asked, wait in history:
            now += wait * SECOND
            outcome = ask(world, *asked, at=now)
            world = outcome.world
            answers.append(outcome.response)
        return answers, world

    assert play() == play()


def test_time_never_runs_backwards_in_a_world_even_if_the_wall_does():
    world = world_of(clock="real")
    later = ask(world, "GET", "/v1/systems", at=NOW + 100 * SECOND)
    earlier = ask(later.world, "GET", "/v1/systems", at=NOW)
    assert earlier.world.latest == later.world.latest
    assert earlier.response.header("date") == later.response.header("date")


def test_observed_quota_counts_and_never_refuses_but_says_that_it_would_have():
    world, outcome = world_of("ak_test_starter_watched", quota="observe"), None
    for _ in range(151):
        outcome = ask(world, "GET", "/v1/systems", key="ak_test_starter_watched")
        world = outcome.world
    assert outcome.response.status == 200
    assert outcome.marks.would_refuse
    assert outcome.response.header("x-ratelimit-remaining") == "0"


def test_a_quota_that_is_off_takes_nothing():
    world = world_of("ak_test_starter_free_rein", quota="off")
    for _ in range(200):
        outcome = ask(world, "GET", "/v1/systems", key="ak_test_starter_free_rein")
        world = outcome.world
    assert outcome.response.status == 200
    assert outcome.response.header("x-ratelimit-remaining") == "100"


def test_an_answer_that_breaks_the_contract_is_a_500_that_names_the_keyword():
    world = world_of()
    broken = world.workspace.table("systems").get("sys_abc123").having(domain=5)
    world = type(world)(world.charter, world.workspace.having("systems", broken), world.buckets, 0, NOW)
    outcome = ask(world, "GET", "/v1/systems")
    assert told(outcome) == Told(500, "internal_error")
    assert "(type)" in said(outcome)["error"]["message"]


def test_redacted_headers_are_all_that_the_kernel_sees_of_a_key():
    from sandbox.core.message import Caller, admitted

    asked = admitted(request("GET", "/v1/systems", key=ENTERPRISE, cookie="session=secret"), Caller("key_1"))
    assert ENTERPRISE not in repr(asked)
    assert "secret" not in repr(asked)


@given(
    st.lists(
        st.tuples(st.sampled_from([*GETS[:3], "/v1/systems?limit=1"]), st.integers(0, 120)), min_size=2, max_size=8
    )
)
def test_an_answer_that_was_remembered_is_the_one_that_would_be_made(asked):
    started = ask(world_of(clock="real"), "POST", "/v1/systems/sys_abc123/documents", {"sections": [8]}).world
    for target, seconds in asked:
        at = NOW + seconds * SECOND
        blank = started._replace(workspace=type(started.workspace)(started.workspace.tables, started.workspace.minted))
        assert ask(started, "GET", target, at=at).response == ask(blank, "GET", target, at=at).response


def test_a_refusal_leaves_nothing_for_the_cycle_collector():
    import gc

    world = world_of()
    ask(world, "GET", "/v1/systems/sys_zzzzzz/monitoring")
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            ask(world, "GET", "/v1/systems/sys_zzzzzz/monitoring")
            ask(world, "POST", "/v1/systems", b"{")
        assert gc.collect() == 0
    finally:
        gc.enable()
