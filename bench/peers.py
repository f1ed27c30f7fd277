"""The peers, each set up as its documentation advises for speed, answering what we answer."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from bench import npm
from bench.scene import Scene
from bench.server import Launch, Unavailable
from bench.wire import HOST
from bench.workload import Workload

PRISM = npm.Package("@stoplight/prism-cli", "5.14.2")  # 5.15 and later ask for Node 24
WIREMOCK = npm.Package("wiremock", "3.13.2")  # carries the jar inside the package
MOCKOON = npm.Package("@mockoon/cli", "9.9.0")
JSON_SERVER = npm.Package("json-server", "0.17.4")  # the last stable one; 1.0 betas ask for Node 22

_READY = "/systems"
_JSON = {"Content-Type": "application/json"}
_NODE = {"NODE_ENV": "production"}


def prism(scene: Scene) -> Launch:
    """Prism in its static mode: it validates the request and answers the example."""
    folder = npm.install(PRISM)
    contract = _write(scene.folder / "prism.json", _openapi(scene.workload))
    flags = ("-v", "silent", "--multiprocess", "false", "-h", HOST, "-p", "{port}")
    command = (npm.node(), str(folder / "dist" / "index.js"), "mock", str(contract), *flags)
    return Launch(command, _READY, env=_NODE)


def wiremock(scene: Scene) -> Launch:
    """WireMock standalone with its journal on, since ours is.

    The journal is left unbounded and emptied before each round: with `--max-request-journal-entries` WireMock counts
    its entries at every request, which made it several times slower.
    """
    java = shutil.which("java")
    if not java:
        raise Unavailable("java is not installed")
    jar = next(npm.install(WIREMOCK).glob("build/*.jar"))
    root = scene.folder / "wiremock"
    (root / "mappings").mkdir(parents=True, exist_ok=True)
    _write(root / "mappings" / "systems.json", {"mappings": _stubs(scene.workload)})
    flags = (
        *("--port", "{port}", "--bind-address", HOST, "--root-dir", str(root)),
        *("--disable-banner", "--disable-request-logging", "--disable-gzip", "--disable-response-templating"),
        "--disable-extensions-scanning",
    )
    return Launch((java, "-jar", str(jar), *flags), _READY, journal="/__admin/requests")


def mockoon(scene: Scene) -> Launch:
    """Mockoon with inline bodies, which need no templating."""
    folder = npm.install(MOCKOON)
    data = _write(scene.folder / "mockoon.json", _environment(scene.workload))
    flags = ("--data", str(data), "--port", "{port}", "--hostname", HOST, "--disable-log-to-file")
    return Launch((npm.node(), str(folder / "bin" / "run.js"), "start", *flags), _READY, env=_NODE)


def json_server(scene: Scene) -> Launch:
    """json-server on a file of its own, which creates grow."""
    folder = npm.install(JSON_SERVER)
    data = _write(scene.folder / "db.json", _tables(scene.workload))
    flags = ("--host", HOST, "--port", "{port}", "--quiet", "--no-gzip")
    return Launch((npm.node(), str(folder / "lib" / "cli" / "bin.js"), *flags, str(data)), _READY, env=_NODE)


def _write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def _openapi(workload: Workload) -> dict[str, Any]:
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}}
    fields = ("name", "description", "purpose", "domain")
    body = {"type": "object", "required": list(fields), "properties": {name: {"type": "string"} for name in fields}}
    create = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"201": _example(workload.created)},
    }
    page = {"parameters": [limit], "responses": {"200": _example(workload.page)}}
    one = {"parameters": [identifier], "responses": {"200": _example(workload.one)}}
    paths = {"/systems": {"get": page, "post": create}, "/systems/{id}": {"get": one}}
    return {"openapi": "3.1.0", "info": {"title": "Systems", "version": "1"}, "paths": paths}


def _example(text: str) -> dict[str, Any]:
    media = {"schema": {"type": "object"}, "example": json.loads(text)}
    return {"description": "OK", "content": {"application/json": media}}


def _stubs(workload: Workload) -> list[dict[str, Any]]:
    return [
        _stub({"method": "GET", "urlPathPattern": "/systems/[^/]+"}, 200, workload.one),
        _stub({"method": "GET", "urlPath": "/systems"}, 200, workload.page),
        _stub({"method": "POST", "urlPath": "/systems"}, 201, workload.created),
    ]


def _stub(request: dict[str, str], status: int, body: str) -> dict[str, Any]:
    return {"request": request, "response": {"status": status, "body": body, "headers": _JSON}}


def _environment(workload: Workload) -> dict[str, Any]:
    routes = [
        _route("get", "systems/:id", 200, workload.one),
        _route("get", "systems", 200, workload.page),
        _route("post", "systems", 201, workload.created),
    ]
    return {
        "uuid": str(uuid.uuid4()),
        "lastMigration": 33,
        "name": "Systems",
        "port": 3000,
        "hostname": HOST,
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
    }


def _route(method: str, endpoint: str, status: int, body: str) -> dict[str, Any]:
    response = {
        "uuid": str(uuid.uuid4()),
        "statusCode": status,
        "body": body,
        "bodyType": "INLINE",
        "headers": [{"key": name, "value": value} for name, value in _JSON.items()],
        "disableTemplating": True,
        "default": True,
    }
    return {"uuid": str(uuid.uuid4()), "type": "http", "method": method, "endpoint": endpoint, "responses": [response]}


def _tables(workload: Workload) -> dict[str, Any]:
    one, row = json.loads(workload.one)["data"], workload.rows()[0]
    return {
        "systems": [{**row, "id": identifier} for identifier in workload.ids],
        "classifications": [{"id": identifier, **one} for identifier in workload.ids],
    }
