"""Broken copies of Ctrl AI: each does one thing wrong, between the app and whoever asks."""

from __future__ import annotations

import json
from typing import Any

from sandbox.check.ctrlai import CREDIT, CTRLAI, SPARE, UNIT
from tests.contracts.defects import Answer, Environ, Outward, hides_what_is_left, inward, outward
from tests.contracts.plane_defects import Broken


def _out(change: Outward, operation: str, check: str) -> Broken:
    return Broken(outward(change, CTRLAI.prefix), operation, check)


def _said(answer: Answer, **fields: Any) -> Answer:
    """Return the answer with other fields in its data, if it succeeded."""
    if answer.status[0] != "2":
        return answer
    body = json.loads(answer.body)
    return answer.having(answer.status, {**body, "data": {**body["data"], **fields}})


def _refused(answer: Answer, status: str, code: str) -> Answer:
    return answer.having(status, {"error": {"code": code, "message": "No."}})


def _answers_200_for_201(_environ: Environ, answer: Answer) -> Answer:
    return answer.having("200 OK") if answer.status[:3] == "201" else answer


def _lets_the_reviews_out(_environ: Environ, answer: Answer) -> Answer:
    return _said(answer, reviews=[])


def _shows_the_key_again(_environ: Environ, answer: Answer) -> Answer:
    """Let the list of keys hold the keys themselves."""
    if answer.status[0] != "2":
        return answer
    body = json.loads(answer.body)
    rows = [{**each, "key": "ctrlai_pk_" + "0" * 32} for each in body["data"]]
    return answer.having(answer.status, {**body, "data": rows})


def _deletes_nothing(_environ: Environ, answer: Answer) -> Answer:
    return _said(answer, deleted=False)


def _sets_no_cookie(_environ: Environ, answer: Answer) -> Answer:
    return answer.without("Set-Cookie")


def _tells_no_field(_environ: Environ, answer: Answer) -> Answer:
    """Leave out what a 400 has to say of the field."""
    if answer.status[:3] != "400":
        return answer
    return _refused(answer, "400 Bad Request", "VALIDATION_ERROR")


def _dislikes_it(_environ: Environ, answer: Answer) -> Answer:
    if answer.status[0] != "2":
        return answer
    error = {"code": "VALIDATION_ERROR", "message": "Invalid input", "details": {"field": "mood", "issue": "Bad"}}
    return answer.having("400 Bad Request", {"error": error})


def forgets_new_units(environ: Environ, answer: Answer) -> Answer:
    """Lose every unit but the fixture's."""
    path = environ["PATH_INFO"]
    if not path.startswith("/api/v1/units/") or UNIT in path or SPARE in path or answer.status[0] != "2":
        return answer
    return _refused(answer, "404 Not Found", "NOT_FOUND")


def is_always_taken(environ: Environ, answer: Answer) -> Answer:
    """Refuse every new workflow as one that exists, in the exact shape of the contract: no check objects to it."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != "/api/v1/workflows" or answer.status[0] != "2":
        return answer
    return _refused(answer, "409 Conflict", "CONFLICT")


def _lets_everybody_in(environ: Environ) -> Environ:
    if CTRLAI.key(0)[:14] in environ.get("HTTP_AUTHORIZATION", ""):
        return environ
    return {**environ, "HTTP_AUTHORIZATION": f"Bearer {CTRLAI.key(1 << 64)}"}


def _reads_no_query(environ: Environ) -> Environ:
    return {**environ, "QUERY_STRING": f"domainId={CREDIT}"}


BROKEN = {
    "a unit that is made with 200": _out(_answers_200_for_201, "createUnit", "status_code_conformance"),
    "a unit with its reviews": _out(_lets_the_reviews_out, "getUnit", "response_schema_conformance"),
    "a list of keys with the keys": _out(_shows_the_key_again, "listApiKeys", "response_schema_conformance"),
    "no word of what is left": _out(hides_what_is_left, "listDomains", "response_headers_conformance"),
    "a sign-in without a cookie": _out(_sets_no_cookie, "signIn", "response_headers_conformance"),
    "a delete that does nothing": _out(_deletes_nothing, "deleteUnit", "response_schema_conformance"),
    "a refusal that names no field": _out(_tells_no_field, "createDomain", "response_schema_conformance"),
    "a refusal for no listed cause": _out(_dislikes_it, "createOrg", "positive_data_acceptance"),
    "everybody let in": Broken(inward(_lets_everybody_in), "listUnits", "ignored_auth"),
    "a list that reads no query": Broken(inward(_reads_no_query), "listUnits", "negative_data_rejection"),
}
