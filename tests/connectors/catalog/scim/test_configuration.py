"""The configuration, offline."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from connectors.catalog.scim import ScimConfiguration
from connectors.catalog.scim.shapes import STANDARD, object_schema
from connectors.spi import ObjectClass

SECRET = "never-to-be-shown"
VALID = {"base_url": "https://peer.example/scim/v2", "token": SECRET}


def test_defaults_are_the_standards() -> None:
    configuration = ScimConfiguration(**VALID)
    assert configuration.path(ObjectClass.USER) == "/Users"
    assert configuration.path(ObjectClass.GROUP) == "/Groups"
    assert (configuration.update_with, configuration.group_membership_with) == ("patch", "patch")
    assert configuration.content_type == "application/scim+json"


def test_secrets_and_host_are_marked() -> None:
    assert ScimConfiguration.secret_fields() == ("token", "password")
    assert ScimConfiguration.host_fields() == ("base_url",)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"base_url": "ftp://peer.example"}, "base_url"),
        ({"base_url": "https://user:pass@peer.example"}, "base_url"),
        ({"base_url": "https://peer.example/?a=b"}, "base_url"),
        ({"base_url": "https://peer example"}, "base_url"),
        ({"users_path": ""}, "users_path"),
        ({"users_path": "Users"}, "users_path"),
        ({"users_path": "/Users?x"}, "users_path"),
        ({"groups_path": "/../admin"}, "groups_path"),
        ({"token": ""}, "token"),
        ({"authentication": "basic"}, "password"),
        ({"authentication": "basic", "user_name": "a:b", "password": SECRET}, "user_name"),
        ({"authentication": "digest"}, "authentication"),
        ({"members_per_request": 0}, "members_per_request"),
        ({"page_size": 100_000}, "page_size"),
        ({"no_such_switch": True}, "no_such_switch"),
    ],
)
def test_what_is_refused_is_named_and_secrets_are_not(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ScimConfiguration(**{**VALID, **changes})
    assert named in str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_a_peer_without_groups() -> None:
    assert ScimConfiguration(**VALID, groups_path="").path(ObjectClass.GROUP) == ""


class TestManual:
    """The administrator's page says what there is."""

    PAGE = (Path(__file__).parents[4] / "docs" / "connectors" / "scim.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("field", list(ScimConfiguration.described()))
    def test_every_field_is_described(self, field: str) -> None:
        assert f"`{field}`" in self.PAGE

    def test_the_example_is_valid(self) -> None:
        example = yaml.safe_load(self.PAGE.partition("```yaml")[2].partition("```")[0])
        ScimConfiguration(**example["configuration"], **example["secrets"])
        for object_class, mappings in example["mappings"].items():
            names = object_schema(
                ObjectClass(object_class), STANDARD[ObjectClass(object_class)], marker=True
            ).attributes
            assert set(mappings) <= set(names)
