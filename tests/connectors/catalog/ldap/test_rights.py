"""The rights the documentation asks for are enough for everything the connector does."""

from connectors.spi import Delta, Equals, FindingLevel, ObjectClass
from tests.connectors.catalog.ldap.conftest import Connect, Rules
from tests.contracts.subjects.ldap import user
from tests.servers.slapd import Slapd

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP


def test_a_life_with_the_documented_rights(
    slapd: Slapd, connect: Connect, rules: Rules, service_account: dict[str, str]
) -> None:
    portal = f'by dn.exact="{service_account["bind_dn"]}" write'
    rules.set(
        "olcAccess",
        f"{{0}}to attrs=userPassword {portal} by self write by anonymous auth by * none",
        f'{{1}}to dn.subtree="{slapd.people_dn}" {portal} by * read',
        f'{{2}}to dn.subtree="{slapd.groups_dn}" {portal} by * read',
        "{3}to * by users read by anonymous auth",
    )
    slapd.add(f"ou=Sales,{slapd.people_dn}", {"objectClass": [b"organizationalUnit"], "ou": [b"Sales"]})
    connector = connect(**service_account)
    item = connector.create(USER, {**user("ada"), "userPassword": ("pw-of-ada",), "@container": ("ou=Sales",)})
    group = connector.create(GROUP, {"cn": ("staff",), "member": (item.reference,)})
    moved = connector.update(USER, item.remote_id, Delta(replace={"uid": ("lovelace",), "@container": ()}))
    assert moved.reference == f"uid=lovelace,{slapd.people_dn}"
    assert connector.update(USER, item.remote_id, Delta(enabled=False)).enabled is False
    assert connector.search(USER, Equals("uid", "lovelace")).items[0].enabled is False
    assert {finding.level for finding in connector.test()} == {FindingLevel.OK}
    connector.update(GROUP, group.remote_id, Delta(replace={"member": ()}))
    connector.delete(GROUP, group.remote_id)
    connector.delete(USER, item.remote_id)
    assert slapd.entries(slapd.groups_dn) == {}
