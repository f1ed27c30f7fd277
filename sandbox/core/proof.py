"""A scenario that cannot work, told whole."""

from __future__ import annotations

from typing import Any

from sandbox.core.scenario import Scenario
from sandbox.core.script import Reader


def proofread(reader: Reader, document: Any) -> Scenario:
    """Return the scenario that the document writes; DocumentError names every flaw that can be told at once."""
    return reader.scenario(document)
