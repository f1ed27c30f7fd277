"""The command as a user types it."""

import json
import subprocess
import sys

import httpx
import pytest

from sandbox.version import VERSION
from tests.served import serving

KEY = {"Authorization": "Bearer ak_test_something_private"}


def sandbox(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_health_answers_once_the_url_is_printed():
    with serving("docs") as origin:
        assert httpx.get(f"{origin}/__admin/health").json() == {"status": "ok"}
        assert httpx.get(f"{origin}/__admin/version").json()["version"] == VERSION


def test_clock_plan_scope_quota_and_seed_can_be_given():
    flags = [
        "--clock",
        "frozen@2030-01-01T00:00:00Z",
        "--plan",
        "starter",
        "--scope",
        "read",
        "--quota",
        "observe",
        "--seed",
        "5",
    ]
    with serving("docs", *flags) as origin:
        answer = httpx.get(f"{origin}/v1/systems", headers=KEY)
        assert answer.headers["Date"] == "Tue, 01 Jan 2030 00:00:00 GMT"
        assert answer.headers["X-RateLimit-Limit"] == "100"
        assert httpx.post(f"{origin}/v1/systems", headers=KEY, json={}).status_code == 403


def test_strict_keys_refuse_the_undeclared():
    with serving("docs", "--strict-keys", "--api", "aikraft") as origin:
        assert httpx.get(f"{origin}/v1/systems", headers=KEY).status_code == 401


def test_the_contract_is_served_with_the_sandbox_as_its_server():
    with serving("docs") as origin:
        contract = httpx.get(f"{origin}/openapi/aikraft.json").json()
    assert contract["servers"] == [{"url": "/v1"}]
    assert contract["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--host", "0.0.0.0"], "--admin-token"),
        (["--fixture", "nope"], "expected one of"),
        (["--fixture", "./nope.yaml"], "expected a file"),
        (["--clock", "soon"], "expected real, frozen"),
        (["--port", "99999"], "cannot bind"),
        (["--port", "x"], "invalid int value"),
        (["--quota", "maybe"], "invalid choice"),
        (["--api", "other"], "invalid choice"),
    ],
)
def test_a_call_that_cannot_be_obeyed_exits_with_2_and_says_why(flags, words):
    done = sandbox("serve", "--port", "0", *flags)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told_with_the_remedy():
    with serving("docs") as origin:
        done = sandbox("serve", "--port", origin.rpartition(":")[2])
    assert done.returncode == 2
    assert "--port 0 takes a free port" in done.stderr


def test_no_key_is_ever_printed():
    with serving("docs") as origin:
        httpx.get(f"{origin}/v1/systems", headers={"Authorization": "Bearer ak_live_secret_of_somebody"})
    # serving() asserts that nothing but the two lines was said; here the answer itself is searched
    with serving("docs") as origin:
        answer = httpx.get(f"{origin}/v1/systems", headers={"Authorization": "Bearer ak_live_secret_of_somebody"})
    assert "secret_of_somebody" not in answer.text + str(answer.headers)


def test_flask_lists_every_operation():
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "sandbox", "routes"], capture_output=True, text=True, check=True
    )
    for operation in (
        "listSystems",
        "createSystem",
        "getClassification",
        "createClassification",
        "createDocuments",
        "getJob",
        "getMonitoring",
        "ingestAggregates",
    ):
        assert operation in done.stdout


def test_a_seeded_fixture_can_be_served(tmp_path):
    done = sandbox("seed", "--systems", "30", "--seed", "3")
    assert done.returncode == 0
    assert done.stdout == sandbox("seed", "--systems", "30", "--seed", "3").stdout
    (tmp_path / "many.yaml").write_text(done.stdout)
    with serving(str(tmp_path / "many.yaml")) as origin:
        assert httpx.get(f"{origin}/v1/systems", headers=KEY).json()["meta"]["total"] == 30


def test_serving_imports_neither_faker_nor_the_test_tools():
    code = "import sys, sandbox.cli, sandbox.app, sandbox.web.server, sandbox.web.app; sandbox.app.create_app(); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout
    assert not [each for each in ("faker", "hypothesis", "schemathesis", "pytest") if f"'{each}'" in loaded]


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert version("aikraft-sandbox") == VERSION == sandbox("--version").stdout.strip()
    assert json.dumps(VERSION)


def test_a_seeded_fixture_of_the_other_api_can_be_served(tmp_path):
    done = sandbox("seed", "--api", "ctrlai", "--units", "30", "--seed", "3")
    (tmp_path / "units.yaml").write_text(done.stdout)
    key = {"Authorization": "Bearer ctrlai_pk_7e570000000000000000000000000001"}
    with serving(str(tmp_path / "units.yaml")) as origin:
        assert httpx.get(f"{origin}/api/v1/units", headers=key).json()["meta"]["total"] == 30
        systems = httpx.get(f"{origin}/v1/systems", headers={"Authorization": "Bearer ak_test_enterprise_seed"})
        assert systems.json()["meta"]["total"] > 1
