"""Small servers that misbehave: each is the sandbox but for one thing, and says in a sentence what that is."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from sandbox import Settings, create_app
from tests.contracts import defects
from tests.contracts.defects import Answer, Environ, Outward, inward, outward
from tests.contracts.doors import Wsgi


class App(NamedTuple):
    """One misbehaving server: what it does, how it is made, and which check has to name which operation."""

    says: str
    wrapped: Callable[[Wsgi], Wsgi]
    operations: tuple[str, ...]
    check: str
    named: str
    api: str = "aikraft"

    def made(self) -> Wsgi:
        """Return the app."""
        return self.wrapped(create_app(Settings(apis=(self.api,))))


SYSTEMS = "GET /systems"
CREATE = "POST /systems"


def _told(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Outward:
    """Return what changes the JSON of every answer 200 that is a list."""

    def changed(_environ: Environ, answer: Answer) -> Answer:
        if not answer.status.startswith("200"):
            return answer
        body = json.loads(answer.body)
        return answer.having(answer.status, {**body, "meta": change(body["meta"])}) if "meta" in body else answer

    return changed


def _asked(change: Callable[[dict[str, str]], dict[str, str]]) -> Callable[[Environ], Environ]:
    """Return what changes the query of every GET."""

    def changed(environ: Environ) -> Environ:
        query = environ.get("QUERY_STRING", "")
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
        if environ["REQUEST_METHOD"] != "GET" or len(dict(pairs)) != len(pairs):
            return environ
        after = change(dict(pairs))
        return environ if after == dict(pairs) else {**environ, "QUERY_STRING": urlencode(after, encoding="latin-1")}

    return changed


def _number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most


def _begins_anew(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "cursor"}


def _shows_everything(query: dict[str, str]) -> dict[str, str]:
    return {**query, "limit": "100"} if _number(query.get("limit", ""), 100) else query


def _goes_one_back(query: dict[str, str]) -> dict[str, str]:
    offset = query.get("offset", "")
    return {**query, "offset": str(int(offset) - 1)} if _number(offset, 10_000) else query


def _breaks_in_html(_environ: Environ, answer: Answer) -> Answer:
    if answer.status[0] != "4":
        return answer
    headers = (*answer.without("Content-Type").without("Content-Length").headers, ("Content-Type", "text/html"))
    return Answer(answer.status, headers, b"<h1>Oops</h1>")


def _is_busy_without_end(environ: Environ, answer: Answer) -> Answer:
    busy = defects.is_always_busy(environ, answer)
    return busy.without("Retry-After") if busy.status.startswith("429") else busy


def _has_more_than_there_is(_environ: Environ, answer: Answer) -> Answer:
    return Answer(
        answer.status, (*answer.without("X-RateLimit-Remaining").headers, ("X-RateLimit-Remaining", "9999999")), answer.body
    )  # fmt: skip


def _says_deleted(app: Wsgi) -> Wsgi:
    """Return the app that answers DELETE of a unit as if it had done it."""

    def broken(environ: Environ, start: Any) -> Any:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "DELETE" or not path.startswith("/api/v1/units/"):
            return app(environ, start)
        begun: list[Any] = []
        asked = {**environ, "REQUEST_METHOD": "GET", "QUERY_STRING": "", "wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"}
        body = b"".join(app(asked, lambda status, headers, _exc=None: begun.extend((status, headers))))
        answer = Answer(begun[0], tuple(begun[1]), body)
        if answer.status.startswith("200"):
            answer = answer.having("200 OK", {"data": {"id": json.loads(body)["data"]["id"], "deleted": True}})
        start(answer.status, list(answer.headers))
        return [answer.body]

    return broken


APPS = {
    "wrong-status": App(
        "It answers 203 where the contract says 200.",
        outward(defects.uses_an_undeclared_status), ("listSystems",), "status_code_conformance", SYSTEMS,
    ),
    "leaking-field": App(
        "It lets a field out that the contract does not know.",
        outward(defects.leaks_a_field), ("listSystems",), "response_schema_conformance", SYSTEMS,
    ),
    "missing-header": App(
        "It forgets a header that the contract requires.",
        outward(defects.hides_what_is_left), ("listSystems",), "response_headers_conformance", SYSTEMS,
    ),
    "delete-does-nothing": App(
        "It says that a unit is deleted, and keeps it.",
        _says_deleted, ("createUnit", "getUnit", "deleteUnit", "listDomains"), "use_after_free", "GET /v1/units/{id}",
        "ctrlai",
    ),
    "created-not-found": App(
        "It loses every system but the fixture's.",
        outward(defects.forgets_new_systems), ("createSystem", "getMonitoring"), "ensure_resource_availability",
        "GET /systems/{id}/monitoring",
    ),
    "cursor-repeats": App(
        "It begins anew at every cursor, for ever.",
        inward(_asked(_begins_anew)), ("listSystems",), "pages_partition_the_list", SYSTEMS,
    ),
    "page-overlap": App(
        "Its pages begin with the last row of the page before.",
        inward(_asked(_goes_one_back)), ("listDomains",), "pages_partition_the_list", "GET /v1/domains", "ctrlai",
    ),
    "limit-ignored": App(
        "It shows everything, whatever limit is asked for.",
        inward(_asked(_shows_everything)), ("listSystems",), "limit_is_obeyed", SYSTEMS,
    ),
    "auth-not-checked": App(
        "It takes any credential, or none, for a good one.",
        inward(defects.lets_everybody_in), ("listSystems",), "ignored_auth", SYSTEMS,
    ),
    "any-query": App(
        "It looks at no query parameter.",
        inward(defects.takes_any_query), ("listSystems",), "negative_data_rejection", SYSTEMS,
    ),
    "any-body": App(
        "It looks at no request body.",
        inward(defects.takes_any_body), ("createSystem",), "negative_data_rejection", CREATE,
    ),
    "html-error": App(
        "It answers errors in HTML.",
        outward(_breaks_in_html), ("listSystems",), "content_type_conformance", SYSTEMS,
    ),
    "500-on-good-data": App(
        "It fails at what it should create.",
        outward(defects.fails), ("createSystem",), "not_a_server_error", CREATE,
    ),
    "good-data-refused": App(
        "It refuses good data for a cause that is listed nowhere.",
        outward(defects.refuses_good_data), ("createSystem",), "positive_data_acceptance", CREATE,
    ),
    "wrong-type": App(
        "It tells the total as a text.",
        outward(_told(lambda meta: {**meta, "total": str(meta["total"])})), ("listSystems",),
        "response_schema_conformance", SYSTEMS,
    ),
    "405-without-allow": App(
        "It does not say which methods a path has.",
        outward(defects.hides_the_methods), ("listSystems",), "unsupported_method", SYSTEMS,
    ),
    "total-lies": App(
        "It counts one row too many.",
        outward(_told(lambda meta: {**meta, "total": meta["total"] + 1})), ("listSystems",),
        "pages_partition_the_list", SYSTEMS,
    ),
    "no-retry-after": App(
        "It answers 429 and does not say how long to wait.",
        outward(_is_busy_without_end), ("createSystem",), "response_headers_conformance", CREATE,
    ),
    "quota-contradicts": App(
        "It says that more requests are left than the limit allows.",
        outward(_has_more_than_there_is), ("listSystems",), "quota_headers_add_up", SYSTEMS,
    ),
}  # fmt: skip
"""By name; each is found by `sandbox check`, and the sandbox itself has none of their faults."""

ALWAYS_BUSY = App(
    "It answers 429 to every write, just as the contract says: no check objects.",
    outward(defects.is_always_busy), ("createSystem", "createClassification", "getMonitoring"), "", "",
)  # fmt: skip
