"""What was found in words and as JSON. No credential is in either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sandbox.apis.aikraft.law import SECRET as AIKRAFT
from sandbox.apis.ctrlai.law import SECRET as CTRLAI
from sandbox.core.contract import Contract
from sandbox.diff.contract import Sentence, sentence
from sandbox.diff.hunting import Found
from sandbox.diff.normal import MISSING
from sandbox.testing.strategies.playing import Step
from sandbox.testing.strategies.snippets import as_curl

HERE = "http://127.0.0.1:8800"
"""Where `sandbox serve` answers, for the lines to try."""
_SECRET = re.compile(f"{AIKRAFT.pattern}|{CTRLAI.pattern}")
_LONGEST = 300
_WHO = {
    "documented": "the upstream departs from the documents, or they are out of date",
    "inferred": "either may be wrong: the sandbox follows what the documents suggest",
    "invented": "the sandbox is probably wrong: it had to choose, and nobody promised it",
}


def reported(contract: Contract, found: Found, upstream: str) -> dict[str, Any]:
    """Return one divergence as JSON: what parts, on which calls, what was expected and why, and lines to try."""
    told, call = found.divergence, found.sequence[found.divergence.step - 1]
    ours, theirs = found.ours[told.step - 1], found.theirs[told.step - 1]
    why = sentence(contract, contract.operations[told.operation], ours.status, told.place)
    return {
        "operation": told.operation,
        "place": told.place,
        "step": told.step,
        "sandbox": {"status": ours.status, "has": told.ours, **_code(ours)},
        "upstream": {"status": theirs.status, "has": told.theirs, **_code(theirs)},
        "expected": {"provenance": why.mark, "sentence": why.words, "source": why.source},
        "probably": _probably(why, theirs, call.wrong),
        "sequence": str(found.sequence).splitlines(),
        "try": {
            "sandbox": as_curl(found.sequence, HERE).splitlines(),
            "upstream": as_curl(found.sequence, upstream, key="UPSTREAM_KEY").splitlines(),
        },
    }


def _code(step: Step) -> dict[str, Any]:
    error = step.json.get("error") if isinstance(step.json, dict) else None
    return {"code": error["code"]} if isinstance(error, dict) and "code" in error else {}


def _probably(why: Sentence, theirs: Step, wrong: str) -> str:
    if theirs.status == 403:
        return "the upstream's key may do less than the sandbox's, which may do everything that its plan allows"
    if theirs.status is None:
        return "the upstream is broken or out of reach"
    return _WHO[why.mark] + (f" (the call is wrong on purpose: {wrong})" if wrong else "")


def clean(value: Any, secrets: Sequence[str] = ()) -> Any:
    """Return JSON without anything that is, or reads like, a credential."""
    if isinstance(value, dict):
        return {name: clean(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [clean(each, secrets) for each in value]
    if not isinstance(value, str):
        return value
    for each in secrets:
        value = value.replace(each, "(redacted)") if each else value
    return _SECRET.sub("(redacted)", value)


def lines(number: int, told: dict[str, Any]) -> list[str]:
    """Return one divergence as lines for people."""
    expected = told["expected"]
    return [
        "",
        f"{number}. {told['operation']}: {told['place']}",
        *(f"   calls     {each}" for each in told["sequence"]),
        f"   sandbox   {_side(told, 'sandbox')}",
        f"   upstream  {_side(told, 'upstream')}",
        f"   expected  {expected['provenance']}: {_short(expected['sentence'])}",
        f"             {_short(expected['source'])}",
        f"   so        {told['probably']}",
        *(f"   try       {each}" for side in ("sandbox", "upstream") for each in told["try"][side]),
    ]


def _side(told: dict[str, Any], side: str) -> str:
    one = told[side]
    at = "" if told["place"] == "status" else f", {told['place']}: "
    status = "no answer" if one["status"] is None else str(one["status"])
    code = f" {one['code']}" if "code" in one else ""
    has = f"{at}{_short(one['has'])}" if at else f" ({one['has']})" if one["status"] is None else ""
    return f"{status}{code}{has}".replace(f": {MISSING}", " is missing")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
