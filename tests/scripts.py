"""The scenarios that the documentation shows, as data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sandbox.web.files import parse

ROOT = Path(__file__).resolve().parents[1]
HEAD = {"scenario": "shown", "api": "aikraft", "summary": "As the documentation shows it."}


def shown(text: str) -> Any:
    """Return the scenario that a snippet shows, with a head if it shows rules or events alone; None if it is none."""
    data = parse(Path("snippet.yaml"), text.encode())
    if not isinstance(data, dict) or not {"scenario", "rules", "timeline"} & set(data):
        return None
    return data if "scenario" in data else {**HEAD, **data}


def _examples() -> dict[str, Any]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = {}
    for page in pages:
        texts = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        found |= {f"{page.stem}-{at}": shown(text) for at, text in enumerate(texts)}
    return {name: each for name, each in found.items() if each is not None}


EXAMPLES: dict[str, Any] = _examples()
