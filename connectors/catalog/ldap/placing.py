"""Where an object stands: its relative name and its container, when it is created and when it changes."""

from dataclasses import dataclass

import ldap.dn

from connectors.catalog.ldap.entries import Entries
from connectors.catalog.ldap.names import Rdn, first_rdn, is_below, joined, parent, rdn_text, same_dn
from connectors.catalog.ldap.schema import CONTAINER, PLACE, PSEUDO
from connectors.catalog.ldap.session import Entry
from connectors.spi import Attributes, Delta, ObjectClass, Rejected
from connectors.spi import Values as RemoteValues


@dataclass(frozen=True, slots=True)
class Target:
    """The name and, if it changes, the container an entry is to have."""

    rdn: Rdn
    container: str | None


@dataclass(frozen=True)
class Placing:
    """Reads names and containers from attributes."""

    entries: Entries

    def new(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None) -> tuple[str, str]:
        """The DN of a new entry and its container (raises Rejected: no name, or an unusable container)."""
        part = self.entries.schema.part(object_class)
        named = self._named(object_class, attributes)
        if not named:
            raise Rejected(f"A {object_class} needs a value of {part.name_attribute}, its name in the directory.")
        container = self._mapped(object_class, attributes) or self.entries.container(object_class)
        if object_class is ObjectClass.USER:
            container = self.entries.enabling.container(enabled=enabled is not False) or container
        return f"{rdn_text(((part.name_attribute, str(named[0])),))},{container}", container

    def target(self, object_class: ObjectClass, dn: str, delta: Delta) -> Target | None:
        """The name and container an entry is to have after a change, None when it keeps both (raises Rejected)."""
        rdn = first_rdn(dn)
        renamed = self._renamed(object_class, rdn, delta.replace)
        container = self._new_container(object_class, dn, delta)
        if container and same_dn(container, parent(dn)):
            container = None
        return Target(renamed, container) if container or renamed != rdn else None

    def _named(self, object_class: ObjectClass, attributes: Attributes) -> RemoteValues | None:
        """The values of the naming attribute among attributes, whatever alias they are given under."""
        naming = self.entries.schema.part(object_class).name_attribute
        return self._by_name(object_class, attributes).get(naming)

    def _by_name(self, object_class: ObjectClass, attributes: Attributes) -> dict[str, RemoteValues]:
        """Attributes by the names of the schema."""
        schema = self.entries.schema
        return {schema.spec(object_class, name).name: each for name, each in attributes.items() if name not in PSEUDO}

    def _renamed(self, object_class: ObjectClass, rdn: Rdn, replace: Attributes) -> Rdn:
        """The relative name with new values in place of old ones (raises Rejected: nothing would be left of it).

        Entries that others made may be named by another attribute than the configured one; a directory refuses to
        replace a value that is part of the name, whichever it is.
        """
        schema = self.entries.schema
        names, wanted = schema.names[object_class], self._by_name(object_class, replace)
        renamed: list[tuple[str, str]] = []
        for attribute, value in rdn:
            values = wanted.get(names.get(attribute.lower(), ""))
            texts = None if values is None else [str(each) for each in values]
            if texts is None or value in texts:
                renamed.append((attribute, value))
            elif texts:
                renamed.append((attribute, texts[0]))
        if not renamed or wanted.get(schema.part(object_class).name_attribute) == ():
            raise Rejected("The name of an entry cannot be cleared.")
        return tuple(renamed)

    def _new_container(self, object_class: ObjectClass, dn: str, delta: Delta) -> str | None:
        mapped = self._mapped(object_class, delta.replace)
        if mapped is not None:
            return mapped
        if object_class is ObjectClass.USER and delta.enabled is not None:
            enabling = self.entries.enabling
            if enabling.state(Entry(dn, {})) is not delta.enabled:
                return enabling.container(enabled=delta.enabled)
        return None

    def _mapped(self, object_class: ObjectClass, attributes: Attributes) -> str | None:
        """The container that one of the pseudo attributes names, None when neither is among the attributes."""
        if PLACE in attributes:
            return str(attributes[PLACE][0]) if attributes[PLACE] else self.entries.container(object_class)
        return self._container(object_class, attributes[CONTAINER]) if CONTAINER in attributes else None

    def _container(self, object_class: ObjectClass, values: RemoteValues) -> str:
        configured = self.entries.container(object_class)
        if not values:
            return configured
        self._check_container(object_class, values)
        return joined(str(values[0]), configured) if values[0] else configured

    def _check_container(self, object_class: ObjectClass, values: RemoteValues) -> None:
        if CONTAINER not in self.entries.schema.part(object_class).attributes:
            raise Rejected(f"Where people stand is settled otherwise here; {CONTAINER} cannot be mapped.")
        text = str(values[0])
        if not ldap.dn.is_dn(text):
            raise Rejected(f"{text!r} is not the name of a container, such as ou=Sales.")
        if is_below(text, self.entries.configuration.base_dn, or_same=True):
            raise Rejected(f"{CONTAINER} takes names below the configured container, such as ou=Sales; not whole DNs.")
