"""The command as a user types it, with both APIs: what it prints, and which of them a flag is for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from sandbox.app import create_store, load_api
from sandbox.settings import Settings
from sandbox.web.files import FileError
from tests.acme import ADMIN, OWN, VIEWER
from tests.served import serving

AIKRAFT = {"Authorization": "Bearer ak_test_enterprise_of_a_suite"}
MINE = {"Authorization": f"Bearer {OWN}"}
SCENARIO = {
    "scenario": "one-of-mine", "api": "ctrlai", "summary": "No question is answered.",
    "rules": [{"name": "no-answer", "when": {"operation": "infer"}, "then": {"error": {"status": 500}}}],
}  # fmt: skip


def sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def printed(*flags: str, lines: int) -> list[str]:
    """Return the first lines that a server prints."""
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip("\n") for _ in range(lines)]
        process.terminate()
    return said


def totals(origin: str, headers: dict[str, str] | None = None) -> tuple[int, int]:
    """Return how many systems and how many units there are."""
    systems = httpx.get(f"{origin}/v1/systems", headers=AIKRAFT).json()
    units = httpx.get(f"{origin}/api/v1/units", headers=headers or MINE).json()
    return systems["meta"]["total"], units["meta"]["total"]


def realms(**given: str) -> dict[str, tuple[str, str | None]]:
    """Return the fixture and the scenario that each API starts with."""
    started = create_store(Settings(**given)).realms  # type: ignore[arg-type]
    return {
        each.name: (each.source.name, None if (played := each.lobby.play.scenario) is None else played.name)
        for each in started
    }


def written(folder: Path, name: str, document: object) -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_a_server_prints_where_both_apis_are_a_key_for_each_and_the_admin_token() -> None:
    first, key, second, other, token = printed(lines=5)
    assert re.fullmatch(r"aikraft: http://127\.0\.0\.1:[0-9]+/v1", first)
    assert re.fullmatch(r"ctrlai: http://127\.0\.0\.1:[0-9]+/api/v1", second)
    assert "ak_test_enterprise_hello" in key
    assert "ctrlai_pk_7e57" in other
    assert token.startswith("admin token: ")


def test_the_key_that_is_printed_for_ctrl_ai_opens_a_world() -> None:
    with serving("default", "--api", "ctrlai") as origin:
        answer = httpx.get(f"{origin}/api/v1/units", headers=MINE)
        assert answer.status_code == 200
        assert httpx.get(f"{origin}/v1/systems", headers=AIKRAFT).status_code == 404
        assert [each["name"] for each in httpx.get(origin).json()["apis"]] == ["ctrlai"]
        assert httpx.get(f"{origin}/openapi/ctrlai.json").json()["servers"] == [{"url": "/api"}]
        assert httpx.get(f"{origin}/openapi/aikraft.json").status_code == 404


def test_the_role_of_undeclared_keys_can_be_given() -> None:
    with serving("default", "--role", "viewer") as origin:
        assert httpx.get(f"{origin}/api/v1/units", headers=MINE).status_code == 200
        refused = httpx.post(f"{origin}/api/v1/domains", headers=MINE, json={"name": "N"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
        assert httpx.get(f"{origin}/v1/systems", headers=AIKRAFT).status_code == 200


def test_strict_keys_refuse_undeclared_ones_of_both_apis() -> None:
    with serving("default", "--strict-keys") as origin:
        assert httpx.get(f"{origin}/api/v1/units", headers=MINE).status_code == 401
        assert httpx.get(f"{origin}/v1/systems", headers=AIKRAFT).status_code == 401
        assert httpx.get(f"{origin}/api/v1/units", headers={"Authorization": f"Bearer {VIEWER}"}).status_code == 200


def test_a_fixture_in_a_file_is_for_the_api_that_it_names_and_the_other_has_its_default(tmp_path: Path) -> None:
    source = Path("fixtures/ctrlai/empty.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(source.replace("fixture: empty", "fixture: mine"))
    with serving(str(tmp_path / "mine.yaml")) as origin:
        key = {"Authorization": f"Bearer {ADMIN}"}
        assert totals(origin, key)[1] == 0
        assert totals(origin)[0] > 0
    assert realms(fixture=str(tmp_path / "mine.yaml")) == {"aikraft": ("default", None), "ctrlai": ("mine", None)}


def test_a_name_is_for_every_api_that_has_it() -> None:
    assert realms(fixture="docs") == {"aikraft": ("docs", None), "ctrlai": ("docs", None)}
    assert realms(scenario="flaky") == {"aikraft": ("default", "flaky"), "ctrlai": ("default", "flaky")}
    assert realms(scenario="model-outage") == {"aikraft": ("default", None), "ctrlai": ("default", "model-outage")}
    assert realms(scenario="stuck-jobs") == {"aikraft": ("default", "stuck-jobs"), "ctrlai": ("default", None)}


def test_a_scenario_in_a_file_strikes_the_api_that_it_names_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "mine.yaml", SCENARIO)
    assert realms(scenario=path) == {"aikraft": ("default", None), "ctrlai": ("default", "one-of-mine")}
    with serving("default", "--scenario", path) as origin:
        assert httpx.post(f"{origin}/api/v1/inference", headers=MINE, json={"query": "So?"}).status_code == 500
        assert all(totals(origin))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--role", "owner"), "invalid choice"),
        (("--api", "ctrlai", "--scenario", "stuck-jobs"), "expected one of"),
        (("--scenario", "./nope.yaml"), "expected a file"),
        (("--api", "aikraft", "--fixture", "fixtures/ctrlai/docs.yaml"), "api"),
    ],
)
def test_a_call_that_cannot_be_obeyed_exits_with_2_and_says_why(flags: tuple[str, ...], words: str) -> None:
    done = sandbox("serve", "--port", "0", *flags)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["fixture", "scenario"])
@pytest.mark.parametrize("document", [[], "text", {"api": "third"}, {"api": ["ctrlai"]}, {"api": None}, {1: 2}])
def test_a_file_of_no_api_is_refused_in_words(tmp_path: Path, kind: str, document: object) -> None:
    path = written(tmp_path, "odd.yaml", document)
    with pytest.raises(FileError, match=r"odd\.yaml"):
        create_store(Settings(**{kind: path}))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["fixture", "scenario"])
def test_a_file_of_an_api_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, "odd.yaml", {"api": "third"})
    with pytest.raises(FileError, match="api: expected one of aikraft, ctrlai, got 'third'"):
        create_store(Settings(**{kind: path}))  # type: ignore[arg-type]


def test_flask_lists_every_operation_of_both_apis() -> None:
    command = [sys.executable, "-m", "flask", "--app", "sandbox", "routes"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in listed.splitlines()]
    routes = {(line[1], re.sub(r"<([^>]*)>", r"{\1}", line[2])) for line in lines if len(line) == 3}
    for name in ("aikraft", "ctrlai"):
        contract = load_api(name).contract
        for each in contract.operations.values():
            assert (each.method, contract.prefix + each.path) in routes
    assert sum(line[:1] == ["infer"] for line in lines) == 1
