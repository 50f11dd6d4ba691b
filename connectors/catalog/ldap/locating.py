"""From immutable ids to the DNs that objects have at the moment."""

import ldap
from ldap.controls import AssertionControl

from connectors.catalog.ldap.entries import Entries
from connectors.catalog.ldap.filters import escaped, with_classes
from connectors.catalog.ldap.session import Entry, Query, Session
from connectors.spi import Gone, ObjectClass

_REMEMBERED = 10_000


class Locator:
    """Finds objects by entryUUID, and remembers where they were.

    A remembered DN is only used where the server can be made to check (RFC 4528) that it still is the same object.
    """

    def __init__(self, session: Session, entries: Entries) -> None:
        self._session = session
        self._entries = entries
        self._dns: dict[tuple[ObjectClass, str], str] = {}

    def dn(self, object_class: ObjectClass, remote_id: str) -> str:
        """The DN of an object (raises Gone)."""
        known = self._dns.get((object_class, remote_id))
        if known and self._session.supports(AssertionControl.controlType):
            return known
        return self.entry(object_class, remote_id, ("entryUUID",)).dn

    def entry(self, object_class: ObjectClass, remote_id: str, attributes: tuple[str, ...]) -> Entry:
        """The entry of an object, wherever below the base it stands (raises Gone)."""
        text = with_classes(self._entries.classes(object_class), f"(entryUUID={escaped(remote_id)})")
        found = self._session.search(Query(self._entries.configuration.base_dn, text, attributes))
        if not found:
            raise Gone(f"The directory has no {object_class} with the id {remote_id}.")
        self.remember(object_class, remote_id, found[0].dn)
        return found[0]

    def at(self, object_class: ObjectClass, dn: str, attributes: tuple[str, ...]) -> Entry | None:
        """The entry of this DN, None when there is none of this class."""
        query = Query(dn, with_classes(self._entries.classes(object_class)), attributes, ldap.SCOPE_BASE)
        try:
            found = self._session.search(query)
        except ldap.NO_SUCH_OBJECT:
            return None
        return found[0] if found else None

    def exists(self, dn: str) -> bool:
        """Whether there is an entry of this DN at all."""
        try:
            return bool(self._session.search(Query(dn, "(objectClass=*)", ("1.1",), ldap.SCOPE_BASE)))
        except ldap.NO_SUCH_OBJECT:
            return False

    def remember(self, object_class: ObjectClass, remote_id: str, dn: str) -> None:
        """Note where an object was seen."""
        if len(self._dns) >= _REMEMBERED:
            self._dns.clear()
        self._dns[object_class, remote_id] = dn

    def forget(self, object_class: ObjectClass, remote_id: str) -> None:
        """Look for the object again the next time."""
        self._dns.pop((object_class, remote_id), None)
