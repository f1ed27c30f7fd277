"""All that a client can do wrong: raised deep, rendered once, in the dialect of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.message import Headers


class Problem(Exception):
    """A refusal: status, the slug of its cause, a sentence for people, and what the dialect may add.

    `more` holds what a program may want to know besides, `finding` what a check of the contract found (see `shape`).

    `cause` says why in one stable word. The causes in `EVERYWHERE` may occur on any operation; any other has to stand
    in the `x-refusals` of its operation.
    """

    def __init__(
        self,
        status: int,
        cause: str,
        message: str,
        *,
        field: str | None = None,
        issue: str | None = None,
        headers: Headers = (),
        more: Mapping[str, Any] | None = None,
        finding: Any = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.cause = cause
        self.message = message
        self.field = field
        self.issue = issue
        self.headers = headers
        self.more = more or {}
        self.finding = finding


class Breach(Exception):
    """An answer of ours that breaks the contract: a defect of the sandbox, shown to the client as a 500."""

    def __init__(self, operation: str, where: str, keyword: str, message: str) -> None:
        super().__init__(f"{operation}: the answer breaks the contract at {where} ({keyword}): {message}")
        self.operation = operation
        self.where = where
        self.keyword = keyword


EVERYWHERE = frozenset(
    {
        "credential",
        "quota",
        "permission",
        "unknown-path",
        "unknown-method",
        "too-large",
        "malformed",
        "contract",
        "defect",
        "preferred",
        "fault",
    }
)


def shown(value: Any, limit: int = 60) -> str:
    """Return the value as a short quotation for a message: never longer than the limit, never with a line break."""
    text = value if isinstance(value, str) else repr(value)
    text = text[: limit + 1]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return text if len(text) <= limit else text[:limit] + "…"
