"""`sandbox replay`: a capsule on disk, gone through again by a command of its own."""

import json
import subprocess
import sys

import pytest

from sandbox.settings import Settings
from sandbox.testing.transport import SandboxTransport
from tests.support import LOAN

httpx = pytest.importorskip("httpx")
KEY = "ak_test_enterprise_capsule"


@pytest.fixture(scope="module")
def capsule():
    """Return a capsule of four records: a read, a creation, an advance of the clock, an unknown path."""
    transport = SandboxTransport(Settings(fixture="docs", clock="frozen"))
    with httpx.Client(
        transport=transport, base_url="http://sandbox", headers={"Authorization": f"Bearer {KEY}"}
    ) as client:
        client.get("/v1/systems?limit=1")
        client.post("/v1/systems", json=LOAN)
        client.post("/__admin/clock/advance", json={"by": "3d"})
        client.get("/v1/nowhere")
        return client.get("/__admin/capsule").json()


def run(path, *flags):
    command = [sys.executable, "-W", "error", "-m", "sandbox", "replay", str(path), *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done


def written(folder, document):
    path = folder / "capsule.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def changed(capsule, change):
    copy = json.loads(json.dumps(capsule))
    change(copy)
    return copy


def test_a_capsule_is_gone_through_with_the_same_answers(capsule, tmp_path):
    done = run(written(tmp_path, capsule))
    assert (done.returncode, done.stdout) == (0, "4 of 4 records gone through, every answer the same\n")


def test_a_report_in_json_says_the_same(capsule, tmp_path):
    report = json.loads(run(written(tmp_path, capsule), "--json").stdout)
    assert report == {"identical": True, "replayed": 4, "records": 4, "same_contract": True, "difference": None}


def test_it_stops_at_a_record_and_explains_it(capsule, tmp_path):
    report = json.loads(run(written(tmp_path, capsule), "--at", "2", "--json").stdout)
    assert report["replayed"] == 2
    assert report["record"]["operation"]["id"] == "createSystem"
    assert [each["table"] for each in report["record"]["changes"]] == ["systems"]


def test_another_answer_is_told_with_its_place_and_is_a_finding(capsule, tmp_path):
    def spoil(copy):
        answer = copy["records"][1]["answer"]
        answer["body"] = answer["body"].replace("Loan Approval", "Loam Approval")

    done = run(written(tmp_path, changed(capsule, spoil)))
    assert done.returncode == 1
    assert "record 2: its body differs" in done.stdout
    assert "Loam Approval" in done.stdout
    assert "the contract is the same" in done.stdout


def test_another_contract_is_said_to_be_one(capsule, tmp_path):
    def spoil(copy):
        copy["contract"]["sha256"] = "0" * 64
        copy["records"][0]["answer"]["status"] = 203

    done = run(written(tmp_path, changed(capsule, spoil)))
    assert done.returncode == 1
    assert "the contract is another one than when the capsule was made" in done.stdout


def test_another_fixture_is_where_it_first_differs(capsule, tmp_path):
    done = run(written(tmp_path, changed(capsule, lambda copy: copy["base"]["fixture"].update(sha256="0" * 64))))
    assert done.returncode == 1
    assert "record 0: its fixture differs" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda copy: copy.update(capsule=2), "capsule: expected an integer from 1 to 1, got 2"),
        (lambda copy: copy.update(api="akraft"), "api: expected one of aikraft, ctrlai, got 'akraft'"),
        (lambda copy: copy.pop("records"), "records: expected a value, since the field is required, got nothing"),
        (lambda copy: copy["records"][2].update(kind="api2"), "records[2].kind: expected one of api, control"),
        (lambda copy: copy["records"][2]["request"].update(path="/__admin/reset"), "records[2].request: expected one of"),
        (lambda copy: copy["base"]["fixture"].update(name="/etc/passwd"), "base.fixture.name: expected the name of a fixture"),
        (lambda copy: copy["base"]["world"].update(quota="odd"), "base.world.quota: expected one of enforce, observe, off"),
    ],
)  # fmt: skip
def test_what_is_no_capsule_is_a_wrong_call_that_says_where(capsule, tmp_path, spoil, words):
    done = run(written(tmp_path, changed(capsule, spoil)))
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("flags", [("--at", "0"), ("--at", "5")])
def test_a_record_that_is_not_there_is_a_wrong_call(capsule, tmp_path, flags):
    done = run(written(tmp_path, capsule), *flags)
    assert done.returncode == 2
    assert "--at: expected" in done.stderr


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    assert run(tmp_path / "none.json").returncode == 2
