"""One run of a client in a world in which a scenario plays: how it ends, and what that proves against the client."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

from sandbox.core.problem import shown
from sandbox.testing.bound import failures
from sandbox.testing.story import story
from sandbox.testing.world import Sandbox

Verdict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A client, the worlds that it gets, and what counts against it (see `smallest`)."""

    client: Callable[[Sandbox], Any]
    api: str
    verdicts: tuple[str, ...]
    allowed: tuple[type[BaseException], ...]
    check: Callable[[Sandbox], Any] | None
    same: bool
    most: int
    terms: Mapping[str, Any]


class Run(NamedTuple):
    """How a run ended: what the client returned, what proves it broken, how often a calm one called what."""

    returned: Any
    error: BaseException | None
    verdicts: tuple[Verdict, ...]
    calls: Mapping[str, int]
    transcript: str

    @property
    def broken(self) -> bool:
        """Tell whether the client is."""
        return self.error is not None or bool(self.verdicts)


def ran(trial: Trial, scenario: Mapping[str, Any], calm: Run | None = None, *, told: bool = False) -> Run:
    """Run the client while the scenario plays; `calm` is its run without one, `told` asks for a transcript."""
    with _same_chance(), Sandbox(trial.api, scenario=scenario, most=trial.most, **trial.terms) as sandbox:
        # Who gives up when nothing happens gives up whatever happens: that would pass for a client that survives.
        client = _Witness(trial.allowed if calm is not None else ())
        with client:
            client.returned = trial.client(sandbox)
        after = _Witness(trial.allowed)
        with after:
            _look(trial, sandbox, client, calm)
        verdicts = [each for each in sandbox.verdicts if {each["severity"], each["name"]} & set(trial.verdicts)]
        transcript = story(sandbox.journal) if told else ""
        calls = _calls(sandbox) if calm is None else {}
        return Run(client.returned, client.error or after.error, tuple(verdicts), calls, transcript)


def _calls(sandbox: Sandbox) -> Mapping[str, int]:
    return Counter(each.operation for each in sandbox.requests if each.operation is not None)


@contextmanager
def _same_chance() -> Iterator[None]:
    """Let the client's own chance, such as the jitter of its pauses, be the same in every run."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


class _Witness:
    """Lets a block end whichever way it does: with the `error` that it raised, or by giving up with an allowed one."""

    def __init__(self, allowed: tuple[type[BaseException], ...]) -> None:
        self._allowed = allowed
        self.returned: Any = None
        self.error: BaseException | None = None
        self.gave_up = False

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.gave_up = isinstance(error, self._allowed)
        if error is not None and not self.gave_up and isinstance(error, failures()):
            self.error = error
        return self.gave_up or self.error is not None


def _look(trial: Trial, sandbox: Sandbox, client: _Witness, calm: Run | None) -> None:
    """Raise AssertionError if the client's result or its world is not as it has to be."""
    ended = not client.gave_up and client.error is None
    if trial.same and ended and calm is not None and client.returned != calm.returned:
        expected, got = shown(repr(calm.returned), 200), shown(repr(client.returned), 200)
        raise AssertionError(f"expected what the client returns when nothing happens, {expected}, got {got}")
    if trial.check is not None and client.error is None and trial.check(sandbox) is False:
        raise AssertionError("expected a world that passes the check, got one that does not")
