"""Members of groups whose class wants at least one: a placeholder stands in for none (RFC 4519 section 3.5)."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import ldap

from connectors.catalog.ldap.names import same_dn
from connectors.catalog.ldap.session import Entry, Modification
from connectors.spi import Rejected

Members = list[bytes]
ValueKey = Callable[[str, bytes], Hashable]


@dataclass(frozen=True, slots=True)
class Membership:
    """How the members of one kind of group are written.

    Attributes:
        placeholder: the DN that stands in a group without members; None when groups may be empty.
    """

    attribute: str
    placeholder: str | None

    def initial(self, members: Members) -> Members:
        """The members a new group is written with."""
        self._check(members)
        return members or self._placeholders()

    def changes(self, replace: Members | None, add: Members, remove: Members) -> list[Modification]:
        """Modifications for all of it, to be sent together and with permissive modify.

        They do not know how many members there are: where the last one goes, the directory refuses them, and those of
        `keeping_one` have to be sent instead.
        """
        self._check([*(replace or ()), *add])
        if replace is not None:
            final = [member for member in dict.fromkeys([*replace, *add]) if member not in remove]
            return [(ldap.MOD_REPLACE, self.attribute, final or self._placeholders() or None)]
        added = [member for member in add if member not in remove]
        # Added and removed again: OpenLDAP, permissive as it is, refuses a removal of which nothing is there.
        both = [*self._placeholders(), *added], [*remove, *self._placeholders()]
        operations = zip((ldap.MOD_ADD, ldap.MOD_DELETE), both, strict=True)
        return [(operation, self.attribute, values) for operation, values in operations if values]

    def keeping_one(self, changes: list[Modification]) -> list[Modification]:
        """The changes for a group whose last member goes with them: the placeholder stays."""
        placeholders = self._placeholders()
        return [
            (operation, attribute, [value for value in values or () if value not in placeholders])
            if operation == ldap.MOD_DELETE and attribute == self.attribute
            else (operation, attribute, values)
            for operation, attribute, values in changes
        ]

    def _placeholders(self) -> Members:
        return [self.placeholder.encode()] if self.placeholder else []

    def _check(self, members: Members) -> None:
        if self.placeholder and any(same_dn(member.decode(), self.placeholder) for member in members):
            raise Rejected(f"{self.placeholder} stands for groups without members and cannot be a member itself.")


def without_no_ops(changes: list[Modification], entry: Entry, key: ValueKey) -> list[Modification]:
    """The changes less the values to add that are there by then and those to remove that are not.

    Args:
        entry: the present values of every attribute that is changed.
        key: of an attribute and a value, what is equal for equal values.
    """
    present = {name: {key(name, value) for value in values} for name, values in entry.values.items()}
    needed: list[Modification] = []
    for operation, attribute, values in changes:
        there = present.setdefault(attribute.lower(), set())
        if operation == ldap.MOD_REPLACE:
            needed.append((operation, attribute, values))
            present[attribute.lower()] = {key(attribute, value) for value in values or ()}
            continue
        adding = operation == ldap.MOD_ADD
        wanted = {
            key(attribute, value): value for value in values or () if (key(attribute, value) in there) is not adding
        }
        present[attribute.lower()] = there | set(wanted) if adding else there - set(wanted)
        if wanted:
            needed.append((operation, attribute, list(wanted.values())))
    return needed
