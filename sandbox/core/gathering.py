"""What a document of ours is made of, and the flaws of its parts told together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any, TypeVar

from sandbox.core.document import DocumentError, Flaw, Path, got

MOST_VALUES = 20_000
MOST_KEYS = 200
LONGEST_TEXT = 20_000
DEEPEST = 80
MOST_FLAWS = 50
LARGEST = (1 << 53) - 1
"""The largest integer that every reader of JSON reads alike."""
_KEYS = "keys that are texts (YAML reads no, on and 1 otherwise: quote them)"

T = TypeVar("T")


class Flaws:
    """The flaws of several parts of a document; past the first fifty no further part is read."""

    def __init__(self) -> None:
        self._found: list[Flaw] = []

    def of(self, read: Callable[[], T], *path: str | int) -> T | None:
        """Return what is read of the part at this path, or None, and remember its flaws."""
        if len(self._found) >= MOST_FLAWS:
            return None
        try:
            return read()
        except DocumentError as error:
            self._found += [each.below(*path) for each in error.flaws]
            return None

    def add(self, *flaws: Flaw) -> None:
        """Remember these flaws."""
        self._found += flaws

    def tell(self) -> None:
        """Raise a DocumentError of all flaws, if there are any."""
        if self._found:
            raise DocumentError(tuple(self._found[:MOST_FLAWS]))


def flawed(path: Path, expected: str, told: str, near: str | None = None) -> DocumentError:
    """Return the refusal for one flaw."""
    return DocumentError((Flaw(path, expected, told, near),))


def placed(flaws: Iterable[Flaw], document: Any) -> tuple[Flaw, ...]:
    """Return the flaws, each at a place that the document has, or at one that a mapping or list of it lacks."""
    return tuple(Flaw(_place(each.path, document), each.expected, each.got, each.nearest) for each in flaws)


def _place(path: Path, data: Any) -> Path:
    for at, step in enumerate(path):
        if isinstance(data, Mapping):
            if step not in data:
                return path[: at + 1]
        elif not isinstance(data, list) or not isinstance(step, int) or step >= len(data):
            return path[:at]
        data = data[step]
    return path


def plain(document: Any) -> Any:
    """Return the document as mappings, lists and plain values; DocumentError says what no JSON can hold, or too much.

    20,000 values, 200 keys a mapping, 80 levels, texts of 20,000 characters.
    """
    return _plain(document, (), [MOST_VALUES])


def _plain(data: Any, path: Path, room: list[int]) -> Any:
    room[0] -= 1
    if room[0] < 0:
        raise flawed((), f"at most {MOST_VALUES:,} values", "more")
    if len(path) > DEEPEST:
        raise flawed(path[:DEEPEST], f"at most {DEEPEST} levels", "more")
    if isinstance(data, Mapping):
        _check_keys(data, path)
        return {str(key): _plain(each, (*path, key), room) for key, each in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(each, (*path, at), room) for at, each in enumerate(data)]
    _check_value(data, path)
    return data


def _check_keys(data: Mapping[Any, Any], path: Path) -> None:
    if len(data) > MOST_KEYS:
        raise flawed(path, f"a mapping of at most {MOST_KEYS} keys", got(data))
    flaws = Flaws()
    for key in data:
        if not isinstance(key, str):
            flaws.add(Flaw(path, _KEYS, f"the key {got(key)}"))
        else:
            flaws.of(lambda key=key: _check_text(key, path))  # type: ignore[misc]
    flaws.tell()


def _check_value(data: Any, path: Path) -> None:
    if data is None or isinstance(data, bool):
        return
    if isinstance(data, str):
        _check_text(data, path)
    elif isinstance(data, int):
        if abs(data) > LARGEST:
            raise flawed(path, f"an integer of at most {LARGEST}", got(data))
    elif not isinstance(data, float):
        raise flawed(path, "a text, a number, true, false, null, a list or a mapping", f"a {type(data).__name__}")
    elif not isfinite(data):
        raise flawed(path, "a number that is finite", got(data))


def _check_text(data: str, path: Path) -> None:
    if len(data) > LONGEST_TEXT:
        raise flawed(path, f"a text of at most {LONGEST_TEXT:,} characters", got(data))
    if not data.isascii() and data.encode("utf-8", "ignore").decode() != data:
        raise flawed(path, "a text without half of a surrogate pair", got(data))
