"""How units make a workflow: the typed graph of an ordered list.

Source: docs.ctrlai.com, guides/composing-workflows and api-reference/workflows: units are chained by their typed inputs
and outputs, and the engine checks that the types fit. What is not said there is chosen so: a variable has one type in a
whole workflow, a unit takes it from the last unit before it that makes it, and what no unit before makes is an input of
the workflow. Its outputs are what no later unit takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.apis.ctrlai.reasoning.schema import Variable, signature


class Edge(NamedTuple):
    """A variable that one unit makes and a later one takes; both by their place in the list."""

    source: int
    target: int
    variable: str


class Clash(NamedTuple):
    """A variable that has one type at first and another in the unit at this place."""

    variable: str
    first: str
    other: str
    place: int


class Graph(NamedTuple):
    """What an ordered list of units amounts to: who feeds whom, what comes in, what goes out."""

    edges: tuple[Edge, ...]
    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]


class Typed(NamedTuple):
    """What a unit takes and makes, by name and type alone."""

    takes: tuple[Variable, ...]
    makes: tuple[Variable, ...]


def typed(unit: Mapping[str, Any]) -> Typed:
    """Return what the unit takes and makes, in the order in which its schemas write it."""
    return Typed(_ports(unit["inputSchema"]), _ports(unit["outputSchema"]))


def _ports(schema: Mapping[str, Any] | None) -> tuple[Variable, ...]:
    return tuple(Variable(each.name, each.type) for each in signature(schema))


def graph(units: Sequence[Mapping[str, Any]]) -> Graph:
    """Return the graph of the units in this order; a variable is one if name and type are."""
    edges: list[Edge] = []
    inputs: dict[str, Variable] = {}
    made: dict[Variable, int] = {}
    taken: set[Variable] = set()
    for place, unit in enumerate(units):
        takes, makes = typed(unit)
        edges += [Edge(made[each], place, each.name) for each in takes if each in made]
        inputs.update({each.name: each for each in takes if each not in made and each.name not in inputs})
        taken = (taken | set(takes)) - set(makes)
        made.update(dict.fromkeys(makes, place))
    outputs = {each.name: each for each in made if each not in taken}
    return Graph(tuple(edges), tuple(inputs.values()), tuple(outputs.values()))


def clash(units: Iterable[Mapping[str, Any]]) -> Clash | None:
    """Return the first variable that has another type in a unit than in one before it (or in itself), or None."""
    types: dict[str, str] = {}
    for place, unit in enumerate(units):
        for each in (*typed(unit).takes, *typed(unit).makes):
            first = types.setdefault(each.name, each.type)
            if first != each.type:
                return Clash(each.name, first, each.type, place)
    return None


def verification_status(units: Sequence[Mapping[str, Any]]) -> str:
    """Return whether all, some or none of the units are verified."""
    verified = sum(each["status"] == "verified" for each in units)
    if not verified:
        return "unverified"
    return "verified" if verified == len(units) else "partially_verified"


def shown(units: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the units as an answer tells them: `units`, `dag`, `inputs` and `outputs`."""
    edges, inputs, outputs = graph(units)
    ids = [each["id"] for each in units]
    return {
        "units": ids,
        "dag": {
            "nodes": [
                {"unitId": each["id"], "name": each["name"], "unitType": each["unitType"], "status": each["status"]}
                for each in units
            ],
            "edges": [{"from": ids[one], "to": ids[other], "variable": variable} for one, other, variable in edges],
        },
        "inputs": [{"name": each.name, "type": each.type} for each in inputs],
        "outputs": [{"name": each.name, "type": each.type} for each in outputs],
    }
