"""An offline, stateful twin of the Aikraft and Ctrl AI APIs, driven by their OpenAPI contracts.

`create_app()` returns a Flask app with a sandbox of its own; `Settings` says how it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.settings import Settings
from sandbox.version import VERSION as __version__

if TYPE_CHECKING:
    from sandbox.app import create_app

__all__ = ["Settings", "__version__", "create_app"]


def __getattr__(name: str) -> object:
    """Import the assembly only when it is asked for: `sandbox --help` needs none of it."""
    if name == "create_app":
        from sandbox.app import create_app

        return create_app
    raise AttributeError(f"module 'sandbox' has no attribute {name!r}")
