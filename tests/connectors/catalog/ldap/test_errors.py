"""What result codes mean."""

import ldap
import pytest

from connectors.catalog.ldap.errors import converted, lost
from connectors.spi import (
    AlreadyExists,
    Ambiguous,
    ConnectorError,
    Gone,
    Misconfigured,
    Rejected,
    Transient,
)


def _result(code: int) -> ldap.LDAPError:
    name = next(name for name in dir(ldap) if _code(name) == code)
    return getattr(ldap, name)({"result": code, "desc": "what", "info": "why"})


def _code(name: str) -> int | None:
    found = getattr(ldap, name)
    is_error = isinstance(found, type) and issubclass(found, ldap.LDAPError)
    return getattr(found, "errnum", None) if is_error else None


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (1, Transient),
        (3, Transient),
        (4, Misconfigured),
        (8, Misconfigured),
        (10, Misconfigured),
        (11, Misconfigured),
        (12, Misconfigured),
        (13, Misconfigured),
        (16, Rejected),
        (17, Rejected),
        (18, Rejected),
        (19, Rejected),
        (20, Rejected),
        (21, Rejected),
        (32, Gone),
        (34, Rejected),
        (48, Misconfigured),
        (49, Misconfigured),
        (50, Rejected),
        (51, Transient),
        (52, Transient),
        (53, Rejected),
        (64, Rejected),
        (65, Rejected),
        (66, Rejected),
        (67, Rejected),
        (68, AlreadyExists),
        (69, Rejected),
        (71, Rejected),
        (80, Transient),
    ],
)
def test_each_code_has_a_class(code: int, error_class: type[ConnectorError]) -> None:
    error = converted(_result(code))
    assert type(error) is error_class
    assert error.facts == {"result": code}
    assert error.detail == "what: why"


@pytest.mark.parametrize("error", [ldap.SERVER_DOWN({"desc": "gone"}), ldap.TIMEOUT(), ldap.CONNECT_ERROR("x")])
def test_a_lost_connection_is_ambiguous_only_after_a_write(error: ldap.LDAPError) -> None:
    assert type(lost(error, written=True)) is Ambiguous
    assert type(lost(error, written=False)) is Transient


def test_errors_of_the_library_itself() -> None:
    assert type(converted(ldap.FILTER_ERROR({"desc": "Bad search filter"}))) is Rejected
    assert converted(ldap.LDAPError("odd")).detail == "LDAPError"
