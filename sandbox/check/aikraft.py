"""Aikraft as the judge judges it."""

from __future__ import annotations

from sandbox.check.subject import Known, Subject, told_by_journal
from sandbox.core.clock import MINUTE, iso

LOAN = {"name": "Loan Approval Engine", "description": "Scores loans.", "purpose": "Decide", "domain": "Finance"}


def known_at(now: int) -> Known:
    """Return what a caller knows at this instant: the workspace, and the window of telemetry that has just closed."""
    return {
        "ingestAggregates": {
            "path.workspace": ["ws_enterprise"],
            "body.windows[*].start": [iso(now - MINUTE)],
            "body.windows[*].end": [iso(now)],
        },
    }


AIKRAFT = Subject(
    name="aikraft",
    path="/openapi/aikraft.json",
    prefix="/v1/",
    known=known_at,
    told=told_by_journal,
    revisions=frozenset({1}),
    write=("POST", "/v1/systems", LOAN),
    calls=(("GET", "/v1/systems", None), ("POST", "/v1/systems", {})),
)
