"""Names and containers of entries on a real directory."""

from collections.abc import Iterator

import ldap
import pytest

from connectors.catalog.ldap import LdapConnector
from connectors.catalog.ldap.names import first_rdn
from connectors.spi import AlreadyExists, Delta, Equals, Gone, Misconfigured, ObjectClass, Rejected, RemoteObject
from tests.connectors.catalog.ldap.conftest import Connect
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
CONTAINER = "@container"


@pytest.fixture
def connector(slapd: Slapd, connect: Connect) -> Iterator[LdapConnector]:
    """A connector, and containers for two departments."""
    for name in (b"Sales", b"IT"):
        slapd.add(f"ou={name.decode()},{slapd.people_dn}", {"objectClass": [b"organizationalUnit"], "ou": [name]})
    return connect(disable_by="removal")


def _replace(connector: LdapConnector, remote_id: str, **values: tuple[str, ...]) -> str:
    replace = {name.replace("container", CONTAINER): each for name, each in values.items()}
    return connector.update(USER, remote_id, Delta(replace=replace)).reference


def test_people_are_placed_moved_and_brought_back(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, {**user("ada"), CONTAINER: ("ou=Sales",)})
    assert item.reference == f"uid=ada,ou=Sales,{slapd.people_dn}"
    assert item.attributes[CONTAINER] == ("ou=Sales",)
    assert connector.search(USER, Equals("uid", "ada")).items == (item,)
    assert _replace(connector, item.remote_id, container=("ou=IT",)) == f"uid=ada,ou=IT,{slapd.people_dn}"
    assert _replace(connector, item.remote_id, container=()) == f"uid=ada,{slapd.people_dn}"
    assert CONTAINER not in connector.get(USER, item.remote_id).attributes


