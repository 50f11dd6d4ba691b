"""The LDAP connector: the interface's methods, each a few steps over the modules beside this one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import ldap

from connectors.catalog.ldap.configuration import DisableBy, LdapConfiguration
from connectors.catalog.ldap.discovery import discovered
from connectors.catalog.ldap.enabling import enabling_of
from connectors.catalog.ldap.entries import Entries
from connectors.catalog.ldap.errors import translated
from connectors.catalog.ldap.filters import filter_text, with_classes, without_place
from connectors.catalog.ldap.findings import findings
from connectors.catalog.ldap.locating import Locator
from connectors.catalog.ldap.names import is_below, same_dn
from connectors.catalog.ldap.paging import Pager
from connectors.catalog.ldap.posix import MEMBER_UID
from connectors.catalog.ldap.schema import directory_schema, subschema
from connectors.catalog.ldap.session import Entry, Query, Session
from connectors.catalog.ldap.writer import Writer
from connectors.spi import (
    WRITABLE,
    Attributes,
    Capabilities,
    Configuration,
    Connector,
    Delta,
    Discovery,
    Equals,
    Filter,
    Finding,
    ObjectClass,
    Or,
    Page,
    RemoteObject,
    Schema,
    Transport,
)

MEMBERS_PER_UPDATE = 500
UIDS_PER_SEARCH = 100


class LdapConnector(Connector[LdapConfiguration]):
    """One connection to one directory. The remote id is entryUUID, the reference the DN."""

    kind: ClassVar[str] = "ldap"
    title: ClassVar[str] = "LDAP directory"
    configuration_class: ClassVar[type[Configuration]] = LdapConfiguration

    def __init__(self, configuration: LdapConfiguration, transport: Transport) -> None:
        super().__init__(configuration, transport)
        self._session = Session(configuration, transport)
        self._enabling = enabling_of(configuration)
        self._pager = Pager(self._session)
        self._parts: tuple[Entries, Locator, Writer] | None = None

    def open(self) -> None:
        """Connect, encrypt and bind (raises Transient, Misconfigured).

        The schema is learned with the first use, so that a configuration that does not fit it can be discovered.
        """
        with translated():
            self._session.open()

    def close(self) -> None:
        """Drop the connection."""
        self._session.close()

    def capabilities(self) -> Capabilities:
        """Everything but a change stream; groups and org units only where a container for them is configured."""
        configuration = self.configuration
        kept = {ObjectClass.GROUP: configuration.has_groups, ObjectClass.ORG_UNIT: configuration.has_org_units}
        classes = [each for each in ObjectClass if kept.get(each, True)]
        return Capabilities(
            objects=dict.fromkeys(classes, WRITABLE),
            disable=self._enabling.style,
            members_per_update=MEMBERS_PER_UPDATE,
            nested_groups=configuration.nested_groups and not configuration.is_posix,
            nested_references=configuration.has_org_units,
        )

    def test(self) -> Iterator[Finding]:
        """Name what works and what does not, over a connection of its own."""
        return findings(self.configuration, self.transport)

    def schema(self) -> Schema:
        """The attributes of the configured classes (raises Misconfigured: a class is unknown)."""
        with translated():
            return self._learned[0].schema.schema

    def discover(self) -> Discovery:
        """Containers, classes and the way to disable that this directory suggests."""
        with translated():
            return discovered(self._session, self.configuration)

    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """A page of matching entries of the configured containers; see `paging` for what a cursor is worth."""
        with translated():
            entries, locator, _ = self._learned
            size = min(limit, self.configuration.page_size)
            if isinstance(filter, Equals) and filter.attribute == "reference":
                return self._named_by(object_class, str(filter.value))
            rest_of_filter, place = without_place(filter, entries.container(object_class))
            text = filter_text(rest_of_filter, object_class, entries.schema) if rest_of_filter else ""
            wanted = entries.wanted(object_class)
            classes = with_classes(entries.classes(object_class), text)
            queries = [Query(base, classes, wanted) for base in self._containers(object_class)]
            if place is not None:
                queries = [Query(place, classes, wanted, ldap.SCOPE_ONELEVEL)] if locator.exists(place) else []
            found, rest = self._pager.page(queries, size, cursor)
            return Page(
                tuple(self._seen(object_class, each) for each in found if self._is_one(object_class, each)), rest
            )

    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The entry with this entryUUID (raises Gone)."""
        with translated():
            entries, locator, _ = self._learned
            wanted = entries.wanted(object_class, members=members)
            item = self._seen(object_class, locator.entry(object_class, remote_id, wanted))
            is_posix = members and object_class is ObjectClass.GROUP and self.configuration.is_posix
            return self._with_references(item) if is_posix else item

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Add an entry (raises AlreadyExists, Rejected, Ambiguous; Misconfigured: its container is missing)."""
        with translated():
            _, _, writer = self._learned
            return self._seen(object_class, writer.create(object_class, attributes, enabled=enabled))

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Rename, move and change an entry (raises Gone, AlreadyExists, Rejected, Ambiguous)."""
        with translated():
            _, _, writer = self._learned
            return self._seen(object_class, writer.update(object_class, remote_id, delta))

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove an entry (raises Gone, Ambiguous)."""
        with translated():
            _, _, writer = self._learned
            writer.delete(object_class, remote_id)

    @property
    def _learned(self) -> tuple[Entries, Locator, Writer]:
        return self._parts or self._learn()

    def _learn(self) -> tuple[Entries, Locator, Writer]:
        schema = directory_schema(subschema(self._session, self.configuration), self.configuration)
        entries = Entries(self.configuration, schema, self._enabling)
        locator = Locator(self._session, entries)
        self._parts = entries, locator, Writer(self._session, entries, locator)
        return self._parts

    def _containers(self, object_class: ObjectClass) -> list[str]:
        """The containers a search has to look through, none of them inside another."""
        configuration, entries = self.configuration, self._learned[0]
        all_of_them = [entries.container(object_class)]
        if object_class is ObjectClass.USER and configuration.disable_by is DisableBy.CONTAINER:
            all_of_them.append(configuration.disabled_dn)
        if object_class is ObjectClass.USER and configuration.place_people_by_org_unit:
            all_of_them.append(configuration.org_units_dn)
        distinct = [dn for place, dn in enumerate(all_of_them) if not any(same_dn(dn, e) for e in all_of_them[:place])]
        return [dn for dn in distinct if not any(is_below(dn, other) for other in distinct)]

    def _is_one(self, object_class: ObjectClass, entry: Entry) -> bool:
        """Whether an entry that was found is more than the container of its kind."""
        return object_class is not ObjectClass.ORG_UNIT or not same_dn(entry.dn, self.configuration.org_units_dn)

    def _with_references(self, group: RemoteObject) -> RemoteObject:
        """The group with its members by reference; one whom no user is called stays as the directory names them."""
        uids = [str(each) for each in group.attributes.get(MEMBER_UID, ())]
        found: dict[str, str] = {}
        for start in range(0, len(uids), UIDS_PER_SEARCH):
            some = Or(tuple(Equals("uid", uid) for uid in uids[start : start + UIDS_PER_SEARCH]))
            for each in self._everyone(some):
                found.update({str(uid): each.reference for uid in each.attributes["uid"]})
        members = tuple(found.get(uid, uid) for uid in uids)
        return replace(group, attributes={**group.attributes, MEMBER_UID: members}) if members else group

    def _everyone(self, condition: Filter) -> Iterator[RemoteObject]:
        cursor: str | None = None
        while True:
            page = self.search(ObjectClass.USER, condition, cursor=cursor, limit=UIDS_PER_SEARCH)
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return

    def _named_by(self, object_class: ObjectClass, dn: str) -> Page:
        entries, locator, _ = self._learned
        if not ldap.dn.is_dn(dn) or not any(is_below(dn, each) for each in self._containers(object_class)):
            return Page(())
        entry = locator.at(object_class, dn, entries.wanted(object_class))
        return Page((self._seen(object_class, entry),) if entry else ())

    def _seen(self, object_class: ObjectClass, entry: Entry) -> RemoteObject:
        entries, locator, _ = self._learned
        item = entries.remote_object(object_class, entry)
        locator.remember(object_class, item.remote_id, item.reference)
        return item
