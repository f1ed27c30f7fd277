"""What is scripted to go wrong, and how far it has gone.

Theory of operation. A scenario is a list of rules. A rule says *when* a request is struck and *then* by which faults.
The first rule that strikes a request decides, unless it says that the next ones may follow; a scenario that another one
uses decides for itself, as if it were alone. Whether a rule strikes
depends on the request, on the scenario's state, and on how often the rule has been met: its *ordinal* in this world.
Chance is a function of (seed, label, rule, ordinal), so any interleaving of threads or worlds gives each world the same
decisions.

How far a scenario has gone is a value of the world (`Play`), which changes with the request and with nothing else: what
may happen once happens once under any number of threads, and a world that is rewound meets the same future again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.core.chance import drawn
from sandbox.core.frozen import Frozen
from sandbox.core.happening import Happening
from sandbox.core.message import Effects, Headers, Request
from sandbox.core.workspace import Workspace

STARTED = "Started"
BY_HAND = "fault"
"""What stands for the scenario's name in the mark of a single fault."""


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

    `began` is when the rule began to hold, `since` when it struck first, `written` how many writes were remembered.
    """

    rule: str
    mark: str
    fault: Fault
    ordinal: int
    fired: int
    began: int
    since: int
    written: int = 0


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


class Rewritten(NamedTuple):
    """What a fault makes of an answer's body, its media type (empty: as it was), and what the door owes for it."""

    body: bytes
    kind: str = ""
    effects: Effects = ()


Turned = Callable[[Any], Any]
"""What a fault makes of a call."""


class Blow(NamedTuple):
    """What a fault does to the one request that it strikes; what it leaves alone stays as it is.

    `quota` acts when the request is admitted, `grant` on what its key may do (this once, given the key and as whom it
    counts), `instead` in the handler's place. `commit` says what becomes of a write (`keep` or `twice`), `late` that it
    is worked on so many microseconds later. `before` and `after` are microseconds that pass on the world's clock,
    `effects` are for the door.

    Of a call that reaches its handler, `lens` says which workspace a read sees (given the world), `turn` changes the
    call once it was checked, `amend` changes what a write has written (given the call and the workspace after), and
    `reshape` the answer of a success (given the call and the body).
    """

    quota: Quota | None = None
    instead: Instead | None = None
    commit: str = "keep"
    before: int = 0
    after: int = 0
    effects: Effects = ()
    grant: Callable[[Any, Frozen], Any] | None = None
    lens: Callable[[Any], Workspace] | None = None
    turn: Turned | None = None
    amend: Callable[[Any, Workspace], Workspace] | None = None
    reshape: Callable[[Any, bytes], Rewritten] | None = None
    late: int | None = None
    hold: int = 0


STRUCK_BY_NOTHING = Blow()


class Refused(NamedTuple):
    """A refusal that a fault may bring about: its status, its cause, and whether time has to pass first."""

    status: int
    cause: str
    later: bool = False


Refuses = Callable[[Any, Frozen], tuple[Refused, ...]]
"""The refusals that a fault may bring about, given the operation and the owner of the world."""


