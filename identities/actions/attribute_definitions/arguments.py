"""What the actions on custom attributes take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identities.models import AttributeDefinition
from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness


@dataclass(frozen=True, slots=True)
class NewAttributeDefinition:
    """One custom attribute to be declared.

    Attributes:
        sensitive: its values are masked where requests are logged.
        mutability: `immutable`: a value that is there changes by an administrator's override alone; `readOnly`: API
            clients and people themselves do not set it.
        uniqueness: `server`: no two people who are not deleted have the same value.
    """

    name: str
    label: str = ""
    kind: AttributeKind = AttributeKind.STRING
    multi_valued: bool = False
    required: bool = False
    sensitive: bool = False
    mutability: AttributeMutability = AttributeMutability.READ_WRITE
    uniqueness: AttributeUniqueness = AttributeUniqueness.NONE
    description: str = ""


@dataclass(frozen=True, slots=True)
class AttributeDefinitionUpdate:
    """Changes of one declaration: label, description, whether it is required, its type."""

    definition: AttributeDefinition
    changes: Mapping[str, Any]
