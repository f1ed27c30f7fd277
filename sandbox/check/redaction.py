"""No credential leaves: what a run writes, to whatever place, goes through here."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from sandbox.app import load_api
from sandbox.settings import APIS

_SESSION = re.compile(r"((?:session-token|csrf-token)(?:=|%3D))[^\s;,'\"&\\<]{8,}", re.IGNORECASE)
_SHORTEST = 8
"""What is shorter keeps no secret, and may be part of an ordinary word."""


class Redaction(NamedTuple):
    """What must not be shown: texts as they are, and patterns of whatever reads like a credential."""

    secrets: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]


def redaction_of(secrets: Iterable[str]) -> Redaction:
    """Return what hides these texts, however they are escaped, and every key of the APIs."""
    spelled = {form for each in secrets if len(each) >= _SHORTEST for form in _spellings(each)}
    return Redaction(tuple(sorted(spelled, key=len, reverse=True)), tuple(load_api(name).law.secret for name in APIS))


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], shlex.quote(secret).strip("'"), escape(secret)}


def cleaned(redaction: Redaction, text: str) -> str:
    """Return the text with `$KEY` for every credential."""
    for secret in redaction.secrets:
        text = text.replace(secret, "$KEY")
    for pattern in redaction.patterns:
        text = pattern.sub("$KEY", text)
    return _SESSION.sub(r"\1(redacted)", text)
