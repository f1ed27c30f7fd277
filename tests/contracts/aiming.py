"""A state machine that goes by some of its links: by those that nobody has followed yet, and what leads to them."""

from __future__ import annotations

from typing import Any

from schemathesis.generation.stateful.state_machine import normalize_name
from schemathesis.specs.openapi.stateful import ApiTransitions


def aimed(machine: Any, wanted: set[str]) -> Any:
    """Return the machine with the links that are wanted, and with those that lead to them from where it may begin."""
    links = [link for each in machine._transitions.operations.values() for link in each.outgoing]
    kept = _leading(links, machine._root_labels, wanted)
    begun = machine._root_labels & {link.source.label for link in kept}
    for name in {link.full_name for link in links} - {link.full_name for link in kept}:
        setattr(machine, normalize_name(name), None)
    for label in machine._root_labels - begun:
        setattr(machine, normalize_name(f"RANDOM -> {label}"), None)
    machine._root_labels = begun
    machine._transitions = ApiTransitions()
    for link in kept:
        machine._transitions.add_outgoing(link.source.label, link)
    return machine


def _leading(links: list[Any], roots: frozenset[str], wanted: set[str]) -> list[Any]:
    """Return the wanted links, all links to where they begin, and from there the shortest ways back to a root."""
    kept = {link.full_name for link in links if link.full_name in wanted}
    seen = set[str]()
    far = {link.source.label for link in links if link.full_name in kept}
    while far:
        into = [link for link in links if link.target.label in far and (not seen or _is_short(link, links, roots))]
        kept.update(link.full_name for link in into)
        seen |= far
        far = {link.source.label for link in into} - seen - roots
    return [link for link in links if link.full_name in kept]


def _is_short(link: Any, links: list[Any], roots: frozenset[str]) -> bool:
    """Say whether a link begins at a root, or its target can be reached from none at once."""
    others = (each.source.label for each in links if each.target.label == link.target.label)
    return link.source.label in roots or roots.isdisjoint(others)
