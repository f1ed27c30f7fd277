"""Hypothesis strategies for tests of clients. Needs the extra `testing`."""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Script": "script",
    "scenarios": "scripting",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sandbox.testing.strategies' has no attribute {name!r}")
    return getattr(import_module(f"sandbox.testing.strategies.{_HOMES[name]}"), name)
