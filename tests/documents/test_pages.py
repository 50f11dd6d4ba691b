"""Links lead somewhere, nothing of a workplace stands in the documents, and pages agree with the code."""

from __future__ import annotations

import re

import pytest

from provisioning_portal.settings.environment import Environment
from tests.documents.pages import ROOT, Page, pages

# Paths of somebody's machine, and words that say that a page is not finished.
FORBIDDEN = re.compile(r"/work/|/root/|/tmp/house|/home/\w+|\bTODO\b|\bFIXME\b|\bTBD\b|lorem ipsum", re.IGNORECASE)
LARGEST_PICTURE = 300_000
EVERY = pytest.mark.parametrize("document", pages(), ids=lambda document: document.name)


@EVERY
def test_links_lead_somewhere(document: Page) -> None:
    lost = []
    for link in document.links():
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        if not target.exists() or (anchor and anchor not in Page(target).anchors()):
            lost.append(link)
    assert lost == []


@EVERY
def test_nothing_of_a_workplace_stands_in_it(document: Page) -> None:
    assert FORBIDDEN.findall(document.text) == []


def test_every_page_can_be_found() -> None:
    linked = {(page.path.parent / link.partition("#")[0]).resolve() for page in pages() for link in page.links()}
    lost = [page.name for page in pages() if page.path not in linked and page.name != "README.md"]
    assert [name for name in lost if name.startswith("docs/")] == []


def test_every_setting_is_documented() -> None:
    table = set(re.findall(r"`([A-Z_]+)`", Page(ROOT / "docs" / "operation.md").text))
    fields = {name.upper() for name in Environment.model_fields}
    assert fields <= table


def test_documented_defaults_are_the_real_ones() -> None:
    rows = re.findall(
        r"^\| (`[A-Z_]+`.*?)(?: \*)? \| (.*?) \|", Page(ROOT / "docs" / "operation.md").text, re.MULTILINE
    )
    named = [(re.findall(r"`([A-Z_]+)`", names), defaults.split(", ")) for names, defaults in rows]
    told = {name: default for names, defaults in named for name, default in zip(names, defaults, strict=False)}
    fields = Environment.model_fields.items()
    numbers = {name.upper(): str(field.default) for name, field in fields if type(field.default) in (int, float)}
    assert len(numbers) >= 8
    assert {name: told[name] for name in numbers} == numbers


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST_PICTURE] == []
