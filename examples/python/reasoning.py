"""A small client of Ctrl AI: it asks, reads and proposes; approving is left to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patience import Patient

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, what share of it is covered by units that people reviewed, and the parts that nobody did."""

    text: str
    coverage: int
    guesses: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Return whether all of it may be shown without a warning."""
        return not self.guesses


class Reasoning:
    """Ctrl AI as a product sees it."""

    def __init__(self, service: Patient, page: int = 100) -> None:
        self.service = service
        self.page = page

    def ask(self, question: str) -> Reply:
        """Return the answer to a question, asked once: who asks again has a second conversation."""
        told = self.service.write("/api/v1/inference", {"query": question})["data"]
        guesses = [each["text"] for each in told["segments"] if each["trustLevel"] in ("synthesized", "neural")]
        return Reply(told["response"], told["coveragePercent"], tuple(guesses))

    def units(self, **filters: str) -> list[Json]:
        """Return all units that fit, by pages, until as many came as there are."""
        found: list[Json] = []
        while True:
            asked = {**filters, "limit": self.page, "offset": len(found)}
            page = self.service.read("/api/v1/units", asked)
            found += page["data"]
            if not page["data"] or len(found) >= page["meta"]["total"]:
                return found

    def propose(self, name: str, domain: str, **fields: str) -> Json:
        """Return a new unit, which is a candidate until reviewers have approved it; `domain` is a slug."""
        ident = self.service.read(f"/api/v1/domains/{domain}")["data"]["id"]
        wish = {"name": name, "unitType": "pattern", "domainId": ident, **fields}
        created: Json = self.service.write("/api/v1/units", wish)["data"]
        return created
