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
<main id="reference"><noscript>This page needs JavaScript; openapi.json does not.</noscript></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_SCRIPT = b"""SwaggerUIBundle({
  url: "openapi.json", dom_id: "#reference", deepLinking: true, defaultModelsExpandDepth: 0,
  docExpansion: "list", tagsSorter: "alpha", validatorUrl: null
});
"""
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


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
    )
    return Response(200, headers, body)
