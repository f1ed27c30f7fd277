"""JSONPath (RFC 9535) for those who trust neither the path nor the document: a bounded number of steps, whatever comes.

The library reads the path and judges it; the walk is ours, since only a walk of our own can be counted. Left out is
what costs more than it looks: `match()`, `search()`, `count()` and `value()`, a filter that walks a subtree (`@..a`,
`@.*`) or holds two places of the document against each other, and a filter within a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError
from jsonpath_rfc9535.filter_expressions import (
    ComparisonExpression,
    Expression,
    FilterContext,
    FilterExpression,
    FilterQuery,
    FunctionExtension,
    LogicalExpression,
    PrefixExpression,
)
from jsonpath_rfc9535.function_extensions import Length
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment, JSONPathSegment
from jsonpath_rfc9535.selectors import (
    FilterSelector,
    IndexSelector,
    JSONPathSelector,
    NameSelector,
    SliceSelector,
    WildcardSelector,
)

from sandbox.core.problem import shown
from sandbox.core.steps import Steps

LONGEST_PATH = 500
MOST_SEGMENTS = 40
MOST_DESCENTS = 2
MOST_NESTED = 40
"""Parentheses and exclamation marks in a path: the library reads each by calling itself."""


class JSONPath(NamedTuple):
    """A path that was read: its text, its segments, and what one look of each of its filters costs."""

    text: str
    segments: tuple[JSONPathSegment, ...]
    costs: dict[int, int]


class _Environment(JSONPathEnvironment):
    """The language with `length()` and no other function."""

    def setup_function_extensions(self) -> None:
        self.function_extensions["length"] = Length()


_LANGUAGE = _Environment()


def read_path(text: str) -> JSONPath:
    """Return the path that the text writes; ValueError says what was expected and what stands there."""
    if len(text) > LONGEST_PATH:
        raise ValueError(f"expected a JSONPath of at most {LONGEST_PATH} characters, got {len(text)}")
    if text.count("(") + text.count("!") > MOST_NESTED:
        raise ValueError(f"expected a JSONPath with at most {MOST_NESTED} of ( and !, got {shown(text)!r}")
    try:
        query = _LANGUAGE.compile(text)
    except (JSONPathError, ValueError, OverflowError) as error:
        raise ValueError(f"expected a JSONPath (RFC 9535), got {shown(text)!r}: {shown(str(error), 120)}") from error
    descents = sum(isinstance(each, JSONPathRecursiveDescentSegment) for each in query.segments)
    if descents > MOST_DESCENTS or len(query.segments) > MOST_SEGMENTS:
        raise ValueError(
            f"expected a JSONPath of at most {MOST_SEGMENTS} segments, {MOST_DESCENTS} of them `..`, "
            f"got {len(query.segments)} and {descents}"
        )
    filters = [one for each in query.segments for one in each.selectors if isinstance(one, FilterSelector)]
    return JSONPath(text, query.segments, {id(each): _cost(each.expression) for each in filters})


def _cost(expression: Expression) -> int:
    """Return what looking at one node with this filter costs at most; ValueError if that depends on the document."""
    if isinstance(expression, FilterExpression):
        return _cost(expression.expression)
    if isinstance(expression, (LogicalExpression, ComparisonExpression)):
        both = isinstance(expression.left, FilterQuery) and isinstance(expression.right, FilterQuery)
        if both and isinstance(expression, ComparisonExpression):
            raise ValueError(f"expected a filter that compares with a plain value, got {shown(str(expression))!r}")
        return 1 + _cost(expression.left) + _cost(expression.right)
    if isinstance(expression, PrefixExpression):
        return 1 + _cost(expression.right)
    if isinstance(expression, FunctionExtension):
        return 1 + sum(map(_cost, expression.args))
    if isinstance(expression, FilterQuery):
        if not expression.query.singular_query():
            raise ValueError(f"expected a filter that looks at one place, got {shown(str(expression))!r}")
        return 1 + len(expression.query.segments)
    return 1


def selected(path: JSONPath, document: Any, steps: Steps) -> Iterator[Any]:
    """Yield the values that the path selects, in the order of the document.

    The walk takes one step for each node it looks at, and more for a filter. Where the steps end the walk ends: what
    lies beyond is not selected, and the same document always ends at the same place.
    """
    nodes: Iterable[Any] = (document,)
    for segment in path.segments:
        nodes = _below(path, segment, document, nodes, steps)
    yield from nodes


def _below(
    path: JSONPath, segment: JSONPathSegment, root: Any, nodes: Iterable[Any], steps: Steps
) -> Iterator[Any]:  # fmt: skip
    deep = isinstance(segment, JSONPathRecursiveDescentSegment)
    for node in nodes:
        for each in _descended(node, steps) if deep else (node,):
            for selector in segment.selectors:
                if not steps.paid():
                    return
                yield from _chosen(path, selector, root, each, steps)


def _descended(node: Any, steps: Steps) -> Iterator[Any]:
    """Yield the node and every object and array below it; the way back is kept as iterators, which costs no copies."""
    yield node
    way = [_children(node)]
    while way:
        for child in way[-1]:
            if not steps.paid():
                return
            if isinstance(child, (dict, list)):
                yield child
                way.append(_children(child))
                break
        else:
            way.pop()


def _children(node: Any) -> Iterator[Any]:
    return iter(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _chosen(path: JSONPath, selector: JSONPathSelector, root: Any, node: Any, steps: Steps) -> Iterator[Any]:
    if isinstance(selector, NameSelector):
        if isinstance(node, dict) and selector.name in node:
            yield node[selector.name]
    elif isinstance(selector, IndexSelector):
        if isinstance(node, list) and -len(node) <= selector.index < len(node):
            yield node[selector.index]
    elif isinstance(selector, SliceSelector):
        yield from _sliced(selector.slice, node, steps)
    elif isinstance(selector, WildcardSelector):
        for child in _children(node):
            if not steps.paid():
                return
            yield child
    elif isinstance(selector, FilterSelector):
        cost = path.costs[id(selector)]
        for child in _children(node):
            if not steps.paid(cost):
                return
            if selector.expression.evaluate(FilterContext(env=_LANGUAGE, current=child, root=root)):
                yield child


def _sliced(part: slice, node: Any, steps: Steps) -> Iterator[Any]:
    if isinstance(node, list) and part.step != 0:
        for index in range(*part.indices(len(node))):
            if not steps.paid():
                return
            yield node[index]
