"""Clients of both APIs over httpx: a good one, and others that have each a fault that real clients have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx

from sandbox.testing import Sandbox
from tests.stories.stage import system, unit

TRIES = 5
PATIENCE = 3600


class GivesUp(Exception):
    """What a good client says when it can do no more."""


class Client:
    """Waits as long as it is told and longer each time, reads lists to their end, and looks before it writes again."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = sandbox.client
        self.cursors = sandbox.api == "aikraft"
        self.list = "/v1/systems" if self.cursors else "/api/v1/units"
        self.limit = 10

    def read(self, target: str, **params: Any) -> Any:
        """Return what stands there, after a few tries."""
        for attempt in range(TRIES):
            answer = self.sent("GET", target, params=params)
            if answer is not None and answer.status_code < 400:
                return answer.json()
            self.pause(answer, attempt)
        raise GivesUp(target)

    def sent(self, method: str, target: str, **content: Any) -> httpx.Response | None:
        """Return the answer, or None if it was lost."""
        try:
            return self.http.request(method, target, **content)
        except httpx.TransportError:
            return None

    def pause(self, answer: httpx.Response | None, attempt: int) -> None:
        """Wait before the next try; GivesUp if it is hopeless, or would take too long."""
        if answer is not None and answer.status_code < 500 and answer.status_code != 429:
            raise GivesUp(answer.status_code)
        told = 0.0 if answer is None else self.told(answer)
        if told > PATIENCE:
            raise GivesUp(told)
        time.sleep(max(told, 2**attempt))

    def told(self, answer: httpx.Response) -> float:
        """Return for how many seconds the answer asks to stay away."""
        return float(answer.headers.get("Retry-After", 0))

    def rows(self) -> list[str]:
        """Return the ids of all rows of the list, each once: a row may move to the next page meanwhile."""
        return list(dict.fromkeys(row["id"] for page in self.pages() for row in page))

    def pages(self) -> Iterator[list[Any]]:
        """Yield the pages of the list."""
        place: dict[str, Any] = {}
        seen = 0
        while True:
            page = self.read(self.list, limit=self.limit, **place)
            yield page["data"]
            seen += len(page["data"])
            if self.cursors:
                place = {"cursor": page["meta"]["cursor"]}
            else:
                place = {"offset": seen if seen < page["meta"]["total"] else None}
            if None in place.values():
                return

    def write(self, name: str) -> None:
        """Write something down once; what became of a try whose answer was lost is looked up."""
        for attempt in range(TRIES):
            answer = self.sent("POST", self.list, json=(system if self.cursors else unit)(name))
            if answer is not None and answer.status_code < 300:
                return
            if answer is None or answer.status_code != 409:
                self.pause(answer, attempt)
            if name in [row["name"] for page in self.pages() for row in page]:
                return
        raise GivesUp(name)

    def document(self) -> bool:
        """Have a system documented, and return whether it is."""
        answer = self.sent("POST", "/v1/systems/sys_abc123/documents", json={"sections": "all"})
        if answer is None or answer.status_code >= 400:
            raise GivesUp("documents")
        job = answer.json()["data"]
        if job["estimated_seconds"] > PATIENCE:
            raise GivesUp(job["job_id"])
        return self.ended(job["job_id"], job["estimated_seconds"]) == "completed"

    def ended(self, job: str, estimate: int) -> str:
        """Return the status in which a job ends, looked at less and less often; GivesUp after a while."""
        pause = estimate
        while pause < 10 * estimate:
            time.sleep(pause)
            status = self.read(f"/v1/jobs/{job}")["data"]["status"]
            if status in ("completed", "failed"):
                return str(status)
            pause *= 2
        raise GivesUp(job)


class StopsAtAnEmptyPage(Client):
    """Takes a page without rows for the end of the list, whatever its cursor says."""

    def pages(self) -> Iterator[list[Any]]:
        for page in super().pages():
            if not page:
                return
            yield page


class BeginsAgain(Client):
    """Begins at the first page again after an error, and keeps what it had read."""

    def rows(self) -> list[str]:
        found: list[str] = []
        for attempt in range(TRIES):
            place: Any = None
            try:
                while True:
                    page = self.http.get(
                        self.list, params={"limit": self.limit, **({"cursor": place} if place else {})}
                    )
                    page.raise_for_status()
                    found += [row["id"] for row in page.json()["data"]]
                    place = page.json()["meta"]["cursor"]
                    if place is None:
                        return found
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                self.pause(getattr(error, "response", None), attempt)
        raise GivesUp("rows")


class SkipsAPage(Client):
    """Goes on with the next page if one cannot be read."""

    def pages(self) -> Iterator[list[Any]]:
        total = self.read(self.list, limit=1)["meta"]["total"]
        for offset in range(0, total, self.limit):
            answer = self.sent("GET", self.list, params={"limit": self.limit, "offset": offset})
            if answer is not None and answer.status_code == 200:
                yield answer.json()["data"]


class Hurries(Client):
    """Tries again at once after a 429."""

    def pause(self, answer: httpx.Response | None, attempt: int) -> None:
        if answer is None or answer.status_code != 429:
            super().pause(answer, attempt)


class CountsMilliseconds(Client):
    """Takes the seconds of Retry-After for milliseconds."""

    def told(self, answer: httpx.Response) -> float:
        return super().told(answer) / 1000


class GivesUpAtOnce(Client):
    """Never tries again after a 500."""

    def pause(self, answer: httpx.Response | None, attempt: int) -> None:
        if answer is not None and answer.status_code == 500:
            answer.raise_for_status()
        super().pause(answer, attempt)


class WritesBlindly(Client):
    """Sends a write again if its answer was lost."""

    def write(self, name: str) -> None:
        for attempt in range(TRIES):
            answer = self.sent("POST", self.list, json=(system if self.cursors else unit)(name))
            if answer is not None and answer.status_code < 300:
                return
            self.pause(answer, attempt)
        raise GivesUp(name)


class PollsForEver(Client):
    """Looks at a job until it is over."""

    def ended(self, job: str, estimate: int) -> str:
        while (status := self.read(f"/v1/jobs/{job}")["data"]["status"]) not in ("completed", "failed"):
            time.sleep(estimate)
        return str(status)


class TakesAcceptedForDone(Client):
    """Waits for as long as a job was estimated to take, and asks no more."""

    def ended(self, job: str, estimate: int) -> str:
        del job
        time.sleep(estimate)
        return "completed"


class TrustsADate(Client):
    """Takes a field for a text that may be null."""

    def rows(self) -> list[str]:
        return [self.read("/v1/systems/sys_abc123/monitoring")["data"]["last_checked_at"][:10]]
