"""What an administrator does in the browser, told by the words on the screen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

PASSWORD = "correct-horse-9-battery"
WORK_SECONDS = 60


def sign_in_first(page: Page, base_url: str, name: str, password: str) -> None:
    """Sign in with the one-time password that the portal printed, and choose another."""
    page.goto(f"{base_url}/admin/")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(name)
    page.get_by_label("Password", exact=False).first.fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Current password", exact=False).fill(password)
    page.get_by_label("New password", exact=False).first.fill(PASSWORD)
    page.get_by_label("New password", exact=False).last.fill(PASSWORD)
    page.get_by_role("button", name=re.compile("password", re.IGNORECASE)).click()
    page.wait_for_url(f"{base_url}/admin/")


def upload(page: Page, base_url: str, file: Path, profile: str) -> None:
    """Upload a file for this profile, and wait on the page of its run until the plan stands there."""
    page.goto(f"{base_url}/admin/connectors/run/add/")
    page.get_by_label("Profile").select_option(profile)
    page.locator("input[name=file]").set_input_files(file)
    page.get_by_role("button", name="Save").click()
    wait_for_state(page, "waits to be applied")


def apply(page: Page) -> None:
    """Carry out the plan of the run whose page is open."""
    page.get_by_role("link", name="Apply").click()
    page.get_by_role("button", name="Apply").click()
    wait_for_state(page, "done")


def undo(page: Page) -> None:
    """Plan the inverse of the run whose page is open; the page of that plan is open afterwards."""
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    wait_for_state(page, "waits to be applied")


def wait_for_state(page: Page, state: str) -> None:
    """Wait until the page of the run says this state; it follows the work by itself."""
    told = page.locator("dl.facts div").filter(has_text="State").locator("dd")
    expect(told).to_contain_text(state, timeout=WORK_SECONDS * 1000)


def expect_plan(page: Page, counts: str) -> None:
    """The page of the run counts this."""
    expect(page.get_by_role("paragraph").filter(has_text=counts)).to_be_visible()


def make_profile(page: Page, base_url: str, name: str, sample: Path) -> None:
    """Make a profile for files of people like this one: complete ones, whose departments are groups. The page of its
    mapping is open afterwards, with what the sample suggests.
    """
    page.goto(f"{base_url}/admin/connectors/importprofile/add/")
    page.get_by_label("Name").first.fill(name)
    page.get_by_label("Sample file").set_input_files(sample)
    for label in ("File is complete", "Groups from departments"):
        switch = page.get_by_label(label)
        expect(switch).to_be_visible()
        switch.check(force=True)  # it is drawn over its checkbox
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Say what its columns become")).to_be_visible()


def change_mapping(page: Page, attribute: str, expression: str, result: str) -> None:
    """Give an attribute this expression on the open page of a mapping, see what it makes of the sample, and save it."""
    row = page.locator("form.mappings tbody tr").filter(has=page.locator(f"option[value={attribute}]:checked"))
    row.get_by_label("Kind").select_option("expression")
    row.get_by_label("Column, text or expression").fill(expression)
    expect(page.locator("#sample-as-mapped")).to_contain_text(result)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The mapping is saved")).to_be_visible()
