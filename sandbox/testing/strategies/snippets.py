"""A sequence of calls written down for people: as a Python snippet, or as lines for a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sandbox.testing.strategies.playing import path_of
from sandbox.testing.strategies.sequence import Call, Calls, Ref, refs_in
from sandbox.testing.strategies.values import plain


def as_curl(sequence: Calls, base_url: str, *, key: str = "KEY") -> str:
    """Return the sequence as lines for a shell with curl, and jq where a call takes values of an earlier answer.

    `base_url` is the server's origin, `key` the name of the variable that holds the credential.
    """
    used = {ref.step for call in sequence for ref in call.refs()}
    return "\n".join(_curl(sequence, call, base_url, key, at, at in used) for at, call in enumerate(sequence, 1))


def _curl(sequence: Calls, call: Call, base_url: str, key: str, at: int, used: bool) -> str:
    method, body = sequence.method(call), call.body
    words = ["curl -sS"] + ([] if method == "GET" else [f"-X {method}"]) + [f'-H "Authorization: Bearer ${key}"']
    words.append(_shell_url(sequence, call, base_url))
    if body is not None:
        words += ["-H 'Content-Type: application/json'", f"--data-raw {_shell_json(body)}"]
    line = " ".join(words)
    return f"answer{at}=$({line})" if used else line


def _shell_url(sequence: Calls, call: Call, base_url: str) -> str:
    text = path_of(sequence.api, call.operation)
    for name, value in call.path.items():
        text = text.replace(f"{{{name}}}", _shell_part(value))
    query = "&".join(f"{name}={_shell_part(value)}" for name, value in call.query.items())
    return f'"{base_url.rstrip("/")}{text}{"?" if query else ""}{query}"'


def _shell_part(value: Any) -> str:
    if isinstance(value, Ref):
        return f"$(jq -r '{_jq(value)}|@uri' <<<\"$answer{value.step}\")"
    return quote(str(value), safe="")


def _jq(ref: Ref) -> str:
    return "".join(f"[{each}]" if each.isdigit() else f".{each}" for each in ref.path)


def _shell_json(body: Any) -> str:
    """Return the body as one word of a shell: plain text in quotes, between them what jq finds in earlier answers."""
    refs = tuple(dict.fromkeys(refs_in(body)))
    text = json.dumps(_marked(body), ensure_ascii=False)
    pieces = [text]
    for ref in refs:
        mark = json.dumps(_mark(ref))
        pieces = [one for piece in pieces for one in _split(piece, mark, ref)]
    return "".join(piece if piece.startswith('"$(jq') else shlex.quote(piece) for piece in pieces if piece)


def _split(piece: str, mark: str, ref: Ref) -> list[str]:
    parts = piece.split(mark)
    found = [f'"$(jq -c \'{_jq(ref)}\' <<<"$answer{ref.step}")"']
    return [one for at, part in enumerate(parts) for one in ([*found, part] if at else [part])]


def _mark(ref: Ref) -> str:
    return f"\x00{ref}\x00"


def _marked(value: Any) -> Any:
    if isinstance(value, Ref):
        return _mark(value)
    if isinstance(value, Mapping):
        return {name: _marked(each) for name, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, (list, tuple)) else value


def as_python(sequence: Calls, base_url: str, *, key: str = "KEY") -> str:
    """Return the sequence as a Python snippet with httpx; the credential comes of the environment variable `key`."""
    headers = f'{{"Authorization": f"Bearer {{os.environ[{key!r}]}}"}}'
    lines = ["import os", "", "import httpx", "", f"client = httpx.Client(base_url={base_url!r}, headers={headers})"]
    for at, call in enumerate(sequence, 1):
        said = [repr(sequence.method(call)), _python_path(sequence, call)]
        said += [f"params={_python(call.query)}"] if call.query else []
        said += [] if call.body is None else [f"json={_python(call.body)}"]
        lines += [f"answer{at} = client.request({', '.join(said)})", f"print(answer{at}.status_code, answer{at}.text)"]
    return "\n".join(lines) + "\n"


def _python_path(sequence: Calls, call: Call) -> str:
    template = path_of(sequence.api, call.operation)
    parts = {name: each if isinstance(each, Ref) else quote(str(each), safe="") for name, each in call.path.items()}
    text = template.format(
        **{name: f"{{{_python(each)}}}" if isinstance(each, Ref) else each for name, each in parts.items()}
    )
    return f'f"{text}"' if any(isinstance(each, Ref) for each in parts.values()) else repr(text)


def _python(value: Any) -> str:
    if isinstance(value, Ref):
        return f"answer{value.step}.json()" + "".join(
            f"[{each}]" if each.isdigit() else f"[{each!r}]" for each in value.path
        )
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {_python(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_python, value)) + "]"
    return repr(plain(value))
