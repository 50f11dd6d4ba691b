"""What a system can hold, as discovered from the system itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.spi.objects import ObjectClass


class AttributeType(StrEnum):
    """Types an attribute can have. A reference's values are the `reference` of other objects of the same system."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    BINARY = "binary"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One attribute of an object class.

    Attributes:
        required: a create without it is refused.
        creatable, updatable, readable: when it may be written and whether it comes back.
        case_exact: False when the system compares values without regard to case; differences in case only are then no
            difference.
        refers_to: the object class a REFERENCE points to.
    """

    name: str
    type: AttributeType = AttributeType.STRING
    multi_valued: bool = False
    required: bool = False
    creatable: bool = True
    updatable: bool = True
    readable: bool = True
    case_exact: bool = False
    refers_to: ObjectClass | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """One object class: its attributes by name.

    Attributes:
        name_attribute: the attribute an account is recognised by (uid, userName, login): the default correlation
            attribute.
        member_attribute: for groups, the multi-valued REFERENCE that holds the members.
        marker_attribute: an attribute that can hold our UUID and be searched for (SCIM externalId), if the system has
            one.
        parent_attribute: the single-valued REFERENCE to the org unit an object lies in; empty at the top.
        local_names: a name is taken only among the objects of the same parent.
    """

    object_class: ObjectClass
    attributes: Mapping[str, AttributeSpec]
    name_attribute: str
    member_attribute: str | None = None
    marker_attribute: str | None = None
    parent_attribute: str | None = None
    local_names: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """All object classes of a system."""

    objects: Mapping[ObjectClass, ObjectSchema]
