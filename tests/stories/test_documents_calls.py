"""Every call of the API reference, with another host and nothing else changed, gives what the reference shows."""

import json

import pytest

from sandbox import Settings, create_app

HEADERS = {"Authorization": "Bearer ak_live_your_api_key_here"}


@pytest.fixture
def client():
    return create_app(Settings(fixture="docs", clock="frozen")).test_client()


def test_get_systems(client):
    answer = client.get("/v1/systems", headers=HEADERS)
    assert answer.status_code == 200
    assert answer.json == {
        "data": [
            {
                "id": "sys_abc123",
                "name": "Candidate Screening Model v2",
                "domain": "Human Resources / Employment",
                "risk_tier": "high",
                "annex_iii_category": 4,
                "classification_date": "2026-03-15T10:42:00Z",
                "documentation_score": 87,
                "created_at": "2026-03-14T09:00:00Z",
            }
        ],
        "meta": {"total": 1, "cursor": None},
    }


def test_post_systems(client):
    body = {
        "name": "Loan Approval Engine",
        "description": "Scores personal loan applications using applicant financial history and behavioural data.",
        "purpose": "Automate initial credit decisions to reduce processing time",
        "domain": "Financial Services / Credit Assessment",
    }
    answer = client.post("/v1/systems", headers=HEADERS, json=body)
    assert answer.status_code == 201
    data = answer.json["data"]
    assert data.pop("id").startswith("sys_")
    assert data == {
        "name": "Loan Approval Engine",
        "domain": "Financial Services / Credit Assessment",
        "risk_tier": None,
        "classification_date": None,
        "created_at": "2026-04-13T14:30:00Z",
    }


def test_get_classification(client):
    answer = client.get("/v1/systems/sys_abc123/classification", headers=HEADERS)
    assert answer.json == {
        "data": {
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
    }


def test_post_documents(client):
    answer = client.post(
        "/v1/systems/sys_abc123/documents", headers=HEADERS, json={"sections": ["all"], "language": "en"}
    )
    assert answer.status_code == 202
    data = answer.json["data"]
    job = data.pop("job_id")
    assert data == {"status": "queued", "estimated_seconds": 60, "poll_url": f"http://localhost/v1/jobs/{job}"}
    assert client.get(data["poll_url"], headers=HEADERS).json["data"]["status"] == "queued"


def test_get_monitoring(client):
    answer = client.get("/v1/systems/sys_abc123/monitoring", headers=HEADERS)
    assert answer.json == {
        "data": {
            "system_id": "sys_abc123",
            "monitoring_active": True,
            "last_checked_at": "2026-04-13T13:00:00Z",
            "overall_health": "warning",
            "alerts": [
                {
                    "id": "alert_001",
                    "type": "data_drift",
                    "severity": "warning",
                    "metric": "PSI",
                    "value": 0.23,
                    "threshold": 0.2,
                    "feature": "years_of_experience",
                    "triggered_at": "2026-04-13T11:15:00Z",
                    "resolved": False,
                }
            ],
            "incident_count_30d": 0,
            "documentation_score": 87,
            "days_since_last_review": 29,
        }
    }


def test_the_quota_headers_are_the_documented_three(client):
    for _ in range(13):
        answer = client.get("/v1/systems", headers=HEADERS)
    assert answer.headers["X-RateLimit-Limit"] == "100"
    assert answer.headers["X-RateLimit-Remaining"] == "87"
    assert int(answer.headers["X-RateLimit-Reset"]) >= 1776090600


def test_the_error_is_the_documented_envelope(client):
    client.get("/v1/systems", headers=HEADERS)
    answer = client.get("/v1/systems/sys_abc999/monitoring", headers=HEADERS)
    assert answer.status_code == 404
    error = json.loads(answer.data)["error"]
    assert list(error) == ["code", "message", "request_id"]
    assert error["message"] == "AI system with ID sys_abc999 was not found in this workspace."
    assert len(error["request_id"]) == len("req_9f3a2b1c")
