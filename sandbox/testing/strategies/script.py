"""A scenario as a value: the document that `Sandbox(scenario=…)` takes, and the file that would say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from sandbox.core.frozen import Frozen, freeze

NAME = "generated"
_WIDTH = 120
_LONGEST = 500
"""How long a summary may be."""


@dataclass(frozen=True, slots=True)
class Script(Mapping[str, Any]):
    """A scenario's document, which cannot change; its `text`, and what Hypothesis prints of it, is the file."""

    document: Frozen

    def __getitem__(self, key: str) -> Any:
        return self.document[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.document)

    def __len__(self) -> int:
        return len(self.document)

    def __repr__(self) -> str:
        """Return the file's text."""
        return self.text

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Print the file's text below the name of whatever it is the value of, so that it can be copied."""
        printer.text(indent(f"\n{self.text}", " " * printer.indentation))

    @property
    def text(self) -> str:
        """Return the scenario as a YAML file."""
        thawed = _thawed(self.document)
        return yaml.dump(thawed, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)

    @property
    def rules(self) -> Sequence[Mapping[str, Any]]:
        """Return the rules, in their order."""
        rules: Sequence[Mapping[str, Any]] = self.document.get("rules", ())
        return rules

    def write(self, path: str | PathLike[str]) -> Path:
        """Write the file and return its path; `sandbox check-scenario` takes it."""
        written = Path(path)
        written.write_text(self.text, encoding="utf-8")
        return written


class _Line(dict[str, Any]):
    """A mapping that is written on a line of its own."""


class _Dumper(yaml.SafeDumper):
    """Writes lists a step in, and conditions and figures on one line, as the shipped scenarios do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


_Dumper.add_representer(_Line, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True))


def script_of(api: str, rules: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]] = ()) -> Script:
    """Return the scenario of these rules and timed events, with a summary that says what they do."""
    told = "; ".join([*map(_rule_told, rules), *map(_event_told, events)]) or "nothing happens"
    head = {"scenario": NAME, "api": api, "summary": f"{told[:1].upper()}{told[1:_LONGEST]}"}
    timeline = {"timeline": list(events)} if events else {}
    return Script(freeze({**head, **timeline, **({"rules": list(rules)} if rules else {})}))


def calm(api: str) -> Script:
    """Return the scenario in which nothing happens."""
    return script_of(api, ())


def _rule_told(rule: Mapping[str, Any]) -> str:
    when, said = rule["when"], _said(rule["then"])
    name, nth, after = when["operation"], when.get("nth"), when.get("after")
    if isinstance(nth, int):
        return f"{said} at call {nth} of {name}"
    if nth is not None:
        return f"{said} at calls {nth[0]} to {nth[-1]} of {name}"
    return f"{said} at every call of {name}" if after is None else f"{said} from call {after + 1} of {name} on"


def _event_told(event: Mapping[str, Any]) -> str:
    return f"{_said({name: each for name, each in event.items() if name != 'at'})} after {event['at']}"


def _said(value: Any) -> str:
    """Return what figures say, in words: `error 500`, `rate_limit limit 2, burst 2`."""
    if isinstance(value, Mapping):
        return ", ".join(name if each is True else f"{name} {_said(each)}" for name, each in value.items())
    return str(value)


def _thawed(value: Any, depth: int = 0) -> Any:
    """Return the value as mappings and lists that YAML knows, the inner ones on a line each."""
    if isinstance(value, Mapping):
        inner = {name: _thawed(each, depth + 1) for name, each in value.items()}
        return _Line(inner) if depth > 2 else inner
    return [_thawed(each, depth + 1) for each in value] if isinstance(value, (list, tuple)) else value
