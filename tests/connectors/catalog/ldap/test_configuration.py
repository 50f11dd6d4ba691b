"""Rules between the fields of the configuration."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.catalog.ldap import LdapConfiguration


def _configured(**changes: Any) -> LdapConfiguration:
    required = {"host": "directory.test", "bind_dn": "cn=x", "bind_password": "s3cret", "base_dn": "dc=test"}
    return LdapConfiguration(**{**required, **changes})


def test_defaults_are_encrypted_and_remove_nobody() -> None:
    configuration = _configured()
    assert (configuration.security, configuration.port, configuration.disable_by) == ("ldaps", 636, "ppolicy")


def test_what_names_the_machine_and_what_is_secret() -> None:
    assert set(LdapConfiguration.host_fields()) == {"host", "port", "security"}
    assert LdapConfiguration.secret_fields() == ("bind_password",)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"disable_by": "attribute"}, "disable_attribute"),
        ({"disable_by": "attribute", "disable_attribute": "employeeType"}, "disabled_value"),
        (
            {
                "disable_by": "attribute",
                "disable_attribute": "employeeType",
                "enabled_value": "X",
                "disabled_value": "x",
            },
            "differ",
        ),
        ({"disable_by": "container"}, "disabled_container"),
        ({"disable_by": "container", "disabled_container": "OU=People,dc=test"}, "differ"),
    ],
)
def test_disabling_must_be_complete(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named) as refusal:
        _configured(**changes)
    assert "s3cret" not in str(refusal.value)


def test_containers_are_relative_to_the_base_or_whole() -> None:
    configuration = _configured(user_container="ou=people", group_container="ou=groups,dc=test", disabled_container="")
    assert configuration.users_dn == "ou=people,dc=test"
    assert configuration.groups_dn == "ou=groups,dc=test"


def test_the_placeholder_is_the_bind_dn_unless_named() -> None:
    assert _configured().placeholder_dn == "cn=x"
    assert _configured(placeholder_member="cn=nobody").placeholder_dn == "cn=nobody"
