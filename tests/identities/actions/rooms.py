"""The modules and packages of actions that faces call, without the parts they are made of."""

from identities.actions import (
    administrators,
    associations,
    attribute_definitions,
    clients,
    credentials,
    groups,
    lifecycle,
    memberships,
    oauth,
    org_units,
    person_tokens,
    self_tests,
    users,
)

ROOMS = (
    administrators,
    associations,
    attribute_definitions,
    clients,
    credentials,
    groups,
    lifecycle,
    memberships,
    oauth,
    org_units,
    person_tokens,
    self_tests,
    users,
)
