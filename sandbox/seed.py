# ruff: noqa: E501 (a row of a table is a line, so that rows can be compared)
"""Fixtures of made-up systems, as many as are asked for: the same number and seed give the same text.

The names are Faker's, the rest comes from tables. Offsets are whole minutes before a world is born. Of six systems
about five are classified, and how many kinds of a tier the table has sets how often that tier comes up. A smaller
fixture of a seed holds the first systems of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
from faker import Faker

from sandbox.apis.aikraft.law import PLANS, SCOPES
from sandbox.core.chance import alphanumeric6

MOST = 1_000_000
_DAY = 24 * 60
_OLDEST = 900 * _DAY

Kind = tuple[str, str, str, str]
"""What the system is called after its maker, its description, purpose and domain."""

# fmt: off
KINDS: tuple[Kind, ...] = (
    # High risk: Annex III, point by point, and a product under EU safety law.
    ("Crowd Search", "Compares faces in recorded footage with a list of missing persons.", "Recognise missing persons by face in CCTV footage", "Security / Video Analysis"),
    ("Grid Balancer", "Controls switches of the electricity grid and prevents overload.", "Safety component of the regional power supply", "Energy / Electricity"),
    ("Water Guard", "Controls valves and doses chlorine.", "Manage the safe operation of the water treatment plant", "Utilities / Water"),
    ("Admission Ranking", "Scores applicants for university courses.", "Decide on the admission of students", "Education / Higher Education"),
    ("Essay Marker", "Marks exams and drafts feedback.", "Grade essays of pupils", "Education / Assessment"),
    ("Exam Proctor", "Watches webcams for signs of cheating.", "Detect prohibited behaviour of students in exams", "Education / Testing"),
    ("CV Screener", "Ranks applicants by CV and test results.", "Shortlist candidates for recruiters", "Human Resources / Employment"),
    ("Shift Allocator", "Assigns shifts and rounds to drivers by their ratings.", "Allocate tasks to couriers by past performance", "Logistics / Delivery"),
    ("Benefit Check", "Reviews applications for social assistance.", "Decide on eligibility for housing benefits", "Public Administration / Welfare"),
    ("Loan Score", "Estimates the probability of default from account data.", "Assess the creditworthiness of applicants", "Financial Services / Credit"),
    ("Premium Model", "Predicts claims from age and lifestyle.", "Set premiums in health insurance", "Insurance / Underwriting"),
    ("Call Triage", "Ranks incoming calls by urgency.", "Prioritise emergency calls and dispatch ambulances", "Healthcare / Emergency Services"),
    ("Evidence Check", "Scores how authentic recordings are.", "Evaluate the reliability of evidence for prosecutors", "Law Enforcement / Forensics"),
    ("Visa Desk", "Summarises files and proposes an outcome.", "Examine visa applications", "Public Administration / Migration"),
    ("Case Law Finder", "Searches rulings and drafts comparisons.", "Assist judges in researching the law", "Justice / Courts"),
    ("Dose Advisor", "Medical device that reads a sensor and proposes a dose.", "Medical device for the treatment of diabetes", "Healthcare / Medical Devices"),
    # Prohibited.
    ("Mood Monitor", "Detects the mood of employees through cameras.", "Recognise emotions of staff in meetings", "Human Resources / Workplace"),
    ("Conduct Index", "Rates residents by conduct and unpaid fines.", "Rank citizens by trustworthiness", "Public Administration / Municipal Services"),
    # Transparency duties.
    ("Help Chatbot", "Chatbot that answers questions about orders.", "Solve simple requests at any hour", "Retail / Customer Service"),
    ("Booking Assistant", "Virtual assistant that answers travellers.", "Change bookings by chat", "Travel / Customer Service"),
    ("Image Studio", "Generates images from product data.", "Illustrate the catalogue", "Retail / Marketing"),
    ("Voice Studio", "Generates speech from articles.", "Let readers listen to the news", "Media / Publishing"),
    ("Clip Maker", "Generates video from a script.", "Produce trailers", "Media / Film"),
    ("Review Digest", "Detects sentiment in product reviews.", "Sum up the moods of buyers", "Retail / Analytics"),
    # Free of obligations.
    ("Spam Filter", "Sorts unwanted mail into a folder.", "Detect spam messages", "Information Technology / E-mail"),
    ("Parcel Forecast", "Predicts how many parcels arrive each day.", "Plan stock of packaging", "Logistics / Planning"),
    ("Demand Planner", "Predicts sales of each shop.", "Plan inventory", "Retail / Planning"),
    ("Tune Picker", "Recommends songs by what was played last.", "Recommend music", "Media / Entertainment"),
    ("Rival Engine", "Moves the opponent in a racing game.", "Make the game fun", "Media / Games"),
    ("Payment Watch", "Flags card payments that do not fit.", "Detect fraud before a payment leaves", "Financial Services / Fraud Detection"),
    ("Weld Inspector", "Finds cracks in pictures of welds.", "Sort out faulty parts", "Manufacturing / Quality"),
    ("Invoice Reader", "Reads amounts and dates on scanned invoices.", "Spare clerks the typing", "Finance / Accounting"),
)
_ANSWERS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"human_override": "always"}, {"human_override": "uncommon"}, {"affects_individuals": True},
    {"affects_individuals": False}, {"fully_automated": True}, {"profiling": True}, {"narrow_procedural_task": True},
)
_ALERTS: tuple[dict[str, Any], ...] = (
    {"type": "data_drift", "metric": "PSI", "feature": "age"},
    {"type": "data_drift", "metric": "PSI", "feature": "income"},
    {"type": "data_drift", "metric": "PSI", "feature": "region"},
    {"type": "concept_drift", "metric": "PSI"},
    {"type": "prediction_drift", "metric": "PSI"},
    {"type": "llm_drift", "metric": "PSI", "feature": "small-model:output_tokens"},
    {"type": "data_change", "metric": "null_rate", "value": 0.07, "threshold": 0.05, "feature": "region"},
    {"type": "documentation_stale"},
)
# fmt: on


def fixture_text(systems: int, seed: int) -> str:
    """Return a fixture with so many systems as JSON, a system a line; ValueError for fewer than 0 or over a million."""
    if not 0 <= systems <= MOST:
        raise ValueError(f"systems: expected an integer from 0 to {MOST}, got {systems}")
    head = {"fixture": "seeded", "api": "aikraft", "summary": f"{systems} made-up systems of seed {seed}."}
    tables = {"workspaces": _workspaces(), "keys": _keys(), "systems": _systems(systems, seed)}
    parts = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
    parts += [f"{_json(name)}: [{_lines(rows)}]" for name, rows in tables.items()]
    return "{" + ",\n ".join(parts) + "}\n"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _lines(rows: Iterator[dict[str, Any]]) -> str:
    lines = ",\n".join(map(_json, rows))
    return f"\n{lines}\n" if lines else ""


def _workspaces() -> Iterator[dict[str, Any]]:
    for plan in PLANS:
        yield {"id": f"ws_{plan}", "plan": plan}


def _keys() -> Iterator[dict[str, Any]]:
    for mode in ("live", "test"):
        for plan in PLANS:
            for scope in SCOPES:
                yield {"key": f"ak_{mode}_{plan}_{scope}_key", "workspace": f"ws_{plan}", "scope": scope}


def _systems(count: int, seed: int) -> Iterator[dict[str, Any]]:
    fake = Faker("en_US")
    # As text, because numbers that differ in their sign alone give the same sequence.
    fake.seed_instance(f"aikraft {seed}")
    names: dict[str, int] = {}
    for ordinal in range(count):
        yield _system(fake, seed, ordinal, names)


def _system(fake: Faker, seed: int, ordinal: int, names: dict[str, int]) -> dict[str, Any]:
    draw = fake.random
    noun, description, purpose, domain = draw.choice(KINDS)
    age = draw.randrange(2 * _DAY, _OLDEST)
    row = {
        "id": "sys_" + alphanumeric6(seed, "seed", "sys_", ordinal),
        "name": _unique(f"{fake.last_name()} {noun}", names),
        "description": description, "purpose": purpose, "domain": domain, "created": _ago(age),
    }  # fmt: skip
    if draw.random() < 5 / 6:
        first = draw.randrange(60, age)
        row |= _classified(draw, first) | _documented(draw, seed, ordinal, first) | _watched(draw, first)
    return row


def _unique(name: str, names: dict[str, int]) -> str:
    """Return the name, with its version from the second time on."""
    names[name] = version = names.get(name, 0) + 1
    return name if version == 1 else f"{name} v{version}"


def _ago(minutes: int) -> str:
    """Return the offset of an instant that lies so many minutes back."""
    days, rest = divmod(minutes, _DAY)
    return f"-{days}d{rest // 60}h{rest % 60}m"


def _classified(draw: Random, first: int) -> dict[str, Any]:
    times = [first]
    while draw.random() < 0.2 and times[-1] > 120:
        times.append(draw.randrange(60, times[-1]))
    versions = [{"at": _ago(time), "answers": draw.choice(_ANSWERS)} for time in times]
    return {"classified": [{name: value for name, value in each.items() if value} for each in versions]}


def _documented(draw: Random, seed: int, ordinal: int, first: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if draw.random() < 0.3:
        row["sections"] = list(range(1, draw.randrange(2, 10)))
    if draw.random() < 0.25:
        row["reviewed"] = _ago(draw.randrange(first))
    if draw.random() < 0.3:
        row["jobs"] = [_job(draw, "job_" + alphanumeric6(seed, "seed", "job_", ordinal), draw.randrange(10, first))]
    return row


def _job(draw: Random, ident: str, age: int) -> dict[str, Any]:
    job: dict[str, Any] = {"id": ident, "created": _ago(age)}
    if draw.random() < 0.5:
        job["sections"] = sorted(draw.sample(range(1, 9), draw.randrange(1, 8)))
    if draw.random() < 0.5:
        job["language"] = draw.choice(("de", "fr", "nl"))
    state = draw.random()
    if state < 0.1:
        job["error"] = "The model card could not be read."
    elif state < 0.2:
        job["ends" if state < 0.15 else "starts"] = "3650d"
    return job


def _watched(draw: Random, first: int) -> dict[str, Any]:
    if draw.random() < 0.5:
        return {}
    # Kinds that differ, because a thing that drifts has one open alert; the oldest is the first to have got its id.
    kinds = draw.sample(_ALERTS, draw.choice((0, 0, 0, 1, 1, 2)))
    times = sorted((draw.randrange(10, min(first, 120 * _DAY)) for _ in kinds), reverse=True)
    alerts = [_alert(draw, kind, time) for kind, time in zip(kinds, times, strict=True)]
    incidents = [_ago(draw.randrange(min(first, 90 * _DAY))) for _ in range(draw.choice((0, 0, 0, 1, 3)))]
    row: dict[str, Any] = {"checked": _ago(draw.randrange(5)), "alerts": alerts, "incidents": incidents}
    return {name: value for name, value in row.items() if value}


def _alert(draw: Random, kind: dict[str, Any], opened: int) -> dict[str, Any]:
    alert = {**kind, "severity": "warning", "triggered": _ago(opened)}
    if kind.get("metric") == "PSI":
        alert["value"] = value = draw.randrange(20, 40) / 100
        alert["severity"], alert["threshold"] = ("critical", 0.25) if value >= 0.25 else ("warning", 0.2)
    if draw.random() < 0.5:
        alert["resolved"] = _ago(draw.randrange(5, opened))
    return alert
