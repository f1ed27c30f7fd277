"""POST /inference and its log: a query answered from the organisation's units, and every answer kept.

`reasoning` computes the answer; here it meets the world. A protocol that asks opens a conversation, which the user whom
it asked goes on with by its id until nothing is asked any more; what was told before stays told. Every query writes one
row into the inference log and none into the audit log.

Sources: API reference, Inference (fields, models); Enterprise, Audit Logging (the log's fields). `durationMs` is no
measurement but a figure that follows from the query and the units that fired (see `reasoning.engine`), so that the same
query is logged alike; the id of a pending question is the name of the input that it asks for (both inferred).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sandbox.apis.ctrlai import ulid
from sandbox.apis.ctrlai.audit import between
from sandbox.apis.ctrlai.domains import require_domain
from sandbox.apis.ctrlai.identity import filtered, in_org, missing_of, org_of, user_of
from sandbox.apis.ctrlai.layouts import facet
from sandbox.apis.ctrlai.reasoning.cards import Same
from sandbox.apis.ctrlai.reasoning.engine import Reasoned, answer
from sandbox.apis.ctrlai.reasoning.library import ACTIVE, Library, library_of
from sandbox.apis.ctrlai.reasoning.reading import Ask
from sandbox.apis.ctrlai.times import iso_millis
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.frozen import ALWAYS, Frozen, freeze
from sandbox.core.problem import Problem
from sandbox.core.workspace import Workspace

MODEL = Frozen(provider="gemini", model="gemini-2.5-flash")
MODELS_USED = Frozen(parse=MODEL, evaluate=MODEL, prose=MODEL)

FIELDS = (
    "id", "userId", "query", "mode", "unitsFired", "inputVariables", "outputVariables", "trustSummary",
    "coveragePercent", "executionTrace", "modelsUsed", "auditWarnings", "durationMs",
)  # fmt: skip
"""The fields of an entry of the log that are shown as they are kept."""


def library_at(workspace: Workspace, org: str) -> Library:
    """Return the organisation's units and active workflows as the engine reads them, remembered by their tables."""
    return _library(Same(workspace.table("units")), Same(workspace.table("workflows")), org)


@lru_cache(maxsize=8)
def _library(units: Same, workflows: Same, org: str) -> Library:
    return library_of(units.value.all(org), workflows.value.all(facet(org, "status", ACTIVE)))


def logged(ident: str, org: str, user: str, query: str, made: Reasoned, now: int) -> Frozen:
    """Return the row of the log that an answer leaves."""
    return Frozen(
        id=ident, orgId=org, userId=user, query=query, mode=made.mode, unitsFired=made.fired,
        inputVariables=made.inputs, outputVariables=made.outputs, trustSummary=made.trust,
        coveragePercent=made.coverage, executionTrace=made.trace, modelsUsed=MODELS_USED, auditWarnings=made.warnings,
        durationMs=made.duration, createdAt=now,
    )  # fmt: skip


def _infer(call: Call, _resource: None) -> Answer:
    body = call.body
    talk = _conversation(call, body.get("sessionId"))
    ask = _ask(call, body, talk)
    made = answer(ask, library_at(call.workspace, org_of(call)), call.lacking)
    if made.unfit is not None:
        name, issue = made.unfit
        message = f"additionalInputs.{name}: {issue}"
        raise Problem(400, "inputs-unfit", message, field=f"additionalInputs.{name}", issue=issue)
    ident, workspace = ulid.mint(call, call.workspace, "inferences")
    row = logged(ident, org_of(call), user_of(call), body["query"], made, call.now)
    session, workspace = _gone_on(call, workspace.having("inferences", row), ask, made, talk)
    return Answer(_shown_answer(made, session), workspace=workspace)


def _ask(call: Call, body: Mapping[str, Any], talk: Frozen | None) -> Ask:
    """Return what is asked: the query, in a conversation together with what began it."""
    domain = body.get("domainId")
    if domain is not None:
        require_domain(call, domain)
    inputs = freeze(body.get("additionalInputs") or {})
    if talk is None:
        return Ask(body["query"], domain, body.get("jurisdiction"), inputs, bool(body.get("includeUnverified")))
    said = body["query"]
    return Ask(
        query=said if said == talk["query"] else f"{said}\n{talk['query']}",
        domain=domain if domain is not None else talk["domainId"],
        jurisdiction=body.get("jurisdiction") or talk["jurisdiction"],
        inputs=inputs,
        unverified=bool(body.get("includeUnverified")) or talk["includeUnverified"],
        kept=talk["inputs"],
    )


# Conversations.


def _conversation(call: Call, ident: str | None) -> Frozen | None:
    """Return the conversation of this id, which has to be the caller's own; another user's is not seen."""
    if ident is None:
        return None
    row = in_org(call, "conversations", ident, "session-not-found")
    if row["userId"] != user_of(call):
        raise missing_of("session-not-found", ident)
    return row


def _gone_on(
    call: Call, workspace: Workspace, ask: Ask, made: Reasoned, talk: Frozen | None
) -> tuple[str | None, Workspace]:
    """Return the id of the conversation that waits for an answer, if any, and the workspace that keeps it."""
    if not made.questions:
        return None, workspace.lacking("conversations", talk["id"]) if talk is not None else workspace
    if talk is not None:
        told = talk.having(
            domainId=ask.domain, jurisdiction=ask.jurisdiction, includeUnverified=ask.unverified, inputs=made.inputs
        )
        return talk["id"], workspace.having("conversations", told)
    ident, workspace = ulid.mint(call, workspace, "conversations")
    row = Frozen(
        id=ident, orgId=org_of(call), userId=user_of(call), query=ask.query, domainId=ask.domain,
        jurisdiction=ask.jurisdiction, includeUnverified=ask.unverified, inputs=made.inputs, createdAt=call.now,
    )  # fmt: skip
    return ident, workspace.having("conversations", row)


# What is shown.


def _shown_answer(made: Reasoned, session: str | None) -> dict[str, Any]:
    return {
        "response": made.response,
        "segments": made.segments,
        "trustSummary": made.trust,
        "coveragePercent": made.coverage,
        "unitsUsed": made.units,
        "mode": made.mode,
        "sessionId": session,
        "pendingQuestions": made.questions,
        "modelsUsed": MODELS_USED,
    }


def _shown(row: Frozen, _now: int) -> Shown:
    value = {**{name: row[name] for name in FIELDS}, "createdAt": iso_millis(row["createdAt"])}
    return Shown(value, 0, ALWAYS)


def _list(call: Call, _resource: None) -> Answer:
    org, user, mode = org_of(call), call.query["userId"], call.query["mode"]
    place = facet(org, "mode", mode) if user is None else facet(org, "userId", user)
    return filtered(call, "inferences", place, _keep(between(call), mode if user is not None else None), _shown)


def _keep(dated: Callable[[Frozen], bool] | None, mode: str | None) -> Callable[[Frozen], bool] | None:
    if dated is None and mode is None:
        return None
    return lambda row: (dated is None or dated(row)) and mode in (None, row["mode"])


def _nothing(_call: Call) -> None:
    return None


INFER = Handler(_nothing, _infer)
LIST = Handler(_nothing, _list)
