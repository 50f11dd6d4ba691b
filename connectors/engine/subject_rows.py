"""The rows of the identity objects that connected systems hold, by their type."""

from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from identities.models import Group, OrgUnit, User
from identities.vocabulary import ObjectType

WITHOUT_ROW = Q(user__isnull=True, group__isnull=True, org_unit__isnull=True)
"""The condition on links whose object has no row any more."""


def rows_of(object_type: ObjectType) -> "QuerySet[Any]":
    """Every object of this type that has a row, deleted ones too."""
    if object_type == ObjectType.USER:
        return User.objects.get_queryset()
    if object_type == ObjectType.GROUP:
        return Group.objects.all()
    return OrgUnit.objects.without_tree_fields()


def name_of(object_type: ObjectType) -> Combinable:
    """The column, or the expression over columns, that holds the object's name for people."""
    return _NAMES[object_type]


def _name_of_user() -> Combinable:
    full_name = Trim(Concat("given_name", Value(" "), "family_name"))
    empty = Value("")
    return Coalesce(
        NullIf("display_name", empty), NullIf("formatted_name", empty), NullIf(full_name, empty), F("user_name")
    )


_NAMES: dict[ObjectType, Combinable] = {
    ObjectType.USER: _name_of_user(),
    ObjectType.GROUP: F("display_name"),
    ObjectType.ORG_UNIT: F("name"),
}
