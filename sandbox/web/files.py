"""Files on disk: where the shipped ones are, and how YAML becomes data, with line numbers when something is wrong.

YAML is read in three passes, because the parser underneath guards against nothing: its events show how deep the text
is nested and whether it has tags of its own, its nodes show repeated keys and how much the aliases stand for, and only
then is anything built. JSON, which is YAML too, has a faster way that ends in the slow one as soon as it is doubtful.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import orjson
import yaml

from sandbox.core.document import DocumentError, Flaw, nearest
from sandbox.core.problem import shown

SIZE_LIMIT = 256 << 20
DEPTH_LIMIT = 100
GROWTH_LIMIT = 10
"""How many times larger a text may become when its aliases are written out."""
_SPARE_NODES = 10_000
_FLAWS_SHOWN = 20
_TIMESTAMP, _INTEGER = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int"
_PLAIN_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0b[0-1_]+|0x[0-9a-fA-F_]+)\Z")
"""Neither octal, where 010 is 8, nor to base sixty, where 1:30 is 90: those stay texts."""


T = TypeVar("T")


class FileError(ValueError):
    """A file that cannot be used; the message says where, expected, got, and the remedy.

    `places` are the flaws of its document, each with its line; there are none if it could not even be read.
    """

    def __init__(self, message: str, places: Sequence[tuple[int, Flaw]] = ()) -> None:
        super().__init__(message)
        self.places = tuple(places)


class _Loader(yaml.CSafeLoader):
    """The safe loader, which leaves times as they are written and says where a number cannot be read."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            got = f"a number that cannot be read, {shown(node.value)!r}"
            raise yaml.constructor.ConstructorError(None, None, got, node.start_mark) from error


