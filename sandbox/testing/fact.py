"""A fact that the journals of a suite's worlds tell together: how it is read, joined and reported."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.core.contract import Contract
from sandbox.core.timeline import Entry
from sandbox.testing.world import Sandbox


class Report(NamedTuple):
    """What is told of a fact: lines for the end of the run, files by their names, and why the run has to fail."""

    lines: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to find out of every world, as a value of JSON.

    `wanted` tells by pytest's options whether anybody asks for it. `inside` reads the journal of a world in this
    process, `outside` asks a running sandbox. `joined` is the value of both. `report` takes the API and the joined
    value, `nothing` what there is to say if no test had a world; both take pytest's options.
    """

    name: str
    wanted: Callable[[Namespace], bool]
    inside: Callable[[Sandbox, Sequence[Entry], Contract], Any]
    outside: Callable[[Sandbox], Any]
    joined: Callable[[Any, Any], Any]
    report: Callable[[str, Any, Namespace], Report]
    nothing: Callable[[Namespace], Report]
