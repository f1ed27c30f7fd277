"""Three checks that Schemathesis does not have: lists obey their limit, pages partition a list, quota headers add up.

They are registered with Schemathesis for as long as a judge works, and see what it sees.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure

from sandbox.check.judge import Judge
from sandbox.check.lists import Page, not_a_partition, over_limit, page_of, quota_flaw
from sandbox.core.contract import Operation

GOINGS = 2
"""How often the pages of one list are gone through in a run, under different filters."""
MOST_PAGES = 8
_PLACES = ("cursor", "offset")
_NOT_FOR_THIS = True
"""What a check returns that has nothing to look at."""
Check = Callable[[Any, Any, Any], bool | None]


class LimitIgnored(Failure):
    """A page has more rows than were asked for."""

    code = "limit-ignored"
    checks = ("limit_is_obeyed",)
    kind_title = "A page is longer than its limit"


class PagesOverlap(Failure):
    """The pages of a list are no partition of it."""

    code = "pages-overlap"
    checks = ("pages_partition_the_list",)
    kind_title = "The pages are no partition of the list"


class QuotaContradiction(Failure):
    """The quota headers contradict each other."""

    code = "quota-contradiction"
    checks = ("quota_headers_add_up",)
    kind_title = "The quota headers contradict each other"


NAMES = frozenset({"limit_is_obeyed", "pages_partition_the_list", "quota_headers_add_up"})
"""The checks of the house."""


@contextmanager
def holding(judge: Judge) -> Iterator[None]:
    """Register the checks of the house for this judge, if its contract has what they look at."""
    checks = _checks(judge) if judge.subject.lists else ()
    for each in checks:
        CHECKS.register(each)
    try:
        yield
    finally:
        for each in checks:
            CHECKS.unregister(each.__name__)


def _checks(judge: Judge) -> tuple[Check, ...]:
    def limit_is_obeyed(_ctx: Any, response: Any, case: Any) -> bool | None:
        page, operation = _page(response, case), _operation(judge, case)
        if page is None or "limit" not in _defaults(operation):
            return _NOT_FOR_THIS
        flaw = over_limit(_number(case, "limit", _defaults(operation)["limit"]), len(page.rows))
        _say(LimitIgnored, flaw, case)
        return None

    def quota_headers_add_up(_ctx: Any, response: Any, case: Any) -> bool | None:
        headers = {name: values[0] for name, values in response.headers.items()}
        _say(QuotaContradiction, quota_flaw(response.status_code, headers), case)
        return None

    def pages_partition_the_list(ctx: Any, response: Any, case: Any) -> bool | None:
        first, operation = _page(response, case), _operation(judge, case)
        if first is None or not first.total or not _is_new(judge, operation, case):
            return _NOT_FOR_THIS
        pages, whole = _gone_through(judge, ctx, case, operation, first.total)
        _say(PagesOverlap, not_a_partition(pages, whole=whole), case)
        return None

    return limit_is_obeyed, pages_partition_the_list, quota_headers_add_up


def _say(kind: type[Failure], flaw: str | None, case: Any) -> None:
    if flaw is not None:
        raise kind(operation=case.operation.label, message=flaw)


def _operation(judge: Judge, case: Any) -> Operation:
    return judge.contract.operations[case.operation.definition.raw["operationId"]]


def _defaults(operation: Operation) -> dict[str, Any]:
    return {each.name: each.default for each in operation.query}


def _page(response: Any, case: Any) -> Page | None:
    if response.status_code != 200:
        return None
    return _read(response.content, _number(case, "offset", 0))


def _read(content: bytes, offset: int) -> Page | None:
    try:
        return page_of(json.loads(content), offset)
    except (ValueError, RecursionError):
        return None


def _number(case: Any, name: str, default: int) -> int:
    """Return the number that a case sends, which its answer has taken; a parameter twice is refused anyway."""
    value = case.query.get(name, default)
    text = str(value[0] if isinstance(value, list) and value else value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _is_new(judge: Judge, operation: Operation, case: Any) -> bool:
    """Say whether this list is to be gone through: a few times a run, and never where a scenario plays."""
    if judge.subject.scripted or judge.probing or not set(_PLACES) & set(_defaults(operation)):
        return False
    filters = sorted((name, str(value)) for name, value in case.query.items() if name not in ("limit", *_PLACES))
    mark = f"{operation.id} {filters}"
    going = sum(each.startswith(f"{operation.id} ") for each in judge.probed)
    if mark in judge.probed or going >= GOINGS:
        return False
    judge.probed.add(mark)
    return True


def _gone_through(judge: Judge, ctx: Any, case: Any, operation: Operation, total: int) -> tuple[list[Page], bool]:
    """Return the pages of the list that this case asks for, in pages of a third of it, and whether the end came."""
    cursored = "cursor" in _defaults(operation)
    query = {name: value for name, value in case.query.items() if name not in _PLACES}
    query["limit"] = max(1, min(100, -(-total // 3)))
    pages: list[Page] = []
    for _ in range(MOST_PAGES):
        page = _asked(judge, ctx, case, query)
        if page is None:
            return pages, False
        pages.append(page)
        if page.following is None:
            return pages, True
        query = {**query, "cursor" if cursored else "offset": page.following}
    return pages, False


def _asked(judge: Judge, ctx: Any, case: Any, query: dict[str, Any]) -> Page | None:
    """Return the page that the same caller gets by this query, or None if the answer is no list."""
    probe = case.derive(query=query, keep_auth=True)
    given = dict(ctx.internals.transport_kwargs or {})
    if case.operation.app is not None:
        given.setdefault("app", case.operation.app)
    judge.guides.add(str(case.headers.get("Authorization", "")))
    ctx.internals.record_case(parent_id=case.id, case=probe)
    response = case.operation.schema.transport.send(probe, **given)
    ctx.internals.record_response(case_id=probe.id, response=response)
    return _read(response.content, int(query.get("offset", 0))) if response.status_code == 200 else None
