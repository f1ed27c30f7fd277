"""What a contract says of each place of an answer, worked out once: answers are many, and their rows are alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from sandbox.core.ground import Ground
from sandbox.diff.contract import schema_node, unconditional

KINDS: tuple[tuple[type, str], ...] = (
    (str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"),
)  # fmt: skip


class Terms:
    """What is said of one place: its types, the words of its enums, its patterns, the fields that it has to have, and
    whether it may have others. What it does not speak of has no terms."""

    __slots__ = ("_below", "_ground", "_said", "closed", "patterns", "required", "spoken", "types", "words")

    def __init__(self, ground: Ground, schemas: Iterable[Any]) -> None:
        said = self._said = ground.spoken(schemas)
        types = (each["type"] for each in said if "type" in each)
        self._ground, self.spoken = ground, bool(said)
        self.types = frozenset(one for each in types for one in ((each,) if isinstance(each, str) else each))
        self.words = [
            one for each in said for one in (*each.get("enum", ()), *([each["const"]] if "const" in each else []))
        ]
        self.patterns = [re.compile(each["pattern"]) for each in said if "pattern" in each]
        self.closed = any(each.get("additionalProperties") is False for each in said)
        self.required = tuple(dict.fromkeys(name for each in said for name in each.get("required", ())))
        self._below: dict[str | None, Terms] = {}

    def below(self, name: str | None) -> Terms:
        """Return the terms of a field, or of the rows of a list."""
        found = self._below.get(name)
        if found is None:
            inner = (each.get("items") if name is None else _property(each, name) for each in self._said)
            found = self._below[name] = Terms(self._ground, inner)
        return found

    def fits(self, value: Any) -> bool:
        """Tell whether the value is of a type that is allowed here."""
        kind = kind_of(value)
        return not self.types or kind in self.types or (kind == "integer" and "number" in self.types)


@cache
def terms_of(api: str, operation: str, status: int | None) -> Terms | None:
    """Return the terms of the answer of this status, or None if the contract describes none."""
    contract = unconditional(api)
    found = contract.operations[operation]
    schema = schema_node(contract, found, status)
    return None if schema is None else Terms(Ground(contract.document, schema, found.success), (schema,))


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    return next((name for kind, name in KINDS if isinstance(value, kind)), "null")


def _property(schema: Any, name: str) -> Any:
    return schema.get("properties", {}).get(name, schema.get("additionalProperties"))
