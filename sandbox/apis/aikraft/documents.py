"""POST /systems/{id}/documents and GET /jobs/{job_id}: Annex IV drafts, made by jobs that ripen on the world's clock.

A job row holds when it starts and when it ends; what it is now follows from the instant of the look, so no timer runs
and nothing is written when it finishes. The system's row holds the same instants as `drafts`, so that its score and
the job can never disagree.
"""

from __future__ import annotations

from typing import Any

from sandbox.apis.aikraft.annex_iv import SECTIONS, Subject, write_sections
from sandbox.apis.aikraft.systems import find_system
from sandbox.core.api import Answer, Call, Handler, mint
from sandbox.core.clock import SECOND, iso
from sandbox.core.frozen import Frozen
from sandbox.core.problem import Problem, shown
from sandbox.core.workspace import Key, Layout

QUEUE_SECONDS = 5
"""How long a job stays queued; not documented."""


def _sort(row: Frozen) -> Key:
    return (row["created_at"], row["id"])


LAYOUT = Layout(_sort)


def estimated_seconds(sections: tuple[int, ...]) -> int:
    """Return the estimate: the documents' 60 seconds for all eight sections, in proportion for fewer."""
    return -(-60 * len(sections) // len(SECTIONS))


def chosen_sections(value: Any) -> tuple[int, ...]:
    """Return the section numbers that a request's `sections` means, sorted, each once."""
    if value == "all" or "all" in value:
        return tuple(SECTIONS)
    return tuple(sorted({int(each) for each in value}))


def job_row(ident: str, system: Frozen, sections: tuple[int, ...], language: str, created_at: int) -> Frozen:
    """Return a job that will complete when its estimate is over."""
    return Frozen(
        id=ident,
        system_id=system["id"],
        sections=sections,
        language=language,
        classification=len(system["classifications"]) - 1,
        created_at=created_at,
        starts_at=created_at + QUEUE_SECONDS * SECOND,
        ends_at=created_at + estimated_seconds(sections) * SECOND,
        error=None,
    )


def with_draft(system: Frozen, job: Frozen) -> Frozen:
    """Return the system that this job, unless it fails, will have documented."""
    if job["error"] is not None:
        return system
    draft = Frozen(at=job["ends_at"], job=job["id"], sections=job["sections"])
    return system.having(drafts=(*system["drafts"], draft))


def status_of(job: Frozen, now: int) -> str:
    """Return the state of the job at this instant."""
    if now < job["starts_at"]:
        return "queued"
    if now < job["ends_at"]:
        return "in_progress"
    return "completed" if job["error"] is None else "failed"


def _progress(job: Frozen, now: int) -> int:
    if now < job["starts_at"]:
        return 0
    end = min(now, job["ends_at"])
    share: int = 100 * (end - job["starts_at"]) // max(1, job["ends_at"] - job["starts_at"])
    return share if job["error"] is None else min(share, 99)


def _document(job: Frozen, system: Frozen) -> dict[str, Any]:
    classification = system["classifications"][job["classification"]]
    earlier = sum((each["at"], each["job"]) < (job["ends_at"], job["id"]) for each in system["drafts"])
    subject = Subject(
        name=system["name"], description=system["description"], purpose=system["purpose"], domain=system["domain"],
        risk_tier=classification["risk_tier"],
        annex_iii_category=classification["annex_iii_category"],
        annex_iii_sub_point=classification["annex_iii_sub_point"],
        key_factors=classification["key_factors"], obligations=classification["obligations"],
        classified_at=iso(classification["classified_at"]), created_at=iso(system["created_at"]),
    )  # fmt: skip
    sections = write_sections(subject, job["sections"], job["language"])
    return {
        "id": "doc_" + job["id"].removeprefix("job_"),
        "version": earlier + 1,
        "language": job["language"],
        "sections": [{"number": each.number, "title": each.title, "content": each.content} for each in sections],
    }


def _poll_url(call: Call, ident: str) -> str:
    return f"{call.base}/v1/jobs/{ident}"


def _create(call: Call, system: Frozen) -> Answer:
    if not system["classifications"]:
        message = f"AI system with ID {system['id']} must be classified before its documentation can be generated."
        raise Problem(422, "system-unclassified", message)
    sections = chosen_sections(call.body["sections"])
    ident, workspace = mint(call, call.workspace, "job_", "jobs")
    job = job_row(ident, system, sections, call.body.get("language", "en"), call.now)
    workspace = workspace.having("jobs", job).having("systems", with_draft(system, job))
    data = {
        "job_id": ident,
        "status": "queued",
        "estimated_seconds": call.wait(estimated_seconds(sections)),
        "poll_url": _poll_url(call, ident),
    }
    return Answer(data, workspace=workspace)


def _find_job(call: Call) -> Frozen:
    ident = call.path["job_id"]
    job = call.workspace.table("jobs").get(ident)
    if job is None:
        raise Problem(404, "job-not-found", f"Job with ID {shown(ident)} was not found in this workspace.")
    return job


def _get(call: Call, job: Frozen) -> Answer:
    status = status_of(job, call.now)
    done = status in ("completed", "failed")
    system = call.workspace.table("systems").rows[job["system_id"]]
    data = {
        "job_id": job["id"],
        "system_id": job["system_id"],
        "status": status,
        "estimated_seconds": call.wait(estimated_seconds(job["sections"])),
        "poll_url": _poll_url(call, job["id"]),
        "sections": job["sections"],
        "language": job["language"],
        "progress": _progress(job, call.now),
        "created_at": iso(job["created_at"]),
        "started_at": None if status == "queued" else iso(job["starts_at"]),
        "completed_at": iso(job["ends_at"]) if done else None,
        "document": _document(job, system) if status == "completed" else None,
        "error": job["error"] if status == "failed" else None,
    }
    return Answer(data)


CREATE = Handler(find_system, _create)
GET = Handler(_find_job, _get)
