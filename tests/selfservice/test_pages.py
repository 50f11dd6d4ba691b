"""The pages in a real browser: no violation of the content policy, labels, language, order of focus."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.selfservice.people import NEW_PASSWORD, code_now
from tests.servers.fixtures import PortalFactory
from tests.servers.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CODE_SECONDS = 30
TYPING_SECONDS = 8
ANONYMOUS = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/0-x/",
    "/accounts/password/reset/key/done/",
    "/nowhere",
)
SIGNED_IN = (
    "/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/confirm-email/x/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/reauthenticate/",
)
# Tells what the policy stopped, and what stands in the page that it should stop.
LISTEN = """
    window.stopped = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.stopped.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""
INLINE = """() => [...document.querySelectorAll("script:not([src]), style, [style], [onclick], [onload], [onsubmit]")]
    .map((element) => element.outerHTML.slice(0, 80))"""
UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
    .filter((field) => ![...field.labels].some((label) => label.textContent.trim()))
    .map((field) => field.outerHTML)"""
NAMELESS = """() => [...document.querySelectorAll("a, button, img")]
    .filter((element) => element.tagName === "IMG" ? !element.hasAttribute("alt") : !element.textContent.trim())
    .map((element) => element.outerHTML)"""
FOCUSABLE = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden])")]
    .map((element) => element.textContent.trim() || element.id || element.name)"""
FOCUSED = "() => { const e = document.activeElement; return e.textContent.trim() || e.id || e.name; }"

OUTLINED = """() => { const style = getComputedStyle(document.activeElement);
    return style.boxShadow !== "none" || style.outlineStyle !== "none" || style.textDecorationLine !== "none"; }"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal whose administrator has never signed in; these tests leave it at that."""
    portal = Portal(tmp_path_factory.mktemp("portal"), {})
    portal.prepare()
    portal.start("web")
    yield portal
    portal.stop()


def open_context(browser: Browser, installation: Portal, **options: Any) -> BrowserContext:
    context = browser.new_context(base_url=installation.base_url, **options)
    context.set_default_timeout(15_000)
    context.add_init_script(LISTEN)
    return context


def examine(page: Page) -> None:
    """Hold a page to what every page of the portal promises."""
    assert page.evaluate("window.stopped") == [], page.url
    assert page.evaluate(INLINE) == [], page.url
    assert page.evaluate(UNLABELLED) == [], page.url
    assert page.evaluate(NAMELESS) == [], page.url
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("h1").count() == 1, page.url
    assert re.fullmatch(r"\S.* · Provisioning portal", page.title()), page.title()


def sign_in(page: Page, user_name: str, password: str) -> None:
    page.goto("/")
    examine(page)
    assert page.evaluate("document.activeElement.name") == "login"
    page.keyboard.type(user_name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def enter_code(page: Page, secret: str, *, used: bool = False) -> None:
    """Enter a code: each serves once, and it must not change while it is typed."""
    left = CODE_SECONDS - time.time() % CODE_SECONDS
    if used or left < TYPING_SECONDS:
        time.sleep(left + 0.2)
    page.get_by_label("Code").fill(code_now(secret))


def first_sign_in(page: Page, installation: Portal) -> str:
    """An administrator's first sign-in, up to the admin; the key of their authenticator app."""
    sign_in(page, installation.user_name.upper(), installation.password)
    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
    examine(page)
    page.get_by_label("Current password").fill(installation.password)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password (again)").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Set up your authenticator app")).to_be_visible()
    examine(page)
    # The picture was drawn, not merely allowed.
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    secret = page.get_by_label("Key").input_value()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("The code is wrong")).to_be_visible()
    examine(page)
    enter_code(page, secret)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    examine(page)
    page.get_by_role("button", name="Go on to the administration").click()
    page.wait_for_url("**/admin/")
    return secret


def test_a_first_sign_in_and_every_page_light_and_dark(browser: Browser, portal: PortalFactory) -> None:
    installation = portal("web", REQUIRE_TOTP="true")
    context = open_context(browser, installation)
    page = context.new_page()
    secret = first_sign_in(page, installation)
    for path in SIGNED_IN:
        page.goto(path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            examine(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    sign_in(page, installation.user_name, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    examine(page)
    enter_code(page, secret, used=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_for_everybody(browser: Browser, installation: Portal, scheme: str) -> None:
    context = open_context(browser, installation, color_scheme=scheme)
    page = context.new_page()
    backgrounds = set()
    for path in ANONYMOUS:
        page.goto(path)
        examine(page)
        backgrounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    [background] = backgrounds
    brightness = sum(int(part) for part in re.findall(r"\d+", background)[:3])
    assert brightness > 600 if scheme == "light" else brightness < 150
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".errorlist")).to_be_visible()
    examine(page)
    context.close()


def test_the_keyboard_goes_through_a_page_from_top_to_bottom(browser: Browser, installation: Portal) -> None:
    context = open_context(browser, installation)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.evaluate("document.activeElement.blur(); document.body.focus()")
    order = page.evaluate(FOCUSABLE)
    assert order[0] == "Skip to the content"
    assert order[2:] == ["id_login", "id_password", "Sign in", "Forgot your password?"]
    page.goto("/accounts/signup/")
    order = page.evaluate(FOCUSABLE)
    reached = []
    for _step in order:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        assert page.evaluate(OUTLINED), reached[-1]
    assert reached == order
    context.close()


def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, installation: Portal) -> None:
    context = open_context(browser, installation, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for path in ANONYMOUS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    sign_in(page, installation.user_name, installation.password)
    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
