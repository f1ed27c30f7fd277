"""What a kind of verdict is: a name, a severity, and what finds it in a client's doings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.core.contract import Contract
from sandbox.verdicts.asks import Ask


class Found(NamedTuple):
    """The requests that prove a verdict, the first time, and a sentence about them."""

    asks: Sequence[Ask]
    seen: str


Finder = Callable[[Sequence[Ask], Contract], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class VerdictKind:
    """One kind of verdict; `remedy` says what a good client does instead."""

    name: str
    severity: str
    find: Finder
    remedy: str


def name_of(ask: Ask) -> str:
    """Return how a sentence calls what was asked for."""
    return ask.operation.id if ask.operation is not None else f"{ask.entry.request.method[:10]} of no operation"
