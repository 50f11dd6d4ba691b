"""Which users and groups a client sees, and which it may reach.

Always a restriction of the queryset: one written into the filter could be escaped by an `or`.
"""

from collections.abc import Hashable
from typing import Any

from django.db import connection
from django.db.models import F, FilteredRelation, Q, QuerySet
from scim2_models.path import CompareOperator

from identities.filters.entries import Visibility
from identities.filters.tree import Filter, Test
from identities.models import ApiClient, Group, User
from identities.vocabulary import AdoptionRule


def own_users(client: ApiClient) -> "QuerySet[User]":
    """The persons this client knows, each with `external_id`. Deleted ones and operators are never among them."""
    return _known(User.objects.persons(), client, only=True)


def own_groups(client: ApiClient) -> "QuerySet[Group]":
    """The groups this client knows, each with `external_id`."""
    return _known(Group.objects.filter(deleted_at__isnull=True), client, only=True)


def reachable_users(client: ApiClient) -> "QuerySet[User]":
    """The persons this client may address by id: its own and, where its adoption rule says so, those it would adopt."""
    if client.adoption_rule == AdoptionRule.REFUSE:
        return own_users(client)
    return _known(User.objects.persons(), client)


def is_tallied(client: ApiClient) -> bool:
    """Whether the people this client sees are exactly those whom `models.ClientTally` counts."""
    return connection.vendor == "postgresql"


def members_key(client: ApiClient) -> Hashable:
    """What those have in common who see the same members of a group as long as its version and its stamp stay."""
    return client.pk


def found_users(client: ApiClient, filter_: Filter | None) -> "QuerySet[User]":
    """The persons a query of this client looks through: an exact `eq` on its adoption key also finds adoptable ones."""
    return (
        reachable_users(client) if filter_ is not None and _asks_for_adoptable(client, filter_) else own_users(client)
    )


def eyes(client: ApiClient) -> Visibility:
    """Through whose eyes the client's filters look."""
    return Visibility(client.pk, own_users(client), own_groups(client))


def _asks_for_adoptable(client: ApiClient, filter_: Filter) -> bool:
    match filter_.root:
        case Test(attribute=attribute, operator=CompareOperator.eq, value=str()):
            return client.adoption_rule == AdoptionRule.USER_NAME and attribute.path == "userName"
    return False


def _known(objects: "QuerySet[Any]", client: ApiClient, *, only: bool = False) -> "QuerySet[Any]":
    """The objects joined with what the client calls them; `known` is NULL for those it does not know (any more).

    Args:
        only: leave those out. Restricted before anything is taken from the relation, it is joined once, not twice.
    """
    own = FilteredRelation(
        "client_associations",
        condition=Q(client_associations__client=client.pk, client_associations__hidden_at__isnull=True),
    )
    joined = objects.alias(known=own)
    if only:
        joined = joined.filter(known__isnull=False)
    return joined.annotate(external_id=F("known__external_id"), known_id=F("known__id"))
