"""What users import in their tests. Needs the extra `testing`.

`Sandbox` is a private world for the length of a block; `SandboxTransport`, `AsyncSandboxTransport`, `SandboxAdapter`
and `SandboxServer` are the doors that it opens. The pytest plugin gives the same as fixtures.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "AsyncSandboxTransport": "transport",
    "Breaks": "shrinking",
    "Broken": "shrinking",
    "ControlError": "steward",
    "Endless": "bound",
    "Entry": "entry",
    "Sandbox": "world",
    "SandboxAdapter": "adapter",
    "SandboxServer": "server",
    "SandboxTransport": "transport",
    "WorldClock": "clock",
    "smallest": "shrinking",
    "survives": "shrinking",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: the pytest plugin is loaded by runs that need none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sandbox.testing' has no attribute {name!r}")
    return getattr(import_module(f"sandbox.testing.{_HOMES[name]}"), name)
