"""Somebody who has installed the sandbox, as it is here, and set nothing."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
LEAN = "-p no:schemathesis -p no:hypothesispytest -p no:faker -p no:anyio -p no:asyncio"
"""Plugins that this environment has and no example asks for; to load them takes longer than the tests do."""


def strangers(**more: str) -> dict[str, str]:
    """Return the environment of a stranger, and more."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SANDBOX", "PYTEST", "NODE"))}
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**ours, "PATH": commands, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": LEAN, **more}


def copied(name: str, folder: Path) -> Path:
    """Return a copy of an example."""
    return shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))


def promised(name: str) -> str:
    """Return how many tests the table of examples tells of this one."""
    return re.search(rf"^\| \[{name}\].* ([0-9]+) tests", (EXAMPLES / "README.md").read_text(), re.MULTILINE)[1]
