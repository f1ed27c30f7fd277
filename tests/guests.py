"""A good client of both APIs, in process and on a frozen clock: it waits, pages to the end, looks before it writes again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from tests.stories.stage import CTRLAI, LOAN, Reply, Stage, system, unit

TRIES = 6


class GivesUp(Exception):
    """What a good client says when it can do no more."""


class Guest:
    """A client that deserves no verdict; `api` is how one API differs from the other."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cursors = stage.key != CTRLAI
        self.list = "/v1/systems" if self.cursors else "/api/v1/units"
        self.thing = system if self.cursors else unit

    def read(self, target: str) -> Reply:
        """Ask until there is an answer, each pause longer than the last, and as long as told."""
        for attempt in range(TRIES):
            reply = self.stage.get(target)
            if not self._unsettled(reply):
                return self._settled(reply)
            self._pause(reply, attempt)
        raise GivesUp(target)

    def rows(self) -> list[Any]:
        """Read the list to its end; a cursor that is worth nothing any more means from the beginning."""
        found: list[Any] = []
        place: Any = None
        while True:
            name = "cursor" if self.cursors else "offset"
            reply = self.read(f"{self.list}?limit=20" + (f"&{name}={place}" if place else ""))
            meta = reply.json["meta"]
            found += reply.data
            place = meta["cursor"] if self.cursors else len(found) if len(found) < meta["total"] else None
            if not place or not reply.data:
                return found

    def write(self, name: str) -> None:
        """Write something down that is not there yet; what became of a try that broke off is looked up."""
        for attempt in range(TRIES):
            reply = self.stage.post(self.list, self.thing(name))
            if reply.status < 300 and not reply.broken:
                return
            if self._unsettled(reply):
                self._pause(reply, attempt)
            elif reply.status != 409:
                self._settled(reply)
            if name in [each.get("name") for each in self.rows()]:
                return
        raise GivesUp(name)

    def document(self) -> None:
        """Have a system documented, and wait for the job for twelve times as long as was estimated."""
        started = self.stage.post("/v1/systems/sys_abc123/documents", {"sections": [1, 2]})
        if self._unsettled(started):
            raise GivesUp("documents")
        job = self._settled(started).data
        estimate = job["estimated_seconds"]
        pause, waited = max(1, estimate // 2), 0
        while waited < 12 * estimate:
            self.stage.later(f"{pause}s")
            waited, pause = waited + pause, 2 * pause
            if self.read(f"/v1/jobs/{job['job_id']}").data["status"] in ("completed", "failed"):
                return
        raise GivesUp(job["job_id"])

    def ask(self) -> None:
        """Ask Ctrl AI a question, once: who asks again has a second conversation."""
        self._settled(self.stage.post("/api/v1/inference", {"query": LOAN}))

    def visit(self) -> None:
        """Do all that a client does in a day."""
        for number in range(7):
            self.write(f"Guest {number}")
        self.rows()
        if self.cursors:
            self.document()
        else:
            self.ask()

    def _unsettled(self, reply: Reply) -> bool:
        return bool(reply.broken) or reply.status == 429 or reply.status >= 500

    def _settled(self, reply: Reply) -> Reply:
        if reply.broken or reply.status >= 400:
            raise GivesUp(str(reply.status))
        return reply

    def _pause(self, reply: Reply, attempt: int) -> None:
        told = None if reply.broken else reply.headers.get("retry-after")
        self.stage.later(f"{2**attempt if told is None else _seconds(told, reply.headers['date'])}s")


def _seconds(told: str, now: str) -> int:
    """Return for how many seconds `Retry-After` asks to wait, whichever way it is written."""
    if told.isdigit():
        return int(told)
    return int((parsedate_to_datetime(told) - parsedate_to_datetime(now)).total_seconds())
