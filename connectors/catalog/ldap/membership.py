"""Members of groups whose class wants at least one: a placeholder stands in for none (RFC 4519 section 3.5)."""

from dataclasses import dataclass

import ldap

from connectors.catalog.ldap.names import same_dn
from connectors.catalog.ldap.session import Entry, Modification
from connectors.spi import Rejected

Members = list[bytes]


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
        """One modification for all of it, to be sent with permissive modify.

        It does not know how many members there are: where the last one goes, the directory refuses it, and `rescue`
        has to be sent with it.
        """
        self._check([*(replace or ()), *add])
        if replace is not None:
            final = [member for member in dict.fromkeys([*replace, *add]) if member not in remove]
            return [(ldap.MOD_REPLACE, self.attribute, final or self._placeholders() or None)]
        added = [member for member in add if member not in remove]
        removed = [*remove, *(self._placeholders() if added else ())]
        changes: list[Modification] = []
        if added:
            changes.append((ldap.MOD_ADD, self.attribute, added))
        if removed:
            changes.append((ldap.MOD_DELETE, self.attribute, removed))
        return changes

    def rescue(self) -> list[Modification]:
        """What keeps a group valid whose last member goes."""
        return [(ldap.MOD_ADD, self.attribute, self._placeholders())] if self.placeholder else []

    def _placeholders(self) -> Members:
        return [self.placeholder.encode()] if self.placeholder else []

    def _check(self, members: Members) -> None:
        if self.placeholder and any(same_dn(member.decode(), self.placeholder) for member in members):
            raise Rejected(f"{self.placeholder} stands for groups without members and cannot be a member itself.")


def without_no_ops(changes: list[Modification], entry: Entry) -> list[Modification]:
    """The changes less the values to add that are there and those to remove that are not.

    For servers without permissive modify; `entry` holds the present values of every attribute that is changed.
    """
    narrowed: list[Modification] = []
    for operation, attribute, values in changes:
        present = entry.values.get(attribute.lower(), [])
        if operation == ldap.MOD_REPLACE or values is None:
            narrowed.append((operation, attribute, values))
            continue
        wanted = [value for value in values if _holds(present, value) is (operation == ldap.MOD_DELETE)]
        if wanted:
            narrowed.append((operation, attribute, wanted))
    return narrowed


def _holds(present: list[bytes], value: bytes) -> bool:
    if value in present:
        return True
    text = value.decode(errors="replace")
    return any(same_dn(each.decode(errors="replace"), text) for each in present)
