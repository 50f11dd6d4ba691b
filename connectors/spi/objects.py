"""What travels between the engine and a connector: attributes, remote objects, deltas and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Scalar = str | int | float | bool | bytes | datetime
Values = tuple[Scalar, ...]
"""Every attribute is a tuple: one entry for a single-valued attribute, empty for "no value"."""
Attributes = Mapping[str, Values]


class ObjectClass(StrEnum):
    """The kinds of remote object the engine knows."""

    USER = "user"
    GROUP = "group"
    ORG_UNIT = "org_unit"


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """One object as the system holds it.

    Attributes:
        remote_id: immutable id (entryUUID, SCIM id, primary key), never a name that can change.
        reference: the value by which other objects of that system refer to this one (LDAP: DN; SCIM: id). May change by
            a rename.
        name: what an administrator of that system would call it (DN, userName, row name).
        attributes: values by remote attribute name; placeholders a connector needs for itself (an empty group's member)
            are never among them.
        enabled: whether the account may be used; None where the system or object class has no such notion.
        version: the system's own version mark (ETag, entryCSN), if it has one.
    """

    object_class: ObjectClass
    remote_id: str
    reference: str
    name: str
    attributes: Attributes
    enabled: bool | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """What to change on one object. Attributes not named stay as they are.

    Attributes:
        replace: the whole new value of an attribute; an empty tuple clears it.
        add, remove: single values of a multi-valued attribute; adding what is there and removing what is not there are
            no errors.
        enabled: the new portable state; None leaves it.
    """

    replace: Attributes = field(default_factory=dict)
    add: Attributes = field(default_factory=dict)
    remove: Attributes = field(default_factory=dict)
    enabled: bool | None = None

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to write."""
        return not (self.replace or self.add or self.remove) and self.enabled is None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a search result.

    Attributes:
        cursor: opaque mark to continue from, None at the end. The engine refuses an unchanged cursor.
    """

    items: tuple[RemoteObject, ...]
    cursor: str | None = None


class ChangeKind(StrEnum):
    """What happened to a remote object."""

    UPSERT = "upsert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One change in the system, with the token to resume after it."""

    kind: ChangeKind
    object_class: ObjectClass
    remote_id: str
    remote_object: RemoteObject | None
    token: str
