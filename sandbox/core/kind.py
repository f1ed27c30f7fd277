"""The kinds of faults and of timed events: how their figures are written, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from sandbox.core.api import Api
from sandbox.core.contract import Operation
from sandbox.core.document import Flaw, Path
from sandbox.core.happening import Deed
from sandbox.core.scenario import Fault
from sandbox.core.synonym import NO_WORDS, Words


class Unfit(Exception):
    """Figures of a fault that cannot work: where, what was expected, what came."""

    def __init__(self, path: Path, expected: str, got: str) -> None:
        super().__init__(expected)
        self.flaw = Flaw(path, expected, got)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a fault may strike: the API, and the operations of its rule."""

    operations: tuple[Operation, ...]
    api: Api


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: its name, how its figures are written, and what is made of them.

    `short` is the figure that a plain value in their place means, `words` what other tools call the figures.
    """

    name: str
    schema: type[Schema]
    make: Callable[[dict[str, Any], Site], Fault]
    short: str = ""
    words: Words = NO_WORDS


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of timed event: its name, how its figures are written, and what is made of them for an API."""

    name: str
    schema: type[Schema]
    make: Callable[[dict[str, Any], Api], Deed]
