"""Whatever becomes of a job, the answer that names it is the documented one, and the score never contradicts the job."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.clock import DAY, HOUR, LATEST, MINUTE, SECOND
from sandbox.core.document import written
from sandbox.core.world import World
from tests.steering import helm, through_file
from tests.struck import flaw_of, script, under
from tests.support import NOW, ask, said, world_of

KEY = "ak_test_enterprise_jobs"
SYSTEM = "sys_abc123"
CREATE = ("POST", f"/v1/systems/{SYSTEM}/documents")
FAIL = {"fate": "fail", "code": "source_unavailable", "message": "The source did not answer.", "after": "8s"}

fates = st.one_of(
    st.sampled_from(["stall", "fail", "slow", "vanish", "overtaken", FAIL, {"fate": "fail", "after": "1ms"}]),
    st.builds(lambda factor: {"fate": "slow", "factor": factor}, st.floats(1, 1_000_000)),
)
sections = st.lists(st.integers(1, 8), min_size=1, max_size=8, unique=True).map(sorted)
instants = st.sampled_from((0, 1, 5 * SECOND, 7 * SECOND, MINUTE, HOUR, 3650 * DAY)) | st.integers(0, 10 * MINUTE)


def rule(fate: Any, **when: Any) -> dict[str, Any]:
    return {"name": "jobs", "when": {"operation": "createDocuments", **when}, "then": {"job": fate}}


def struck(*rules: dict[str, Any]) -> World:
    """Return a world on a running clock in which these rules hold."""
    return under(world_of(KEY, "docs", clock="real", quota="off"), *rules)


def created(world: World, body: Any = None, after: int = 0) -> tuple[World, dict[str, Any]]:
    outcome = ask(world, *CREATE, body or {"sections": "all"}, key=KEY, at=NOW + after)
    assert outcome.response.status == 202, outcome.response.body
    return outcome.world, said(outcome)["data"]


def job(world: World, ident: str, after: int) -> dict[str, Any] | None:
    """Return what is said of the job so many microseconds later, or None if nobody knows it."""
    outcome = ask(world, "GET", f"/v1/jobs/{ident}", key=KEY, at=NOW + after)
    assert outcome.response.status in (200, 404)
    data: dict[str, Any] = said(outcome).get("data")
    return data


def score(world: World, after: int) -> int:
    [system] = said(ask(world, "GET", "/v1/systems", key=KEY, at=NOW + after))["data"]
    number: int = system["documentation_score"]
    return number


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(fates, sections), min_size=1, max_size=4), st.lists(instants, max_size=4))
def test_the_score_counts_the_sections_of_completed_jobs_and_of_no_other(
    asked: list[tuple[Any, list[int]]], looks: list[int]
) -> None:
    rules = [{**rule(fate), "name": f"job-{at}", "times": 1} for at, (fate, _) in enumerate(asked)]
    world, made = struck(*rules), []
    [row] = world.workspace.table("systems").all()
    known = {number for draft in row["drafts"] for number in draft["sections"]}
    for _, each in asked:
        world, told = created(world, {"sections": each})
        made.append((told["job_id"], each))
    for after in looks:
        done = [each for ident, each in made if (found := job(world, ident, after)) and found["status"] == "completed"]
        complete = known.union(*done)
        assert score(world, after) == 100 * len(complete) // 8
        assert said(ask(world, "GET", f"/v1/systems/{SYSTEM}/monitoring", key=KEY, at=NOW + after))["data"][
            "documentation_score"
        ] == score(world, after)


@settings(max_examples=60, deadline=None)
@given(fates, sections)
def test_the_answer_that_names_the_job_is_the_one_without_a_fault(fate: Any, chosen: list[int]) -> None:
    _, told = created(struck(rule(fate)), {"sections": chosen})
    _, calm = created(struck(), {"sections": chosen})
    assert told == calm


@settings(max_examples=60, deadline=None)
@given(fates, st.lists(instants, min_size=2, max_size=6))
def test_a_job_goes_from_queued_to_its_end_and_never_back(fate: Any, looks: list[int]) -> None:
    world, told = created(struck(rule(fate)))
    order = ("queued", "in_progress", "completed", "failed")
    seen = [job(world, told["job_id"], after) for after in sorted(looks)]
    places = [(order.index(each["status"]), each["progress"]) for each in seen if each is not None]
    assert places == sorted(places)
    assert len(places) in (0, len(looks))


@settings(max_examples=60, deadline=None)
@given(st.lists(fates, min_size=1, max_size=3))
def test_the_rows_are_exported_and_read_back(chosen: list[Any]) -> None:
    rules = [{**rule(fate), "name": f"job-{at}", "times": 1} for at, fate in enumerate(chosen)]
    at = helm(KEY, "default").steered("PUT", "/scenarios/active", {"scenario": script(*rules)})
    for _ in chosen:
        at, _answer = at.ask(*CREATE, {"sections": "all"})
    before = at.read("/state")
    assert at.steered("PUT", "/state", through_file(before)).read("/state")["tables"] == before["tables"]


def test_a_stalled_job_is_in_progress_until_the_end_of_time() -> None:
    world, told = created(struck(rule("stall")))
    for after in (6 * SECOND, DAY, LATEST - NOW):
        found = job(world, told["job_id"], after)
        assert found is not None
        assert (found["status"], found["completed_at"]) == ("in_progress", None)
        assert found["progress"] == 0 or after > 3650 * DAY


def test_a_failing_job_ends_when_it_was_expected_to_be_done() -> None:
    world, told = created(struck(rule("fail")))
    running, failed = (job(world, told["job_id"], after) for after in (MINUTE - 1, MINUTE))
    assert running is not None
    assert failed is not None
    assert (running["status"], failed["status"]) == ("in_progress", "failed")
    assert failed["error"] == {"code": "generation_failed", "message": "The sandbox was told to let this job fail."}
    assert failed["document"] is None


def test_a_failing_job_ends_when_it_is_told_and_says_what_it_is_told() -> None:
    world, told = created(struck(rule(FAIL)))
    running, failed = (job(world, told["job_id"], after) for after in (8 * SECOND - 1, 8 * SECOND))
    assert running is not None
    assert failed is not None
    assert running["status"] == "in_progress"
    assert failed["error"] == {"code": "source_unavailable", "message": "The source did not answer."}


@pytest.mark.parametrize(("fate", "factor"), [("slow", 5), ({"fate": "slow", "factor": 2.5}, 2.5)])
def test_a_slow_job_takes_so_many_times_as_long(fate: Any, factor: float) -> None:
    world, told = created(struck(rule(fate)))
    end = int(factor * MINUTE)
    states = [found["status"] for after in (end - 1, end) if (found := job(world, told["job_id"], after))]
    assert states == ["in_progress", "completed"]


def test_a_job_that_vanished_is_answered_like_one_that_never_was() -> None:
    world, told = created(struck(rule("vanish")))
    answer = ask(world, "GET", f"/v1/jobs/{told['job_id']}", key=KEY, at=NOW)
    assert (answer.response.status, answer.cause) == (404, "job-not-found")


def test_the_id_of_a_job_that_vanished_is_never_given_again() -> None:
    world, first = created(struck(rule("vanish")))
    assert created(world)[1]["job_id"] != first["job_id"]


@given(st.integers(0, MINUTE))
@settings(deadline=None)
def test_every_second_job_is_done_before_the_one_that_was_asked_for_within_the_minute_before_it(pause: int) -> None:
    world, first = created(struck(rule("overtaken")))
    world, second = created(world, after=pause)
    world, third = created(world, after=pause)
    ends = [world.workspace.table("jobs").rows[each["job_id"]]["ends_at"] for each in (first, second, third)]
    assert ends[1] < ends[0]
    assert ends[1] < ends[2]


def test_a_request_that_starts_no_job_is_refused_as_ever() -> None:
    outcome = ask(struck(rule("stall")), *CREATE, {"sections": [9]}, key=KEY, at=NOW)
    assert outcome.response.status == 422


REFUSED = {
    "a rule for everything": (rule("stall") | {"when": {}}, "then.job", "createDocuments"),
    "a rule for reads": (rule("stall", operation="getJob"), "then.job", "what starts jobs"),
    "a rule for reads too": (rule("stall", operation=["createDocuments", "getJob"]), "then.job", "got one that strikes getJob"),
    "an unknown fate": (rule("stal"), "then.job", "did you mean 'stall'"),
    "no fate": (rule({"factor": 2}), "then.job.fate", "the field is required"),
    "a code of another form": (rule({"fate": "fail", "code": "Failed"}), "then.job.code", "generation_failed"),
    "a code for a stall": (rule({"fate": "stall", "code": "a"}), "then.job.code", "code with fate: fail alone"),
    "a factor for a failure": (rule({"fate": "fail", "factor": 2}), "then.job.factor", "factor with fate: slow alone"),
    "a factor below 1": (rule({"fate": "slow", "factor": 0.5}), "then.job.factor", "a number from 1 to 1000000"),
    "a failure at once": (rule({"fate": "fail", "after": "0s"}), "then.job.after", "a duration above 0"),
    "an unknown figure": (rule({"fate": "fail", "mesage": "a"}), "then.job.mesage", "did you mean 'message'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.replace(" ", "-"))
def test_a_fate_that_cannot_work_is_refused_with_its_place(case: str) -> None:
    refused, path, words = REFUSED[case]
    flaw = flaw_of(refused["then"], refused["when"])
    assert flaw is not None
    assert written(flaw.path) == f"rules[0].{path}"
    assert words in str(flaw)
