"""From the subset of JSON Schema that requests are described in to strategies of the values that fit.

Theory of operation. A schema tells how long a text is, and not what it is about: so the first of what is drawn for a
text is an ordinary one, then any, then the longest. What a schema says nothing of (an id, the fields of a free object)
is taken from the contract's own examples of the same body. A keyword that is not known here is an error: nothing is
drawn that only seems to fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sandbox.core.contract import referred
from sandbox.core.frozen import Frozen

Json = st.SearchStrategy[Any]
Hints = tuple[Any, ...]
"""What the examples have where a value is wanted."""

KNOWN = frozenset({
    "$ref", "type", "enum", "const", "anyOf", "properties", "required", "additionalProperties", "maxProperties",
    "items", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
})  # fmt: skip
_WORDLESS = frozenset({"description", "examples", "example", "default", "title", "x-provenance", "x-source"})
_MOST_ITEMS = 3
_HANDLE = re.compile(r".*(?:^id|_id|Id|Ids)")
_VISIBLE = r"\S"
TEXTS = (
    "Loan approval", "Ranks applications by risk.", "Credit / Lending", "Überprüfung der Bonität",
    "crédit à la consommation", "信用リスク", "تقييم المخاطر", "Risk 🛡️ shield", "O'Neill & Söhne <b>", "  padded  ",
)  # fmt: skip
_TELLABLE, _LONG_ENOUGH = 5000, 1000
_LONG = ("x", "ß", "漢", "🛡")


@dataclass(frozen=True, slots=True)
class Values:
    """Draws the values of one document's schemas."""

    document: Frozen

    def of(self, schema: Mapping[str, Any], name: str = "", hints: Hints = ()) -> Json:
        """Return the values that fit; ValueError names a keyword that is not known here."""
        if "$ref" in schema:
            handle = schema["$ref"].endswith("/Reference")
            beside = {key: each for key, each in schema.items() if key != "$ref"}
            return self.of({**referred(self.document, schema), **beside}, "id" if handle else name, hints)
        unknown = set(schema) - KNOWN - _WORDLESS
        if unknown:
            raise ValueError(f"{name or 'a body'}: no strategy for the keyword {sorted(unknown)[0]!r}")
        if "const" in schema:
            return st.just(plain(schema["const"]))
        if "enum" in schema:
            return st.sampled_from(plain(schema["enum"]))
        if "anyOf" in schema:
            return st.one_of([self.of(each, name, hints) for each in schema["anyOf"]])
        types = schema.get("type", ())
        named = (types,) if isinstance(types, str) else types
        return st.one_of([self._typed(each, schema, name, hints) for each in named or ("string", "boolean")])

    def _typed(self, kind: str, schema: Mapping[str, Any], name: str, hints: Hints) -> Json:
        if kind == "string":
            return _texts(schema, name, hints)
        if kind == "object":
            return self._objects(schema, hints)
        if kind == "array":
            return self._arrays(schema, name, hints)
        if kind == "integer":
            return st.integers(schema.get("minimum", -1000), schema.get("maximum", 1000))
        if kind == "number":
            least, most = schema.get("minimum", -1e6), schema.get("maximum", 1e6)
            return st.floats(least, most, allow_nan=False, allow_infinity=False)
        return st.booleans() if kind == "boolean" else st.none()

    def _objects(self, schema: Mapping[str, Any], hints: Hints) -> Json:
        properties = schema.get("properties", {})
        if not properties and isinstance(schema.get("additionalProperties"), Mapping):
            names = st.sampled_from(("profiles_people", "share_overridden", "Zweck"))
            return st.dictionaries(names, self.of(schema["additionalProperties"]), max_size=_MOST_ITEMS)
        if not properties:
            return st.sampled_from([each for each in plain(hints) if isinstance(each, dict)] or [{}])
        fields = {name: self.of(each, name, _below(hints, name)) for name, each in properties.items()}
        needed = set(schema.get("required", ()))
        # A handle that no example gives would only be guessed.
        free = [
            name for name in fields if name not in needed and not (_HANDLE.fullmatch(name) and not _below(hints, name))
        ]
        return st.fixed_dictionaries(
            {name: fields[name] for name in fields if name in needed}, optional={name: fields[name] for name in free}
        )

    def _arrays(self, schema: Mapping[str, Any], name: str, hints: Hints) -> Json:
        inner = tuple(each for hint in hints if isinstance(hint, (list, tuple)) for each in hint)
        least = schema.get("minItems", 0)
        most = max(least, min(schema.get("maxItems", _MOST_ITEMS), _MOST_ITEMS))
        return st.lists(self.of(schema["items"], name, inner), min_size=least, max_size=most)


def plain(value: Any) -> Any:
    """Return frozen JSON as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _below(hints: Hints, name: str) -> Hints:
    return tuple(each[name] for each in hints if isinstance(each, Mapping) and name in each)


def _texts(schema: Mapping[str, Any], name: str, hints: Hints) -> Json:
    told = list(dict.fromkeys(each for each in hints if isinstance(each, str)))
    pattern = schema.get("pattern")
    if told and (_HANDLE.fullmatch(name) or name.endswith(("At", "start", "end"))):
        return st.sampled_from(told)
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if pattern is not None and "@" in pattern:
        return st.one_of(st.sampled_from(told), emails()) if told else emails()
    if pattern not in (None, _VISIBLE):
        return st.from_regex(pattern, fullmatch=True)
    return texts(schema.get("minLength", 0), schema.get("maxLength", 200), visible=pattern == _VISIBLE, first=told)


def emails() -> Json:
    """Return addresses of a domain that nobody can have, since an invitation may really be sent."""
    return st.from_regex(r"[a-z][a-z0-9._%+-]{0,20}@[a-z0-9]{1,10}\.example", fullmatch=True)


def texts(least: int, most: int, *, visible: bool, first: Sequence[str] = ()) -> Json:
    """Return texts of this length: ordinary ones, any, and the longest; `visible` ones are not all blank.

    Where more than 5,000 characters are allowed, the longest that is drawn has 1,000: examples have to be told.
    """
    ordinary = [each for each in (*first, *TEXTS) if least <= len(each) <= most] or ["x" * max(least, 1)]
    # Python and Rust differ on what is blank beyond ASCII, so a visible text holds a plain letter or a sign.
    wild = st.text(min_size=least, max_size=min(most, 30))
    some = wild.filter(lambda each: any(one.isalnum() for one in each)) if visible else wild
    longest = most if most <= _TELLABLE else _LONG_ENOUGH
    return st.one_of(st.sampled_from(ordinary), some, st.sampled_from(_LONG).map(lambda each: each * longest))


def hints_of(contents: Mapping[str, Any], document: Frozen) -> Hints:
    """Return the examples of a body."""
    return tuple(_examples(contents, document))


def _examples(contents: Mapping[str, Any], document: Frozen) -> Iterator[Any]:
    for each in contents.get("examples", {}).values():
        node: Any = each
        while "$ref" in node:
            target: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        yield node["value"]
