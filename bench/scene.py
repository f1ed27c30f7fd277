"""What every column is set up from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.workload import Workload


@dataclass(frozen=True, slots=True)
class Scene:
    """A folder for configuration files, the workload, and our fixture, or the reason why there is none."""

    folder: Path
    workload: Workload
    fixture: Path | None = None
    absence: str = ""

    @property
    def ids(self) -> Path:
        """The ids, one a line, for the load generator."""
        path = self.folder / "ids.txt"
        path.write_text("\n".join(self.workload.ids) + "\n")
        return path
