"""What the laws of single kinds of faults share: a world in which rules hold, and what the reader refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.app import load_api
from sandbox.core.document import DocumentError, Flaw
from sandbox.core.play import IDLE
from sandbox.core.scenario import Scenario
from sandbox.core.staging import begun, reader_of
from sandbox.core.world import World
from tests.support import NOW


def script(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the document of a scenario with these rules."""
    return {"scenario": "law", "api": "aikraft", "summary": "What the law is about.", "rules": list(rules), **more}


def read(*rules: Mapping[str, Any], api: str = "aikraft", **more: Any) -> Scenario:
    """Return the scenario with these rules."""
    return reader_of(load_api(api)).scenario(script(*rules, api=api, **more))


def under(world: World, *rules: Mapping[str, Any]) -> World:
    """Return the world in which these rules hold from now on."""
    return world._replace(play=begun(read(*rules, api=world.charter.api.name), IDLE, NOW))


def flaw_of(then: Mapping[str, Any], when: Mapping[str, Any] | None = None, api: str = "aikraft") -> Flaw | None:
    """Return what the reader finds wrong with a rule, or None."""
    try:
        read({"name": "one", "when": when or {}, "then": then}, api=api)
    except DocumentError as error:
        return error.flaws[0]
    return None


def example(page: str, heading: str) -> list[dict[str, Any]]:
    """Return the rules that the first YAML block below a heading of a page writes."""
    from pathlib import Path

    import yaml

    text = (Path(__file__).resolve().parents[1] / "docs" / f"{page}.md").read_text()
    block = text.partition(f"\n## {heading}\n")[2].partition("```yaml\n")[2].partition("```")[0]
    return yaml.safe_load(block)["rules"]
