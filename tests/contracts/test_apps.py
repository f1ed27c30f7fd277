"""`sandbox check` finds what each of the misbehaving servers does wrong, over a real socket, and nothing in the sandbox."""

from __future__ import annotations

import json

import pytest

from sandbox.cli import main
from tests.apps.catalogue import ALWAYS_BUSY, APPS, App
from tests.served import by_werkzeug

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning")


def checked(app: App, url: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    """Return the exit code and the report of a short run against this URL."""
    words = ["check", "--api", app.api, "--url", url, "--max-examples", "3", "--operations", *app.operations, "--json"]
    code = main(words)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", APPS)
def test_a_misbehaving_server_is_found_and_the_operation_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    app = APPS[name]
    with by_werkzeug(app.made()) as url:
        code, report = checked(app, url, capsys)
    assert code == 1
    assert report["verdict"] == "findings"
    found = [each for each in report["findings"] if each["check"] == app.check]
    assert app.named in {each["operation"] for each in found}, report["findings"]
    assert all(each["expected"] and each["came"] and each["calls"] for each in found)
    assert all(url in call for each in found for call in each["calls"])


def test_a_server_that_is_always_busy_is_a_hollow_green(capsys: pytest.CaptureFixture[str]) -> None:
    with by_werkzeug(ALWAYS_BUSY.made()) as url:
        code, report = checked(ALWAYS_BUSY, url, capsys)
    assert (code, report["findings"], report["verdict"]) == (1, [], "hollow")
    missed = {each["link"]: each["because"] for each in report["links"]["missed"]}
    assert "mostly 429" in missed["POST /systems -> [201] classify -> POST /systems/{id}/classification"]


@pytest.mark.parametrize("api", ["aikraft", "ctrlai"])
def test_the_sandbox_has_none_of_their_faults(api: str, capsys: pytest.CaptureFixture[str]) -> None:
    operations = sorted({name for each in APPS.values() if each.api == api for name in each.operations})
    app = App("It behaves.", lambda inner: inner, tuple(operations), "", "", api)
    with by_werkzeug(app.made()) as url:
        code, report = checked(app, url, capsys)
    assert (code, report["findings"], report["errors"]) == (0, [], [])
    assert report["links"]["missed"] == []
    assert report["links"]["declared"]["covered"] > 0
