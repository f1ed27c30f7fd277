"""A small client of Aikraft: the systems of a company, their documentation, their alerts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from patience import TRIES, GaveUp, Patient, Refused, Unclear

Json = Mapping[str, Any]


class Compliance:
    """Aikraft as a product sees it."""

    def __init__(self, service: Patient, page: int = 100) -> None:
        self.service = service
        self.page = page

    def systems(self, **filters: str) -> list[Json]:
        """Return all systems that fit, each once, whatever the length of a page and whatever moves meanwhile."""
        found: dict[str, Json] = {}
        cursor: str | None = None
        while True:
            place = {"cursor": cursor} if cursor else {}
            page = self.service.read("/v1/systems", {**filters, "limit": self.page, **place})
            found |= {each["id"]: each for each in page["data"]}
            cursor = page["meta"]["cursor"]
            if cursor is None:
                return list(found.values())

    def register(self, name: str, *, description: str, purpose: str, domain: str) -> Json:
        """Return the system of this name, registered if there is none; a try that broke off is looked up first."""
        wish = {"name": name, "description": description, "purpose": purpose, "domain": domain}
        for attempt in range(TRIES):
            try:
                created: Json = self.service.write("/v1/systems", wish)["data"]
                return created
            except Unclear:
                self.service.pause(attempt)
            except Refused as refused:
                if refused.status != 409:
                    raise
            if there := [each for each in self.systems() if each["name"] == name]:
                return there[0]
        raise GaveUp(f"register {name!r}")

    def document(self, system: str, sections: str | list[int] = "all") -> Json:
        """Have a system documented and return the finished job; GaveUp after twelve times the estimate.

        A start whose answer is lost stays Unclear: jobs cannot be listed, and a second one would be paid twice.
        """
        job: Json = self.service.write(f"/v1/systems/{system}/documents", {"sections": sections})["data"]
        estimate = job["estimated_seconds"]
        waited, pause = 0.0, max(1, estimate / 2)
        while job["status"] not in ("completed", "failed"):
            if waited >= 12 * estimate:
                raise GaveUp(f"job {job['job_id']} is {job['status']} after {waited:.0f} seconds")
            time.sleep(pause)
            waited, pause = waited + pause, 2 * pause
            job = self.service.read(f"/v1/jobs/{job['job_id']}")["data"]
        return job

    def open_alerts(self, system: str) -> dict[str, Json]:
        """Return the alerts of a system that are not resolved, by their ids."""
        monitoring = self.service.read(f"/v1/systems/{system}/monitoring")["data"]
        return {each["id"]: each for each in monitoring["alerts"] if not each["resolved"]}
