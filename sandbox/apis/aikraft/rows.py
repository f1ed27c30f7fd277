"""What the rows of an exported state may say, each by itself, and the tables that they make.

A row stands in the document as it stands in its table, so that what was exported is read back as the same value. Every
key has to be there. What rows may say together is told by `state_checks`.
"""

from __future__ import annotations

from typing import Any

from immutables import Map
from marshmallow import fields

from sandbox.apis.aikraft import documents, ingest, systems
from sandbox.apis.aikraft.annex_iii import ANNEX_III
from sandbox.apis.aikraft.annex_iv import LANGUAGES, SECTIONS
from sandbox.apis.aikraft.classifier import GRAVITY, point
from sandbox.apis.aikraft.drift import Alert
from sandbox.apis.aikraft.instants import due, exact, second
from sandbox.apis.aikraft.telemetry import STATUSES, STOP_REASONS, Window
from sandbox.core.document import Document, many, nested, number, one_of, text, truth, whole
from sandbox.core.frozen import Frozen
from sandbox.core.workspace import Workspace, table_of

MOST = (1 << 53) - 1
"""The largest integer that every JSON reader keeps exact."""
ROWS = 1_000_000
"""How many rows a table, and how many things a row, may hold."""

ALERT_TYPES = (
    "data_drift", "concept_drift", "prediction_drift", "data_change", "documentation_stale", "llm_drift",
)  # fmt: skip
CONFIDENCES = ("high", "medium", "low")
POINTS = tuple(found for area in ANNEX_III for use in area.uses if (found := point(area, use)))
COUNTS = {
    "latency_ms": 16, "input_tokens": 20, "output_tokens": 20, "output_chars": 22,
    "stop_reason": len(STOP_REASONS), "status": len(STATUSES),
}  # fmt: skip
"""The metrics of telemetry, and into how many counts each one is sorted."""

_SYSTEM = r"sys_[a-z0-9]{6}"
_JOB = r"job_[a-z0-9]{6}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# The contract's `\S` and Python's differ over these: what either takes for more than a blank may stand in a row.
_SAID = r"(?s:.*[\S\x1c-\x1f\x85].*)"


def _sections(**options: Any) -> fields.List[Any]:
    return many(whole(1, len(SECTIONS)), most=len(SECTIONS), **options)


class _Row(Document):
    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002
        field_obj.required = True


class _Classification(_Row):
    system_id = text(_SYSTEM, expected="an id such as sys_abc123")
    risk_tier = one_of(GRAVITY)
    annex_iii_category = whole(1, len(ANNEX_III), allow_none=True)
    annex_iii_sub_point = one_of(POINTS, allow_none=True)
    confidence = one_of(CONFIDENCES)
    key_factors = many(text(longest=1000), least=1, most=1000)
    obligations = many(text(longest=1000), most=1000)
    classified_at = second()
    version = whole(1, ROWS)


class _Draft(_Row):
    at = due()
    job = text(_JOB, expected="an id such as job_xyz789")
    sections = _sections(least=1)


class _Alert(_Row):
    id = text(r"alert_[0-9]{3,}", expected="an id such as alert_001")
    type = one_of(ALERT_TYPES)
    severity = one_of(("warning", "critical"))
    metric = text(allow_none=True)
    value = number(allow_none=True)
    threshold = number(allow_none=True)
    feature = text(allow_none=True)
    triggered_at = second()
    resolved = truth()
    resolved_at = second(allow_none=True)


class _System(_Row):
    id = text(_SYSTEM, expected="an id such as sys_abc123")
    name = text(_SAID, longest=200)
    description = text(_SAID)
    purpose = text(_SAID)
    domain = text(_SAID)
    created_at = second()
    classifications = many(nested(_Classification), most=ROWS)
    sections = _sections()
    drafts = many(nested(_Draft), most=ROWS)
    reviewed_at = second(allow_none=True)
    active = truth()
    checked_at = second(allow_none=True)
    alerts = many(nested(_Alert), most=ROWS)
    alerts_minted = whole(0, ROWS)
    incidents = many(second(), most=ROWS)


