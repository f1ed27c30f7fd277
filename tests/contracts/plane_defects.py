"""Broken copies of the control plane: each does one thing wrong, between the app and whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

from sandbox.check.subject import TOKEN
from tests.contracts.defects import Answer, Environ, Outward, inward, outward
from tests.contracts.doors import Wsgi
from tests.contracts.plane import PLANE


class Broken(NamedTuple):
    """A defect: how the app is wrapped, where the judge has to look, and the check that has to object."""

    wrapped: Callable[[Wsgi], Wsgi]
    operation: str
    check: str


def _out(change: Outward, operation: str, check: str) -> Broken:
    return Broken(outward(change, PLANE.prefix), operation, check)


def _problem(status: int, cause: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": "No", "status": status, "detail": "No.", "cause": cause}


def _said(answer: Answer, **fields: Any) -> Answer:
    """Return the answer with other fields in its JSON, if it succeeded."""
    return answer.having(answer.status, {**json.loads(answer.body), **fields}) if answer.status[0] == "2" else answer


def _less(answer: Answer, name: str) -> Answer:
    body = json.loads(answer.body)
    return answer.having(answer.status, {key: value for key, value in body.items() if key != name})


def _turned(answer: Answer, kind: str) -> Answer:
    return Answer(answer.status, (*answer.without("Content-Type").headers, ("Content-Type", kind)), answer.body)


def _refused(answer: Answer, status: str, cause: str) -> Answer:
    return _turned(answer.having(status, _problem(int(status[:3]), cause)), "application/problem+json")


def _hides_the_cause(_environ: Environ, answer: Answer) -> Answer:
    return answer if answer.status[0] == "2" else _less(answer, "cause")


def _calls_a_problem_plain_json(_environ: Environ, answer: Answer) -> Answer:
    return answer if answer.status[0] == "2" else _turned(answer, "application/json")


def _breaks_on_the_unknown(_environ: Environ, answer: Answer) -> Answer:
    return answer.having("500 Internal Server Error", _problem(500, "defect")) if answer.status[:3] == "404" else answer


def _lists_no_method(_environ: Environ, answer: Answer) -> Answer:
    return answer.without("Allow")


def _lists_methods_in_prose(_environ: Environ, answer: Answer) -> Answer:
    if answer.status[:3] != "405":
        return answer
    return Answer(answer.status, (*answer.without("Allow").headers, ("Allow", "get and put")), answer.body)


def _answers_200_for_201(_environ: Environ, answer: Answer) -> Answer:
    return answer.having("200 OK") if answer.status[:3] == "201" else answer


def _revokes_nothing(_environ: Environ, answer: Answer) -> Answer:
    return _said(answer, revoked=False)


def _tells_the_time_in_seconds(_environ: Environ, answer: Answer) -> Answer:
    return _said(answer, now=1776090600)


def _lets_a_field_out(_environ: Environ, answer: Answer) -> Answer:
    return _said(answer, owner="ak_test_enterprise_case0")


def _dislikes_it(_environ: Environ, answer: Answer) -> Answer:
    return answer.having("422 Unprocessable Entity", _problem(422, "mood")) if answer.status[0] == "2" else answer


def forgets_keys(environ: Environ, answer: Answer) -> Answer:
    """Lose every key as soon as it has been made."""
    if environ["PATH_INFO"].startswith("/__admin/keys/"):
        return _refused(answer, "404 Not Found", "key-not-found")
    return answer


def is_always_overtaken(environ: Environ, answer: Answer) -> Answer:
    """Refuse every write as overtaken, in the exact shape of the contract: no check objects to it."""
    if environ["REQUEST_METHOD"] == "GET" or answer.status[0] != "2":
        return answer
    return _refused(answer, "409 Conflict", "world-moved")


def _lets_everybody_in(environ: Environ) -> Environ:
    if "ak_test_" in environ.get("HTTP_AUTHORIZATION", ""):
        return environ
    return {**environ, "HTTP_AUTHORIZATION": "Bearer ak_test_enterprise_anybody"}


def _shows_everybody_the_worlds(environ: Environ) -> Environ:
    return {**environ, "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}


def _reads_no_query(environ: Environ) -> Environ:
    return {**environ, "QUERY_STRING": ""}


def _always_says_yes(environ: Environ) -> Environ:
    """Verify that there was something, whatever was to be verified."""
    if environ["PATH_INFO"] != "/__admin/verify" or environ["REQUEST_METHOD"] != "POST":
        return environ
    body = b'{"match":{}}'
    replaced = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    return {**environ, **replaced}


BROKEN = {
    "a problem without its cause": _out(_hides_the_cause, "restoreSnapshot", "response_schema_conformance"),
    "a problem called plain JSON": _out(_calls_a_problem_plain_json, "deleteSnapshot", "content_type_conformance"),
    "a 500 for an unknown snapshot": _out(_breaks_on_the_unknown, "restoreSnapshot", "not_a_server_error"),
    "a 405 without Allow": _out(_lists_no_method, "getClock", "unsupported_method"),
    "a 405 with prose in Allow": _out(_lists_methods_in_prose, "getClock", "allow_header_conformance"),
    "a snapshot that is saved with 200": _out(_answers_200_for_201, "saveSnapshot", "status_code_conformance"),
    "a revoke that does nothing": _out(_revokes_nothing, "revokeKey", "response_schema_conformance"),
    "a clock in seconds": _out(_tells_the_time_in_seconds, "advanceClock", "response_schema_conformance"),
    "settings that let a key out": _out(_lets_a_field_out, "putSettings", "response_schema_conformance"),
    "a reset that is refused for no listed cause": _out(_dislikes_it, "reset", "positive_data_acceptance"),
    "an ignored credential": Broken(inward(_lets_everybody_in), "getState", "ignored_auth"),
    "an admin's list for everybody": Broken(inward(_shows_everybody_the_worlds), "listWorlds", "ignored_auth"),
    "a journal that reads no query": Broken(inward(_reads_no_query), "listRequests", "negative_data_rejection"),
    "a verification that always says yes": Broken(inward(_always_says_yes), "verify", "negative_data_rejection"),
}
