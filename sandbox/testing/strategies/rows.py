"""What a workspace is filled with: bodies for new systems and new units, realistic and varied."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sandbox.app import contract_of
from sandbox.testing.strategies.body import bodies, fits
from sandbox.testing.strategies.values import Json, texts

_MARKETS = ("Credit Scoring", "Candidate Screening", "Fraud Detection", "Claims Triage", "Exam Proctoring", "Grid Load")
_THINGS = ("Model", "Engine", "Assistant", "Classifier", "Ranker", "Forecast")
_AREAS = (
    "Financial Services / Credit Assessment", "Human Resources / Employment", "Education / Assessment",
    "Healthcare / Medical Devices", "Critical Infrastructure / Energy", "Retail / Marketing", "Öffentliche Verwaltung",
)  # fmt: skip
_DESCRIPTIONS = (
    "Scores personal loan applications using financial history.", "Ranks and filters applicants from a pool.",
    "Flags payments for a person to look at.\nNothing is blocked by itself.", "Estimates demand für die nächsten Tage.",
)  # fmt: skip
_PURPOSES = ("Automate initial decisions", "Reduce processing time", "Support reviewers in their work", "支援審查人員")
_LONGEST_NAME, _LONGEST_TEXT = 200, 5000


def systems(*, names: Json | None = None) -> Json:
    """Return bodies for createSystem: ordinary ones first, also in any script and at the limits of length.

    `names` draws the names instead: `st.just("Loan")` makes every two of them clash, `st.uuids().map(str)` none.
    """
    contract = contract_of("aikraft")
    operation = contract.operations["createSystem"]
    fields = {
        "name": _names() if names is None else names,
        "description": _prose(_DESCRIPTIONS),
        "purpose": _prose(_PURPOSES),
        "domain": _prose(_AREAS),
    }
    return st.fixed_dictionaries(fields).filter(lambda body: fits(operation, body))


def units(*, names: Json | None = None, domain: str | None = None) -> Json:
    """Return bodies for createUnit; `names` as for `systems()`, `domain` the domain's id instead of the contract's."""
    contract = contract_of("ctrlai")
    operation = contract.operations["createUnit"]
    named = bodies("ctrlai", "createUnit").flatmap(
        lambda body: (_names() if names is None else names).map(lambda name: _unit(body, name, domain))
    )
    return named.filter(lambda body: fits(operation, body))


def _unit(body: dict[str, Any], name: str, domain: str | None) -> dict[str, Any]:
    return {**body, "name": name, **({} if domain is None else {"domainId": domain})}


def _names() -> Json:
    made = st.builds(lambda market, thing, version: f"{market} {thing} v{version}",
                     st.sampled_from(_MARKETS), st.sampled_from(_THINGS), st.integers(1, 9999))  # fmt: skip
    return st.one_of(made, texts(1, _LONGEST_NAME, visible=True))


def _prose(ordinary: tuple[str, ...]) -> Json:
    return texts(1, _LONGEST_TEXT, visible=True, first=ordinary)
