"""What the judge learns of an answer beside the answer itself: from the journal of a store, or from nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from schemathesis.core.failures import Failure

from sandbox.check.injected import cause_of
from sandbox.check.subject import Subject, Told, shelf_of, world_of
from sandbox.core.contract import Contract
from sandbox.web.store import Store


class Witness(NamedTuple):
    """How a key's world gets its history, what a refusal gives away, and which rule has put a finding there."""

    furnish: Callable[[str, int], None]
    told: Callable[[Any, Any], Told | None]
    injected: Callable[[Failure, Any, Any], str | None]


def beside(subject: Subject, store: Store) -> Witness:
    """Return who has the store in this process and reads its journal."""

    def injected(failure: Failure, case: Any, response: Any) -> str | None:
        slot = shelf_of(store).slots.get(world_of(store, case))
        return None if slot is None else cause_of(slot.timeline, failure, case, response)

    return Witness(
        lambda key, number: subject.furnish(store, key, number),
        lambda case, response: subject.told(store, case, response),
        injected,
    )


def outside(contract: Contract, furnish: Callable[[str, int], None] = lambda _key, _number: None) -> Witness:
    """Return who sees the answers alone: a refusal gives away its status, and perhaps its code."""

    def told(case: Any, response: Any) -> Told | None:
        operation = contract.operations[case.operation.definition.raw["operationId"]]
        code = code_of(response.content)
        listed = (each for each in operation.refusals.values() if each.status == response.status_code)
        cause = next((each.cause for each in listed if code in (None, each.code)), None)
        return None if cause is None else Told(operation.id, cause)

    return Witness(furnish, told, lambda _failure, _case, _response: None)


def code_of(body: bytes) -> str | None:
    """Return the code that an error names in its body, or None."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None
