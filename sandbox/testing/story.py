"""What happened to a world, for somebody who looks at a failing test: each request, its answer, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Any

import orjson

from sandbox.testing.clock import WorldClock
from sandbox.testing.journal import Journal
from sandbox.testing.steward import ControlError

LATEST = 30
_BODY = 300
_NAME = 80


def story(journal: Journal) -> str:
    """Return the transcript of a world: its latest requests with their answers, and why each was given."""
    entries, now = journal.requests(), WorldClock(journal.steward).now
    head = f"world {journal.label}, {len(entries)} requests, its clock at {now:%Y-%m-%dT%H:%M:%SZ}"
    lines = [head]
    if len(entries) > LATEST:
        lines.append(f"… {len(entries) - LATEST} requests before these")
    for number, entry in list(enumerate(entries, 1))[-LATEST:]:
        lines.append(f"{number:3} {entry}")
        lines += [f"    {each}" for each in _account(journal.explain(entry))]
    strays = journal.strays()
    if strays:
        lines.append(f"{len(strays)} requests led to no world, since no usable key came with them")
        lines += [f"    {each}" for each in strays[-LATEST:]]
    return "\n".join(lines)


def told_and_saved(journal: Journal, folder: Callable[[], Path]) -> str:
    """Return the transcript, with the path of a capsule that replays it; a world that cannot tell says why."""
    from httpx import HTTPError

    try:
        told = story(journal)
        path = saved(journal, folder(), told)
    except (HTTPError, ControlError, OSError, ValueError) as error:
        return f"nothing can be told of the world {journal.label}: {error}"
    return f"{told}\ncapsule: {path}\nsandbox replay {quote(str(path))}"


def _account(told: Mapping[str, Any]) -> Iterator[str]:
    if told["request"]["request"]["body"]:
        yield f"> {_short(told['request']['request']['body'])}"
    if told["response"]["body"]:
        yield f"< {_short(told['response']['body'])}"
    for rule in told["rules"]:
        if rule["fired"]:
            yield f"rule {rule['rule']}: {rule['because']}"
    for check in told["checks"]:
        # What a rule has decided is no stage's doing, though a stage is where it struck.
        if check["result"] == "failed" and not told["request"]["fault"]:
            yield f"failed: {check['asks']}"
    source = told["provenance"]["answer"]
    yield f"{source['provenance']}: {source['source']}" if source["source"] else str(source["provenance"])


def _short(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= _BODY else f"{text[:_BODY]}… {len(text) - _BODY} more characters"


def file_name(api: str, label: str) -> str:
    """Return what files about the world of this API and label are called: readable, and no two alike."""
    mark = sha256(f"{api} {label}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', label)[-_NAME:].strip('-.')}-{mark}"


def saved(journal: Journal, folder: Path, told: str) -> Path:
    """Write the world's capsule and its transcript into the folder, and return the capsule's path."""
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name(journal.api, journal.label)
    path = folder / f"{name}.capsule.json"
    path.write_bytes(orjson.dumps(journal.capsule()))
    (folder / f"{name}.txt").write_text(told + "\n", encoding="utf-8")
    return path
