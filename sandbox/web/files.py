"""Files on disk: where the shipped ones are, and how YAML becomes data, with line numbers when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import yaml

from sandbox.core.document import DocumentError, Flaw

SIZE_LIMIT = 256 << 20
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class FileError(ValueError):
    """A file that cannot be used; the message says where, expected, got, and the remedy."""


class _Loader(yaml.CSafeLoader):
    """The safe loader, which leaves times as they are written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def shipped(folder: str) -> Path:
    """Return the folder of this name that the distribution carries: in the wheel, or beside the source."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / "data" / folder
    return installed if installed.is_dir() else here.parents[2] / folder


def find(folder: str, api: str, name: str) -> Path:
    """Return the file that a name or a path means; FileError lists the names there are."""
    if "/" in name or name.endswith((".yaml", ".yml", ".json")):
        path = Path(name)
        if not path.is_file():
            raise FileError(f"{path}: expected a file, got nothing there")
        return path
    path = shipped(folder) / api / f"{name}.yaml"
    if path.is_file() and path.parent == shipped(folder) / api:
        return path
    names = ", ".join(sorted(each.stem for each in path.parent.glob("*.yaml")))
    raise FileError(f"{folder}: there is none called {name!r} for {api}: expected one of {names}, or a path to a file")


def read(path: Path) -> tuple[Any, str, bytes]:
    """Return the file's data, the SHA-256 of its bytes, and the bytes."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= SIZE_LIMIT else b""
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from error
    if size > SIZE_LIMIT:
        raise FileError(f"{path}: expected at most {SIZE_LIMIT >> 20} MiB, got {size >> 20} MiB")
    return parse(path, raw), sha256(raw).hexdigest(), raw


def parse(path: Path, raw: bytes) -> Any:
    """Return what the bytes say: JSON, which is YAML as well, by the faster parser."""
    if raw.lstrip()[:1] == b"{":
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass  # YAML's flow style begins with a brace too
    try:
        return yaml.load(raw, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FileError(f"{path}:{line}: expected YAML, got: {error.problem or error.context}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: expected YAML in UTF-8, got: {error}") from error
    except RecursionError as error:
        raise FileError(f"{path}: expected YAML that is nested less deeply") from error


def checked(path: Path, reader: Callable[[Any], dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """Return the file as the reader understands it and its hash; FileError names every flaw with its line."""
    data, digest, raw = read(path)
    try:
        return reader(data), digest
    except DocumentError as error:
        lines = [f"{path}:{_line(raw, each)}: {each}" for each in error.flaws[:20]]
        more = len(error.flaws) - len(lines)
        raise FileError("\n".join(lines + ([f"… and {more} more"] if more else []))) from error


def _line(raw: bytes, flaw: Flaw) -> int:
    """Return the line of the flaw's place, or of the nearest place around it that the file has."""
    node = yaml.compose(raw, yaml.CSafeLoader)
    line = 1
    for step in flaw.path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None
