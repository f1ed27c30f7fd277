"""What came while a test ran and led to no world, since no usable key came with it: it stands in the API's lobby."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.timeline import Entry as Record
from sandbox.testing.entry import Entry, entry_of
from sandbox.web.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Lobby:
    """The lobby of a shelf, from this revision on."""

    shelf: Shelf
    since: int

    def requests(self) -> list[Entry]:
        """Return what has come since, oldest first; the cause of each is why its key was of no use."""
        from sandbox.core.view import summary

        return [entry_of({**summary(each), "cause": each.request.caller.reason}) for each in self.records()]

    def verdicts(self) -> list[Mapping[str, Any]]:
        """Return what these requests say against the client that sent them."""
        from sandbox.core.verdict import verdict_shown
        from sandbox.verdicts.catalogue import judged

        return [verdict_shown(each) for each in judged(self.records(), self.shelf.realm.keyring.api.contract)]

    def records(self) -> list[Record]:
        """Return what has come since as the journal has it, oldest first."""
        return self.shelf.lobby.timeline.journal.since(self.since)[::-1]
