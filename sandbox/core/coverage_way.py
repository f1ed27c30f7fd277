"""How a point of a contract is seen: what a suite has to do once for an answer that shows it.

A way is a scenario that lets it happen by its own rules, else the `Prefer` header that asks for the answer, else a
request. Which refusals a scenario brings about its faults say themselves. One that breaks the contract on purpose is
never named. Of the others it is the simplest: whose rule strikes at once and without chance, with few rules beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sandbox.core.api import Api
from sandbox.core.contract import Contract, Operation
from sandbox.core.coverage import LEFT, Point
from sandbox.core.document import DocumentError
from sandbox.core.message import Request
from sandbox.core.scenario import Meeting, Refused, Rule, Scenario
from sandbox.core.staging import reader_of
from sandbox.core.world import Charter

BY = ("scenario", "prefer", "request")
"""What a way leads by."""
_JSON_HEADERS = (("content-type", "application/json"),)


class Way(NamedTuple):
    """How a point is seen: by what, its name (a scenario, a preference, a request), the operation, and a sentence."""

    by: str
    name: str
    operation: str
    say: str


class _Strike(NamedTuple):
    """That a scenario brings a refusal about, after a while or at once, and how simple that is: less is simpler."""

    later: bool
    price: tuple[Any, ...]
    scenario: str


Strikes = Mapping[tuple[str, int, str], _Strike]
"""The simplest scenario for each operation, status and cause, or for any cause ("")."""


def ways_of(points: Iterable[Point], charter: Charter, scenarios: Iterable[Scenario]) -> dict[Point, Way]:
    """Return the way to each of these points in a world of this charter, with these scenarios."""
    strikes = _strikes(charter, scenarios)
    return {each: _way(each, charter.api.contract, strikes) for each in points}


def scenarios_of(api: Api, active: Scenario | None = None) -> tuple[Scenario, ...]:
    """Return the scenarios that the API comes with, and the active one; one that cannot be read is left out."""
    reader = reader_of(api)
    read = [each for each in (_read(reader.scenario, one) for one in api.scenarios().values()) if each is not None]
    known = {each.name for each in read}
    return (*read, *((active,) if active is not None and active.name not in known else ()))


def _read(scenario: Any, document: Any) -> Scenario | None:
    try:
        found: Scenario = scenario(document)
    except DocumentError:
        return None
    return found


def _way(point: Point, contract: Contract, strikes: Strikes) -> Way:
    operation = contract.operations[point.operation]
    wanted = _wanted(point)
    strike = strikes.get(wanted)
    if strike is not None:
        until = f"until it is refused with {wanted[1]}" + (", letting time pass" if strike.later else "")
        say = f"let the scenario {strike.scenario} play and call {operation.id} {until}"
        return Way("scenario", strike.scenario, operation.id, say)
    if point.kind in ("status", "code", "header") and point.status not in (None, operation.success.status):
        wish = f"code={point.status}"
        return Way("prefer", wish, operation.id, f"call {operation.id} with Prefer: {wish}")
    return _request(point, operation, contract)


def _wanted(point: Point) -> tuple[str, int, str]:
    """Return the operation, the status and the cause of a refusal that shows the point; of a success nothing does."""
    if point.kind == "header" and point.value:
        return point.operation, 429, "quota"
    return point.operation, point.status or 0, point.name if point.kind == "refusal" else ""


def _strikes(charter: Charter, scenarios: Iterable[Scenario]) -> Strikes:
    best: dict[tuple[str, int, str], _Strike] = {}
    for scenario in scenarios:
        if scenario.any_fault("illegal"):
            continue
        for rule in scenario.rules:
            price = (rule.probability < 1, rule.requires is not None, len(scenario.rules))
            for operation, refused in _refused_by(rule, charter):
                strike = _Strike(refused.later, price, scenario.name)
                for cause in (refused.cause, ""):
                    key = operation, refused.status, cause
                    best[key] = min(best.get(key, strike), strike)
    return best


def _refused_by(rule: Rule, charter: Charter) -> Iterator[tuple[str, Refused]]:
    for operation in charter.api.contract.operations.values():
        if not rule.is_of(operation.id) or rule.probability == 0 or not _fits(rule, operation, charter):
            continue
        for fault in rule.faults:
            told = fault.refuses(operation, charter.owner)
            yield from ((operation.id, each) for each in told if each.status in operation.shapes)


def _fits(rule: Rule, operation: Operation, charter: Charter) -> bool:
    """Tell whether the rule asks for no more than an ordinary request of the operation has."""
    if rule.fits is None:
        return True
    asked = Request(operation.method, charter.api.contract.prefix + operation.path, "", _JSON_HEADERS, b"{}")
    return rule.lasting and rule.fits(Meeting(asked, operation.id, 0, charter, None, {}))


def _request(point: Point, operation: Operation, contract: Contract) -> Way:
    target = f"{operation.method} {contract.prefix}{operation.path}"
    if point.kind == "refusal":
        because = operation.refusals[point.name].because
        return Way("request", f"{target}, {point.name}", operation.id, f"send one that is refused because: {because}")
    if point.name.startswith("?"):
        target = f"{target}{point.name}={point.value or '…'}"
        return Way("request", target, operation.id, f"send {target}, and let it succeed")
    if point.kind == "value":
        told = f"{target} with {point.name}={point.value}"
        return Way("request", told, operation.id, f"send {told} in its body, and let it succeed")
    if point.value and point.name.lower().endswith(LEFT):
        return Way("request", f"{target}, often", operation.id, f"call {operation.id} until its quota is used up")
    return Way("request", target, operation.id, f"call {operation.id}" + _with(operation))


def _with(operation: Operation) -> str:
    """Return what its body has to be, if it has one."""
    if operation.body is None:
        return ""
    return " with a form or a JSON body" if operation.body.form else " with a JSON body that its schema takes"
