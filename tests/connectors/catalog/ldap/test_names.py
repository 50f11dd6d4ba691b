"""Distinguished names: values escaped, spellings compared."""

import ldap.dn
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.catalog.ldap.names import (
    comparable,
    first_rdn,
    is_below,
    joined,
    parent,
    rdn_text,
    relative_to,
    same_dn,
)
from identities.mapping.functions import FUNCTIONS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(value=TEXTS, other=TEXTS)
def test_whatever_the_value_it_stays_one_part(value: str, other: str) -> None:
    dn = f"{rdn_text((('cn', value), ('uid', other)))},ou=people,dc=test"
    assert first_rdn(dn) == (("cn", value), ("uid", other))
    assert parent(dn) == "ou=people,dc=test"
    assert is_below(dn, "dc=test")


@given(value=TEXTS)
def test_a_mapping_can_escape_a_value_for_a_name(value: str) -> None:
    dn = f"ou={FUNCTIONS['dn_value'].call(value)},ou=people,dc=test"
    assert first_rdn(dn) == (("ou", value),)
    assert parent(dn) == "ou=people,dc=test"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("uid=a,dc=test", "UID=A, DC=TEST"),
        ("cn=a\\2Cb,dc=test", "cn=a\\,b,dc=test"),
        ("cn=a+uid=b,dc=test", "uid=b+cn=a,dc=test"),
        ("cn=a  b,dc=test", "cn=a b,dc=test"),
        ("not a dn", "not a dn"),
    ],
)
def test_spellings_of_the_same_name(left: str, right: str) -> None:
    assert same_dn(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("uid=a,dc=test", "uid=b,dc=test"),
        ("uid=a,dc=test", "uid=a,ou=x,dc=test"),
        ("cn=a\\,dc=test", "cn=a,dc=test"),
        ("not a dn", "dc=test"),
    ],
)
def test_different_names(left: str, right: str) -> None:
    assert not same_dn(left, right)


def test_below() -> None:
    assert is_below("uid=a,ou=x,dc=test", "OU=X,dc=test")
    assert not is_below("ou=x,dc=test", "ou=x,dc=test")
    assert is_below("ou=x,dc=test", "ou=x,dc=test", or_same=True)
    assert not is_below("uid=a,ou=xx,dc=test", "ou=x,dc=test")
    assert not is_below("dc=test", "ou=x,dc=test")


@pytest.mark.parametrize(
    ("container", "whole"),
    [
        ("", "dc=test"),
        ("ou=people", "ou=people,dc=test"),
        ("ou=people,dc=test", "ou=people,dc=test"),
        ("ou=a,ou=people", "ou=a,ou=people,dc=test"),
        ("dc=test", "dc=test"),
    ],
)
def test_containers_are_relative_or_whole(container: str, whole: str) -> None:
    assert joined(container, "dc=test") == whole


def test_relative() -> None:
    assert relative_to("ou=a,ou=b,dc=test", "dc=test") == "ou=a,ou=b"
    assert relative_to("dc=test", "dc=test") == ""


def test_what_is_no_name() -> None:
    with pytest.raises(ValueError, match="distinguished"):
        comparable("ou=people,,")
    with pytest.raises(ValueError, match="relative"):
        first_rdn("")
    assert ldap.dn.is_dn("")
