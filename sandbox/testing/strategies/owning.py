"""Which calls of a sequence are about what the sequence itself has created."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.core.contract import Contract
from sandbox.testing.strategies.sequence import Call, Ref

_CREATED = 201
_LATER = 202


def own_steps(contract: Contract, calls: Sequence[Call]) -> frozenset[int]:
    """Return the steps, counted from 1, that create something or are about what earlier ones of them created.

    What begins work that goes on by itself is not among them: what becomes of it is a matter of time.
    """
    own: set[int] = set()
    for step, call in enumerate(calls, 1):
        operation = contract.operations[call.operation]
        named = all(isinstance(each, Ref) and each.step in own for each in call.path.values())
        creates = operation.success.status == _CREATED or bool(call.path)
        if named and creates and not call.wrong and operation.success.status != _LATER:
            own.add(step)
    return frozenset(own)
