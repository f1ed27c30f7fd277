"""Findings that a scenario has put there on purpose: they bear its mark, and are gone where it does not play.

An answer is *struck* if it, or one before it in its world, carries `Sandbox-Fault`. A finding on such an answer is
injected if the same requests at the same times, in the same world without the scenario, end in an answer that differs
and that the same check has nothing to say against. Anything else is a finding.
"""

from __future__ import annotations

from typing import Any

from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response as Judged

from sandbox.core.message import Response
from sandbox.core.play import IDLE
from sandbox.core.record import again
from sandbox.core.staging import STAGING
from sandbox.core.timeline import Entry, Timeline


def cause_of(timeline: Timeline, failure: Failure, case: Any, judged: Judged) -> str | None:
    """Return the mark of the rules that have injected this finding, or None if they have not."""
    entries = _until(timeline, judged)
    marks = [each.marks.fault for each in entries if each.marks.fault is not None]
    if not marks:
        return None
    calm = _calmly(timeline, entries)
    if (calm.status, calm.body) == (judged.status_code, judged.content) or _still(failure, case, judged, calm):
        return None
    return marks[-1]


def _until(timeline: Timeline, judged: Judged) -> list[Entry]:
    """Return the entries of the journal up to the latest one with this answer; none if there is no such entry."""
    entries = list(timeline.journal)
    said = judged.status_code, _fields(judged), judged.content
    while entries and (entries[-1].response.status, _headers(entries[-1].response), entries[-1].response.body) != said:
        entries.pop()
    return entries


def _headers(response: Response) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), []).append(value)
    return headers


def _fields(judged: Judged) -> dict[str, list[str]]:
    return {name: list(values) for name, values in judged.headers.items()}


def _calmly(timeline: Timeline, entries: list[Entry]) -> Response:
    """Return the last answer of these entries where no scenario plays."""
    world = (timeline.birth or timeline.present)._replace(play=IDLE)
    for each in entries:
        if each.errand is None or each.errand.operation not in STAGING:
            world, response = again(world, each)
    return response


def _still(failure: Failure, case: Any, judged: Judged, calm: Response) -> bool:
    """Tell whether the calm answer has a finding of the same type."""
    other = Judged(
        status_code=calm.status, headers=_headers(calm), content=calm.body, request=judged.request, elapsed=0.0,
        verify=True, http_version=judged.http_version,
    )  # fmt: skip
    try:
        case.validate_response(other)
    except FailureGroup as group:
        return any(type(each) is type(failure) for each in group.exceptions)
    return False
