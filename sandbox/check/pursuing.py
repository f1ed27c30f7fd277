"""Going straight for one link: the cheapest way from where a sequence may begin, step by step, with right data alone.

The state machine draws its steps; most links it meets by luck, some never. A pursuit draws nothing but the data: the
request that a root begins with, and what each link leaves open. A link that has worked is a cheap step, one that has
failed a dear one, so a second pursuit tries another way.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.transport import expand_status_code
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.modes import GenerationMode
from schemathesis.generation.stateful.state_machine import StepInput
from schemathesis.specs.openapi.stateful import _step_case_strategy, into_step_input

from sandbox.check.judge import Judge

RIGHT = [GenerationMode.POSITIVE]
_WORKED, _UNTRIED, _FAILED = 1, 3, 4


class _Covered(BaseException):
    """The link was followed: what Hypothesis does not take for a failing test, and lets through."""


@dataclass(frozen=True, slots=True)
class Map:
    """The links between operations, where sequences may begin, and how dear each link has become by failing."""

    links: Mapping[str, Any]
    roots: Mapping[str, Any]
    failures: Counter[str] = field(default_factory=Counter)


def map_of(judge: Judge, machine: Any) -> Map:
    """Return the map of the state machine that Schemathesis has made."""
    links = {link.full_name: link for each in machine._transitions.operations.values() for link in each.outgoing}
    operations = {each.ok().label: each.ok() for each in judge.schema.get_all_operations()}
    return Map(links, {label: operations[label] for label in sorted(machine._root_labels)})


def way_to(chart: Map, worked: Mapping[str, int], wanted: str) -> Sequence[Any]:
    """Return the links of the cheapest way that ends with the wanted one, or nothing if no root leads there."""
    goal, tie = chart.links[wanted].source.label, count()
    open_ways: list[tuple[int, int, str, tuple[Any, ...]]] = [
        (_FAILED * chart.failures[label], next(tie), label, ()) for label in chart.roots
    ]
    heapq.heapify(open_ways)
    seen = set[str]()
    while open_ways:
        cost, _, label, way = heapq.heappop(open_ways)
        if label == goal:
            return (*way, chart.links[wanted])
        if label in seen:
            continue
        seen.add(label)
        for name, link in chart.links.items():
            if link.source.label == label:
                step = (_WORKED if worked.get(name) else _UNTRIED) + _FAILED * chart.failures[name]
                heapq.heappush(open_ways, (cost + step, next(tie), link.target.label, (*way, link)))
    return ()


def pursue(judge: Judge, chart: Map, wanted: str, sequences: int, number: int, walked: Any) -> None:
    """Go for this link in so many sequences at most, until it is covered; `walked` opens and closes a sequence.

    What lies on a way that did not lead there becomes dear.
    """
    way = way_to(chart, judge.ledger.links, wanted)

    @seed(number)
    @settings(
        max_examples=sequences, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        with walked(judge) as step:
            _go(chart, way, data, step)
        if judge.ledger.links[wanted]:
            raise _Covered

    with suppress(_Covered):
        if way:
            tried()
    if not judge.ledger.links[wanted]:
        chart.failures.update(link.full_name for link in way)
        chart.failures.update([way[0].source.label] if way else ())


def _go(chart: Map, way: Sequence[Any], data: st.DataObject, step: Any) -> None:
    first = way[0].source.label
    output = step(StepInput.initial(data.draw(_step_case_strategy(chart.roots[first], RIGHT, feedback=NO_FEEDBACK))))
    for link in way:
        if str(output.response.status_code) not in {str(each) for each in expand_status_code(link.status_code)}:
            return
        output = step(data.draw(into_step_input(target=link.target, link=link, modes=RIGHT)(output)))
