"""Converging on real servers: OpenLDAP, a third-party SCIM server, an SQLite file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import vault
from connectors.engine.claim import Ending, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.engine.session import configuration_of, connection
from connectors.models import ConnectedSystem, Link, Operation, SystemMapping
from connectors.spi import Delta, ObjectClass, RemoteObject
from connectors.vocabulary import OperationState
from identities.models import User
from identities.vocabulary import MappingKind, ObjectType
from tests.connectors.engine.rows import NOW, a_group, a_person, a_system, make_due, put
from tests.contracts.subjects.ldap import configuration as ldap_configuration
from tests.contracts.subjects.sql import SQLITE_NUMBERS, STATES, TABLES, make_tables
from tests.servers.proxy import FlakyProxy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]
MANAGER = "user.manager.id"


@dataclass
class RealPlace:
    """A system on a real server, seen through its own connector.

    Attributes:
        name: the attribute of an account's name. proxy, creates: what stands before the server, and what a create
            looks like on the wire.
    """

    system: ConnectedSystem
    name: str
    manager: str
    required: dict[str, str] = field(default_factory=dict)
    proxy: FlakyProxy | None = None
    creates: bytes = b""

    def accounts(self) -> dict[str, RemoteObject]:
        """Every account by its name."""
        with connection(configuration_of(self.system), self.system.connector) as connector:
            found = connector.search(ObjectClass.USER, limit=100).items
        return {str(each.attributes[self.name][0]): each for each in found}

    def groups(self) -> dict[str, set[str]]:
        """The names of the accounts in each group, by its name."""
        references = {each.reference.lower(): name for name, each in self.accounts().items()}
        found = {}
        with connection(configuration_of(self.system), self.system.connector) as connector:
            schema = connector.schema().objects[ObjectClass.GROUP]
            for group in connector.search(ObjectClass.GROUP, limit=100).items:
                read = connector.get(ObjectClass.GROUP, group.remote_id, members=True).attributes
                members = read.get(schema.member_attribute or "", ())
                name = str(read[schema.name_attribute][0])
                found[name] = {references.get(str(each).lower(), f"unknown: {each}") for each in members}
        return found

    def members(self) -> set[str]:
        """The names of the accounts in the only group."""
        (members,) = self.groups().values()
        return members

    def add_foreign(self, name: str) -> RemoteObject:
        """An account that somebody else makes."""
        required = dict.fromkeys(self.required, ("Stranger",))
        with connection(configuration_of(self.system), self.system.connector) as connector:
            return connector.create(ObjectClass.USER, {self.name: (name,), **required}, enabled=True)

    def converge(self, *subjects: Any) -> None:
        """Let the engine work on these and on whatever follows, until nothing is due."""
        put(self.system, *subjects)
        for _ in range(20):
            make_due()
            Operation.objects.filter(state=OperationState.WAITING).update(created_at=NOW.replace(year=2020))
            claims = claim_due("one", 50)
            if not claims:
                return
            for claim in claims:
                outcome = converge(claim)
                assert outcome.ending in (Ending.DONE, Ending.DISPUTED, Ending.RETRY), outcome
                assert finish(claim, outcome)
        raise AssertionError("it never comes to rest")


def real_system(kind: str, configuration: dict[str, Any], secrets: tuple[str, ...], rows: dict[str, str]) -> Any:
    """A connected system with these mappings of people."""
    sealed = {name: configuration.pop(name) for name in secrets}
    system = a_system(kind, connector=kind, configuration=configuration)
    system.sealed_secrets = vault.seal(sealed, str(system.id))
    system.save()
    for attribute, source in rows.items():
        row = {"kind": MappingKind.EXPRESSION, "source": source, "attribute": attribute}
        row |= {"clear_when_null": source == MANAGER}
        SystemMapping.objects.create(system=system, **row)
    return system


def ldap_place(request: pytest.FixtureRequest) -> RealPlace:
    slapd = request.getfixturevalue("slapd")
    proxy = request.getfixturevalue("flaky_proxy")("127.0.0.1", slapd.port)
    configuration = ldap_configuration(slapd, port=proxy.port, security="plain", marker_attribute="employeeNumber")
    del configuration["ca_certificate"]
    required = {"cn": "user.userName", "sn": "user.userName"}
    rows = {"uid": "user.userName", **required, "title": "user.title", "manager": MANAGER}
    system = real_system("ldap", configuration, ("bind_password",), rows)
    add_group_name(system, "cn")
    return RealPlace(system, "uid", "manager", required, proxy, b"uid=ada,")


def add_group_name(system: ConnectedSystem, attribute: str) -> None:
    SystemMapping.objects.create(system=system, object_type=ObjectType.GROUP, attribute=attribute, source="displayName")


def scim_place(request: pytest.FixtureRequest) -> RealPlace:
    server = request.getfixturevalue("scim_server")
    host, port = server.url.removeprefix("http://").split("/")[0].split(":")
    proxy = request.getfixturevalue("flaky_proxy")(host, int(port))
    url = server.url.replace(f":{port}", f":{proxy.port}")
    manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
    rows = {"userName": "user.userName", "title": "user.title", manager: MANAGER}
    system = real_system("scim", {"base_url": url, "token": server.token}, ("token",), rows)
    add_group_name(system, "displayName")
    return RealPlace(system, "userName", manager, {}, proxy, b"POST /v2/Users")


def sql_place(request: pytest.FixtureRequest) -> RealPlace:
    path: Path = request.getfixturevalue("sqlite_database")
    request.getfixturevalue("settings").PORTAL_SQLITE_DIR = path.parent
    make_tables(sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool), SQLITE_NUMBERS, "blob")
    required = {"display_name": "user.userName"}
    rows = {"login": "user.userName", **required, "title": "user.title", "manager_id": MANAGER}
    system = real_system("sql", {"database": "sqlite", "path": path.name, **TABLES, **STATES}, (), rows)
    add_group_name(system, "name")
    return RealPlace(system, "login", "manager_id", required)


PLACES: dict[str, Callable[[pytest.FixtureRequest], RealPlace]] = {
    "ldap": ldap_place,
    "scim": scim_place,
    "sql": sql_place,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, db: None) -> RealPlace:
    return PLACES[request.param](request)


@pytest.fixture(params=["ldap", "scim"])
def proxied(request: pytest.FixtureRequest, db: None) -> RealPlace:
    return PLACES[request.param](request)


def change(person: User, **columns: Any) -> None:
    User.objects.filter(pk=person.pk).update(rendering_version=0, **columns)


def test_people_come_are_renamed_move_and_go(place: RealPlace) -> None:
    boss = a_person("boss")
    ada = a_person("ada", title="Countess", manager=boss)
    team = a_group("team", ada, boss)
    place.converge(ada, team, boss)

    found = place.accounts()
    assert set(found) == {"ada", "boss"}
    assert found["ada"].attributes["title"] == ("Countess",)
    assert str(found["ada"].attributes[place.manager][0]).lower() == found["boss"].reference.lower()
    assert all(each.enabled for each in found.values())
    assert place.members() == {"ada", "boss"}
    assert Link.objects.filter(unresolved__gt=0).count() == 0

    ids = {name: each.remote_id for name, each in found.items()}
    change(boss, user_name="chief", user_name_key="chief")
    place.converge(boss)
    found = place.accounts()
    assert found["chief"].remote_id == ids["boss"]
    assert str(found["ada"].attributes[place.manager][0]).lower() == found["chief"].reference.lower()
    assert place.members() == {"ada", "chief"}

    change(ada, active=False)
    place.converge(ada)
    assert place.accounts()["ada"].enabled is False
    change(ada, active=True)
    place.converge(ada)
    assert place.accounts()["ada"].enabled is True

    team.memberships.filter(user=ada).delete()
    place.converge(team)
    assert place.members() == {"chief"}

    change(boss, deleted_at=NOW, user_name_key=None)
    place.converge(boss)
    assert set(place.accounts()) == {"ada"}
    assert place.members() == set()
    assert set(Operation.objects.values_list("state", flat=True)) == {OperationState.DONE}


def test_a_second_pass_writes_nothing(place: RealPlace) -> None:
    boss = a_person("boss")
    ada = a_person("ada", title="Countess", manager=boss)
    team = a_group("team", ada)
    place.converge(boss, ada, team)
    Operation.objects.all().delete()

    place.converge(boss, ada, team)

    assert set(Operation.objects.values_list("verdict", flat=True)) == {"nothing"}


REWRITTEN = {
    "ldap": ("secretary", "'UID=boss, ou=people,dc=example,dc=test'", ("uid=nobody,dc=example,dc=test",)),
    "sql": ("hired", "'2026-01-05T10:30:00Z'", (NOW.replace(year=2020, hour=0),)),
}


@pytest.mark.parametrize("kind", REWRITTEN)
def test_what_the_system_makes_of_a_value_is_left_until_somebody_changes_it(
    request: pytest.FixtureRequest, db: None, kind: str
) -> None:
    place = PLACES[kind](request)
    attribute, source, changed = REWRITTEN[kind]
    row = {"kind": MappingKind.EXPRESSION, "source": source, "attribute": attribute}
    SystemMapping.objects.create(system=place.system, **row)
    ada = a_person("ada")
    place.converge(ada)
    before = place.accounts()["ada"]

    place.converge(ada)
    with connection(configuration_of(place.system), place.system.connector) as connector:
        connector.update(ObjectClass.USER, before.remote_id, Delta(replace={attribute: changed}))
    place.converge(ada)

    assert list(Operation.objects.order_by("pk").values_list("verdict", flat=True)) == ["create", "nothing", "update"]
    assert place.accounts()["ada"].attributes == before.attributes


def test_the_same_name_that_is_not_ours_stays_as_it_is(place: RealPlace) -> None:
    before = place.add_foreign("ada")
    ada = a_person("ada", title="Countess")

    place.converge(ada)

    assert Operation.objects.get(object_id=ada.pk).verdict == "dispute"
    after = place.accounts()["ada"]
    assert (after.remote_id, after.attributes, after.enabled) == (before.remote_id, before.attributes, before.enabled)


def test_an_account_that_is_deleted_there_comes_back(place: RealPlace) -> None:
    ada = a_person("ada")
    team = a_group("team", ada)
    place.converge(ada, team)
    lost = place.accounts()["ada"]
    with connection(configuration_of(place.system), place.system.connector) as connector:
        connector.delete(ObjectClass.USER, lost.remote_id)

    place.converge(ada)

    assert place.accounts()["ada"].remote_id != lost.remote_id
    assert place.members() == {"ada"}


def test_a_create_whose_answer_is_lost_makes_one_account(proxied: RealPlace) -> None:
    assert proxied.proxy is not None
    ada = a_person("ada", title="Countess")
    a_person("ignored")
    proxied.proxy.trigger, proxied.proxy.cuts_left, proxied.proxy.mode = proxied.creates, 1, "commit_then_reset"

    proxied.converge(ada)

    assert proxied.proxy.cuts == 1
    assert list(proxied.accounts()) == ["ada"]
    assert Link.objects.get(user=ada).remote_id == proxied.accounts()["ada"].remote_id
    assert Operation.objects.get(object_id=ada.pk).verdict == "adopt"


def test_a_system_that_is_down_is_tried_again(proxied: RealPlace) -> None:
    assert proxied.proxy is not None
    ada = a_person("ada")
    proxied.proxy.mode = "down"
    put(proxied.system, ada)
    (claim,) = claim_due("one", 1)
    outcome = converge(claim)
    assert (outcome.ending, outcome.error_class, outcome.answered) == (Ending.RETRY, "transient", False)
    finish(claim, outcome)

    proxied.proxy.mode = "pass"
    proxied.converge(ada)
    assert list(proxied.accounts()) == ["ada"]
