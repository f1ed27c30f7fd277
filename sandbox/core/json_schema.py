"""The schemas that guard our documents, as JSON Schema: whatever they take is valid by it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, fields, validate

from sandbox.core.document import written_fields
from sandbox.core.synonym import NO_WORDS, Words

Json = dict[str, Any]
NO_HINTS: Mapping[str, str] = MappingProxyType({})


def names_of(ours: str, words: Words) -> list[str]:
    """Return a name of ours and other tools' words for it."""
    return [ours, *(name for name, each in words.aliases.items() if each.ours == ours)]


def described(schema: Json, about: str | None) -> Json:
    """Return the schema with what it is about, for the hints of an editor."""
    return {**schema, "description": about} if about else schema


def mapping_of(schema: Schema, words: Words = NO_WORDS, hints: Mapping[str, str] = NO_HINTS) -> Json:
    """Return the schema of a mapping: its fields as they are written, and other tools' words for them."""
    known = written_fields(schema)
    properties = {name: described(field_of(each), hints.get(name)) for name, each in known.items()}
    required = [name for name, each in known.items() if each.required]
    plain = [name for name in required if len(names_of(name, words)) == 1]
    others = [[{"required": [one]} for one in names_of(name, words)] for name in required if name not in plain]
    made = {"type": "object", "additionalProperties": False, "properties": worded(properties, words)}
    return {**made, "required": plain, **({"allOf": [{"anyOf": each} for each in others]} if others else {})}


def worded(properties: Json, words: Words) -> Json:
    """Return the properties with other tools' words for them."""
    others = {
        name: {
            **(properties[each.ours] if each.shape is None else each.shape),
            "description": f"{each.whose}: {each.ours}.",
        }
        for name, each in words.aliases.items()
    }
    return {**properties, **others}


def field_of(field: fields.Field[Any]) -> Json:
    """Return a field's schema; of a kind of field that is not known here, anything is valid."""
    made = _typed(field)
    return {"anyOf": [made, {"type": "null"}]} if field.allow_none and made else made


def _typed(field: fields.Field[Any]) -> Json:
    about = field.metadata
    if "choices" in about:
        return {"enum": list(about["choices"])}
    if about.get("form") == "duration":
        return {"$ref": "#/$defs/duration"}
    if about.get("form") == "moment":
        return {"anyOf": [{"$ref": "#/$defs/duration"}, {"type": "string", "pattern": "^[0-9]{4}"}]}
    if isinstance(field, fields.String):
        return _text(about)
    if isinstance(field, fields.Integer):
        return {"type": "integer", **_bounds(field, "minimum", "maximum")}
    if isinstance(field, fields.Float):
        return {"type": "number", **_bounds(field, "minimum", "maximum")}
    if isinstance(field, fields.Boolean):
        return {"type": "boolean"}
    return _structured(field)


def _structured(field: fields.Field[Any]) -> Json:
    if isinstance(field, fields.List):
        return {"type": "array", "items": field_of(field.inner), **_bounds(field, "minItems", "maxItems")}
    if isinstance(field, fields.Nested):
        return mapping_of(field.schema)
    return {"type": "object"} if isinstance(field, fields.Dict) else {}


def _text(about: Mapping[str, Any]) -> Json:
    made: Json = {"type": "string", "minLength": 1, "maxLength": about.get("longest", 5000)}
    # Only what both languages of patterns read alike is passed on.
    pattern = about.get("pattern")
    return {**made, "pattern": f"^(?:{pattern})$"} if pattern and "(?" not in pattern else made


def _bounds(field: fields.Field[Any], least: str, most: str) -> Json:
    found: Json = {}
    for each in field.validators:
        if isinstance(each, (validate.Range, validate.Length)):
            found |= {name: bound for name, bound in ((least, each.min), (most, each.max)) if bound is not None}
    return found
