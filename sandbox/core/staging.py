"""What an owner puts on: a scenario, its state, single faults; each a function of the world and of what was asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any

from immutables import Map

from sandbox.core.api import Api
from sandbox.core.document import DocumentError, Flaw, nearest, written
from sandbox.core.frozen import Frozen, freeze
from sandbox.core.kernel import up_to
from sandbox.core.play import IDLE, Adhoc, Play, Verdict
from sandbox.core.problem import Problem
from sandbox.core.scenario import STARTED, Scenario
from sandbox.core.script import Reader
from sandbox.core.steering import STEERING, Steered
from sandbox.core.timeline import Errand
from sandbox.core.world import World

MOST_FAULTS = 100
BY_HAND = "fault"
"""What stands for the scenario's name in the mark of a single fault."""
FAULT_FIELDS = ("when", "then", "times", "ttl", "continue")


def reader_of(api: Api) -> Reader:
    """Return what reads scenarios of this API."""
    return Reader(api, api.faults, api.events, lambda name: api.scenarios().get(name))


def playing(play: Play) -> dict[str, Any]:
    """Return how far a play has gone, as the control plane shows it."""
    scenario = play.scenario
    rules = () if scenario is None else scenario.rules
    return {
        "active": None if scenario is None else scenario.name,
        "state": play.state,
        "rules": [
            {"name": each.name, "met": play.met.get(each.name, 0), "fired": play.fired.get(each.name, 0)}
            for each in rules
        ],
    }


def fault_shown(play: Play, each: Adhoc) -> dict[str, Any]:
    """Return a single fault as the control plane shows it."""
    counts = {"met": play.met.get(each.rule.name, 0), "fired": play.fired.get(each.rule.name, 0)}
    return {"id": each.id, "mark": each.rule.mark, **each.document, **counts}


def begun(scenario: Scenario | None, play: Play, now: int) -> Play:
    """Return the play in which this scenario begins now; single faults stay, and so does what was put off."""
    state = next(iter(scenario.states), STARTED) if scenario is not None else STARTED
    names = {each.rule.name for each in play.adhoc}

    def kept(counts: Map[str, int]) -> Map[str, int]:
        return Map({name: count for name, count in counts.items() if name in names})

    fresh = play._replace(
        scenario=scenario, state=state, began=now, met=kept(play.met), fired=kept(play.fired),
        memory=kept(play.memory), reached=-1, pasts=(),
    )  # fmt: skip
    return IDLE if fresh._replace(began=0) == IDLE else fresh


def restarted(world: World, scenario: Scenario | None, now: int) -> World:
    """Return the world in which this scenario begins now, with the quota that the rules before it used up."""
    play = world.play
    over = () if play.scenario is None else play.scenario.rules
    return _without(world, {each.name for each in over})._replace(play=begun(scenario, play, now))


def _without(world: World, rules: Set[str]) -> World:
    """Return the world without what it remembers of these rules: their counts, and their own quota."""
    play = world.play

    def rest(known: Map[str, Any]) -> Map[str, Any]:
        left = {name: each for name, each in known.items() if name not in rules}
        return Map(left) if len(left) < len(known) else known

    kept = play._replace(met=rest(play.met), fired=rest(play.fired), memory=rest(play.memory))
    return world._replace(play=kept, buckets=rest(world.buckets))


def opening(world: World, wall: int) -> World:
    """Return the world at its first use: the scenario that it was born with begins now."""
    play = world.play
    return world if play.scenario is None else world._replace(play=begun(play.scenario, play, world.now(wall)))


def _put_active(world: World, errand: Errand) -> Steered:
    api, body = world.charter.api, errand.body
    scenario = None
    if body.get("scenario") is not None:
        scenario = _read(api, body["scenario"])
    elif body.get("name") is not None:
        scenario = _read(api, shipped(api, body["name"]))
    return _restarted(world, scenario, errand)


def _restarted(world: World, scenario: Scenario | None, errand: Errand) -> Steered:
    now = world.now(errand.wall)
    after = restarted(up_to(world, now), scenario, now)
    return Steered(after, playing(after.play))


def shipped(api: Api, name: str) -> Any:
    """Return the document of the scenario of this name that the sandbox comes with; a Problem lists what there is."""
    known = api.scenarios()
    if name not in known:
        message = f"There is no scenario of this name; there are: {', '.join(sorted(known))}."
        raise Problem(404, "scenario-not-found", message)
    return known[name]


def _read(api: Api, document: Any) -> Scenario:
    try:
        return reader_of(api).scenario(document)
    except DocumentError as error:
        raise _unfit("scenario-unfit", error) from error


def _unfit(cause: str, error: DocumentError) -> Problem:
    flaws = [
        {"path": written(each.path), "expected": each.expected, "got": each.got, "nearest": each.nearest}
        for each in error.flaws[:20]
    ]
    return Problem(422, cause, f"{error.flaws[0]}.", more={"flaws": flaws})


