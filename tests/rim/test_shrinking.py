"""The smallest scenario that breaks a client: planted bugs are each reduced to one fault, and good clients survive."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from sandbox.cli import main
from sandbox.testing import Breaks, Broken, Endless, Sandbox, smallest, survives
from sandbox.testing.strategies import Script, scenarios
from sandbox.testing.strategies.script import script_of
from sandbox.testing.strategies.scripting import cast_of, size
from sandbox.testing.strategies.singles import singles
from sandbox.web.files import parse
from tests.planted import (
    BeginsAgain,
    Client,
    CountsMilliseconds,
    GivesUp,
    GivesUpAtOnce,
    Hurries,
    PollsForEver,
    SkipsAPage,
    StopsAtAnEmptyPage,
    TakesAcceptedForDone,
    TrustsADate,
    WritesBlindly,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "shrinking.md").read_text()
SURVIVABLE = ("error", "rate_limit", "delay", "commit", "hangup", "outage", "variant", "key", "job", "degrade")
"""All kinds but `stale`: what a server keeps to itself no client can find."""
Task = Callable[[type[Client]], Callable[[Sandbox], Any]]


def reads(kind: type[Client]) -> Callable[[Sandbox], Any]:
    return lambda sandbox: kind(sandbox).rows()


def writes(kind: type[Client]) -> Callable[[Sandbox], Any]:
    return lambda sandbox: kind(sandbox).write("Loan Engine")


def documents(kind: type[Client]) -> Callable[[Sandbox], Any]:
    def run(sandbox: Sandbox) -> None:
        if kind(sandbox).document():
            sandbox.scenario(None)
            rows = sandbox.client.get("/v1/systems?limit=100").json()["data"]
            assert [row["documentation_score"] for row in rows if row["id"] == "sys_abc123"] == [100]

    return run


def rules_of(broken: Broken | None) -> list[Any]:
    """Return the rules of what was found, as YAML would read them."""
    assert broken is not None
    rules: list[Any] = parse(Path("found.yaml"), broken.text.encode())["rules"]
    return rules


def rule(operation: str, call: int | None, **then: Any) -> list[Any]:
    return [{"when": {"operation": operation, **({"nth": call} if call else {})}, "then": then}]


PLANTED: list[tuple[str, Task, type[Client], dict[str, Any], list[Any], str]] = [
    ("aikraft", reads, StopsAtAnEmptyPage, {"same": True},
     rule("listSystems", 1, variant="empty_page"), "expected what the client returns when nothing happens"),
    ("aikraft", reads, BeginsAgain, {"same": True}, rule("listSystems", 2, error=500), "AssertionError"),
    ("ctrlai", reads, SkipsAPage, {"same": True}, rule("listUnits", 2, error=500), "AssertionError"),
    ("aikraft", reads, Hurries, {}, rule("listSystems", 1, error=429), "retried-too-early"),
    ("ctrlai", reads, CountsMilliseconds, {"kinds": ("error", "rate_limit", "delay")}, rule("listUnits", 1, rate_limit={"exhausted": True}), "retried-too-early"),
    ("aikraft", reads, GivesUpAtOnce, {}, rule("listSystems", 1, error=500), "HTTPStatusError"),
    ("aikraft", writes, WritesBlindly, {"kinds": ("error", "commit", "hangup")}, rule("createSystem", 1, commit="drop_after"), "duplicate-after-lost-answer"),
    ("ctrlai", writes, WritesBlindly, {"kinds": SURVIVABLE}, rule("createUnit", 1, commit="drop_after"), "duplicate-after-lost-answer"),
    ("aikraft", documents, PollsForEver, {"kinds": ("error", "job"), "max_requests": 40}, rule("createDocuments", 1, job="stall"), "Endless"),
    ("aikraft", documents, TakesAcceptedForDone, {"kinds": ("error", "job")}, rule("createDocuments", 1, job="stall"), "AssertionError"),
    ("aikraft", reads, TrustsADate, {"kinds": ("variant",)}, rule("getMonitoring", 1, variant={"kind": "nulls", "place": 0}), "TypeError"),
]  # fmt: skip


OF_ONE_API = (SkipsAPage, CountsMilliseconds)
"""The bugs that the page shows with Ctrl AI; the others it shows with Aikraft."""


@pytest.mark.parametrize(("api", "task", "kind", "how", "rules", "why"), PLANTED)
def test_a_planted_bug_is_reduced_to_one_fault_at_the_earliest_call(
    api: str, task: Task, kind: type[Client], how: dict[str, Any], rules: list[Any], why: str, tmp_path: Path
) -> None:
    broken = smallest(task(kind), api, allowed=GivesUp, **how)
    assert rules_of(broken) == rules
    assert broken is not None
    assert why in broken.why
    assert broken.transcript.startswith("world ")
    if api == "aikraft" or kind in OF_ONE_API:
        assert f"**{kind.__doc__}**\n\n```yaml\n{broken.text}```\n" in PAGE
    assert breaks_again(broken.scenario.write(tmp_path / "found.yaml"), task(kind), api, how)


def breaks_again(path: Path, client: Callable[[Sandbox], Any], api: str, how: dict[str, Any]) -> bool:
    """Tell whether the scenario in the file, which `sandbox check-scenario` takes, breaks the client in another world."""
    assert main(["check-scenario", str(path)]) == 0
    document = parse(path, path.read_bytes())
    again = st.just(script_of(api, document["rules"]))
    return smallest(client, api, allowed=GivesUp, scenarios=again, label="another", **how) is not None


GOOD = [
    ("aikraft", reads, {"same": True}), ("ctrlai", writes, {}), ("aikraft", documents, {"max_examples": 100}),
]  # fmt: skip


@pytest.mark.parametrize(("api", "task", "how"), GOOD)
def test_a_good_client_survives(api: str, task: Task, how: dict[str, Any]) -> None:
    survives(task(Client), api, **{"allowed": GivesUp, "kinds": SURVIVABLE, "max_examples": 200, **how})


def asks_for_ever(sandbox: Sandbox) -> None:
    while True:
        try:
            sandbox.client.get("/v1/systems").raise_for_status()
        except Exception:  # noqa: BLE001
            time.sleep(60)


def test_a_client_that_never_ends_is_stopped_whatever_it_catches() -> None:
    broken = smallest(asks_for_ever, max_requests=30)
    assert broken is not None
    assert "rules" not in broken.scenario
    assert isinstance(broken.error, Endless)
    assert "after at most 30 requests" in broken.why


@pytest.mark.parametrize("way", ["client", "aclient", "session"])
def test_a_world_bounds_what_is_asked_in_process(way: str) -> None:
    async def asked(sandbox: Sandbox) -> None:
        await sandbox.aclient.get("/v1/systems")

    def ask(sandbox: Sandbox) -> None:
        if way == "aclient":
            asyncio.run(asked(sandbox))
        elif way == "session":
            sandbox.session.get(f"{sandbox.base_url}/v1/systems")
        else:
            sandbox.client.get("/v1/systems")

    with Sandbox(most=2) as sandbox:
        ask(sandbox)
        ask(sandbox)
        with pytest.raises(Endless, match="at most 2 requests"):
            ask(sandbox)
        assert len(sandbox.requests) == 2
    with pytest.raises(ValueError, match="most: only what is asked in this process"):
        Sandbox(server="http://localhost:1", most=2)


def test_a_client_that_breaks_when_nothing_happens_is_broken_by_no_rule() -> None:
    broken = smallest(lambda _: 1 / 0)
    assert broken is not None
    assert (broken.text, broken.why) == (
        "scenario: generated\napi: aikraft\nsummary: Nothing happens\n", "ZeroDivisionError: division by zero",
    )  # fmt: skip


@pytest.mark.parametrize("error", [SystemExit, pytest.fail.Exception, KeyError])
def test_whatever_a_client_fails_with_counts(error: type[BaseException]) -> None:
    def client(sandbox: Sandbox) -> None:
        if sandbox.client.get("/v1/systems").status_code >= 400:
            raise error("seen")

    broken = smallest(client, kinds=["error"])
    assert broken is not None
    assert isinstance(broken.error, error)
    assert smallest(client, kinds=["error"], allowed=error, max_examples=3) is None


def test_a_client_that_gives_up_when_nothing_happens_is_not_taken_for_one_that_survives() -> None:
    def client(_: Sandbox) -> None:
        raise GivesUp("always")

    broken = smallest(client, allowed=GivesUp)
    assert broken is not None
    assert (broken.scenario.rules, broken.why) == ((), "GivesUp: always")


def remembers_a_404(sandbox: Sandbox) -> list[int]:
    known: dict[int, int] = {}
    for at in (0, 0, 1):
        if at not in known:
            status = sandbox.client.get("/v1/systems/sys_abc123/monitoring").status_code
            known[at] = status if status in (200, 404) else 200
    return list(known.values())


@pytest.mark.parametrize("seed", [0, 1])
def test_every_single_fault_is_tried_and_so_a_rare_one_is_found_whatever_the_seed(seed: int) -> None:
    broken = smallest(remembers_a_404, same=True, verdicts=(), seed=seed)
    assert rules_of(broken) == rule("getMonitoring", 1, error=404)


def test_single_faults_are_tried_from_the_nearest_on_in_the_order_in_which_they_shrink() -> None:
    cast = cast_of("aikraft", ["listSystems"], None, 4, illegal=False)
    every, few = singles(cast, 10_000), singles(cast, 30)
    whole = [size(each)[:3] for each in every if isinstance(each.rules[0]["when"].get("nth", 0), int)]
    assert whole == sorted(whole)
    assert len(set(every)) == len(every)
    assert [each for each in every if each in few] == few
    assert {next(iter(each.rules[0]["then"])) for each in few} == {*SURVIVABLE, "stale"} - {
        "commit",
        "hangup",
        "job",
        "degrade",
    }


def test_an_interrupt_is_nobodys_failure() -> None:
    def client(_: Sandbox) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        smallest(client)


def jittery(sandbox: Sandbox) -> float:
    Client(sandbox).rows()
    return random.random()


def test_a_clients_own_chance_is_the_same_in_every_run() -> None:
    assert smallest(jittery, same=True, allowed=GivesUp, max_examples=5) is None


def test_equal_seeds_find_the_same() -> None:
    one, other = (smallest(reads(GivesUpAtOnce), kinds=["error"], seed=3) for _ in range(2))
    assert one is not None
    assert other is not None
    assert (one.text, one.why, one.transcript) == (other.text, other.why, other.transcript)


def test_a_check_looks_at_the_world_even_if_the_client_gave_up() -> None:
    def client(sandbox: Sandbox) -> None:
        answer = sandbox.client.post(
            "/v1/systems", json={"name": "One", "description": "d", "purpose": "p", "domain": "d"}
        )
        if answer.status_code >= 400:
            raise GivesUp

    def check(sandbox: Sandbox) -> bool:
        sandbox.scenario(None)
        return len(sandbox.client.get("/v1/systems?limit=100").json()["data"]) == 25

    broken = smallest(client, allowed=GivesUp, check=check)
    assert rules_of(broken) == rule("createSystem", 1, error=500)
    assert broken is not None
    assert "passes the check" in broken.why


def test_verdicts_count_by_severity_or_name() -> None:
    def client(sandbox: Sandbox) -> None:
        sandbox.client.get("/v1/systems?limit=2")
        cursor = sandbox.client.get("/v1/systems?limit=2").json()["meta"]["cursor"]
        sandbox.client.get(f"/v1/systems?limit=2&cursor={cursor}")

    assert smallest(client, max_examples=1, verdicts=("error",)) is None
    for each in ("warning", "stopped-paging"):
        broken = smallest(client, max_examples=1, verdicts=(each,))
        assert broken is not None
        assert [found["name"] for found in broken.verdicts] == ["stopped-paging"]
    with pytest.raises(ValueError, match="did you mean 'error'"):
        smallest(client, verdicts=("errors",))


def test_who_does_not_survive_is_told_by_an_assertion_with_the_file_and_the_transcript() -> None:
    with pytest.raises(AssertionError) as raised:
        survives(reads(GivesUpAtOnce))
    assert isinstance(raised.value, Breaks)
    told = str(raised.value)
    assert raised.value.broken.text in told
    assert "1 GET /v1/systems?limit=10 500 (fault, generated#rule-1)" in told
    assert raised.value.__cause__ is raised.value.broken.error


def test_a_failing_block_tells_the_scenario_that_was_drawn_as_its_file() -> None:
    @settings(max_examples=30, database=None, derandomize=True, deadline=None, phases=(Phase.generate, Phase.shrink))
    @given(scenario=scenarios(operations=["listSystems"], max_rules=1))
    def survives_all(scenario: Script) -> None:
        with Sandbox(scenario=scenario, most=100) as sandbox:
            GivesUpAtOnce(sandbox).rows()

    with pytest.raises(Exception, match="500 Internal Server Error") as raised:
        survives_all()
    notes = "\n".join(raised.value.__notes__)
    assert f"sandbox aikraft\n{script_of('aikraft', rule('listSystems', 1, error=500)).text}\nworld " in notes


def test_hypothesis_prints_a_scenario_as_its_file_that_can_be_copied() -> None:
    script = script_of("aikraft", rule("listSystems", 1, error=500))
    printer = RepresentationPrinter()
    printer.repr_call("f", (), {"scenario": script}, force_split=True)
    text = printer.getvalue().removeprefix("f(\n    scenario=").removesuffix(",\n)")
    assert parse(Path("copied.yaml"), text.encode()) == parse(Path("file.yaml"), script.text.encode())