def test_rename_and_move_at_once(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    moved = connector.update(
        USER, item.remote_id, Delta(replace={"uid": ("lovelace",), CONTAINER: ("ou=IT",), "title": ("Countess",)})
    )
    assert (moved.remote_id, moved.reference) == (item.remote_id, f"uid=lovelace,ou=IT,{slapd.people_dn}")
    assert moved.attributes["uid"] == ("lovelace",)
    assert moved.attributes["title"] == ("Countess",)


def test_staying_where_one_is_writes_no_move(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, {**user("ada"), CONTAINER: ("ou=Sales",)})
    before = slapd.stats()["Modrdn"]
    _replace(connector, item.remote_id, container=("OU=sales",), uid=("ada",))
    assert slapd.stats()["Modrdn"] == before


def test_a_container_that_is_missing_concerns_that_person(connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    with pytest.raises(Rejected, match="ou=Nowhere"):
        _replace(connector, item.remote_id, container=("ou=Nowhere",))
    with pytest.raises(Rejected, match="ou=Nowhere"):
        connector.create(USER, {**user("bob"), CONTAINER: ("ou=Nowhere",)})


def test_a_configured_container_that_is_missing_concerns_everybody(connect: Connect) -> None:
    connector = connect(user_container="ou=nowhere", disable_by="removal")
    with pytest.raises(Misconfigured, match="ou=nowhere"):
        connector.create(USER, user("ada"))


@pytest.mark.parametrize("value", ["Sales", "ou=Sales,ou=people,dc=example,dc=test", "ou=a,,"])
def test_containers_that_cannot_be_meant(connector: LdapConnector, value: str) -> None:
    with pytest.raises(Rejected):
        connector.create(USER, {**user("ada"), CONTAINER: (value,)})


def test_containers_cannot_be_mapped_where_they_say_who_is_disabled(connect: Connect) -> None:
    connector = connect(disable_by="container", disabled_container="ou=disabled")
    assert CONTAINER not in connector.schema().objects[USER].attributes
    with pytest.raises(Rejected):
        connector.create(USER, {**user("ada"), CONTAINER: ("ou=Sales",)})


def test_a_rename_in_case_only(connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    renamed = connector.update(USER, item.remote_id, Delta(replace={"uid": ("Ada",)}))
    assert renamed.attributes["uid"] == ("Ada",)
    assert renamed.reference.startswith("uid=Ada,")


def test_more_names_than_one(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, {**user("ada"), "uid": ("ada", "countess")})
    assert item.reference.startswith("uid=ada,")
    kept = connector.update(USER, item.remote_id, Delta(replace={"uid": ("lovelace", "ada")}))
    assert kept.reference == item.reference
    assert set(kept.attributes["uid"]) == {"ada", "lovelace"}
    renamed = connector.update(USER, item.remote_id, Delta(replace={"uid": ("byron", "king")}))
    assert renamed.reference == f"uid=byron,{slapd.people_dn}"
    assert set(renamed.attributes["uid"]) == {"byron", "king"}
    alone = connector.update(USER, item.remote_id, Delta(replace={"uid": ("noel",)}))
    assert alone.attributes["uid"] == ("noel",)


def test_a_name_of_several_parts_keeps_the_others(slapd: Slapd, connector: LdapConnector) -> None:
    dn = f"cn=Ada Example+uid=ada,{slapd.people_dn}"
    entry = {"objectClass": [b"inetOrgPerson"], "cn": [b"Ada Example"], "uid": [b"ada"], "sn": [b"Example"]}
    slapd.add(dn, entry)
    [item] = connector.search(USER, Equals("uid", "ada")).items
    renamed = connector.update(USER, item.remote_id, Delta(replace={"uid": ("lovelace",)}))
    assert renamed.remote_id == item.remote_id
    assert renamed.attributes["uid"] == ("lovelace",)
    assert renamed.attributes["cn"] == ("Ada Example",)
    assert "Ada Example" in renamed.reference


def _named_by_others(slapd: Slapd, connector: LdapConnector, rdn: str) -> RemoteObject:
    entry = {"objectClass": [b"inetOrgPerson"], "cn": [b"Ada"], "uid": [b"ada"], "sn": [b"Example"]}
    slapd.add(f"{rdn},{slapd.people_dn}", entry)
    [item] = connector.search(USER, Equals("uid", "ada")).items
    return item


def test_entries_named_otherwise_keep_their_name(slapd: Slapd, connector: LdapConnector) -> None:
    item = _named_by_others(slapd, connector, "cn=Ada")
    changed = connector.update(USER, item.remote_id, Delta(replace={"uid": ("lovelace",), "sn": ("King",)}))
    assert (changed.reference, changed.attributes["uid"]) == (item.reference, ("lovelace",))
    with pytest.raises(Rejected, match="cleared"):
        connector.update(USER, item.remote_id, Delta(replace={"uid": ()}))


def test_an_attribute_that_names_an_entry_of_others_renames_it(slapd: Slapd, connector: LdapConnector) -> None:
    item = _named_by_others(slapd, connector, "cn=Ada+sn=Example")
    delta = Delta(replace={"commonName": ("Ada King", "Ada Lovelace"), "title": ("Countess",)})
    changed = connector.update(USER, item.remote_id, delta)
    assert changed.remote_id == item.remote_id
    assert first_rdn(changed.reference) == (("cn", "Ada King"), ("sn", "Example"))
    assert set(changed.attributes["cn"]) == {"Ada King", "Ada Lovelace"}
    assert (changed.attributes["sn"], changed.attributes["title"]) == (("Example",), ("Countess",))
    before = slapd.stats()["Modify"]
    changed = connector.update(USER, item.remote_id, Delta(replace={"sn": ("King",)}))
    assert first_rdn(changed.reference) == (("cn", "Ada King"), ("sn", "King"))
    assert changed.attributes["sn"] == ("King",)
    assert slapd.stats()["Modify"] == before


def test_a_name_cannot_be_cleared(connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    with pytest.raises(Rejected, match="cleared"):
        connector.update(USER, item.remote_id, Delta(replace={"uid": ()}))
    with pytest.raises(Rejected, match="uid"):
        connector.create(USER, {"cn": ("a",), "sn": ("a",)})


def test_aliases_of_attributes(connector: LdapConnector) -> None:
    item = connector.create(USER, {"userid": ("ada",), "commonName": ("Ada",), "SN": ("Example",)})
    assert item.attributes["uid"] == ("ada",)
    assert connector.search(USER, Equals("COMMONNAME", "ada")).items == (item,)
    assert connector.update(USER, item.remote_id, Delta(replace={"USERID": ("lovelace",)})).attributes["uid"] == (
        "lovelace",
    )


def test_a_move_made_by_somebody_else_is_noticed(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    other = slapd.connect()
    other.rename_s(item.reference, "uid=ada", f"ou=IT,{slapd.people_dn}")
    assert _replace(connector, item.remote_id, title=("Countess",)) == f"uid=ada,ou=IT,{slapd.people_dn}"
    other.delete_s(f"uid=ada,ou=IT,{slapd.people_dn}")
    other.unbind_s()
    with pytest.raises(Gone):
        _replace(connector, item.remote_id, title=("Queen",))


def test_a_stranger_who_took_the_name_is_left_alone(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    other = slapd.connect()
    other.delete_s(item.reference)
    other.unbind_s()
    slapd.add(item.reference, {"objectClass": [b"inetOrgPerson"], "uid": [b"ada"], "cn": [b"X"], "sn": [b"X"]})
    stranger = slapd.entry(item.reference)
    for write in (
        lambda: _replace(connector, item.remote_id, title=("Countess",)),
        lambda: _replace(connector, item.remote_id, uid=("lovelace",)),
        lambda: connector.delete(USER, item.remote_id),
    ):
        with pytest.raises(Gone):
            write()
    assert slapd.entry(item.reference) == stranger


def test_a_name_taken_by_another_class_tells_no_id(slapd: Slapd, connector: LdapConnector) -> None:
    slapd.add(
        f"uid=ada,{slapd.people_dn}",
        {"objectClass": [b"account"], "uid": [b"ada"]},
    )
    with pytest.raises(AlreadyExists) as refusal:
        connector.create(USER, user("ada"))
    assert refusal.value.remote_id is None


def test_entries_with_entries_below_are_not_deleted(slapd: Slapd, connector: LdapConnector) -> None:
    item = connector.create(USER, user("ada"))
    slapd.add(f"cn=device,{item.reference}", {"objectClass": [b"device"], "cn": [b"device"]})
    with pytest.raises(Rejected, match="below"):
        connector.delete(USER, item.remote_id)


def test_referrals_are_not_followed(slapd: Slapd, connector: LdapConnector) -> None:
    other = slapd.connect()
    manage = ldap.controls.simple.ManageDSAITControl(criticality=True)
    entry = {
        "objectClass": [b"referral", b"extensibleObject"],
        "ou": [b"remote"],
        "ref": [b"ldap://127.0.0.1:1/ou=remote"],
    }
    dn = f"ou=remote,{slapd.people_dn}"
    other.add_ext_s(dn, list(entry.items()), serverctrls=[manage])
    item = connector.create(USER, user("ada"))
    assert connector.search(USER).items == (item,)
    with pytest.raises(Misconfigured, match="refers to another server"):
        connector.create(USER, {**user("bob"), CONTAINER: ("ou=remote",)})
    other.delete_ext_s(dn, serverctrls=[manage])
    other.unbind_s()
