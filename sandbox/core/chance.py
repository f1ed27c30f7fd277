"""Ids and draws, as functions of (seed, label, purpose, ordinal).

Theory of operation. Nothing here holds a generator. A shared generator gives each caller whatever is next, so the order
in which requests happen to arrive would decide who is unlucky, and no run could be repeated under concurrency. Here the
*n*-th id of a kind in a world is a function of n alone, and so is every draw: any interleaving gives each world the
same.

Ids come from a keyed bijection of their ordinal, not from a hash: a Feistel network over two halves of the id's own
alphabet maps the numbers below 36^6 (or 16^8) one to one onto themselves, so two ordinals never share an id, and the
ids look as random as the real ones. What a fixture has already used is skipped by whoever mints.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_ROUNDS = 4
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


@lru_cache(maxsize=4096)
def _round_keys(seed: int, label: str, kind: str) -> tuple[tuple[int, int], ...]:
    digest = blake2b(f"{seed}\x00{label}\x00{kind}".encode("utf-8", "surrogatepass"), digest_size=_ROUNDS * 8).digest()
    words = [int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4)]
    return tuple((words[2 * each], words[2 * each + 1] | 1) for each in range(_ROUNDS))


def permuted(seed: int, label: str, kind: str, ordinal: int, half: int) -> int:
    """Return the image of the ordinal under the keyed bijection of the numbers below half squared."""
    left, right = divmod(ordinal % (half * half), half)
    for add, multiply in _round_keys(seed, label, kind):
        mixed = ((right + add) * multiply) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
        left, right = right, (left + (mixed ^ (mixed >> 13))) % half
    return left * half + right


def ordinal_of(seed: int, label: str, kind: str, image: int, half: int) -> int:
    """Return the ordinal of which this number is the image: the bijection the other way."""
    left, right = divmod(image % (half * half), half)
    for add, multiply in reversed(_round_keys(seed, label, kind)):
        mixed = ((left + add) * multiply) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
        left, right = (right - (mixed ^ (mixed >> 13))) % half, left
    return left * half + right


def hexadecimal8(seed: int, label: str, kind: str, ordinal: int) -> str:
    """Return eight hexadecimal digits, different for each of 16^8 ordinals."""
    return f"{permuted(seed, label, kind, ordinal, 16**4):08x}"


def alphanumeric6(seed: int, label: str, kind: str, ordinal: int) -> str:
    """Return six digits and lower-case letters, different for each of 36^6 ordinals."""
    left, right = divmod(permuted(seed, label, kind, ordinal, 36**3), 36**3)
    return _PAIRS[left // 36] + _ALPHABET[left % 36] + _PAIRS[right // 36] + _ALPHABET[right % 36]


def drawn(seed: int, label: str, purpose: str, ordinal: int) -> float:
    """Return a number from 0 up to, and never, 1: the draw of this ordinal for this purpose."""
    text = f"{seed}\x00{label}\x00{purpose}\x00{ordinal}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 11) / (1 << 53)
