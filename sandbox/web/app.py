"""The Flask door: every operation of the contracts as a route, under any WSGI server and in process.

A view does nothing but hand the request to the store; the core routes once more, so that Flask's own ideas of paths and
methods never decide an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import sleep
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Rule

from sandbox.core.control import BODY_LIMIT as CONTROL_BODY_LIMIT
from sandbox.core.intake import BODY_LIMIT
from sandbox.core.message import Request, target_parts
from sandbox.core.message import Response as Answer
from sandbox.web.delay import held
from sandbox.web.late import Pause, owed_answer
from sandbox.web.pages import Page, landing, not_found, problem
from sandbox.web.plane import PREFIX, Steering
from sandbox.web.store import Store

_TEMPLATE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def flask_app(store: Store, pause: Pause = sleep) -> Flask:
    """Return the Flask app of this store; `pause` lets the seconds pass for which an answer is to be held back."""
    app = Flask("sandbox", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.extensions["sandbox"] = store
    _add_operations(app, store, pause)
    _add_control(app, store)
    _add_pages(app, store)
    return app


def _add_operations(app: Flask, store: Store, pause: Pause) -> None:
    def answered(**_values: str) -> Response:
        return api_answer(store, pause)

    for realm in store.realms:
        contract = realm.keyring.api.contract
        for operation in contract.operations.values():
            app.add_url_rule(
                contract.prefix + _TEMPLATE.sub(r"<\1>", operation.path), operation.id, answered,
                methods=[operation.method], provide_automatic_options=False,
            )  # fmt: skip
        elsewhere = f"{realm.name}.elsewhere"
        app.view_functions[elsewhere] = answered
        for path in (contract.prefix, contract.prefix + "/", contract.prefix + "/<path:rest>"):
            app.url_map.add(Rule(path, endpoint=elsewhere, methods=None))


def _add_control(app: Flask, store: Store) -> None:
    steering = Steering(store)

    def answered(**_values: str) -> Response:
        return control_answer(steering)

    for operation in steering.plane.contract.operations.values():
        app.add_url_rule(
            PREFIX + _TEMPLATE.sub(r"<\1>", operation.path), f"admin.{operation.id}", answered,
            methods=[operation.method], provide_automatic_options=False,
        )  # fmt: skip
    app.view_functions["admin.elsewhere"] = answered
    for path in (PREFIX, PREFIX + "/", PREFIX + "/<path:rest>"):
        app.url_map.add(Rule(path, endpoint="admin.elsewhere", methods=None))


def _add_pages(app: Flask, store: Store) -> None:
    def page(maker: Any) -> Any:
        def view(**values: str) -> Response:
            return _shown(maker(store, **values))

        return view

    app.add_url_rule("/", "landing", page(landing))
    app.add_url_rule("/openapi/<name>.json", "openapi", page(_openapi))
    app.register_error_handler(HTTPException, lambda error: _refused(store, error))


def _shown(page: Page) -> Response:
    status, kind, body = page
    return Response(body, status, content_type=kind)


_DETAILS = {
    400: "The request is malformed, or ended before its body did.",
    405: "This path does not have this method: see the Allow header.",
    500: "The sandbox has a defect: its log says where.",
}


def _refused(store: Store, error: HTTPException) -> Response:
    """Answer what Flask does not route: where the core routes as the core does, elsewhere with a problem document."""
    if error is request.routing_exception:
        path = _target(request.environ)[0]
        if store.shelf_for(path) is not None:
            return api_answer(store)
        if path.startswith(PREFIX + "/"):
            return control_answer(Steering(store))
    code = error.code or 500
    page = not_found(store) if code == 404 else problem(code, error.name, _DETAILS.get(code, error.name))
    response = _shown(page)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _openapi(store: Store, name: str) -> tuple[int, str, bytes]:
    for realm in store.realms:
        if realm.name == name:
            return 200, "application/json", realm.keyring.api.contract.served()
    return not_found(store)


def api_answer(store: Store, pause: Pause = sleep) -> Response:
    """Return the answer to Flask's current request."""
    path, query = _target(request.environ)
    shelf = store.shelf_for(path)
    if shelf is None:
        return _shown(not_found(store))
    asked = request_of(request.environ, path, query)
    answer = store.answer(shelf, asked)
    if held(answer):
        pause(held(answer))
        answer = store.answer(shelf, asked, held=True)
    return owed_answer(answer, _whole(answer), pause) if answer.effects else _whole(answer)


def control_answer(steering: Steering) -> Response:
    """Return the control plane's answer to Flask's current request."""
    path, query = _target(request.environ)
    return _whole(steering.answer(request_of(request.environ, path, query, CONTROL_BODY_LIMIT)))


def _whole(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


def request_of(environ: Mapping[str, Any], path: str, query: str, limit: int = BODY_LIMIT) -> Request:
    """Return the request of a WSGI environment, and read its body up to the limit."""
    body = _body(limit)
    return Request(
        environ["REQUEST_METHOD"], path, query, _headers(environ), body[:limit],
        _peer(environ), environ["wsgi.url_scheme"], oversized=len(body) > limit,
    )  # fmt: skip


def _body(limit: int) -> bytes:
    """Return the body, up to one byte beyond the limit; a stream may hand out less than it is asked for."""
    chunks, left = [], limit + 1
    while left and (chunk := request.stream.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _target(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return path and query as they stood in the request line; test clients leave the query out of the raw URI."""
    query = environ.get("QUERY_STRING", "")
    raw: str | None = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw is None:
        return quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~"), query
    path, _ = target_parts(raw)
    return path.removeprefix(quote(environ.get("SCRIPT_NAME", ""))), query


def _headers(environ: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = [
        (key[5:].replace("_", "-").lower(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    ]
    content = (("content-type", "CONTENT_TYPE"), ("content-length", "CONTENT_LENGTH"))
    headers.extend((name, environ[key]) for name, key in content if environ.get(key))
    if environ.get("SCRIPT_NAME") and "HTTP_X_FORWARDED_PREFIX" not in environ:
        headers.append(("x-forwarded-prefix", environ["SCRIPT_NAME"]))
    return tuple(headers)


def _peer(environ: Mapping[str, Any]) -> str:
    """Return the client's address; a server on a Unix socket tells none, and it is not the process itself who asks."""
    return environ.get("REMOTE_ADDR") or "unix"
