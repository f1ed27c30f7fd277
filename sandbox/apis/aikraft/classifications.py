"""GET and POST /systems/{id}/classification: the current risk classification, and running the classifier again."""

from __future__ import annotations

from sandbox.apis.aikraft.classifier import classify
from sandbox.apis.aikraft.systems import find_system
from sandbox.core.api import Answer, Call, Handler, Shown
from sandbox.core.clock import SECOND, iso
from sandbox.core.frozen import ALWAYS, Frozen
from sandbox.core.problem import Problem


def classification_of(system: Frozen, now: int, answers: dict[str, object]) -> Frozen:
    """Return the next version of the system's classification, made from its texts and these answers."""
    finding = classify(system["name"], system["description"], system["purpose"], system["domain"], answers)
    return Frozen(
        system_id=system["id"],
        risk_tier=finding.risk_tier,
        annex_iii_category=finding.annex_iii_category,
        annex_iii_sub_point=finding.annex_iii_sub_point,
        confidence=finding.confidence,
        key_factors=finding.key_factors,
        obligations=finding.obligations,
        classified_at=now // SECOND * SECOND,
        version=len(system["classifications"]) + 1,
    )


def _shown(row: Frozen, _now: int) -> Shown:
    return Shown({**row, "classified_at": iso(row["classified_at"])}, 0, ALWAYS)


def _find_current(call: Call) -> Frozen:
    system = find_system(call)
    if not system["classifications"]:
        message = f"AI system with ID {system['id']} has no classification yet: run the questionnaire first."
        raise Problem(404, "classification-missing", message)
    current: Frozen = system["classifications"][-1]
    return current


def _get(call: Call, current: Frozen) -> Answer:
    return Answer(call.data(current, _shown), until=ALWAYS)


def _create(call: Call, system: Frozen) -> Answer:
    answers = (call.body or {}).get("answers", {})
    fresh = classification_of(system, call.now, answers)
    row = system.having(classifications=(*system["classifications"], fresh))
    return Answer(call.data(fresh, _shown), workspace=call.workspace.having("systems", row))


GET = Handler(_find_current, _get)
CREATE = Handler(find_system, _create)
