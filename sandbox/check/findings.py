"""From what Schemathesis noticed to a finding: what was expected, what came, and the calls that show it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import JsonSchemaError, MissingHeaders

from sandbox.check.expectation import Place, of_field, of_header, of_operation
from sandbox.check.judge import Judge
from sandbox.check.ledger import Finding

_SAID, _SHOWN = 600, 300
_BEARER = re.compile(r"Bearer [A-Za-z0-9._~+/=-]+")
_UNSAID = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-length", "host", "user-agent",
        "x-schemathesis-testcaseid",
    }
)  # fmt: skip
"""Headers that a client sends by itself."""


def found_in(judge: Judge, phase: str, recorder: Any, case: str, check: str, failure: Failure) -> Finding:
    """Return the finding of a check on this case, which Schemathesis has recorded."""
    label = recorder.cases[case].value.operation.label
    asked = failure.case_id or case
    asked = asked if asked in recorder.interactions else case
    interaction = recorder.interactions.get(asked)
    response = None if interaction is None else interaction.response
    calls = tuple(_calls(judge, recorder, asked, failure))
    came = _came(response, failure)
    text, kind = f"{failure}\n{calls[-1] if calls else ''}", f"{type(failure).__name__} {failure._unique_key}"
    expected = str(_expected(judge, label, response, failure))
    return Finding(check, label, text, phase, kind, expected, came, calls, failure)


def _expected(judge: Judge, label: str, response: Any, failure: Failure) -> Place:
    status = 0 if response is None else response.status_code
    place = None
    if isinstance(failure, MissingHeaders):
        place = of_header(judge.contract, label, status, next(iter(failure.missing_headers), ""))
    elif isinstance(failure, JsonSchemaError):
        place = of_field(judge.contract, label, status, list(failure.instance_path))
    elif failure.code == "limit-ignored":
        place = of_field(judge.contract, label, status, ["data"])
    elif failure.code == "pages-overlap":
        place = of_field(judge.contract, label, status, ["meta", "total"])
    elif failure.code == "quota-contradiction":
        place = of_header(judge.contract, label, status, "X-RateLimit-Remaining")
    return place or of_operation(judge.contract, label)


def _came(response: Any, failure: Failure) -> str:
    said = " ".join(str(failure).split())
    said = said if len(said) <= _SAID else said[: _SAID - 1] + "…"
    if response is None:
        return said
    text = response.content.decode("utf-8", "replace") if response.content else ""
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    status = response.status_code
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return f"{said}\n{status} {phrase}".rstrip() + (f" {text}" if text else "")


def _calls(judge: Judge, recorder: Any, case: str, failure: Failure) -> Iterator[str]:
    """Yield a curl line for each request that leads to this one, itself the last."""
    for each in recorder.iter_chain_cases(case_id=case, related_case_ids=failure.related_case_ids()):
        interaction = recorder.interactions.get(each.id)
        if interaction is not None:
            yield curl(interaction.request, judge.target)


def curl(request: Any, target: str) -> str:
    """Return a curl line that sends this request to the target; the credentials that it holds still stand in it."""
    words = ["curl", "-g", "--path-as-is"]
    method, body = request.method.upper(), request.body
    if method != ("POST" if body else "GET"):
        words += ["-I"] if method == "HEAD" else ["-X", method]
    words.append(shlex.quote(_moved(request.uri, target)))
    for name, values in request.headers.items():
        if name.lower() not in _UNSAID:
            words += ["-H", _header(name, values[0])]
    if body:
        words += ["--data-raw", shlex.quote(body.decode("utf-8", "backslashreplace"))]
    return " ".join(words)


def _header(name: str, value: str) -> str:
    """Return a header as a shell takes it: a credential in quotes in which a variable may stand for it."""
    if name.lower() == "authorization" and _BEARER.fullmatch(value):
        return f'"{name}: {value}"'
    return shlex.quote(f"{name}: {value}" if value else f"{name};")


def _moved(uri: str, target: str) -> str:
    """Return the URI at the target's origin."""
    scheme, _, rest = uri.partition("://")
    return target + "/" + rest.partition("/")[2] if scheme and target else uri
