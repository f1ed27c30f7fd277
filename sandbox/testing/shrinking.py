"""The smallest scenario that breaks a client: Hypothesis draws the server's behaviour and shrinks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from sandbox.core.verdict import SEVERITIES
from sandbox.testing.strategies.script import Script, calm
from sandbox.testing.strategies.scripting import Cast, cast_of, check_words, scripts, size
from sandbox.testing.strategies.singles import singles
from sandbox.testing.trial import Run, Trial, Verdict, ran
from sandbox.testing.world import Sandbox
from sandbox.verdicts.catalogue import NAMES

FARTHEST = 20
"""The last call of an operation that is struck unless the scenarios are given."""
SPARE = 1
"""How many calls more than when nothing happens are struck: a client that is refused asks again."""
SWEPT = 70
"""How many of a hundred examples are single faults, in turn; the others are drawn, with several."""
MOST_RULES = 3
"""How many faults are drawn at once."""
ROUNDS = 2
"""How often the search begins anew once something is found: what it shrinks to depends on where it began."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A client is broken: by which `scenario`, with which `error` or `verdicts`; `transcript` is what happened."""

    scenario: Script
    error: BaseException | None
    verdicts: tuple[Verdict, ...]
    transcript: str

    @property
    def text(self) -> str:
        """Return the scenario as a YAML file."""
        return self.scenario.text

    @property
    def why(self) -> str:
        """Return what proves it, on a line each."""
        error = [] if self.error is None else [f"{type(self.error).__name__}: {self.error}"]
        return "\n".join([*error, *(f"{each['name']}: {each['because']}" for each in self.verdicts)])

    def __str__(self) -> str:
        """Return the file, what proves it, and the transcript."""
        return f"{self.text}\n{self.why}\n\n{self.transcript}"


class Breaks(AssertionError):
    """The client does not survive; `broken` says what breaks it."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(f"the smallest scenario that breaks the client:\n\n{broken}")
        self.broken = broken


def smallest(
    client: Callable[[Sandbox], Any],
    api: str = "aikraft",
    *,
    scenarios: SearchStrategy[Script] | None = None,
    kinds: Iterable[str] | None = None,
    illegal: bool = False,
    verdicts: Iterable[str] = ("error",),
    allowed: type[BaseException] | tuple[type[BaseException], ...] = (),
    check: Callable[[Sandbox], Any] | None = None,
    same: bool = False,
    seed: int = 0,
    max_examples: int = 300,
    max_requests: int = 200,
    **terms: Any,
) -> Broken | None:
    """Return the smallest scenario found that breaks the client, or None if none of `max_examples` does.

    The client gets a world and is broken if it raises anything but `allowed`, or that when nothing happens, if it
    sends more than `max_requests`, if the world's verdicts have one of these severities or names, if `check(sandbox)`
    raises or is False afterwards, or, with `same`, if it returns something else than when nothing happens. What is
    struck is what it calls then, by any fault that keeps the contract, or by `kinds` and `illegal` as in
    `strategies.scenarios`: by each alone, then by several; or as `scenarios` says.
    Equal seeds find the same. `terms` are those of `Sandbox`.
    """
    listed = tuple(verdicts)
    check_words("verdicts", listed, (*SEVERITIES, *NAMES))
    accepted = allowed if isinstance(allowed, tuple) else (allowed,)
    trial = Trial(client, api, listed, accepted, check, same, max_requests, terms)
    nothing = calm(api)
    first = ran(trial, nothing)
    if first.broken:
        return _broken(trial, nothing, None)
    swept: list[Script] = []
    if scenarios is None:
        cast = _of_what_it_calls(api, first.calls, kinds, illegal)
        swept = singles(cast, max_examples * SWEPT // 100)
        scenarios = scripts(cast, MOST_RULES, True)
    found = _found(trial, swept, scenarios, first, seed, max_examples)
    return None if found is None else _broken(trial, found, first)


def survives(client: Callable[[Sandbox], Any], api: str = "aikraft", **how: Any) -> None:
    """Raise Breaks, an AssertionError with the file and the transcript, if `smallest` finds what breaks the client."""
    broken = smallest(client, api, **how)
    if broken is not None:
        raise Breaks(broken) from broken.error


def _of_what_it_calls(api: str, calls: Mapping[str, int], kinds: Iterable[str] | None, illegal: bool) -> Cast:
    last = min(FARTHEST, max(calls.values(), default=1) + SPARE)
    return cast_of(api, tuple(calls) or None, kinds, last, illegal=illegal)


def _found(
    trial: Trial, swept: Sequence[Script], drawn: SearchStrategy[Script], first: Run, seed: int, most: int
) -> Script | None:
    """Return the smallest scenario that breaks the client; Hypothesis asks for the same one more than once."""
    asked: dict[Script, bool] = {}

    def breaks(script: Script) -> bool:
        if script not in asked:
            asked[script] = ran(trial, script, first).broken
        return asked[script]

    for each in swept:
        if breaks(each):
            return each
    rest, phases = max(1, most - len(swept)), (Phase.generate, Phase.shrink)
    how = settings(max_examples=rest, database=None, deadline=None, phases=phases)
    found: list[Script] = []
    with suppress(NoSuchExample):
        found.extend(find(drawn, breaks, settings=how, random=Random(seed + at)) for at in range(ROUNDS))
    return min(found, key=size, default=None)


def _broken(trial: Trial, script: Script, first: Run | None) -> Broken:
    run = ran(trial, script, first, told=True)
    return Broken(script, run.error, run.verdicts, run.transcript)
