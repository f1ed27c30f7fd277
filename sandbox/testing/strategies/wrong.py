"""Calls with one thing wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from sandbox.core.contract import Operation, Parameter
from sandbox.testing.strategies.body import bodies
from sandbox.testing.strategies.links import Atlas, path_names, schema_of
from sandbox.testing.strategies.sequence import Call, kept

UNHEARD_OF = "unheard_of"


def spoilt(draw: st.DrawFn, api: str, atlas: Atlas, call: Call) -> Call:
    """Return the call with one thing wrong, which `wrong` names; the call itself if nothing can be."""
    operation = atlas.contract.operations[call.operation]
    kinds = ["path"] if call.path else []
    kinds += ["query"] if _limits(atlas, operation) else []
    kinds += ["body"] if operation.body else []
    kinds += ["method"] if operation.method != "GET" and "GET" not in _methods(atlas, operation) else []
    return _wrong(draw, api, atlas, call, draw(st.sampled_from(kinds))) if kinds else call


def _wrong(draw: st.DrawFn, api: str, atlas: Atlas, call: Call, kind: str) -> Call:
    operation = atlas.contract.operations[call.operation]
    if kind == "path":
        last = path_names(operation)[-1]
        return replace(call, path={**call.path, last: UNHEARD_OF}, wrong=f"path {last}")
    if kind == "query":
        name, value = draw(st.sampled_from(_limits(atlas, operation)))
        return replace(call, query={**call.query, name: value}, wrong=f"query {name}")
    if kind == "body":
        # A body of null would be none at all.
        bad = bodies(api, call.operation, valid=False).filter(lambda each: each is not None)
        return replace(call, body=kept(draw(bad)), wrong="body")
    return replace(call, query={}, body=None, method="GET", wrong="method")


def _methods(atlas: Atlas, operation: Operation) -> set[str]:
    return {each.method for each in atlas.contract.operations.values() if each.path == operation.path}


def _limits(atlas: Atlas, operation: Operation) -> list[tuple[str, Any]]:
    return [
        (each.name, value)
        for each in operation.query
        for value in _beyond(each, schema_of(atlas.contract, operation, each))
    ]


def _beyond(parameter: Parameter, schema: Any) -> list[Any]:
    """Return values of a query parameter that its schema refuses."""
    found: list[Any] = [UNHEARD_OF] if "enum" in schema or parameter.kind == "integer" else []
    found += [schema["minimum"] - 1] if "minimum" in schema else []
    return found + ([schema["maximum"] + 1] if "maximum" in schema else [])
