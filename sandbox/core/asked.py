"""What an entry of a journal tells of its client: what was sent, whether an answer came, whether it came late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.core.message import DRIBBLE, Hangup
from sandbox.core.play import LATE
from sandbox.core.timeline import Entry


def is_late(entry: Entry) -> bool:
    """Tell whether a fault had put the request off: the sandbox asked it then, and not the client."""
    return entry.request.header(LATE) is not None


def is_lost(entry: Entry) -> bool:
    """Tell whether the connection broke instead of a whole answer."""
    return any(isinstance(each, Hangup) and each.kind != DRIBBLE for each in entry.response.effects)


def query_of(entry: Entry) -> Mapping[str, str]:
    """Return the query's parameters; of a repeated one the last."""
    return dict(parse_qsl(entry.request.query, keep_blank_values=True))


def object_in(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in a body, or an empty one."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
