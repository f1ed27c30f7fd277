"""What is asked and what is answered: the same ids, bodies and headers for every column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["one", "page", "create"]
KINDS: tuple[Kind, ...] = ("one", "page", "create")
IDS = 1_000
PAGE = 20
KEY = "ak_test_enterprise_bench"

_ONE: Mapping[str, Any] = {
    "system_id": "sys_abc123",
    "risk_tier": "high",
    "annex_iii_category": 4,
    "annex_iii_sub_point": "4(a)",
    "confidence": "high",
    "key_factors": [
        "System output influences employment decisions affecting individuals",
        "Output is used to rank and filter applicants from a pool",
        "Human override is possible but uncommon in practice",
    ],
    "obligations": [
        "Annex IV technical documentation required",
        "Conformity assessment required before deployment",
        "Registration in EU AI Act database required",
        "Human oversight measures must be implemented",
    ],
    "classified_at": "2026-03-15T10:42:00Z",
    "version": 2,
}
_ROW: Mapping[str, Any] = {
    "id": "sys_abc123",
    "name": "Candidate Screening Model v2",
    "domain": "Human Resources / Employment",
    "risk_tier": "high",
    "annex_iii_category": 4,
    "classification_date": "2026-03-15T10:42:00Z",
    "documentation_score": 87,
    "created_at": "2026-03-14T09:00:00Z",
}
_CREATED: Mapping[str, Any] = {
    "id": "sys_def456",
    "name": "Loan Approval Engine",
    "domain": "Financial Services / Credit Assessment",
    "risk_tier": None,
    "classification_date": None,
    "created_at": "2026-04-13T14:30:00Z",
}


@dataclass(frozen=True, slots=True)
class Routes:
    """Where a server keeps the three things that are asked for; `{id}` stands for one of the ids."""

    one: str = "/systems/{id}"
    page: str = f"/systems?limit={PAGE}"
    create: str = "/systems"

    def path(self, kind: Kind) -> str:
        """The path template of one kind of request."""
        return {"one": self.one, "page": self.page, "create": self.create}[kind]


@dataclass(frozen=True, slots=True)
class Workload:
    """The ids to cycle over and the three bodies that a server without data of its own answers with."""

    ids: tuple[str, ...]
    one: str
    page: str
    created: str
    headers: Mapping[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {KEY}"})

    def body(self, kind: Kind) -> str:
        """The body that answers one kind of request."""
        return {"one": self.one, "page": self.page, "create": self.created}[kind]

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The systems of a page."""
        rows: Sequence[Mapping[str, Any]] = json.loads(self.page)["data"]
        return rows


def documented() -> Workload:
    """The documented example bodies under made-up ids, for a run in which the sandbox is absent."""
    page = {"data": [dict(_ROW)] * PAGE, "meta": {"total": IDS, "cursor": "c" * 24}}
    ids = tuple(f"sys_{number:06d}" for number in range(IDS))
    return Workload(ids, _compact({"data": _ONE}), _compact(page), _compact({"data": _CREATED}))


def new_system(name: str) -> dict[str, str]:
    """The body of a create; the load generator sends the same with a name of its own each time."""
    return {
        "name": name,
        "description": "Scores personal loan applications using applicant financial history and behavioural data.",
        "purpose": "Automate initial credit decisions to reduce processing time",
        "domain": "Financial Services / Credit Assessment",
    }


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
