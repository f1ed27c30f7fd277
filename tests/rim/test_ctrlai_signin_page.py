"""The page on which a person signs in to Ctrl AI: whole without a network, and used in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from sandbox.apis.ctrlai.signin_page import MOST_USERS, sign_in_page, signed_in_page
from sandbox.core.frozen import Frozen
from tests.rim.browser import BROWSER, Page, browsing
from tests.rim.doors import fresh_store, serving

SIGN_IN = "/api/auth/signin"
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: nobody presses the page's buttons")


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Yield the origin of a server of both APIs; sign-ins are not counted."""
    with serving(fresh_store(apis=("aikraft", "ctrlai"), fixture="default", quota="off")) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield the page of a browser."""
    with browsing(tmp_path_factory.mktemp("browser")) as page:
        yield page


def cookies(page: Page) -> list[dict[str, object]]:
    found: list[dict[str, object]] = page.call("Network.getCookies")["cookies"]
    return found


def said(page: Page) -> str:
    text: str = page.value("document.body.innerText")
    return text


@in_a_browser
def test_whoever_presses_a_users_button_is_that_user_until_they_sign_out(
    origin: str, browser: Page, tmp_path: Path
) -> None:
    browser.open(origin + SIGN_IN)
    browser.picture(tmp_path / "sign-in.png")
    browser.press("form:has([value='rene@acme.example']) button")
    browser.picture(tmp_path / "signed-in.png")
    assert browser.value("document.title") == "Signed in to Ctrl AI"
    assert "Rene Fabre" in said(browser)
    (cookie,) = cookies(browser)
    assert (cookie["name"], cookie["path"], cookie["sameSite"]) == ("authjs.session-token", "/", "Lax")
    assert cookie["httpOnly"] is cookie["session"] is True
    assert browser.value("document.cookie") == ""
    browser.open(f"{origin}/api/auth/session")
    assert '"email":"rene@acme.example"' in said(browser)
    browser.open(f"{origin}/api/v1/orgs")
    assert '"slug":"acme"' in said(browser)
    browser.open(origin + SIGN_IN)
    browser.press("form:has([value='greta@globex.example']) button")
    assert "Greta Sand" in said(browser)
    browser.press("form[action=signout] button")
    browser.picture(tmp_path / "signed-out.png")
    assert cookies(browser) == []
    browser.press("a")
    assert browser.value("document.title") == "Sign in to Ctrl AI"
    assert not browser.console


@in_a_browser
def test_the_page_can_be_used_with_keys_alone(origin: str, browser: Page) -> None:
    browser.open(origin + SIGN_IN)
    browser.key("Tab")
    first = browser.value("document.activeElement.innerText")
    browser.key("Enter", "\r")
    browser.loaded()
    assert browser.value("document.title") == "Signed in to Ctrl AI"
    assert first.splitlines()[0] in said(browser)
    browser.open(origin + SIGN_IN)
    browser.value("document.querySelector('input[type=email]').focus()")
    browser.call("Input.insertText", text="vera@acme.example")
    browser.key("Enter", "\r")
    browser.loaded()
    assert "Vera Novak" in said(browser)


@in_a_browser
def test_an_address_that_nobody_has_is_refused_in_words(origin: str, browser: Page) -> None:
    browser.open(origin + SIGN_IN)
    browser.value("document.querySelector('input[type=email]').focus()")
    browser.call("Input.insertText", text="nobody@acme.example")
    browser.key("Enter", "\r")
    browser.loaded()
    assert "nobody@acme.example" in said(browser)


@in_a_browser
def test_whoever_cannot_see_the_page_is_told_what_everything_on_it_is(origin: str, browser: Page) -> None:
    browser.open(origin + SIGN_IN)
    named = browser.named()
    assert ("heading", "Sign in to Ctrl AI") in named
    assert ("textbox", "E-mail address") in named
    buttons = [name for role, name in named if role == "button"]
    assert len(buttons) == len(set(buttons)) == 8
    assert any("Vera Novak" in each and "viewer of Acme Bank" in each for each in buttons)


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it_and_nothing_is_cut(
    origin: str, browser: Page, scheme: str
) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    for width in (320, 1280):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        browser.open(origin + SIGN_IN)
        browser.value("for (const each of document.querySelectorAll('strong, small')) each.prepend('long'.repeat(80))")
        assert browser.value("document.documentElement.scrollWidth") <= width
        worst = browser.value(CONTRAST)
        assert worst >= 4.5
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", features=[])


CONTRAST = """
(() => {
  const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = (color) => {
    paint.fillStyle = 'white'; paint.fillRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const clear = 'rgba(0, 0, 0, 0)';
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (color !== clear) return color;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'white';
  };
  const ratios = [...document.querySelectorAll('h1, p, button, strong, small, label, input')].map((node) => {
    const pair = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  });
  return Math.min(...ratios);
})()
"""
"""The least contrast of a text on the page with what is behind it (WCAG 2.2, 1.4.3 asks for 4.5)."""


HOSTILE = "\"><script>alert(1)</script>&amp;'{0}%s\u202e"


def test_a_name_is_shown_as_it_is_written_and_never_run() -> None:
    user, org = Frozen(id="1", name=HOSTILE, email=HOSTILE), Frozen(name=HOSTILE)
    for page in (sign_in_page([(user, [f"admin of {HOSTILE}"])]), signed_in_page(user, org, HOSTILE)):
        assert "<script" not in page.decode()
        assert escape(HOSTILE) in page.decode()


def test_a_crowd_of_users_is_listed_in_part_and_its_size_told() -> None:
    people = [(Frozen(id=str(at), name=f"U{at}", email=f"u{at}@acme.example"), []) for at in range(MOST_USERS + 5)]
    page = sign_in_page(people).decode()
    assert page.count("<li>") == MOST_USERS
    assert f"{MOST_USERS} of {MOST_USERS + 5} users" in page


def test_nothing_in_the_page_leads_elsewhere() -> None:
    page = sign_in_page([(Frozen(id="1", name="N", email="n@acme.example"), ["admin of Acme"])]).decode()
    assert not re.search(r"(?:https?:)?//|@import|url\(", page)
    assert re.findall(r'(?:href|src|action)="([^"]*)"', page) == ["data:,", "signin", "signin"]
