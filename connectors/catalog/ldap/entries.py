"""Between the directory's entries and the engine's remote objects."""

from collections.abc import Hashable
from dataclasses import dataclass

from connectors.catalog.ldap.configuration import LdapConfiguration
from connectors.catalog.ldap.enabling import Enabling
from connectors.catalog.ldap.names import container_of, dn_key, is_below, parent, relative_to, same_dn
from connectors.catalog.ldap.posix import MEMBER_UID, uid_of
from connectors.catalog.ldap.schema import CONTAINER, ORG_UNIT_CLASS, PLACE, PSEUDO, DirectorySchema
from connectors.catalog.ldap.session import Entry, Values
from connectors.catalog.ldap.values import decoded, encoded
from connectors.spi import Attributes, Misconfigured, ObjectClass, RemoteObject
from connectors.spi import Values as RemoteValues


@dataclass(frozen=True)
class Entries:
    """Reads entries as remote objects and writes attributes as entries, for one configured directory."""

    configuration: LdapConfiguration
    schema: DirectorySchema
    enabling: Enabling

    def wanted(self, object_class: ObjectClass, *, members: bool = False) -> tuple[str, ...]:
        """The attributes to ask for: those of the schema and those the connector lives on, passwords never."""
        own = self.enabling.attributes if object_class is ObjectClass.USER else ()
        return (*self.schema.readable(object_class, members=members), *own, "entryUUID", "entryCSN")

    def container(self, object_class: ObjectClass) -> str:
        """The DN of the container objects of a class stand in when nothing else is said."""
        configuration = self.configuration
        return {
            ObjectClass.USER: configuration.users_dn,
            ObjectClass.GROUP: configuration.groups_dn,
            ObjectClass.ORG_UNIT: configuration.org_units_dn,
        }[object_class]

    def classes(self, object_class: ObjectClass) -> tuple[str, ...]:
        """The object classes an entry is recognised by."""
        configuration = self.configuration
        return {
            ObjectClass.USER: configuration.searched_classes,
            ObjectClass.GROUP: (configuration.group_object_class,),
            ObjectClass.ORG_UNIT: (ORG_UNIT_CLASS,),
        }[object_class]

    def remote_object(self, object_class: ObjectClass, entry: Entry) -> RemoteObject:
        """The entry as the engine sees it, without a placeholder member (raises Misconfigured: no id)."""
        remote_id = entry.values.get("entryuuid")
        if not remote_id:
            raise Misconfigured("The directory does not show entryUUID, the id that survives a rename.")
        version = entry.values.get("entrycsn")
        return RemoteObject(
            object_class=object_class,
            remote_id=remote_id[0].decode(),
            reference=entry.dn,
            name=entry.dn,
            attributes=self._attributes(object_class, entry),
            enabled=self.enabling.state(entry) if object_class is ObjectClass.USER else None,
            version=version[0].decode() if version else None,
        )

    def raw_values(self, object_class: ObjectClass, attributes: Attributes) -> Values:
        """Attributes as the directory takes them, without the pseudo attributes (raises Rejected: an unknown one).

        Of values that the directory takes for the same, the first: it refuses to hold both.
        """
        return {
            self.schema.spec(object_class, name).name: self._distinct(object_class, name, self._told(name, values))
            for name, values in attributes.items()
            if name not in PSEUDO
        }

    def _told(self, name: str, values: RemoteValues) -> RemoteValues:
        """The values as the directory names them: members of a posixGroup by their uid."""
        is_member = self.configuration.is_posix and name.lower() == MEMBER_UID.lower()
        return tuple(uid_of(str(value)) for value in values) if is_member else values

    def _distinct(self, object_class: ObjectClass, name: str, values: RemoteValues) -> list[bytes]:
        found: dict[Hashable, bytes] = {}
        for raw in map(encoded, values):
            found.setdefault(self.schema.key(object_class, name, raw), raw)
        return list(found.values())

    def _attributes(self, object_class: ObjectClass, entry: Entry) -> dict[str, RemoteValues]:
        part = self.schema.part(object_class)
        attributes = {
            name: decoded(spec, entry.values[name.lower()])
            for name, spec in part.attributes.items()
            if name.lower() in entry.values and spec.readable
        }
        if part.member_attribute in attributes:
            attributes[part.member_attribute] = self._real_members(attributes[part.member_attribute])
        if CONTAINER in part.attributes:
            attributes.update(self._place(object_class, entry.dn))
        if PLACE in part.attributes and not same_dn(place := container_of(entry.dn), self.container(object_class)):
            attributes[PLACE] = (place,)
        return attributes

    def _real_members(self, members: RemoteValues) -> RemoteValues:
        placeholder = dn_key(self.configuration.placeholder_dn)
        return tuple(member for member in members if dn_key(str(member)) != placeholder)

    def _place(self, object_class: ObjectClass, dn: str) -> dict[str, RemoteValues]:
        place, container = parent(dn), self.container(object_class)
        return {CONTAINER: (relative_to(place, container),)} if is_below(place, container) else {}
