"""Creating, changing, moving and removing entries."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import ldap
import ldap.dn
from ldap.controls import AssertionControl, LDAPControl, RequestControl

from connectors.catalog.ldap.entries import Entries
from connectors.catalog.ldap.errors import detail_of
from connectors.catalog.ldap.filters import escaped
from connectors.catalog.ldap.locating import Locator
from connectors.catalog.ldap.membership import Membership, without_no_ops
from connectors.catalog.ldap.names import parent, rdn_text
from connectors.catalog.ldap.placing import Placing, Target
from connectors.catalog.ldap.posix import GroupNumbers
from connectors.catalog.ldap.schema import GROUP_NUMBER, ORG_UNIT_CLASS
from connectors.catalog.ldap.session import Entry, Modification, Session, Values
from connectors.spi import (
    AlreadyExists,
    Attributes,
    Delta,
    Gone,
    Misconfigured,
    ObjectClass,
    Rejected,
)

T = TypeVar("T")
NUMBER_ATTEMPTS = 5
PERMISSIVE_MODIFY = "1.2.840.113556.1.4.1413"


class Writer:
    """Carries the engine's changes to the directory; every method leaves the library's result errors to its caller."""

    def __init__(self, session: Session, entries: Entries, locator: Locator) -> None:
        self._session = session
        self._entries = entries
        self._locator = locator
        self._placing = Placing(entries)
        self._permissive = True
        configuration = entries.configuration
        self._numbers = GroupNumbers(
            session, configuration.base_dn, configuration.gid_number_first, configuration.gid_number_last
        )

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None) -> Entry:
        """Add an entry and return it (raises AlreadyExists, Rejected, Misconfigured: no container or no right)."""
        dn, container = self._placing.new(object_class, attributes, enabled=enabled)
        values = self._new_values(object_class, attributes, enabled=enabled)
        number = self._number(object_class, values)
        try:
            self._session.add(dn, values)
        except ldap.ALREADY_EXISTS as error:
            raise self._taken(object_class, dn, error) from error
        except ldap.NO_SUCH_OBJECT as error:
            raise self._no_container(object_class, container, error) from error
        except ldap.INSUFFICIENT_ACCESS as error:
            raise Misconfigured(
                f"The portal's account may not create entries in {container}.", detail=detail_of(error)
            ) from error
        if number is not None:
            self._renumber_until_alone(dn, number)
        return self._read(object_class, dn)

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> Entry:
        """Rename, move and change an entry, in this order, and return it (raises Gone, AlreadyExists, Rejected)."""
        changes = self._changes(object_class, delta)

        def carry_out(dn: str) -> Entry:
            target = self._placing.target(object_class, dn, delta)
            own = changes
            if target is not None:
                moved = self._move(object_class, remote_id, dn, target)
                own, dn = self._not_yet_named(object_class, changes, target, moved), moved.dn
            if own:
                self._modify(object_class, remote_id, dn, own)
            return self._read(object_class, dn)

        return self._on(object_class, remote_id, carry_out)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove an entry (raises Gone)."""
        self._on(object_class, remote_id, lambda dn: self._session.delete(dn, self._same_object(remote_id)))
        self._locator.forget(object_class, remote_id)

    def _on(self, object_class: ObjectClass, remote_id: str, action: Callable[[str], T]) -> T:
        """Carry out `action` on the DN of an object; once more if the object turns out to have moved (raises Gone)."""
        try:
            return action(self._locator.dn(object_class, remote_id))
        except (ldap.ASSERTION_FAILED, ldap.NO_SUCH_OBJECT):
            self._locator.forget(object_class, remote_id)
        return action(self._locator.dn(object_class, remote_id))

    def _new_values(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None) -> Values:
        values = self._entries.raw_values(object_class, attributes)
        configuration = self._entries.configuration
        if object_class is ObjectClass.USER:
            values["objectClass"] = [name.encode() for name in configuration.user_object_classes]
            values |= self._entries.enabling.initial(enabled=enabled is not False)
            return {name: each for name, each in values.items() if each}
        _refuse_disabled(object_class, enabled=enabled)
        if object_class is ObjectClass.ORG_UNIT:
            values["objectClass"] = [ORG_UNIT_CLASS.encode()]
        else:
            values["objectClass"] = [configuration.group_object_class.encode()]
            members = self._membership(object_class)
            values[members.attribute] = members.initial(values.get(members.attribute, []))
        return {name: each for name, each in values.items() if each}

    def _number(self, object_class: ObjectClass, values: Values) -> int | None:
        """Put a free group number among the values where none is given; return the one allotted.

        Raises:
            Rejected: the number that a mapping gives is another group's, or none is free.
        """
        if object_class is not ObjectClass.GROUP or not self._entries.configuration.is_posix:
            return None
        if GROUP_NUMBER in values:
            given = int(values[GROUP_NUMBER][0])
            if holders := self._numbers.holders(given):
                raise Rejected(f"{GROUP_NUMBER} {given} is that of {holders[0]} already.")
            return None
        if not self._entries.configuration.allots_numbers:
            return None  # the directory says what it thinks of a group without one
        number = self._numbers.free()
        values[GROUP_NUMBER] = [str(number).encode()]
        return number

    def _renumber_until_alone(self, dn: str, number: int) -> None:
        """Another worker may have taken the number in the same moment: whoever sees that takes another one."""
        for _ in range(NUMBER_ATTEMPTS):
            if len(self._numbers.holders(number)) <= 1:
                return
            number = self._numbers.free()
            self._session.modify(dn, [(ldap.MOD_REPLACE, GROUP_NUMBER, [str(number).encode()])], ())

    def _changes(self, object_class: ObjectClass, delta: Delta) -> list[Modification]:
        replace = self._entries.raw_values(object_class, delta.replace)
        add = self._entries.raw_values(object_class, delta.add)
        remove = self._entries.raw_values(object_class, delta.remove)
        changes: list[Modification] = []
        if object_class is ObjectClass.GROUP:
            members = self._membership(object_class)
            name = members.attribute
            if self._entries.configuration.is_posix:  # a member who was moved: both DNs have the same uid
                remove[name] = [uid for uid in remove.get(name, []) if uid not in add.get(name, [])]
            if name in replace or name in add or name in remove:
                changes += members.changes(replace.pop(name, None), add.pop(name, []), remove.pop(name, []))
        if object_class is not ObjectClass.USER:
            _refuse_disabled(object_class, enabled=delta.enabled)
        elif delta.enabled is not None:
            changes += self._entries.enabling.changes(enabled=delta.enabled)
        changes += [(ldap.MOD_REPLACE, name, values or None) for name, values in replace.items()]
        changes += [(ldap.MOD_ADD, name, values) for name, values in add.items() if values]
        changes += [(ldap.MOD_DELETE, name, values) for name, values in remove.items() if values]
        return changes

    def _not_yet_named(
        self, object_class: ObjectClass, changes: list[Modification], target: Target, entry: Entry
    ) -> list[Modification]:
        """The changes less those of naming attributes that the rename has already brought to their wanted values."""
        names = self._entries.schema.names[object_class]
        named = {names.get(attribute.lower()) for attribute, _ in target.rdn}
        return [
            (operation, name, values)
            for operation, name, values in changes
            if name not in named or set(values or ()) != set(entry.values.get(name.lower(), []))
        ]

    def _modify(self, object_class: ObjectClass, remote_id: str, dn: str, changes: list[Modification]) -> None:
        try:
            self._modify_permissively(object_class, remote_id, dn, changes)
        except ldap.OBJECT_CLASS_VIOLATION:
            if object_class is not ObjectClass.GROUP:
                raise
            kept = self._membership(object_class).keeping_one(changes)
            if kept == changes:
                raise
            self._modify_permissively(object_class, remote_id, dn, kept)

    def _modify_permissively(
        self, object_class: ObjectClass, remote_id: str, dn: str, changes: list[Modification]
    ) -> None:
        """Change values, taking those that are already as wanted for no error."""
        controls = self._same_object(remote_id)
        if all(operation == ldap.MOD_REPLACE for operation, _, _ in changes):
            self._session.modify(dn, changes, controls)
        elif not self._permitted(dn, changes, controls):
            present = self._locator.at(object_class, dn, tuple({attribute for _, attribute, _ in changes}))
            key = partial(self._entries.schema.key, object_class)
            needed = without_no_ops(changes, present, key) if present else changes
            if needed:
                self._session.modify(dn, needed, controls)

    def _permitted(self, dn: str, changes: list[Modification], controls: list[RequestControl]) -> bool:
        """Try with the permissive modify control; False when the directory still wants to know it exactly.

        OpenLDAP knows the control without listing it, and refuses a removal none of whose values is there all the same.
        """
        if not self._permissive:
            return False
        permissive = LDAPControl(PERMISSIVE_MODIFY, criticality=True)
        try:
            self._session.modify(dn, changes, [*controls, permissive])
        except ldap.UNAVAILABLE_CRITICAL_EXTENSION:
            self._permissive = False
            return False
        except (ldap.NO_SUCH_ATTRIBUTE, ldap.TYPE_OR_VALUE_EXISTS):
            return False
        return True

    def _move(self, object_class: ObjectClass, remote_id: str, dn: str, target: Target) -> Entry:
        rdn = rdn_text(target.rdn)
        moved = f"{rdn},{target.container or parent(dn)}"
        try:
            self._session.rename(dn, rdn, target.container, self._same_object(remote_id))
        except ldap.ALREADY_EXISTS as error:
            raise self._taken(object_class, moved, error) from error
        except ldap.NO_SUCH_OBJECT as error:
            if target.container and not self._locator.exists(target.container):
                raise self._no_container(object_class, target.container, error) from error
            raise
        entry = self._read(object_class, moved)
        self._locator.remember(object_class, remote_id, entry.dn)
        return entry

    def _read(self, object_class: ObjectClass, dn: str) -> Entry:
        """The entry as it stands now (raises Gone)."""
        entry = self._locator.at(object_class, dn, self._entries.wanted(object_class))
        if entry is None:
            raise Gone(f"{dn} is not there any more.")
        return entry

    def _same_object(self, remote_id: str) -> list[RequestControl]:
        if not self._session.supports(AssertionControl.controlType):
            return []
        return [AssertionControl(criticality=True, filterstr=f"(entryUUID={escaped(remote_id)})")]

    def _membership(self, object_class: ObjectClass) -> Membership:
        attribute = self._entries.schema.part(object_class).member_attribute or ""
        required = self._entries.schema.member_required
        return Membership(attribute, self._entries.configuration.placeholder_dn if required else None)

    def _taken(self, object_class: ObjectClass, dn: str, error: ldap.LDAPError) -> AlreadyExists:
        there = self._locator.at(object_class, dn, ("entryUUID",))
        ids = there.values.get("entryuuid", []) if there else []
        return AlreadyExists(
            f"{dn} is there already.", remote_id=ids[0].decode() if ids else None, detail=detail_of(error)
        )

    def _no_container(
        self, object_class: ObjectClass, container: str, error: ldap.LDAPError
    ) -> Misconfigured | Rejected:
        """A configured container that is missing stops everything; one that a mapping named, only this object."""
        text = f"There is no container {container}: create it, or change the configuration or mapping that names it."
        configured = {self._entries.container(object_class), self._entries.configuration.disabled_dn}
        return (Misconfigured if container in configured else Rejected)(text, detail=detail_of(error))


def _refuse_disabled(object_class: ObjectClass, *, enabled: bool | None) -> None:
    if enabled is False:
        raise Rejected(f"The directory knows no disabled {object_class}s.")
