"""Hypothesis strategies for tests of clients. Needs the extra `testing`.

`systems()`, `units()` and `bodies()` draw request bodies, `calls()` whole sequences of calls as data, which `play()`
sends to any server; `as_curl()` and `as_python()` write a sequence down for people. `scenarios()` draws what goes wrong
at the server.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Call": "sequence",
    "Calls": "sequence",
    "Ref": "sequence",
    "Script": "script",
    "Step": "playing",
    "as_curl": "snippets",
    "as_python": "snippets",
    "bodies": "body",
    "calls": "drawing",
    "play": "playing",
    "scenarios": "scripting",
    "systems": "rows",
    "units": "rows",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sandbox.testing.strategies' has no attribute {name!r}")
    return getattr(import_module(f"sandbox.testing.strategies.{_HOMES[name]}"), name)
