"""What is scripted to go wrong, and how far it has gone.

Theory of operation. A scenario is a list of rules. A rule says *when* a request is struck and *then* by which faults.
The first rule that strikes a request decides, unless it says that the next ones may follow. Whether a rule strikes
depends on the request, on the scenario's state, and on how often the rule has been met: its *ordinal* in this world.
Chance is a function of (seed, label, rule, ordinal), so any interleaving of threads or worlds gives each world the same
decisions.

How far a scenario has gone is a value of the world (`Play`), which changes with the request and with nothing else: what
may happen once happens once under any number of threads, and a world that is rewound meets the same future again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from immutables import Map

from sandbox.core.chance import drawn
from sandbox.core.frozen import Frozen
from sandbox.core.message import Effects, Headers, Request

STARTED = "Started"
NO_COUNTS: Map[str, int] = Map()
NO_MEMORY: Map[str, int] = Map()


@dataclass(frozen=True, slots=True)
class Turn:
    """Which meetings of a rule count, by their ordinal, counted from 1."""

    nth: frozenset[int] | None = None
    every: int = 1
    after: int = 0
    until: int | None = None

    def comes(self, ordinal: int) -> bool:
        """Tell whether it is the rule's turn at this ordinal."""
        if self.nth is not None and ordinal not in self.nth:
            return False
        return ordinal > self.after and (self.until is None or ordinal <= self.until) and ordinal % self.every == 0


ALWAYS = Turn()


class Struck(NamedTuple):
    """A fault that strikes a request: by which rule, at which ordinal of it, for the how many-th time.

    `began` is when the rule began to hold, `since` when it struck first.
    """

    rule: str
    mark: str
    fault: Fault
    ordinal: int
    fired: int
    began: int
    since: int


@dataclass(frozen=True, slots=True)
class Quota:
    """What a fault makes of the quota: the limit's figures, whether it is exhausted, what Retry-After says."""

    rate: int | None = None
    burst: int | None = None
    exhausted: bool = False
    retry_after: str | None = None
    silent: bool = False
    """Whether Retry-After is left out."""
    bucket: str = ""
    """The bucket that the struck requests draw on, so that the others keep theirs."""


class Instead(NamedTuple):
    """An answer in the handler's place: an error in the API's words, or a body of another kind."""

    status: int
    message: str
    body: bytes | None = None
    kind: str = ""
    headers: Headers = ()


Chance = Callable[[str], float]
"""The draw of this strike for a purpose."""


class Blow(NamedTuple):
    """What a fault does to the one request that it strikes; what it leaves alone stays as it is.

    `quota` acts when the request is admitted, `instead` in the handler's place, `commit` says what becomes of the
    write (`keep` or `twice`), `before` and `after` are microseconds that pass on the world's clock, `effects` are for
    the door.
    """

    quota: Quota | None = None
    instead: Instead | None = None
    commit: str = "keep"
    before: int = 0
    after: int = 0
    effects: Effects = ()


STRUCK_BY_NOTHING = Blow()


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour with its figures; `strike` says what it does to this request at this instant.

    `illegal` says that its answers break the contract on purpose, `wire` that they may be no HTTP at all.
    """

    kind: str
    strike: Callable[[Struck, int, Chance], Blow]
    illegal: bool = False
    wire: bool = False


class Meeting(NamedTuple):
    """What a rule may look at: the request, its operation, the instant, the charter and the workspace of the world."""

    request: Request
    operation: str | None
    now: int
    charter: Any
    workspace: Any


Then = Callable[[int, float], tuple[Fault, ...]]
"""The faults of the how many-th strike, given a draw: always the same ones, a choice by weight, or a sequence."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a request is struck, and then by what.

    `operations` is None for any. `fits` holds the conditions that need a closer look. `mark` is what an answer that was
    struck says in `Sandbox-Fault`.
    """

    name: str
    mark: str
    then: Then
    operations: frozenset[str] | None = None
    fits: Callable[[Meeting], bool] | None = None
    turn: Turn = ALWAYS
    probability: float = 1.0
    requires: str | None = None
    sets: str | None = None
    times: int | None = None
    ttl: int | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script as it was read: its document, and what was made of it."""

    name: str
    document: Frozen
    rules: tuple[Rule, ...]
    states: tuple[str, ...] = (STARTED,)
    seed: int | None = None


class Adhoc(NamedTuple):
    """A single rule that was added by hand: its id, its document, since when it holds, and the rule."""

    id: str
    document: Frozen
    began: int
    rule: Rule


