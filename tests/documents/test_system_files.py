"""Every description of a system in the documents is one that `manage.py connect` takes."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from connectors import registry
from connectors.management.system_file import read_system_file
from identities.filters.parse import parse
from identities.mapping import compile_row
from identities.vocabulary import ObjectType
from tests.documents.pages import ROOT, pages

EXAMPLES = [(page.name, block) for page in pages() for block in page.blocks("yaml") if "\nconnector:" in f"\n{block}"]


@pytest.mark.parametrize(("document", "block"), EXAMPLES, ids=[name for name, _block in EXAMPLES])
def test_the_description_is_taken(document: str, block: str, tmp_path: Path) -> None:
    path = tmp_path / "system.yaml"
    path.write_text(block)
    variables = defaultdict(lambda: "filled", dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "filled"))
    description = read_system_file(path, variables)
    if filter_text := description.settings.get("scope_filter"):
        parse(filter_text, "User")
    for object_type, rows in description.mappings.items():
        for row in rows:
            compile_row(row, subject=object_type.value)
    connector_class = registry.connector(description.connector).connector_class
    if connector_class is not None:
        fields = connector_class.configuration_class
        assert set(description.secrets) <= set(fields.secret_fields())
        assert not set(description.configuration or {}) & set(fields.secret_fields())
        fields(**(description.configuration or {}), **description.secrets)
    assert description.mappings[ObjectType.USER]


def test_every_connector_that_is_offered_has_a_page_with_a_description() -> None:
    offered = {each.kind for each in registry.connectors().values() if each.offered}
    described = {name for name, _block in EXAMPLES}
    assert {f"docs/connectors/{kind}.md" for kind in offered} <= described
    assert (ROOT / "docs/commands.md").exists()
