"""Fidelity as a fact of a suite: which guesses its worlds leaned on together, and in which tests."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from sandbox.app import contract_of
from sandbox.core.contract import Contract
from sandbox.core.fidelity import PROOFS, guess_told, guesses_of, leaned_on
from sandbox.core.timeline import Entry
from sandbox.settings import APIS
from sandbox.testing.fact import Fact, Report
from sandbox.testing.world import Sandbox

INVENTED = "invented"
Value = Mapping[str, Sequence[str]]
"""The labels of the first worlds that leaned on each guess, by its id."""


def _wanted(options: Namespace) -> bool:
    return bool(options.sandbox_fail_on_invented or options.sandbox_report)


def _inside(sandbox: Sandbox, entries: Sequence[Entry], contract: Contract) -> Value:
    return {each.guess.id: [sandbox.label] for each in leaned_on(entries, contract)}


def _outside(sandbox: Sandbox) -> Value:
    return {str(each["id"]): [sandbox.label] for each in sandbox.fidelity}


def _joined(one: Value, other: Value) -> Value:
    labels = {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}
    return {name: list(dict.fromkeys(each))[:PROOFS] for name, each in labels.items()}


def _report(api: str, value: Value, options: Namespace) -> Report:
    leaned = [each for each in guesses_of(contract_of(api)) if each.id in value]
    invented = [each for each in leaned if each.provenance == INVENTED]
    refused = [each for each in invented if each.id not in options.sandbox_allow]
    head = f"fidelity {api}: leaned on {len(leaned)} guesses, {len(invented)} of them invented"
    lines = (head, *(f"  {each.id}: {each.behaviour} ({', '.join(value[each.id])})" for each in invented))
    short = [f"fidelity {api}: leaned on what the sandbox invented: {each.id}" for each in refused]
    document = {"api": api, "leaned": [{**guess_told(each), "worlds": list(value[each.id])} for each in leaned]}
    files = {f"fidelity-{api}.json": json.dumps(document, ensure_ascii=False, indent=2) + "\n"}
    return Report(lines, files, tuple(short) if options.sandbox_fail_on_invented else ())


def _nothing(_options: Namespace) -> Report:
    return Report()


def stranger_among(allowed: Sequence[str]) -> str | None:
    """Return what is wrong with the first of these that is no guess of any API, or None."""
    known = [guess.id for api in APIS for guess in guesses_of(contract_of(api))] if allowed else []
    for each in allowed:
        if each not in known:
            near = get_close_matches(each, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return f"expected the id of a guess, as `sandbox fidelity` lists it, got {each!r}{hint}"
    return None


FIDELITY = Fact("fidelity", _wanted, _inside, _outside, _joined, _report, _nothing)
