"""Values of custom attributes that no two people share."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from identities.errors import Conflict, RuleViolation
from identities.models import AttributeDefinition, User
from identities.rules.ownership import is_empty
from identities.rules.values import CustomAttribute, clean_custom

# Who has which value of which attribute (by the name that actions use).
Holders = dict[tuple[str, Any], UUID]


def read_holders(definitions: Iterable[CustomAttribute], value_sets: Sequence[Mapping[str, Any]]) -> Holders:
    """Who has the values that these sets speak of, of the attributes that are unique.

    The declarations stay locked to the end of the transaction: no two of them give somebody the same value.
    """
    wanted = {each: found for each in definitions if each.unique and (found := _spoken_of(each, value_sets))}
    if not wanted:
        return {}
    names = [each.name for each in wanted]
    list(AttributeDefinition.objects.select_for_update(no_key=True).filter(name__in=names).order_by("pk"))
    return {
        (definition.field, value): pk
        for definition, values in wanted.items()
        for value, pk in _holders(definition.name, values)
    }


def claim_unique(
    user: User, attributes: Iterable[str], holders: Holders, definitions: Iterable[CustomAttribute]
) -> None:
    """Take the user's values of these attributes, all or none, so that the rest of a batch cannot.

    Raises:
        Conflict: `value_taken`.
    """
    wanted = set(attributes)
    unique = [each for each in definitions if each.unique and each.field in wanted]
    values = {each: value for each in unique if not is_empty(value := user.custom.get(each.name))}
    for definition, value in values.items():
        if holders.get((definition.field, value), user.pk) != user.pk:
            message = _("Somebody has this value of %(name)s already.") % {"name": definition.name}
            raise Conflict("value_taken", message, field=definition.field)
    holders.update({(definition.field, value): user.pk for definition, value in values.items()})


def has_duplicates(name: str) -> bool:
    """Whether two people who are not deleted have the same value of a custom attribute."""
    values = list(User.objects.filter(deleted_at=None, custom__has_key=name).values_list("custom", flat=True))
    texts = [repr(each[name]) for each in values]
    return len(texts) > len(set(texts))


def _spoken_of(definition: CustomAttribute, value_sets: Sequence[Mapping[str, Any]]) -> list[Any]:
    found = []
    for values in value_sets:
        for name, value in values.items():
            if name.lower() == definition.field.lower():
                # One that is not allowed is refused with its own row.
                with suppress(RuleViolation):
                    found.append(clean_custom(definition, value))
    return [value for value in found if value is not None]


def _holders(name: str, values: list[Any]) -> Iterable[tuple[Any, UUID]]:
    people = User.objects.filter(**{"deleted_at": None, f"custom__{name}__in": values})
    for custom, pk in people.values_list("custom", "pk"):
        yield custom[name], pk
