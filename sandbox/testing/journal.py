"""The journal of a world as a test reads it: entries, verifications, explanations, the capsule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.testing.entry import Entry, entry_of
from sandbox.testing.lobby import Lobby
from sandbox.testing.steward import ControlError, Steward

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Journal:
    """What is remembered of the world of this API and label, and of the requests that led to none meanwhile."""

    api: str
    label: str
    steward: Steward
    lobby: Lobby | None = None

    def requests(self) -> list[Entry]:
        """Return the requests to the API, oldest first."""
        pages: list[list[Entry]] = []
        before = ""
        while True:
            page = self.steward.ask("GET", f"/requests?limit={_PAGE}{before}")
            pages.insert(0, [entry_of(each) for each in page["requests"]])
            if page["meta"]["before"] is None:
                return [each for one in pages for each in one]
            before = f"&before={page['meta']['before']}"

    def verify(self, match: Mapping[str, Any] | None, **count: int) -> int:
        """Return how many requests fit a match; AssertionError with the closest ones if `count` does not hold."""
        asked: dict[str, Any] = {"match": dict(match or {}), **({"count": count} if count else {})}
        try:
            return int(self.steward.ask("POST", "/verify", asked)["actual"])
        except ControlError as error:
            if error.cause != "unverified":
                raise
            raise AssertionError("\n".join([str(error), *_closest(error.problem)])) from None

    def verdicts(self) -> list[Mapping[str, Any]]:
        """Return what the requests say against the client that sent them."""
        told: list[Mapping[str, Any]] = self.steward.ask("GET", "/verdicts")["verdicts"]
        return told + (self.lobby.verdicts() if self.lobby is not None else [])

    def strays(self) -> list[Entry]:
        """Return the requests that came without a usable key, oldest first; the cause is why it was of no use."""
        return self.lobby.requests() if self.lobby is not None else []

    def coverage(self) -> Mapping[str, Any]:
        """Return what the requests have seen of all that the contract declares."""
        told: Mapping[str, Any] = self.steward.ask("GET", "/coverage")
        return told

    def fidelity(self) -> list[Mapping[str, Any]]:
        """Return the guesses that the requests leaned on."""
        told: list[Mapping[str, Any]] = self.steward.ask("GET", "/fidelity?leaned=true")["guesses"]
        return told

    def explain(self, entry: Entry | str) -> Mapping[str, Any]:
        """Return why a request was answered as it was."""
        ident = entry if isinstance(entry, str) else entry.id
        told: Mapping[str, Any] = self.steward.ask("GET", f"/requests/{ident}/explain")
        return told

    def capsule(self) -> Mapping[str, Any]:
        """Return what led to the present as one document."""
        told: Mapping[str, Any] = self.steward.ask("GET", "/capsule")
        return told


def _closest(problem: Mapping[str, Any]) -> list[str]:
    lines = []
    for near in problem.get("closest", ()):
        lines.append(f"  {entry_of(near['request'])}")
        lines += [f"    {one['field']}: expected {one['expected']}, got {one['got']}" for one in near["differences"]]
    return lines
