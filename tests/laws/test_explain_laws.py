"""An explanation suffices: with the world before the request, the answer can be computed anew from its text alone."""

from base64 import b64decode

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.core.clock import parse_instant
from sandbox.core.explain import STAGES, explained
from sandbox.core.kernel import step
from sandbox.core.message import Caller, Request
from sandbox.core.record import world_before
from sandbox.core.state import rebuilt
from sandbox.core.wording import id_of
from tests.steering import api_acts, entries_of, exported, helm, steering_acts, waits, went
from tests.support import world_of

stories = st.lists(waits | api_acts | api_acts | steering_acts, min_size=1, max_size=12)
limits = st.sampled_from([3, 40, 10_000])
FAILED_AT = {
    "credential": "permission", "quota": "permission", "permission": "permission", "unknown-path": "sizes", "unknown-method": "sizes",
    "too-large": "content", "body-missing": "content", "body-not-json": "content", "body-unparsable": "content", "contract": "request",
}  # fmt: skip


def begun(entries=10_000, key="ak_test_enterprise_laws"):
    return helm(key, limit=(6, 8), clock="real", entries=entries)


def ident(entry):
    return id_of(entry.charter, entry.ordinal)


def accounts(at, *, before=False):
    """Yield every entry of the journal with its explanation, as it comes out of JSON; a repeated id names its first one."""
    found = {}
    for position, entry in enumerate(at.timeline.journal):
        if entry.errand is None and ident(entry) not in found:
            found[ident(entry)] = position
            yield position, entry, at.read(f"/requests/{ident(entry)}/explain{'?before=true' if before else ''}")


def body_of(content):
    return b64decode(content["body"]) if content["encoding"] == "base64" else content["body"].encode()


def request_in(account):
    """Return the request that an explanation tells of."""
    told = account["request"]
    headers = tuple((each["name"], each["value"]) for each in told["request"]["headers"])
    return Request(
        told["method"], told["path"], told["query"], headers, body_of(told["request"]), told["peer"], told["scheme"],
        Caller(**told["caller"]), told["oversized"],
    )  # fmt: skip


def response_in(account):
    told = account["response"]
    return told["status"], tuple((each["name"], each["value"]) for each in told["headers"]), body_of(told)


@settings(deadline=None, max_examples=60)
@given(
    limits,
    st.sampled_from(["ak_test_enterprise_laws", "ak_live_pro_write_key", "ak_test_free_admin_key", None]),
    stories,
)
@example(
    10_000, "ak_test_enterprise_laws", [("clock", {"mode": "frozen", "auto_advance": True}), *[("list", 1, 0)] * 12]
)
def test_the_text_of_an_explanation_is_enough_to_compute_the_answer(entries, key, story):
    at, _ = went(begun(entries, key), story)
    api = at.world.charter.api
    for position, entry, account in accounts(at, before=True):
        loaded = api.storage.load(account["before"], 0)
        world = rebuilt(api, loaded.world, loaded, world_of(key or "none"))
        outcome = step(world, request_in(account), parse_instant(account["request"]["wall"]))
        assert outcome.response[:3] == response_in(account) == entry.response[:3]
        after = at._replace(timeline=at.timeline._replace(present=outcome.world))
        before = at._replace(timeline=at.timeline._replace(present=world_before(at.timeline, position + 1)))
        assert exported(after) == exported(before)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(api_acts | steering_acts | waits, min_size=1, max_size=8),
    st.lists(api_acts | steering_acts, min_size=1, max_size=45),
)
def test_an_explanation_stays_the_same_when_older_entries_go_and_later_ones_come(story, after):
    at, _ = went(begun(), story)
    later, _ = went(begun(entries=40), [*[("list", 1, 0)] * 33, *story])
    whole, _ = went(begun(), [*[("list", 1, 0)] * 33, *story])
    bounded = later.steered("PUT", "/settings", {"journal_entries": max(1, len(story))})
    kept = {ident(entry): account for _, entry, account in accounts(bounded, before=True)}
    assert kept.items() <= {
        ident(entry): account for _, entry, account in accounts(whole, before=True)
    }.items() or repeated(whole)
    told = {ident(entry): account for _, entry, account in accounts(at)}
    grown, _ = went(at, [act for act in after if act[0] != "settings"])
    assert told.items() <= {ident(entry): account for _, entry, account in accounts(grown)}.items()


def repeated(at):
    """Tell whether seed or label were set back, so that an id was given twice."""
    idents = [ident(each) for each in entries_of(at.timeline)]
    return len(set(idents)) < len(idents)


@settings(deadline=None, max_examples=60)
@given(stories)
@example([("ingest", 0, 0), ("ingest", 0, 1)])
def test_the_changes_are_exactly_the_rows_that_differ(story):
    at, _ = went(begun(), story)
    dump = at.world.charter.api.storage.dump
    for position, _, account in accounts(at):
        old, new = (dump(world_before(at.timeline, position + each).workspace)["tables"] for each in (0, 1))
        differing = {
            (name, row["id"]): (next((each for each in old[name] if each["id"] == row["id"]), None), row)
            for name, rows in orjson.loads(orjson.dumps(new)).items()
            for row in rows
            if row not in orjson.loads(orjson.dumps(old[name]))
        }
        told = {(each["table"], each["id"]): (each["before"], each["after"]) for each in account["changes"]}
        assert told == orjson_of(differing)
        assert all(len(rows) <= len(new[name]) for name, rows in old.items())


