"""From a handler's answer to bytes, each part of which the contract has checked; one that does not fit is a Breach."""

from __future__ import annotations

from typing import Any

from orjson import Fragment

from sandbox.core.api import Answer
from sandbox.core.contract import Operation
from sandbox.core.frozen import Encoded, to_json
from sandbox.core.problem import Breach
from sandbox.core.shape import Shape


def rendered(operation: Operation, answer: Answer) -> tuple[bytes, str]:
    """Return the answer's bytes and their media type; every part is checked that was not when it was encoded."""
    shape = operation.success
    if answer.content is not None:
        kind, content = answer.content
        if kind != shape.kind and kind not in shape.kinds:
            raise Breach(operation.id, "body", "content", f"the contract declares no {kind}")
        return content, kind
    return _json(operation, shape, answer), shape.kind


def _json(operation: Operation, shape: Shape, answer: Answer) -> bytes:
    if answer.whole is not None:
        if shape.whole is None:
            raise Breach(operation.id, "body", "content", "the contract declares no body")
        shape.whole.demand(answer.whole)
        return to_json(answer.whole)
    body: dict[str, Any] = {"data": _part(operation, shape, answer.data)}
    if answer.meta is not None:
        if shape.meta is None:
            raise Breach(operation.id, "meta", "additionalProperties", "the contract declares no meta")
        shape.meta.demand(answer.meta)
        body["meta"] = answer.meta
    return to_json(body)


def _part(operation: Operation, shape: Shape, data: Any) -> Any:
    if isinstance(data, Encoded) and data.checked_by is shape.data:
        return data.fragment
    if isinstance(data, list):
        return [_item(operation, shape, each) for each in data]
    if shape.data is None:
        raise Breach(operation.id, "data", "additionalProperties", "the contract declares no data")
    shape.data.demand(data)
    return data


def _item(operation: Operation, shape: Shape, item: Any) -> Fragment:
    if isinstance(item, Encoded) and item.checked_by is shape.item:
        return item.fragment
    raise Breach(operation.id, "data[]", "items", "an item was encoded by another part of the contract")
