"""The administrative portal's pages of the identities. Importing the modules registers them."""

from identities.admin import (
    administrators,
    attribute_definitions,
    audit,
    client_requests,
    clients,
    groups,
    history,
    org_units,
    self_tests,
    users,
)

__all__ = [
    "administrators",
    "attribute_definitions",
    "audit",
    "client_requests",
    "clients",
    "groups",
    "history",
    "org_units",
    "self_tests",
    "users",
]
