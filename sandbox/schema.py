"""`python -m sandbox.schema`: write `scenarios/scenario.schema.json` anew, from the code that reads scenarios."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.app import load_api
from sandbox.core.scenario_schema import scenario_schema
from sandbox.settings import APIS
from sandbox.web.files import shipped


def written() -> str:
    """Return the text of the file."""
    return json.dumps(scenario_schema([load_api(each) for each in APIS]), indent=2, ensure_ascii=False) + "\n"


def path() -> Path:
    """Return where the file is."""
    return shipped("scenarios") / "scenario.schema.json"


if __name__ == "__main__":
    path().write_text(written())
