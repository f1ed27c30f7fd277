"""What a sandbox is started with."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sandbox.core.clock import Clock, frozen, parse_instant, scaled, starting
from sandbox.core.quota import ENFORCE

APIS = ("aikraft", "ctrlai")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a start can set; the defaults are what `sandbox serve` does without a flag.

    `clock` is `real`, `frozen`, a time, `frozen@TIME`, `x60` or `x60@TIME`; empty means what the fixture says.
    `plan`, `scope` and `role` are what undeclared test keys get. `admin` turns the control plane on or off, `hosts`
    are the names beyond localhost under which it may be reached. `memory` is in bytes, and so is `journal_bytes`, what
    the journal of one world may hold. `scenario` is the name of a shipped one, or a file, which every world is born
    with; empty means none. `secret` is what unguessable texts, such as new keys, are made with.
    """

    apis: tuple[str, ...] = APIS
    fixture: str = "default"
    seed: int = 0
    clock: str = ""
    plan: str = "pro"
    scope: str = "admin"
    role: str = "admin"
    strict_keys: bool = False
    quota: str = ENFORCE
    admin_token: str = ""
    admin: bool = True
    hosts: tuple[str, ...] = ()
    memory: int = 256 << 20
    journal_entries: int = 10_000
    journal_bytes: int = 128 << 20
    scenario: str = ""
    secret: str = ""


def parse_clock(text: str, wall: int, declared: int | None) -> Clock:
    """Return the clock that the text means at this wall instant; `declared` is the fixture's own time, if it has one.

    ValueError names what is wrong.
    """
    mode, _, when = text.partition("@")
    if text and not when and mode[:1].isdigit():
        mode, when = "", mode
    start = parse_instant(when) if when else (wall if declared is None else declared)
    if mode == "frozen":
        return frozen(start)
    if mode.startswith("x"):
        return scaled(start, wall, _rate(mode[1:]))
    if mode == "real" and not when:
        return Clock()
    if mode:
        raise ValueError(f"expected real, frozen, x60, a time, or frozen@TIME or x60@TIME, got {text!r}")
    return Clock() if start == wall else starting(start, wall)


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1_000_000:
        raise ValueError(f"expected a rate above 0 and up to 1000000, such as x60, got x{text}")
    return rate