def orjson_of(differing):
    return {key: tuple(orjson.loads(orjson.dumps(list(pair)))) for key, pair in differing.items()}


@settings(deadline=None, max_examples=60)
@given(stories, st.sampled_from(["ak_test_enterprise_laws", None]))
def test_the_figures_of_the_quota_agree_with_the_headers(story, key):
    at, _ = went(begun(key=key), story)
    for _, entry, account in accounts(at):
        quota, answer = account["quota"], entry.response
        assert str(quota["per_minute"]) == answer.header("x-ratelimit-limit")
        assert str(quota["remaining"]) == answer.header("x-ratelimit-remaining")
        assert str(quota["reset"]) == answer.header("x-ratelimit-reset")
        assert 0 <= quota["after"] <= quota["before"] <= quota["burst"]
        taken = round(quota["before"] - quota["after"], 5)
        assert taken == (0 if quota["refused"] or quota["mode"] == "off" else 1)
        if entry.cause == "quota":
            assert quota["refused"]
            assert str(quota["retry_after"]) == answer.header("retry-after")


@settings(deadline=None, max_examples=60)
@given(stories)
def test_tracing_changes_nothing(story):
    at, _ = went(begun(), story)
    for position, entry in enumerate(at.timeline.journal):
        if entry.errand is None:
            world, trace = world_before(at.timeline, position), []
            assert step(world, entry.request, entry.wall, trace) == step(world, entry.request, entry.wall)
            assert trace[0][0] == "arrival"
            assert [each for each, _ in trace[1:]] == list(STAGES[: len(trace) - 1])


@settings(deadline=None, max_examples=60)
@given(stories)
def test_the_checks_end_at_the_stage_of_the_refusal(story):
    at, _ = went(begun(), story)
    for _, entry, account in accounts(at):
        results = [each["result"] for each in account["checks"]]
        assert [each["check"] for each in account["checks"]] == list(STAGES)
        passed = results.count("passed")
        assert results[:passed] == ["passed"] * passed
        failed = [each for each in account["checks"] if each["result"] == "failed"]
        if entry.cause is None:
            assert not failed
        elif entry.cause == "preferred":
            assert (passed, failed) == (2, [])
        else:
            (stage,) = failed
            assert stage["cause"] == entry.cause
            assert results[passed] == "failed"
            assert stage["check"] == FAILED_AT.get(entry.cause, stage["check"])
            if stage["check"] in ("resource", "handler"):
                assert entry.cause in at.world.charter.api.contract.operations[entry.operation].refusals


@settings(deadline=None, max_examples=60)
@given(stories, limits)
def test_an_explanation_says_what_the_journal_says_and_reading_it_changes_nothing(story, entries):
    at, _ = went(begun(entries), story)
    for position, entry, account in accounts(at):
        whole = at.read(f"/requests/{ident(entry)}")
        assert account["response"] == whole["response"]
        assert {name: account["request"][name] for name in whole if name != "response"} == {
            name: each for name, each in whole.items() if name != "response"
        }
        assert account["clock"]["early_retry"] == entry.marks.early_retry
        assert account["clock"]["now"] == whole["at"]
        assert account["permission"]["granted"] == (entry.cause not in ("credential", "quota", "permission"))
        assert account["operation"]["id"] == entry.operation
        assert account == orjson.loads(orjson.dumps(explained(at.timeline, position, entry, whole_world=False)))


SCRIPT = {
    "scenario": "told", "api": "aikraft", "summary": "What an explanation has to tell.",
    "rules": [
        {"name": "chancy", "when": {"probability": 0.5}, "then": {"delay": {"uniform": {"lower": "1s", "upper": "2s"}}}, "continue": True},
        {"name": "idle", "then": {"outage": {"outageAfter": "1h", "outageDuration": "1h"}}, "continue": True},
        {"name": "tight", "then": {"rate_limit": {"limit": 7, "burst": 7}}},
    ],
}  # fmt: skip


def test_an_explanation_tells_what_was_drawn_which_fault_did_nothing_and_whose_quota_it_was():
    at = helm(clock="frozen").steered("PUT", "/scenarios/active", {"scenario": SCRIPT})
    for _ in range(3):
        at, response = at.ask("GET", "/v1/systems")
    told = at.read(f"/requests/{ident(entries_of(at.timeline)[-1])}/explain")
    chancy, idle, tight = told["rules"]
    draws = {each["purpose"]: float(each["value"]) for each in told["draws"][1:]}
    assert chancy["fired"] == (draws["rule told#chancy"] < 0.5) == ("delay of told#chancy" in draws)
    assert (idle["fired"], idle["because"]) == (True, "meeting 3, but its faults do nothing now")
    assert (tight["fired"], tight["because"]) == (True, "meeting 3")
    assert (told["quota"]["per_minute"], told["quota"]["bucket"]) == (7, "told#tight")
    assert told["quota"]["after"] == told["quota"]["before"] - 1 == told["quota"]["remaining"]
    assert "told#idle" not in response.header("sandbox-fault")
