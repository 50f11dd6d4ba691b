"""Where the entries of multi-valued attributes, and the objects a user refers to, stand in the database."""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, OuterRef, Q, QuerySet, TextField, UUIDField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from identities.errors import RuleViolation
from identities.filters.attributes import USER_VALUES, Attribute, Collection, MultiValued, Resource
from identities.models import ClientAssociation, Group, Membership, MultiValue, OrgUnit, User

_VALUES_WITH_DATA: Final = {
    many.name: tuple(part.where[0] for part in many.parts if part.column.startswith("data_")) for many in USER_VALUES
}


@dataclass(frozen=True, slots=True)
class Visibility:
    """Through whose eyes a filter looks. Without arguments: the portal's own, which see everybody.

    Attributes:
        client_id: the API client whose externalIds count.
        users: the users that may be seen as managers and members; None for all.
        groups: the groups that may be seen as members and in a user's groups; None for all.
    """

    client_id: UUID | None = None
    users: "QuerySet[User] | None" = None
    groups: "QuerySet[Group] | None" = None

    @property
    def seen_users(self) -> "QuerySet[User]":
        """The users that may be seen."""
        return (User.objects.present() if self.users is None else self.users).order_by()

    @property
    def seen_groups(self) -> "QuerySet[Group]":
        """The groups that may be seen."""
        return (Group.objects.filter(deleted_at__isnull=True) if self.groups is None else self.groups).order_by()

    def of_users(self, column: str) -> Q:
        """The condition that the user in this column is seen."""
        return Q(**{f"{column}__in": self.seen_users.values("pk")})

    def of_groups(self, column: str) -> Q:
        """The condition that the group in this column is seen."""
        return Q(**{f"{column}__in": self.seen_groups.values("pk")})


def entries(many: MultiValued, visibility: Visibility, owner: Any = OuterRef("pk")) -> "QuerySet[Any]":  # noqa: B008  # immutable
    """The entries of a multi-valued attribute of `owner` (the outer row), with the columns its parts name."""
    match many.collection:
        case Collection.VALUES:
            return _values(many.name, owner)
        case Collection.GROUPS:
            return Membership.objects.filter(visibility.of_groups("group_id"), user_id=owner)
        case Collection.MEMBERS:
            seen = visibility.of_users("user_id") | visibility.of_groups("member_group_id")
            return Membership.objects.filter(seen, group_id=owner).alias(
                member=Coalesce("user_id", "member_group_id", output_field=UUIDField()),
                member_type=Case(
                    When(user_id__isnull=False, then=Value("User")), default=Value("Group"), output_field=CharField()
                ),
            )


def _values(name: str, owner: Any) -> "QuerySet[MultiValue]":
    rows = MultiValue.objects.order_by().filter(user_id=owner, attribute=name)
    for part in _VALUES_WITH_DATA[name]:
        raw, folded = (
            Coalesce(KT(f"{column}__{part}"), Value(""), output_field=TextField()) for column in ("data", "data_key")
        )
        rows = rows.alias(**{f"data_{part}": raw, f"data_key_{part}": folded})
    return rows


def association(resource: Resource, visibility: Visibility) -> "QuerySet[ClientAssociation]":
    """What the client calls the outer row (raises RuleViolation where there is no client)."""
    if visibility.client_id is None:
        raise RuleViolation("invalid_filter", "externalId belongs to one API client and cannot be used here.")
    own = ClientAssociation.objects.filter(client_id=visibility.client_id, hidden_at__isnull=True)
    return own.filter(**{resource.lower(): OuterRef("pk")})


def neighbour(attribute: Attribute, visibility: Visibility) -> "tuple[QuerySet[Any], Attribute]":
    """The manager or org unit of the outer row, and the attribute as a column of that row."""
    relation, _, column = attribute.column.partition("__")
    here = replace(attribute, column=column, key=attribute.key.partition("__")[2])
    if relation == "manager":
        return User.objects.filter(visibility.of_users("pk"), pk=OuterRef("manager_id")), here
    return OrgUnit.objects.order_by().filter(deleted_at__isnull=True, pk=OuterRef("org_unit_id")), here
