"""Ids that sort by creation: ULIDs made of the world's clock and of nothing that chance decides.

Theory of operation. A ULID is 48 bits of milliseconds and 80 bits that are usually random. Here those 80 are a function
of (seed, label, ordinal): a start that belongs to the world, plus a stride for each id minted so far, plus less than
one stride that looks like chance. So they rise with every id, and ids sort by creation even while the clock stands
still; two ordinals never share an id; and the same world mints the same ids again. One counter serves all tables.

Source: API reference, Audit, and Enterprise, Compliance (ids are ULIDs); https://github.com/ulid/spec.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from sandbox.apis.ctrlai.times import MILLISECOND
from sandbox.core.api import Call
from sandbox.core.workspace import Workspace

KIND = "ulid"
PATTERN = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
ORDERED = 1 << 31
"""So many ids of one world sort by creation; those after them are as unlike each other, and begin again."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_STRIDE = 1 << 48
_SPACE = 1 << 80


def mint(call: Call, workspace: Workspace, table: str) -> tuple[str, Workspace]:
    """Return a new id that no row of the table has, and the workspace that has counted it."""
    rows, count = workspace.table(table), workspace.minted.get(KIND, 0)
    while True:
        ident = written(call.now, call.seed, call.label, count)
        count += 1
        if rows.get(ident) is None:
            return ident, workspace.counting(KIND, count)


def written(now: int, seed: int, label: str, ordinal: int) -> str:
    """Return the ULID of this instant (in microseconds) and ordinal."""
    rest = (_start(seed, label) + ordinal * _STRIDE + _drawn(seed, label, ordinal)) % _SPACE
    return spelled((now // MILLISECOND << 80) + rest)


def spelled(value: int) -> str:
    """Return a number of 128 bits as 26 letters and digits."""
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def number(ident: str) -> int:
    """Return the number that the ULID spells: later ids have greater ones. ValueError if it is none."""
    if not PATTERN.fullmatch(ident):
        raise ValueError(f"expected a ULID, got {ident[:40]!r}")
    return int(ident.translate(_DIGITS), 32)


@lru_cache(maxsize=1024)
def _start(seed: int, label: str) -> int:
    """Return where the world's ids begin: in the lower half, so that the strides of `ORDERED` ids fit above it."""
    return int.from_bytes(_digest(f"{seed}\x00{label}\x00{KIND}", 10), "big") >> 1


def _drawn(seed: int, label: str, ordinal: int) -> int:
    return int.from_bytes(_digest(f"{seed}\x00{label}\x00{KIND}\x00{ordinal}", 6), "big")


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
