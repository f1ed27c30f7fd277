"""A scenario's format as a JSON Schema, for editors: made from the schemas that the reader itself uses.

Whatever the reader takes is valid by it. It says less than the reader knows: what depends on two places of a file, such
as a state that nobody sets, only the reader refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from inspect import getdoc

from sandbox.core.api import Api
from sandbox.core.clock import DURATION
from sandbox.core.document import written_fields
from sandbox.core.form import RULE_WORDS, SCENARIO_WORDS, EventSchema, RuleSchema, ScenarioSchema
from sandbox.core.json_schema import Json, described, field_of, mapping_of, names_of, worded
from sandbox.core.kind import EventKind, FaultKind
from sandbox.core.synonym import Words
from sandbox.core.then import HEAVIEST, MOST_STEPS
from sandbox.core.then import WORDS as THEN_WORDS
from sandbox.core.when import LAST, METHODS, MOST_NTH
from sandbox.core.when import WORDS as WHEN_WORDS

TITLE = "A scenario of the sandbox"
_NAMED = r"^[a-z0-9][a-z0-9-]{0,60}$"
_ABOUT = {
    "scenario": "The scenario's name. An answer that it struck bears it: Sandbox-Fault: <scenario>#<rule>.",
    "api": "The API that it is for.",
    "summary": "What happens, in a sentence.",
    "seed": "What chance is drawn from; the world's own seed unless given.",
    "states": "The states of the scenario; it begins in the first. Started unless given.",
    "uses": "Scenarios that the sandbox comes with, which play beside this one, each as if it were alone.",
    "timeline": "What happens by itself, on the world's clock.",
    "rules": "What strikes which requests. The first rule that strikes a request decides.",
    "name": "The rule's name; rule-<place> unless given.",
    "when": "Which requests the rule strikes; every request unless given.",
    "then": "What happens to a request that is struck.",
    "requires": "The state in which the scenario has to be.",
    "sets": "The state in which the scenario is after a strike.",
    "times": "How often, at most.",
    "ttl": "For how long after the scenario began the rule holds.",
    "continue": "Whether the rules below may strike the same request too.",
    "at": "When it comes: so long after the scenario began, or at an instant.",
    "every": "After how long it comes again.",
    "state": "The state in which the scenario is from then on.",
    "operation": "The operation, or any of several, by operationId.",
    "method": "The method, or any of several.",
    "path": "The path; * stands for one segment, ** for any number.",
    "query": "Tests by the name of a query parameter.",
    "header": "Tests by the name of a header field.",
    "body": "Tests by JSONPath ($.name), or the whole body.",
    "key": "The id of the caller's key.",
    "nth": "The number of the call that is struck, or several, counted from 1 among those that fit.",
    "after": "The number of the last call that is not struck yet.",
    "until": "The number of the last call that is struck.",
    "between": "The numbers of the first and the last call that are struck.",
    "probability": "How likely a call that fits is struck: 0 never, 1 always.",
    "rows": "How many rows a table has: at_least, at_most.",
}
"""What the keys mean, for the hints of an editor."""


def scenario_schema(apis: Iterable[Api]) -> Json:
    """Return the JSON Schema (2020-12) of the scenarios of these APIs."""
    listed = tuple(apis)
    kinds = {kind.name: kind for each in listed for kind in each.faults}
    events = {kind.name: kind for each in listed for kind in each.events}
    schema = mapping_of(ScenarioSchema(), SCENARIO_WORDS, _ABOUT)
    properties = schema["properties"]
    properties["api"] = described({"enum": [each.name for each in listed]}, _ABOUT["api"])
    properties["rules"]["items"] = {"$ref": "#/$defs/rule"}
    properties["timeline"]["items"] = {"$ref": "#/$defs/event"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        **schema,
        "allOf": [_of_api(each) for each in listed],
        "$defs": {
            "duration": {
                "type": "string",
                "pattern": f"^{DURATION}$",
                "examples": ["250ms", "2s", "1h30m", "3d", "P3D"],
            },
            "rule": _rule(),
            "when": _when(),
            "then": _then(kinds.values()),
            "faults": _faults(kinds.values(), {}),
            "choice": _faults(
                kinds.values(), {"weight": {"type": "number", "exclusiveMinimum": 0, "maximum": HEAVIEST}}
            ),
            "event": _event(events.values()),
            **{f"fault-{name}": _figures(kind) for name, kind in kinds.items()},
            **{
                f"event-{name}": described(mapping_of(kind.schema()), _first_line(kind))
                for name, kind in events.items()
            },
        },
    }


def _of_api(api: Api) -> Json:
    """Return what holds of the scenarios of this API alone: its operations and its tables."""
    operation = {"enum": list(api.contract.operations)}
    either = {"anyOf": [operation, {"type": "array", "items": operation}]}
    tables = {"propertyNames": {"enum": list(api.storage.tables)}}
    when = {"properties": {**dict.fromkeys(names_of("operation", WHEN_WORDS), either), "rows": tables}}
    rules = {"items": {"properties": {"when": when}}}
    return {
        "if": {"properties": {"api": {"const": api.name}}, "required": ["api"]},
        "then": {"properties": dict.fromkeys(names_of("rules", SCENARIO_WORDS), rules)},
    }


def _rule() -> Json:
    rule = mapping_of(RuleSchema(), RULE_WORDS, _ABOUT)
    rule["properties"]["when"] = {"$ref": "#/$defs/when", "description": _ABOUT["when"]}
    rule["properties"]["then"] = {"$ref": "#/$defs/then", "description": _ABOUT["then"]}
    count = rule["properties"]["times"]
    form = {"type": "object", "required": ["remainingTimes"], "properties": {"remainingTimes": count}}
    rule["properties"]["times"] = {**count, "anyOf": [*count["anyOf"], {**form, "additionalProperties": False}]}
    return rule


def _when() -> Json:
    call = {"type": "integer", "minimum": 1, "maximum": LAST}
    tests = {"type": "object", "minProperties": 1}
    method = {"enum": list(METHODS)}
    properties: dict[str, Json] = {
        "operation": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
        "method": {"anyOf": [method, {"type": "array", "items": method, "minItems": 1, "maxItems": len(METHODS)}]},
        "path": {"type": "string"},
        "query": tests,
        "header": tests,
        "body": {},
        "key": {"type": "string"},
        "nth": {"anyOf": [call, {"type": "array", "items": call, "minItems": 1, "maxItems": MOST_NTH}]},
        "every": call,
        "after": {**call, "minimum": 0},
        "until": call,
        "between": {"type": "array", "items": call, "minItems": 2, "maxItems": 2},
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
        "rows": {"type": "object", "minProperties": 1, "additionalProperties": _table()},
    }
    about = {name: described(each, _ABOUT[name]) for name, each in properties.items()}
    about["every"]["description"] = "Only every so many-th call that fits is struck."
    return {"type": "object", "additionalProperties": False, "properties": worded(about, WHEN_WORDS)}


def _table() -> Json:
    count = {"type": "integer", "minimum": 0, "maximum": LAST}
    properties = {"at_least": count, "at_most": count}
    return {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": properties}


def _then(kinds: Iterable[FaultKind]) -> Json:
    """Return what a `then` may be: faults, a choice by weight, a sequence."""

    def alone(name: str, each: str, about: str) -> Json:
        listed = {"type": "array", "minItems": 1, "maxItems": MOST_STEPS, "items": {"$ref": each}, "description": about}
        return {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: listed}}

    return {
        "anyOf": [
            {**_faults(kinds, {}), "minProperties": 1},
            alone("one_of", "#/$defs/choice", "One of these, by weight."),
            alone("sequence", "#/$defs/faults", "One after the other; the last one goes on."),
        ]
    }


def _faults(kinds: Iterable[FaultKind], more: Json) -> Json:
    properties: Json = {each.name: {"$ref": f"#/$defs/fault-{each.name}"} for each in kinds}
    if "hangup" in properties:
        more = {
            **more,
            "after": {"enum": ["commit", "nothing"], "description": "Beside a hangup: what was done before."},
        }
    words = Words({name: each for name, each in THEN_WORDS.aliases.items() if each.ours in properties})
    return {"type": "object", "additionalProperties": False, "properties": {**worded(properties, words), **more}}


def _figures(kind: FaultKind) -> Json:
    """Return a fault's figures, or the one that a plain value in their place means."""
    about = _first_line(kind)
    known = written_fields(kind.schema())
    bare = field_of(known[kind.short]) if kind.short else {"enum": [True, None]}
    return {"description": about, "anyOf": [mapping_of(kind.schema(), kind.words), bare]}


def _deed(kind: EventKind) -> Json:
    return described(mapping_of(kind.schema()), _first_line(kind))


def _first_line(kind: FaultKind | EventKind) -> str:
    """Return what the kind's own module says of it."""
    return (getdoc(sys.modules[kind.make.__module__]) or kind.name).partition("\n")[0].replace("`", "")


def _event(kinds: Iterable[EventKind]) -> Json:
    event = mapping_of(EventSchema(), hints=_ABOUT)
    for each in kinds:
        event["properties"][each.name] = {"$ref": f"#/$defs/event-{each.name}"}
    return event
