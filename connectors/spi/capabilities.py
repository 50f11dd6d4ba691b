"""What a connector can do with the configuration it has; asked before anything is planned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.spi.objects import ObjectClass


class Capability(StrEnum):
    """One ability, per object class."""

    SEARCH = "search"
    GET = "get"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CHANGES = "changes"


class DisableStyle(StrEnum):
    """How `enabled=False` is carried out.

    REMOVAL: the system knows no disabled account, so the engine deletes instead.
    """

    NATIVE = "native"
    REMOVAL = "removal"
    UNSUPPORTED = "unsupported"


WRITABLE = frozenset({Capability.SEARCH, Capability.GET, Capability.CREATE, Capability.UPDATE, Capability.DELETE})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The abilities of one configured connector.

    Attributes:
        objects: abilities per object class; a class that is absent is not supported.
        disable: how accounts are disabled.
        members_per_update: the most member values one update may carry.
        nested_groups: whether a group may be a member of a group.
        nested_references: the reference of an object ends with a comma and that of the org unit it lies in, as a DN
            does: a unit that is renamed or moved changes those of everything below it, and one with something below it
            cannot go.
        exact_search: False when answers to a search must be checked by the caller because the system is known to ignore
            filters.
    """

    objects: Mapping[ObjectClass, frozenset[Capability]] = field(default_factory=dict)
    disable: DisableStyle = DisableStyle.UNSUPPORTED
    members_per_update: int = 100
    nested_groups: bool = False
    nested_references: bool = False
    exact_search: bool = True

    def allows(self, object_class: ObjectClass, capability: Capability) -> bool:
        """Whether this connector can do `capability` for `object_class`."""
        return capability in self.objects.get(object_class, frozenset())