class _Error(_Row):
    code = text(r"[a-z]+(_[a-z]+)*", expected="a code such as generation_failed", longest=100)
    message = text()


class _Job(_Row):
    id = text(_JOB, expected="an id such as job_xyz789")
    system_id = text(_SYSTEM, expected="an id such as sys_abc123")
    sections = _sections(least=1)
    language = one_of(LANGUAGES)
    classification = whole(0, ROWS)
    created_at = exact()
    starts_at = due()
    ends_at = due()
    error = nested(_Error, allow_none=True)


class _Window(_Row):
    start = exact()
    end = exact()
    counts = many(whole(0, MOST), least=min(COUNTS.values()), most=max(COUNTS.values()))


class _Series(_Row):
    model = text(r"(?s:.+)", expected="a text that is not empty", longest=128)
    tag = text(r"[A-Za-z0-9_.-]{1,64}", expected="1 to 64 of A-Z a-z 0-9 _ . -", allow_none=True)
    metric = one_of(tuple(COUNTS))
    windows = many(nested(_Window), least=1, most=ROWS)


class _Telemetry(_Row):
    id = text(_SYSTEM, expected="an id such as sys_abc123")
    series = many(nested(_Series), most=ROWS)


class _Batch(_Row):
    id = text(f"{_SYSTEM}/{_UUID}", expected="a system's id, a slash and a UUID in lower case")


class Tables(_Row):
    """The tables of an exported state."""

    systems = many(nested(_System), most=ROWS)
    jobs = many(nested(_Job), most=ROWS)
    telemetry = many(nested(_Telemetry), most=ROWS)
    batches = many(nested(_Batch), most=ROWS)


class Counters(Document):
    """How many ids of each kind were minted."""

    sys_ = whole(0, MOST)
    job_ = whole(0, MOST)


def workspace_from(tables: dict[str, Any], minted: dict[str, int]) -> Workspace:
    """Return the workspace of rows that have passed `Tables` and `state_checks`."""
    made = {
        "systems": table_of(systems.LAYOUT, map(_system, tables["systems"])),
        "jobs": table_of(documents.LAYOUT, map(_job, tables["jobs"])),
        "telemetry": table_of(ingest.LAYOUT, map(_telemetry, tables["telemetry"])),
        "batches": table_of(ingest.LAYOUT, map(Frozen, tables["batches"])),
    }
    return Workspace(Map(made), Map(minted))


def _system(each: dict[str, Any]) -> Frozen:
    return systems.BLANK.having(**{
        **each,
        "classifications": tuple(map(_classification, each["classifications"])),
        "sections": tuple(each["sections"]),
        "drafts": tuple(Frozen({**draft, "sections": tuple(draft["sections"])}) for draft in each["drafts"]),
        "alerts": tuple(Alert(**alert) for alert in each["alerts"]),
        "incidents": tuple(each["incidents"]),
    })  # fmt: skip


def _classification(each: dict[str, Any]) -> Frozen:
    # The order of the keys is that of the answer's bytes, and the schema names them in it.
    return Frozen({**each, "key_factors": tuple(each["key_factors"]), "obligations": tuple(each["obligations"])})


def _job(each: dict[str, Any]) -> Frozen:
    error = None if each["error"] is None else Frozen(each["error"])
    return Frozen({**each, "sections": tuple(each["sections"]), "error": error})


def _telemetry(each: dict[str, Any]) -> Frozen:
    series = {(one["model"], one["tag"], one["metric"]): windows_of(one) for one in each["series"]}
    return Frozen(id=each["id"], series=Frozen(series))


def windows_of(series: dict[str, Any]) -> tuple[Window, ...]:
    """Return the windows of one series as telemetry keeps them."""
    return tuple(Window(one["start"], one["end"], tuple(one["counts"])) for one in series["windows"])
