"""The administrative portal's pages of the identities. Importing the modules registers them."""

from identities.admin import (
    administrators,
    attribute_definitions,
    audit,
    clients,
    groups,
    history,
    org_units,
    users,
)

__all__ = [
    "administrators",
    "attribute_definitions",
    "audit",
    "clients",
    "groups",
    "history",
    "org_units",
    "users",
]
