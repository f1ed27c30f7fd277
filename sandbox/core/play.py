"""How far a world's scenario has gone: a value of the world, which changes with its requests and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from immutables import Map

from sandbox.core.chance import drawn
from sandbox.core.frozen import Frozen
from sandbox.core.happening import brought_up
from sandbox.core.message import Request
from sandbox.core.scenario import BY_HAND, STARTED, Meeting, Rule, Scenario, Sight, Struck
from sandbox.core.workspace import Workspace

NO_COUNTS: Map[str, int] = Map()
NO_MEMORY: Map[str, int] = Map()


class Adhoc(NamedTuple):
    """A single rule that was added by hand: its id, its document, since when it holds, and the rule."""

    id: str
    document: Frozen
    began: int
    rule: Rule


class Past(NamedTuple):
    """What the workspace was before a write: when that was, how often each rule had struck by then, its number."""

    at: int
    workspace: Workspace
    fired: Map[str, int]
    number: int


class Pending(NamedTuple):
    """A request that will be worked on when it is due, and the mark that its answer bears."""

    due: int
    request: Request
    mark: str


LATE = "sandbox-late"
"""The header field by which a request that is worked on late differs from the one that was sent."""
PASTS = 100
PENDING = 100
STRANGERS, STRANGE = 256, 4_096
"""How many requests that concern no rule a scenario remembers, and how many characters of one."""


class Play(NamedTuple):
    """How far a world's scenario has gone: its state, since when it plays, how often each rule was met and struck.

    `reached` is the instant up to which its timed events have happened, `pasts` what the workspace was before the
    latest writes (kept only for rules that recall it), `pending` what is still to be worked on, in due order.
    """

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
    reached: int = -1
    pasts: tuple[Past, ...] = ()
    pending: tuple[Pending, ...] = ()


IDLE = Play()


def recalls(play: Play) -> bool:
    """Tell whether a rule of the play may look at what the workspace was."""
    return _any_fault(play, "recalls")


def holds(play: Play) -> bool:
    """Tell whether a rule of the play may keep a request from being worked on for a while."""
    return _any_fault(play, "holds")


def _any_fault(play: Play, trait: str) -> bool:
    if any(getattr(fault, trait) for each in play.adhoc for fault in each.rule.faults):
        return True
    return play.scenario is not None and play.scenario.any_fault(trait)


def recalling(play: Play, workspace: Workspace, now: int) -> Play:
    """Return the play that remembers what the workspace was before a write now.

    If no rule recalls it any more, what is remembered would have a gap from here on, and is forgotten.
    """
    if not recalls(play):
        return play._replace(pasts=()) if play.pasts else play
    past = Past(now, workspace, play.fired, written_by(play) + 1)
    return play._replace(pasts=(*play.pasts[-PASTS + 1 :], past))


def written_by(play: Play) -> int:
    """Return how many writes the play has remembered, those among them that it has forgotten again."""
    return play.pasts[-1].number if play.pasts else 0


def postponed(play: Play, request: Request, now: int, span: int, mark: str, ordinal: int) -> Play:
    """Return the play in which this request is worked on later; a play that awaits too many forgets it."""
    if len(play.pending) >= PENDING:
        return play
    late = request._replace(headers=(*request.headers, (LATE, str(ordinal))))
    pending = sorted((*play.pending, Pending(now + span, late, mark)), key=lambda each: each.due)
    return play._replace(pending=tuple(pending))


def awaited(play: Play, request: Request, now: int) -> Pending | None:
    """Return what is pending and due by now if this is the request that was put off, or None.

    One that looks like it and comes before it is due is a client's.
    """
    return next((each for each in play.pending if each.due <= now and each.request == request), None)


def overdue(play: Play, now: int) -> Request | None:
    """Return the request that was put off and should have been worked on by now, or None."""
    return play.pending[0].request if play.pending and play.pending[0].due <= now else None


def happened(play: Play, workspace: Workspace, now: int) -> tuple[Play, Workspace]:
    """Return the play and the workspace after every timed event until now."""
    if play.scenario is None or not play.scenario.timeline or now <= play.reached:
        return play, workspace
    timeline = play.scenario.timeline
    workspace, state = brought_up(timeline, play.began, play.reached, now, workspace, play.state)
    return play._replace(reached=now, state=state), workspace


class Verdict(NamedTuple):
    """Why a rule did or did not strike, at which meeting (0: it met no request), and what it drew, if it did."""

    rule: str
    fired: bool
    because: str
    ordinal: int = 0
    draw: float | None = None


def lets_pass(play: Play, operation: str | None, request: Request) -> bool:
    """Tell whether nothing that is scripted concerns this request, now or by the clock."""
    scenario = play.scenario
    if play.pending or play.adhoc or (scenario is not None and scenario.timeline):
        return False
    if scenario is None or not scenario.rules_for(operation, play.state):
        return True
    return not request.body and _sight(play, operation, request) in scenario.strangers


def _sight(play: Play, operation: str | None, request: Request) -> Sight:
    return operation, play.state, request.caller.key, request.method, request.path, request.query, request.headers


def _remember(play: Play, scenario: Scenario, meeting: Meeting) -> None:
    """Remember a small request that no rule will ever meet, however often it comes."""
    request, rules = meeting.request, scenario.rules_for(meeting.operation, play.state)
    size = len(request.path) + len(request.query) + sum(len(name) + len(value) for name, value in request.headers)
    if request.body or size > STRANGE or any(each.fits is None or not each.lasting for each in rules):
        return
    if not any(each.fits(meeting) for each in rules if each.fits is not None):
        if len(scenario.strangers) >= STRANGERS:
            scenario.strangers.clear()
        scenario.strangers[_sight(play, meeting.operation, request)] = None


def strikes(
    play: Play, seed: int, label: str, meeting: Meeting, verdicts: list[Verdict] | None = None
) -> tuple[Play, tuple[Struck, ...]]:  # fmt: skip
    """Return the faults that strike this request, and how far the scenario has gone then.

    A request for which no rule even has a look leaves the play as it is.
    """
    fired, state, memory, found, decided = play.fired, play.state, play.memory, list[Struck](), ""
    met = dict[str, int]()
    script_seed = seed if play.scenario is None or play.scenario.seed is None else play.scenario.seed
    for rule, began in _asked(play, state, meeting.operation, everyone=verdicts is not None):
        if rule.script == decided:
            continue
        if not _meets(rule, state, began, fired, meeting):
            _say(verdicts, rule, _stays_away(rule, state, began, fired, meeting))
            continue
        ordinal = met[rule.name] = play.met.get(rule.name, 0) + 1
        draw = drawn(script_seed, label, f"rule {rule.name}", ordinal) if 0 < rule.probability < 1 else 0.0
        if not (rule.turn.comes(ordinal) and draw < rule.probability):
            _say(verdicts, rule, _passes_by(rule, ordinal, draw), ordinal, draw)
            continue
        _say(verdicts, rule, f"meeting {ordinal}", ordinal, draw, fired=True)
        count = fired.get(rule.name, 0) + 1
        fired = fired.set(rule.name, count)
        choice = drawn(script_seed, label, f"choice of {rule.name}", ordinal)
        since = memory.get(rule.name, meeting.now)
        memory = memory if rule.name in memory else memory.set(rule.name, since)
        written = written_by(play)
        found.extend(
            Struck(rule.name, rule.mark, each, ordinal, count, began, since, written)
            for each in rule.then(count, choice)
        )
        state = rule.sets or state
        if not rule.goes_on and rule.script == BY_HAND:
            break
        decided = decided if rule.goes_on else rule.script
    if not met:
        if play.scenario is not None and not play.adhoc:
            _remember(play, play.scenario, meeting)
        return play, ()
    return play._replace(met=play.met.update(met), fired=fired, state=state, memory=memory), tuple(found)


def _asked(play: Play, state: str, operation: str | None, *, everyone: bool) -> Iterator[tuple[Rule, int]]:
    """Yield the rules that may meet the request, in their order, or all, for whoever wants to know why one did not."""
    scenario = play.scenario
    for each in reversed(play.adhoc):
        if everyone or each.rule.is_of(operation):
            yield each.rule, each.began
    if scenario is not None:
        for rule in scenario.rules if everyone else scenario.rules_for(operation, state):
            yield rule, play.began


def _meets(rule: Rule, state: str, began: int, fired: Mapping[str, int], meeting: Meeting) -> bool:
    """Tell whether the rule meets the request at all."""
    return (
        (rule.operations is None or meeting.operation in rule.operations)
        and (rule.requires is None or rule.requires == state)
        and (rule.ttl is None or meeting.now < began + rule.ttl)
        and (rule.times is None or fired.get(rule.name, 0) < rule.times)
        and (rule.fits is None or rule.fits(meeting))
    )


def _stays_away(rule: Rule, state: str, began: int, fired: Mapping[str, int], meeting: Meeting) -> str:
    """Return why the rule does not even meet the request."""
    if rule.operations is not None and meeting.operation not in rule.operations:
        return "another operation"
    if rule.requires is not None and rule.requires != state:
        return f"it requires the state {rule.requires}, and the state is {state}"
    if rule.ttl is not None and meeting.now >= began + rule.ttl:
        return "its time is over"
    if rule.times is not None and fired.get(rule.name, 0) >= rule.times:
        return f"it has struck {rule.times} times, and may no more"
    return "the request does not fit"


def _passes_by(rule: Rule, ordinal: int, draw: float) -> str:
    """Return why the rule lets a request go that it has met."""
    if not rule.turn.comes(ordinal):
        return f"meeting {ordinal} is not its turn"
    return f"meeting {ordinal}: the draw {draw:.6f} is not below {rule.probability}"


def _say(
    verdicts: list[Verdict] | None,
    rule: Rule,
    because: str,
    ordinal: int = 0,
    draw: float = 0.0,
    *,
    fired: bool = False,
) -> None:
    if verdicts is not None:
        chancy = ordinal and 0 < rule.probability < 1 and rule.turn.comes(ordinal)
        verdicts.append(Verdict(rule.name, fired, because, ordinal, draw if chancy else None))
