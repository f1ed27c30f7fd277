"""JSON that refuses to change, and its bytes, encoded once.

A row is a `Frozen`: a dict whose mutators raise, which can therefore be shared by any number of worlds. A row remembers
the bytes it was last shown as, together with the span of time in which they hold, so that a page of twenty rows is
joined and not encoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

ALWAYS = 1 << 62
"""An instant after every instant that a world can reach."""


class Frozen(dict[str, Any]):
    """A JSON object that cannot change; `memo` is a cache and takes no part in equality."""

    __slots__ = ("memo",)

    memo: Encoded | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memo = None

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("state is immutable: build a new row with Frozen({**row, ...})")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __copy__(self) -> Frozen:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Frozen:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (Frozen, (dict(self),))

    def having(self, **changes: Any) -> Frozen:
        """Return the row with these fields changed or added."""
        return Frozen({**self, **changes})


@dataclass(frozen=True, slots=True)
class Encoded:
    """Bytes of one value: checked by the part of a contract that `checked_by` is, true from `since` until `until`."""

    fragment: orjson.Fragment
    checked_by: object
    since: int
    until: int


_PLAIN = frozenset({str, int, float, bool, type(None)})


def freeze(value: Any) -> Any:
    """Return the value with every object Frozen and every array a tuple."""
    if value.__class__ in _PLAIN or isinstance(value, Frozen):
        return value
    if isinstance(value, (list, tuple)):
        return tuple([freeze(each) for each in value])
    if isinstance(value, (dict, Mapping)):
        return Frozen([(key, freeze(each)) for key, each in value.items()])
    return value


def to_json(value: Any) -> bytes:
    """Return the value as compact JSON bytes; equal values built in the same order give equal bytes."""
    return orjson.dumps(value)


def remembered(row: Frozen, checker: object, now: int, encode: Callable[[], Encoded]) -> Encoded:
    """Return the row's bytes from its memo while they hold, else encode and remember them.

    The memo is replaced whole, so that threads which race each keep a true answer.
    """
    memo = row.memo
    if memo is not None and memo.checked_by is checker and memo.since <= now < memo.until:
        return memo
    encoded = encode()
    row.memo = encoded
    return encoded