class Play(NamedTuple):
    """How far a world's scenario has gone: its state, since when it plays, how often each rule was met and struck."""

    scenario: Scenario | None = None
    adhoc: tuple[Adhoc, ...] = ()
    state: str = STARTED
    began: int = 0
    met: Map[str, int] = NO_COUNTS
    fired: Map[str, int] = NO_COUNTS
    memory: Map[str, int] = NO_MEMORY
    """When each rule struck first."""
    added: int = 0
    """How many single faults were ever added."""


IDLE = Play()


def together(blows: Iterable[Blow]) -> Blow:
    """Return what several faults do together: the first one that has an answer gives it, times add up."""
    one = STRUCK_BY_NOTHING
    for each in blows:
        one = Blow(
            one.quota or each.quota,
            one.instead or each.instead,
            each.commit if one.commit == "keep" else one.commit,
            one.before + each.before,
            one.after + each.after,
            (*one.effects, *each.effects),
        )
    return one


def chance_of(struck: Struck, seed: int, label: str) -> Chance:
    """Return the draws that a strike may make."""
    return lambda purpose: drawn(seed, label, f"{purpose} of {struck.rule}", struck.ordinal)


class Verdict(NamedTuple):
    """Why a rule did or did not strike."""

    rule: str
    fired: bool
    because: str


def strikes(
    play: Play, seed: int, label: str, meeting: Meeting, verdicts: list[Verdict] | None = None
) -> tuple[Play, tuple[Struck, ...]]:  # fmt: skip
    """Return the faults that strike this request, and how far the scenario has gone then.

    A request for which no rule even has a look leaves the play as it is.
    """
    met, fired, state, memory, found = play.met, play.fired, play.state, play.memory, list[Struck]()
    script_seed = seed if play.scenario is None or play.scenario.seed is None else play.scenario.seed
    for rule, began in _rules(play):
        if rule.operations is not None and meeting.operation not in rule.operations:
            _say(verdicts, rule, False, "another operation")
            continue
        because = _stays_away(rule, state, began, fired, meeting)
        if because:
            _say(verdicts, rule, False, because)
            continue
        ordinal = met.get(rule.name, 0) + 1
        met = met.set(rule.name, ordinal)
        because = _passes_by(rule, ordinal, script_seed, label)
        _say(verdicts, rule, not because, because or f"meeting {ordinal}")
        if because:
            continue
        count = fired.get(rule.name, 0) + 1
        fired = fired.set(rule.name, count)
        choice = drawn(script_seed, label, f"choice of {rule.name}", ordinal)
        since = memory.get(rule.name, meeting.now)
        memory = memory if rule.name in memory else memory.set(rule.name, since)
        found.extend(
            Struck(rule.name, rule.mark, each, ordinal, count, began, since) for each in rule.then(count, choice)
        )
        state = rule.sets or state
        if not rule.goes_on:
            break
    if met is play.met:
        return play, ()
    return play._replace(met=met, fired=fired, state=state, memory=memory), tuple(found)


def _rules(play: Play) -> Iterator[tuple[Rule, int]]:
    """Yield the rules in the order in which they are asked: the latest single fault first, then the scenario's."""
    for each in reversed(play.adhoc):
        yield each.rule, each.began
    if play.scenario is not None:
        for rule in play.scenario.rules:
            yield rule, play.began


def _stays_away(rule: Rule, state: str, began: int, fired: Mapping[str, int], meeting: Meeting) -> str:
    """Return why the rule does not even meet the request, or nothing."""
    if rule.requires is not None and rule.requires != state:
        return f"it requires the state {rule.requires}, and the state is {state}"
    if rule.ttl is not None and meeting.now >= began + rule.ttl:
        return "its time is over"
    if rule.times is not None and fired.get(rule.name, 0) >= rule.times:
        return f"it has struck {rule.times} times, and may no more"
    if rule.fits is not None and not rule.fits(meeting):
        return "the request does not fit"
    return ""


def _passes_by(rule: Rule, ordinal: int, seed: int, label: str) -> str:
    """Return why the rule lets a request go that it has met, or nothing."""
    if not rule.turn.comes(ordinal):
        return f"meeting {ordinal} is not its turn"
    if rule.probability < 1.0:
        draw = drawn(seed, label, f"rule {rule.name}", ordinal)
        if draw >= rule.probability:
            return f"meeting {ordinal}: the draw {draw:.6f} is not below {rule.probability}"
    return ""


def _say(verdicts: list[Verdict] | None, rule: Rule, fired: bool, because: str) -> None:
    if verdicts is not None:
        verdicts.append(Verdict(rule.name, fired, because))
