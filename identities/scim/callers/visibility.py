"""Which users and groups a client sees, and which it may reach.

Always a restriction of the queryset: one written into the filter could be escaped by an `or`. `_people` is the one rule
that all others narrow: persons who are not deleted, within the client's bounds. Operators are never among them.
"""

import logging
from collections.abc import Hashable
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from scim2_models.path import CompareOperator

from identities.errors import RuleViolation
from identities.filters.entries import Visibility
from identities.filters.parse import parse
from identities.filters.query import to_q
from identities.filters.tree import Every, Filter, Node, Select, Test
from identities.models import ApiClient, ClientAssociation, Group, User
from identities.queries.proved_addresses import proved_address
from identities.vocabulary import AdoptionRule, ClientSight

logger = logging.getLogger(__name__)

_KNOWN: Final = Q(known__isnull=False)


def own_users(client: ApiClient) -> "QuerySet[User]":
    """The persons this client knows, each with `external_id`."""
    return _people(client, known=True)


def own_groups(client: ApiClient) -> "QuerySet[Group]":
    """The groups this client knows, each with `external_id`."""
    return _groups(client, known=True)


def seen_users(client: ApiClient) -> "QuerySet[User]":
    """The persons this client sees: its own, or everybody but those whom it deleted from its sight."""
    if client.sight == ClientSight.EVERYBODY:
        return _people(client).exclude(_hidden_from(client, "user"))
    return own_users(client)


def seen_groups(client: ApiClient) -> "QuerySet[Group]":
    """The groups this client sees: its own, or all but those that it deleted from its sight."""
    if client.sight == ClientSight.EVERYBODY:
        return _groups(client).exclude(_hidden_from(client, "group"))
    return own_groups(client)


def reachable_users(client: ApiClient) -> "QuerySet[User]":
    """The persons this client may address by id: those it sees and, where its rule says so, those it would adopt."""
    match client.adoption_rule:
        case AdoptionRule.USER_NAME:
            return _people(client)
        case AdoptionRule.VERIFIED_EMAIL if client.sight != ClientSight.EVERYBODY:
            return _people(client).filter(_KNOWN | Q(proved_address()))
    return seen_users(client)


def is_tallied(client: ApiClient) -> bool:
    """Whether the people this client sees are exactly those whom `models.ClientTally` counts."""
    return connection.vendor == "postgresql" and client.sight != ClientSight.EVERYBODY and not client.bounds


def members_key(client: ApiClient) -> Hashable | None:
    """What those have in common who see the same members of a group as long as its version and its stamp stay.

    None if there is no such thing: anything about a person may move it into the client's bounds, and out of them.
    """
    return None if client.bounds else (client.pk, client.sight)


def found_users(client: ApiClient, filter_: Filter | None) -> "QuerySet[User]":
    """The persons a query of this client looks through: an exact `eq` on its adoption key also finds adoptable ones."""
    if filter_ is None:
        return seen_users(client)
    match client.adoption_rule:
        case AdoptionRule.USER_NAME if _asked_for(filter_.root, "userName") is not None:
            return reachable_users(client)
        case AdoptionRule.VERIFIED_EMAIL if client.sight != ClientSight.EVERYBODY:
            address = _asked_for(filter_.root, "emails.value")
            if address is not None:
                return _people(client).filter(_KNOWN | Q(proved_address(address)))
    return seen_users(client)


def eyes(client: ApiClient) -> Visibility:
    """Through whose eyes the client's filters look."""
    return Visibility(client.pk, seen_users(client), seen_groups(client))


def _asked_for(node: Node, path: str) -> str | None:
    """The text that a filter asks this attribute to be equal to, and nothing else beside the entry's other parts."""
    match node:
        case Test(attribute=attribute, operator=CompareOperator.eq, value=str() as text) if attribute.path == path:
            return text
        case Select(inner=Every(terms=terms)):
            asked = (_asked_for(term, path) for term in terms)
            return next((text for text in asked if text is not None), None)
        case Select(inner=inner):
            return _asked_for(inner, path)
    return None


def _people(client: ApiClient, *, known: bool = False) -> "QuerySet[User]":
    """Whoever this client could ever be told of, with `external_id` and `known`: NULL for those it does not know."""
    persons = User.objects.persons()
    return _known(persons.filter(_bounds(client)) if client.bounds else persons, client, only=known)


def _bounds(client: ApiClient) -> Q:
    """The bounds an administrator set, seen with the portal's own eyes; nobody while they make no sense."""
    try:
        return to_q(parse(client.bounds, "User"))
    except RuleViolation as refusal:
        logger.warning("The bounds of API client %s cannot be read, so it sees nobody: %s", client.pk, refusal.message)
        return Q(pk__in=())


def _groups(client: ApiClient, *, known: bool = False) -> "QuerySet[Group]":
    return _known(Group.objects.filter(deleted_at__isnull=True), client, only=known)


def _hidden_from(client: ApiClient, column: str) -> Exists:
    return Exists(ClientAssociation.objects.filter(client=client, hidden_at__isnull=False, **{column: OuterRef("pk")}))


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
        joined = joined.filter(_KNOWN)
    return joined.annotate(external_id=F("known__external_id"), known_id=F("known__id"))