def refuses_nothing(_operation: Any, _owner: Frozen) -> tuple[Refused, ...]:
    """Return no refusal: most faults leave the status as it is."""
    return ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour with its figures; `strike` says what it does to this request at this instant.

    `illegal` says that its answers break the contract on purpose, `wire` that they may be no HTTP at all, `recalls`
    that it looks at what the workspace was before the latest writes, `holds` that it may keep a request from being
    worked on. `refuses` tells which refusals a client may see because of it, if it does nothing but ask.
    """

    kind: str
    strike: Callable[[Struck, int, Chance], Blow]
    illegal: bool = False
    wire: bool = False
    recalls: bool = False
    holds: bool = False
    refuses: Refuses = refuses_nothing


class Meeting(NamedTuple):
    """What a rule may look at: the request, its operation, the instant, the charter and the workspace of the world."""

    request: Request
    operation: str | None
    now: int
    charter: Any
    workspace: Any
    memo: dict[str, Any]
    """What one rule has worked out about the request, for the next one."""


Then = Callable[[int, float], tuple[Fault, ...]]
"""The faults of the how many-th strike, given a draw: always the same ones, a choice by weight, or a sequence."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a request is struck, and then by what.

    `operations` is None for any. `fits` holds the conditions that need a closer look. `mark` is what an answer that was
    struck says in `Sandbox-Fault`, `script` the name of the scenario in whose file the rule stands.
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
    faults: tuple[Fault, ...] = ()
    """All that `then` may return."""
    script: str = BY_HAND
    lasting: bool = False
    """Whether `fits` says the same of an equal request in every world."""

    def is_of(self, operation: str | None) -> bool:
        """Tell whether requests for this operation are any of its business."""
        return self.operations is None or operation in self.operations


Sight = tuple[str | None, str, str | None, str, str, str, Headers]
"""An operation, a state, a key, and what is seen of a request without a body."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script as it was read: its document, and what was made of it."""

    name: str
    document: Frozen
    rules: tuple[Rule, ...]
    states: tuple[str, ...] = (STARTED,)
    seed: int | None = None
    timeline: tuple[Happening, ...] = ()
    asked: dict[tuple[str | None, str], tuple[Rule, ...]] = field(default_factory=dict, compare=False, repr=False)
    """A memo of the rules that an operation may meet in a state."""
    traits: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)
    """A memo of what the faults are like."""
    strangers: dict[Sight, None] = field(default_factory=dict, compare=False, repr=False)
    """A memo of requests without a body that no rule's conditions fit."""

    def any_fault(self, trait: str) -> bool:
        """Tell whether a fault of any rule has this trait, such as `recalls`."""
        known = self.traits.get(trait)
        if known is None:
            known = self.traits[trait] = any(getattr(each, trait) for rule in self.rules for each in rule.faults)
        return known

    def rules_for(self, operation: str | None, state: str) -> tuple[Rule, ...]:
        """Return the rules that may meet a request for this operation that comes in this state."""
        known = self.asked.get((operation, state))
        if known is None:
            # One request may enter a state and go on to a rule that requires it.
            composed = len({each.script for each in self.rules}) > 1
            moves = any(each.sets and (each.goes_on or composed) for each in self.rules)
            known = tuple(
                each for each in self.rules if each.is_of(operation) and (moves or each.requires in (None, state))
            )
            self.asked[operation, state] = known
        return known


def together(blows: Iterable[Blow]) -> Blow:
    """Return what several faults do together: of each thing the first one that does it.

    Times add up, and every change of the call is made.
    """
    one = STRUCK_BY_NOTHING
    for each in blows:
        one = Blow(
            one.quota or each.quota,
            one.instead or each.instead,
            each.commit if one.commit == "keep" else one.commit,
            one.before + each.before,
            one.after + each.after,
            (*one.effects, *each.effects),
            one.grant or each.grant,
            one.lens or each.lens,
            _one_by_one(one.turn, each.turn),
            one.amend or each.amend,
            one.reshape or each.reshape,
            each.late if one.late is None else one.late,
            one.hold + each.hold,
        )
    return one


def _one_by_one(first: Turned | None, then: Turned | None) -> Turned | None:
    if first is None or then is None:
        return first or then
    return lambda call: then(first(call))


class Drawn(NamedTuple):
    """One draw: what for, at which meeting of the rule, and what came."""

    purpose: str
    ordinal: int
    value: float


def chance_of(struck: Struck, seed: int, label: str, noted: list[Drawn] | None = None) -> Chance:
    """Return the draws that a strike may make; each is noted, if there is where."""

    def draw(purpose: str) -> float:
        named = f"{purpose} of {struck.rule}"
        value = drawn(seed, label, named, struck.ordinal)
        if noted is not None:
            noted.append(Drawn(named, struck.ordinal, value))
        return value

    return draw
