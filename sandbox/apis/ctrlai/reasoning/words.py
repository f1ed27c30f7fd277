"""A text as words, numbers and marks, in one pass that takes time in proportion to its length.

Words are compared by their stem: lower case, without the plural. `monthlyDebt`, `monthly_debt` and "monthly debts" are
the same two words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

LONGEST_NUMBER = 30
SHORT = 100

# Every alternative begins with another character than the rest or is tried last, and no repetition nests in another.
_TOKEN = re.compile(
    r"(?P<number>(?:(?<![\w)])-)?[$€£]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?P<scale>\s?%|[kK](?!\w))?)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<mark>\.(?=\s|\Z)|[?!;:=,()\n\"“”$€£])"
)
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_IDLE = """
    a about after all also am an and any are as asked asking asks at be been by can could did do does for from get given
    had has have he hello help her hers hey hi his how i if in into is it its let may me might must my no not of ok on
    or our please query question s shall she should so t tell than thank thanks that the their them then there these
    they this those to too up us user very was we were what when where whether which who why will with would yes you
    your
    """


class Token(NamedTuple):
    """A word by its stem, a number as it is written, or a mark; `start` and `end` are places in the text."""

    kind: str
    key: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text; what is neither word, number nor mark is left out."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, start, end = match.lastgroup or "", match.start(), match.end()
        if match["word"] is not None:
            found += [Token("word", stem(text[low:high]), low, high) for low, high in _humps(text, start, end)]
        elif kind == "mark":
            found.append(Token("mark", match[0], start, end))
        else:
            found.append(Token("number", match[0], start, end))
    return found


def keys(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a text, by their stems; those of short texts are remembered."""
    return _keys(text) if len(text) <= SHORT else _keys.__wrapped__(text)


@lru_cache(maxsize=1 << 14)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(each.key for each in tokens(text) if each.kind != "mark")


def topics(found: Iterable[str]) -> frozenset[str]:
    """Return those of these words that say something about a topic."""
    return frozenset(each for each in found if each not in IDLE and not each[-1:].isdigit())


def stem(word: str) -> str:
    """Return the word in lower case and without the plural."""
    low = word.casefold()
    if len(low) > 4 and low.endswith("ies"):
        return low[:-3] + "y"
    return low[:-1] if len(low) > 3 and low.endswith("s") and low[-2] not in "sui" else low


def number(written: str) -> float | int | None:
    """Return what a number token is worth, a percentage as its hundredfold; None if it is too long to be meant."""
    plain = written.strip().rstrip("%kK").strip().replace(",", "")
    plain = plain.replace("$", "").replace("€", "").replace("£", "")
    if len(plain) > LONGEST_NUMBER:
        return None
    return float(plain) if "." in plain else int(plain)


def _humps(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    word = text[start:end]
    if not word.isascii() or word.islower() or word.isupper() or word.istitle():
        return [(start, end)]
    return [(start + match.start(), start + match.end()) for match in _HUMP.finditer(word)]


def stems(written: str) -> frozenset[str]:
    """Return the words of a list with blanks between them, by their stems."""
    return frozenset(map(stem, written.split()))


IDLE = stems(_IDLE)
"""Words that say nothing about a topic."""
