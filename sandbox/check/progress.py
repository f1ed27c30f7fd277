"""How far a run is: one line that is written anew on a terminal, a line for each phase anywhere else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any, TextIO

from sandbox.check.ledger import Ledger

_LONG = 2.0
"""Seconds from which on a wait is told."""


@dataclass(slots=True)
class Progress:
    """Tells a stream what the ledger holds so far."""

    stream: TextIO
    ledger: Ledger
    eyes: bool
    phase: str = ""
    shown: bool = False

    def heard(self, phase: str, _recorder: Any, _seconds: float) -> None:
        """Show that a group of cases is done."""
        begins, self.phase = phase != self.phase, phase
        if self.eyes:
            width = shutil.get_terminal_size().columns
            self._write(f"\r\x1b[2K{self._line()[: width - 1]}")
            self.shown = True
        elif begins:
            self._write(f"{phase} …\n")

    def waits(self, seconds: float) -> None:
        """Show that a quota is waited for, if it is for long."""
        if seconds >= _LONG:
            told = f"waiting {seconds:.0f} s for the quota"
            self._write(f"\r\x1b[2K{told}" if self.eyes else f"{told}\n")
            self.shown = self.eyes

    def _line(self) -> str:
        ledger = self.ledger
        covered = sum(bool(each) for each in ledger.links.values())
        links = f" · links {covered} of {len(ledger.links)}" if ledger.links else ""
        return f"{self.phase}: {ledger.cases.total()} cases · findings {len(ledger.findings)}{links}"

    def end(self) -> None:
        """Leave the line to others."""
        if self.shown:
            self._write("\r\x1b[2K")
        self.shown = False

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
