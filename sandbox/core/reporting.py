"""What can be read of a timeline: its journal, by any condition; verifications, explanations, exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.core.capsule import capsule_of
from sandbox.core.clock import parse_instant
from sandbox.core.coverage import declared, seen
from sandbox.core.coverage_report import Coverage, coverage_shown
from sandbox.core.coverage_way import scenarios_of, ways_of
from sandbox.core.desk import Desk, Done, Work
from sandbox.core.explain import explained
from sandbox.core.fidelity import guess_shown, guesses_of, leaned_on, shown_to
from sandbox.core.har import har, ndjson
from sandbox.core.kernel import up_to
from sandbox.core.match import Match, Near, closest, read_match
from sandbox.core.moves import settings_shown, snapshot_shown, unknown_entry
from sandbox.core.problem import Problem
from sandbox.core.staging import fault_shown, playing, shipped
from sandbox.core.state import written
from sandbox.core.steering import clock_shown, key_shown
from sandbox.core.timeline import Entry
from sandbox.core.verdict import as_grave_as, verdict_shown
from sandbox.core.view import nearest_operation, summary, whole
from sandbox.core.wording import id_of

CLOSEST = 3
_FILTERS = ("operation", "method", "path", "key", "cause", "fault", "since", "until")


def entries_of(desk: Desk) -> list[Entry]:
    """Return the requests to the API that are remembered, oldest first."""
    return [each for each in desk.timeline.journal if each.errand is None]


def _list_requests(desk: Desk) -> Done:
    query = desk.errand.query
    asked: dict[str, Any] = {name: query[name] for name in _FILTERS if query[name] is not None}
    for name in ("since", "until"):
        if name in asked:
            _check_time(name, asked[name])
    if query["status"] is not None:
        asked["status"] = int(query["status"]) if query["status"].isdigit() else query["status"]
    return _listed(desk, _match_of_query(asked), query["limit"], query["before"])


def _match_of_query(asked: Mapping[str, Any]) -> Match:
    try:
        return read_match(asked, ("query",))
    except Problem as problem:
        raise Problem(400, "contract", problem.message) from problem


def _check_time(name: str, text: str) -> None:
    try:
        parse_instant(text)
    except ValueError as error:
        raise Problem(400, "time-unreadable", f"query parameter {name}: {error}.") from error


def _find_requests(desk: Desk) -> Done:
    body = desk.errand.body
    return _listed(desk, read_match(body["match"]), body.get("limit", 100), body.get("before"))


def _listed(desk: Desk, match: Match, limit: int, before: int | None) -> Done:
    fitting = [each for each in entries_of(desk) if match.fits(each)]
    page, meta = _page(fitting, limit, before)
    return Done({"requests": [summary(each) for each in page], "meta": meta})


def _page(entries: list[Entry], limit: int, before: int | None) -> tuple[list[Entry], dict[str, Any]]:
    """Return the latest of these entries below an ordinal, and what a client needs to get those before them."""
    below = entries if before is None else [each for each in entries if each.ordinal < before]
    page = below[-limit:]
    more = page[0].ordinal if len(below) > limit else None
    return page, {"total": len(entries), "limit": limit, "before": more}


def _count_requests(desk: Desk) -> Done:
    match = read_match(desk.errand.body["match"])
    return Done({"count": sum(match.fits(each) for each in entries_of(desk))})


def _list_unmatched(desk: Desk) -> Done:
    query = desk.errand.query
    page, meta = _page(
        [each for each in entries_of(desk) if each.operation is None], query["limit"], query["before"]
    )  # fmt: skip
    contract = desk.realm.keyring.api.contract
    return Done(
        {"requests": [{**summary(each), "nearest": nearest_operation(contract, each)} for each in page], "meta": meta}
    )


def _entry(desk: Desk) -> tuple[int, Entry]:
    position = desk.timeline.journal.place(desk.errand.path["id"])
    if position is None:
        raise unknown_entry()
    return position, desk.timeline.journal.at(position)


def _get_request(desk: Desk) -> Done:
    return Done(whole(_entry(desk)[1]))


def _explain(desk: Desk) -> Done:
    position, entry = _entry(desk)
    return Done(explained(desk.timeline, position, entry, whole_world=desk.errand.query["before"]))


def _har(desk: Desk) -> Done:
    return Done(har(entries_of(desk), desk.version, desk.maker))


def _ndjson(desk: Desk) -> Done:
    return Done({}, content=ndjson(entries_of(desk)))


def _verify(desk: Desk) -> Done:
    body = desk.errand.body
    match, count = read_match(body["match"]), body.get("count", {"at_least": 1})
    entries = entries_of(desk)
    actual = sum(match.fits(each) for each in entries)
    if _holds(actual, count):
        return Done({"verified": True, "actual": actual})
    wanted = " and ".join(f"{name.replace('_', ' ')} {number}" for name, number in count.items())
    message = f"Expected {wanted} requests like this, got {actual} of the {len(entries)} that are remembered."
    more = {"verified": False, "actual": actual, "closest": _near(closest(match, _misses(match, entries), CLOSEST))}
    raise Problem(422, "unverified", message, more=more)


def _holds(actual: int, count: Mapping[str, int]) -> bool:
    least, most = count.get("at_least", 0), count.get("at_most", actual)
    return least <= actual <= most and count.get("exactly", actual) == actual


def _misses(match: Match, entries: Iterable[Entry]) -> list[Entry]:
    return [each for each in entries if not match.fits(each)]


def _near(found: Sequence[Near]) -> list[dict[str, Any]]:
    return [
        {"request": summary(each.entry), "differences": [one._asdict() for one in each.differences]} for each in found
    ]


def _verify_sequence(desk: Desk) -> Done:
    """Find the steps in their order; other requests may stand between them."""
    left, found = entries_of(desk), []
    steps = [read_match(each) for each in desk.errand.body["sequence"]]
    for reached, match in enumerate(steps):
        place = next((at for at, each in enumerate(left) if match.fits(each)), None)
        if place is None:
            more = {"verified": False, "reached": reached, "closest": _near(closest(match, left, CLOSEST))}
            message = f"Step {reached + 1} of {len(steps)} was not found after the ones before it."
            raise Problem(422, "unverified", message, more=more)
        found.append(id_of(left[place].charter, left[place].ordinal))
        left = left[place + 1 :]
    return Done({"verified": True, "requests": found})


def _verdicts(desk: Desk) -> Done:
    query = desk.errand.query
    off = frozenset((query["off"] or "").split(","))
    found = as_grave_as(desk.judge(desk.timeline.journal, desk.realm.keyring.api.contract, off), query["severity"])
    return Done({"verdicts": [verdict_shown(each) for each in found], "meta": {"total": len(found)}})


def _coverage(desk: Desk) -> Done:
    charter, play = desk.timeline.present.charter, desk.timeline.present.play
    api, contract = charter.api, charter.api.contract
    ways = ways_of(declared(contract), charter, scenarios_of(api, play.scenario))
    return Done(coverage_shown(Coverage(api.name, contract.sha256, ways, seen(desk.timeline.journal, contract))))


def _fidelity(desk: Desk) -> Done:
    query, contract, journal = desk.errand.query, desk.realm.keyring.api.contract, desk.timeline.journal
    leaned, shown = ({each.guess.id: each.ids for each in tell(journal, contract)} for tell in (leaned_on, shown_to))
    found = [
        guess_shown(each, leaned.get(each.id, ()), shown.get(each.id, ()))
        for each in guesses_of(contract)
        if query["provenance"] in (None, each.provenance) and query["leaned"] in (None, each.id in leaned)
    ]
    return Done({"guesses": found, "meta": {"total": len(found)}})


def _list_snapshots(desk: Desk) -> Done:
    snapshots = sorted(desk.timeline.snapshots.values(), key=lambda each: (each.world.ordinal, each.at, each.name))
    return Done({"snapshots": [snapshot_shown(each) for each in snapshots], "meta": {"total": len(snapshots)}})


def _list_keys(desk: Desk) -> Done:
    charter = desk.timeline.present.charter
    keys = [key_shown(charter, charter.grants[each]) for each in sorted(charter.grants)]
    return Done({"keys": keys, "meta": {"total": len(keys)}})


def _list_scenarios(desk: Desk) -> Done:
    world = up_to(desk.timeline.present, desk.now)
    documents = world.charter.api.scenarios()
    active = None if world.play.scenario is None else world.play.scenario.name
    listed = [
        {"name": name, "summary": str(each.get("summary", "")), "active": name == active}
        for name, each in sorted(documents.items())
    ]
    return Done({"scenarios": listed, **playing(world.play), "meta": {"total": len(listed)}})


def _get_scenario(desk: Desk) -> Done:
    """Show a scenario as its file has it: the active one, or one that is shipped."""
    world, name = desk.timeline.present, desk.errand.path["name"]
    active = world.play.scenario
    return Done(active.document if active is not None and active.name == name else shipped(world.charter.api, name))


def _list_faults(desk: Desk) -> Done:
    play = desk.timeline.present.play
    return Done({"faults": [fault_shown(play, each) for each in play.adhoc], "meta": {"total": len(play.adhoc)}})


def _get_state(desk: Desk) -> Done:
    state = written(desk.timeline.present, desk.errand.wall)
    return Done({**state, "evicted": True} if desk.timeline.evicted else state)


REPORTS: Mapping[str, Work] = {
    "getSettings": lambda desk: Done(settings_shown(desk.timeline)),
    "getState": _get_state,
    "listSnapshots": _list_snapshots,
    "getClock": lambda desk: Done(clock_shown(desk.timeline.present, desk.errand.wall)),
    "listRequests": _list_requests,
    "findRequests": _find_requests,
    "countRequests": _count_requests,
    "listUnmatched": _list_unmatched,
    "getRequest": _get_request,
    "explainRequest": _explain,
    "exportHar": _har,
    "exportNdjson": _ndjson,
    "verify": _verify,
    "verifySequence": _verify_sequence,
    "getVerdicts": _verdicts,
    "getCoverage": _coverage,
    "getFidelity": _fidelity,
    "listKeys": _list_keys,
    "listScenarios": _list_scenarios,
    "getScenario": _get_scenario,
    "listFaults": _list_faults,
    "getCapsule": lambda desk: Done(capsule_of(desk.timeline, desk.realm, desk.version)),
}
