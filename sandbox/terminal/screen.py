"""How a verb prints: tables and colour for eyes, tab-separated lines for scripts, JSON for whoever asks for it.

What came over the network is told with its control characters written out, on paper too: a path in the journal may have
been sent to move the cursor of whoever looks at it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

NOTHING = "-"
_GAP = "  "
_NARROWEST = 20
_SHORTEST_SECRET = 8
"""What is shorter keeps no secret, and may be part of an ordinary word."""
_BOLD, _YELLOW, _RED = "1", "33", "31"
Section = tuple[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Screen:
    """Who reads standard output: eyes or a script, in colour, as JSON, how wide; and what must never be shown there."""

    eyes: bool = False
    colour: bool = False
    json: bool = False
    width: int = 80
    secret: str = field(default="", repr=False)


def screen_of(given: Namespace, secret: str = "") -> Screen:
    """Return the screen that standard output is; text that its encoding lacks is escaped from here on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    eyes = sys.stdout.isatty()
    colour = eyes and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns
    return Screen(eyes, colour, bool(vars(given).get("json")), width, secret)


def plain(screen: Screen, text: str) -> str:
    """Return the text on one line, without the credential, and with what does not print written out."""
    text = _redacted(screen, text)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def complain(screen: Screen, message: str) -> None:
    """Say on standard error what is wrong."""
    print(f"sandbox: {plain(screen, message)}", file=sys.stderr)


def print_json(screen: Screen, value: object) -> None:
    """Print JSON: on one line for scripts, indented for eyes."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if screen.eyes else None)
    print(_escaped(_redacted(screen, text)), flush=True)


def print_raw(screen: Screen, content: bytes) -> None:
    """Print a JSON document as it came, byte for byte for scripts."""
    if screen.eyes:
        print(_escaped(content.decode("utf-8", "backslashreplace")).rstrip("\n"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def _redacted(screen: Screen, text: str) -> str:
    return text if len(screen.secret) < _SHORTEST_SECRET else text.replace(screen.secret, "(redacted)")


def _escaped(text: str) -> str:
    """Return the same JSON with what does not print as \\u escapes; that can only stand in strings."""
    return "".join(each if each == "\n" or each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else json.dumps(character)[1:-1]


def print_table(
    screen: Screen,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    styles: Sequence[str] = (),
    flexible: int = 0,
) -> None:
    """Print rows: for eyes under a header, the flexible column cut to fit; for scripts with tabs."""
    cleaned = [[plain(screen, each) for each in row] for row in rows]
    if not screen.eyes:
        for row in cleaned:
            print("\t".join(row))
        return
    widths = _fitted([[*header], *cleaned], screen.width, flexible)
    print_row(screen, header, widths, _BOLD)
    for at, row in enumerate(cleaned):
        print_row(screen, row, widths, styles[at] if styles else "")


def print_row(screen: Screen, cells: Sequence[str], widths: Sequence[int], style: str = "") -> None:
    """Print one row at these widths, or by tabs for scripts."""
    cleaned = [plain(screen, each) for each in cells]
    if not screen.eyes:
        print("\t".join(cleaned), flush=True)
        return
    padded = [_cut(cell, width).ljust(width) for cell, width in zip(cleaned, widths, strict=True)]
    print(_styled(screen, _GAP.join(padded).rstrip(), style), flush=True)


def print_pairs(screen: Screen, pairs: Mapping[str, str]) -> None:
    """Print names and values, one pair a line."""
    width = max(map(len, pairs)) if screen.eyes else 0
    for name, value in pairs.items():
        label = _styled(screen, name.ljust(width), _BOLD) + _GAP if screen.eyes else f"{name}\t"
        print(f"{label}{plain(screen, value)}")


def print_sections(screen: Screen, sections: Iterable[Section]) -> None:
    """Print paragraphs under their names; for scripts each line begins with the name and a tab."""
    for at, (name, lines) in enumerate(sections):
        if screen.eyes:
            print(("\n" if at else "") + _styled(screen, name, _BOLD))
        for line in lines:
            print((_GAP if screen.eyes else f"{name}\t") + plain(screen, line))


def style_of(status: int) -> str:
    """Return how a line about this status looks."""
    return _RED if status >= 500 else _YELLOW if status >= 400 else ""


def _styled(screen: Screen, text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if screen.colour and style else text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _fitted(rows: Sequence[Sequence[str]], room: int, flexible: int) -> list[int]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - room
    if over > 0:
        widths[flexible] = max(min(_NARROWEST, widths[flexible]), widths[flexible] - over)
    return widths
