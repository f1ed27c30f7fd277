"""From an answer to others of the same schema: legal ones that a client may not expect, others that break one keyword.

Theory of operation. A *place* is a path into an answer with all the schemas that may speak of it. Each kind of variant
proposes changes at places; the contract's own validator then judges the whole answer, so what `if`, `anyOf` and the
like demand counts though nothing here understands them. Which of the changes that stand is taken is drawn. Nothing is
kept of an answer but the answer: where no proposal stands, there is no variant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import inf, nextafter
from typing import Any

from sandbox.core.ground import GONE, Change, Ground, Path, Place, changed, value_at
from sandbox.core.scenario import Chance
from sandbox.core.shape import Part, Shape

LONGEST = 4096
"""How many characters a text gets where the schema sets no bound, or a larger one."""
MOST = (1 << 53) - 1
LARGEST = 1.7976931348623157e308
EXTRA = ("unheard_of", "A field that the client has never heard of.")
UNKNOWN = "unheard_of"
HANDLES = ("id", "ids", "url", "urls", "href", "uri", "slug", "key", "cursor")
"""The last words of names under which a client finds what it goes on with."""
_LAST_WORD = re.compile(r".*_|.*[a-z0-9](?=[A-Z])")
TEXTS = (
    "\u202eتجربة\u202c שלום ",
    "Z\u0337\u0351\u0350a\u0336\u0301\u0300\u0302\u0308l\u0334g\u0338o\u0336\u030a ",
    "𝕬𝖎 👩🏽\u200d💻 🏳\ufe0f\u200d🌈 𠜎 ",
    "\ufeff\u200b\u00ad\u2060İıß\u2028",
)
"""Right to left, combining, astral, invisible: legal in any JSON text."""


Proposals = Iterator[tuple[Change, ...]]


def _nulls(ground: Ground, place: Place) -> Proposals:
    """Propose null for a field, and for all fields of an object together, since some are null only together."""
    if "null" in place.types and place.value is not None:
        yield (Change(place.path, None),)
    if isinstance(place.value, Mapping):
        inner = [each for each in ground.children(place) if "null" in each.types and each.value is not None]
        free = tuple(Change(each.path, None) for each in inner if not is_handle(each.path))
        if len(free) > 1:
            yield free


def _absent(_ground: Ground, place: Place) -> Proposals:
    if not place.needed and place.path and isinstance(place.path[-1], str):
        yield (Change(place.path, GONE),)


def _is_free_text(place: Place) -> bool:
    return isinstance(place.value, str) and not place.any("enum", "const", "format")


def _bound(place: Place) -> int:
    bounds: list[int] = place.all("maxLength")
    return min((LONGEST, *bounds))


def _longest(_ground: Ground, place: Place) -> Proposals:
    if _is_free_text(place) and len(place.value) < _bound(place):
        text = place.value or "x"
        yield (Change(place.path, (text * (_bound(place) // len(text) + 1))[: _bound(place)]),)


def _unicode(_ground: Ground, place: Place) -> Proposals:
    if _is_free_text(place):
        yield from ((Change(place.path, (text + place.value)[: _bound(place)]),) for text in TEXTS)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _extremes(_ground: Ground, place: Place) -> Proposals:
    if _is_number(place.value) and not place.any("enum", "const"):
        for bound in _bounds(place):
            if bound != place.value:
                yield (Change(place.path, bound),)


def _bounds(place: Place) -> tuple[float, float]:
    """Return the least and the largest number that the schemas allow here, by themselves."""
    whole = "number" not in place.types
    least, most = (-MOST, MOST) if whole else (-LARGEST, LARGEST)
    above = [each + 1 if whole else nextafter(each, inf) for each in place.all("exclusiveMinimum")]
    below = [each - 1 if whole else nextafter(each, -inf) for each in place.all("exclusiveMaximum")]
    # A condition may be stricter than what holds always; the validator tells whether it is met.
    low, high = (*place.all("minimum"), *above), (*place.all("maximum"), *below)
    return max(low, default=least), min(high, default=most)


def _extra_field(_ground: Ground, place: Place) -> Proposals:
    if isinstance(place.value, Mapping) and EXTRA[0] not in place.value:
        yield (Change((*place.path, EXTRA[0]), EXTRA[1]),)


def _wrong_type(_ground: Ground, place: Place) -> Proposals:
    if place.path and place.value is not None:
        yield from ((Change(place.path, other),) for other in _others(place.value))


def _others(value: Any) -> tuple[Any, ...]:
    """Return what a careless server might send for this value: of another type, and still like it."""
    if isinstance(value, bool):
        return str(value).lower(), int(value)
    if isinstance(value, str):
        return 12345, None
    if isinstance(value, (int, float)):
        return str(value), None
    return ([], None) if isinstance(value, Mapping) else ({}, None)


def _missing_required(_ground: Ground, place: Place) -> Proposals:
    if place.needed and place.path:
        yield (Change(place.path, GONE),)


def _unknown_enum(_ground: Ground, place: Place) -> Proposals:
    if isinstance(place.value, str) and place.any("enum", "const"):
        yield (Change(place.path, UNKNOWN),)


LEGAL: Mapping[str, Callable[[Ground, Place], Proposals]] = {
    "nulls": _nulls, "absent": _absent, "longest": _longest, "extremes": _extremes, "extra_field": _extra_field,
    "unicode": _unicode,
}  # fmt: skip
"""What each legal variant proposes at a place."""
ILLEGAL: Mapping[str, tuple[Callable[[Ground, Place], Proposals], frozenset[str]]] = {
    "wrong_type": (_wrong_type, frozenset({"type", "anyOf", "oneOf"})),
    "missing_required": (_missing_required, frozenset({"required"})),
    "unknown_enum": (_unknown_enum, frozenset({"enum", "const"})),
    "extra_field": (_extra_field, frozenset({"additionalProperties", "unevaluatedProperties"})),
}
"""What each illegal variant proposes at a place, and the keywords of which it breaks one."""


def is_handle(path: Path) -> bool:
    """Tell whether a client goes on from what stands here: an id, a link, a cursor, a key that is shown once."""
    name = next((each for each in reversed(path) if isinstance(each, str)), "")
    return _LAST_WORD.sub("", name).lower() in HANDLES


def _is_free(path: Path) -> bool:
    return path[:1] != ("meta",) and not is_handle(path)


def legal(ground: Ground, kind: str, value: Any, chance: Chance, place: int | None = None) -> Any | None:
    """Return a legal variant of this kind, or None: ids, links and what stands about a page stay as they are.

    `place` says at which of the places it may be, counted from 0 and around; drawn if it is None.
    """
    propose = LEGAL[kind]
    found = [
        each for place in ground.places(value) if _is_free(place.path) for each in propose(ground, place)
        if kind != "extra_field" or not _is_closed(place)
    ]  # fmt: skip
    return _first(ground, value, _ordered(found, chance, place), lambda part, one: part.validator.is_valid(one))


def _is_closed(place: Place) -> bool:
    return any(each is False for each in place.all("additionalProperties"))


def illegal(ground: Ground, kind: str, value: Any, chance: Chance, place: int | None = None) -> Any | None:
    """Return a variant of this kind that breaks exactly one keyword, or None if none of this answer does.

    `place` is as of `legal`.
    """
    propose, keywords = ILLEGAL[kind]
    found = [each for place in ground.places(value) for each in propose(ground, place)]

    def breaks_one(part: Part, one: Any) -> bool:
        errors = part.validator.iter_errors(one)
        return [error.kind.name in keywords for _, error in zip(range(2), errors, strict=False)] == [True]

    return _first(ground, value, _ordered(found, chance, place), breaks_one)


def _first(ground: Ground, value: Any, proposals: Proposals, stands: Callable[[Part, Any], bool]) -> Any | None:
    """Return what the first of the proposals makes of the answer, of those that stand."""
    for changes in proposals:
        path = changes[0].path
        part, depth = _narrowest(ground.shape, path)
        around = value_at(value, path[:depth])
        near = changed(around, [Change(each.path[depth:], each.value) for each in changes])
        if not stands(part, near):
            continue
        whole = changed(value, changes)
        if depth == 0 or (ground.shape.whole is not None and stands(ground.shape.whole, whole)):
            return whole
    return None


def _narrowest(shape: Shape, path: Path) -> tuple[Part, int]:
    """Return the smallest part that holds the path, and how deep it begins: a page is long, and its items are many."""
    if shape.item is not None and path[:1] == ("data",) and len(path) > 2:
        return shape.item, 2
    if shape.whole is None:
        raise ValueError("an answer without a schema has no variants")
    return shape.whole, 0


def _ordered(proposals: list[tuple[Change, ...]], chance: Chance, place: int | None) -> Proposals:
    """Return the proposals in a drawn order, or in their own one, beginning at this place and going around."""
    if place is None:
        return _shuffled(proposals, chance)
    start = place % max(1, len(proposals))
    return iter(proposals[start:] + proposals[:start])


def _shuffled(proposals: list[tuple[Change, ...]], chance: Chance) -> Proposals:
    left = list(proposals)
    for count in range(len(left)):
        at = count + int(chance(f"variant, choice {count + 1}") * (len(left) - count))
        left[count], left[at] = left[at], left[count]
        yield left[count]
