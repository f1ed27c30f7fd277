"""The control plane's own reference as a page that needs no network: Swagger UI out of its package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from sandbox.core.message import Response
from sandbox.core.problem import Problem

_START = "start.js"
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    _START: "text/javascript",
}
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Control plane of the sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="reference">
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> does not.</noscript>
</main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_SCRIPT = b""""use strict";
(async () => {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error("openapi.json: " + answer.status);
  const spec = await answer.json();
  // Swagger UI warns of every dialect but its own default, and reads this one all the same.
  delete spec.jsonSchemaDialect;
  // The page may stand below a prefix, which the contract does not know.
  spec.servers = [{url: new URL(".", location.href).href.slice(0, -1)}];
  // Swagger UI does not follow references among the parameters of a path, only among those of an operation.
  for (const item of Object.values(spec.paths)) {
    const shared = item.parameters || [];
    delete item.parameters;
    for (const operation of Object.values(item)) operation.parameters = [...(operation.parameters || []), ...shared];
  }
  // It fills examples in, and whoever tries an operation would send those of every condition at once.
  for (const each of Object.values(spec.components.parameters)) if (!each.required) delete each.examples;
  SwaggerUIBundle({
    spec, dom_id: "#reference", deepLinking: true, displayOperationId: true, docExpansion: "list",
    defaultModelsExpandDepth: -1, defaultModelExpandDepth: 3, validatorUrl: null
  });
})().catch((error) => {
  document.getElementById("reference").textContent = "The reference cannot be shown: " + error.message;
});
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but what stands here; Swagger UI sets styles of its own, which is what `unsafe-inline` is for."""


def docs_page() -> Response:
    """Return the page."""
    return _response("text/html; charset=utf-8", _PAGE)


def docs_file(name: str) -> Response:
    """Return one of the files that the page is made of; 404 for any other name."""
    if name not in _FILES:
        raise Problem(404, "file-not-found", f"The page is made of {', '.join(_FILES)}.")
    return _response(f"{_FILES[name]}; charset=utf-8", _SCRIPT if name == _START else _packaged(name))


@cache
def _packaged(name: str) -> bytes:
    return (files("flask_swagger_ui") / "dist" / name).read_bytes()


def _response(kind: str, body: bytes) -> Response:
    headers = (
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache"),
    )
    return Response(200, headers, body)