def _set_state(world: World, errand: Errand) -> Steered:
    world = up_to(world, world.now(errand.wall))
    play, state = world.play, errand.body["state"]
    if play.scenario is None or play.scenario.name != errand.path["name"]:
        raise Problem(404, "scenario-not-found", "This scenario is not active: PUT /__admin/scenarios/active first.")
    if state not in play.scenario.states:
        expected = ", ".join(play.scenario.states)
        raise Problem(422, "state-unknown", f"state: expected one of {expected}, got {state!r}.")
    play = play._replace(state=state)
    return Steered(world._replace(play=play), playing(play))


def _reset(world: World, errand: Errand) -> Steered:
    return _restarted(world, world.play.scenario, errand)


def _add_fault(world: World, errand: Errand) -> Steered:
    play = world.play
    if len(play.adhoc) >= MOST_FAULTS:
        raise Problem(409, "too-many-faults", f"A world has at most {MOST_FAULTS} faults: delete one first.")
    added = _adhoc(world, f"fault-{play.added + 1}", errand.body, world.now(errand.wall))
    play = play._replace(adhoc=(*play.adhoc, added), added=play.added + 1)
    return Steered(world._replace(play=play), fault_shown(play, added), 201)


def _adhoc(world: World, ident: str, document: Mapping[str, Any], began: int) -> Adhoc:
    try:
        return single(reader_of(world.charter.api), ident, document, began)
    except DocumentError as error:
        raise _unfit("fault-unfit", error) from error


def single(reader: Reader, ident: str, document: Mapping[str, Any], began: int) -> Adhoc:
    """Return the single fault that the document writes; DocumentError names what is wrong with it."""
    for name in document:
        if name not in FAULT_FIELDS:
            expected = "one of the keys " + ", ".join(FAULT_FIELDS)
            raise DocumentError((Flaw((name,), expected, "an unknown key", nearest(name, FAULT_FIELDS)),))
    rule = reader.rule({**document, "name": ident}, BY_HAND, 0, ())
    return Adhoc(ident, freeze(document), began, rule)


def _fault(world: World, errand: Errand) -> Adhoc:
    for each in world.play.adhoc:
        if each.id == errand.path["id"]:
            return each
    raise Problem(404, "fault-not-found", "This world has no fault of this id: GET /__admin/faults lists them.")


def _change_fault(world: World, errand: Errand) -> Steered:
    """Change what is given of a fault and leave the rest; its counts go on."""
    old, play = _fault(world, errand), world.play
    changed = _adhoc(world, old.id, {**old.document, **errand.body}, old.began)
    play = play._replace(adhoc=tuple(changed if each is old else each for each in play.adhoc))
    return Steered(world._replace(play=play), fault_shown(play, changed))


def _delete_fault(world: World, errand: Errand) -> Steered:
    return Steered(_rid(world, [_fault(world, errand)]), {"status": "deleted"})


def _clear_faults(world: World, _errand: Errand) -> Steered:
    return Steered(_rid(world, world.play.adhoc), {"status": "deleted"})


def _rid(world: World, faults: Sequence[Adhoc]) -> World:
    """Return the world without these single faults."""
    left = tuple(each for each in world.play.adhoc if all(each is not one for one in faults))
    after = _without(world, {each.rule.name for each in faults})
    return after._replace(play=after.play._replace(adhoc=left))


STAGING: Mapping[str, Callable[[World, Errand], Steered]] = {
    "putActiveScenario": _put_active,
    "putScenarioState": _set_state,
    "resetScenarios": _reset,
    "addFault": _add_fault,
    "changeFault": _change_fault,
    "deleteFault": _delete_fault,
    "clearFaults": _clear_faults,
}
"""The control operations on scenarios and faults that the journal records."""


ERRANDS: Mapping[str, Callable[[World, Errand], Steered]] = {**STEERING, **STAGING}
"""Every control operation that the journal records."""


def steered(world: World, errand: Errand) -> Steered:
    """Return the world after the errand; a Problem says why not."""
    return ERRANDS[errand.operation](world, errand)


def told_rules(notes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return why each rule did or did not strike, as an explanation tells it."""
    marks = notes.get("marks", ())
    return [
        Frozen(rule=each.rule, fired=each.fired, because=_because(each, marks)) for each in notes.get("verdicts", ())
    ]


def _because(verdict: Verdict, marks: Collection[str]) -> str:
    idle = verdict.fired and verdict.rule not in marks
    return f"{verdict.because}, but its faults do nothing now" if idle else verdict.because


def told_draws(notes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the rules and their faults have drawn, as an explanation tells it."""
    rules = [
        (f"rule {each.rule}", each.ordinal, each.draw) for each in notes.get("verdicts", ()) if each.draw is not None
    ]
    return [
        {"purpose": purpose, "ordinal": ordinal, "value": f"{value:.6f}"}
        for purpose, ordinal, value in (*rules, *(notes.get("draws") or ()))
    ]
