"""How Aikraft speaks: its error envelope and codes, and its quota headers.

Source: API reference, Error Codes and Rate Limits. `method_not_allowed` and `payload_too_large` are not in its table;
they are what RFC 9110 asks for where the table has nothing. A status beside these, which only a fault that breaks the
contract gives, has the code of its class (RFC 9110, section 15).
"""

from __future__ import annotations

from typing import Any

from sandbox.core.api import Dialect
from sandbox.core.message import Headers
from sandbox.core.problem import Problem
from sandbox.core.quota import Reading

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "service_unavailable",
}


def error(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return the error envelope."""
    code = CODES.get(problem.status) or CODES[problem.status // 100 * 100]
    return {"error": {"code": code, "message": problem.message, "request_id": request_id}}


def quota_headers(reading: Reading) -> Headers:
    """Return the three headers that every response carries; Reset is in epoch seconds."""
    return (
        ("X-RateLimit-Limit", str(reading.limit)),
        ("X-RateLimit-Remaining", str(reading.remaining)),
        ("X-RateLimit-Reset", str(reading.reset)),
    )


DIALECT = Dialect(error, quota_headers, body_status=422, query_status=400)
