"""The Flask door: every operation of the contracts as a route, under any WSGI server and in process.

A view does nothing but hand the request to the store; the core routes once more, so that Flask's own ideas of paths and
methods never decide an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.routing import Rule

from sandbox.core.kernel import BODY_LIMIT
from sandbox.core.message import Request
from sandbox.web.pages import health, landing, not_found, version
from sandbox.web.store import Store

_TEMPLATE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def flask_app(store: Store) -> Flask:
    """Return the Flask app of this store."""
    app = Flask("sandbox", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.extensions["sandbox"] = store
    _add_operations(app, store)
    _add_pages(app, store)
    return app


def _add_operations(app: Flask, store: Store) -> None:
    def answered(**_values: str) -> Response:
        return api_answer(store)

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


def _add_pages(app: Flask, store: Store) -> None:
    def page(maker: Any) -> Any:
        def view(**values: str) -> Response:
            status, kind, body = maker(store, **values)
            return Response(body, status, content_type=kind)

        return view

    app.add_url_rule("/", "landing", page(landing))
    app.add_url_rule("/openapi/<name>.json", "openapi", page(_openapi))
    app.add_url_rule("/__admin/health", "health", page(health))
    app.add_url_rule("/__admin/version", "version", page(version))
    app.register_error_handler(404, lambda _error: page(not_found)())


def _openapi(store: Store, name: str) -> tuple[int, str, bytes]:
    for realm in store.realms:
        if realm.name == name:
            return 200, "application/json", realm.keyring.api.contract.served()
    return not_found(store)


def api_answer(store: Store) -> Response:
    """Return the answer to Flask's current request."""
    asked = request_of(request.environ)
    shelf = store.shelf_for(asked.path)
    if shelf is None:
        status, kind, body = not_found(store)
        return Response(body, status, content_type=kind)
    answer = store.answer(shelf, asked)
    response = Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


def request_of(environ: Mapping[str, Any]) -> Request:
    """Return the request of a WSGI environment, its path as it stood in the request line if the server tells."""
    path, query = _target(environ)
    body = request.stream.read(BODY_LIMIT + 1)
    return Request(
        environ["REQUEST_METHOD"], path, query, _headers(environ), body[:BODY_LIMIT],
        _peer(environ), environ["wsgi.url_scheme"], oversized=len(body) > BODY_LIMIT,
    )  # fmt: skip


def _target(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return the raw path and the raw query; the query never from a raw URI, which test clients leave without one."""
    query = environ.get("QUERY_STRING", "")
    raw: str | None = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw is None or not raw.startswith("/"):
        return quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~"), query
    return raw.partition("?")[0].removeprefix(quote(environ.get("SCRIPT_NAME", ""))), query


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
    return environ.get("REMOTE_ADDR") or "local"
