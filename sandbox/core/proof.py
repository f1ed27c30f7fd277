"""A scenario that cannot work, told whole: a reader stops at the first flaw, an author wants all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.core.document import DocumentError, Flaw, Path
from sandbox.core.scenario import Scenario
from sandbox.core.script import Reader


def proofread(reader: Reader, document: Any) -> Scenario:
    """Return the scenario that the document writes; DocumentError names every flaw that can be told at once."""
    try:
        return reader.scenario(document)
    except DocumentError as error:
        flaws = dict.fromkeys((*error.flaws, *_flaws(reader, document)))
        raise DocumentError(tuple(flaws)) from error


def _flaws(reader: Reader, document: Any) -> Iterator[Flaw]:
    rules = document.get("rules") if isinstance(document, Mapping) else None
    for at, rule in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(rule, Mapping):
            yield from _flaws_of_rule(reader, rule, at)


def _flaws_of_rule(reader: Reader, rule: Mapping[Any, Any], at: int) -> Iterator[Flaw]:
    """Yield the flaws of the rule, and those that its first one hides: of its conditions, and of its faults."""
    path: Path = ("rules", at)
    yield from _refused(reader, rule, path)
    yield from _refused(reader, {**rule, "then": {}}, path)
    when = rule.get("when")
    if isinstance(when, Mapping):
        others = {name: each for name, each in when.items() if name not in ("operation", "operationId")}
        yield from _refused(reader, {**rule, "when": others, "then": {}}, path)
        yield from _refused(reader, {**rule, "when": {"operation": when.get("operation")}}, path)


def _refused(reader: Reader, rule: Mapping[Any, Any], path: Path) -> tuple[Flaw, ...]:
    try:
        reader.rule(rule, "proof", 0, path)
    except DocumentError as error:
        return error.flaws
    return ()
