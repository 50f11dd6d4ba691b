"""What each way to disable leaves in the directory, and whether the directory heeds it."""

from collections.abc import Callable

import ldap
import pytest

from connectors.spi import AlreadyExists, Delta, Equals, ObjectClass
from tests.connectors.catalog.ldap.conftest import Connect, Rules
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

USER = ObjectClass.USER
SignIn = Callable[[str, str], bool]


@pytest.fixture
def sign_in(slapd: Slapd) -> SignIn:
    """Whether the directory lets an account in."""

    def attempt(dn: str, password: str) -> bool:
        connection = ldap.initialize(slapd.uri)
        try:
            connection.simple_bind_s(dn, password)
        except ldap.INVALID_CREDENTIALS:
            return False
        finally:
            connection.unbind_s()
        return True

    return attempt


def test_a_locked_account_cannot_sign_in(slapd: Slapd, connect: Connect, sign_in: SignIn) -> None:
    connector = connect()
    item = connector.create(USER, {**user("ada"), "userPassword": ("pw-of-ada",)})
    assert sign_in(item.reference, "pw-of-ada")
    connector.update(USER, item.remote_id, Delta(enabled=False))
    assert not sign_in(item.reference, "pw-of-ada")
    assert slapd.entry(item.reference)["pwdAccountLockedTime"] == [b"000001010000Z"]
    connector.update(USER, item.remote_id, Delta(enabled=True))
    assert sign_in(item.reference, "pw-of-ada")
    assert "pwdAccountLockedTime" not in slapd.entry(item.reference)


def test_a_lock_after_wrong_passwords_is_not_a_disabled_account(
    connect: Connect, slapd: Slapd, sign_in: SignIn
) -> None:
    connector = connect()
    item = connector.create(USER, {**user("ada"), "userPassword": ("pw-of-ada",)})
    for _ in range(4):
        sign_in(item.reference, "wrong")
    assert "pwdAccountLockedTime" in slapd.entry(item.reference)
    assert connector.get(USER, item.remote_id).enabled is True


def test_a_service_account_may_lock_with_the_right_to_write(
    slapd: Slapd, connect: Connect, rules: Rules, service_account: dict[str, str]
) -> None:
    rules.set(
        "olcAccess",
        "{0}to attrs=userPassword by anonymous auth",
        f'{{1}}to dn.subtree="{slapd.people_dn}" by dn.exact="{service_account["bind_dn"]}" write by * read',
        "{2}to * by users read by anonymous auth",
    )
    connector = connect(**service_account)
    item = connector.create(USER, user("ada"), enabled=False)
    assert slapd.entry(item.reference)["pwdAccountLockedTime"] == [b"000001010000Z"]
    assert connector.update(USER, item.remote_id, Delta(enabled=True)).enabled is True
    assert connector.update(USER, item.remote_id, Delta(enabled=False)).enabled is False


def test_the_password_is_written_and_never_read(connect: Connect) -> None:
    connector = connect()
    item = connector.create(USER, {**user("ada"), "userPassword": ("pw-of-ada",)})
    assert "userPassword" not in connector.get(USER, item.remote_id).attributes
    assert connector.schema().objects[USER].attributes["userPassword"].readable is False


def test_an_attribute_that_says_it(slapd: Slapd, connect: Connect) -> None:
    connector = connect(
        disable_by="attribute", disable_attribute="employeeType", enabled_value="", disabled_value="inactive"
    )
    item = connector.create(USER, user("ada"))
    assert "employeeType" not in slapd.entry(item.reference)
    connector.update(USER, item.remote_id, Delta(enabled=False))
    assert slapd.entry(item.reference)["employeeType"] == [b"inactive"]
    connector.update(USER, item.remote_id, Delta(enabled=True))
    assert "employeeType" not in slapd.entry(item.reference)
    assert "employeeType" not in connector.schema().objects[USER].attributes


def test_a_container_that_says_it(slapd: Slapd, connect: Connect) -> None:
    connector = connect(disable_by="container", disabled_container="ou=disabled")
    item = connector.create(USER, user("ada"))
    moved = connector.update(USER, item.remote_id, Delta(enabled=False, replace={"uid": ("lovelace",)}))
    assert moved.reference == f"uid=lovelace,{slapd.disabled_dn}"
    assert connector.search(USER, Equals("uid", "lovelace")).items == (moved,)
    assert connector.search(USER, Equals("reference", moved.reference)).items == (moved,)
    back = connector.update(USER, item.remote_id, Delta(enabled=True))
    assert back.reference == f"uid=lovelace,{slapd.people_dn}"


def test_a_container_where_the_name_is_taken(connect: Connect) -> None:
    connector = connect(disable_by="container", disabled_container="ou=disabled")
    former = connector.create(USER, user("ada"), enabled=False)
    item = connector.create(USER, user("ada"))
    with pytest.raises(AlreadyExists) as refusal:
        connector.update(USER, item.remote_id, Delta(enabled=False))
    assert refusal.value.remote_id == former.remote_id
