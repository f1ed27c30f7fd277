"""GET /health: whether the service answers, for whoever asks.

Source: Enterprise, Compliance mentions a health-check API; its address and answer are invented.
"""

from __future__ import annotations

from sandbox.core.api import Answer, Call, Handler


def _health(_call: Call, _resource: None) -> Answer:
    return Answer({"status": "ok"})


def _nothing(_call: Call) -> None:
    return None


HEALTH = Handler(_nothing, _health)
