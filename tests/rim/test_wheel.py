"""The wheel, installed into an environment of its own, serves; wheel and sdist carry what they need."""

import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from tests.served import serving

ROOT = Path(__file__).resolve().parents[2]
CARRIED = [
    "openapi/aikraft.yaml",
    "openapi/admin.yaml",
    "fixtures/aikraft/docs.yaml",
    "fixtures/aikraft/default.yaml",
    "scenarios/README.md",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build wheel and sdist once, without asking the network for the build backend."""
    target = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def test_the_wheel_carries_contracts_fixtures_and_scenarios(built):
    (wheel,) = built.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert wheel.name.startswith("aikraft_sandbox-")
    assert {f"sandbox/data/{each}" for each in CARRIED} <= set(names)
    assert not [each for each in names if each.startswith(("tests/", "bench/"))]


def test_the_sdist_carries_them_too(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {each.partition("/")[2] for each in archive.getnames()}
    assert {*CARRIED, "README.md", "CHANGELOG.md", "sandbox/core/kernel.py"} <= names
    assert {
        each.relative_to(ROOT).as_posix() for each in (ROOT / "examples").rglob("*.*") if each.suffix != ".pyc"
    } <= names


def test_the_wheel_serves_from_a_fresh_environment(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    # The dependencies are those of this environment: the network is not asked. Ours comes first, from the wheel.
    here = subprocess.run(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (Path(site) / "dependencies.pth").write_text(here + "\n")
    where = subprocess.run(
        [python, "-c", "import sandbox; print(sandbox.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout
    assert where.startswith(str(tmp_path))
    with serving("docs", python=str(python)) as origin:
        answer = httpx.get(f"{origin}/v1/systems", headers={"Authorization": "Bearer ak_live_your_api_key_here"})
        plane = {each: httpx.get(f"{origin}/__admin/{each}") for each in ("docs", "docs/start.js", "openapi.json")}
        bundle = httpx.get(f"{origin}/__admin/docs/swagger-ui-bundle.js")
    assert answer.json()["meta"]["total"] == 1
    assert [each.status_code for each in plane.values()] == [200, 200, 200]
    assert "docs/swagger-ui-bundle.js" in plane["docs"].text
    assert plane["openapi.json"].json()["servers"] == [{"url": "/__admin"}]
    assert (bundle.status_code, len(bundle.content) > 100_000) == (200, True)
