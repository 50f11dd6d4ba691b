"""Custom attributes: declaring, changing and dropping them."""

from identities.actions.attribute_definitions.arguments import AttributeDefinitionUpdate, NewAttributeDefinition
from identities.actions.attribute_definitions.changes import (
    create_attribute_definition,
    create_attribute_definitions_many,
    delete_attribute_definition,
    delete_attribute_definitions_many,
    update_attribute_definition,
    update_attribute_definitions_many,
)

__all__ = [
    "AttributeDefinitionUpdate",
    "NewAttributeDefinition",
    "create_attribute_definition",
    "create_attribute_definitions_many",
    "delete_attribute_definition",
    "delete_attribute_definitions_many",
    "update_attribute_definition",
    "update_attribute_definitions_many",
]
