"""The admin in a real browser: every page, in light and dark, filled with names that mean harm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.admin.world import HARM
from tests.factories import PASSWORD
from tests.servers.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=60), pytest.mark.timeout(300)]
FILL = """
import json
from tests.admin.addresses import pages
from tests.admin.test_pages import expected_status, one_of_each
from tests.admin.world import HARM, fill
from identities.actions.person_tokens import issue_person_token
from identities.actors import self_actor
from tests.selfservice.people import person_with_password
own = person_with_password("own")
issue_person_token(own, actor=self_actor(own.pk, "own"), name=HARM[:60])
found = pages(one_of_each(fill(10, HARM)))
print(json.dumps({name: each for name, each in found.items() if expected_status(name) == 200}))
"""
MENU = [
    "Front page",
    "People",
    "Groups",
    "Org units",
    "Custom attributes",
    "Imports and other runs",
    "Import profiles",
    "API clients",
    "Requests",
    "Try a request",
    "Self-tests",
    "Connected systems",
    "Operations",
    "Links",
    "Audit trail",
    "Administrators",
    "Administrator roles",
]
NOT_SEEN = ("search", "jsi18n", "autocomplete", "connectors_connectedsystem_trace")
# Everything that opens or closes something: clicked one after the other, whatever it is.
CLICK_EVERYTHING = """async () => {
    const leads = each => each.closest("a")?.getAttribute("href")?.startsWith("/") || each.closest("[type=submit]");
    const all = [...document.querySelectorAll("*")].filter(each =>
        each.getAttributeNames().some(name => /^(x-on:|@)click$/.test(name)) && !leads(each));
    let clicked = 0;
    for (const each of all) {
        if (each.offsetParent === null) continue;
        each.click();
        clicked += 1;
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    document.body.click();
    return clicked;
}"""
THEME = "Alpine.$data(document.documentElement)"
WATCH = """document.addEventListener("securitypolicyviolation", event =>
    window.tell("violation", `${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""
# One of several pages that look alike.
ALIKE = re.compile(r"_(do|delete|override)( |$)")
EXAMPLES = (
    "identities_user_do suspend",
    "identities_user_delete",
    "identities_user_override manager",
    "identities_orgunit_do move",
    "identities_orgunit_do close",
    "connectors_connectedsystem_do discover",
    "connectors_connectedsystem_do push",
)
# Where colours are examined too, which takes most of the time: everything that is coloured stands on one of these.
COLOURED = (
    "index",
    "identities_user_changelist",
    "identities_user_change",
    "identities_user_section accounts",
    "identities_user_do suspend",
    "identities_orgunit_changelist",
    "connectors_connectedsystem_change",
    "connectors_connectedsystem_section mappings",
    "connectors_connectedsystem_explain user",
    "connectors_operation_change",
    "identities_apiclient_change",
    "identities_clientrequest_changelist",
    "identities_clientrequest_change",
    "identities_selftest_change",
    "scim_console",
)
AXE = Axe().axe_script
GUIDELINES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
ALL_BUT_COLOURS = {**GUIDELINES, "rules": {"color-contrast": {"enabled": False}}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# What stands in the way of whoever does not see, or does not see well. Nothing of Unfold's own is left to excuse here.
BARRIERS = """async options => {
    if (window.django?.jQuery) await new Promise(django.jQuery);
    document.getAnimations().forEach(each => each.finish());
    const found = await axe.run({ resultTypes: ["violations"], selectors: false, preload: false, ...options });
    return found.violations.filter(each => ["serious", "critical"].includes(each.impact))
        .flatMap(each => each.nodes.map(node => `${each.id}: ${node.html}`));
}"""


class Watched:
    """A page, and everything that went wrong on it."""

    def __init__(self, page: Page) -> None:
        """Listen to the console, to errors, to dialogs, and to the content policy."""
        self.page = page
        self.wrong: list[str] = []
        page.expose_function("tell", lambda kind, text: self._note(f"{kind}: {text}"))
        page.add_init_script(WATCH)
        page.on("console", lambda message: self._note(f"console: {message.text}") if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("dialog", lambda dialog: (self._note(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _note(self, text: str) -> None:
        self.wrong.append(f"{self.page.url} {text}")

    def examine(self, options: dict[str, Any]) -> None:
        """Look for barriers with axe."""
        self.page.evaluate(AXE)
        for barrier in self.page.evaluate(BARRIERS, options):
            self._note(barrier)

    def sign_in(self, base_url: str, user_name: str, page: str = "/admin/") -> None:
        """Sign in as everybody does, and go to the page."""
        self.page.goto(f"{base_url}/accounts/login/?next={page}")
        self.page.fill("[name=login]", user_name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(f"**{page}")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, dict[str, str]]]:
    """A running portal, and its pages by name."""
    portal = Portal(tmp_path_factory.mktemp("portal"), {})
    portal.prepare()
    addresses = json.loads(portal.ask("shell", "-v0", "-c", FILL).splitlines()[-1])
    portal.start("web")
    yield portal, {name: each for name, each in addresses.items() if not name.startswith(NOT_SEEN)}
    portal.stop()


@pytest.fixture
def watched(browser: Browser, filled: tuple[Portal, dict[str, str]]) -> Iterator[Watched]:
    """A watched page with a superuser's session, in the light theme."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    watched = Watched(context.new_page())
    watched.sign_in(filled[0].base_url, "root")
    yield watched
    context.close()


def test_every_page_in_light_and_dark_without_a_complaint(
    watched: Watched, filled: tuple[Portal, dict[str, str]]
) -> None:
    portal, addresses = filled
    page = watched.page
    for name, address in addresses.items():
        if "?" in name:
            continue
        answer = page.goto(f"{portal.base_url}{address}")
        assert answer is not None
        assert answer.ok, address
        if name in EXAMPLES or not ALIKE.search(name):
            watched.examine(GUIDELINES if name in COLOURED else ALL_BUT_COLOURS)
        page.evaluate(f"{THEME}.switchTheme('dark')")
        expect(page.locator("html.dark")).to_have_count(1)
        if name in COLOURED:
            watched.examine(COLOURS)
        page.evaluate(CLICK_EVERYTHING)
        page.evaluate(f"{THEME}.switchTheme('light')")
        expect(page.locator("html.dark")).to_have_count(0)
    assert watched.wrong == []


def test_charts_are_drawn_and_lead_to_their_lists(watched: Watched, filled: tuple[Portal, dict[str, str]]) -> None:
    page = watched.page
    page.goto(f"{filled[0].base_url}/admin/")
    expect(page.locator("[data-draws] canvas")).to_have_count(4)
    page.locator("[data-draws=people] canvas").click(position={"x": 110, "y": 25})
    page.wait_for_url("**/identities/user/?state__exact=active&active__exact=1")
    assert watched.wrong == []


def test_an_operation_is_followed_while_its_page_is_open(
    watched: Watched, filled: tuple[Portal, dict[str, str]]
) -> None:
    portal, addresses = filled
    page = watched.page
    page.goto(f"{portal.base_url}{addresses['connectors_connectedsystem_explain user']}")
    page.get_by_role("button", name="Provision now").click()
    expect(page.get_by_role("heading", name="Live trace waiting")).to_be_visible()
    for _second in range(2):
        with page.expect_response(lambda answer: "/trace/" in answer.url) as answered:
            pass
        assert answered.value.ok
    watched.examine(GUIDELINES)
    assert watched.wrong == []


def test_a_persons_tokens_light_and_dark_and_narrow(browser: Browser, filled: tuple[Portal, dict[str, str]]) -> None:
    context = browser.new_context(color_scheme="light")
    watched = Watched(context.new_page())
    watched.sign_in(filled[0].base_url, "own", "/tokens/")
    watched.examine(GUIDELINES)
    watched.page.emulate_media(color_scheme="dark")
    watched.examine(COLOURS)
    assert HARM[:60].split()[0] in watched.page.locator("table").inner_text()
    watched.page.set_viewport_size({"width": 320, "height": 640})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert watched.wrong == []
    context.close()


def test_attributes_are_found_by_typing(watched: Watched, filled: tuple[Portal, dict[str, str]]) -> None:
    page = watched.page
    page.goto(f"{filled[0].base_url}{filled[1]['identities_apiclient_change']}")
    box = page.get_by_role("searchbox", name="May not write")
    for number, typed in enumerate(("nick", "cost")):
        box.press_sequentially(typed)
        box.press("Enter")
        expect(page.locator(".select2-selection__choice")).to_have_count(number + 1)
    watched.examine(GUIDELINES)
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{filled[0].base_url}{filled[1]['identities_apiclient_change']}")
    chosen = page.locator("select[name=read_only_attributes]").evaluate(
        "each => [...each.selectedOptions].map(o => o.value)"
    )
    assert chosen == ["nick_name", "cost_center"]
    assert watched.wrong == []


def test_a_mapping_is_tried_while_it_is_typed(watched: Watched, filled: tuple[Portal, dict[str, str]]) -> None:
    page = watched.page
    page.goto(f"{filled[0].base_url}{filled[1]['connectors_importprofile_section mapping']}")
    quoted = HARM.replace('"', '""')
    content = f'employee_number,user_name\n1,"{quoted}"\n'.encode()
    key_column = page.get_by_label("Key column")
    before = key_column.input_value()
    page.get_by_label("Sample file", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": content}
    )
    assert key_column.input_value() == before
    page.get_by_role("button", name="Suggest from this file").click()
    shown = page.locator("#sample-as-mapped")
    expect(shown).to_contain_text(HARM.strip())
    source = page.get_by_label("Column, text or expression 1", exact=True)
    assert source.input_value() == "employee_number"
    page.get_by_label("Kind 1", exact=True).select_option("expression")
    source.fill("'No. ' ~ row.employee_number")
    expect(shown).to_contain_text("No. 1")
    source.press_sequentially(" ~")
    expect(page.locator("#problem-1")).to_contain_text("This is not an expression")
    expect(source).to_be_focused()
    watched.examine(GUIDELINES)
    assert watched.wrong == []


def test_what_is_chosen_from_a_list_is_named(watched: Watched, filled: tuple[Portal, dict[str, str]]) -> None:
    page = watched.page
    page.goto(f"{filled[0].base_url}{filled[1]['identities_user_change']}")
    page.get_by_role("combobox", name="Manager").click()
    expect(page.get_by_role("searchbox", name="Manager")).to_be_focused()
    assert watched.wrong == []


def test_harmful_names_are_shown_as_they_are(watched: Watched, filled: tuple[Portal, dict[str, str]]) -> None:
    portal, addresses = filled
    lists = (
        "identities_user",
        "identities_group",
        "identities_orgunit",
        "identities_apiclient",
        "identities_clientrequest",
        "connectors_operation",
    )
    for model in (*lists, "identities_auditentry", "connectors_connectedsystem", "connectors_link", "connectors_run"):
        watched.page.goto(f"{portal.base_url}{addresses[f'{model}_changelist']}")
        assert HARM in watched.page.locator("#content").inner_text(), model
    assert watched.page.locator("img[src='x'], svg[onload], a[href^='javascript:alert']").count() == 0
    assert watched.wrong == []


def test_the_menu_leads_to_every_list(watched: Watched) -> None:
    page = watched.page
    entries = page.locator("#nav-sidebar-apps a")
    titles = [title.strip().splitlines()[-1].strip() for title in entries.all_inner_texts()]
    assert titles == MENU
    for number, title in enumerate(titles):
        address = entries.nth(number).get_attribute("href")
        entries.nth(number).click()
        page.wait_for_url(f"**{address}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(title, ignore_case=True)
    assert watched.wrong == []
