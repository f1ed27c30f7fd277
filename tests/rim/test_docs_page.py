"""The control plane's reference as a page: whole without a network, at any address, and nothing goes out from it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.wrappers import Response

from sandbox.app import control_contract
from sandbox.web.app import flask_app
from tests.rim.doors import fresh_store
from tests.served import by_werkzeug

PAGE = "/__admin/docs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for each in BROWSERS if (found := shutil.which(each))), None)
ELSEWHERE = re.compile(r"(?:https?:)?//[A-Za-z0-9]|cdn|unpkg|jsdelivr|googleapis", re.IGNORECASE)


def mounted(prefix: str = ""):
    """Return the Flask app, below a prefix if one is given."""
    app = flask_app(fresh_store())
    return DispatcherMiddleware(Response("not here", 404), {prefix: app}) if prefix else app


def got(prefix: str, path: str, **headers: str):
    return Client(mounted(prefix)).get(prefix + path, headers={"Host": "127.0.0.1", **headers})


def loaded(page: str) -> list[str]:
    """Return every address in the page that a browser would load or lead to."""
    return [each for each in re.findall(r'(?:src|href)="([^"]*)"', page) if not each.startswith("data:")]


@pytest.mark.parametrize("prefix", ["", "/twin", "/a/b"])
def test_every_address_in_the_page_is_relative_and_answers(prefix: str) -> None:
    page = got(prefix, PAGE)
    addresses = loaded(page.get_data(as_text=True))
    assert len(addresses) == 4
    for each in addresses:
        assert not urlsplit(each).netloc
        assert not each.startswith("/")
        target = urljoin(prefix + PAGE, each)
        assert target.startswith(f"{prefix}/__admin/")
        assert got(prefix, target.removeprefix(prefix)).status_code == 200


def test_the_script_fetches_the_contract_and_nothing_else() -> None:
    script = got("", f"{PAGE}/start.js").get_data(as_text=True)
    assert re.findall(r"fetch\(([^)]*)\)", script) == ['"openapi.json"']
    assert got("", urljoin(PAGE, "openapi.json")).get_json()["paths"]


@pytest.mark.parametrize("file", ["", "/start.js"])
def test_no_other_host_is_named(file: str) -> None:
    assert not ELSEWHERE.search(got("", PAGE + file).get_data(as_text=True).replace("// ", ""))


@pytest.mark.parametrize("file", ["", "/start.js", "/swagger-ui.css", "/swagger-ui-bundle.js"])
def test_the_policy_lets_in_what_comes_from_here_and_nothing_else(file: str) -> None:
    answer = got("", PAGE + file)
    parts = dict(each.strip().partition(" ")[::2] for each in answer.headers["Content-Security-Policy"].split(";"))
    assert (parts["default-src"], parts["script-src"], parts["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (parts["frame-ancestors"], parts["base-uri"], parts["form-action"]) == ("'none'",) * 3
    assert not [each for each in parts.values() if "http" in each or "*" in each or "eval" in each]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("file", ["other.js", "index.css", "start.js.map", "%2e%2e"])
def test_the_page_has_no_other_file(file: str) -> None:
    answer = got("", f"{PAGE}/{file}")
    assert (answer.status_code, answer.get_json()["cause"]) == (404, "file-not-found")


@pytest.mark.parametrize("host", ["localhost:8800", "192.168.1.20:8800", "[::1]:8800"])
def test_the_page_is_there_under_every_name_that_may_steer(host: str) -> None:
    assert got("", PAGE, Host=host).status_code == 200


def test_the_page_is_not_there_under_a_foreign_name() -> None:
    assert got("", PAGE, Host="evil.example").status_code == 403


def browse(url: str, folder) -> tuple[str, str, list[str]]:
    """Return the page as the browser made it, what its console said, and every address that the page asked for."""
    flags = [
        "--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update",
        "--no-first-run", "--disable-dev-shm-usage", "--enable-logging=stderr", "--log-level=0",
        "--virtual-time-budget=20000", f"--user-data-dir={folder}/profile", f"--log-net-log={folder}/net.json",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--dump-dom",
    ]  # fmt: skip
    done = subprocess.run([BROWSER, *flags, url], capture_output=True, text=True, timeout=120, check=True)
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    events = json.loads((folder / "net.json").read_text())["events"]
    asked = [each["params"] for each in events if "url" in each.get("params", {})]
    return done.stdout, console, [each["url"] for each in asked if each.get("initiator") == origin]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: the page is not looked at as a browser shows it")
@pytest.mark.parametrize("prefix", ["", "/twin"])
def test_a_browser_shows_every_operation_and_asks_nobody_else(prefix: str, tmp_path) -> None:
    with by_werkzeug(mounted(prefix)) as origin:
        page, console, asked = browse(f"{origin}{prefix}{PAGE}#/Clock/putClock", tmp_path)
    shown = set(re.findall(r'class="opblock-summary-operation-id"[^>]*>([A-Za-z]+)<', page))
    assert shown == set(control_contract().operations)
    assert not console
    assert asked
    assert all(each.startswith(f"{origin}{prefix}/__admin/") for each in asked)
    # the operation that the address names is open, with the parameters that it shares with others
    assert "With the admin token, the world to act on" in page
    assert f'value="{origin}{prefix}/__admin"' in page
    assert "Warning" not in page