_Loader.yaml_implicit_resolvers = {
    first: [(tag, _PLAIN_INTEGER if tag == _INTEGER else pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def shipped(folder: str) -> Path:
    """Return the folder of this name that the distribution carries: in the wheel, or beside the source."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / "data" / folder
    return installed if installed.is_dir() else here.parents[2] / folder


def find(folder: str, api: str, name: str) -> Path:
    """Return the file that a name or a path means; FileError lists the names there are."""
    if is_path(name):
        path = Path(name)
        if not _is_file(path):
            raise FileError(f"{shown(name, 1000)}: expected a file, got {_instead(path)}")
        return path
    known = names(folder, api)
    if name in known:
        return shipped(folder) / api / f"{name}.yaml"
    near = nearest(name, known)
    hint = f"; did you mean {near!r}?" if near else ""
    expected = f"expected one of {', '.join(known)}, or a path to a file"
    raise FileError(f"{folder}: {expected} for {api}, got {shown(name)!r}{hint}")


def names(folder: str, api: str) -> list[str]:
    """Return the names of an API's shipped files in a folder."""
    return sorted(each.stem for each in (shipped(folder) / api).glob("*.yaml"))


def is_path(name: str) -> bool:
    """Tell whether a name means a file of one's own rather than a shipped one."""
    return "/" in name or name.endswith((".yaml", ".yml", ".json"))


def documents(folder: str, api: str) -> dict[str, Any]:
    """Return the shipped documents of a folder by name; a file that cannot be used is a FileError."""
    return {path.stem: read(path)[0] for path in sorted((shipped(folder) / api).glob("*.yaml"))}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _instead(path: Path) -> str:
    try:
        return "a folder" if path.is_dir() else "nothing there"
    except OSError:
        return "a name that no file can have"


def own(path: Path) -> tuple[Any, str]:
    """Return the data of a shipped file that a test has read with all guards, and the SHA-256 of its bytes."""
    raw = path.read_bytes()
    return yaml.load(raw, _Loader), sha256(raw).hexdigest()


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
    """Return what the bytes say in JSON or YAML; FileError names the line that says nothing."""
    if raw[:64].lstrip()[:1] == b"{":
        try:
            return _json(raw)
        except (ValueError, RecursionError):
            pass  # YAML's flow style begins with a brace too; if it is neither, YAML names the line
    try:
        raw.decode("utf-8")
        return _yaml(raw)
    except UnicodeDecodeError as error:
        got = f"the byte 0x{raw[error.start]:02x}"
        raise FileError(f"{path}:{_line_at(raw, error.start)}: expected text in UTF-8, got {got}") from error
    except yaml.reader.ReaderError as error:
        line = _line_at(raw, error.position)
        raise FileError(f"{path}:{line}: expected YAML, got: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        got = f"{_problem(error)}{_hint(raw, line)}"
        raise FileError(f"{path}:{line}: expected YAML, got: {got}") from error


def _problem(error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong; libyaml has a limit of its own, and may come to it first, since it reads ahead."""
    told = str(error.problem or error.context)
    return f"a nesting of more than {DEPTH_LIMIT} levels" if told == "exceeded maximum nesting depth" else told


def _line_at(raw: bytes, place: int) -> int:
    return raw.count(b"\n", 0, place) + 1


def _hint(raw: bytes, line: int) -> str:
    text = raw.split(b"\n", line)[line - 1] if line <= raw.count(b"\n") + 1 else b""
    indent = text[: len(text) - len(text.lstrip())]
    return "; indent with spaces, not tabs" if b"\t" in indent else ""


def _json(raw: bytes) -> Any:
    data = orjson.loads(raw)
    # The faster parser keeps the last of several equal keys; this one shows them all.
    json.loads(raw, object_pairs_hook=_no_key_twice, parse_int=_nothing, parse_float=_nothing)
    return data


def _no_key_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError(pairs)


def _nothing(_digits: str) -> None:
    return None


def _yaml(raw: bytes) -> Any:
    _scan(raw)
    loader = _Loader(raw)
    root = loader.get_single_node()
    if root is None:
        return None
    sizes: dict[int, int] = {}
    if _weigh(root, sizes) > GROWTH_LIMIT * len(sizes) + _SPARE_NODES:
        raise _refusal(f"aliases that stand for more than {GROWTH_LIMIT} times the text", root)
    return loader.construct_document(root)


def _scan(raw: bytes) -> None:
    """Refuse what the parser must not be given to build: nesting that overflows its stack, and tags."""
    depth = 0
    for event in yaml.parse(raw, _Loader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise _refusal(f"a nesting of more than {DEPTH_LIMIT} levels", event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _refusal(f"the tag {shown(tag)}, and no tags are read", event)


def _weigh(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Return how many nodes the node is with its aliases written out, and refuse keys that stand twice."""
    known = sizes.get(id(node))
    if known is not None:
        if known == 0:
            raise _refusal("an alias for what it stands in", node)
        return known
    sizes[id(node)] = 0
    size = 1
    if isinstance(node, yaml.MappingNode):
        _refuse_repeated(node)
        size += sum(_weigh(key, sizes) + _weigh(value, sizes) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_weigh(each, sizes) for each in node.value)
    sizes[id(node)] = size
    return size


def _refuse_repeated(node: yaml.MappingNode) -> None:
    seen: dict[tuple[str, str], int] = {}
    for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
        line = key.start_mark.line + 1
        if (key.tag, key.value) in seen:
            first = seen[key.tag, key.value]
            raise _refusal(f"the key {shown(key.value)!r} again, which stands on line {first} already", key)
        seen[key.tag, key.value] = line


def _refusal(got: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, got, where.start_mark)


def checked(path: Path, reader: Callable[[Any], T]) -> tuple[T, str]:
    """Return the file as the reader understands it and its hash; FileError names every flaw with its line."""
    data, digest, raw = read(path)
    try:
        return reader(data), digest
    except DocumentError as error:
        root = _root(raw)
        places = sorted(((_line(root, each), each) for each in error.flaws), key=lambda each: (each[0], str(each[1])))
        lines = [f"{path}:{line}: {flaw}" for line, flaw in places[:_FLAWS_SHOWN]]
        more = len(places) - len(lines)
        raise FileError("\n".join(lines + ([f"… and {more} more"] if more else [])), places) from error


def _root(raw: bytes) -> yaml.Node | None:
    try:
        return _Loader(raw).get_single_node()
    except yaml.YAMLError:  # JSON that is no YAML, as with an escaped surrogate pair
        return None


def _line(node: Any, flaw: Flaw) -> int:
    """Return the line of the flaw's place, or of the nearest place around it that the file has."""
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
